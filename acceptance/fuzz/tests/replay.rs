//! Runs each target on its corpus.

use std::path::Path;

use concord_acceptance_fuzz::TARGETS;

#[test]
fn every_input_of_the_corpus_keeps_the_promises() {
    let corpus = Path::new(env!("CARGO_MANIFEST_DIR")).join("corpus");
    let mut folders: Vec<_> = std::fs::read_dir(&corpus)
        .unwrap()
        .map(|entry| entry.unwrap().file_name().into_string().unwrap())
        .collect();
    folders.sort();
    // Without the SDK of AWS some targets are missing.
    let has_all = folders.iter().eq(TARGETS.iter().map(|(name, _)| name));
    assert!(has_all || cfg!(not(feature = "aws")), "{folders:?}");
    for &(name, target) in TARGETS {
        let mut inputs = 0;
        for entry in std::fs::read_dir(corpus.join(name)).unwrap() {
            let path = entry.unwrap().path();
            // Names the input if the target panics.
            println!("{}", path.display());
            target(&std::fs::read(&path).unwrap());
            inputs += 1;
        }
        assert!(inputs > 0, "{name} has no corpus");
    }
}
