#!/usr/bin/env bash
# The engine's unsafe modules under miri, which checks every pointer, borrow and data race in the tests it runs.
# MIRI_TESTS chooses unit tests by module path, MIRI_SUITES integration tests. All use short arrays under miri, so that the
# whole takes minutes; the kernels are those of the baseline.
set -euo pipefail
cd "$(dirname "$0")/.."

if ! cargo +nightly miri --version >/dev/null 2>&1; then
  rustup toolchain install nightly --profile minimal --component miri,rust-src || {
    echo "miri needs the nightly toolchain: rustup toolchain install nightly --component miri,rust-src" >&2
    exit 1
  }
fi
# Parked worker threads outlive main: not a leak. Reading CIVITA_* from the environment needs isolation off. Processors give
# a NaN the same sign each time, which the tests of equal bits rely on; miri draws it by lot.
export MIRIFLAGS="-Zmiri-disable-isolation -Zmiri-ignore-leaks -Zmiri-deterministic-floats ${MIRIFLAGS:-}"
export CIVITA_NUM_THREADS=${CIVITA_NUM_THREADS:-2} PROPTEST_CASES=${PROPTEST_CASES:-4}
# A target directory of its own: nightly and stable would otherwise rebuild each other's files.
miri=(cargo +nightly miri test --target-dir "${MIRI_TARGET:-target/miri}")
# modules: the bytes and who may touch them, index arithmetic, programs, the table of ops
read -ra tests <<<"${MIRI_TESTS:-storage pool threads layout program raw reduce ops explain}"
"${miri[@]}" --package civita-kernels --package civita-core --lib -- "${tests[@]}"
# drivers: blocks, tiles, packing, folds, scans, gathering (layouts); guards and foreign memory (aliasing); the graph
read -ra suites <<<"${MIRI_SUITES:-aliasing layouts gradients}"
"${miri[@]}" --package civita-core "${suites[@]/#/--test=}"
