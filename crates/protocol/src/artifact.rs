use std::fmt::Write as _;

use crate::Digest;

/// A named part of an output: standard output, or a file that the copy wrote.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Artifact {
    /// The name, as [`Artifact::name_of`] writes it.
    pub name: String,
    /// The digest of the contents.
    pub digest: Digest,
    /// The length of the contents in bytes.
    pub bytes: u64,
}

impl Artifact {
    /// The name of standard output among the artifacts.
    pub const STDOUT: &str = "stdout";

    /// The name of the file at `path`, which is relative and has `/` between its parts. A backslash, a line end and
    /// bytes that are not UTF-8 are escaped (`\\`, `\n`, `\r`, `\xHH`), so that two files never have the same name and
    /// a name never breaks a line. A file called `stdout` is `./stdout`.
    #[must_use]
    pub fn name_of(path: &[u8]) -> String {
        let mut name = String::new();
        if path == Self::STDOUT.as_bytes() {
            name.push_str("./");
        }
        for chunk in path.utf8_chunks() {
            for letter in chunk.valid().chars() {
                match letter {
                    '\\' => name.push_str(r"\\"),
                    '\n' => name.push_str(r"\n"),
                    '\r' => name.push_str(r"\r"),
                    other => name.push(other),
                }
            }
            for byte in chunk.invalid() {
                // Writing to a text cannot fail.
                let _ = write!(name, r"\x{byte:02x}");
            }
        }
        name
    }
}

/// The artifacts of one output, sorted by name, each name once.
///
/// Its text has one line `<64 hexadecimal digits> <bytes> <name>` for each artifact. The digest of an output that has
/// artifacts is the digest of this text.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Manifest(Vec<Artifact>);

/// A text that is not a manifest.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("line {line} of the list of artifacts is not a digest, a length and a name")]
pub struct ManifestError {
    /// The number of the line, from 1.
    pub line: usize,
}

impl Manifest {
    /// The manifest of these artifacts. Of two with the same name, the first one stays.
    #[must_use]
    pub fn new(mut artifacts: Vec<Artifact>) -> Self {
        artifacts.sort_by(|one, other| one.name.cmp(&other.name));
        artifacts.dedup_by(|later, earlier| later.name == earlier.name);
        Self(artifacts)
    }

    /// The artifacts, sorted by name.
    #[must_use]
    pub fn artifacts(&self) -> &[Artifact] {
        &self.0
    }

    /// The artifact with this name.
    #[must_use]
    pub fn get(&self, name: &str) -> Option<&Artifact> {
        self.0.binary_search_by(|artifact| artifact.name.as_str().cmp(name)).ok().map(|place| &self.0[place])
    }

    /// The total length of the contents, in bytes.
    #[must_use]
    pub fn bytes(&self) -> u64 {
        self.0.iter().fold(0, |sum, artifact| sum.saturating_add(artifact.bytes))
    }

    /// The text, which is digested and stored.
    #[must_use]
    pub fn text(&self) -> String {
        let mut text = String::new();
        for Artifact { name, digest, bytes } in &self.0 {
            let _ = writeln!(text, "{} {bytes} {name}", digest.hex());
        }
        text
    }

    /// Reads a text that [`Manifest::text`] has written.
    ///
    /// # Errors
    /// When a line has another form.
    pub fn parse(text: &[u8]) -> Result<Self, ManifestError> {
        let text = str::from_utf8(text).map_err(|_| ManifestError { line: 1 })?;
        let artifacts = text.split_terminator('\n').enumerate().map(|(place, line)| {
            let mut words = line.splitn(3, ' ');
            let digest = words.next().and_then(|hex| format!("sha256:{hex}").parse().ok());
            let bytes = words.next().and_then(|bytes| bytes.parse().ok());
            match (digest, bytes, words.next()) {
                (Some(digest), Some(bytes), Some(name)) if !name.contains('\r') => {
                    Ok(Artifact { name: name.to_owned(), digest, bytes })
                }
                _ => Err(ManifestError { line: place + 1 }),
            }
        });
        artifacts.collect::<Result<_, _>>().map(Self::new)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn artifact(name: &str, content: &str) -> Artifact {
        let digest = Digest::of(content.as_bytes());
        Artifact { name: name.to_owned(), digest, bytes: content.len() as u64 }
    }

    #[test]
    fn a_manifest_has_a_line_for_each_artifact_and_is_read_back() {
        let manifest = Manifest::new(vec![artifact("b c", "12"), artifact("a", ""), artifact("a", "x")]);
        let text = manifest.text();
        let expect = format!(
            "{} 0 a\n{} 2 b c\n",
            "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855",
            "6b51d431df5d7f141cbececcf79edf3dd861c3b4069f0b11661a3eefacbba918"
        );
        assert_eq!(text, expect);
        assert_eq!(Manifest::parse(text.as_bytes()), Ok(manifest.clone()));
        assert_eq!((manifest.bytes(), manifest.get("b c").map(|found| found.bytes)), (2, Some(2)));
        assert_eq!(manifest.get("c"), None);
        assert_eq!(Digest::of(Manifest::default().text().as_bytes()), Digest::EMPTY);
    }

    #[test]
    fn a_text_of_another_form_is_refused() {
        let check =
            |text: &str, line| assert_eq!(Manifest::parse(text.as_bytes()), Err(ManifestError { line }));
        check("x", 1);
        check("{\"a\": 1}\n", 1);
        let good = Manifest::new(vec![artifact("a", "")]).text();
        check(&format!("{good}\n"), 2);
        check(&good.replace(" 0 ", " -1 "), 1);
        // A name has no line end: it would be written as `\r`, and read as another name.
        check(&good.replace(" a\n", " a\r\n"), 1);
        check(&good.replace(" a\n", " a\r\r\n"), 1);
    }

    #[test]
    fn a_name_is_one_line_and_names_one_file() {
        let check = |path: &[u8], name: &str| assert_eq!(Artifact::name_of(path), name);
        check("results/ä.npy".as_bytes(), "results/ä.npy");
        check(b"a\nb", r"a\nb");
        check(br"a\nb", r"a\\nb");
        check(b"a\r\xff\xfe.b", r"a\r\xff\xfe.b");
        check(b"stdout", "./stdout");
        check(b"a/stdout", "a/stdout");
    }
}
