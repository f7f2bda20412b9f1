//! The part of the machine that a process may use.

use super::*;

#[track_caller]
fn check(files: &[(&str, &str)], expect: [(&str, Option<&str>); 2]) {
    assert_facts(&of(files, &[]).facts, &expect);
}

#[test]
fn cores_and_memory_are_those_of_the_machine_and_of_the_process() {
    let status = ("proc/self/status", "Name:\tx\nVmHWM:\t 2048 kB\nCpus_allowed_list:\t0-2,5\n");
    let files = [status, ("proc/meminfo", "MemTotal:        2048000 kB\nMemFree: 1 kB\n")];
    check(&files, [("host.affinity_cores", Some("4")), ("host.memory_mb", Some("2000"))]);
    check(&[], [("host.affinity_cores", None), ("host.memory_mb", None)]);
    check(
        &[("proc/self/status", "Cpus_allowed_list:\t3-1\n")],
        [("host.affinity_cores", None), ("host.kernel", None)],
    );
}

#[test]
fn limits_of_version_2_are_the_lowest_on_the_way_up() {
    let group = ("proc/self/cgroup", "0::/system/worker\n");
    let expect = |cpus, memory| [("host.cgroup_cpus", cpus), ("host.cgroup_memory_mb", memory)];
    check(
        &[
            group,
            ("sys/fs/cgroup/system/worker/cpu.max", "max 100000\n"),
            ("sys/fs/cgroup/system/cpu.max", "176900 100000\n"),
            ("sys/fs/cgroup/system/worker/memory.max", "536870912\n"),
            ("sys/fs/cgroup/system/memory.max", "max\n"),
        ],
        expect(Some("1.769"), Some("512")),
    );
    // In a container, the path belongs to another root folder.
    check(&[group, ("sys/fs/cgroup/cpu.max", "200000 100000\n")], expect(Some("2"), None));
    check(&[group, ("sys/fs/cgroup/unified/cpu.max", "50000 100000\n")], expect(Some("0.5"), None));
    check(&[group, ("sys/fs/cgroup/cpu.max", "1 0\n")], expect(None, None));
    check(&[group], expect(None, None));
}

#[test]
fn limits_of_version_1_have_a_folder_for_each_controller() {
    let groups = ("proc/self/cgroup", "5:memory:/job\n4:cpu,cpuacct:/job\n0::/\n");
    let expect = |cpus, memory| [("host.cgroup_cpus", cpus), ("host.cgroup_memory_mb", memory)];
    check(
        &[
            groups,
            ("sys/fs/cgroup/cpu/job/cpu.cfs_quota_us", "150000\n"),
            ("sys/fs/cgroup/cpu/job/cpu.cfs_period_us", "100000\n"),
            ("sys/fs/cgroup/memory/job/memory.limit_in_bytes", "1073741824\n"),
        ],
        expect(Some("1.5"), Some("1024")),
    );
    check(
        &[
            groups,
            ("sys/fs/cgroup/cpu/cpu.cfs_quota_us", "-1\n"),
            ("sys/fs/cgroup/cpu/cpu.cfs_period_us", "100000\n"),
            ("sys/fs/cgroup/memory/memory.limit_in_bytes", "9223372036854771712\n"),
        ],
        expect(None, None),
    );
}
