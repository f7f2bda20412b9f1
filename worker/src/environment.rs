use concord_protocol::Environment;

/// The environment of a worker process.
///
/// `sandbox` names this start of this process, `cpuinfo` is the text of `/proc/cpuinfo`, of which the first processor
/// is read.
#[must_use]
pub fn environment(sandbox: String, cpuinfo: &str) -> Environment {
    let first = cpuinfo.split("\n\n").next().unwrap_or_default();
    let fields =
        ["vendor_id", "cpu family", "model", "stepping", "model name", "CPU implementer", "CPU part"];
    let facts: Vec<_> = fields.iter().filter_map(|field| value(first, field)).collect();
    let cpu = if facts.is_empty() { "unknown".to_owned() } else { facts.join(" ") };
    Environment { sandbox, architecture: std::env::consts::ARCH.to_owned(), cpu }
}

fn value<'a>(text: &'a str, field: &str) -> Option<&'a str> {
    let pairs = text.lines().filter_map(|line| line.split_once(':'));
    pairs
        .map(|(name, value)| (name.trim(), value.trim()))
        .find(|(name, _)| *name == field)
        .map(|(_, value)| value)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_first_processor_is_described() {
        let check =
            |cpuinfo: &str, expect: &str| assert_eq!(environment("s".to_owned(), cpuinfo).cpu, expect);
        let x86 = "processor\t: 0\nvendor_id\t: GenuineIntel\ncpu family\t: 6\nmodel\t\t: 85\nmodel name\t: Intel(R) \
                   Xeon(R)\nstepping\t: 7\n\nprocessor\t: 1\nvendor_id\t: Other\n";
        check(x86, "GenuineIntel 6 85 7 Intel(R) Xeon(R)");
        check("processor\t: 0\nCPU implementer\t: 0x41\nCPU part\t: 0xd40\n", "0x41 0xd40");
        check("", "unknown");
    }
}
