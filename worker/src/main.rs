//! The worker as a Lambda function.

use std::process::ExitCode;

use concord_worker::lambda::{DeployedCalculation, WorkerSettings, serve};

#[tokio::main(flavor = "current_thread")]
async fn main() -> ExitCode {
    match run().await {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => concord_cloud::exit_with_error(&*error),
    }
}

async fn run() -> Result<(), lambda_runtime::Error> {
    #[expect(clippy::disallowed_methods, reason = "the environment is read here, once")]
    let settings = WorkerSettings::read(|name| std::env::var_os(name))?;
    serve(settings, DeployedCalculation::new).await
}
