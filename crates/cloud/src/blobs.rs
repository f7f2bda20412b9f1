//! Stores payloads and outputs in items of the table if they fit, otherwise in the bucket.

use std::io;
use std::sync::Arc;

use aws_sdk_dynamodb::operation::put_item::PutItemError;
use aws_sdk_s3::operation::get_object::GetObjectError;
use concord_protocol::limits::{OUTPUT_BYTES_MAX, OUTPUTS_KEPT_MAX};
use concord_protocol::ports::{PortError, PortResult, ReadOutput, ReadPayload, WriteOutput};
use concord_protocol::{Digest, JobId};

use crate::aws_error;
use crate::item::expression::{self, Expression};
use crate::item::{self, BlobAttributes, Bytes, OUTPUTS_ITEM, PAYLOAD_ITEM, attributes, output_item};
use crate::ledger::DynamoLedger;

/// The most bytes of a payload or output in an item. An item, with all its attributes, has at most 400 KB.
pub(crate) const INLINE_BYTES_MAX: usize = 256 * 1024;

/// The compression level: 0 is the default of the library.
const ZSTD_LEVEL: i32 = 0;

impl ReadPayload for DynamoLedger {
    async fn read_payload(&self, job: &JobId) -> PortResult<Option<Arc<[u8]>>> {
        let Some(item) = self.get(job, PAYLOAD_ITEM).await? else { return Ok(None) };
        let stored: BlobAttributes = item::value(item)?;
        if let Some(body) = stored.body {
            return Ok(Some(body.0.into()));
        }
        let object = self.get_object(&payload_object(stored.digest)).await?;
        Ok(object.map(Arc::from))
    }
}

/// The name of a payload in the bucket. Jobs with the same payload share the object.
pub(crate) fn payload_object(digest: Digest) -> String {
    format!("payloads/{}", digest.hex())
}

fn output_object(job: &JobId, digest: Digest) -> String {
    format!("outputs/{job}/{}", digest.hex())
}

impl WriteOutput for DynamoLedger {
    /// The bound on the number of outputs holds for any number of concurrent workers: one item has the set of the
    /// outputs that are kept.
    async fn write_output(&self, job: &JobId, digest: Digest, bytes: Arc<[u8]>) -> PortResult<()> {
        if self.get(job, &output_item(digest)).await?.is_some() || !self.claim_output(job, digest).await? {
            return Ok(());
        }
        let zstd = compressed(&bytes)?;
        let inline = zstd.len() <= INLINE_BYTES_MAX;
        let mut kept = Some(zstd);
        if !inline && let Some(zstd) = kept.take() {
            self.put_object(&output_object(job, digest), zstd).await?;
        }
        let body = BlobAttributes {
            job: job.clone(),
            item: output_item(digest),
            digest,
            bytes: bytes.len() as u64,
            body: None,
            zstd: kept.map(Bytes),
            expires_at: self.expires_at(),
        };
        let put = self.put(attributes(&body)?, Expression::default());
        put.send().await.map(|_| ()).map_err(aws_error::port::<PutItemError>("PutItem"))
    }
}

impl ReadOutput for DynamoLedger {
    async fn read_output(&self, job: &JobId, digest: Digest) -> PortResult<Option<Vec<u8>>> {
        let Some(item) = self.get(job, &output_item(digest)).await? else { return Ok(None) };
        let stored: BlobAttributes = item::value(item)?;
        let zstd = match stored.zstd {
            Some(zstd) => Some(zstd.0),
            None => self.get_object(&output_object(job, digest)).await?,
        };
        let Some(zstd) = zstd else { return Ok(None) };
        let output = decompressed(&zstd, OUTPUT_BYTES_MAX)?;
        if Digest::of(&output) != digest {
            return Err(PortError::Invalid(
                "the digest of a stored output differs from the digest in its key",
            ));
        }
        Ok(Some(output))
    }
}

impl DynamoLedger {
    /// Adds `digest` to the outputs that a job keeps, if their number is below the bound. Returns whether the output is
    /// now among them.
    async fn claim_output(&self, job: &JobId, digest: Digest) -> PortResult<bool> {
        let expression = expression::claim_output(digest, OUTPUTS_KEPT_MAX, self.expires_at());
        aws_error::condition_held("UpdateItem", self.update(job, OUTPUTS_ITEM, expression).send().await)
    }

    pub(crate) async fn put_object(&self, name: &str, bytes: Vec<u8>) -> PortResult<()> {
        let (s3, bucket) = self.bucket()?;
        let put = s3.put_object().bucket(bucket).key(name).body(bytes.into());
        put.send().await.map(|_| ()).map_err(aws_error::port("PutObject"))
    }

    pub(crate) async fn get_object(&self, name: &str) -> PortResult<Option<Vec<u8>>> {
        let (s3, bucket) = self.bucket()?;
        let object = match s3.get_object().bucket(bucket).key(name).send().await {
            Ok(object) => object,
            Err(error) if error.as_service_error().is_some_and(GetObjectError::is_no_such_key) => {
                return Ok(None);
            }
            Err(error) => return Err(aws_error::port("GetObject")(error)),
        };
        let bytes = object.body.collect().await.map_err(|error| PortError::Transient(Box::new(error)))?;
        Ok(Some(bytes.to_vec()))
    }

    fn bucket(&self) -> PortResult<(&aws_sdk_s3::Client, &str)> {
        let bucket = self.bucket.as_ref().map(|(s3, bucket)| (s3, bucket.as_str()));
        bucket
            .ok_or(PortError::Invalid("a payload or output is too large for the table, and no bucket is set"))
    }
}

/// Compresses `bytes` for storage.
pub(crate) fn compressed(bytes: &[u8]) -> PortResult<Vec<u8>> {
    zstd::encode_all(bytes, ZSTD_LEVEL).map_err(refused)
}

/// Decompresses stored bytes. Stops after `bytes_max` bytes and one more, so that the caller notices a larger input.
pub(crate) fn decompressed(zstd: &[u8], bytes_max: usize) -> PortResult<Vec<u8>> {
    let mut bytes = Vec::new();
    let decoder = zstd::Decoder::new(zstd).map_err(refused)?;
    io::Read::read_to_end(&mut io::Read::take(decoder, bytes_max as u64 + 1), &mut bytes).map_err(refused)?;
    Ok(bytes)
}

fn refused(error: io::Error) -> PortError {
    PortError::Permanent(Box::new(error))
}
