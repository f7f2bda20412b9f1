/// What a probe calculates.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Kind {
    Echo,
    Fft,
    Libm,
    Logistic,
    Matmul,
    Solve,
    Sum,
}

/// Every probe: its name in the field `probe` of a payload, and its kind.
const PROBES: [(&str, Kind); 7] = [
    ("echo", Kind::Echo),
    ("fft", Kind::Fft),
    ("libm", Kind::Libm),
    ("logistic", Kind::Logistic),
    ("matmul", Kind::Matmul),
    ("solve", Kind::Solve),
    ("sum", Kind::Sum),
];

/// Every name that the field `probe` of a payload may have.
pub const NAMES: &[&str] = &names();

const fn names() -> [&'static str; PROBES.len()] {
    let mut names = [""; PROBES.len()];
    let mut place = 0;
    while place < names.len() {
        names[place] = PROBES[place].0;
        place += 1;
    }
    names
}

/// The kind of the probe with this name, and the name as it stands in [`NAMES`].
pub(crate) fn named(name: &str) -> Option<(&'static str, Kind)> {
    PROBES.into_iter().find(|(known, _)| *known == name)
}
