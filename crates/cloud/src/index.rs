//! Finds jobs by the beginnings of their names, and lists jobs by verdict, with the index.

use concord_protocol::ports::{FindJobs, ListJobs, ListOpenJobs, PortResult, ReadJob, ReadSubmission};
use concord_protocol::{Job, JobId, ListFilter, Lookup, Verdict};
use futures::future::try_join_all;

use crate::aws_error;
use crate::item::{BY_STATUS, expression, job};
use crate::ledger::DynamoLedger;

/// The most jobs of each verdict that are read to find the beginning of a name or the open jobs. The newest are read.
const NEWEST_MAX: usize = 1_000;

impl ReadSubmission for DynamoLedger {
    async fn read_submission(&self, submission: &JobId) -> PortResult<Vec<JobId>> {
        if self.read_job(submission).await?.is_some() {
            return Ok(vec![submission.clone()]);
        }
        let Some(stored) = self.submission(submission).await? else { return Ok(Vec::new()) };
        Ok((0..stored.jobs).filter_map(|place| submission.numbered(place).ok()).collect())
    }
}

impl FindJobs for DynamoLedger {
    async fn find_jobs(&self, name: &str) -> PortResult<Lookup> {
        let Ok(id) = name.parse::<JobId>() else { return Ok(Lookup::Nothing) };
        let submitted = self.read_submission(&id).await?;
        if !submitted.is_empty() {
            return Ok(Lookup::Jobs(submitted));
        }
        let newest = self.list_jobs(ListFilter { verdict: None, count_max: NEWEST_MAX }).await?;
        let ids = newest.into_iter().map(|job| job.spec.job.clone());
        Ok(Lookup::of_beginning(ids.filter(|id| id.as_str().starts_with(name)).collect()))
    }
}

impl ListJobs for DynamoLedger {
    async fn list_jobs(&self, filter: ListFilter) -> PortResult<Vec<Job>> {
        let ListFilter { verdict, count_max } = filter;
        let verdicts = verdict.map_or_else(|| Verdict::ALL.to_vec(), |verdict| vec![verdict]);
        let lists = verdicts.into_iter().map(|verdict| self.newest(verdict, count_max));
        let mut jobs: Vec<_> = try_join_all(lists).await?.into_iter().flatten().collect();
        jobs.sort_by_key(|job| std::cmp::Reverse((job.spec.submitted_at, job.spec.job.clone())));
        jobs.truncate(count_max);
        Ok(jobs)
    }
}

impl ListOpenJobs for DynamoLedger {
    async fn list_open_jobs(&self) -> PortResult<Vec<JobId>> {
        // A divergent job ends only when all its copies have ended.
        let lists = [Verdict::Running, Verdict::Divergent].map(|verdict| self.newest(verdict, NEWEST_MAX));
        let mut jobs: Vec<_> = try_join_all(lists).await?.into_iter().flatten().collect();
        jobs.retain(|job| job.state.ended_at().is_none());
        jobs.sort_by_key(|job| (job.spec.submitted_at, job.spec.job.clone()));
        Ok(jobs.into_iter().map(|job| job.spec.job.clone()).collect())
    }
}

impl DynamoLedger {
    async fn newest(&self, verdict: Verdict, count_max: usize) -> PortResult<Vec<Job>> {
        let query = self
            .query(expression::with_verdict(verdict))
            .index_name(BY_STATUS)
            .scan_index_forward(false)
            .limit(i32::try_from(count_max).unwrap_or(i32::MAX));
        let mut jobs = Vec::new();
        let mut items = query.into_paginator().items().send();
        while jobs.len() < count_max
            && let Some(item) = items.next().await
        {
            jobs.push(job::job(item.map_err(aws_error::port("Query"))?)?);
        }
        Ok(jobs)
    }
}
