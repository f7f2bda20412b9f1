use std::time::Duration;

use aws_config::retry::RetryConfig;
use aws_config::timeout::TimeoutConfig;
use aws_config::{BehaviorVersion, Region, SdkConfig};
use aws_smithy_http_client::tls::{self, rustls_provider::CryptoMode};

/// Times that a request is sent before its failure counts: throttling and passing faults are waited out with
/// exponential backoff and jitter, for about half a minute.
const REQUEST_ATTEMPTS_MAX: u32 = 8;

/// Longest time that a connection may take to be made.
pub(crate) const CONNECT_TIMEOUT: Duration = Duration::from_secs(5);

/// Longest time that one attempt may take: a connection that died while a sandbox was frozen gives no sign. A body of
/// tens of megabytes goes through in this time on any link that is worth using.
const ATTEMPT_TIMEOUT: Duration = Duration::from_mins(2);

/// Which account, region and endpoint are meant, where the usual AWS settings are not to decide.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Access {
    /// A profile of the AWS configuration files.
    pub profile: Option<String>,
    /// A region.
    pub region: Option<String>,
    /// The address of every service, such as an emulator's.
    pub endpoint_url: Option<String>,
}

/// The settings of every AWS client: what `access` says, and for the rest what the environment, the configuration
/// files and the instance say, in the order of the AWS SDKs.
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
