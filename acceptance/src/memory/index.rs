use concord_protocol::ports::{FindJobs, ListJobs, ListOpenJobs, PortResult, ReadSubmission};
use concord_protocol::{Job, JobId, ListFilter, Lookup};

use super::state::Memory;

impl Memory {
    /// The jobs, oldest first; jobs of the same time in the order of their payloads.
    fn oldest_first(&self) -> Vec<Job> {
        let mut jobs: Vec<_> = self.state().jobs.values().map(|stored| stored.job.clone()).collect();
        // The longer of two numbered ids has the larger number.
        jobs.sort_by_key(|job| (job.spec.submitted_at, job.spec.job.as_str().len()));
        jobs
    }

    fn ids(&self, is_wanted: impl Fn(&Job) -> bool) -> Vec<JobId> {
        let jobs = self.oldest_first().into_iter().filter(|job| is_wanted(job));
        jobs.map(|job| job.spec.job.clone()).collect()
    }
}

impl ReadSubmission for Memory {
    async fn read_submission(&self, submission: &JobId) -> PortResult<Vec<JobId>> {
        Ok(self.ids(|job| [&job.spec.job, &job.spec.submission].contains(&submission)))
    }
}

impl FindJobs for Memory {
    async fn find_jobs(&self, name: &str) -> PortResult<Lookup> {
        let job = self.ids(|job| job.spec.job.as_str() == name);
        let submitted = self.ids(|job| job.spec.submission.as_str() == name);
        let found = [job, submitted].into_iter().find(|ids| !ids.is_empty());
        let begins = || Lookup::of_beginning(self.ids(|job| job.spec.job.as_str().starts_with(name)));
        Ok(found.map_or_else(begins, Lookup::Jobs))
    }
}

impl ListJobs for Memory {
    async fn list_jobs(&self, filter: ListFilter) -> PortResult<Vec<Job>> {
        let wanted = |job: &Job| filter.verdict.is_none_or(|verdict| verdict == job.state.verdict());
        Ok(self.oldest_first().into_iter().rev().filter(wanted).take(filter.count_max).collect())
    }
}

impl ListOpenJobs for Memory {
    async fn list_open_jobs(&self) -> PortResult<Vec<JobId>> {
        Ok(self.ids(|job| job.state.ended_at().is_none()))
    }
}
