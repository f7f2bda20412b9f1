//! One thread that writes. The writes that arrive while it commits go into the next commit as one group, so that many
//! small writes share one flush to the disk. A write is reported as done only when it is on the disk.

use std::future::Future;
use std::path::{Path, PathBuf};
use std::sync::mpsc::{Receiver, RecvTimeoutError, SyncSender, sync_channel};
use std::thread::JoinHandle;
use std::time::{Duration, Instant};

use concord_protocol::ports::{PortError, PortResult};
use futures::channel::oneshot;
use rusqlite::Connection;

use super::lock_wait::{MayBeBusy, PatientConnection};

/// The largest number of writes in the channel. A caller with one more write waits for room.
const WAITING_MAX: usize = 8_192;

/// The largest number of writes that share one commit.
const GROUP_MAX: usize = 8_192;

/// How long after a commit a write that is not urgent waits for others to share the next commit.
const PATIENCE: Duration = Duration::from_millis(20);

/// How soon a write is committed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Urgency {
    /// At once: the caller waits for it.
    Now,
    /// The write may wait [`PATIENCE`] for others to share its commit.
    Soon,
}

/// A write. It is run again when its group could not be committed.
trait Write: Send {
    fn urgency(&self) -> Urgency;
    fn run(&mut self, connection: &Connection) -> rusqlite::Result<()>;
    fn finish(self: Box<Self>, committed: PortResult<()>);
}

struct Asked<T, F> {
    write: F,
    urgency: Urgency,
    done: Option<T>,
    reply: oneshot::Sender<PortResult<T>>,
}

impl<T: Send, F: Fn(&Connection) -> rusqlite::Result<T> + Send> Write for Asked<T, F> {
    fn urgency(&self) -> Urgency {
        self.urgency
    }

    fn run(&mut self, connection: &Connection) -> rusqlite::Result<()> {
        self.done = Some((self.write)(connection)?);
        Ok(())
    }

    fn finish(self: Box<Self>, committed: PortResult<()>) {
        let Asked { done, reply, .. } = *self;
        let result = committed.and_then(|()| done.ok_or(PortError::Invalid("the write was not run")));
        // The caller may be gone. The write is done all the same.
        let _ = reply.send(result);
    }
}

/// Sends writes to the thread, and ends the thread when dropped.
pub(super) struct Writer {
    asks: Option<SyncSender<Box<dyn Write>>>,
    thread: Option<JoinHandle<()>>,
}

impl Writer {
    /// Starts the thread. Its errors name the store `place`.
    pub(super) fn start(connection: PatientConnection, place: PathBuf) -> std::io::Result<Self> {
        let (asks, asked) = sync_channel(WAITING_MAX);
        let thread = std::thread::Builder::new()
            .name("concord-writer".to_owned())
            .spawn(move || serve(&place, &connection, &asked))?;
        Ok(Self { asks: Some(asks), thread: Some(thread) })
    }

    /// Sends the write to the thread before this returns. The future gives the result when the write is on the disk.
    /// `write` may run twice; then the first run was rolled back.
    pub(super) fn write<T, F>(
        &self,
        urgency: Urgency,
        write: F,
    ) -> impl Future<Output = PortResult<T>> + Send + use<T, F>
    where
        T: Send + 'static,
        F: Fn(&Connection) -> rusqlite::Result<T> + Send + 'static,
    {
        let (reply, replied) = oneshot::channel();
        let asked = Asked { write, urgency, done: None, reply };
        let asked = self.asks.as_ref().map(|asks| asks.send(Box::new(asked)));
        let gone = || PortError::Invalid("the store is closed");
        async move {
            match asked {
                Some(Ok(())) => replied.await.unwrap_or_else(|_| Err(gone())),
                _ => Err(gone()),
            }
        }
    }
}

impl Drop for Writer {
    fn drop(&mut self) {
        self.asks = None;
        if let Some(thread) = self.thread.take() {
            // A panic of the thread was reported when it happened, and every later write got an error.
            let _ = thread.join();
        }
    }
}

fn serve(place: &Path, connection: &PatientConnection, asked: &Receiver<Box<dyn Write>>) {
    let mut committed_at = Instant::now();
    while let Ok(first) = asked.recv() {
        let mut group = gather(first, asked, committed_at);
        match connection.run(|connection| commit(connection, &mut group)) {
            Ok(()) => group.into_iter().for_each(|write| write.finish(Ok(()))),
            // One write of the group failed: now each write gets a transaction of its own.
            Err(Uncommitted::Write(_)) if group.len() > 1 => {
                for mut write in group {
                    let alone = std::slice::from_mut(&mut write);
                    let committed = connection.run(|connection| commit(connection, alone));
                    write.finish(committed.map_err(|error| {
                        connection.failed(error.into()).of_port(place, connection.connection())
                    }));
                }
            }
            Err(error) => {
                let failure = connection.failed(error.into());
                for write in group {
                    write.finish(Err(failure.clone().of_port(place, connection.connection())));
                }
            }
        }
        committed_at = Instant::now();
    }
}

/// Takes the writes that wait. While none of them is urgent, also takes the writes that arrive within [`PATIENCE`] of
/// the last commit.
fn gather(
    first: Box<dyn Write>,
    asked: &Receiver<Box<dyn Write>>,
    committed_at: Instant,
) -> Vec<Box<dyn Write>> {
    let mut urgent = first.urgency() == Urgency::Now;
    let mut group = vec![first];
    while group.len() < GROUP_MAX {
        let next = asked.try_recv().or_else(|_| {
            let patience = PATIENCE.saturating_sub(committed_at.elapsed());
            if urgent { Err(RecvTimeoutError::Timeout) } else { asked.recv_timeout(patience) }
        });
        let Ok(next) = next else { break };
        urgent |= next.urgency() == Urgency::Now;
        group.push(next);
    }
    group
}

/// Why a group was not committed.
enum Uncommitted {
    /// A write of the group failed.
    Write(rusqlite::Error),
    /// The transaction could not be started or committed.
    Group(rusqlite::Error),
}

impl MayBeBusy for Uncommitted {
    fn of_sqlite(&self) -> Option<&rusqlite::Error> {
        match self {
            Self::Write(error) | Self::Group(error) => Some(error),
        }
    }
}

impl From<Uncommitted> for rusqlite::Error {
    fn from(uncommitted: Uncommitted) -> Self {
        match uncommitted {
            Uncommitted::Write(error) | Uncommitted::Group(error) => error,
        }
    }
}

fn commit(connection: &Connection, group: &mut [Box<dyn Write>]) -> Result<(), Uncommitted> {
    connection.execute_batch("BEGIN IMMEDIATE").map_err(Uncommitted::Group)?;
    let run = group.iter_mut().try_for_each(|write| write.run(connection)).map_err(Uncommitted::Write);
    let committed = run.and_then(|()| connection.execute_batch("COMMIT").map_err(Uncommitted::Group));
    if committed.is_err() && !connection.is_autocommit() {
        // The first error is reported. A rollback that fails leaves nothing behind either.
        let _ = connection.execute_batch("ROLLBACK");
    }
    committed
}
