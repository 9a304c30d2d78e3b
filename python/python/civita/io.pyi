"""Types of civita.io."""

from collections.abc import Iterable, Mapping, Sequence
from os import PathLike
from typing import Any, IO, Literal, TypeAlias, overload

from . import ndarray

_Path: TypeAlias = str | PathLike[str]
_Source: TypeAlias = _Path | IO[bytes] | bytes | bytearray | memoryview

def read_csv(
    file: _Source,
    *,
    delimiter: str = ",",
    header: bool = True,
    skip: int = 0,
    max_rows: int | None = None,
    columns: Iterable[str] | None = None,
    dtypes: Mapping[str, Any] | None = None,
    missing: str | Iterable[str] = (),
) -> dict[str, Any]: ...
def write_csv(file: _Path, columns: Mapping[str, Any], *, delimiter: str = ",") -> None: ...
@overload
def load_safetensors(file: _Source, *, metadata: Literal[False] = False) -> dict[str, ndarray]: ...
@overload
def load_safetensors(file: _Source, *, metadata: Literal[True]) -> tuple[dict[str, ndarray], dict[str, str]]: ...
def save_safetensors(file: _Path, tensors: Mapping[str, Any], *, metadata: Mapping[str, str] | None = None) -> None: ...
@overload
def read_matrix_market(file: _Source, *, entries: Literal[False] = False) -> ndarray: ...
@overload
def read_matrix_market(
    file: _Source, *, entries: Literal[True]
) -> tuple[ndarray, tuple[ndarray, ndarray], tuple[int, int]]: ...
def write_matrix_market(file: _Path, a: ndarray | Sequence[Any]) -> None: ...
def read_image(file: _Source) -> ndarray: ...
def write_image(file: _Path, a: ndarray | Sequence[Any]) -> None: ...
