//! What the outcomes of a job say: their classes, the facts that separate them, how sure a verdict is, and how far
//! two outputs differ.
//!
//! Owns the statistics and the numeric reading of outputs. Knows nothing of clocks, files, stores, clouds, or of how
//! a verdict comes about: what comes in is text, numbers and bytes, what goes out is plain data to print.
