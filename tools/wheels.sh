#!/usr/bin/env bash
# wheels.sh DIRECTORY: build a wheel into target/wheels, install it into a new virtual environment where nothing else is
# (no NumPy), and run tools/wheel_smoke.py there. Then check the type stubs and the examples with mypy and pyright, in the
# environment DIRECTORY-types. PYTHON names the interpreter (default python3).
set -euo pipefail
here=$(cd "$(dirname "$0")" && pwd)
root=$(dirname "$here")
clean=$root/$1
types=$clean-types
cd "$root"

"$here/venv.sh" "$types" -r tools/requirements-types.txt
rm -rf target/wheels
"$types/bin/maturin" build --release --strip --out target/wheels --manifest-path python/Cargo.toml --interpreter "$types/bin/python"
wheel=$(echo target/wheels/civita-*.whl)
ls -l "$wheel"

rm -rf "$clean"
"$here/venv.sh" "$clean" --no-index "$wheel"
cd "$clean" # not in the source tree, whose package would be found first
"$clean/bin/python" -I "$here/wheel_smoke.py"

cd "$root"
"$types/bin/python" -m pip install --quiet --disable-pip-version-check --no-index --no-deps --force-reinstall "$wheel"
# examples/scaling.py is left out: it uses dask, whose functions have no types, or wrong ones
examples=(examples/numpy_program.py examples/buffers.py)
echo "mypy: ${examples[*]}"
"$types/bin/python" -m mypy --config-file tools/mypy.ini "${examples[@]}"
echo "pyright: ${examples[*]}"
"$types/bin/python" -m pyright --pythonpath "$types/bin/python" "${examples[@]}"
