//! Libraries that change how a program computes, by the names of their files.

use std::collections::{BTreeMap, BTreeSet};
use std::num::NonZeroUsize;
use std::path::Path;
use std::sync::{Mutex, PoisonError};

use lru::LruCache;

use crate::environment::build_id;

/// Files whose builds are remembered, at most: the ones used last.
const BUILDS_MAX: NonZeroUsize = NonZeroUsize::new(256).expect("not zero");

/// Libraries by the beginning of their file names up to the first dot or dash.
const BY_STEM: [&str; 13] = [
    "libm",
    "libmvec",
    "libc",
    "libblas",
    "libcblas",
    "libblis",
    "libgomp",
    "libiomp5",
    "libomp",
    "libimf",
    "libsvml",
    "libcublas",
    "libcublasLt",
];

/// Libraries by a part of that beginning: they have several files, or names that packagers changed.
const BY_PART: [(&str, &str); 4] =
    [("openblas", "libopenblas"), ("libmkl_", "libmkl"), ("libarmpl", "libarmpl"), (NUMPY_FILE, "numpy")];

/// The file of NumPy's arrays.
const NUMPY_FILE: &str = "_multiarray_umath";

/// The files of libraries that a process has mapped.
#[derive(Debug, Default)]
pub(super) struct Loaded<'a>(BTreeMap<&'static str, BTreeSet<&'a str>>);

impl<'a> Loaded<'a> {
    /// The files in a text such as `/proc/<pid>/maps`, whose lines are
    /// `7f1c2e000000-7f1c2e021000 r-xp 00000000 fd:01 1234    /usr/lib/libm.so.6`.
    pub(super) fn of(maps: &'a str) -> Self {
        let mut loaded = Self::default();
        for line in maps.lines() {
            // From the device on, the line is the same for all mappings of a file.
            let Some(file) = line.splitn(4, ' ').nth(3).filter(|file| file.contains('/')) else { continue };
            if let Some(library) = library(name(file)) {
                loaded.0.entry(library).or_default().insert(file);
            }
        }
        loaded
    }

    /// Each library with the names and builds of its files.
    pub(super) fn describe(&self, builds: &Builds) -> Vec<(&'static str, String)> {
        let described = self.0.iter().map(|(library, files)| {
            let files: Vec<_> = files.iter().map(|file| builds.describe(file)).collect();
            (*library, files.join(", "))
        });
        described.collect()
    }
}

/// The name of the file in a line.
fn name(file: &str) -> &str {
    let name = file.rsplit('/').next().unwrap_or(file);
    name.strip_suffix(" (deleted)").unwrap_or(name)
}

fn library(name: &str) -> Option<&'static str> {
    if !name.contains(".so") {
        return None;
    }
    // The C library and the loader of musl are one file.
    if name.starts_with("ld-musl-") {
        return Some("libc");
    }
    let stem = name.split(['.', '-']).next()?;
    let by_part = BY_PART.iter().find(|(part, _)| stem.contains(part)).map(|(_, library)| *library);
    by_part.or_else(|| BY_STEM.iter().find(|known| **known == stem).copied())
}

/// Names and builds of files, by device, inode and path.
#[derive(Debug)]
pub(super) struct Builds(Mutex<LruCache<String, String>>);

impl Default for Builds {
    fn default() -> Self {
        Self(Mutex::new(LruCache::new(BUILDS_MAX)))
    }
}

impl Builds {
    fn describe(&self, file: &str) -> String {
        let lock = || self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(known) = lock().get(file) {
            return known.clone();
        }
        let described = describe(file);
        lock().put(file.to_owned(), described.clone());
        described
    }
}

/// The version in the name of the folder that an installer leaves beside the package: `numpy-2.4.6.dist-info`.
fn version_of_numpy(file: &Path) -> Option<String> {
    let packages = file.ancestors().find(|folder| folder.ends_with("numpy"))?.parent()?;
    let mut names =
        packages.read_dir().ok()?.flatten().map(|entry| entry.file_name().to_string_lossy().into_owned());
    let version = |name: String| Some(name.strip_prefix("numpy-")?.strip_suffix(".dist-info")?.to_owned());
    names.find_map(version)
}

