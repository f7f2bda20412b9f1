use std::fs::Permissions;
use std::os::unix::fs::{PermissionsExt as _, symlink};

use super::*;
use crate::calc::artifacts::ArtifactPatterns;

/// A folder to show, a place for temporary files, and the scratch folders there.
struct Setting {
    _temporary: TempDir,
    shown: PathBuf,
    scratches: Scratches,
}

/// A temporary folder: in memory where there is such a place, because this is about numbers of files, not about a disk.
fn temporary() -> TempDir {
    tempfile::tempdir_in("/dev/shm").or_else(|_| tempfile::tempdir()).unwrap()
}

fn setting() -> Setting {
    let temporary = temporary();
    let (shown, place) = (temporary.path().join("shown"), temporary.path().join("tmp"));
    for folder in [&shown, &place, &shown.join("data"), &shown.join("results")] {
        std::fs::create_dir(folder).unwrap();
    }
    for file in ["model.py", "data/input", "results/old.npy", "log.txt"] {
        std::fs::write(shown.join(file), file).unwrap();
    }
    Setting { _temporary: temporary, scratches: Scratches::new(place), shown }
}

fn layout(shown: &Path, patterns: &[&str]) -> Arc<Layout> {
    let patterns: Vec<_> = patterns.iter().map(ToString::to_string).collect();
    Arc::new(Layout::of(shown, &ArtifactPatterns::parse(&patterns).unwrap()).unwrap())
}

/// The names in a folder, in order.
fn names(folder: &Path) -> Vec<String> {
    let entries = folder.read_dir().unwrap();
    let mut names: Vec<_> = entries.map(|entry| entry.unwrap().file_name().into_string().unwrap()).collect();
    names.sort();
    names
}

#[test]
fn a_folder_shows_the_entries_of_another_without_the_artifacts() {
    let Setting { shown, scratches, _temporary } = setting();
    let scratch = scratches.take(&layout(&shown, &["results/run/**/*.npy", "*.txt", "stdout"])).unwrap();
    assert_eq!(names(scratch.path()), ["data", "model.py", "results"]);
    assert_eq!(std::fs::read_to_string(scratch.path().join("data/input")).unwrap(), "data/input");
    assert_eq!(names(&scratch.path().join("results")), ["run"]);
    // A pattern without a wildcard may name a folder.
    let scratch = scratches.take(&layout(&shown, &["results"])).unwrap();
    assert!(names(&scratch.path().join("results")).is_empty());
}

#[test]
fn a_folder_is_as_new_for_each_copy() {
    let Setting { shown, scratches, _temporary } = setting();
    let layout = layout(&shown, &["results/*.npy"]);
    let scratch = scratches.take(&layout).unwrap();
    let path = scratch.path().to_owned();
    let before = names(&path);
    // What a careless program may leave behind.
    std::fs::write(path.join("results/a.npy"), "1").unwrap();
    std::fs::create_dir_all(path.join("cache/inner")).unwrap();
    std::fs::write(path.join("cache/inner/file"), "1").unwrap();
    std::fs::remove_file(path.join("model.py")).unwrap();
    std::fs::remove_file(path.join("log.txt")).unwrap();
    symlink("/etc", path.join("log.txt")).unwrap();
    std::fs::set_permissions(path.join("cache/inner"), Permissions::from_mode(0o000)).unwrap();
    std::fs::set_permissions(&path, Permissions::from_mode(0o000)).unwrap();
    scratches.give_back(scratch);
    let scratch = scratches.take(&layout).unwrap();
    assert_eq!(scratch.path(), path);
    assert_eq!(names(&path), before);
    assert!(names(&path.join("results")).is_empty());
    assert_eq!(std::fs::read_to_string(path.join("log.txt")).unwrap(), "log.txt");
    // The folder that is shown is as it was.
    assert_eq!(names(&shown), ["data", "log.txt", "model.py", "results"]);
    assert_eq!(names(&shown.join("results")), ["old.npy"]);
}

#[test]
fn folders_at_the_same_time_are_different_and_their_paths_equally_long() {
    let Setting { shown, scratches, _temporary } = setting();
    let layout = layout(&shown, &[]);
    let taken: Vec<_> = (0..11).map(|_| scratches.take(&layout).unwrap()).collect();
    let paths: BTreeSet<_> = taken.iter().map(|scratch| scratch.path().to_owned()).collect();
    assert_eq!(paths.len(), 11);
    assert!(paths.iter().all(|path| path.as_os_str().len() == taken[0].path().as_os_str().len()));
}

#[test]
fn nothing_is_left_behind_also_not_by_a_process_that_was_killed() {
    let Setting { shown, scratches, _temporary } = setting();
    let place = scratches.place.clone();
    // What a killed process leaves: a folder whose lock nobody holds.
    let killed = place.join("concord-abcdefgh");
    std::fs::create_dir_all(killed.join("0001")).unwrap();
    std::fs::write(killed.join(LOCK), "").unwrap();
    // The folder of a process that lives, and of another program.
    let living = OwnFolder::make(&place).unwrap();
    std::fs::create_dir(place.join("concord-other")).unwrap();
    let scratch = scratches.take(&layout(&shown, &[])).unwrap();
    std::fs::create_dir(scratch.path().join("inner")).unwrap();
    std::fs::set_permissions(scratch.path().join("inner"), Permissions::from_mode(0o000)).unwrap();
    assert!(!killed.exists() && living.folder.path().exists());
    assert_eq!(names(&place).len(), 3);
    drop((scratch, scratches, living));
    assert_eq!(names(&place), ["concord-other"]);
    assert_eq!(names(&shown), ["data", "log.txt", "model.py", "results"]);
}

