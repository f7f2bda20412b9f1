//! Golden results: the last accepted one for each calculation and payload.

use std::sync::Arc;

use concord_protocol::ports::{PortResult, ReadGolden, WriteGolden};
use concord_protocol::{Digest, Golden, GoldenKey};
use concord_testkit::{SUBMITTED_AT, id};

use super::fixture::Fixture;

fn golden(calculation: &str, payload: &str, output: &[u8]) -> Golden {
    Golden {
        key: GoldenKey {
            calculation: calculation.to_owned(),
            payload_digest: Digest::of(payload.as_bytes()),
        },
        digest: Digest::of(output),
        job: id("job"),
        accepted_at: SUBMITTED_AT,
        output: Some(Arc::from(output)),
    }
}

/// A golden result is read back whole, by its calculation and payload.
pub(super) async fn golden_result_is_read_back(fixture: &impl Fixture) -> PortResult<()> {
    let ports = fixture.ports();
    let small = golden("command [\"ä\"]", "1", b"\x00\xff");
    // Bytes that do not compress.
    let noise =
        (0..6_000_u32).flat_map(|number| *Digest::of(&number.to_le_bytes()).as_bytes()).collect::<Vec<_>>();
    let large = golden("probe sum", "1", &noise);
    let unkept = Golden { output: None, ..golden("probe sum", "2", b"a") };
    for golden in [&small, &large, &unkept] {
        assert_eq!(ports.read_golden(&golden.key).await?, None);
        ports.write_golden(golden.clone()).await?;
    }
    for golden in [small, large, unkept] {
        assert_eq!(ports.read_golden(&golden.key).await?, Some(golden));
    }
    Ok(())
}

/// A later golden result replaces the earlier one with everything that belonged to it.
pub(super) async fn golden_result_replaces_the_one_before(fixture: &impl Fixture) -> PortResult<()> {
    let ports = fixture.ports();
    let before = golden("probe sum", "1", b"before");
    let after = Golden { output: None, job: id("later"), ..golden("probe sum", "1", b"after") };
    for golden in [&before, &after] {
        ports.write_golden(golden.clone()).await?;
    }
    assert_eq!(ports.read_golden(&before.key).await?, Some(after));
    Ok(())
}
