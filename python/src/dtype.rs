//! `cv.float32` and its like: one object for each dtype, which compares equal with NumPy's, Python's types and names.

use civita_core::dtype::{
    Casting, DType, Kind, Scalar, can_cast as engine_can_cast, promote, promote_all, unmixed,
};
use pyo3::exceptions::PyTypeError;
use pyo3::prelude::*;
use pyo3::pyclass::CompareOp;
use pyo3::sync::PyOnceLock;
use pyo3::types::{PyBool, PyBytes, PyComplex, PyFloat, PyInt, PyList, PyString, PyTuple, PyType};

use crate::array::Array;
use crate::convert::{Value, value};
use crate::error::{Outcome, type_error};
use crate::scalar;

/// The type of an array's elements.
///
/// Made from names and codes (`'float32'`, `'f4'`, `'<f4'`, `'f'`), scalar classes and Python's types. A dtype in the other
/// byte order (`'>f4'`) is another dtype, whose arrays show their bytes in that order.
#[pyclass(name = "dtype", module = "civita", frozen)]
pub struct PyDType(pub DType, pub ByteOrder);

/// How the bytes of an element lie.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ByteOrder {
    /// As the machine has them.
    Native,
    /// In reverse.
    Swapped,
}

impl PyDType {
    /// The one object of this dtype.
    #[inline]
    pub fn of(py: Python<'_>, dtype: DType) -> Py<PyDType> {
        PyDType::in_order(py, dtype, ByteOrder::Native)
    }

    /// The one object of this dtype in a byte order.
    pub fn in_order(py: Python<'_>, dtype: DType, order: ByteOrder) -> Py<PyDType> {
        static ALL: PyOnceLock<Vec<Py<PyDType>>> = PyOnceLock::new();
        let all = ALL.get_or_init(py, || {
            // an object that cannot be made here (no memory for 40 bytes) ends the program
            [ByteOrder::Native, ByteOrder::Swapped]
                .into_iter()
                .flat_map(|order| DType::ALL.into_iter().map(move |d| (d, order)))
                .filter_map(|(d, order)| Py::new(py, PyDType(d, order)).ok())
                .collect()
        });
        let swapped = order == ByteOrder::Swapped && dtype.to_real().size() > 1;
        all[dtype as usize + if swapped { DType::ALL.len() } else { 0 }].clone_ref(py)
    }
}

/// NumPy's type characters, and ml_dtypes' for the floats that NumPy lacks.
pub fn type_char(dtype: DType) -> char {
    match dtype {
        DType::Bool => '?',
        DType::U8 => 'B',
        DType::U16 => 'H',
        DType::U32 => 'I',
        DType::U64 => 'L',
        DType::I8 => 'b',
        DType::I16 => 'h',
        DType::I32 => 'i',
        DType::I64 => 'l',
        DType::F8E4M3 => '4',
        DType::F8E5M2 => '5',
        DType::F16 => 'e',
        DType::BF16 => 'E',
        DType::F32 => 'f',
        DType::F64 => 'd',
        DType::C64 => 'F',
        DType::C128 => 'D',
    }
}

/// A dtype from one of NumPy's names and codes (`float32`, `f4`, `<f4`, `f`).
pub fn from_text(text: &str) -> Option<DType> {
    use DType::*;
    // the other byte order is another dtype; codes have an order, names have none
    let plain = text
        .strip_prefix([
            '=',
            '|',
            if cfg!(target_endian = "little") {
                '<'
            } else {
                '>'
            },
        ])
        .filter(|code| is_code(code))
        .unwrap_or(text);
    Some(match plain {
        "bool" | "bool_" | "?" | "b1" => Bool,
        "uint8" | "u1" | "B" | "ubyte" => U8,
        "uint16" | "u2" | "H" | "ushort" => U16,
        "uint32" | "u4" | "I" | "uintc" => U32,
        "uint64" | "u8" | "L" | "Q" | "P" | "N" | "uint" | "ulong" | "ulonglong" | "uintp" => U64,
        "int8" | "i1" | "b" | "byte" => I8,
        "int16" | "i2" | "h" | "short" => I16,
        "int32" | "i4" | "i" | "intc" => I32,
        "int64" | "i8" | "l" | "q" | "p" | "n" | "int" | "int_" | "long" | "longlong" | "intp" => {
            I64
        }
        "float16" | "f2" | "e" | "half" => F16,
        "float8_e4m3fn" => F8E4M3,
        "float8_e5m2" => F8E5M2,
        "bfloat16" | "E" => BF16,
        "float32" | "f4" | "f" | "single" => F32,
        "float64" | "f8" | "d" | "double" | "float" | "float_" | "g" | "longdouble" => F64,
        "complex64" | "c8" | "F" | "csingle" => C64,
        "complex128" | "c16" | "D" | "complex" | "cdouble" | "G" | "clongdouble" => C128,
        _ => return None,
    })
}

