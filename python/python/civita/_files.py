"""Files: `.npy`, `.npz`, raw bytes, and tables as text. Headers and tables are parsed by the engine."""

import builtins
import contextlib
import io
import itertools
import operator
import os
import re
import struct
import types
from collections.abc import Mapping

from . import _civita as cv
from ._caller import warn
from ._overrides import overridable, takes_like

MAGIC_PREFIX = b"\x93NUMPY"
MAGIC_LEN = len(MAGIC_PREFIX) + 2
ARRAY_ALIGN = 64
EXPECTED_KEYS = {"descr", "fortran_order", "shape"}
_MAX_HEADER = 10000


# ---- npy


def magic(major, minor):
    """The first bytes of a file of a version."""
    if not 0 <= major <= 255:
        raise ValueError("major version must be 0 <= major < 256")
    if not 0 <= minor <= 255:
        raise ValueError("minor version must be 0 <= minor < 256")
    return MAGIC_PREFIX + bytes([major, minor])


def dtype_to_descr(dtype):
    """The code of a dtype in a header."""
    return cv.dtype(dtype).str


def descr_to_dtype(descr):
    """The dtype of a code in a header."""
    return cv.dtype(descr)


def _exactly(fp, size, what="array data"):
    parts, left = [], size
    while left:
        part = fp.read(left)
        if not part:
            raise ValueError(f"EOF: reading {what}, expected {size} bytes got {size - left}")
        parts.append(part)
        left -= len(part)
    return b"".join(parts)


def read_magic(fp):
    """The version of a file, from its first bytes."""
    text = _exactly(fp, MAGIC_LEN, "magic string")
    if text[:-2] != MAGIC_PREFIX:
        raise ValueError(f"the magic string is not correct; expected {MAGIC_PREFIX!r}, got {text[:-2]!r}")
    return text[-2], text[-1]


def _check_version(version):
    if version not in [(1, 0), (2, 0), (3, 0), None]:
        raise ValueError(f"we only support format version (1,0), (2,0), and (3,0), not {version}")


def _read_header(fp, version, limit=_MAX_HEADER):
    _check_version(version)
    form, encoding = ("<H", "latin1") if version == (1, 0) else ("<I", "latin1" if version == (2, 0) else "utf8")
    length = struct.unpack(form, _exactly(fp, struct.calcsize(form), "array header length"))[0]
    if length > limit:
        raise ValueError(
            f"Header info length ({length}) is large and may not be safe to load securely.\n"
            "To allow loading, adjust `max_header_size` or fully trust the `.npy` file using `allow_pickle=True`."
        )
    header = _exactly(fp, length, "array header").decode(encoding)
    dtype, fortran, shape = cv._npy_parse(header)
    if version != (3, 0) and re.search(r"\dL\b", header):
        warn(
            "Reading `.npy` or `.npz` file required additional header parsing as it was created on Python 2. Save the file again to "
            "speed up loading and avoid this warning.",
            UserWarning,
        )
    return shape, fortran, dtype


def read_array_header_1_0(fp, max_header_size=_MAX_HEADER):
    """Shape, whether the elements are in Fortran order, and dtype, from behind the magic of version 1."""
    return _read_header(fp, (1, 0), max_header_size)


def read_array_header_2_0(fp, max_header_size=_MAX_HEADER):
    """As `read_array_header_1_0`, of version 2."""
    return _read_header(fp, (2, 0), max_header_size)


def header_data_from_array_1_0(array):
    """What the header of an array says, as a dict."""
    fortran = array.flags.f_contiguous and not array.flags.c_contiguous
    return {"shape": array.shape, "fortran_order": fortran, "descr": dtype_to_descr(array.dtype)}


def _header(dtype, fortran, shape, version=None):
    _check_version(version)
    plain = cv._npy_header(dtype, fortran, shape)
    if version in (None, (plain[6], plain[7])):
        return plain
    if version == (1, 0):
        raise ValueError("Header length too big for version=(1, 0)")
    # padded again, because the length of the header takes more bytes
    return _padded(plain[10 if plain[6] == 1 else 12 :].rstrip(b" \n"), version)


def _padded(text, version):
    """A header of magic, length and text, filled up so that the elements begin at a multiple of `ARRAY_ALIGN`."""
    form = "<H" if version == (1, 0) else "<I"
    total = MAGIC_LEN + struct.calcsize(form) + len(text) + 1
    text += b" " * (-total % ARRAY_ALIGN) + b"\n"
    return magic(*version) + struct.pack(form, len(text)) + text


def _write_header(fp, d, version):
    if d.keys() == {"descr", "fortran_order", "shape"}:
        try:
            dtype = cv.dtype(d["descr"])
        except TypeError:
            pass
        else:
            fp.write(_header(dtype, d["fortran_order"], d["shape"], version))
            return
    # what no array here has is written as it is
    text = "{" + "".join(f"{key!r}: {d[key]!r}, " for key in sorted(d)) + "}"
    fp.write(_padded(text.encode("latin1"), version))


def write_array_header_1_0(fp, d):
    """Writes magic and header of version 1."""
    _write_header(fp, d, (1, 0))


def write_array_header_2_0(fp, d):
    """Writes magic and header of version 2."""
    _write_header(fp, d, (2, 0))


def _bytes_of(array):
    """The elements in C order as something that `write` takes, without a copy where they lie so."""
    if array.size and array.flags.c_contiguous and array.dtype.isnative and array.dtype.isbuiltin == 1 and not array.requires_grad:
        return memoryview(array.reshape(-1).view("uint8"))
    return array.tobytes()


def write_array(fp, array, version=None, allow_pickle=True, pickle_kwargs=None):
    """Writes an array in the `.npy` format to an open file."""
    array = cv.asarray(array)
    fortran = array.flags.f_contiguous and not array.flags.c_contiguous
    fp.write(_header(array.dtype, fortran, array.shape, version))
    fp.write(_bytes_of(array.T if fortran else array))


def _fill(fp, array):
    """Reads the bytes of a new array; returns how many came."""
    if array.size == 0:
        return 0
    target = memoryview(array.reshape(-1).view("uint8"))
    came = 0
    if hasattr(fp, "readinto"):
        while came < len(target):
            n = fp.readinto(target[came:])
            if not n:
                break
            came += n
        return came
    while came < len(target):
        part = fp.read(min(len(target) - came, 1 << 20))
        if not part:
            break
        target[came : came + len(part)] = part
        came += len(part)
    return came


