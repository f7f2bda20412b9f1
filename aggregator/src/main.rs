//! The aggregator as a Lambda function.

use concord_aggregator::lambda::{Settings, serve};

#[tokio::main(flavor = "current_thread")]
async fn main() -> anyhow::Result<()> {
    #[expect(clippy::disallowed_methods, reason = "here the environment is read, once")]
    let settings = Settings::read(|name| std::env::var(name).ok())?;
    serve(settings).await.map_err(anyhow::Error::from_boxed)
}
