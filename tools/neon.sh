#!/usr/bin/env bash
# The engine's unit tests built for aarch64 and run under qemu: the NEON shells, on a machine without NEON.
# Uses the toolchain's aarch64 standard library where rustup has it, and builds one from rust-src (nightly) otherwise.
set -euo pipefail
cd "$(dirname "$0")/.."
target=aarch64-unknown-linux-gnu

tools/need.sh aarch64-linux-gnu-gcc qemu-aarch64
export CARGO_TARGET_AARCH64_UNKNOWN_LINUX_GNU_LINKER=aarch64-linux-gnu-gcc
export CARGO_TARGET_AARCH64_UNKNOWN_LINUX_GNU_RUNNER="qemu-aarch64 -L /usr/aarch64-linux-gnu"
export CIVITA_NUM_THREADS=${CIVITA_NUM_THREADS:-2} PROPTEST_CASES=${PROPTEST_CASES:-32}

toolchain=() build_std=()
if ! rustup target list --installed 2>/dev/null | grep -qx "$target"; then
  if ! rustup target add "$target" >/dev/null 2>&1; then
    toolchain=(+nightly) build_std=(-Zbuild-std)
    [ -d "$(rustc +nightly --print sysroot)/lib/rustlib/src/rust/library" ] || {
      echo "NEON needs 'rustup target add $target', or a nightly toolchain with rust-src" >&2
      exit 1
    }
  fi
fi
cargo "${toolchain[@]}" test "${build_std[@]}" --target "$target" --target-dir target/neon \
  --package civita-kernels --package civita-core --lib -- "$@"