/// The name of a file with its build id, or with its size if it has none; only the name if the file is not found. Of NumPy the
/// version: its settings have other names in other versions.
fn describe(file: &str) -> String {
    let name = name(file);
    let path = file.find('/').map_or(file, |place| &file[place..]);
    if name.starts_with(NUMPY_FILE)
        && let Some(version) = version_of_numpy(Path::new(path))
    {
        return version;
    }
    match (build_id(Path::new(path)), Path::new(path).metadata()) {
        (Some(id), _) => format!("{name} {id}"),
        (None, Ok(metadata)) => format!("{name} {} bytes", metadata.len()),
        (None, Err(_)) => name.to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn libraries_are_known_by_their_files() {
        let check = |name: &str, expect: Option<&str>| assert_eq!(library(name), expect, "{name}");
        check("libm.so.6", Some("libm"));
        check("libm-2.31.so", Some("libm"));
        check("libmagic.so.1", None);
        check("libc.so.6", Some("libc"));
        check("libc.musl-x86_64.so.1", Some("libc"));
        check("ld-musl-aarch64.so.1", Some("libc"));
        check("ld-linux-x86-64.so.2", None);
        check("libopenblas64_p-r0-0cf96a72.3.23.dev.so", Some("libopenblas"));
        check("libscipy_openblas64_-ff651d7f.so", Some("libopenblas"));
        check("libgomp-a34b3233.so.1.0.0", Some("libgomp"));
        check("libmkl_avx512.so.2", Some("libmkl"));
        check("libblis-mt.so.4", Some("libblis"));
        check("libarmpl_lp64_mp.so", Some("libarmpl"));
        check("libcublasLt.so.12", Some("libcublasLt"));
        check("libm", None);
    }

    #[test]
    fn numpy_is_told_by_its_version() {
        let packages = tempfile::tempdir().unwrap();
        std::fs::create_dir_all(packages.path().join("numpy-2.4.6.dist-info")).unwrap();
        let file = packages.path().join("numpy/_core/_multiarray_umath.cpython-311-x86_64-linux-gnu.so");
        assert_eq!(describe(file.to_str().unwrap()), "2.4.6");
        assert_eq!(library(name(file.to_str().unwrap())), Some("numpy"));
        assert_eq!(describe("/no/such/numpy/_core/_multiarray_umath.so"), "_multiarray_umath.so");
    }

    #[test]
    fn mapped_files_are_listed_once() {
        let maps = "\
            55d0-55d1 r--p 00000000 fd:01 1    /usr/bin/python3.11\n\
            7f00-7f01 r--p 00000000 fd:01 2                          /no/such/libm.so.6\n\
            7f01-7f02 r-xp 00001000 fd:01 2                          /no/such/libm.so.6\n\
            7f03-7f04 r-xp 00001000 fd:01 3                          /no/a b/libopenblas.so.0 (deleted)\n\
            7f05-7f06 r-xp 00001000 fd:01 4                          /no/such/libscipy_openblas-1.so\n\
            7ffc-7ffd rw-p 00000000 00:00 0    [stack]\n\
            7ffe-7fff rw-p 00000000 00:00 0 \n";
        let described = Loaded::of(maps).describe(&Builds::default());
        let blas = "libopenblas.so.0, libscipy_openblas-1.so".to_owned();
        assert_eq!(described, [("libm", "libm.so.6".to_owned()), ("libopenblas", blas)]);
        assert!(Loaded::of("").describe(&Builds::default()).is_empty());
    }

    #[test]
    fn the_libraries_of_this_process_have_builds() {
        let maps = std::fs::read_to_string("/proc/self/maps").unwrap();
        let builds = Builds::default();
        let described = Loaded::of(&maps).describe(&builds);
        assert_eq!(described.is_empty(), cfg!(target_feature = "crt-static"));
        for (library, files) in &described {
            assert!(files.starts_with(library) && files.contains(' '), "{files}");
        }
        assert_eq!(Loaded::of(&maps).describe(&builds), described);
    }
}
