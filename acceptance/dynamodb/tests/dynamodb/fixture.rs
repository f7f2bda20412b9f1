//! A new table, with its stream and queues, for each test.

use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};

use aws_config::{BehaviorVersion, Region, SdkConfig};
use aws_sdk_dynamodb::config::{Credentials, SharedCredentialsProvider};
use aws_sdk_dynamodb::types::{
    AttributeDefinition, BillingMode, GlobalSecondaryIndex, KeySchemaElement, KeyType, Projection,
    ProjectionType, ScalarAttributeType, StreamSpecification, StreamViewType,
};
use aws_smithy_async::rt::sleep::default_async_sleep;
use aws_smithy_http_client::Builder;
use concord_acceptance::conformance::Fixture;
use concord_cloud::{DynamoLedger, LedgerSettings, SqsQueue};
use concord_testkit::SUBMITTED_AT;
use concord_testkit::TestClock;
use dynoxide::Database;
use tokio::net::TcpListener;
use tokio::runtime::Runtime;
use tokio::sync::oneshot;

use crate::ports::Cloud;
use crate::sqs::{QUEUE, Sqs};

/// The variable with the URL of another `DynamoDB` for the tests, such as that of an emulator.
const ENDPOINT: &str = "CONCORD_CHECKS_ENDPOINT";

/// The number of tables that this process has created. Each test has a table of its own.
static TABLES: AtomicU32 = AtomicU32::new(0);

/// Everything that a fleet has on AWS.
pub(crate) struct InCloud {
    pub(crate) cloud: Cloud,
    pub(crate) sqs: Sqs,
    /// The settings of the clients of the table.
    pub(crate) config: SdkConfig,
    pub(crate) table: String,
    clock: TestClock,
    runtime: Runtime,
    // The server stops when the sender is dropped.
    _stop: oneshot::Sender<()>,
}

impl InCloud {
    pub(crate) fn fresh() -> Self {
        let runtime = Runtime::new().unwrap();
        let clock = TestClock::at(SUBMITTED_AT);
        let sqs = Sqs::new(clock.clone());
        let (stop, stopped) = oneshot::channel::<()>();
        let table = format!("concord-{}-{}", std::process::id(), TABLES.fetch_add(1, Ordering::Relaxed));
        let (cloud, config) = runtime.block_on(async {
            #[expect(
                clippy::disallowed_methods,
                reason = "the person who runs the tests chooses the endpoint"
            )]
            let config = match std::env::var(ENDPOINT) {
                Ok(endpoint) => config(&endpoint),
                Err(_) => config(&in_process(stopped).await),
            };
            let stream = create_table(&config, &table).await;
            let ledger_settings = LedgerSettings { table: table.clone(), bucket: None, keep_days: 30 };
            let ledger = DynamoLedger::new(&config, ledger_settings, Arc::new(clock.clone()));
            let queue = SqsQueue::new(&sqs.config(), QUEUE.to_owned(), ledger.clone());
            (Cloud::new(ledger, queue, &sqs, &config, &table, stream), config)
        });
        Self { cloud, sqs, config, table, clock, runtime, _stop: stop }
    }
}

/// Starts a `DynamoDB` in this process. It ends when the sender of `stopped` is dropped. Returns its URL.
async fn in_process(stopped: oneshot::Receiver<()>) -> String {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let endpoint = format!("http://{}", listener.local_addr().unwrap());
    let database = Database::memory().unwrap();
    tokio::spawn(dynoxide::server::serve_with_shutdown(listener, database, async {
        let _ = stopped.await;
    }));
    endpoint
}

fn config(endpoint: &str) -> SdkConfig {
    SdkConfig::builder()
        .behavior_version(BehaviorVersion::latest())
        .region(Region::new("eu-west-1"))
        .credentials_provider(SharedCredentialsProvider::new(Credentials::new(
            "id", "secret", None, None, "tests",
        )))
        .endpoint_url(endpoint)
        .sleep_impl(default_async_sleep().unwrap())
        .http_client(Builder::new().build_http())
        .build()
}

/// Creates the table with the same shape as in the template. Returns the ARN of its stream.
async fn create_table(config: &SdkConfig, table: &str) -> String {
    let attribute = |name: &str| {
        AttributeDefinition::builder()
            .attribute_name(name)
            .attribute_type(ScalarAttributeType::S)
            .build()
            .unwrap()
    };
    let key = |name: &str, of: KeyType| {
        KeySchemaElement::builder().attribute_name(name).key_type(of).build().unwrap()
    };
    let by_status = GlobalSecondaryIndex::builder()
        .index_name("by_status")
        .key_schema(key("status", KeyType::Hash))
        .key_schema(key("submitted_at", KeyType::Range))
        .projection(Projection::builder().projection_type(ProjectionType::All).build())
        .build()
        .unwrap();
    let stream = StreamSpecification::builder()
        .stream_enabled(true)
        .stream_view_type(StreamViewType::NewAndOldImages)
        .build()
        .unwrap();
    let created = aws_sdk_dynamodb::Client::new(config)
        .create_table()
        .table_name(table)
        .billing_mode(BillingMode::PayPerRequest)
        .set_attribute_definitions(Some(["job", "item", "status", "submitted_at"].map(attribute).into()))
        .key_schema(key("job", KeyType::Hash))
        .key_schema(key("item", KeyType::Range))
        .global_secondary_indexes(by_status)
        .stream_specification(stream)
        .send()
        .await
        .unwrap();
    created.table_description.unwrap().latest_stream_arn.unwrap()
}

impl Fixture for InCloud {
    type Ports = Cloud;
    type Transport = Cloud;

    fn ports(&self) -> &Cloud {
        &self.cloud
    }

    fn transport(&self) -> &Cloud {
        &self.cloud
    }

    fn clock(&self) -> &TestClock {
        &self.clock
    }

    fn block_on<F: Future>(&self, check: F) -> F::Output {
        self.runtime.block_on(check)
    }
}