def _as_read(array, dtype):
    """New memory that was filled from a file as an array of the file's dtype."""
    if dtype.isnative:
        return array
    return cv._declared(array.byteswap(inplace=True), dtype)


def _left(fp):
    """Bytes that an open file has left, where it can say so."""
    try:
        here = fp.tell()
        end = fp.seek(0, os.SEEK_END)
        fp.seek(here)
    except (OSError, AttributeError, ValueError):
        return None
    return end - here if isinstance(end, int) else None


def read_array(fp, allow_pickle=False, pickle_kwargs=None, *, max_header_size=_MAX_HEADER):
    """Reads one array in the `.npy` format from an open file."""
    if allow_pickle:
        max_header_size = 2**31
    shape, fortran, dtype = _read_header(fp, read_magic(fp), max_header_size)
    size = dtype.itemsize
    for n in shape:
        size *= n
    left = getattr(fp, "_left", None) or _left(fp)
    if left is not None and size > left:
        raise ValueError(
            f"Failed to read all data for array. Expected {shape} = {size // dtype.itemsize} elements, could only read "
            f"{left // dtype.itemsize} elements. (file seems not fully written?)"
        )
    native = dtype.newbyteorder("=")
    stored = shape[::-1] if fortran else shape
    if left is None:
        # nobody knows how long the stream is: memory grows with what has come
        array = cv.frombuffer(bytearray(_exactly(fp, size)), native).reshape(stored).copy()
    else:
        array = cv.empty(stored, dtype=native)
        if _fill(fp, array) != size:
            raise ValueError("EOF: reading array data, the file ends within the array")
    if array.dtype == "bool":
        # other bytes than 0 and 1 are true
        array[...] = array.view("uint8") != 0
    array = _as_read(array, dtype)
    return array.T if fortran else array


def _open_bytes(file, mode="rb"):
    if hasattr(file, "read" if "r" in mode else "write"):
        return contextlib.nullcontext(file)
    return open(os.fspath(file), mode)  # noqa: SIM115


@contextlib.contextmanager
def _replacing(path):
    """A file that takes the place of `path` when it is complete."""
    path = os.fspath(path)
    for n in itertools.count():
        temporary = os.path.join(os.path.dirname(path), f".{os.path.basename(path)}.{os.getpid()}.{n}.tmp")
        # another thread's, or one that a killed process left
        with contextlib.suppress(FileExistsError):
            file = open(temporary, "xb")  # noqa: SIM115
            break
    try:
        with file as f:
            yield f
        os.replace(temporary, path)
    except BaseException:
        with contextlib.suppress(OSError):
            os.unlink(temporary)
        raise


@overridable
def save(file, arr, allow_pickle=True):
    """Writes an array to an `.npy` file. A file that is there is replaced when the new one is complete."""
    arr = cv.asanyarray(arr)
    if hasattr(file, "write"):
        write_array(file, arr)
        return
    path = os.fspath(file)
    path = path if path.endswith(".npy") else path + ".npy"
    if arr.dtype.isnative:
        cv._npy_save(path, arr)
        return
    with _replacing(path) as f:
        write_array(f, arr)


def load(file, mmap_mode=None, allow_pickle=False, fix_imports=True, encoding="ASCII", *, max_header_size=_MAX_HEADER):
    """Reads the array of an `.npy` file, or the arrays of an `.npz` file. `mmap_mode` maps the file into memory instead."""
    if encoding not in ("ASCII", "latin1", "bytes"):
        raise ValueError("encoding must be 'ASCII', 'latin1', or 'bytes'")
    own = not hasattr(file, "read")
    fid = open(os.fspath(file), "rb") if own else file  # noqa: SIM115
    try:
        first = fid.read(len(MAGIC_PREFIX))
        if not first:
            raise EOFError("No data left in file")
        fid.seek(-min(len(MAGIC_PREFIX), len(first)), 1)
        if first.startswith((b"PK\x03\x04", b"PK\x05\x06")):
            result = NpzFile(fid, own_fid=own, max_header_size=max_header_size)
            own = False
            return result
        if first == MAGIC_PREFIX:
            if mmap_mode:
                return open_memmap(file, mode=mmap_mode, max_header_size=max_header_size)
            return read_array(fid, max_header_size=max_header_size)
        raise ValueError(
            "This file contains pickled (object) data, or is no file of NumPy's.\n  rule: `load` reads npy and npz; "
            "`pickle.load` reads pickles, which run the code that they hold"
        )
    finally:
        if own:
            fid.close()


# ---- npz


class _Files:
    def __init__(self, npz):
        self._npz = npz

    def __getattr__(self, key):
        try:
            return self._npz[key]
        except KeyError:
            raise AttributeError(key) from None

    def __dir__(self):
        return list(self._npz)


class NpzFile(Mapping):
    """The arrays of an `.npz` file by name, read when they are asked for. Close it, or use it in a `with` block."""

    def __init__(self, fid, own_fid=False, allow_pickle=False, pickle_kwargs=None, *, max_header_size=_MAX_HEADER):
        import zipfile

        try:
            self.zip = zipfile.ZipFile(fid, allowZip64=True)
        except BaseException as error:
            if isinstance(error, (zipfile.BadZipFile, NotImplementedError)):
                raise ValueError(f"the archive is damaged: {error}") from error
            raise
        self.fid = fid if own_fid else None
        self._names = self.zip.namelist()
        self.files = [name.removesuffix(".npy") for name in self._names]
        self.max_header_size = max_header_size
        self.f = _Files(self)

    def close(self):
        """Closes the file."""
        if self.zip is not None:
            self.zip.close()
            self.zip = None
        if self.fid is not None:
            self.fid.close()
            self.fid = None
        self.f = None

    def __enter__(self):
        return self

    def __exit__(self, *error):
        self.close()

    def __del__(self):
        with contextlib.suppress(AttributeError):
            self.close()

    def __iter__(self):
        return iter(self.files)

    def __len__(self):
        return len(self.files)

    def __getitem__(self, key):
        if key in self._names:
            name = key
        elif key in self.files:
            name = key + ".npy"
        else:
            raise KeyError(f"{key} is not a file in the archive")
        import zipfile
        import zlib

        try:
            with self.zip.open(name) as member:
                first = member.read(len(MAGIC_PREFIX))
                if first != MAGIC_PREFIX:
                    return first + member.read()
                return read_array(_Member(member, first, self.zip.getinfo(name)), max_header_size=self.max_header_size)
        except (zipfile.BadZipFile, zlib.error, RuntimeError) as error:
            # encrypted, or packed by a method that is not there
            raise ValueError(f"member {name!r} of the archive is damaged: {error}") from error

    def __contains__(self, key):
        return key in self._names or key in self.files

    def __repr__(self):
        name = getattr(self.fid, "name", "object")
        shown = ", ".join(self.files[:5]) + ("..." if len(self.files) > 5 else "")
        return f"NpzFile {name!r} with keys: {shown}"


