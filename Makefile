# Everything the project does, as one word each. A bare Debian with Rust (rustup) and Python 3.11+ is enough:
# every target installs the rest by itself, into .venv* (pip) or, when run as root, from Debian's packages.

SHELL := bash
.SHELLFLAGS := -eu -o pipefail -c
.DEFAULT_GOAL := help
MAKEFLAGS += --no-print-directory

PYTHON ?= python3
VENV := .venv
BENCH_VENV := .venv-bench
CLIENTS_VENV := .venv-clients
WHEEL_VENV := .venv-wheel
# `make bench TORCH=0` leaves PyTorch out (its wheel and libraries are 3 GB).
TORCH ?= 1
# Options for bench/run.py, bench/against.py, tests/conformance/run.py, tests/clients/run.py and tests/programs/run.py, for example ARGS="--quick --only matmul".
ARGS ?=
# Features of the Python package beside its defaults: `make python FEATURES=images`.
FEATURES ?=
# How long `make fuzz` runs each target; FUZZ_TARGETS="npy index" chooses some.
FUZZ_SECONDS ?= 60
# What `make bench-against` compares this checkout with: any commit.
REF ?= HEAD

# The Python crate is tested by pytest: as a Rust test binary it would not link (an extension leaves libpython out).
RUST_CRATES := --workspace --exclude civita-python
# nextest runs every test in a process of its own and stops one that hangs; `cargo test` runs the same tests where
# it is not installed (building it would take longer than the tests).
NEXTEST := $(shell command -v cargo-nextest >/dev/null && echo yes)
TEST := $(if $(NEXTEST),cargo nextest run,cargo test)

# pyo3 finds python3 by itself; told only when another one was asked for, so that a plain `cargo build` beside make
# does not rebuild it.
ifneq ($(origin PYTHON),file)
export PYO3_PYTHON := $(shell command -v $(PYTHON))
endif
# Colours and bars are for people at a terminal.
ifdef CI
export CARGO_TERM_COLOR := never
export PIP_PROGRESS_BAR := off
endif

.PHONY: help demo test tier1 tier2 tier3 bench clean \
        fmt clippy doc rust-tests doc-tests python python-tests conformance clients programs wheels free-threaded miri neon cuda deny fuzz pictures examples oracles adding \
        bench-python bench-peers bench-against

help: ## this list
	@echo "make TARGET, where TARGET is one of"
	@awk -F ':.*## ' '/^[a-z0-9-]+:.*## / { printf "  %-13s %s\n", $$1, $$2 }' $(MAKEFILE_LIST)

## ---- the main job ------------------------------------------------------------------------------------------------

demo: ## train a digit reader in Rust: accuracy, confusion matrix, two PNGs in out/
	@tools/need.sh cc
	@mkdir -p out
	@test -x target/release/digits || echo "Building Civita first, some five minutes on two cores; later runs start at once."
	cargo run --release --package civita-examples --bin digits

## ---- the checks, quick to thorough -------------------------------------------------------------------------------

tier1: fmt ## seconds (once built): format, lints, the engine's unit tests
	cargo clippy $(RUST_CRATES) -- -D warnings
	$(TEST) --package civita-kernels --package civita-core --lib

test: tier2 ## everything a change must pass; what continuous integration runs

tier2: fmt clippy doc rust-tests doc-tests python-tests ## = test
	@echo "tier2: all passed"

fmt: ## rustfmt, checked
	@tools/need.sh cc
	cargo fmt --all --check

clippy: ## lints on all targets, warnings denied
	cargo clippy --workspace --all-targets -- -D warnings
	cargo clippy --package civita-examples --all-targets --features linalg -- -D warnings

doc: ## the API documentation, warnings denied
	RUSTDOCFLAGS="-D warnings" cargo doc $(RUST_CRATES) --no-deps

rust-tests: ## all Rust tests
	@tools/need.sh cc c++
	$(TEST) $(RUST_CRATES) $(if $(NEXTEST),,--all-targets)

doc-tests: ## the examples in the documentation
	cargo test $(RUST_CRATES) --doc

python: $(VENV)/.ready ## build the Python package into .venv (FEATURES=images: with PNG and JPEG)
	VIRTUAL_ENV="$(CURDIR)/$(VENV)" $(VENV)/bin/maturin develop --release --manifest-path python/Cargo.toml $(if $(FEATURES),--features $(FEATURES))

python-tests: python ## the Python tests, and whether the type stubs are up to date
	$(VENV)/bin/python python/tools/make_stubs.py --check
	$(VENV)/bin/python -m pytest python/tests -q --timeout 900

conformance: python ## NumPy's own tests with Civita in NumPy's place (ARGS="--write": docs/conformance.md)
	$(VENV)/bin/python tests/conformance/run.py $(ARGS)

clients: $(CLIENTS_VENV)/.ready ## other people's libraries on Civita's arrays (ARGS="--write": docs/clients.md)
	VIRTUAL_ENV="$(CURDIR)/$(CLIENTS_VENV)" $(CLIENTS_VENV)/bin/maturin develop --release --manifest-path python/Cargo.toml
	$(CLIENTS_VENV)/bin/python tests/clients/run.py $(ARGS)