/// Whether this is a letter, or a letter and a size: `d`, `f8`.
fn is_code(text: &str) -> bool {
    let mut rest = text.chars().skip(1);
    !text.is_empty() && rest.all(|c| c.is_ascii_digit())
}

/// As [`from_text`], of either byte order.
pub fn from_text_in_order(text: &str) -> Option<(DType, ByteOrder)> {
    if let Some(dtype) = from_text(text) {
        return Some((dtype, ByteOrder::Native));
    }
    let other = text.strip_prefix(OTHER)?;
    let dtype = from_text(other).filter(|_| is_code(other))?;
    Some((dtype, ByteOrder::Swapped))
}

/// The letter of the machine's byte order, and that of the other.
const OWN: char = if cfg!(target_endian = "little") {
    '<'
} else {
    '>'
};
const OTHER: char = if cfg!(target_endian = "little") {
    '>'
} else {
    '<'
};

/// The dtype that an object names, if it names any.
pub fn lookup(ob: &Bound<'_, PyAny>) -> Option<DType> {
    if let Ok(dtype) = ob.cast_exact::<PyDType>() {
        let dtype = dtype.get();
        return (dtype.1 == ByteOrder::Native).then_some(dtype.0);
    }
    let py = ob.py();
    if let Ok(text) = ob.cast::<PyString>() {
        return from_text(text.to_str().ok()?);
    }
    if let Ok(class) = ob.cast::<PyType>() {
        if let Some(dtype) = scalar::dtype_of(class) {
            return Some(dtype);
        }
        // NumPy's scalar types and ml_dtypes' go by their names
        return match () {
            () if class.is(py.get_type::<PyBool>()) => Some(DType::Bool),
            () if class.is(py.get_type::<PyInt>()) => Some(DType::I64),
            () if class.is(py.get_type::<PyFloat>()) => Some(DType::F64),
            () if class.is(py.get_type::<PyComplex>()) => Some(DType::C128),
            () => {
                let module = class.module().ok()?;
                let module = module.to_str().ok()?;
                if module != "numpy" && module != "ml_dtypes" {
                    return None;
                }
                from_text(class.name().ok()?.to_str().ok()?)
            }
        };
    }
    // NumPy's dtype objects
    let class = ob.get_type();
    if !class.hasattr("newbyteorder").unwrap_or(false) {
        // what has a dtype itself, as NumPy takes it
        let own = ob.getattr("dtype").ok()?;
        return match own.cast_exact::<PyDType>() {
            Ok(dtype)
                if !ob.is_instance_of::<Array>() && !ob.is_instance_of::<scalar::Generic>() =>
            {
                Some(dtype.get().0)
            }
            _ => None,
        };
    }
    if !ob.getattr("isnative").ok()?.extract::<bool>().ok()? {
        return None;
    }
    from_text(
        ob.getattr("name")
            .ok()?
            .cast::<PyString>()
            .ok()?
            .to_str()
            .ok()?,
    )
}

/// The dtype and byte order that an object names; `None` is `float64`, as in NumPy. Single bytes have no order.
///
/// # Errors
/// When the object names no dtype that there is.
pub fn parse_in_order(ob: &Bound<'_, PyAny>) -> Outcome<(DType, ByteOrder)> {
    let (dtype, order) = named_in_order(ob)?;
    match dtype.to_real().size() {
        1 => Ok((dtype, ByteOrder::Native)),
        _ => Ok((dtype, order)),
    }
}

