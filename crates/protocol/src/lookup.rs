//! What a search for jobs asks for, and what it finds.

use crate::{JobId, Verdict};

/// Ids that are named when a name is the beginning of several, at most.
const CANDIDATES_MAX: usize = 10;

/// The jobs that a name given by a user stands for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Lookup {
    /// One job, or all jobs of a submission in the order of their payloads.
    Jobs(Vec<JobId>),
    /// No job.
    Nothing,
    /// The name is the beginning of several ids: some of the ids, and how many there are.
    Ambiguous(Vec<JobId>, usize),
}

impl Lookup {
    /// What a name stands for if it is the beginning of these ids, and no id of a job or submission itself.
    #[must_use]
    pub fn of_beginning(mut ids: Vec<JobId>) -> Self {
        match ids.len() {
            0 => Self::Nothing,
            1 => Self::Jobs(ids),
            count => {
                ids.truncate(CANDIDATES_MAX);
                Self::Ambiguous(ids, count)
            }
        }
    }
}

/// Which jobs a list contains.
#[derive(Clone, Copy, Debug)]
pub struct ListFilter {
    /// The verdict of the jobs, or `None` for every verdict.
    pub verdict: Option<Verdict>,
    /// The largest number of jobs.
    pub count_max: usize,
}
