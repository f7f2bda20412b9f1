use std::os::unix::fs::symlink;
use std::os::unix::net::UnixListener;

use super::*;

fn patterns(patterns: &[&str]) -> ArtifactPatterns {
    let patterns: Vec<_> = patterns.iter().map(ToString::to_string).collect();
    ArtifactPatterns::parse(&patterns).unwrap()
}

/// The name of an artifact, and its contents if they were kept.
type Found = (String, Option<Vec<u8>>);

/// The artifacts by `pattern` in the folder that `fill` fills: names and contents.
fn collected(pattern: &str, fill: impl FnOnce(&Path) -> io::Result<()>) -> Result<Vec<Found>, String> {
    let folder = tempfile::tempdir().unwrap();
    fill(folder.path()).unwrap();
    let found = read_artifacts(folder.path(), &patterns(&[pattern])).map_err(|error| error.to_string())?;
    Ok(found
        .into_iter()
        .map(|found| {
            let content = found.content.map(|content| content.to_vec());
            if let Some(content) = &content {
                assert_eq!(found.artifact.digest, Digest::of(content));
                assert_eq!(found.artifact.bytes, content.len() as u64);
            }
            (found.artifact.name, content)
        })
        .collect())
}

#[test]
fn files_of_the_patterns_are_artifacts_in_the_order_of_their_names() {
    let found = collected("out/**", |folder| {
        std::fs::create_dir_all(folder.join("out/b"))?;
        std::fs::write(folder.join("out/z"), "1")?;
        std::fs::write(folder.join("out/b/a\nb"), "")?;
        std::fs::write(folder.join("other"), "2")
    });
    let expect = [(r"out/b/a\nb".to_owned(), Some(Vec::new())), ("out/z".to_owned(), Some(b"1".to_vec()))];
    assert_eq!(found.unwrap(), expect);
}

#[test]
fn a_link_counts_with_the_file_in_the_folder_to_which_it_leads() {
    let found = collected("*", |folder| {
        std::fs::write(folder.join("run1"), "1")?;
        symlink("run1", folder.join("latest"))
    });
    let content = || Some(b"1".to_vec());
    assert_eq!(found.unwrap(), [("latest".to_owned(), content()), ("run1".to_owned(), content())]);
    for target in ["/etc/passwd", "nothing", "latest", ".."] {
        let error = collected("*", |folder| symlink(target, folder.join("latest"))).unwrap_err();
        assert!(error.starts_with("artifact latest is a symbolic link"), "{target}: {error}");
    }
}

#[test]
fn what_is_not_a_file_is_an_error_and_is_not_waited_for() {
    let error = collected("*", |folder| UnixListener::bind(folder.join("socket")).map(|_| ())).unwrap_err();
    assert_eq!(error, "artifact socket is not a file");
    let error = collected("*", |folder| {
        let mode = Mode::RUSR | Mode::WUSR;
        Ok(rustix::fs::mknodat(rustix::fs::CWD, folder.join("pipe"), rustix::fs::FileType::Fifo, mode, 0)?)
    });
    assert_eq!(error.unwrap_err(), "artifact pipe is not a file");
}

#[test]
fn contents_are_kept_up_to_the_bound_and_larger_ones_are_digested_only() {
    let found = collected("*", |folder| {
        std::fs::write(folder.join("a"), "1")?;
        // A file with a hole takes no room on the disk.
        File::create(folder.join("huge"))?.set_len(OUTPUT_BYTES_MAX as u64)?;
        std::fs::write(folder.join("z"), "2")
    });
    let expect = [
        ("a".to_owned(), Some(b"1".to_vec())),
        ("huge".to_owned(), None),
        ("z".to_owned(), Some(b"2".to_vec())),
    ];
    assert_eq!(found.unwrap(), expect);
}

#[test]
fn too_many_artifacts_are_an_error() {
    let error = collected("*", |folder| {
        (0..=ARTIFACTS_MAX).try_for_each(|number| std::fs::write(folder.join(number.to_string()), ""))
    });
    assert_eq!(error.unwrap_err(), "more than 1000 artifacts");
}