class _Member:
    """A member of an archive as a stream that knows how much it holds: what it says, but no more than deflate can pack."""

    def __init__(self, member, first, info):
        self._member, self._first = member, first
        self._left = min(info.file_size, info.compress_size * 1032 + 1032)

    def read(self, size=-1):
        if self._first:
            part, self._first = self._first[:size], self._first[size:]
            return part
        return self._member.read(size)

    def readinto(self, target):
        if self._first:
            part = self.read(len(target))
            target[: len(part)] = part
            return len(part)
        return self._member.readinto(target)


def _savez(file, args, kwds, compress):
    import zipfile

    arrays = dict(kwds)
    for i, a in enumerate(args):
        name = f"arr_{i}"
        if name in arrays:
            raise ValueError(f"Cannot use un-named variables and keyword {name}")
        arrays[name] = a
    arrays = {name: cv.asanyarray(a) for name, a in arrays.items()}
    method = zipfile.ZIP_DEFLATED if compress else zipfile.ZIP_STORED
    if hasattr(file, "write"):
        target = contextlib.nullcontext(file)
    else:
        path = os.fspath(file)
        target = _replacing(path if path.endswith(".npz") else path + ".npz")
    with target as f, zipfile.ZipFile(f, "w", compression=method, allowZip64=True) as archive:
        for name, a in arrays.items():
            with archive.open(name + ".npy", "w", force_zip64=True) as member:
                write_array(member, a)


@overridable
def savez(file, *args, allow_pickle=True, **kwds):
    """Writes arrays to an `.npz` file, under names given by keyword or `arr_0`, `arr_1`, …"""
    _savez(file, args, kwds, compress=False)


@overridable
def savez_compressed(file, *args, allow_pickle=True, **kwds):
    """As `savez`, deflated."""
    _savez(file, args, kwds, compress=True)


# ---- memory maps