fn named_in_order(ob: &Bound<'_, PyAny>) -> Outcome<(DType, ByteOrder)> {
    if ob.is_none() {
        return Ok((DType::F64, ByteOrder::Native));
    }
    if let Ok(dtype) = ob.cast_exact::<PyDType>() {
        return Ok((dtype.get().0, dtype.get().1));
    }
    if let Some(dtype) = lookup(ob) {
        return Ok((dtype, ByteOrder::Native));
    }
    if let Ok(text) = ob.cast::<PyString>()
        && let Some(found) = from_text_in_order(text.to_str()?)
    {
        return Ok(found);
    }
    if let Ok(bytes) = ob.cast::<pyo3::types::PyBytes>()
        && let Some(found) = std::str::from_utf8(bytes.as_bytes())
            .ok()
            .and_then(from_text_in_order)
    {
        return Ok(found);
    }
    let class = ob.get_type();
    if class.hasattr("newbyteorder")? && !ob.getattr("isnative")?.is_truthy()? {
        let native = ob.call_method1("newbyteorder", ("=",))?;
        if let Some(dtype) = lookup(&native) {
            return Ok((dtype, ByteOrder::Swapped));
        }
    }
    Err(not_understood(ob))
}

#[cold]
fn not_understood(ob: &Bound<'_, PyAny>) -> crate::error::Fault {
    let text = ob
        .repr()
        .map_or_else(|_| "it".to_owned(), |r| r.to_string());
    let names: Vec<&str> = DType::ALL.iter().map(|d| d.name()).collect();
    let hint = match () {
        () if ob.is_instance_of::<PyInt>() => {
            "\n  hint: several lengths are one argument, a tuple: `zeros((2, 3))`"
        }
        () if text.starts_with("'(") || text.starts_with('(') => {
            "\n  hint: there is no subarray dtype: axes of the array hold such elements"
        }
        () => "",
    };
    type_error(format!(
        "data type {text} not understood\n  rule: the dtypes are {}{hint}",
        names.join(", ")
    ))
}

/// # Errors
/// When the object names no dtype that there is, or one in the other byte order.
pub fn parse(ob: &Bound<'_, PyAny>) -> Outcome<DType> {
    if let Some(dtype) = lookup(ob) {
        return Ok(dtype);
    }
    match parse_in_order(ob)? {
        (dtype, ByteOrder::Native) => Ok(dtype),
        (dtype, ByteOrder::Swapped) => Err(type_error(format!(
            "data type '{OTHER}{}': the result is in the machine's byte order\n  hint: `.astype('{OTHER}{}')` declares the other one",
            &code(dtype)[1..],
            &code(dtype)[1..]
        ))),
    }
}

/// As [`parse_optional`], of what a ufunc or a reduction computes in.
pub fn parse_computed(ob: Option<&Bound<'_, PyAny>>) -> Outcome<Option<DType>> {
    match optional_in_order(ob)? {
        Some((_, ByteOrder::Swapped)) => Err(type_error(
            "The `dtype` and `signature` arguments to ufuncs only select the general DType and not details such as the byte \
             order\n  hint: `out=` may be an array in any byte order",
        )),
        found => Ok(found.map(|(dtype, _)| dtype)),
    }
}

/// As [`parse_in_order`], where `None` leaves the choice.
pub fn optional_in_order(ob: Option<&Bound<'_, PyAny>>) -> Outcome<Option<(DType, ByteOrder)>> {
    match ob {
        Some(ob) if !ob.is_none() => parse_in_order(ob).map(Some),
        _ => Ok(None),
    }
}

