use std::time::Duration;

use aws_config::retry::RetryConfig;
use aws_config::timeout::TimeoutConfig;
use aws_config::{BehaviorVersion, Region, SdkConfig};
use aws_smithy_http_client::tls::{self, rustls_provider::CryptoMode};

/// The most times that a request is sent. After throttling and temporary errors the SDK waits with exponential backoff
/// and jitter, for about half a minute in total.
const REQUEST_ATTEMPTS_MAX: u32 = 8;

/// The longest time to wait for a connection.
pub(crate) const CONNECT_TIMEOUT: Duration = Duration::from_secs(5);

/// The longest time that one attempt may take. It is needed because nothing signals that a connection died while the
/// sandbox was frozen. It is long enough for a body of tens of megabytes on any practical connection.
const ATTEMPT_TIMEOUT: Duration = Duration::from_mins(2);

/// The account, region and endpoint to use in place of those in the usual AWS settings.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Access {
    /// The name of a profile in the AWS configuration files.
    pub profile: Option<String>,
    /// The name of a region.
    pub region: Option<String>,
    /// The URL for every AWS service, such as that of an emulator.
    pub endpoint_url: Option<String>,
}

/// The settings for every AWS client. A value in `access` comes first. Everything else comes from the environment, the
/// configuration files and the instance, in the usual order of the AWS SDKs.
pub async fn sdk_config(access: &Access) -> SdkConfig {
    let https = aws_smithy_http_client::Builder::new()
        .tls_provider(tls::Provider::Rustls(CryptoMode::Ring))
        .build_https();
    let mut loader = aws_config::defaults(BehaviorVersion::latest())
        .http_client(https)
        .timeout_config(
            TimeoutConfig::builder()
                .connect_timeout(CONNECT_TIMEOUT)
                .operation_attempt_timeout(ATTEMPT_TIMEOUT)
                .build(),
        )
        .retry_config(RetryConfig::standard().with_max_attempts(REQUEST_ATTEMPTS_MAX));
    if let Some(profile) = &access.profile {
        loader = loader.profile_name(profile);
    }
    if let Some(region) = &access.region {
        loader = loader.region(Region::new(region.clone()));
    }
    if let Some(endpoint_url) = &access.endpoint_url {
        loader = loader.endpoint_url(endpoint_url);
    }
    loader.load().await
}
