//! The folders of the engine stay layers: who may name whom, and who holds pointers, guards, kernels and threads.

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};

/// A tensor and what can be done with it: `bind` asks transformations, these bind again, a backend's results are tensors. They are one
/// layer, and know each other.
const ENGINE: &[&str] = &["raw", "primitive", "transform", "graph", "backend"];

/// Each folder, and which others it may name.
const MAY_NAME: &[(&str, &[&str])] = &[
    ("layout", &[]),
    ("print", &[]),
    // derivatives of ops are programs, and programs are made of ops
    ("ops", &["program"]),
    ("program", &["ops", "layout"]),
    // the memory of a device goes back to its backend; the tags of shared memory are kept with the bytes
    ("storage", &["backend", "transform"]),
    ("raw", &["ops", "program", "layout", "storage", "print"]),
    ("primitive", &["ops", "program", "layout", "storage"]),
    ("transform", &["ops", "program", "layout", "storage"]),
    ("graph", &["ops", "program", "layout", "storage"]),
    ("backend", &["ops", "program", "layout", "storage"]),
    ("functions", &["ops", "program", "layout", "storage"]),
];

fn sources(folder: &Path) -> Vec<PathBuf> {
    let mut all = Vec::new();
    for entry in fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            all.extend(sources(&path));
        } else if path.extension().is_some_and(|e| e == "rs") {
            all.push(path);
        }
    }
    all
}

/// The text of each file without comments, and without its tests.
fn texts(folder: &str) -> Vec<(PathBuf, String)> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR"))
        .join("src")
        .join(folder);
    let is_test =
        |path: &Path| path.iter().any(|part| part == "tests") || path.ends_with("tests.rs");
    let read = |path: PathBuf| {
        let text = fs::read_to_string(&path).unwrap();
        let code = text.split("#[cfg(test)]").next().unwrap_or_default();
        let lines = code
            .lines()
            .map(|line| line.split("//").next().unwrap_or_default());
        let text = lines.collect::<Vec<_>>().join("\n");
        (path, text)
    };
    sources(&folder)
        .into_iter()
        .filter(|path| !is_test(path))
        .map(read)
        .collect()
}

#[test]
fn folders_name_lower_ones_only() {
    for (folder, below) in MAY_NAME {
        let mut allowed: BTreeSet<&str> = below.iter().copied().collect();
        if ENGINE.contains(folder) || *folder == "functions" {
            allowed.extend(ENGINE);
        }
        for (path, text) in texts(folder) {
            for (other, _) in MAY_NAME {
                let names_it = text
                    .match_indices(&format!("crate::{other}"))
                    .any(|(at, name)| {
                        let next = text[at + name.len()..].chars().next();
                        next.is_none_or(|c| !c.is_alphanumeric() && c != '_')
                    });
                assert!(
                    !names_it || other == folder || allowed.contains(other),
                    "{} names `crate::{other}`, which lies above {folder}",
                    path.display()
                );
            }
        }
    }
}

#[test]
fn only_backends_and_memory_hold_pointers_guards_and_threads() {
    for folder in [
        "raw",
        "functions",
        "program",
        "ops",
        "layout",
        "graph",
        "transform",
        "print",
    ] {
        for (path, text) in texts(folder) {
            // of the tensor's own two: foreign memory, by its caller's contract, and the dtype as a number
            let unsafe_blocks = text.matches("unsafe {").count();
            let tensor = path.ends_with("raw/mod.rs") || path.ends_with("raw/create.rs");
            assert!(
                unsafe_blocks <= usize::from(tensor),
                "{} has `unsafe`",
                path.display()
            );
            for word in ["guard::acquire", "threads::run"] {
                assert!(!text.contains(word), "{} has `{word}`", path.display());
            }
        }
    }
}
