use crate::result::finding::Finding;

/// A finding as a line, with a second line for its hint.
pub(crate) fn finding(finding: &Finding) -> String {
    let word = if finding.ok { "ok" } else { "WRONG" };
    let hint = finding.hint.as_ref().map_or_else(String::new, |hint| format!("{:>6} {hint}\n", "hint:"));
    format!("{word:<6} {:<14} {}\n{hint}", finding.check, finding.found)
}
