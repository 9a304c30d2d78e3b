"""Arrays put together, repeated, moved and padded."""

from .row import million, special

QUARTER = {"250K": 250_000}
SQUARE = {"1000x1000": (1000, 1000)}
PADDED = "xp.nn.functional.pad({}, (10, 10, 10, 10){})"

ROWS = [
    million("concatenate", "xp.concatenate((a, b))", 1.2),
    special("concatenate along axis 1", "xp.concatenate((a, b), 1)", SQUARE, 1.2),
    million("stack", "xp.stack((a, b))", 1.2),
    million("stack along axis 1", "xp.stack((a, b), 1)", 1.2),
    special("tile", "xp.tile(x, (4,))", QUARTER, 1.2),
    special("tile of rows", "xp.tile(x, (2, 2))", {"500x500": (500, 500)}, 1.2),
    special("repeat", "xp.repeat(x, 4)", QUARTER, 1.2, torch="xp.repeat_interleave(x, 4)"),
    million("roll", "xp.roll(x, 1000)", 1.2),
    special("roll along axis 1", "xp.roll(x, 10, 1)", SQUARE, 1.2),
    special("pad", "xp.pad(x, 10)", SQUARE, 1.2, torch=PADDED.format("x", "")),
    special("pad, reflect", "xp.pad(x, 10, mode='reflect')", SQUARE, 1.2, torch=PADDED.format("x[None]", ", mode='reflect'") + "[0]"),
    million("flip", "xp.flip(x, 0)", 1.2, torch="xp.flip(x, (0,))"),
    million("flip, copied", "xp.flip(x, 0).copy()", 1.2, torch="xp.flip(x, (0,))"),
    special("flip along axis 1, copied", "xp.flip(x, 1).copy()", SQUARE, 1.2, torch="xp.flip(x, (1,))"),
]
