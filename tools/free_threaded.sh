#!/usr/bin/env bash
# free_threaded.sh DIRECTORY: build the package for a free-threaded Python (3.14t or newer, named by PYTHON) into the virtual
# environment DIRECTORY, and run the tests of threads and signals there without the interpreter's lock.
set -euo pipefail
here=$(cd "$(dirname "$0")" && pwd)
root=$(dirname "$here")
directory=$root/$1
python=${PYTHON:-python3}
cd "$root"

if ! "$python" -c 'import sys, sysconfig; sys.exit(not sysconfig.get_config_var("Py_GIL_DISABLED"))'; then
  echo "'$python' has the interpreter's lock. Name one without: make free-threaded PYTHON=python3.14t" >&2
  exit 1
fi
PYTHON=$python "$here/venv.sh" "$directory" -r tools/requirements-test.txt
# no `abi3`: that is the interface of Pythons with the lock
VIRTUAL_ENV="$directory" "$directory/bin/maturin" develop --release --manifest-path python/Cargo.toml --no-default-features --features linalg
"$directory/bin/python" -c 'import sys, civita; sys.exit(sys._is_gil_enabled() and "importing civita turned the lock on")'
"$directory/bin/python" -m pytest -q --timeout 300 python/tests/test_threads.py python/tests/test_threads_at_random.py python/tests/test_interruption.py