/// The byte order of an object's elements, where it has a dtype that says so.
pub fn order_of(ob: &Bound<'_, PyAny>) -> PyResult<ByteOrder> {
    if let Ok(array) = ob.cast::<Array>() {
        return Ok(array.get().order());
    }
    let is_plain = ob.is_exact_instance_of::<PyList>()
        || ob.is_exact_instance_of::<PyTuple>()
        || ob.is_exact_instance_of::<PyFloat>()
        || ob.is_exact_instance_of::<PyInt>()
        || ob.is_instance_of::<scalar::Generic>();
    if is_plain {
        return Ok(ByteOrder::Native);
    }
    let own = ob.getattr_opt("dtype")?;
    let is_native = match own {
        Some(dtype) => dtype
            .getattr_opt("isnative")?
            .is_none_or(|native| native.is_truthy().unwrap_or(true)),
        None => true,
    };
    Ok(match is_native {
        true => ByteOrder::Native,
        false => ByteOrder::Swapped,
    })
}

/// NumPy's letter of the sort of number: `b`, `u`, `i`, `f`, `c`.
fn kind(dtype: DType) -> char {
    match dtype.kind() {
        Kind::Bool => 'b',
        Kind::Unsigned => 'u',
        Kind::Signed => 'i',
        Kind::Float => 'f',
        Kind::Complex => 'c',
    }
}

/// NumPy's code with byte order and size: `<f4`. `bfloat16` is `<V2` and the 8-bit floats are `|V1`, as ml_dtypes writes them.
pub fn code(dtype: DType) -> String {
    let order = if dtype.size() == 1 { '|' } else { OWN };
    let kind = match dtype.is_numpys() {
        true => kind(dtype),
        false => 'V',
    };
    format!("{order}{kind}{}", dtype.size())
}

/// What to say of an exchange that has no name for a dtype.
pub fn not_numpys(who: &str, dtype: DType) -> String {
    format!("{who} has no {dtype}\n  hint: `.astype('float32')` holds every value of it")
}

/// NumPy's number of the dtype.
fn number(dtype: DType) -> u32 {
    match dtype {
        DType::Bool => 0,
        DType::I8 => 1,
        DType::U8 => 2,
        DType::I16 => 3,
        DType::U16 => 4,
        DType::I32 => 5,
        DType::U32 => 6,
        DType::I64 => 7,
        DType::U64 => 8,
        DType::F16 => 23,
        // numbers from 256 on are those of dtypes that NumPy does not have
        DType::BF16 => 256,
        DType::F8E4M3 => 257,
        DType::F8E5M2 => 258,
        DType::F32 => 11,
        DType::F64 => 12,
        DType::C64 => 14,
        DType::C128 => 15,
    }
}

/// As [`parse`], where `None` leaves the choice.
pub fn parse_optional(ob: Option<&Bound<'_, PyAny>>) -> Outcome<Option<DType>> {
    match ob {
        Some(ob) if !ob.is_none() => parse(ob).map(Some),
        _ => Ok(None),
    }
}

/// # Errors
/// When NumPy has no such rule.
pub fn casting(name: &str) -> Outcome<Casting> {
    match name {
        "no" | "equiv" => Ok(Casting::No),
        "safe" => Ok(Casting::Safe),
        "same_kind" => Ok(Casting::SameKind),
        "unsafe" => Ok(Casting::Unsafe),
        _ => Err(crate::error::value_error(format!(
            "casting must be one of 'no', 'equiv', 'safe', 'same_kind', or 'unsafe', not {name:?}"
        ))),
    }
}

