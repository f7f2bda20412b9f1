//! The cloud adapter against a `DynamoDB` in process: see the tests.
