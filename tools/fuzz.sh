#!/usr/bin/env bash
# The fuzz targets, one after the other: readers of files, indexing, views, einsum, under libFuzzer and the address sanitizer.
# FUZZ_SECONDS is the time for each, FUZZ_TARGETS chooses. What is found lies in fuzz/artifacts/TARGET, and is run again by
# `cargo +nightly fuzz run --dev TARGET fuzz/artifacts/TARGET/FILE`. The corpus stays in fuzz/corpus and grows from run to run.
set -euo pipefail
cd "$(dirname "$0")/.."

tools/need.sh cc c++
if ! cargo +nightly --version >/dev/null 2>&1; then
  rustup toolchain install nightly --profile minimal || {
    echo "fuzzing needs the nightly toolchain: rustup toolchain install nightly" >&2
    exit 1
  }
fi
cargo fuzz --version >/dev/null 2>&1 || cargo install --locked --quiet cargo-fuzz

# The development profile of fuzz/Cargo.toml is optimised, and checks overflow.
cargo +nightly fuzz build --dev
read -ra targets <<<"${FUZZ_TARGETS:-$(cargo +nightly fuzz list | tr '\n' ' ')}"
for target in "${targets[@]}"; do
  # one input: memory in MiB for the whole process (a picture may take 512 and is there twice while it is turned into an array),
  # and seconds; targets hold readers to bounds of their own that follow the length of the input
  memory=1024 dictionary=()
  [ "$target" = image ] && memory=2560
  [ -f "fuzz/dictionaries/$target.dict" ] && dictionary=("-dict=fuzz/dictionaries/$target.dict")
  echo "fuzz: $target"
  log=$(mktemp)
  if ! cargo +nightly fuzz run --dev "$target" -- -max_total_time="${FUZZ_SECONDS:-60}" -max_len="${FUZZ_LENGTH:-4096}" -timeout=30 \
    -rss_limit_mb="$memory" -print_final_stats=1 -verbosity=1 "${dictionary[@]}" >"$log" 2>&1; then
    tail -60 "$log" >&2
    rm -f "$log"
    exit 1
  fi
  grep -E '^stat::(number_of_executed_units|average_exec_per_sec|peak_rss_mb)' "$log" || tail -5 "$log"
  rm -f "$log"
done