#[pymethods]
impl PyDType {
    #[new]
    #[pyo3(
        signature = (dtype, align=false, copy=false, *, metadata=None),
        text_signature = "(dtype, align=False, copy=False)"
    )]
    fn new(
        py: Python<'_>,
        dtype: &Bound<'_, PyAny>,
        align: bool,
        copy: bool,
        metadata: Option<&Bound<'_, PyAny>>,
    ) -> Outcome<Py<PyDType>> {
        let _ = (align, copy, metadata);
        let (dtype, order) = parse_in_order(dtype)?;
        Ok(PyDType::in_order(py, dtype, order))
    }

    /// NumPy's name: `float32`.
    #[getter]
    fn name(&self) -> &'static str {
        self.0.name()
    }

    /// Bytes of one element.
    #[getter]
    fn itemsize(&self) -> usize {
        self.0.size()
    }

    /// Bytes that the address of an element is a multiple of.
    #[getter]
    fn alignment(&self) -> usize {
        self.0.to_real().size()
    }

    /// The sort of number, NumPy's letter: `b`, `u`, `i`, `f`, `c`.
    #[getter]
    fn kind(&self) -> char {
        kind(self.0)
    }

    /// NumPy's one-letter code.
    #[getter]
    fn char(&self) -> char {
        type_char(self.0)
    }

    /// NumPy's number of the dtype.
    #[getter]
    fn num(&self) -> u32 {
        number(self.0)
    }

    /// NumPy's code with byte order and size: `<f4`.
    #[getter]
    fn str(&self) -> String {
        let code = code(self.0);
        match self.1 {
            ByteOrder::Native => code,
            ByteOrder::Swapped => format!("{OTHER}{}", &code[1..]),
        }
    }

    /// `=` for the machine's order, `>` or `<` for the other, `|` for single bytes.
    #[getter]
    fn byteorder(&self) -> char {
        match self.1 {
            _ if self.0.size() == 1 => '|',
            ByteOrder::Native => '=',
            ByteOrder::Swapped => OTHER,
        }
    }

    /// Returns true where elements are in the machine's byte order.
    #[getter]
    fn isnative(&self) -> bool {
        self.1 == ByteOrder::Native
    }

    /// The dtype in another byte order: `'S'` swaps, `'<'`, `'>'` and `'='` name one.
    #[pyo3(signature = (new_order="S", /))]
    fn newbyteorder(&self, py: Python<'_>, new_order: &str) -> Outcome<Py<PyDType>> {
        let order = match new_order.chars().next().map(|c| c.to_ascii_lowercase()) {
            Some('s') if self.1 == ByteOrder::Native => ByteOrder::Swapped,
            Some('s' | '=' | 'n') => ByteOrder::Native,
            Some('i' | '|') => self.1,
            Some('<' | 'l') if OWN == '<' => ByteOrder::Native,
            Some('>' | 'b') if OWN == '>' => ByteOrder::Native,
            Some('<' | 'l' | '>' | 'b') => ByteOrder::Swapped,
            _ => {
                return Err(crate::error::value_error(format!(
                    "{new_order} is an unrecognized byteorder"
                )));
            }
        };
        Ok(PyDType::in_order(py, self.0, order))
    }

    /// `None`: there are no fields.
    #[getter]
    fn fields(&self) -> Option<()> {
        None
    }

    /// `None`: there are no fields.
    #[getter]
    fn names(&self) -> Option<()> {
        None
    }

    /// `None`: elements are no arrays.
    #[getter]
    fn subdtype(&self) -> Option<()> {
        None
    }

    /// `None`: a dtype carries nothing else.
    #[getter]
    fn metadata(&self) -> Option<()> {
        None
    }

    /// The dtype itself.
    #[getter]
    fn base(slf: Py<Self>) -> Py<Self> {
        slf
    }

    /// `()`: elements are no arrays.
    #[getter]
    fn shape<'py>(&self, py: Python<'py>) -> Bound<'py, PyTuple> {
        PyTuple::empty(py)
    }

    /// 0: elements are no arrays.
    #[getter]
    fn ndim(&self) -> usize {
        0
    }

    /// 0: NumPy's bits of dtypes that hold objects.
    #[getter]
    fn flags(&self) -> u32 {
        0
    }

    /// False: elements are numbers.
    #[getter]
    fn hasobject(&self) -> bool {
        false
    }

    /// False: there are no structures.
    #[getter]
    fn isalignedstruct(&self) -> bool {
        false
    }

    /// 1 for NumPy's dtypes in the machine's byte order, 2 for the floats that NumPy lacks, else 0.
    #[getter]
    fn isbuiltin(&self) -> u32 {
        match (self.0, self.1) {
            (other, _) if !other.is_numpys() => 2,
            (_, ByteOrder::Native) => 1,
            (_, ByteOrder::Swapped) => 0,
        }
    }

    /// The array protocol's description.
    #[getter]
    fn descr(&self) -> Vec<(&'static str, String)> {
        vec![("", self.str())]
    }

    /// NumPy's dtype, so that `np.dtype(cv.float32)` and `np_array.astype(cv.float32)` work.
    #[getter]
    fn dtype<'py>(&self, py: Python<'py>) -> Outcome<Bound<'py, PyAny>> {
        if !self.0.is_numpys() {
            return Err(type_error(not_numpys("NumPy", self.0)));
        }
        Ok(py.import("numpy")?.getattr("dtype")?.call1((self.str(),))?)
    }

    /// The class of its scalars: `cv.float32`.
    #[getter]
    fn r#type<'py>(&self, py: Python<'py>) -> Option<Bound<'py, PyType>> {
        scalar::class_of(py, self.0)
    }

    fn __bool__(&self) -> bool {
        true
    }

    fn __len__(&self) -> usize {
        0
    }

    fn __getitem__(&self, _key: &Bound<'_, PyAny>) -> Outcome<()> {
        Err(pyo3::exceptions::PyKeyError::new_err(format!(
            "There are no fields in dtype {}.",
            self.0.name()
        ))
        .into())
    }

    #[classmethod]
    fn __class_getitem__<'py>(
        class: &Bound<'py, PyType>,
        item: &Bound<'py, PyAny>,
    ) -> PyResult<Bound<'py, PyAny>> {
        let alias = class.py().import("types")?.getattr("GenericAlias")?;
        alias.call1((class, item))
    }

    fn __repr__(&self) -> String {
        match self.1 {
            ByteOrder::Native => format!("dtype('{}')", self.0.name()),
            ByteOrder::Swapped => format!("dtype('{}')", self.str()),
        }
    }

    fn __str__(&self) -> String {
        match self.1 {
            ByteOrder::Native => self.0.name().to_owned(),
            ByteOrder::Swapped => self.str(),
        }
    }

    /// The hash of NumPy's dtype, which it equals: that of its kind, byte order, flags, size and alignment. Of a dtype that NumPy does
    /// not have, that of the name.
    fn __hash__(&self, py: Python<'_>) -> PyResult<isize> {
        if matches!(self.0, DType::BF16 | DType::F8E4M3 | DType::F8E5M2) {
            return PyString::intern(py, self.0.name()).hash();
        }
        let (size, part) = (self.0.size(), self.0.to_real().size());
        let order: &[u8] = match (
            size,
            self.1 == ByteOrder::Native,
            cfg!(target_endian = "little"),
        ) {
            (1, ..) => b"|",
            (_, native, little) if native == little => b"<",
            _ => b">",
        };
        let kind = self
            .str()
            .bytes()
            .find(u8::is_ascii_lowercase)
            .unwrap_or(b'V');
        let bytes = |all: &[u8]| PyBytes::new(py, all);
        (bytes(&[kind]), bytes(order), 0, size, part)
            .into_pyobject(py)?
            .hash()
    }

    /// Dtypes are ordered by safe casts.
    fn __richcmp__(
        &self,
        py: Python<'_>,
        other: &Bound<'_, PyAny>,
        op: CompareOp,
    ) -> Outcome<Py<PyAny>> {
        let own = (self.0, self.1);
        let found = match other.is_none() {
            true => None,
            false => parse_in_order(other).ok(),
        };
        let safe = |from, to| engine_can_cast(from, to, Casting::Safe);
        let answer = match (op, found) {
            (CompareOp::Eq, found) => found == Some(own),
            (CompareOp::Ne, found) => found != Some(own),
            (_, None) => return Ok(py.NotImplemented()),
            (CompareOp::Le, Some(found)) => safe(own.0, found.0),
            (CompareOp::Lt, Some(found)) => found != own && safe(own.0, found.0),
            (CompareOp::Ge, Some(found)) => safe(found.0, own.0),
            (CompareOp::Gt, Some(found)) => found != own && safe(found.0, own.0),
        };
        Ok(PyBool::new(py, answer).to_owned().into_any().unbind())
    }

    fn __reduce__<'py>(&self, py: Python<'py>) -> PyResult<Bound<'py, PyTuple>> {
        let name = match self.1 {
            ByteOrder::Native => self.0.name().to_owned(),
            ByteOrder::Swapped => self.str(),
        };
        PyTuple::new(
            py,
            [
                py.get_type::<PyDType>().into_any(),
                PyTuple::new(py, [name])?.into_any(),
            ],
        )
    }

    fn __copy__(slf: Py<Self>) -> Py<Self> {
        slf
    }

    fn __deepcopy__(slf: Py<Self>, _memo: &Bound<'_, PyAny>) -> Py<Self> {
        slf
    }
}