#[test]
fn a_folder_with_very_many_entries_is_shown_and_listed_only_once() {
    const ENTRIES: usize = 100_000;
    let around = temporary();
    let shown = around.path().join("shown");
    std::fs::create_dir(&shown).unwrap();
    for number in 0..ENTRIES {
        File::create(shown.join(number.to_string())).unwrap();
    }
    let scratches = Scratches::new(around.path().to_owned());
    let layout = layout(&shown, &["out/*.npy", "a.npy"]);
    let scratch = scratches.take(&layout).unwrap();
    assert_eq!(scratch.path().read_dir().unwrap().count(), ENTRIES + 1);
    let path = scratch.path().to_owned();
    for name in ["a.npy", "out/b.npy", "new"] {
        std::fs::write(path.join(name), "1").unwrap();
    }
    std::fs::remove_file(path.join("17")).unwrap();
    let touched = scratches.changes().unwrap().touched(scratch.watched.unwrap());
    let expect = ["17", "a.npy", "new"].map(OsString::from);
    assert_eq!(touched, Some(expect.into_iter().collect()), "the folder would be listed");
    let own: Vec<_> = scratches.own_entries(&scratch).unwrap().into_iter().collect();
    assert_eq!(own, ["a.npy", "new", "out"]);
    scratches.give_back(scratch);
    let scratch = scratches.take(&layout).unwrap();
    assert_eq!(scratch.path(), path);
    assert_eq!(path.read_dir().unwrap().count(), ENTRIES + 1);
    assert!(names(&path.join("out")).is_empty() && path.join("17").is_symlink());
}

/// Changes the folder of a copy, and checks that the next copy finds it as new. Without the kernel's help the folder is listed.
#[track_caller]
fn is_as_new_after(change: impl Fn(&Path) -> io::Result<()>) {
    for is_told in [true, false] {
        let Setting { shown, scratches, _temporary } = setting();
        if !is_told {
            scratches.changes.set(None).unwrap();
        }
        let layout = layout(&shown, &["results/*.npy"]);
        let scratch = scratches.take(&layout).unwrap();
        let (path, before) = (scratch.path().to_owned(), names(scratch.path()));
        change(&path).unwrap();
        scratches.give_back(scratch);
        let scratch = scratches.take(&layout).unwrap();
        assert_eq!((scratch.path(), names(&path)), (path.as_path(), before), "{is_told}");
        assert!(names(&path.join("results")).is_empty());
        assert_eq!(std::fs::read_to_string(path.join("log.txt")).unwrap(), "log.txt");
        assert!(!path.is_symlink());
        assert_eq!(names(&shown), ["data", "log.txt", "model.py", "results"]);
    }
}

#[test]
fn whatever_a_copy_does_to_its_folder_the_next_one_finds_it_as_new() {
    is_as_new_after(|folder| std::fs::remove_dir_all(folder));
    is_as_new_after(|folder| {
        std::fs::rename(folder, folder.with_extension("away"))?;
        std::fs::create_dir(folder)?;
        std::fs::write(folder.join("other"), "")
    });
    is_as_new_after(|folder| {
        std::fs::remove_dir_all(folder)?;
        symlink("/etc", folder)
    });
    is_as_new_after(|folder| {
        (0..25_000).try_for_each(|number| std::fs::write(folder.join(format!("{number}.txt")), ""))
    });
    is_as_new_after(|folder| {
        std::fs::remove_file(folder.join("log.txt"))?;
        std::fs::write(folder.join("log.txt"), "other")?;
        std::fs::write(folder.join("results/a.npy"), "")
    });
}

#[test]
fn a_folder_that_cannot_be_prepared_leaves_nothing_and_the_next_one_is_tried_again() {
    let Setting { shown, scratches, _temporary } = setting();
    let layout = layout(&shown, &[]);
    // A file where the first folder would be: no folder can be made in it.
    let own = scratches.own().unwrap().folder.path().to_owned();
    std::fs::remove_dir_all(&own).unwrap();
    std::fs::write(&own, "").unwrap();
    assert!(scratches.take(&layout).is_err());
    std::fs::remove_file(&own).unwrap();
    std::fs::create_dir(&own).unwrap();
    let scratch = scratches.take(&layout).unwrap();
    assert_eq!(names(scratch.path()), ["data", "log.txt", "model.py", "results"]);
    assert_eq!(names(&own), ["0001"]);
}

#[test]
fn a_place_that_cannot_be_used_is_an_error() {
    let temporary = tempfile::tempdir().unwrap();
    let scratches = Scratches::new(temporary.path().join("missing"));
    assert!(scratches.take(&layout(temporary.path(), &[])).is_err());
}
