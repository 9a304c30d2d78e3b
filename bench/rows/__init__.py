"""What is measured, a file a group; `--only` selects by `group/name`."""

from . import calls, draws, elementwise, files, first_hour, fourier, gradients, indexing, linear, order, products, reductions, shapes
from .row import DATA, LIBRARIES, Row

__all__ = ["CELLS", "DATA", "LIBRARIES", "ROWS", "Row"]

GROUPS = (elementwise, reductions, indexing, order, shapes, products, linear, fourier, draws, files, calls, first_hour, gradients)
ROWS = []
for module in GROUPS:
    for row in module.ROWS:
        row.group = module.__name__.rpartition(".")[2]
        ROWS.append(row)

# (row, size label, size, dtype): what one line of a table shows
CELLS = [(row, label, size, dtype) for row in ROWS for label, size in row.sizes.items() for dtype in row.dtypes]
