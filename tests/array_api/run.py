#!/usr/bin/env python3
"""Runs the test suite of the array API standard, `data-apis/array-api-tests`, on Civita.

    run.py FOLDER             a checkout of the suite, with its submodule; needs pytest, hypothesis, ndindex, pytest-json-report
    run.py FOLDER -k linalg   what follows the folder goes to pytest

`conflicts.txt` names the tests in which the standard and NumPy disagree; Civita does what NumPy does (docs/differences.md). The
suite then expects those to fail, and the run fails if another one does.
"""

import os
import subprocess
import sys
from pathlib import Path

HERE = Path(__file__).resolve().parent
VERSION = "2025.12"


def main() -> int:
    if len(sys.argv) < 2 or sys.argv[1].startswith("-"):
        print(__doc__)
        return 2
    suite = Path(sys.argv[1]).resolve()
    environment = os.environ | {"ARRAY_API_TESTS_MODULE": "civita", "ARRAY_API_TESTS_VERSION": VERSION}
    command = [sys.executable, "-W", "ignore", "-m", "pytest", "array_api_tests", "-q", "-p", "no:cacheprovider"]
    command += ["--ci", "--xfails-file", str(HERE / "conflicts.txt"), *sys.argv[2:]]
    return subprocess.run(command, cwd=suite, env=environment).returncode


if __name__ == "__main__":
    sys.exit(main())