/// The dtype of what `cv.result_type` and `cv.can_cast` are asked about: an array's, a named one, or a scalar.
enum Asked {
    Strong(DType),
    Weak(Scalar),
}

fn asked(ob: &Bound<'_, PyAny>) -> Outcome<Asked> {
    if let Ok(array) = ob.cast::<Array>() {
        return Ok(Asked::Strong(array.get().raw().dtype()));
    }
    let swapped = || match ob.get_type().hasattr("newbyteorder") {
        Ok(true) => Some(parse_in_order(ob).ok()?.0),
        _ => None,
    };
    if let Some(dtype) = lookup(ob)
        .or_else(swapped)
        .or_else(|| scalar::scalar_dtype(ob))
    {
        return Ok(Asked::Strong(dtype));
    }
    if ob.is_none() {
        return Ok(Asked::Strong(DType::F64));
    }
    if ob.is_instance_of::<PyString>() {
        return Ok(Asked::Strong(parse_in_order(ob)?.0));
    }
    Ok(match value(ob)? {
        Value::Weak(scalar) => Asked::Weak(scalar),
        Value::Ref(raw) => Asked::Strong(raw.dtype()),
        Value::Own(raw) => Asked::Strong(raw.dtype()),
    })
}

/// The dtype of an operation between these arrays, dtypes and Python scalars (which are weak, NEP 50).
#[pyfunction]
#[pyo3(signature = (*arrays_and_dtypes), text_signature = "(*arrays_and_dtypes)")]
fn result_type(py: Python<'_>, arrays_and_dtypes: &Bound<'_, PyTuple>) -> Outcome<Py<PyDType>> {
    let mut strong: Vec<DType> = Vec::new();
    let mut weak: Vec<Scalar> = Vec::new();
    for ob in arrays_and_dtypes.iter() {
        match asked(&ob)? {
            Asked::Strong(d) => strong.push(d),
            Asked::Weak(s) => weak.push(s),
        }
    }
    unmixed("result_type", &strong)?;
    let dtype = match promote_all(&strong) {
        Some(d) => weak.iter().fold(d, |d, s| s.weak_with(d)),
        None => weak
            .iter()
            .map(|s| s.default_dtype())
            .reduce(promote)
            .ok_or_else(|| crate::error::value_error("at least one array or dtype is required"))?,
    };
    Ok(PyDType::of(py, dtype))
}

