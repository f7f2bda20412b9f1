//! The machine, and the part of it that this process may use.

use std::path::Path;

use concord_protocol::Facts;

use super::system::{System, field, text};

/// Bytes of a megabyte, as Lambda and the kernel count memory.
const MB: u64 = 1024 * 1024;

/// A memory limit of this size or more is no limit: cgroup v1 writes the largest number of pages for "none".
const MEMORY_BYTES_MAX: u64 = 1 << 60;

/// Records the machine.
pub(super) fn record(system: &System, facts: &mut Facts) {
    let mut given = |name: &str, value: Option<String>| {
        if let Some(value) = value {
            facts.record(name, value);
        }
    };
    given("host.kernel", system.line("proc/sys/kernel/osrelease"));
    let cores = system.text("proc/cpuinfo").map(|text| cores(&text)).filter(|cores| *cores > 0);
    given("host.cores", cores.map(|cores| cores.to_string()));
    let status = system.text("proc/self/status").unwrap_or_default();
    given(
        "host.affinity_cores",
        field(&status, "Cpus_allowed_list").and_then(numbers_of).map(|cores| cores.to_string()),
    );
    let memory = system.text("proc/meminfo").and_then(|text| kilobytes(&text, "MemTotal"));
    given("host.memory_mb", memory.map(|kilobytes| (kilobytes / 1024).to_string()));
    let groups = ControlGroups::of(system);
    given("host.cgroup_cpus", groups.cpu_thousandths().map(decimal));
    given("host.cgroup_memory_mb", groups.memory_bytes().map(|bytes| (bytes / MB).to_string()));
}

/// The facts that identify this machine, or this start of it.
pub(super) fn identity(system: &System) -> Facts {
    system.line("proc/sys/kernel/random/boot_id").map(|id| ("host.boot_id", id)).into_iter().collect()
}

fn cores(cpuinfo: &str) -> usize {
    cpuinfo
        .lines()
        .filter(|line| line.split(':').next().is_some_and(|name| name.trim() == "processor"))
        .count()
}

/// How many numbers there are in a list such as `0-3,8`.
fn numbers_of(text: &str) -> Option<u64> {
    let counts = text.split(',').map(|range| {
        let (low, high) = range.split_once('-').unwrap_or((range, range));
        let (low, high): (u64, u64) = (low.trim().parse().ok()?, high.trim().parse().ok()?);
        high.checked_sub(low)?.checked_add(1)
    });
    counts.sum()
}

/// The value of a field in kilobytes, such as `VmHWM:     1234 kB`.
pub(crate) fn kilobytes(text: &str, name: &str) -> Option<u64> {
    field(text, name)?.strip_suffix("kB")?.trim().parse().ok()
}

/// The most memory that this process has held since its start, in megabytes.
pub(crate) fn peak_memory_mb() -> Option<u64> {
    kilobytes(&text(Path::new("/proc/self/status"))?, "VmHWM").map(|kilobytes| kilobytes / 1024)
}

/// Thousandths as a decimal number without zeros at its end: `1.769`, `2`.
fn decimal(thousandths: u64) -> String {
    let text = format!("{}.{:03}", thousandths / 1000, thousandths % 1000);
    text.trim_end_matches('0').trim_end_matches('.').to_owned()
}

/// The control groups of this process. A limit may be set on any group above its own, and in a container the path of its
/// own group may differ from the listed one. So every folder up to the root is read, and the lowest limit counts.
struct ControlGroups<'a> {
    system: &'a System,
    lines: String,
}

impl<'a> ControlGroups<'a> {
    fn of(system: &'a System) -> Self {
        Self { system, lines: system.text("proc/self/cgroup").unwrap_or_default() }
    }

    /// The limit of processor time, in thousandths of a core.
    fn cpu_thousandths(&self) -> Option<u64> {
        let share = |quota: &str, period: &str| {
            let (quota, period): (u64, u64) = (quota.trim().parse().ok()?, period.trim().parse().ok()?);
            quota.checked_mul(1000)?.checked_div(period)
        };
        // Version 2: "150000 100000", or "max 100000" where there is no limit.
        let of_version_2 = self.lowest("", |folder| {
            let text = self.system.text(Path::new(folder).join("cpu.max"))?;
            let (quota, period) = text.trim().split_once(' ')?;
            share(quota, period)
        });
        // Version 1: two files, the quota -1 where there is no limit.
        let of_version_1 = self.lowest("cpu", |folder| {
            let number = |name: &str| self.system.text(Path::new(folder).join(name));
            share(&number("cpu.cfs_quota_us")?, &number("cpu.cfs_period_us")?)
        });
        [of_version_1, of_version_2].into_iter().flatten().min()
    }

    /// The limit of memory, in bytes.
    fn memory_bytes(&self) -> Option<u64> {
        let limit = |file: &str| {
            let bytes = self.system.line(file)?.parse().ok();
            bytes.filter(|bytes| *bytes < MEMORY_BYTES_MAX)
        };
        let of_version_2 = self.lowest("", |folder| limit(&format!("{folder}/memory.max")));
        let of_version_1 = self.lowest("memory", |folder| limit(&format!("{folder}/memory.limit_in_bytes")));
        [of_version_1, of_version_2].into_iter().flatten().min()
    }

    /// The lowest limit that `read` finds in the folders of this process's group for `controller`; the group of version 2
    /// when `controller` is empty. Lines are `4:memory:/path`, or `0::/path` for version 2.
    fn lowest(&self, controller: &str, read: impl Fn(&str) -> Option<u64>) -> Option<u64> {
        let group = self.lines.lines().find_map(|line| {
            let mut parts = line.splitn(3, ':').skip(1);
            let (controllers, path) = (parts.next()?, parts.next()?);
            controllers.split(',').any(|one| one == controller).then_some((controllers, path))
        });
        let (controllers, path) = group?;
        // Controllers that are mounted together share one folder, and the name of each is a link to it.
        let mounts: &[&str] = if controller.is_empty() { &["", "/unified"] } else { &[""] };
        let folders = mounts.iter().flat_map(|mount| {
            let below = if controllers.is_empty() { (*mount).to_owned() } else { format!("/{controller}") };
            let above = Path::new(path).ancestors().filter_map(Path::to_str);
            above.map(move |path| format!("sys/fs/cgroup{below}{}", path.trim_end_matches('/')))
        });
        folders.filter_map(|folder| read(&folder)).min()
    }
}
