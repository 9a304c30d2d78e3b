//! `examples/starter`, the package that users copy: its program runs, and its manifest says what it should.

#[path = "../../../examples/starter/src/main.rs"]
mod program;

#[test]
fn the_starter_runs() {
    program::main().unwrap();
}

#[test]
fn its_manifest_finds_civita_and_optimises_it() {
    let folder = concat!(env!("CARGO_MANIFEST_DIR"), "/../../examples/starter");
    let manifest = std::fs::read_to_string(format!("{folder}/Cargo.toml")).unwrap();
    assert!(manifest.contains("[profile.dev.package.\"*\"]\nopt-level = 3\ndebug = false"));
    let path = manifest.split("civita = { path = \"").nth(1).unwrap();
    let path = path.split('"').next().unwrap();
    assert!(
        std::path::Path::new(folder)
            .join(path)
            .join("src/lib.rs")
            .exists()
    );
    let features = manifest.split("# Features: ").nth(1).unwrap();
    let features = features.split('.').next().unwrap();
    let ours = std::fs::read_to_string(concat!(env!("CARGO_MANIFEST_DIR"), "/Cargo.toml")).unwrap();
    for feature in features.split(", ") {
        assert!(ours.contains(&format!("\n{feature} = ")), "{feature}");
    }
}
