//! Asks the linker to keep machine code that is equal once: a thirtieth of the shared object.

use std::env;

fn main() {
    println!("cargo:rerun-if-changed=build.rs");
    println!("cargo:rerun-if-env-changed=RUSTFLAGS");
    // Rust links for this target with lld, which knows how; another linker may not
    let target = env::var("TARGET").unwrap_or_default();
    let flags = env::var("CARGO_ENCODED_RUSTFLAGS").unwrap_or_default();
    let chosen = env::var_os("RUSTC_LINKER").is_some() || flags.contains("link");
    if target == "x86_64-unknown-linux-gnu" && !chosen {
        println!("cargo:rustc-cdylib-link-arg=-Wl,--icf=all");
    }
}