/// The smallest dtype to which both can be cast safely.
#[pyfunction]
#[pyo3(signature = (type1, type2))]
fn promote_types(
    py: Python<'_>,
    type1: &Bound<'_, PyAny>,
    type2: &Bound<'_, PyAny>,
) -> Outcome<Py<PyDType>> {
    let both = [parse_in_order(type1)?.0, parse_in_order(type2)?.0];
    unmixed("promote_types", &both)?;
    Ok(PyDType::of(py, promote(both[0], both[1])))
}

/// Whether one dtype may be cast to the other under a rule: `no`, `equiv`, `safe`, `same_kind`, `unsafe`.
#[pyfunction]
#[pyo3(signature = (from_, to, casting="safe"))]
fn can_cast(from_: &Bound<'_, PyAny>, to: &Bound<'_, PyAny>, casting: &str) -> Outcome<bool> {
    let order = match from_.cast::<Array>() {
        Ok(array) => array.get().order(),
        Err(_) => parse_in_order(from_).map_or(ByteOrder::Native, |(_, order)| order),
    };
    if casting == "no" && order != parse_in_order(to)?.1 {
        return Ok(false);
    }
    match asked(from_)? {
        Asked::Strong(from) => Ok(engine_can_cast(from, parse_in_order(to)?.0, self::casting(casting)?)),
        Asked::Weak(_) => Err(PyTypeError::new_err(
            "can_cast() does not support Python ints, floats, and complex because the result used to depend on the value",
        )
        .into()),
    }
}

