//! Outputs: each distinct output is kept once.

use concord_protocol::Digest;
use concord_protocol::limits::OUTPUTS_KEPT_MAX;
use concord_protocol::ports::{PortResult, ReadOutput, WriteOutput};

use super::examples::given_job;
use super::fixture::Fixture;

/// Writing the same output again changes nothing, and a job does not see the outputs of another job.
pub(super) async fn output_is_kept_once_for_each_digest(fixture: &impl Fixture) -> PortResult<()> {
    let ports = fixture.ports();
    let (job, other) = (given_job(fixture, "job", 2).await?, given_job(fixture, "other", 2).await?);
    let output = b"\x00\xffnot text".as_slice();
    let digest = Digest::of(output);
    assert_eq!(ports.read_output(&job, digest).await?, None);
    ports.write_output(&job, digest, output.into()).await?;
    ports.write_output(&job, digest, output.into()).await?;
    assert_eq!(ports.read_output(&job, digest).await?.as_deref(), Some(output));
    assert_eq!(ports.read_output(&other, digest).await?, None);
    Ok(())
}

/// Beyond the bound an output is not kept, and that is no error. The outputs within the bound stay.
pub(super) async fn outputs_beyond_the_bound_are_not_kept(fixture: &impl Fixture) -> PortResult<()> {
    let ports = fixture.ports();
    let job = given_job(fixture, "job", 100).await?;
    let outputs: Vec<_> = (0..OUTPUTS_KEPT_MAX + 2).map(|number| number.to_string().into_bytes()).collect();
    for output in &outputs {
        ports.write_output(&job, Digest::of(output), output.as_slice().into()).await?;
    }
    for (number, output) in outputs.into_iter().enumerate() {
        let kept = ports.read_output(&job, Digest::of(&output)).await?;
        assert_eq!(kept, (number < OUTPUTS_KEPT_MAX).then_some(output), "output {number}");
    }
    Ok(())
}
