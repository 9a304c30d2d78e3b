"""The programs that README shows print what it says."""

import pathlib
import re
import subprocess
import sys

ROOT = pathlib.Path(__file__).parents[2]


def test_a_numpy_program_prints_the_same_with_its_import_changed():
    program = ROOT / "examples" / "numpy_program.py"
    printed = {
        library: subprocess.run([sys.executable, program, library], capture_output=True, text=True, check=True).stdout
        for library in ("numpy", "civita")
    }
    assert printed["civita"] == printed["numpy"]
    readme = (ROOT / "README.md").read_text()
    assert f"```text\n{printed['civita']}```" in readme
    shown = re.search(r"```python\n(import civita as np\n.*?)```", readme, re.S).group(1)
    lines = [line.split("  #")[0].rstrip() for line in shown.splitlines()[1:] if line.strip()]
    assert all(line in program.read_text() for line in lines)
