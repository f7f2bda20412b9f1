//! A library that a program loads first, so that it meets another number of cores, another alignment of its heap, or another
//! rounding of libm. It is written in C (`preload.c`), because it must load under any C library; this crate holds its bytes.
//! Knows nothing of jobs, settings and processes: whoever runs a program writes the bytes to a file, names the file in
//! `LD_PRELOAD`, and asks in [`VARIABLE`].
//!
//! The value of the variable is a list such as `cores=8,heap=16,rounding=7,report=/path`:
//!
//! | entry | does |
//! |---|---|
//! | `cores=N` | `sysconf`, `get_nprocs` and the CPU sets of processes and threads say that there are the cores 0 to N - 1, for N of 1 to [`CORES_MAX`]. A thread that binds itself to one that does not exist stays where it is |
//! | `heap=B` | moves all later blocks of the main heap by B bytes modulo 64: a multiple of 16 up to [`HEAP_SHIFT_BYTES_MAX`]. 0 allocates as the others do, and moves by 64. Under glibc only, and not for blocks of 128 KiB and more |
//! | `rounding=S` | moves results of libm by -1, 0 or +1 ulp, if the library is [`ROUNDING_LIBRARY`]. The seed S, of 0 to [`ROUNDING_SEED_MAX`], the function and the arguments decide. Exact results stay |
//! | `report=PATH` | appends bytes to a file that exists, by an absolute path of at most 4,095 bytes: see [`Report`]. It is the last entry, and its path may contain commas |
//!
//! Without the variable, or with an empty one, nothing changes. If an entry is wrong, no setting of the list applies.
//! Numbers may start with zeros, so that lists can have one length: the length of the environment can change a result.
//!
//! The environment of a program goes to its children, so the library and its settings do, too.

/// The name of the variable that asks the library for something.
pub const VARIABLE: &str = "CONCORD_PRELOAD";
/// The most cores that a program can be made to believe in: as many as a `cpu_set_t` has room for.
pub const CORES_MAX: u32 = 1024;
/// The largest shift of a heap, in bytes.
pub const HEAP_SHIFT_BYTES_MAX: u32 = 4096;
/// A heap moves by a multiple of this, in bytes: malloc aligns its blocks to it.
pub const HEAP_STEP_BYTES: u32 = 16;
/// The largest seed of a rounding.
pub const ROUNDING_SEED_MAX: u32 = u32::MAX;

/// The library: an ELF shared object for Linux on the architecture of this program. `None` on other systems.
pub const LIBRARY: Option<&[u8]> = present(include_bytes!(concat!(env!("OUT_DIR"), "/preload.so")));
/// The library with the functions of libm. It knows `rounding=` too, which is a wrong entry for [`LIBRARY`]. `None` on other systems.
///
/// Use it only to round: even without `rounding=`, old programs may get another sign of NaN under glibc, because it calls the
/// newest version of each function.
pub const ROUNDING_LIBRARY: Option<&[u8]> = present(include_bytes!(concat!(env!("OUT_DIR"), "/rounding.so")));

const fn present(library: &'static [u8]) -> Option<&'static [u8]> {
    if library.is_empty() { None } else { Some(library) }
}

/// What the library appends to the file of `report=`, one byte each. A process appends a byte once, except that two threads
/// may both append it. Children append theirs to the same file.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(u8)]
pub enum Report {
    /// A process loaded the library. A static program never does.
    Loaded = b'l',
    /// It asked for the number of cores, and got the one of `cores=`.
    Cores = b'c',
    /// Its heap was seen to move by `heap=`.
    Heap = b'h',
    /// It called a function that `rounding=` changes.
    Rounding = b'r',
    /// An entry of the list is wrong, so no setting applies.
    Wrong = b'?',
}

impl Report {
    /// All kinds of reports.
    pub const ALL: [Self; 5] = [Self::Loaded, Self::Cores, Self::Heap, Self::Rounding, Self::Wrong];

    /// Whether a process wrote this into the file, whose bytes these are.
    #[must_use]
    pub fn is_in(self, file: &[u8]) -> bool {
        file.contains(&(self as u8))
    }
}
