//! Renders results as text for people, Markdown, JUnit XML and HTML. Does not know how a result is found or printed.

mod artifacts;
pub(crate) mod comparison;
pub(crate) mod copies;
pub(crate) mod explanation;
pub(crate) mod job;
pub(crate) mod junit;
mod lines;
pub(crate) mod markdown;
mod numbers;
pub(crate) mod page;
pub(crate) mod pin;
pub(crate) mod plan;
mod sentences;
pub(crate) mod store_report;
mod varied;
pub(crate) mod words;