programs: $(CLIENTS_VENV)/.ready ## fifty public programs with `import civita as np` (ARGS="--write": docs/programs.md)
	VIRTUAL_ENV="$(CURDIR)/$(CLIENTS_VENV)" $(CLIENTS_VENV)/bin/maturin develop --release --manifest-path python/Cargo.toml
	$(CLIENTS_VENV)/bin/python tests/programs/run.py $(ARGS)

wheels: ## build a wheel, install it where nothing else is, run a program there; mypy and pyright on stubs and examples
	PYTHON="$(PYTHON)" tools/wheels.sh $(WHEEL_VENV)

free-threaded: ## tests of threads and signals on a Python without the interpreter's lock: make free-threaded PYTHON=python3.14t
	PYTHON="$(PYTHON)" tools/free_threaded.sh .venv-free

## ---- the long checks ---------------------------------------------------------------------------------------------

tier3: miri neon deny fuzz pictures examples oracles exhaustive adding ## long: miri, NEON under qemu, licences and advisories, fuzzing, PNG and JPEG, the examples, live PyTorch, all float32, docs/adding-an-op.md
	@echo "tier3: all passed"

miri: ## the engine's unsafe modules under miri (needs the nightly toolchain with miri)
	tools/miri.sh

neon: ## the engine's tests on NEON, under qemu-aarch64
	tools/neon.sh

cuda: ## the rows' CUDA C on a GPU (needs nvcc and an NVIDIA GPU)
	CIVITA_NVCC="$${CIVITA_NVCC:-nvcc}" $(TEST) --package civita-core --test device_texts

fuzz: python ## readers of files, indexing, views, einsum under libFuzzer, FUZZ_SECONDS each (needs the nightly toolchain)
	FUZZ_SECONDS="$(FUZZ_SECONDS)" tools/fuzz.sh
	$(VENV)/bin/python fuzz/readers.py --seconds "$(FUZZ_SECONDS)"

deny: ## licences, duplicates, sources and advisories of the dependencies
	tools/deny.sh

pictures: ## tests of PNG and JPEG, which are a feature
	$(TEST) --package civita-io --features images

examples: ## run the examples of spectra, of images of low rank and of densities: each draws a picture in out/
	@tools/need.sh cc
	@mkdir -p out
	for name in spectrum low_rank densities; do \
	  rm -f out/$$name.png; \
	  cargo run --release --package civita-examples --features linalg --bin $$name; \
	  test "$$(head -c 8 out/$$name.png | od -An -tx1 | tr -d ' ')" = 89504e470d0a1a0a; \
	done

oracles: $(BENCH_VENV)/.torch ## compute PyTorch's gradients again and compare them with the files kept
	$(BENCH_VENV)/bin/python tests/oracles/make_torch.py --check

exhaustive: python ## functions of one float32 at all 2^32 bit patterns, three hours (ARGS="--stride 257" for a sample)
	$(VENV)/bin/python tests/exhaustive/run.py $(ARGS)

adding: $(VENV)/.ready ## do what docs/adding-an-op.md says to a copy of the tree, build and test it (target/adding)
	@tools/need.sh cc c++
	$(VENV)/bin/python tests/adding/run.py

## ---- speed -------------------------------------------------------------------------------------------------------

bench: bench-python bench-peers ## civita, NumPy, PyTorch; then civita, ndarray, numr from Rust

WITH_TORCH := $(if $(filter 0,$(TORCH)),,$(BENCH_VENV)/.torch)

bench-python: $(BENCH_VENV)/.ready $(WITH_TORCH) ## from Python: table, JSON, PNG in bench/results/
	VIRTUAL_ENV="$(CURDIR)/$(BENCH_VENV)" $(BENCH_VENV)/bin/maturin develop --release --manifest-path python/Cargo.toml
	$(BENCH_VENV)/bin/python bench/run.py $(ARGS)

bench-peers: ## from Rust, in a workspace of its own: bench/peers
	cargo run --release --manifest-path bench/peers/Cargo.toml -- --json bench/results/peers.json

bench-against: $(BENCH_VENV)/.ready ## this checkout against the commit REF: what became slower
	$(BENCH_VENV)/bin/python bench/against.py $(REF) $(ARGS)

## ---- housekeeping ------------------------------------------------------------------------------------------------

$(VENV)/.ready: tools/requirements-test.txt tools/venv.sh
	PYTHON="$(PYTHON)" tools/venv.sh $(VENV) -r tools/requirements-test.txt
	@touch $@

$(BENCH_VENV)/.ready: tools/requirements-bench.txt tools/venv.sh
	PYTHON="$(PYTHON)" tools/venv.sh $(BENCH_VENV) -r tools/requirements-bench.txt
	@touch $@

$(CLIENTS_VENV)/.ready: tools/requirements-clients.txt tools/venv.sh
	PYTHON="$(PYTHON)" tools/venv.sh $(CLIENTS_VENV) -r tools/requirements-clients.txt
	@touch $@

$(BENCH_VENV)/.torch: $(BENCH_VENV)/.ready
	PYTHON="$(PYTHON)" tools/venv.sh $(BENCH_VENV) 'torch>=2.9,<3'
	@touch $@

clean: ## remove what was built, the virtual environments and the demo's pictures
	cargo clean
	rm -rf $(VENV) $(BENCH_VENV) $(CLIENTS_VENV) $(WHEEL_VENV) $(WHEEL_VENV)-types .venv-free out bench/peers/target bench/one_element/target fuzz/target python/tests/__pycache__ .pytest_cache
