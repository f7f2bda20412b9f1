//! Variables that lists are added to.

use std::collections::BTreeMap;
use std::ffi::OsString;

/// The value that the command has of a variable: one of its settings', or the one that it inherits.
pub(super) fn present(variables: &BTreeMap<String, OsString>, name: &str) -> OsString {
    variables.get(name).cloned().or_else(|| inherited(name)).unwrap_or_default()
}

/// The value of a variable that every command inherits.
#[expect(clippy::disallowed_methods, reason = "a command inherits the variables of this process")]
pub(super) fn inherited(name: &str) -> Option<OsString> {
    std::env::var_os(name)
}

/// The value of a variable with something added at its end.
pub(super) fn joined(
    variables: &BTreeMap<String, OsString>,
    name: &str,
    separator: &str,
    value: &str,
) -> OsString {
    let mut present = present(variables, name);
    if !present.is_empty() {
        present.push(separator);
    }
    present.push(value);
    present
}

/// The value of a variable with something added at its beginning.
pub(super) fn joined_before(
    variables: &BTreeMap<String, OsString>,
    name: &str,
    separator: &str,
    value: &str,
) -> OsString {
    let present = present(variables, name);
    let mut joined = OsString::from(value);
    if !present.is_empty() {
        joined.push(separator);
        joined.push(present);
    }
    joined
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn values_are_joined_to_the_value_that_is_there() {
        let variables = BTreeMap::from([("A".to_owned(), OsString::from("a"))]);
        assert_eq!(joined(&variables, "A", ":", "b"), "a:b");
        assert_eq!(joined(&variables, "CONCORD_NOT_SET", ":", "b"), "b");
        assert_eq!(joined_before(&variables, "A", ":", "b"), "b:a");
        assert_eq!(joined_before(&variables, "CONCORD_NOT_SET", ":", "b"), "b");
    }
}
