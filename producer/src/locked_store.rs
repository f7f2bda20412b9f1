//! What is said while another process holds the write lock of the store.

use concord_local::{LockHolder, LockWait};

/// What is said while a write waits.
pub(crate) fn waiting(wait: &LockWait) -> String {
    let hint = hint(wait);
    match &wait.holder {
        Some(holder) => {
            format!("waiting for {holder}, which holds the write lock of the store\n hint: {hint}")
        }
        None => format!(
            "waiting for another process, which holds the write lock of the store; which one cannot be known\n hint: {hint}"
        ),
    }
}

/// What helps.
pub(crate) fn hint(wait: &LockWait) -> String {
    match &wait.holder {
        Some(LockHolder { process, is_stopped: true }) => {
            format!("continue it with `kill -CONT {process}`, or end it")
        }
        Some(LockHolder { process, is_stopped: false }) => {
            format!("nothing is lost; `ps -fp {process}` shows what it is")
        }
        None => format!(
            "a program in another container, or on another machine, may have {} open",
            wait.store.display()
        ),
    }
}
