//! The built-in calculations, called *probes*: each turns a small JSON payload into output bytes that show how a
//! machine computes.
//!
//! This crate owns the fields of a probe's payload with their defaults and bounds, the arithmetic itself, and the exact
//! layout of the output bytes. It must not know how payloads travel, where outputs are kept or compared, or which
//! other kinds of calculation exist. It depends on no other crate of the workspace, reads no clock, no file and no
//! environment variable, and draws no randomness that the payload does not seed.
//!
//! | probe | arithmetic | the same bytes everywhere? |
//! |---|---|---|
//! | `echo` | none | yes |
//! | `matmul` | matrix product, SIMD kernel picked at run time | per kernel |
//! | `fft` | Fourier transform, SIMD kernel picked at run time | per kernel |
//! | `libm` | sine, exponential, power … of the platform's C library | per library and CPU |
//! | `solve` | dense linear system, LU with partial pivoting | yes, under IEEE 754 defaults |
//! | `logistic` | chaotic map, which amplifies one differing bit | yes, under IEEE 754 defaults |
//! | `sum` | parallel sum: `ordered`, or `racing` | `ordered` yes, `racing` no |
//!
//! ```
//! use concord_probes::Probe;
//!
//! let probe = Probe::parse(br#"{"probe":"matmul","n":4,"seed":42}"#)?;
//! assert_eq!(probe.name(), "matmul");
//! assert_eq!(probe.run()?.len(), 4 * 4 * 8);
//! # Ok::<(), concord_probes::ProbeError>(())
//! ```
//!
//! Beside the probes, [`canary()`] finds out in a millisecond how this machine computes, whatever processor it claims to
//! have.

mod bounded;
mod canary;
mod echo;
mod error;
mod fft;
mod inputs;
mod kind;
mod libm;
mod logistic;
mod matmul;
mod output;
mod probe;
mod solve;
mod sum;

pub use canary::{Canary, canary};
pub use error::ProbeError;
pub use kind::NAMES;
pub use probe::Probe;
