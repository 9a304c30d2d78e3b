#!/usr/bin/env python3
"""Write examples/data/digits.csv: scikit-learn's handwritten digits as plain text.

Run it with a Python that has scikit-learn:

    python3 -m venv .venv-digits && .venv-digits/bin/pip install scikit-learn
    .venv-digits/bin/python tools/make_digits.py            # writes the file
    .venv-digits/bin/python tools/make_digits.py --check    # compares it with the one in the repository

One line per image: 64 pixels, row by row, each 0 (paper) to 16 (ink), then the digit. No header, so that
`numpy.loadtxt(path, delimiter=",", dtype=int)` and a three-line parser in any language read it.
"""

import argparse
import hashlib
import sys
from pathlib import Path

DEFAULT = Path(__file__).resolve().parent.parent / "examples" / "data" / "digits.csv"


def digits_as_csv() -> str:
    """The data set as text; refuses anything that is not the data set the example was written for."""
    from sklearn.datasets import load_digits

    digits = load_digits()
    pixels, labels = digits.data.astype(int), digits.target.astype(int)
    assert pixels.shape == (1797, 64) and labels.shape == (1797,), "not the data set expected"
    assert pixels.min() == 0 and pixels.max() == 16, "pixels must be 0 to 16"
    lines = (",".join(map(str, [*image, label])) for image, label in zip(pixels, labels))
    return "\n".join(lines) + "\n"


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--out", type=Path, default=DEFAULT)
    parser.add_argument("--check", action="store_true", help="write nothing, compare with what is there")
    args = parser.parse_args()
    text = digits_as_csv()
    if args.check:
        same = args.out.read_text() == text
        print(f"{args.out.name}: {'identical to' if same else 'DIFFERS from'} scikit-learn's digits")
        return 0 if same else 1
    args.out.write_text(text)
    print(f"{args.out.name}: {len(text)} bytes, sha256 {hashlib.sha256(text.encode()).hexdigest()}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
