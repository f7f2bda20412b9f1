use std::collections::BTreeMap;
use std::ffi::{OsStr, OsString};
use std::os::unix::ffi::OsStrExt as _;

pub(super) const FUNCTION: &str = "AWS_LAMBDA_FUNCTION_NAME";
pub(super) const VERSION: &str = "AWS_LAMBDA_FUNCTION_VERSION";
pub(super) const MEMORY_MB: &str = "AWS_LAMBDA_FUNCTION_MEMORY_SIZE";
pub(super) const REGION: &str = "AWS_REGION";
pub(super) const INITIALIZATION: &str = "AWS_LAMBDA_INITIALIZATION_TYPE";
/// Set by Lambda: the log stream, which is unique to each sandbox.
pub(crate) const LOG_STREAM: &str = "AWS_LAMBDA_LOG_STREAM_NAME";
/// Set by the deployment: the digest of the function's code or image.
pub(super) const CODE_SHA256: &str = "CONCORD_CODE_SHA256";

/// The variables that change how programs compute. Their values are recorded if they are set. No other variables are read
/// from an environment, except [`OF_SANDBOX`]: they may hold secrets.
const OF_PROGRAMS: [&str; 61] = [
    "ARROW_USER_SIMD_LEVEL",
    "ATEN_CPU_CAPABILITY",
    "BLIS_ARCH_TYPE",
    "BLIS_NUM_THREADS",
    "CUBLAS_WORKSPACE_CONFIG",
    "DNNL_MAX_CPU_ISA",
    "FLEXIBLAS",
    "GLIBC_TUNABLES",
    "GODEBUG",
    "GOMAXPROCS",
    "GOTO_NUM_THREADS",
    "JULIA_CPU_TARGET",
    "JULIA_NUM_THREADS",
    "KMP_AFFINITY",
    "KMP_DETERMINISTIC_REDUCTION",
    "KMP_FORCE_REDUCTION",
    "LANG",
    "LC_ALL",
    "LC_NUMERIC",
    "LD_PRELOAD",
    "MALLOC_ARENA_MAX",
    "MALLOC_MMAP_THRESHOLD_",
    "MALLOC_PERTURB_",
    "MKL_CBWR",
    "MKL_DYNAMIC",
    "MKL_ENABLE_INSTRUCTIONS",
    "MKL_NUM_THREADS",
    "NPY_DISABLE_CPU_FEATURES",
    "NPY_ENABLE_CPU_FEATURES",
    "NUMBA_CPU_FEATURES",
    "NUMBA_CPU_NAME",
    "NUMBA_NUM_THREADS",
    "NUMBA_THREADING_LAYER",
    "NUMEXPR_MAX_THREADS",
    "NUMEXPR_NUM_THREADS",
    "NUM_WORKERS",
    "NVIDIA_TF32_OVERRIDE",
    "OMP_DYNAMIC",
    "OMP_NUM_THREADS",
    "OMP_PLACES",
    "OMP_PROC_BIND",
    "OMP_SCHEDULE",
    "OMP_THREAD_LIMIT",
    "ONEDNN_MAX_CPU_ISA",
    "OPENBLAS_CORETYPE",
    "OPENBLAS_DEFAULT_NUM_THREADS",
    "OPENBLAS_L2_SIZE",
    "OPENBLAS_NUM_THREADS",
    "OPENCV_CPU_DISABLE",
    "POLARS_MAX_THREADS",
    "PYTHONHASHSEED",
    "PYTHONMALLOC",
    "PYTHONOPTIMIZE",
    "RAYON_NUM_THREADS",
    "TF_CUDNN_DETERMINISTIC",
    "TF_DETERMINISTIC_OPS",
    "TF_ENABLE_ONEDNN_OPTS",
    "TZ",
    "VECLIB_MAXIMUM_THREADS",
    "VLLM_BATCH_INVARIANT",
    "XLA_FLAGS",
];

/// The variables by which Lambda describes a sandbox
/// (<https://docs.aws.amazon.com/lambda/latest/dg/configuration-envvars.html>), and the one by which a deployment names
/// its code.
const OF_SANDBOX: [&str; 7] = [FUNCTION, VERSION, MEMORY_MB, REGION, INITIALIZATION, LOG_STREAM, CODE_SHA256];

/// The values of the variables that are recorded as facts. It cannot hold any other variable.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Variables(BTreeMap<&'static str, String>);

impl Variables {
    /// Reads each recorded variable through `variable`, and no other.
    #[must_use]
    pub fn read(variable: impl Fn(&str) -> Option<OsString>) -> Self {
        let names = OF_PROGRAMS.iter().chain(&OF_SANDBOX);
        Self(names.filter_map(|name| Some((*name, text(&variable(name)?)))).collect())
    }

    /// Reads the recorded variables from the text of `/proc/<pid>/environ`: `NAME=value`, each followed by a NUL byte.
    pub(crate) fn parse(environ: &[u8]) -> Self {
        let pairs = environ.split(|byte| *byte == 0).filter_map(|pair| {
            let place = pair.iter().position(|byte| *byte == b'=')?;
            let name = std::str::from_utf8(&pair[..place]).ok()?;
            let name = OF_PROGRAMS.iter().chain(&OF_SANDBOX).find(|known| **known == name)?;
            Some((*name, text(OsStr::from_bytes(&pair[place + 1..]))))
        });
        // When a name occurs twice the first counts, as it does for `getenv`.
        let mut variables = Self::default();
        pairs.for_each(|(name, value)| {
            variables.0.entry(name).or_insert(value);
        });
        variables
    }

    /// The variables that change how programs compute.
    pub(crate) fn of_programs(&self) -> impl Iterator<Item = (&'static str, &str)> {
        let known = OF_PROGRAMS.iter().filter_map(|name| self.0.get_key_value(name));
        known.map(|(name, value)| (*name, value.as_str()))
    }

    /// The variables of programs that are set only here, or set to another value than in `others`. A variable that is set only
    /// in `others` has the value `None`.
    pub(crate) fn unlike<'a>(
        &'a self,
        others: &'a Self,
    ) -> impl Iterator<Item = (&'static str, Option<&'a str>)> {
        let pairs = OF_PROGRAMS.iter().map(|name| (*name, self.get(name), others.get(name)));
        pairs.filter(|(_, own, other)| own != other).map(|(name, own, _)| (name, own))
    }

    pub(crate) fn get(&self, name: &str) -> Option<&str> {
        self.0.get(name).map(String::as_str)
    }
}

fn text(value: &OsStr) -> String {
    value.to_string_lossy().into_owned()
}
