//! Tests the cloud adapter with a `DynamoDB` that runs in the test process. This library is empty; see the tests.
