//! Stores each golden result as one item, in a partition of its own. The item does not expire.

use std::io;
use std::sync::Arc;

use aws_sdk_dynamodb::operation::put_item::PutItemError;
use concord_protocol::limits::OUTPUT_BYTES_MAX;
use concord_protocol::ports::{PortError, PortResult, ReadGolden, WriteGolden};
use concord_protocol::{Digest, Golden, GoldenKey, JobId};

use crate::aws_error;
use crate::blobs::{INLINE_BYTES_MAX, compressed, decompressed};
use crate::item::expression::Expression;
use crate::item::golden::GoldenAttributes;
use crate::item::{self, Bytes, GOLDEN_ITEM, attributes};
use crate::ledger::DynamoLedger;

impl WriteGolden for DynamoLedger {
    async fn write_golden(&self, golden: Golden) -> PortResult<()> {
        let partition = partition(&golden.key)?;
        let mut zstd = golden.output.as_deref().map(compressed).transpose()?;
        let mut kept_in_bucket = false;
        if let Some(large) = zstd.take_if(|zstd| zstd.len() > INLINE_BYTES_MAX) {
            self.put_object(&object(&partition, golden.digest), large).await?;
            kept_in_bucket = true;
        }
        let stored = GoldenAttributes::new(partition, &golden, zstd.map(Bytes), kept_in_bucket);
        let put = self.put(attributes(&stored)?, Expression::default());
        put.send().await.map(|_| ()).map_err(aws_error::port::<PutItemError>("PutItem"))
    }
}

impl ReadGolden for DynamoLedger {
    async fn read_golden(&self, key: &GoldenKey) -> PortResult<Option<Golden>> {
        let partition = partition(key)?;
        let Some(item) = self.get(&partition, GOLDEN_ITEM).await? else { return Ok(None) };
        let mut stored: GoldenAttributes = item::value(item)?;
        let zstd = match stored.zstd.take() {
            Some(zstd) => Some(zstd.0),
            None if stored.kept_in_bucket => self.get_object(&object(&partition, stored.digest)).await?,
            None => None,
        };
        let output = zstd.map(|zstd| decompressed(&zstd, OUTPUT_BYTES_MAX)).transpose()?;
        if output.as_ref().is_some_and(|output| Digest::of(output) != stored.digest) {
            return Err(PortError::Invalid(
                "the digest of a golden output differs from the digest in its item",
            ));
        }
        Ok(Some(stored.golden(output.map(Arc::from))))
    }
}

/// The partition of a golden result. It is a digest, because an id has a bounded length and a calculation has not.
fn partition(key: &GoldenKey) -> PortResult<JobId> {
    let of = Digest::of(format!("{} {}", key.payload_digest, key.calculation).as_bytes());
    let refused =
        |error| PortError::Permanent(Box::new(io::Error::other::<concord_protocol::IdError>(error)));
    format!("golden-{}", &of.hex()[..32]).parse().map_err(refused)
}

/// The name of a golden output in the bucket. No expiration rule of the bucket covers this prefix.
fn object(partition: &JobId, digest: Digest) -> String {
    format!("goldens/{partition}/{}", digest.hex())
}
