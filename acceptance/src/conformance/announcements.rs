//! Announcements.

use concord_protocol::ports::{Announce, PortResult};
use concord_protocol::{Announcement, Verdict};
use concord_testkit::SUBMITTED_AT;

use super::examples::given_job;
use super::fixture::Fixture;

/// An announcement comes at least once, so it may come twice.
pub(super) async fn repeated_announcement_is_no_error(fixture: &impl Fixture) -> PortResult<()> {
    let job = given_job(fixture, "job", 1).await?;
    let announcement =
        Announcement { job, verdict: Verdict::Divergent, decided_at: SUBMITTED_AT, revision: 1 };
    fixture.ports().announce(&announcement).await?;
    fixture.ports().announce(&announcement).await
}
