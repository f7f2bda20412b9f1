//! The worker as a Lambda function.

use concord_worker::lambda::{Deployed, Settings, serve};

#[tokio::main(flavor = "current_thread")]
async fn main() -> anyhow::Result<()> {
    #[expect(clippy::disallowed_methods, reason = "here the environment is read, once")]
    let settings = Settings::read(|name| std::env::var_os(name))?;
    serve(settings, Deployed::new).await.map_err(anyhow::Error::from_boxed)
}
