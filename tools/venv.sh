#!/usr/bin/env bash
# venv.sh DIRECTORY PIP-ARGUMENTS...: make the virtual environment if it is not there, then pip install into it.
# PYTHON names the interpreter (default python3); 3.11 or newer.
set -euo pipefail
here=$(cd "$(dirname "$0")" && pwd)
python=${PYTHON:-python3}
directory=$1
shift

if ! command -v "$python" >/dev/null; then
  echo "Python 3.11 or newer is needed, and there is no '$python'. Name another one: make PYTHON=/path/to/python3" >&2
  exit 1
fi
if ! "$python" -c 'import sys; sys.exit(sys.version_info < (3, 11))'; then
  echo "Python 3.11 or newer is needed; '$python' is $("$python" -V 2>&1). Name another one: make PYTHON=python3.12" >&2
  exit 1
fi

if ! "$directory/bin/python" -c 'import pip' 2>/dev/null; then
  rm -rf "$directory"
  # Debian ships venv without ensurepip unless python3-venv is installed.
  if ! "$python" -c 'import ensurepip, venv' 2>/dev/null; then
    "$here/need.sh" python3-venv
  fi
  "$python" -m venv "$directory"
fi
"$directory/bin/python" -m pip install --quiet --disable-pip-version-check "$@"
