//! Every adapter passes the same checks.

mod memory {
    use std::sync::Arc;

    use concord_acceptance::conformance::Fixture;
    use concord_acceptance::{Memory, conformance_tests};
    use concord_testkit::{SUBMITTED_AT, TestClock};

    struct InMemory {
        memory: Memory,
        clock: TestClock,
    }

    impl InMemory {
        fn fresh() -> Self {
            let clock = TestClock::at(SUBMITTED_AT);
            Self { memory: Memory::new(Arc::new(clock.clone())), clock }
        }
    }

    impl Fixture for InMemory {
        type Ports = Memory;
        type Transport = Memory;

        fn ports(&self) -> &Memory {
            &self.memory
        }

        fn transport(&self) -> &Memory {
            &self.memory
        }

        fn clock(&self) -> &TestClock {
            &self.clock
        }
    }

    conformance_tests!(every_adapter, InMemory::fresh);
    conformance_tests!(embedded_adapter, InMemory::fresh);
}

mod sqlite {
    use std::sync::Arc;

    use concord_acceptance::conformance::{FedChange, Fixture, Transport};
    use concord_acceptance::conformance_tests;
    use concord_local::{Opening, Store};
    use concord_protocol::ports::{Delivery, PortResult};
    use concord_testkit::{SUBMITTED_AT, TestClock};
    use futures::executor::block_on;
    use tempfile::TempDir;

    struct InSqlite {
        store: Store,
        clock: TestClock,
        // Removed with its store when the check is over.
        _folder: TempDir,
    }

    impl InSqlite {
        fn fresh() -> Self {
            let folder = tempfile::tempdir().expect("a temporary folder can be made");
            let clock = TestClock::at(SUBMITTED_AT);
            let path = folder.path().join("store");
            let store = Store::open(&path, Opening::new(Arc::new(clock.clone()))).expect("a new store opens");
            block_on(store.own("checks".to_owned())).expect("a new store has no other owner");
            Self { store, clock, _folder: folder }
        }
    }

    impl Transport for InSqlite {
        async fn read_changes(&self, count_max: usize) -> PortResult<Vec<FedChange>> {
            let changes = self.store.read_changes(count_max)?;
            Ok(changes.into_iter().map(|(sequence, change)| FedChange { sequence, change }).collect())
        }

        async fn acknowledge_changes(&self, sequences: Vec<u64>) -> PortResult<()> {
            self.store.acknowledge_changes(sequences).await
        }

        async fn delete_dead_letter(&self, delivery: &Delivery) -> PortResult<()> {
            self.store.delete_dead_letter(delivery).await
        }
    }

    impl Fixture for InSqlite {
        type Ports = Store;
        type Transport = Self;

        fn ports(&self) -> &Store {
            &self.store
        }

        fn transport(&self) -> &Self {
            self
        }

        fn clock(&self) -> &TestClock {
            &self.clock
        }
    }

    conformance_tests!(every_adapter, InSqlite::fresh);
    conformance_tests!(embedded_adapter, InSqlite::fresh);
}