/// Whether the dtype is of this kind. Kinds are the Array API's: `bool`, `signed integer`, `unsigned integer`, `integral`,
/// `real floating`, `complex floating`, `numeric`; or another dtype; or a tuple of them.
#[pyfunction]
#[pyo3(signature = (dtype, kind))]
fn isdtype(dtype: &Bound<'_, PyAny>, kind: &Bound<'_, PyAny>) -> Outcome<bool> {
    let d = parse_in_order(dtype)?.0;
    if let Ok(kinds) = kind.cast::<PyTuple>() {
        for kind in kinds.iter() {
            if isdtype(dtype, &kind)? {
                return Ok(true);
            }
        }
        return Ok(false);
    }
    if let Ok(name) = kind.cast::<PyString>() {
        return Ok(match name.to_str()? {
            "bool" => d == DType::Bool,
            "signed integer" => d.kind() == Kind::Signed,
            "unsigned integer" => d.kind() == Kind::Unsigned,
            "integral" => d.is_integer(),
            "real floating" => d.is_float(),
            "complex floating" => d.is_complex(),
            "numeric" => d != DType::Bool,
            other => {
                return Err(crate::error::value_error(format!(
                    "isdtype: unknown kind {other:?}"
                )));
            }
        });
    }
    Ok(parse_in_order(kind)?.0 == d)
}

/// Whether the first is a kind or dtype of the second: `issubdtype(x.dtype, cv.floating)`. Dtypes, their names and the classes of
/// scalars are taken.
#[pyfunction]
#[pyo3(signature = (arg1, arg2))]
fn issubdtype(arg1: &Bound<'_, PyAny>, arg2: &Bound<'_, PyAny>) -> Outcome<bool> {
    Ok(scalar_class(arg1)?.is_subclass(scalar_class(arg2)?.as_any())?)
}

/// A class of scalars: itself, or that of a dtype.
fn scalar_class<'py>(ob: &Bound<'py, PyAny>) -> Outcome<Bound<'py, PyType>> {
    if let Ok(class) = ob.cast::<PyType>()
        && class.is_subclass_of::<scalar::Generic>()?
    {
        return Ok(class.clone());
    }
    scalar::class_of(ob.py(), parse_in_order(ob)?.0)
        .ok_or_else(|| type_error("there is no such class"))
}

/// NumPy's other names for dtypes, most of them C's.
const ALIASES: &[&str] = &[
    "bool_",
    "byte",
    "ubyte",
    "short",
    "ushort",
    "intc",
    "uintc",
    "int_",
    "uint",
    "long",
    "ulong",
    "longlong",
    "ulonglong",
    "intp",
    "uintp",
    "half",
    "single",
    "double",
    "csingle",
    "cdouble",
    "longdouble",
    "clongdouble",
];

/// Adds the dtypes under their names, and the functions on them.
pub fn register(m: &Bound<'_, PyModule>) -> PyResult<()> {
    m.add_class::<PyDType>()?;
    for name in ALIASES {
        if let Some(class) = from_text(name).and_then(|d| scalar::class_of(m.py(), d)) {
            m.add(*name, class)?;
        }
    }
    m.add_function(wrap_pyfunction!(result_type, m)?)?;
    m.add_function(wrap_pyfunction!(promote_types, m)?)?;
    m.add_function(wrap_pyfunction!(can_cast, m)?)?;
    m.add_function(wrap_pyfunction!(isdtype, m)?)?;
    m.add_function(wrap_pyfunction!(issubdtype, m)?)?;
    Ok(())
}
