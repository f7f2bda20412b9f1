//! Explanations as JUnit XML: one test suite per submission, one test case per job.

use std::time::Duration;

use concord_protocol::Verdict;
use quick_junit::{NonSuccessKind, Report, TestCase, TestCaseStatus, TestSuite};

use super::markdown::markdown;
use crate::error::CliError;
use crate::result::explanation::ExplainedJob;

/// The explanations of jobs. A divergent job is a failure, unless its
/// submit accepts it and all outputs are equivalent. An inconclusive or cancelled job is an error, since nothing was
/// shown. A job that still runs is skipped. The whole explanation is the description of what did not pass, and the
/// standard output of what passed.
///
/// # Errors
/// When the XML cannot be written.
pub(crate) fn junit(explained: &[ExplainedJob]) -> Result<String, CliError> {
    let mut report = Report::new("concord");
    for job in explained {
        let place =
            report.test_suites.iter().position(|suite| suite.name.as_str() == job.submission.as_str());
        let place = place.unwrap_or_else(|| {
            report.test_suites.push(TestSuite::new(job.submission.as_str()));
            report.test_suites.len() - 1
        });
        report.test_suites[place].add_test_case(case(job));
    }
    for suite in std::mem::take(&mut report.test_suites) {
        report.add_test_suite(suite);
    }
    report.to_string().map_err(CliError::failed)
}

fn case(job: &ExplainedJob) -> TestCase {
    let mut status = match job.verdict {
        Verdict::Reproducible => TestCaseStatus::success(),
        Verdict::Divergent if job.accepted => TestCaseStatus::success(),
        Verdict::Divergent => TestCaseStatus::non_success(NonSuccessKind::Failure),
        Verdict::Inconclusive | Verdict::Cancelled => TestCaseStatus::non_success(NonSuccessKind::Error),
        Verdict::Running => TestCaseStatus::skipped(),
    };
    if job.verdict != Verdict::Reproducible && !job.accepted {
        let summary = &job.explanation.summary;
        let lines = [
            summary.separates.as_deref(),
            summary.failures.as_deref(),
            summary.difference.as_deref(),
            Some(summary.supports.as_str()),
        ];
        let message: Vec<_> = lines.into_iter().flatten().collect();
        status.set_message(message.join("; "));
        status.set_type(job.verdict.as_str());
        status.set_description(markdown(job));
    }
    let mut case = TestCase::new(job.job.as_str(), status);
    if job.verdict == Verdict::Reproducible || job.accepted {
        case.set_system_out(markdown(job));
    }
    case.set_classname(job.calculation.as_str());
    case.set_time(Duration::from_millis(job.elapsed_ms));
    case
}
