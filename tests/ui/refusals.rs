//! What does not compile, and what the compiler says about it. What does compile is in `crates/civita/tests/programs.rs`.
//!
//! `TRYBUILD=overwrite cargo test -p civita-ui-tests` writes the texts anew.

/// The compiler whose words the files are in; each release changes some.
const COMPILER: &str = "rustc 1.95.";

#[test]
fn refusals_say_what_to_do() {
    let rustc = std::env::var_os("RUSTC").unwrap_or_else(|| "rustc".into());
    let version = std::process::Command::new(rustc).arg("--version").output();
    let version = version.map(|v| String::from_utf8_lossy(&v.stdout).into_owned());
    match version {
        Ok(version) if version.starts_with(COMPILER) => {
            trybuild::TestCases::new().compile_fail("refusals/*.rs");
        }
        other => eprintln!("left out: the texts are those of {COMPILER}x, this is {other:?}"),
    }
}