def _mapped(path, dtype, mode, offset, shape, order):
    import mmap

    modes = {"readonly": "r", "copyonwrite": "c", "readwrite": "r+", "write": "w+"}
    mode = modes.get(mode, mode)
    if mode not in ("r", "c", "r+", "w+"):
        raise ValueError(f"mode must be one of {['r', 'c', 'r+', 'w+', *modes]!r} (got {mode!r})")
    dtype = cv.dtype(dtype)
    if not dtype.isnative:
        raise ValueError(f"a file in the other byte order ({dtype.str}) cannot be mapped\n  hint: `load` or `fromfile` converts it")
    if mode == "w+" and shape is None:
        raise ValueError("shape must be given if mode == 'w+'")
    opened = contextlib.nullcontext(path) if hasattr(path, "read") else None
    with opened or open(os.fspath(path), "rb" if mode in ("r", "c") else "r+b" if mode == "r+" else "w+b") as f:
        end = f.seek(0, os.SEEK_END)
        if shape is None:
            if (end - offset) % dtype.itemsize:
                raise ValueError("Size of the available data is not a multiple of the data-type size.")
            shape = ((end - offset) // dtype.itemsize,)
        elif not isinstance(shape, tuple):
            shape = tuple(shape) if hasattr(shape, "__iter__") else (operator.index(shape),)
        count = 1
        for n in shape:
            count *= n
        size = offset + count * dtype.itemsize
        if mode in ("w+", "r+") and end < size:
            f.seek(max(size, 1) - 1)
            f.write(b"\0")
            f.flush()
        elif end < size:
            raise ValueError("mmap length is greater than file size")
        elif end == 0 and mode in ("r", "c"):
            raise ValueError("cannot mmap an empty file")
        if count == 0:
            return cv.empty(shape, dtype=dtype, order=order), None, mode
        start = offset - offset % mmap.ALLOCATIONGRANULARITY
        access = {"r": mmap.ACCESS_READ, "c": mmap.ACCESS_COPY}.get(mode, mmap.ACCESS_WRITE)
        memory = mmap.mmap(f.fileno(), size - start, access=access, offset=start)
    flat = cv.frombuffer(memory, dtype, count, offset - start)
    return flat.reshape(shape, order=order), memory, mode


class memmap(cv.ndarray):
    """An array over the memory of a file: `cv.memmap(path, dtype, mode, offset, shape, order)`.

    What is written into it in mode `r+` or `w+` goes to the file; `flush` waits for that. A view is a `memmap` too, a result that
    has memory of its own an `ndarray`. `filename` is the absolute path, a `Path` of a `Path`, `offset` where in the file the elements begin.
    """

    __array_priority__ = -100.0

    def __new__(cls, filename, dtype="uint8", mode="r+", offset=0, shape=None, order="C"):
        array, memory, mode = _mapped(filename, dtype, mode, offset, shape, order)
        self = array.view(cls)
        path = getattr(filename, "name", None) if hasattr(filename, "read") else filename
        if isinstance(path, os.PathLike):
            self.filename = path.resolve()
        else:
            self.filename = os.path.abspath(path) if isinstance(path, str) else None
        self._mmap, self.offset, self.mode = memory, offset, mode
        return self

    def __array_finalize__(self, obj):
        ours = isinstance(obj, memmap) and cv.may_share_memory(self, obj)
        for name in ("_mmap", "filename", "offset", "mode"):
            setattr(self, name, getattr(obj, name, None) if ours else None)

    def __array_wrap__(self, arr, context=None, return_scalar=False):
        """A result as an `ndarray`, unless it is this array."""
        if arr is self or type(self) is not memmap:
            return super().__array_wrap__(arr, context, return_scalar)
        return arr[()] if return_scalar else arr.view(cv.ndarray)

    def __getitem__(self, index):
        found = super().__getitem__(index)
        if type(found) is memmap and found._mmap is None:
            return found.view(cv.ndarray)
        return found

    def flush(self):
        """Writes what has changed to the file and waits for it."""
        if self._mmap is not None and self.mode in ("r+", "w+"):
            self._mmap.flush()


def open_memmap(filename, mode="r+", dtype=None, shape=None, fortran_order=False, version=None, *, max_header_size=_MAX_HEADER):
    """An array over the memory of an `.npy` file, which mode `w+` makes."""
    if hasattr(filename, "read"):
        raise ValueError("Filename must be a string or a path-like object. Memmap cannot use existing file handles.")
    path = os.fspath(filename)
    if "w" in mode:
        dtype = cv.dtype(dtype)
        with open(path, mode + "b") as f:
            f.write(_header(dtype, fortran_order, shape, version))
            offset = f.tell()
        mode = "r+"
    else:
        with open(path, "rb") as f:
            shape, fortran_order, dtype = _read_header(f, read_magic(f), max_header_size)
            offset = f.tell()
    return memmap(filename, dtype, mode, offset, shape, "F" if fortran_order else "C")


def isfileobj(f):
    """Returns true for files of the system, which know their descriptor."""
    if not isinstance(f, (io.FileIO, io.BufferedReader, io.BufferedWriter)):
        return False
    try:
        f.fileno()
    except OSError:
        return False
    return True


# ---- raw bytes, numbers between separators


@takes_like
def fromfile(file, dtype=float, count=-1, sep="", offset=0, *, like=None):
    """The elements of a file: of its bytes, or with `sep` of the numbers of its text."""
    dtype = cv.dtype(dtype)
    if sep and offset:
        raise TypeError("'offset' argument only permitted for binary files")
    with _open_bytes(file) as f:
        if sep:
            text = f.read()
            text = text.decode("latin1") if isinstance(text, bytes) else text
            return fromstring(text, dtype, count, sep=sep)
        if offset:
            f.seek(offset, os.SEEK_CUR)
        left = _left(f)
        if left is None:
            data = f.read() if count < 0 else f.read(count * dtype.itemsize)
            return cv.frombuffer(bytearray(data), dtype, len(data) // dtype.itemsize).copy()
        # no memory for more than there is
        whole = builtins.max(left, 0) // dtype.itemsize
        array = cv.empty(whole if count < 0 else builtins.min(count, whole), dtype=dtype.newbyteorder("="))
        _fill(f, array)
        if count > whole and left > 0:
            # who asked for more has read the rest, which is no element
            f.seek(0, os.SEEK_END)
    return _as_read(array, dtype)


def tofile(array, fid, sep="", format="%s"):  # noqa: A002
    """Writes the elements of an array to a file; see `ndarray.tofile`."""
    if sep == "":
        data = _bytes_of(array)
    else:
        values = array.ravel().tolist()
        if format in ("", "%s"):
            text = sep.join(str(v) if isinstance(v, bool) else repr(v) for v in values)
        else:
            text = sep.join(format % v for v in values)
        data = text.encode("ascii")
    with _open_bytes(fid, "wb") as f:
        try:
            f.write(data)
        except TypeError:
            f.write(data.decode("ascii") if isinstance(data, bytes) else bytes(data).decode("ascii"))


_NUMBER = re.compile(
    r"\s*([+-]?(?:inf(?:inity)?|nan(?:\(\w*\))?|(?:\d+\.?\d*|\.\d+)(?:e[+-]?\d+)?j?(?:[+-](?:\d+\.?\d*|\.\d+)(?:e[+-]?\d+)?j)?))", re.I
)


def _parse(dtype):
    if dtype.kind == "b":
        return lambda t: bool(float(t))
    if dtype.kind in "iu":
        return int
    if dtype.kind == "c":
        return lambda t: complex(t.replace("i", "j") if t.endswith("i") else t)
    return float


@takes_like
def fromstring(string, dtype=float, count=-1, *, sep="", like=None):
    """The numbers of a text between separators. Blanks of a separator stand for any blanks."""
    dtype = cv.dtype(dtype)
    if isinstance(string, bytes):
        string = string.decode("latin1")
    if not isinstance(string, str):
        raise TypeError(f"fromstring() argument 1 must be read-only bytes-like object, not {type(string).__name__}")
    if sep == "":
        raise ValueError("The binary mode of fromstring is removed, use frombuffer instead")
    pattern = r"\s*".join(re.escape(part) for part in sep.split())
    separator = re.compile(rf"\s*{pattern}\s*" if pattern else r"\s+")
    parse = _parse(dtype)
    values, at = [], 0
    end = len(string.rstrip())
    ended = True
    while at < end and len(values) != count:
        found = _NUMBER.match(string, at)
        text = found and found.group(1)
        if text and dtype.kind in "iu":
            text = re.match(r"[+-]?\d+", text)
            text = text and text.group(0)
        if not text:
            ended = False
            break
        values.append(parse(text.split("(")[0]))
        at = found.start(1) + len(text)
        step = separator.match(string, at)
        if step is None or (not pattern and step.end() == at):
            ended = at >= end
            break
        at = step.end()
    if not ended and len(values) != count:
        raise ValueError("string or file could not be read to its end due to unmatched data")
    return cv.array(values, dtype=dtype) if values else cv.zeros(0, dtype=dtype)


def fromregex(file, regexp, dtype, encoding=None):
    """Refused: its result is an array of structures."""
    raise TypeError("fromregex makes arrays of structures, which do not exist\n  hint: `cv.array(re.findall(...))` of each group")


# ---- tables


def _open_text(fname, mode="r", encoding=None):
    """A text file by its path, unpacked by its ending, or what is a file already."""
    if not isinstance(fname, (str, os.PathLike)):
        return contextlib.nullcontext(fname)
    path = os.fspath(fname)
    openers = {".gz": "gzip", ".bz2": "bz2", ".xz": "lzma", ".lzma": "lzma"}
    module = openers.get(os.path.splitext(path)[1])
    if encoding == "bytes":
        encoding = "latin1"
    if module is None:
        return open(path, mode, encoding=encoding)
    import importlib

    return importlib.import_module(module).open(path, mode + "t", encoding=encoding)


def _text_lines(source, encoding):
    for line in source:
        if isinstance(line, bytes):
            line = line.decode(encoding if encoding not in (None, "bytes") else "latin1")
        elif not isinstance(line, str):
            raise TypeError("non-string returned while reading data")
        yield line


def _whole_text(fname, encoding):
    """All bytes of a table, where they can be read at once and are ASCII, else None; and what is read line by line then."""
    if encoding not in (None, "bytes", "ascii", "utf-8", "utf8", "latin1"):
        return None, fname
    if isinstance(fname, (str, os.PathLike)):
        path = os.fspath(fname)
        if os.path.splitext(path)[1] in (".gz", ".bz2", ".xz", ".lzma"):
            return None, fname
        with open(path, "rb") as f:
            data = f.read()
        return data if data.isascii() else None, fname
    if isinstance(fname, types.GeneratorType):
        fname = list(fname)
    if type(fname) in (list, tuple):
        return _joined(fname), fname
    if not isinstance(fname, (io.BytesIO, io.StringIO, io.TextIOWrapper, io.BufferedReader)):
        return None, fname
    here = fname.tell() if fname.seekable() else None
    read = fname.read()
    data = read.encode() if isinstance(read, str) else read
    # which carriage returns end a line is the open file's to say
    if data.isascii() and b"\r" not in data.replace(b"\r\n", b"\n"):
        return data, fname
    if here is not None:
        fname.seek(here)
        return None, fname
    return None, io.StringIO(read) if isinstance(read, str) else io.BytesIO(read)


def _joined(lines):
    """The bytes of lines, each of which may end in a newline; None where they are no ASCII text or hold other newlines."""
    try:
        text = "\n".join(lines).encode() if lines and isinstance(lines[0], str) else b"\n".join(lines)
    except (TypeError, UnicodeEncodeError):
        return None
    if text.count(b"\n") != len(lines) - 1:
        if lines and isinstance(lines[0], bytes):
            text = b"\n".join([line.removesuffix(b"\n") for line in lines])
        else:
            text = "\n".join([line.removesuffix("\n") for line in lines]).encode()
    whole = text.isascii() and b"\r" not in text and text.count(b"\n") == len(lines) - 1
    return text + b"\n" if whole else None


def _columns(usecols):
    if usecols is None:
        return None
    try:
        usecols = list(usecols)
    except TypeError:
        usecols = [usecols]
    for column in usecols:
        try:
            operator.index(column)
        except TypeError:
            raise TypeError(
                f"usecols must be an int or a sequence of ints but it contains at least one element of type {type(column)}"
            ) from None
    return [operator.index(c) for c in usecols]


def _shaped(table, ndmin, unpack):
    if table.ndim > ndmin:
        table = table.squeeze()
    if table.ndim < ndmin:
        table = table.reshape(1) if ndmin == 1 else table.reshape(1, -1).T if table.ndim == 1 else table.reshape(1, 1)
    return table.T if unpack else table


@takes_like
def loadtxt(fname, dtype=float, comments="#", delimiter=None, converters=None, skiprows=0, usecols=None, unpack=False, ndmin=0,
            encoding=None, max_rows=None, *, quotechar=None, like=None):  # fmt: skip
    """The numbers of a text file, one row for each line."""
    dtype = cv.dtype(dtype)
    if ndmin not in (0, 1, 2):
        raise ValueError(f"Illegal value of ndmin keyword: {ndmin}")
    delimiter, quotechar = (c.decode("latin1") if isinstance(c, bytes) else c for c in (delimiter, quotechar))
    if comments is None:
        comments = []
    else:
        comments = [comments] if isinstance(comments, (str, bytes)) else list(comments)
        comments = [c.decode("latin1") if isinstance(c, bytes) else c for c in comments]
        if any(not isinstance(c, str) for c in comments):
            raise TypeError("comments must be a string or a sequence of strings")
        if "" in comments:
            raise ValueError("comments cannot be an empty string. Use comments=None to disable comments.")
    _check_controls(delimiter, quotechar, comments)
    _check_converters(converters)
    if not isinstance(fname, (str, os.PathLike)) and not hasattr(fname, "__iter__") and not hasattr(fname, "__getitem__"):
        raise ValueError(f"fname must be a string, filehandle, list of strings,\nor generator. Got {type(fname)} instead.")
    for limit in (skiprows, max_rows):
        if limit is not None and (isinstance(limit, bool) or not hasattr(limit, "__index__")):
            raise TypeError(f"argument must be an integer but got {type(limit)}")
        if limit is not None and operator.index(limit) < 0:
            raise ValueError("argument must be nonnegative")
    columns = _columns(usecols)
    table = None
    # with `max_rows` an open file is read no further than the last row
    whole = max_rows is None or isinstance(fname, (str, os.PathLike, list, tuple))
    plain = converters is None and quotechar is None and whole and builtins.all(len(c) == 1 and c.isascii() for c in comments)
    if plain and len(comments) <= 1 and (delimiter is None or delimiter.isascii()) and dtype.kind in "fiu" and dtype.isnative:
        text, fname = _whole_text(fname, encoding)
        if text is not None:
            try:
                table = cv._parse_table(text, delimiter, comments[0] if comments else None, skiprows, max_rows, columns, dtype)
                if max_rows is not None:
                    _warn_of_empty_lines(text, comments[0].encode() if comments else None, skiprows, max_rows)
            except ValueError:
                if dtype.kind == "f":
                    raise
                # integers beyond int64
                fname = io.StringIO(text.decode(), newline=None)
    if table is None:
        with _open_text(fname, "r", encoding) as source:
            lines = _text_lines(source, encoding)
            table = _slow_table(lines, dtype, comments, delimiter, converters, skiprows, columns, max_rows, quotechar, encoding)
    if table.shape[0] == 0:
        warn(f'loadtxt: input contained no data: "{fname}"', UserWarning)
        width = len(columns) if columns else int(ndmin == 2)
        table = table.reshape((0, width) if width else 0)
    return _shaped(table, ndmin, unpack)


def _check_controls(delimiter, quote, comments):
    """Refuses characters that cannot be told from each other."""
    single = comments if len(comments) == 1 and len(comments[0]) == 1 else []
    if quote is not None and comments and not single:
        raise ValueError("when multiple comments or a multi-character comment is given, quotes are not supported.  In this case quotechar must be set to None.")
    if len(single) != len(comments) and delimiter is not None and any(delimiter in c for c in comments):
        raise TypeError(f"Comment characters '{comments}' cannot include the delimiter '{delimiter}'")
    named = [("delimiter", delimiter), ("quotechar", quote), *(("comments", c) for c in single)]
    for name, c in named:
        if c is not None and (not isinstance(c, str) or len(c) != 1):
            raise TypeError(f"Text reading control character must be a single unicode character or None; but got: {c!r}")
        if c in ("\n", "\r"):
            raise TypeError(f"Text reading control character cannot be a newline; but `{name}` is one")
    given = [c for _, c in named if c is not None]
    if len(set(given)) < len(given) or (delimiter is None and any(c.isspace() for c in given)):
        raise TypeError("The control characters 'delimiter', 'quotechar', and 'comments' are identical or incompatible")


def _check_converters(converters):
    if converters is None or callable(converters):
        return
    if not isinstance(converters, dict):
        raise TypeError("converters must be a dictionary mapping columns to converter functions or a single callable.")
    for key, convert in converters.items():
        if not hasattr(key, "__index__"):
            raise TypeError(f"keys of the converters dictionary must be integers; got {key!r}")
        if not callable(convert):
            raise TypeError(f"values of the converters dictionary must be callable, but the value for key {key!r} is not")


def _fields(line, lines, delimiter, quote, cut):
    """The fields of a line, which goes on in the next lines where a quoted field does; None where there is only a comment."""
    if quote is None or quote not in line:
        line = line.removesuffix("\n").removesuffix("\r")
        found = cut.search(line) if cut is not None else None
        line = line[: found.start()] if found else line
        if "\n" in line or "\r" in line:
            raise ValueError(
                "Found an unquoted embedded newline within a single line of input.  This is currently not supported."
            )
        if not (line.strip() if delimiter is None else line):
            return None
        return line.split() if delimiter is None else line.split(delimiter)
    fields, text, quoted, starts, after_quote = [], "", False, True, False
    while True:
        for i, c in enumerate(line):
            if quoted:
                if c != quote:
                    text += c
                else:
                    quoted, after_quote = False, True
            elif c == quote and after_quote:
                # twice is one that is meant
                text += c
                quoted, after_quote = True, False
            elif c == quote and starts:
                quoted, starts, after_quote = True, False, False
            elif c in "\r\n" and not line[i:].strip("\r\n"):
                break
            elif c in "\r\n":
                raise ValueError(
                    "Found an unquoted embedded newline within a single line of input.  This is currently not supported."
                )
            elif cut is not None and cut.match(c):
                break
            elif c == delimiter or (delimiter is None and c.isspace()):
                if delimiter is not None or not starts:
                    fields.append(text)
                text, starts, after_quote = "", True, False
            else:
                text += c
                starts = after_quote = False
        line = next(lines, (0, None))[1] if quoted else None
        if line is None:
            break
    if delimiter is not None or not starts:
        fields.append(text)
    return fields


def _integer(text):
    if not text.strip().isascii():
        raise ValueError(text)
    return int(text)


def _float(text):
    if not text.strip().isascii():
        raise ValueError(text)
    return float(text)


def _complex(text):
    text = text.strip()
    if text.startswith("(") and text.endswith(")"):
        text = text[1:-1]
    text = text.replace("+-", "-").replace("++", "+")
    return complex(text.replace("i", "j") if "n" not in text.lower() else text)


def _plain(parse, limits=None):
    """A parser that refuses Python's underscores between digits, and what the dtype cannot hold."""

    def strict(text):
        if "_" in text:
            raise ValueError(text)
        value = parse(text)
        if limits is not None and not limits.min <= value <= limits.max:
            raise ValueError(text)
        return value

    return strict


def _warn_of_empty_line(number, max_rows):
    """NumPy's warning, which is given once for each call."""
    warn(
        f"Input line {number + 1} contained no data and will not be counted towards `max_rows={max_rows}`.  This differs from "
        "the behaviour in NumPy <=1.22 which counted lines rather than rows.  If desired, the previous behaviour can be achieved by using "
        "`itertools.islice`.\nPlease see the 1.23 release notes for an example on how to do this.  If you wish to ignore this warning, use "
        "`warnings.filterwarnings`.  This warning is expected to be removed in the future and is given only once per `loadtxt` call.",
        UserWarning,
    )


def _warn_of_empty_lines(text, comment, skiprows, max_rows):
    """Of the first before the last row that counts."""
    beginning = re.escape(comment) + rb"|" if comment else b""
    if not re.search(rb"(?m)^[ \t]*(?:" + beginning + rb"\r?\n)", text):
        return
    lines = enumerate(text.splitlines())
    for number, line in itertools.islice(lines, skiprows, skiprows + max_rows):
        if not (line.split(comment, 1)[0] if comment else line).strip():
            _warn_of_empty_line(number, max_rows)
            return


def _converter(convert, dtype, encoding):
    """A function of the user's, whose results are checked one by one: an error names the field. None is NaN."""

    def converted(field):
        value = convert(field.encode("latin1") if encoding == "bytes" else field)
        if dtype.kind == "b":
            return bool(value)
        if isinstance(value, bytes):
            value = value.decode("latin1")
        if value is None and dtype.kind in "fc":
            return float("nan") if dtype.kind == "f" else complex("nan+nanj")
        if isinstance(value, (list, tuple)) or getattr(value, "ndim", 0):
            raise ValueError("setting an array element with a sequence")
        cv.array(value, dtype=dtype)
        return value

    return converted


def _slow_table(lines, dtype, comments, delimiter, converters, skiprows, columns, max_rows, quote, encoding):
    parse = {"b": lambda t: bool(_integer(t)), "i": _integer, "u": _integer, "c": _complex}.get(dtype.kind, _float)
    parse = _plain(parse, cv.iinfo(dtype) if dtype.kind in "iu" else None)
    cut = re.compile("|".join(map(re.escape, comments))) if comments else None
    by_column = None
    if callable(converters):
        parse = _converter(converters, dtype, encoding)
    elif converters is not None:
        by_column = {key: _converter(one, dtype, encoding) for key, one in converters.items()}
    rows, width, told = [], None, False
    numbered = enumerate(lines)
    for i, line in numbered if max_rows != 0 else ():
        if i < skiprows:
            continue
        fields = _fields(line, numbered, delimiter, quote, cut)
        if fields is None:
            if max_rows is not None and not told:
                told = True
                _warn_of_empty_line(i, max_rows)
            continue
        if by_column is not None and columns is None and not rows:
            for key in by_column:
                if not -len(fields) <= key < len(fields):
                    raise ValueError(f"converter specified for column {key}, which is invalid for the number of fields {len(fields)}.")
        places = range(len(fields)) if columns is None else columns
        row = []
        for column in places:
            at = column + len(fields) if column < 0 else column
            if not 0 <= at < len(fields):
                raise ValueError(f"invalid column index {column} at row {len(rows) + 1} with {len(fields)} columns")
            one = parse
            if by_column is not None:
                one = by_column.get(at, by_column.get(at - len(fields), parse))
            try:
                row.append(one(fields[at]))
            except Exception as error:
                raise ValueError(
                    f"could not convert string {fields[at]!r} to {dtype.name} at row {len(rows)}, column {at + 1}."
                ) from error
        if width is None:
            width = len(row)
        elif width != len(row):
            raise ValueError(
                f"the number of columns changed from {width} to {len(row)} at row {len(rows) + 1}; use `usecols` to select a "
                "subset and avoid this error"
            )
        rows.append(row)
        if max_rows is not None and len(rows) >= max_rows:
            break
    if not rows:
        return cv.zeros((0, len(columns) if columns else 0), dtype=dtype)
    return cv.array(rows, dtype=dtype).reshape(len(rows), width)


@overridable
def savetxt(fname, X, fmt="%.18e", delimiter=" ", newline="\n", header="", footer="", comments="# ", encoding=None):
    """Writes an array with one or two axes as text, a row on each line."""
    fmt = fmt.decode("latin1") if isinstance(fmt, bytes) else fmt
    delimiter = delimiter.decode("latin1") if isinstance(delimiter, bytes) else delimiter
    if not isinstance(fname, (str, os.PathLike)) and not hasattr(fname, "write"):
        raise ValueError("fname must be a string or file handle")
    X = cv.asarray(X)
    if X.ndim == 0 or X.ndim > 2:
        raise ValueError(f"Expected 1D or 2D array, got {X.ndim}D array instead")
    rows = X.reshape(-1, 1) if X.ndim == 1 else X
    columns, is_complex = rows.shape[1], X.dtype.kind == "c"
    if isinstance(fmt, (list, tuple)):
        if len(fmt) != columns:
            raise AttributeError(f"fmt has wrong shape.  {fmt}")
        row_format = delimiter.join(fmt)
    elif isinstance(fmt, str):
        count = fmt.count("%")
        wrong = ValueError(f"fmt has wrong number of % formats:  {fmt}")
        if count == 1:
            one = f" ({fmt}+{fmt}j)" if is_complex else fmt
            row_format = delimiter.join([one] * columns)
        elif (is_complex and count != 2 * columns) or (not is_complex and count != columns):
            raise wrong
        else:
            row_format = fmt
    else:
        raise ValueError(f"invalid fmt: {fmt!r}")

    # `tolist` is faster, but its floats are doubles, and its booleans integers
    exact = X.dtype.kind in "iu" or X.dtype in ("float64", "complex128")
    scalars = X.dtype.kind == "b" or re.search("%[^%a-zA-Z]*[ra]" if exact else "%[^%a-zA-Z]*[ras]", row_format)

    def commented(text):
        return comments + text.replace("\n", "\n" + comments) + newline

    def text():
        if header:
            yield commented(header)
        step = builtins.max(1, 65536 // builtins.max(columns, 1))
        for start in range(0, rows.shape[0], step):
            block = rows[start : start + step]
            for row in block if scalars else block.tolist():
                if is_complex:
                    row = [part for v in row for part in (v.real, v.imag)]
                try:
                    line = row_format % tuple(row) + newline
                except TypeError as error:
                    raise TypeError(
                        f"Mismatch between array dtype ('{X.dtype}') and format specifier ('{row_format}')"
                    ) from error
                yield line.replace("+-", "-") if is_complex else line
        if footer:
            yield commented(footer)

    if hasattr(fname, "write"):
        for part in text():
            try:
                fname.write(part)
            except TypeError:
                fname.write(part.encode(encoding or "latin1"))
        return
    with _open_text(fname, "w", encoding) as f:
        f.writelines(text())


@takes_like
def genfromtxt(fname, dtype=float, comments="#", delimiter=None, skip_header=0, skip_footer=0, converters=None,
               missing_values=None, filling_values=None, usecols=None, names=None, excludelist=None, deletechars=None,
               replace_space="_", autostrip=False, case_sensitive=True, defaultfmt="f%i", unpack=None, usemask=False, loose=True,
               invalid_raise=True, max_rows=None, encoding=None, *, ndmin=0, like=None):  # fmt: skip
    """The numbers of a text file with missing values, one row for each line. `dtype=None` finds the dtype."""
    if names is not None:
        raise TypeError("genfromtxt with names makes arrays of structures, which do not exist\n  hint: `skip_header=1` leaves the names out")
    if usemask:
        raise TypeError("genfromtxt with usemask makes masked arrays, which do not exist")
    if max_rows is not None:
        if skip_footer:
            raise ValueError("The keywords 'skip_footer' and 'max_rows' can not be specified at the same time.")
        if max_rows < 1:
            raise ValueError("'max_rows' must be at least 1.")
    if ndmin not in (0, 1, 2):
        raise ValueError(f"Illegal value of ndmin keyword: {ndmin}")
    if not isinstance(converters or {}, dict):
        raise TypeError(f"The input argument 'converter' should be a valid dictionary (got '{type(converters)}' instead)")
    text = lambda v: v.decode("latin1") if isinstance(v, bytes) else v  # noqa: E731
    comments, delimiter = text(comments), text(delimiter)
    if isinstance(usecols, str):
        usecols = [int(c) for c in usecols.split(",")]
    columns = _columns(usecols) or None
    if isinstance(fname, str) or isinstance(fname, os.PathLike):
        opened = _open_text(fname, "r", encoding)
    else:
        try:
            iter(fname)
        except TypeError as error:
            raise TypeError(f"fname must be a string, a filehandle, a sequence of strings,\nor an iterator of strings. Got "
                            f"{type(fname)} instead.") from error  # fmt: skip
        opened = contextlib.nullcontext(fname)
    split = _splitter(comments, delimiter, autostrip)
    rows, first, count = [], None, 0
    with opened as source:
        for i, line in enumerate(_text_lines(source, encoding)):
            fields = split(line) if i >= skip_header else []
            if not fields:
                continue
            if first is None:
                first = fields
                columns = columns and [c + len(first) if c < 0 else c for c in columns]
                width = len(columns or first)
            wrong = len(fields) != width if columns is None else builtins.max(columns) >= len(fields)
            rows.append((i + 1, fields, wrong))
            count += not wrong
            if max_rows is not None and count == max_rows:
                break
    if skip_footer:
        rows = rows[:-skip_footer]
    if not rows:
        warn(f'genfromtxt: Empty input file: "{fname}"', UserWarning)
    if builtins.any(wrong for _, _, wrong in rows):
        message = "Some errors were detected !\n" + "\n".join(
            f"    Line #{i} (got {len(f)} columns instead of {width})" for i, f, wrong in rows if wrong
        )
        if invalid_raise:
            raise ValueError(message)
        warn(message, UserWarning)
    table = [f if columns is None else [f[c] for c in columns] for _, f, wrong in rows if not wrong]
    if not table:
        return cv.zeros(0, dtype="float64" if dtype is None else dtype)
    readers = [
        _Column(None if dtype is None else cv.dtype(dtype), missing, fill)
        for missing, fill in zip(
            _missing(missing_values, width, columns), _filling(filling_values, width, columns), strict=True
        )
    ]
    for key, convert in (converters or {}).items():
        if columns is None or key in columns:
            readers[key if columns is None else columns.index(key)].convert_by(convert, first[key], encoding)
    return _shaped(_generated(table, dtype, readers, loose), ndmin, unpack)


def _splitter(comments, delimiter, autostrip):
    """What splits a line into its fields: at a delimiter, or in pieces of one width or of a sequence of widths."""
    widths = None
    if not isinstance(delimiter, (str, types.NoneType)):
        widths = list(delimiter) if hasattr(delimiter, "__iter__") else int(delimiter)
    ends = list(itertools.accumulate(widths, initial=0)) if isinstance(widths, list) else None

    def split(line):
        if comments is not None:
            line = line.split(comments)[0]
        if ends is not None:
            fields = [line[a:b] for a, b in itertools.pairwise(ends)] if line else []
        elif widths:
            line = line.strip("\r\n")
            fields = [line[k : k + widths] for k in range(0, len(line), widths)]
        else:
            line = line.strip(" \r\n")
            fields = line.split(delimiter if isinstance(delimiter, str) and delimiter else None) if line else []
        return [f.strip() for f in fields] if autostrip else fields

    return split


def _missing(given, count, columns):
    """The texts of each column that stand for a missing number: of all columns, by a dict, or one for each."""
    given = given.decode("latin1") if isinstance(given, bytes) else given
    missing = [[] for _ in range(count)]
    if isinstance(given, dict):
        for key, value in given.items():
            texts = [str(v) for v in value] if isinstance(value, (list, tuple)) else [str(value)]
            for column in missing if key is None else [missing[_place(key, columns)]]:
                column.extend(texts)
    elif isinstance(given, (list, tuple)):
        missing = [[str(v)] for v in given[:count]] + missing[len(given) :]
    elif given is not None:
        missing = [given.split(",") if isinstance(given, str) else [str(given)]] * count
    return missing


def _filling(given, count, columns):
    """What stands for a missing number in each column, given as in `_missing`; None is the default of the dtype."""
    if isinstance(given, dict):
        filling = [None] * count
        for key, value in given.items():
            filling[_place(key, columns)] = value
        return filling
    if isinstance(given, (list, tuple)):
        return [*given, *[None] * (count - len(given))][:count]
    return [given] * count


def _place(key, columns):
    return columns.index(key) if columns and key in columns else key


class _Column:
    """How the fields of a column become numbers: as those of a dtype, of the first that reads all of them, or by a function."""

    def __init__(self, dtype, missing, fill):
        self.missing, self.fill = {"", *missing}, fill
        # whether it has a function of the user's, and whether its fields tell its dtype
        self.own = self.told = False
        self.read_as(cv.dtype("bool") if dtype is None else dtype)

    def read_as(self, dtype):
        self.dtype, kind = dtype, dtype.kind
        self.parse = {"b": _boolean, "i": int, "u": int, "c": complex}.get(kind, float)
        if kind in "iu" and dtype.itemsize < 8:
            self.parse = lambda field: int(float(field))
        default = {"b": False, "i": -1, "u": -1, "c": complex("nan")}.get(kind, float("nan"))
        self.default = default if self.fill is None else self.fill

    def convert_by(self, convert, field, encoding):
        """Reads with a function of the user's, which tells the dtype by what it makes of a field."""
        self.own = True
        self.parse = (lambda f: convert(f.encode("latin1"))) if encoding == "bytes" else convert
        try:
            self.dtype = cv.asarray(self.parse(field or "1") if self.fill is None else self.fill).dtype
        except (TypeError, ValueError):
            self.dtype = None

    def loose(self, field):
        try:
            return self.parse(field)
        except ValueError:
            return self.default

    def strict(self, field):
        try:
            value = self.parse(field)
            if self.parse is int and not -(2**63) <= value < 2**63 and self.dtype == "int64":
                raise ValueError(field)
            return value
        except ValueError:
            if field.strip() in self.missing:
                self.told &= self.own or self.dtype != "bool"
                return self.default
            raise ValueError(f"Cannot convert string '{field}'") from None

    def find(self, fields):
        """Finds the dtype that reads all fields."""
        for name in ("bool", "int64", "float64", "complex128"):
            if not self.own:
                self.read_as(cv.dtype(name))
            self.told = True
            try:
                for field in fields:
                    self.strict(field)
                return
            except ValueError:
                if self.own:
                    raise
        raise _no_number()


def _no_number():
    return ValueError("genfromtxt: a field is no number, and arrays of text do not exist\n  hint: `usecols` leaves columns out")


def _generated(table, dtype, readers, loose):
    """The array of a table of texts. Where NumPy makes an array of structures, because the dtypes of columns differ, it has the
    dtype that holds all of them."""
    by_column = list(zip(*table, strict=True))
    if dtype is None:
        for reader, fields in zip(readers, by_column, strict=True):
            reader.find(fields)
        dtypes = {reader.dtype for reader in readers if reader.told and reader.dtype is not None} or {cv.dtype("bool")}
        if len(dtypes) > 1:
            if cv.dtype("bool") in dtypes:
                raise _no_number()
            wanted = cv.result_type(*dtypes)
            for reader in readers:
                if not reader.own:
                    reader.read_as(wanted)
    else:
        dtypes = {reader.dtype if reader.own else cv.dtype(dtype) for reader in readers}
    data = [
        [reader.loose(f) if loose else reader.strict(f) for f in fields]
        for reader, fields in zip(readers, by_column, strict=True)
    ]
    if None in dtypes:
        # a function that failed at its first field
        dtypes = {d or cv.array([v for r, c in zip(readers, data, strict=True) if r.dtype is None for v in c]).dtype for d in dtypes}
    wanted = dtypes.pop() if len(dtypes) == 1 else cv.result_type(*dtypes)
    return cv.array(list(zip(*data, strict=True)), dtype=wanted)


def _boolean(text):
    upper = text.upper()
    if upper in ("TRUE", "FALSE"):
        return upper == "TRUE"
    raise ValueError("Cannot convert string to bool")
