//! Which files of a command count as its output.

use std::path::{Component, Path, PathBuf};
use std::sync::Arc;

use concord_protocol::Artifact;
use glob::{MatchOptions, Pattern, PatternError};

/// How patterns match: `*` stays within one folder, as in a shell, but it also matches names that begin with a dot.
const OPTIONS: MatchOptions = MatchOptions {
    case_sensitive: true,
    require_literal_separator: true,
    require_literal_leading_dot: false,
};

/// An artifact that a calculation gave.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ProducedArtifact {
    /// Its name, digest and length.
    pub artifact: Artifact,
    /// Its contents; `None` when they are too large to be kept.
    pub content: Option<Arc<[u8]>>,
}

impl ProducedArtifact {
    /// An artifact with these contents. `name` is written as [`Artifact::name_of`] writes it.
    #[must_use]
    pub fn new(name: String, content: Arc<[u8]>) -> Self {
        let digest = concord_protocol::Digest::of(&content);
        let artifact = Artifact { name, digest, bytes: content.len() as u64 };
        Self { artifact, content: Some(content) }
    }
}

/// The patterns that say which files are artifacts.
#[derive(Clone, Debug, Default)]
pub struct ArtifactPatterns {
    patterns: Vec<Pattern>,
    has_stdout: bool,
}

/// Why a text is not a pattern of artifacts.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum ArtifactPatternError {
    /// It names nothing.
    #[error("a pattern of artifacts is empty")]
    Empty,
    /// It begins at the root, or leads out of the folder of the copy.
    #[error("artifacts are in the folder of the command, and {pattern:?} leads out of it")]
    LeadsOut {
        /// The pattern.
        pattern: String,
    },
    /// It is not a valid pattern.
    #[error("{pattern:?} is not a pattern of files")]
    Invalid {
        /// The pattern.
        pattern: String,
        /// What is wrong, and where.
        #[source]
        source: PatternError,
    },
}

impl ArtifactPatterns {
    /// Parses patterns such as `results/**/*.npy`, `log.txt` and `stdout`. A pattern that names a folder means all files
    /// in it.
    pub fn parse(patterns: &[String]) -> Result<Self, ArtifactPatternError> {
        let mut parsed = Self::default();
        for pattern in patterns {
            if pattern == Artifact::STDOUT {
                parsed.has_stdout = true;
            } else {
                parsed.patterns.push(parse(pattern)?);
            }
        }
        Ok(parsed)
    }

    /// Whether no pattern was given: then standard output is the output.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.patterns.is_empty() && !self.has_stdout
    }

    /// Whether standard output is an artifact.
    #[must_use]
    pub fn has_stdout(&self) -> bool {
        self.has_stdout
    }

    /// Whether the file or folder at `path` is an artifact, or is in a folder that a pattern names. `path` is relative.
    pub(super) fn matches(&self, path: &Path) -> bool {
        let names = path.ancestors().filter(|part| !part.as_os_str().is_empty());
        names
            .map(Path::to_string_lossy)
            .any(|name| self.patterns.iter().any(|pattern| pattern.matches_with(&name, OPTIONS)))
    }

    /// The folders that the patterns name before their first `*`, `?` or `[`: those in which the artifacts are. A pattern
    /// without one of these names a file or a folder, which is not among them.
    pub(super) fn folders(&self) -> impl Iterator<Item = PathBuf> + '_ {
        self.patterns.iter().filter_map(|pattern| {
            let path = Path::new(pattern.as_str());
            let is_fixed =
                |part: &Component<'_>| !part.as_os_str().to_string_lossy().contains(['*', '?', '[']);
            let fixed: PathBuf = path.components().take_while(is_fixed).collect();
            let folder = if fixed == path { fixed.parent()?.to_owned() } else { fixed };
            (!folder.as_os_str().is_empty()).then_some(folder)
        })
    }
}

fn parse(text: &str) -> Result<Pattern, ArtifactPatternError> {
    let path = Path::new(text);
    // Drops `./`, a slash at the end, and double slashes.
    let mut plain = PathBuf::new();
    for part in path.components() {
        match part {
            Component::Normal(name) => plain.push(name),
            Component::CurDir => {}
            Component::ParentDir | Component::RootDir | Component::Prefix(_) => {
                return Err(ArtifactPatternError::LeadsOut { pattern: text.to_owned() });
            }
        }
    }
    if plain.as_os_str().is_empty() {
        return Err(ArtifactPatternError::Empty);
    }
    Pattern::new(&plain.to_string_lossy())
        .map_err(|source| ArtifactPatternError::Invalid { pattern: text.to_owned(), source })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn patterns(patterns: &[&str]) -> ArtifactPatterns {
        let patterns: Vec<_> = patterns.iter().map(ToString::to_string).collect();
        ArtifactPatterns::parse(&patterns).unwrap()
    }

    #[test]
    fn patterns_match_files_as_in_a_shell() {
        let check = |pattern: &str, path: &str, expect: bool| {
            assert_eq!(patterns(&[pattern]).matches(Path::new(path)), expect, "{pattern} {path}");
        };
        check("*.npy", "a.npy", true);
        check("*.npy", "out/a.npy", false);
        check("results/**/*.npy", "results/a.npy", true);
        check("results/**/*.npy", "results/x/y/a.npy", true);
        check("results/**/*.npy", "other/a.npy", false);
        check("./results/", "results/x/y", true);
        check("results", "results", true);
        check("results", "results2", false);
        check("run?/[ab].txt", "run1/b.txt", true);
        check("run?/[ab].txt", "run1/c.txt", false);
        check("*", ".hidden", true);
        check("stdout", "stdout", false);
        check("./stdout", "stdout", true);
    }

    #[test]
    fn the_folders_of_artifacts_are_the_parts_before_the_first_wildcard() {
        let check = |pattern: &str, expect: &[&str]| {
            let expect: Vec<_> = expect.iter().map(PathBuf::from).collect();
            assert_eq!(patterns(&[pattern]).folders().collect::<Vec<_>>(), expect, "{pattern}");
        };
        check("*.npy", &[]);
        check("results", &[]);
        check("results/a.npy", &["results"]);
        check("results/x/**/*.npy", &["results/x"]);
        check("results/run*/a.npy", &["results"]);
        check("stdout", &[]);
    }

    #[test]
    fn a_pattern_that_cannot_name_an_artifact_is_refused() {
        let check = |pattern: &str, words: &str| {
            let error = ArtifactPatterns::parse(&[pattern.to_owned()]).unwrap_err().to_string();
            assert!(error.contains(words), "{pattern}: {error}");
        };
        check("", "is empty");
        check("./", "is empty");
        check("/tmp/x", "leads out");
        check("../x", "leads out");
        check("a/../../x", "leads out");
        check("a***", "is not a pattern");
        check("[a", "is not a pattern");
    }

    #[test]
    fn standard_output_counts_only_when_it_is_named() {
        assert!(patterns(&["stdout"]).has_stdout() && !patterns(&["stdout"]).is_empty());
        assert!(!patterns(&["*"]).has_stdout() && !patterns(&["*"]).is_empty());
        assert!(patterns(&[]).is_empty());
    }
}
