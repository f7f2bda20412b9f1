//! Reads what a child writes to stdout and stderr, until it ends.

use std::io;
use std::os::fd::{BorrowedFd, OwnedFd};
use std::time::{Duration, Instant};

use rustix::buffer::spare_capacity;
use rustix::event::{PollFd, PollFlags, Timespec};
use rustix::io::Errno;
use rustix::pipe::PipeFlags;

use super::sampler::Sampler;

/// Room for the first read. Most outputs are small, and nothing is reserved for a stream without output.
const FIRST_READ_BYTES: usize = 4 * 1024;
/// Room for the later reads: what a pipe holds by default (`pipe(7)`).
const LATER_READ_BYTES: usize = 64 * 1024;

/// The read end of a pipe, and the bytes read from it.
pub(super) struct Stream {
    reader: OwnedFd,
    pub(super) bytes: Vec<u8>,
}

impl Stream {
    /// Opens a pipe: the stream that reads it, and its write end.
    pub(super) fn open() -> io::Result<(Stream, OwnedFd)> {
        let (reader, writer) = rustix::pipe::pipe_with(PipeFlags::CLOEXEC)?;
        Ok((Stream { reader, bytes: Vec::new() }, writer))
    }

    /// One read. Blocks if the pipe is empty, so ask `poll` or `FIONREAD` first.
    fn read(&mut self) -> io::Result<usize> {
        let room = if self.bytes.is_empty() { FIRST_READ_BYTES } else { LATER_READ_BYTES };
        // Without this, a system that refuses memory would end the whole process.
        self.bytes.try_reserve(room).map_err(|_| io::Error::from(io::ErrorKind::OutOfMemory))?;
        let read =
            rustix::io::retry_on_intr(|| rustix::io::read(&self.reader, spare_capacity(&mut self.bytes)))?;
        Ok(read)
    }

    /// Reads what the pipe holds now, without waiting for processes that may still write to it.
    fn read_rest(&mut self) -> io::Result<()> {
        let mut rest_bytes = rustix::io::ioctl_fionread(&self.reader)?;
        while rest_bytes > 0 {
            let read_bytes = self.read()?;
            if read_bytes == 0 {
                break;
            }
            rest_bytes = rest_bytes.saturating_sub(u64::try_from(read_bytes).unwrap_or(u64::MAX));
        }
        Ok(())
    }

    fn keep_tail(&mut self, tail_bytes: usize) {
        let excess_bytes = self.bytes.len().saturating_sub(tail_bytes);
        self.bytes.drain(..excess_bytes);
    }
}

/// Why a watch ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Ending {
    Exited,
    TimedOut,
    OutputTooLarge,
}

/// Both streams of one child, with their bounds.
pub(super) struct Capture {
    pub(super) output: Stream,
    pub(super) stderr: Stream,
    pub(super) output_bytes_max: usize,
    pub(super) stderr_tail_bytes: usize,
}

impl Capture {
    /// Reads both streams until the child has exited or a limit is passed. The child is not reaped.
    ///
    /// The caller keeps the write ends open until this returns, so the streams never end by themselves: a child may close
    /// them and go on, and a child that exits wakes this thread once, not three times. Meanwhile the child is sampled.
    pub(super) fn watch(
        &mut self,
        child: BorrowedFd<'_>,
        timeout: Duration,
        sampler: &mut Sampler<'_>,
    ) -> io::Result<Ending> {
        let deadline = Instant::now().checked_add(timeout);
        loop {
            let remaining = deadline.map(|deadline| deadline.saturating_duration_since(Instant::now()));
            let [exited, output_ready, stderr_ready] = self.wait(child, sampler.wait_at_most(remaining))?;
            if exited {
                return Ok(Ending::Exited);
            }
            if remaining.is_some_and(|remaining| remaining.is_zero()) {
                return Ok(Ending::TimedOut);
            }
            sampler.sample_if_due();
            if output_ready {
                sampler.output_came();
                self.output.read()?;
                if self.output_is_too_large() {
                    return Ok(Ending::OutputTooLarge);
                }
            }
            if stderr_ready {
                self.stderr.read()?;
                self.stderr.keep_tail(self.stderr_tail_bytes);
            }
        }
    }

    /// Sleeps until the child exits, there is something to read, or `remaining` is over.
    fn wait(&self, child: BorrowedFd<'_>, remaining: Option<Duration>) -> io::Result<[bool; 3]> {
        let mut fds = [
            PollFd::from_borrowed_fd(child, PollFlags::IN),
            PollFd::new(&self.output.reader, PollFlags::IN),
            PollFd::new(&self.stderr.reader, PollFlags::IN),
        ];
        // A time that is too long for the kernel counts as no limit.
        let timeout = remaining.and_then(|remaining| Timespec::try_from(remaining).ok());
        match rustix::event::poll(&mut fds, timeout.as_ref()) {
            Ok(_) => Ok(fds.map(|fd| !fd.revents().is_empty())),
            Err(Errno::INTR) => Ok([false; 3]),
            Err(error) => Err(error.into()),
        }
    }

    /// Reads what the pipes still hold. Returns whether the whole output is beyond its bound.
    pub(super) fn finish(&mut self) -> io::Result<bool> {
        self.output.read_rest()?;
        self.stderr.read_rest()?;
        self.stderr.keep_tail(self.stderr_tail_bytes);
        Ok(self.output_is_too_large())
    }

    fn output_is_too_large(&self) -> bool {
        self.output.bytes.len() > self.output_bytes_max
    }

    /// The output and the tail of stderr, without the room that reading needed.
    pub(super) fn into_bytes(mut self) -> (Vec<u8>, Vec<u8>) {
        self.output.bytes.shrink_to_fit();
        self.stderr.bytes.shrink_to_fit();
        (self.output.bytes, self.stderr.bytes)
    }
}
