//! Classes whose slots compute at once: arithmetic and comparisons of two scalars of a class, or of one and a Python number that it
//! absorbs, and the truth of a `bool`. A method of `generic` costs its trampoline, a search for the classes of both operands and two
//! tensors, which is twenty times the arithmetic; it is asked for everything else: other classes, and results that overflow or are
//! not finite, of which `errstate` is told.

use std::ffi::{CStr, c_int, c_uint, c_void};
use std::ops::Sub;
use std::sync::atomic::{AtomicPtr, AtomicUsize, Ordering::Relaxed};

use civita_core::dtype::{DType, Element, Scalar, promote};
use civita_core::isa::Baseline;
use civita_core::kernels::lane::Whole;
use civita_core::kernels::map::of_numbers;
use civita_core::math::divide::{self, Division};
use civita_core::math::{self, complex};
use civita_core::ops::Op;
use num_complex::Complex;
use pyo3::PyTypeInfo;
use pyo3::exceptions::PySystemError;
use pyo3::ffi::{self, PyObject};
use pyo3::prelude::*;
use pyo3::types::{PyComplex, PyFloat, PyTuple, PyType};

use super::Held;

/// A class, and where its instances hold their numbers. Null until the module has it: then nobody can have an instance.
struct Class {
    class: AtomicPtr<ffi::PyTypeObject>,
    place: AtomicUsize,
    size: AtomicUsize,
}

/// By dtype.
static CLASSES: [Class; DTYPES] = [const { Class::unknown() }; DTYPES];
const DTYPES: usize = DType::ALL.len();
static FLOAT: &Class = &CLASSES[DType::F64 as usize];
static COMPLEX: &Class = &CLASSES[DType::C128 as usize];

impl Class {
    const fn unknown() -> Class {
        Class {
            class: AtomicPtr::new(std::ptr::null_mut()),
            place: AtomicUsize::new(0),
            size: AtomicUsize::new(0),
        }
    }

    fn set(&self, class: &Bound<'_, PyType>, place: usize) -> PyResult<()> {
        let size: usize = class.getattr("__basicsize__")?.extract()?;
        self.place.store(place, Relaxed);
        self.size.store(size, Relaxed);
        self.class.store(class.as_type_ptr(), Relaxed);
        Ok(())
    }

    /// The number of an instance of the class itself.
    ///
    /// # Safety
    /// `object` is an object; `T` is what instances hold.
    #[inline(always)]
    unsafe fn read<T: Copy>(&self, object: *mut PyObject) -> Option<T> {
        // SAFETY: the caller's contract; instances of the class hold a number at that place.
        unsafe {
            if ffi::Py_TYPE(object) != self.class.load(Relaxed) {
                return None;
            }
            let place = object.cast::<u8>().add(self.place.load(Relaxed));
            Some(place.cast::<T>().read())
        }
    }

    /// A new instance; null with an exception that is set where there is no memory.
    ///
    /// # Safety
    /// The interpreter is held and `set` was called; `T` is what instances hold.
    #[inline(always)]
    unsafe fn make<T>(&self, value: T) -> *mut PyObject {
        // SAFETY: the caller's contract; instances are `size` bytes without a header of the garbage collector, a number at
        // that place and nothing else.
        unsafe {
            let object = ffi::PyObject_Malloc(self.size.load(Relaxed)).cast::<PyObject>();
            if object.is_null() {
                return ffi::PyErr_NoMemory();
            }
            let object = ffi::PyObject_Init(object, self.class.load(Relaxed));
            let place = object.cast::<u8>().add(self.place.load(Relaxed));
            place.cast::<T>().write(value);
            object
        }
    }
}

/// Slots of `generic`, by their numbers.
static GENERIC: [AtomicPtr<c_void>; SLOTS] =
    [const { AtomicPtr::new(std::ptr::null_mut()) }; SLOTS];
const SLOTS: usize = 128;

/// What `generic` answers.
///
/// # Safety
/// `F` is the type of that slot, and `set` was called.
#[inline(always)]
unsafe fn generic<F: Copy>(slot: c_int) -> F {
    let found = GENERIC[slot as usize].load(Relaxed);
    // SAFETY: the caller's contract; functions are as wide as pointers.
    unsafe { std::mem::transmute_copy(&found) }
}

/// Both numbers, where each is a `float64` or a Python number that it absorbs.
///
/// # Safety
/// Both are objects and the interpreter is held; so for the others here.
#[inline(always)]
unsafe fn floats(a: *mut PyObject, b: *mut PyObject) -> Option<[f64; 2]> {
    // SAFETY: the caller's contract.
    unsafe { Some([float(a)?, float(b)?]) }
}

#[inline(always)]
unsafe fn float(object: *mut PyObject) -> Option<f64> {
    // SAFETY: the caller's contract.
    unsafe {
        match FLOAT.read(object) {
            Some(x) => Some(x),
            None => python_float(object),
        }
    }
}

/// A Python number as a float, where it is exactly one.
#[inline(always)]
unsafe fn python_float(object: *mut PyObject) -> Option<f64> {
    // SAFETY: the caller's contract; exact classes are known, so that no method of others runs.
    unsafe {
        if ffi::PyFloat_CheckExact(object) != 0 {
            return Some(ffi::PyFloat_AsDouble(object));
        }
        if ffi::PyLong_CheckExact(object) != 0 {
            let mut overflow = 0;
            let x = ffi::PyLong_AsLongLongAndOverflow(object, &mut overflow);
            // an integer of 53 bits is one float
            return (overflow == 0 && x.unsigned_abs() < 1 << 53).then_some(x as f64);
        }
        None
    }
}

/// The number of a scalar that is an integer or a float.
#[derive(Clone, Copy)]
enum Real {
    Integer(i128),
    Float(f64),
}

impl Real {
    #[inline(always)]
    fn float(self) -> f64 {
        match self {
            Real::Integer(x) => x as f64,
            Real::Float(x) => x,
        }
    }
}

/// The number and dtype of a scalar whose class is one of the integers', `float32` or `float64`.
#[inline]
unsafe fn real(object: *mut PyObject) -> Option<(Real, DType)> {
    // SAFETY: the caller's contract; all classes but those of `float64` and `complex128` hold `Held`.
    unsafe {
        if let Some(x) = FLOAT.read(object) {
            return Some((Real::Float(x), DType::F64));
        }
        let class = ffi::Py_TYPE(object);
        let found = CLASSES.iter().find(|c| c.class.load(Relaxed) == class)?;
        if std::ptr::eq(found, COMPLEX) {
            return None;
        }
        let Held { bytes, dtype } = found.read(object)?;
        macro_rules! number {
            ($($D:ident)*) => {
                match dtype {
                    $(DType::$D => match Scalar::from_bytes(dtype, &bytes) {
                        Scalar::Int(x) => Real::Integer(x),
                        x => Real::Float(x.as_f64()),
                    },)*
                    _ => return None,
                }
            };
        }
        Some((number!(U8 U16 U32 U64 I8 I16 I32 I64 F32), dtype))
    }
}

/// The number and dtype of a scalar of ours, of its class and not of one derived from it.
#[inline]
pub fn scalar_of(ob: &Bound<'_, PyAny>) -> Option<(Scalar, DType)> {
    let object = ob.as_ptr();
    // SAFETY: an object, and the interpreter is held; all classes but those of `float64` and `complex128` hold `Held`.
    unsafe {
        if let Some(x) = FLOAT.read(object) {
            return Some((Scalar::Float(x), DType::F64));
        }
        let class = ffi::Py_TYPE(object);
        let found = CLASSES.iter().find(|c| c.class.load(Relaxed) == class)?;
        if std::ptr::eq(found, COMPLEX) {
            let [re, im] = found.read::<[f64; 2]>(object)?;
            return Some((Scalar::Complex(Complex::new(re, im)), DType::C128));
        }
        let Held { bytes, dtype } = found.read(object)?;
        Some((Scalar::from_bytes(dtype, &bytes), dtype))
    }
}

#[inline(always)]
unsafe fn complexes(a: *mut PyObject, b: *mut PyObject) -> Option<[Complex<f64>; 2]> {
    // SAFETY: the caller's contract.
    unsafe { Some([complex_of(a)?, complex_of(b)?]) }
}

#[inline(always)]
unsafe fn complex_of(object: *mut PyObject) -> Option<Complex<f64>> {
    // SAFETY: the caller's contract.
    unsafe {
        if let Some([re, im]) = COMPLEX.read::<[f64; 2]>(object) {
            return Some(Complex::new(re, im));
        }
        if ffi::PyFloat_CheckExact(object) != 0 {
            return Some(Complex::new(ffi::PyFloat_AsDouble(object), 0.0));
        }
        if ffi::PyComplex_CheckExact(object) != 0 {
            let (re, im) = (
                ffi::PyComplex_RealAsDouble(object),
                ffi::PyComplex_ImagAsDouble(object),
            );
            return Some(Complex::new(re, im));
        }
        let x = match python_float(object) {
            Some(x) => x,
            None => real(object)?.0.float(),
        };
        Some(Complex::new(x, 0.0))
    }
}

/// `False_` and `True_`.
static BOOLS: [AtomicPtr<PyObject>; 2] = [const { AtomicPtr::new(std::ptr::null_mut()) }; 2];

#[inline(always)]
unsafe fn boolean(value: bool) -> *mut PyObject {
    let object = BOOLS[usize::from(value)].load(Relaxed);
    // SAFETY: the module holds both for ever.
    unsafe { ffi::Py_NewRef(object) }
}

/// Arithmetic of two numbers, by the slot's name; `generic` where it is something else, or not finite.
macro_rules! arithmetic {
    (floats: $($name:ident $slot:ident $Op:ident;)*) => { $(
        unsafe extern "C" fn $name(a: *mut PyObject, b: *mut PyObject) -> *mut PyObject {
            // SAFETY: the interpreter calls it with two objects, one of them of the class or derived from it.
            unsafe {
                let computed = match floats(a, b) {
                    Some([x, y]) => of_floats(Arithmetic::$Op, x, y).map(|x| FLOAT.make(x)),
                    None => mixed(Arithmetic::$Op, a, b),
                };
                match computed {
                    Some(object) => object,
                    None => generic::<ffi::binaryfunc>(ffi::$slot)(a, b),
                }
            }
        }
    )* };
    (complexes: $($name:ident $slot:ident $op:tt;)*) => { $(
        unsafe extern "C" fn $name(a: *mut PyObject, b: *mut PyObject) -> *mut PyObject {
            // SAFETY: as above.
            unsafe {
                if let Some([x, y]) = complexes(a, b) {
                    let result = x $op y;
                    if result.is_finite() {
                        return COMPLEX.make([result.re, result.im]);
                    }
                }
                generic::<ffi::binaryfunc>(ffi::$slot)(a, b)
            }
        }
    )* };
}
arithmetic! { floats:
    float_add Py_nb_add Add;
    float_subtract Py_nb_subtract Subtract;
    float_multiply Py_nb_multiply Multiply;
    float_divide Py_nb_true_divide Divide;
    float_floor_divide Py_nb_floor_divide FloorDivide;
    float_remainder Py_nb_remainder Remainder;
}
arithmetic! { complexes:
    complex_add Py_nb_add +;
    complex_subtract Py_nb_subtract -;
    complex_multiply Py_nb_multiply *;
}

/// Arithmetic of two floats, where the result is finite.
#[inline(always)]
fn of_floats<F: math::Real>(op: Arithmetic, x: F, y: F) -> Option<F> {
    let result = match op {
        Arithmetic::Add => x + y,
        Arithmetic::Subtract => x - y,
        Arithmetic::Multiply => x * y,
        Arithmetic::Divide => x / y,
        Arithmetic::FloorDivide => divide::Floor::full::<F, Baseline>(x, y),
        Arithmetic::Remainder => divide::Remainder::full::<F, Baseline>(x, y),
        _ => return None,
    };
    result.is_finite().then_some(result)
}

/// Arithmetic of two scalars of different classes, in the dtype that holds both; `None` is for `generic` to answer.
unsafe fn mixed(op: Arithmetic, a: *mut PyObject, b: *mut PyObject) -> Option<*mut PyObject> {
    // SAFETY: the caller's contract.
    unsafe {
        let ((x, of_x), (y, of_y)) = (real(a)?, real(b)?);
        let dtype = promote(of_x, of_y);
        macro_rules! computed {
            ($($D:ident $t:ident)*) => {
                match (dtype, x, y) {
                    // integers divide as floats
                    $((DType::$D, Real::Integer(x), Real::Integer(y)) if op != Arithmetic::Divide => {
                        <$t>::op(op, x, y).and_then(<$t as Number>::narrow).map(|x| made(x))
                    })*
                    (DType::F32, ..) => {
                        of_floats(op, x.float() as f32, y.float() as f32).map(|x| made(x))
                    }
                    _ => of_floats(op, x.float(), y.float()).map(|x| FLOAT.make(x)),
                }
            };
        }
        computed!(U8 u8 U16 u16 U32 u32 U64 u64 I8 i8 I16 i16 I32 i32 I64 i64)
    }
}

unsafe extern "C" fn float_power(
    a: *mut PyObject,
    b: *mut PyObject,
    modulus: *mut PyObject,
) -> *mut PyObject {
    // SAFETY: as in `arithmetic`.
    unsafe {
        if let Some([x, y]) = floats(a, b)
            && ffi::Py_Is(modulus, ffi::Py_None()) != 0
        {
            // a square is a product in arrays, too
            let power = match y {
                2.0 => Some(x * x),
                _ => of_numbers(Op::Pow, &[x, y]),
            };
            if let Some(power) = power.filter(|power| power.is_finite()) {
                return FLOAT.make(power);
            }
        }
        generic::<ffi::ternaryfunc>(ffi::Py_nb_power)(a, b, modulus)
    }
}

/// What a ufunc makes of numbers of which one is a float, at least, and all are exact as `float64`; `None` is for the general path to
/// answer, of results that are not finite too.
pub fn ufunc(op: Op, operands: &[Bound<'_, PyAny>]) -> Option<Py<PyAny>> {
    let mut numbers = [0.0; 2];
    let numbers = numbers.get_mut(..operands.len())?;
    let mut is_float = false;
    for (number, operand) in numbers.iter_mut().zip(operands) {
        // SAFETY: attached; objects.
        unsafe {
            *number = float(operand.as_ptr())?;
            is_float |= ffi::PyLong_CheckExact(operand.as_ptr()) == 0;
        }
    }
    let result = of_numbers(op, numbers).filter(|x| is_float && x.is_finite())?;
    let py = operands.first()?.py();
    // SAFETY: attached; null is an exception that is set, which the general path would run into, too.
    unsafe { Bound::from_owned_ptr_or_opt(py, FLOAT.make(result)) }.map(Bound::unbind)
}

unsafe extern "C" fn float_compare(a: *mut PyObject, b: *mut PyObject, op: c_int) -> *mut PyObject {
    // SAFETY: as in `arithmetic`.
    unsafe {
        match floats(a, b) {
            Some([x, y]) => compared(x, y, op),
            None => compared_mixed(a, b, op),
        }
    }
}

/// The boolean of a comparison of scalars of different classes: exact of integers, otherwise as floats.
unsafe fn compared_mixed(a: *mut PyObject, b: *mut PyObject, op: c_int) -> *mut PyObject {
    // SAFETY: as in `arithmetic`.
    unsafe {
        match (real(a), real(b)) {
            (Some((Real::Integer(x), _)), Some((Real::Integer(y), _))) => compared(x, y, op),
            (Some((x, _)), Some((y, _))) => compared(x.float(), y.float(), op),
            _ => generic::<ffi::richcmpfunc>(ffi::Py_tp_richcompare)(a, b, op),
        }
    }
}

/// The boolean of a comparison by Python's number of it.
#[inline(always)]
unsafe fn compared<T: PartialOrd>(x: T, y: T, op: c_int) -> *mut PyObject {
    let truth = match op {
        ffi::Py_LT => x < y,
        ffi::Py_LE => x <= y,
        ffi::Py_GT => x > y,
        ffi::Py_GE => x >= y,
        ffi::Py_EQ => x == y,
        _ => x != y,
    };
    // SAFETY: the interpreter is held.
    unsafe { boolean(truth) }
}

unsafe extern "C" fn complex_compare(
    a: *mut PyObject,
    b: *mut PyObject,
    op: c_int,
) -> *mut PyObject {
    // SAFETY: as in `arithmetic`.
    unsafe {
        match (complexes(a, b), op) {
            (Some([x, y]), ffi::Py_EQ) => boolean(x == y),
            (Some([x, y]), ffi::Py_NE) => boolean(x != y),
            _ => generic::<ffi::richcmpfunc>(ffi::Py_tp_richcompare)(a, b, op),
        }
    }
}

unsafe extern "C" fn float_negative(a: *mut PyObject) -> *mut PyObject {
    // SAFETY: the interpreter calls it with an instance of the class or of a derived one.
    unsafe {
        match FLOAT.read::<f64>(a) {
            Some(x) => FLOAT.make(-x),
            None => generic::<ffi::unaryfunc>(ffi::Py_nb_negative)(a),
        }
    }
}

unsafe extern "C" fn float_absolute(a: *mut PyObject) -> *mut PyObject {
    // SAFETY: as in `float_negative`.
    unsafe {
        match FLOAT.read::<f64>(a) {
            Some(x) => FLOAT.make(x.abs()),
            None => generic::<ffi::unaryfunc>(ffi::Py_nb_absolute)(a),
        }
    }
}

unsafe extern "C" fn complex_absolute(a: *mut PyObject) -> *mut PyObject {
    // SAFETY: as in `float_negative`.
    unsafe {
        if let Some([re, im]) = COMPLEX.read::<[f64; 2]>(a) {
            let size = complex::abs::<f64, Baseline>(Complex::new(re, im));
            if size.is_finite() {
                return FLOAT.make(size);
            }
        }
        generic::<ffi::unaryfunc>(ffi::Py_nb_absolute)(a)
    }
}

unsafe extern "C" fn float_float(a: *mut PyObject) -> *mut PyObject {
    // SAFETY: as in `float_negative`.
    unsafe {
        match FLOAT.read::<f64>(a) {
            Some(x) => ffi::PyFloat_FromDouble(x),
            None => generic::<ffi::unaryfunc>(ffi::Py_nb_float)(a),
        }
    }
}

unsafe extern "C" fn float_bool(a: *mut PyObject) -> c_int {
    // SAFETY: as in `float_negative`.
    unsafe {
        match FLOAT.read::<f64>(a) {
            Some(x) => c_int::from(x != 0.0),
            None => generic::<ffi::inquiry>(ffi::Py_nb_bool)(a),
        }
    }
}

unsafe extern "C" fn bool_bool(a: *mut PyObject) -> c_int {
    match BOOLS.iter().position(|b| b.load(Relaxed) == a) {
        Some(truth) => truth as c_int,
        // SAFETY: as in `float_negative`.
        None => unsafe { generic::<ffi::inquiry>(ffi::Py_nb_bool)(a) },
    }
}

unsafe extern "C" fn free(object: *mut PyObject) {
    // SAFETY: nobody refers to the object; instances hold nothing that needs to be dropped, and a reference to their class.
    unsafe {
        let class = ffi::Py_TYPE(object);
        let free = ffi::PyType_GetSlot(class, ffi::Py_tp_free);
        let free: ffi::freefunc = std::mem::transmute(free);
        free(object.cast());
        ffi::Py_DECREF(class.cast());
    }
}

// ---- integers and `float32` ------------------------------------------------------------------------------------------

/// Numbers that scalars hold as [`Held`] bytes.
trait Number: Element + PartialOrd {
    /// As the kind computes: integers exactly, floats as they are.
    type Wide: Copy + PartialOrd + Default + Sub<Output = Self::Wide>;
    fn wide(self) -> Self::Wide;
    fn narrow(wide: Self::Wide) -> Option<Self>;
    /// The value of a Python number that it absorbs: one that changes neither the class nor the value.
    ///
    /// # Safety
    /// An object, and the interpreter is held.
    unsafe fn absorb(object: *mut PyObject) -> Option<Self::Wide>;
    /// As `float64`, where that is exact.
    fn float(self) -> Option<f64>;
    /// Whether a Python float makes the result a `float64`.
    const WIDENED: bool;
    fn op(op: Arithmetic, x: Self::Wide, y: Self::Wide) -> Option<Self::Wide>;
    /// `x` to the power of `y`, where integers have one.
    fn power(x: Self::Wide, y: Self::Wide) -> Option<Self::Wide>;
    /// Bitwise NOT of an integer.
    fn invert(self) -> Option<Self>;
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Arithmetic {
    Add,
    Subtract,
    Multiply,
    Divide,
    FloorDivide,
    Remainder,
    And,
    Or,
    Xor,
    LeftShift,
    RightShift,
}

macro_rules! integers {
    ($($t:ty)*) => { $(
        impl Number for $t {
            type Wide = i128;
            const WIDENED: bool = true;
            #[inline(always)]
            fn wide(self) -> i128 {
                self.into()
            }
            #[inline(always)]
            fn narrow(wide: i128) -> Option<$t> {
                wide.try_into().ok()
            }
            #[inline(always)]
            unsafe fn absorb(object: *mut PyObject) -> Option<i128> {
                // SAFETY: the caller's contract.
                unsafe {
                    if ffi::PyLong_CheckExact(object) == 0 {
                        return None;
                    }
                    let mut overflow = 0;
                    let x = ffi::PyLong_AsLongLongAndOverflow(object, &mut overflow);
                    let x = (overflow == 0).then_some(i128::from(x))?;
                    <$t>::try_from(x).is_ok().then_some(x)
                }
            }
            #[inline(always)]
            fn float(self) -> Option<f64> {
                (i128::from(self).unsigned_abs() < 1 << 53).then_some(self as f64)
            }
            #[inline(always)]
            fn op(op: Arithmetic, x: i128, y: i128) -> Option<i128> {
                Some(match op {
                    Arithmetic::Add => x + y,
                    Arithmetic::Subtract => x - y,
                    // two numbers of 64 bits have a product of 128
                    Arithmetic::Multiply => x.checked_mul(y)?,
                    Arithmetic::Divide => return None,
                    Arithmetic::FloorDivide | Arithmetic::Remainder => {
                        // rounded down, as Python's
                        let (quotient, rest) = (x.checked_div(y)?, x.checked_rem(y)?);
                        let down = rest != 0 && (rest < 0) != (y < 0);
                        match op {
                            Arithmetic::FloorDivide => quotient - i128::from(down),
                            _ if down => rest + y,
                            _ => rest,
                        }
                    }
                    Arithmetic::And => x & y,
                    Arithmetic::Or => x | y,
                    Arithmetic::Xor => x ^ y,
                    // both are of this type
                    Arithmetic::LeftShift => Whole::shl(x as $t, y as $t).into(),
                    Arithmetic::RightShift => Whole::shr(x as $t, y as $t).into(),
                })
            }
            #[inline(always)]
            fn power(x: i128, y: i128) -> Option<i128> {
                x.checked_pow(u32::try_from(y).ok()?)
            }
            #[inline(always)]
            fn invert(self) -> Option<$t> {
                Some(!self)
            }
        }
    )* };
}
integers!(u8 u16 u32 u64 i8 i16 i32 i64);

impl Number for f32 {
    type Wide = f32;
    const WIDENED: bool = false;
    #[inline(always)]
    fn wide(self) -> f32 {
        self
    }
    #[inline(always)]
    fn narrow(wide: f32) -> Option<f32> {
        wide.is_finite().then_some(wide)
    }
    #[inline(always)]
    unsafe fn absorb(object: *mut PyObject) -> Option<f32> {
        // SAFETY: the caller's contract.
        let x = unsafe { python_float(object)? };
        // one that is too large has a warning
        let narrow = x as f32;
        (narrow.is_finite() || !x.is_finite()).then_some(narrow)
    }
    #[inline(always)]
    fn float(self) -> Option<f64> {
        Some(self.into())
    }
    #[inline(always)]
    fn op(op: Arithmetic, x: f32, y: f32) -> Option<f32> {
        of_floats(op, x, y)
    }
    #[inline(always)]
    fn power(_: f32, _: f32) -> Option<f32> {
        None
    }
    #[inline(always)]
    fn invert(self) -> Option<f32> {
        None
    }
}

/// The number of a scalar of this very class.
///
/// # Safety
/// As [`floats`]; so for the others here.
#[inline(always)]
unsafe fn number<T: Number>(object: *mut PyObject) -> Option<T> {
    // SAFETY: the caller's contract; the class holds bytes of its own dtype.
    unsafe {
        let held: Held = CLASSES[T::DTYPE as usize].read(object)?;
        Some(held.bytes.as_ptr().cast::<T>().read_unaligned())
    }
}

/// Both numbers, where one is of this very class and the other one, too, or a Python number that it absorbs.
#[inline(always)]
unsafe fn numbers<T: Number>(a: *mut PyObject, b: *mut PyObject) -> Option<[T::Wide; 2]> {
    // SAFETY: the caller's contract.
    unsafe {
        Some(match (number::<T>(a), number::<T>(b)) {
            (Some(x), Some(y)) => [x.wide(), y.wide()],
            (Some(x), None) => [x.wide(), T::absorb(b)?],
            (None, Some(y)) => [T::absorb(a)?, y.wide()],
            (None, None) => return None,
        })
    }
}

/// Both as `float64`, where one is of this very class and the other one a float that widens it.
#[inline(always)]
unsafe fn widened<T: Number>(a: *mut PyObject, b: *mut PyObject) -> Option<[f64; 2]> {
    // SAFETY: the caller's contract.
    unsafe {
        let other = |object| match FLOAT.read::<f64>(object) {
            Some(x) => Some(x),
            None if T::WIDENED && ffi::PyFloat_CheckExact(object) != 0 => {
                Some(ffi::PyFloat_AsDouble(object))
            }
            None => None,
        };
        Some(match (number::<T>(a), number::<T>(b)) {
            (Some(x), None) => [x.float()?, other(b)?],
            (None, Some(y)) => [other(a)?, y.float()?],
            _ => return None,
        })
    }
}

#[inline(always)]
unsafe fn made<T: Number>(value: T) -> *mut PyObject {
    let mut bytes = [0; 16];
    // SAFETY: a number has up to eight bytes, and the class of its dtype holds them.
    unsafe {
        bytes.as_mut_ptr().cast::<T>().write_unaligned(value);
        CLASSES[T::DTYPE as usize].make(Held {
            bytes,
            dtype: T::DTYPE,
        })
    }
}

/// Arithmetic of scalars of a class.
#[inline(always)]
unsafe fn compute<T: Number>(
    op: Arithmetic,
    slot: c_int,
    a: *mut PyObject,
    b: *mut PyObject,
) -> *mut PyObject {
    // SAFETY: the interpreter calls slots with two objects, one of them of the class or derived from it.
    unsafe {
        if let Some([x, y]) = numbers::<T>(a, b) {
            if let Some(result) = T::op(op, x, y).and_then(T::narrow) {
                return made(result);
            }
            // integers divide as floats
            if let (Arithmetic::Divide, true, Some(x), Some(y)) = (
                op,
                T::WIDENED,
                T::narrow(x).and_then(T::float),
                T::narrow(y).and_then(T::float),
            ) && y != 0.0
            {
                return FLOAT.make(x / y);
            }
        } else if let Some([x, y]) = widened::<T>(a, b) {
            if let Some(result) = of_floats(op, x, y) {
                return FLOAT.make(result);
            }
        } else if let Some(result) = mixed(op, a, b) {
            return result;
        }
        generic::<ffi::binaryfunc>(slot)(a, b)
    }
}

macro_rules! slots_of_numbers {
    ($($name:ident $Op:ident $slot:ident;)*) => {
        $(
            unsafe extern "C" fn $name<T: Number>(
                a: *mut PyObject,
                b: *mut PyObject,
            ) -> *mut PyObject {
                // SAFETY: as `compute` says.
                unsafe { compute::<T>(Arithmetic::$Op, ffi::$slot, a, b) }
            }
        )*

        fn arithmetic_of<T: Number>() -> Vec<Slot> {
            vec![$((ffi::$slot, $name::<T> as *mut c_void),)*]
        }
    };
}
slots_of_numbers! {
    number_add Add Py_nb_add;
    number_subtract Subtract Py_nb_subtract;
    number_multiply Multiply Py_nb_multiply;
    number_divide Divide Py_nb_true_divide;
    number_floor_divide FloorDivide Py_nb_floor_divide;
    number_remainder Remainder Py_nb_remainder;
    number_and And Py_nb_and;
    number_or Or Py_nb_or;
    number_xor Xor Py_nb_xor;
    number_left_shift LeftShift Py_nb_lshift;
    number_right_shift RightShift Py_nb_rshift;
}

unsafe extern "C" fn number_power<T: Number>(
    a: *mut PyObject,
    b: *mut PyObject,
    modulus: *mut PyObject,
) -> *mut PyObject {
    // SAFETY: as in `compute`.
    unsafe {
        if let Some([x, y]) = numbers::<T>(a, b)
            && ffi::Py_Is(modulus, ffi::Py_None()) != 0
            && let Some(power) = T::power(x, y).and_then(T::narrow)
        {
            return made(power);
        }
        generic::<ffi::ternaryfunc>(ffi::Py_nb_power)(a, b, modulus)
    }
}

/// A tuple of two new objects.
unsafe fn pair(a: *mut PyObject, b: *mut PyObject) -> *mut PyObject {
    // SAFETY: the caller's contract; the references go into the tuple, or are released.
    unsafe {
        let both = match a.is_null() || b.is_null() {
            false => ffi::PyTuple_Pack(2, a, b),
            true => std::ptr::null_mut(),
        };
        ffi::Py_XDECREF(a);
        ffi::Py_XDECREF(b);
        both
    }
}

/// As [`mixed`], of both parts of a division.
unsafe fn mixed_divmod(a: *mut PyObject, b: *mut PyObject) -> Option<*mut PyObject> {
    // SAFETY: the caller's contract; what is not returned is released.
    unsafe {
        let quotient = mixed(Arithmetic::FloorDivide, a, b)?;
        match mixed(Arithmetic::Remainder, a, b) {
            Some(rest) => Some(pair(quotient, rest)),
            None => {
                ffi::Py_XDECREF(quotient);
                None
            }
        }
    }
}

unsafe extern "C" fn number_divmod<T: Number>(a: *mut PyObject, b: *mut PyObject) -> *mut PyObject {
    // SAFETY: as in `compute`.
    unsafe {
        if let Some([x, y]) = numbers::<T>(a, b) {
            let part = |op| T::op(op, x, y).and_then(T::narrow);
            if let (Some(quotient), Some(rest)) =
                (part(Arithmetic::FloorDivide), part(Arithmetic::Remainder))
            {
                return pair(made(quotient), made(rest));
            }
        } else if let Some(both) = mixed_divmod(a, b) {
            return both;
        }
        generic::<ffi::binaryfunc>(ffi::Py_nb_divmod)(a, b)
    }
}

unsafe extern "C" fn float_divmod(a: *mut PyObject, b: *mut PyObject) -> *mut PyObject {
    // SAFETY: as in `arithmetic`.
    unsafe {
        if let Some([x, y]) = floats(a, b) {
            let part = |op| of_floats(op, x, y);
            if let (Some(quotient), Some(rest)) =
                (part(Arithmetic::FloorDivide), part(Arithmetic::Remainder))
            {
                return pair(FLOAT.make(quotient), FLOAT.make(rest));
            }
        } else if let Some(both) = mixed_divmod(a, b) {
            return both;
        }
        generic::<ffi::binaryfunc>(ffi::Py_nb_divmod)(a, b)
    }
}

/// Operators of one number, which may have none that its type holds.
macro_rules! alone {
    ($($name:ident $slot:ident |$x:ident| $of:expr;)*) => { $(
        unsafe extern "C" fn $name<T: Number>(a: *mut PyObject) -> *mut PyObject {
            // SAFETY: as in `float_negative`.
            unsafe {
                match number::<T>(a).and_then(|$x: T| $of) {
                    Some(result) => made(result),
                    None => generic::<ffi::unaryfunc>(ffi::$slot)(a),
                }
            }
        }
    )* };
}
alone! {
    number_negative Py_nb_negative |x| negative(x);
    number_absolute Py_nb_absolute |x| {
        // of floats the sign of zero and of NaN is for `generic`
        let wide = x.wide();
        if wide < T::Wide::default() { negative(x) } else { (wide > T::Wide::default()).then_some(x) }
    };
    number_invert Py_nb_invert |x| x.invert();
}

/// `-x` of what is not zero, so that its sign is no question.
#[inline(always)]
fn negative<T: Number>(x: T) -> Option<T> {
    let (zero, wide) = (T::Wide::default(), x.wide());
    (wide != zero).then(|| T::narrow(zero - wide)).flatten()
}

unsafe extern "C" fn number_compare<T: Number>(
    a: *mut PyObject,
    b: *mut PyObject,
    op: c_int,
) -> *mut PyObject {
    // SAFETY: as in `compute`.
    unsafe {
        if let Some([x, y]) = numbers::<T>(a, b) {
            return compared(x, y, op);
        }
        if let Some([x, y]) = widened::<T>(a, b) {
            return compared(x, y, op);
        }
        compared_mixed(a, b, op)
    }
}

unsafe extern "C" fn number_bool<T: Number>(a: *mut PyObject) -> c_int {
    // SAFETY: as in `float_negative`.
    unsafe {
        match number::<T>(a) {
            Some(x) => c_int::from(x != T::default()),
            None => generic::<ffi::inquiry>(ffi::Py_nb_bool)(a),
        }
    }
}

unsafe extern "C" fn number_float<T: Number>(a: *mut PyObject) -> *mut PyObject {
    // SAFETY: as in `float_negative`.
    unsafe {
        match number::<T>(a).and_then(T::float) {
            Some(x) => ffi::PyFloat_FromDouble(x),
            None => generic::<ffi::unaryfunc>(ffi::Py_nb_float)(a),
        }
    }
}

/// `int(x)` and `operator.index(x)`; they differ for what is no integer, which the generic ones know.
macro_rules! to_int {
    ($($name:ident $slot:ident;)*) => { $(
        unsafe extern "C" fn $name<T: Number<Wide = i128>>(a: *mut PyObject) -> *mut PyObject {
            // SAFETY: as in `float_negative`.
            unsafe {
                match number::<T>(a).and_then(|x| i64::try_from(x.wide()).ok()) {
                    Some(x) => ffi::PyLong_FromLongLong(x),
                    None => generic::<ffi::unaryfunc>(ffi::$slot)(a),
                }
            }
        }
    )* };
}
to_int! {
    number_int Py_nb_int;
    number_index Py_nb_index;
}

fn of_number<T: Number>() -> Vec<Slot> {
    let mut all = arithmetic_of::<T>();
    all.extend([
        (ffi::Py_tp_richcompare, number_compare::<T> as *mut c_void),
        (ffi::Py_nb_bool, number_bool::<T> as *mut c_void),
        (ffi::Py_nb_float, number_float::<T> as *mut c_void),
        (ffi::Py_nb_power, number_power::<T> as *mut c_void),
        (ffi::Py_nb_divmod, number_divmod::<T> as *mut c_void),
        (ffi::Py_nb_negative, number_negative::<T> as *mut c_void),
        (ffi::Py_nb_absolute, number_absolute::<T> as *mut c_void),
        (ffi::Py_tp_hash, hash as *mut c_void),
        (ffi::Py_tp_dealloc, free as *mut c_void),
    ]);
    all
}

fn of_integer<T: Number<Wide = i128>>() -> Vec<Slot> {
    let mut all = of_number::<T>();
    all.extend([
        (ffi::Py_nb_invert, number_invert::<T> as *mut c_void),
        (ffi::Py_nb_int, number_int::<T> as *mut c_void),
        (ffi::Py_nb_index, number_index::<T> as *mut c_void),
    ]);
    all
}

/// A class that says how it compares has to say how it hashes.
unsafe extern "C" fn hash(a: *mut PyObject) -> ffi::Py_hash_t {
    // SAFETY: as in `float_negative`.
    unsafe { generic::<ffi::hashfunc>(ffi::Py_tp_hash)(a) }
}

/// How Python hashes its own number, whose memory ours has.
fn python_hash<B: PyTypeInfo>() -> *mut c_void {
    Python::attach(|py| {
        let class = B::type_object_raw(py);
        // SAFETY: a class and the number of a slot.
        unsafe { ffi::PyType_GetSlot(class, ffi::Py_tp_hash) }
    })
}

// ---- construction ----------------------------------------------------------------------------------------------------

/// What makes scalars of anything.
static NEW: AtomicPtr<PyObject> = AtomicPtr::new(std::ptr::null_mut());

/// The only argument of a call of this very class.
#[inline(always)]
unsafe fn only(
    of: &Class,
    class: *mut ffi::PyTypeObject,
    args: *mut PyObject,
    names: *mut PyObject,
) -> Option<*mut PyObject> {
    // SAFETY: the interpreter calls constructors with a class, a tuple, and a dictionary or null.
    unsafe {
        let plain = class == of.class.load(Relaxed) && names.is_null();
        (plain && ffi::PyTuple_Size(args) == 1).then(|| ffi::PyTuple_GetItem(args, 0))
    }
}

/// A scalar of anything.
unsafe extern "C" fn new(
    class: *mut ffi::PyTypeObject,
    args: *mut PyObject,
    names: *mut PyObject,
) -> *mut PyObject {
    // SAFETY: as in `only`; what is made here is released, and the module holds the function for ever.
    unsafe {
        let first = ffi::PyTuple_Pack(1, class);
        if first.is_null() {
            return first;
        }
        let all = ffi::PySequence_Concat(first, args);
        ffi::Py_DECREF(first);
        if all.is_null() {
            return all;
        }
        let made = ffi::PyObject_Call(NEW.load(Relaxed), all, names);
        ffi::Py_DECREF(all);
        made
    }
}

unsafe extern "C" fn float_new(
    class: *mut ffi::PyTypeObject,
    args: *mut PyObject,
    names: *mut PyObject,
) -> *mut PyObject {
    // SAFETY: as in `only`.
    unsafe {
        match only(FLOAT, class, args, names).and_then(|x| float(x)) {
            Some(x) => FLOAT.make(x),
            None => new(class, args, names),
        }
    }
}

unsafe extern "C" fn complex_new(
    class: *mut ffi::PyTypeObject,
    args: *mut PyObject,
    names: *mut PyObject,
) -> *mut PyObject {
    // SAFETY: as in `only`.
    unsafe {
        match only(COMPLEX, class, args, names).and_then(|x| complex_of(x)) {
            Some(x) => COMPLEX.make([x.re, x.im]),
            None => new(class, args, names),
        }
    }
}

unsafe extern "C" fn number_new<T: Number>(
    class: *mut ffi::PyTypeObject,
    args: *mut PyObject,
    names: *mut PyObject,
) -> *mut PyObject {
    // SAFETY: as in `only`.
    unsafe {
        let value =
            only(&CLASSES[T::DTYPE as usize], class, args, names).and_then(|x| {
                match number::<T>(x) {
                    Some(x) => Some(x),
                    None => T::narrow(T::absorb(x)?),
                }
            });
        match value {
            Some(x) => made(x),
            None => new(class, args, names),
        }
    }
}

fn new_of(dtype: DType) -> *mut c_void {
    match dtype {
        DType::U8 => number_new::<u8> as *mut c_void,
        DType::U16 => number_new::<u16> as *mut c_void,
        DType::U32 => number_new::<u32> as *mut c_void,
        DType::U64 => number_new::<u64> as *mut c_void,
        DType::I8 => number_new::<i8> as *mut c_void,
        DType::I16 => number_new::<i16> as *mut c_void,
        DType::I32 => number_new::<i32> as *mut c_void,
        DType::I64 => number_new::<i64> as *mut c_void,
        DType::F32 => number_new::<f32> as *mut c_void,
        DType::F64 => float_new as *mut c_void,
        DType::C128 => complex_new as *mut c_void,
        DType::Bool | DType::F8E4M3 | DType::F8E5M2 | DType::F16 | DType::BF16 | DType::C64 => {
            new as *mut c_void
        }
    }
}

// ---- classes ---------------------------------------------------------------------------------------------------------

/// A slot's number and its function.
type Slot = (c_int, *mut c_void);

/// The name of the class of a dtype's scalars, and what they answer by themselves.
fn of(dtype: DType) -> (&'static CStr, Vec<Slot>) {
    let free = || (ffi::Py_tp_dealloc, free as *mut c_void);
    match dtype {
        DType::Bool => (
            c"civita.bool",
            vec![(ffi::Py_nb_bool, bool_bool as *mut c_void), free()],
        ),
        DType::U8 => (c"civita.uint8", of_integer::<u8>()),
        DType::U16 => (c"civita.uint16", of_integer::<u16>()),
        DType::U32 => (c"civita.uint32", of_integer::<u32>()),
        DType::U64 => (c"civita.uint64", of_integer::<u64>()),
        DType::I8 => (c"civita.int8", of_integer::<i8>()),
        DType::I16 => (c"civita.int16", of_integer::<i16>()),
        DType::I32 => (c"civita.int32", of_integer::<i32>()),
        DType::I64 => (c"civita.int64", of_integer::<i64>()),
        DType::F32 => (c"civita.float32", of_number::<f32>()),
        DType::F64 => (c"civita.float64", of_float()),
        DType::C128 => (c"civita.complex128", of_complex()),
        DType::F8E4M3 => (c"civita.float8_e4m3fn", vec![free()]),
        DType::F8E5M2 => (c"civita.float8_e5m2", vec![free()]),
        DType::F16 => (c"civita.float16", vec![free()]),
        DType::BF16 => (c"civita.bfloat16", vec![free()]),
        DType::C64 => (c"civita.complex64", vec![free()]),
    }
}

fn of_float() -> Vec<Slot> {
    vec![
        (ffi::Py_nb_add, float_add as *mut c_void),
        (ffi::Py_nb_subtract, float_subtract as *mut c_void),
        (ffi::Py_nb_multiply, float_multiply as *mut c_void),
        (ffi::Py_nb_true_divide, float_divide as *mut c_void),
        (ffi::Py_nb_floor_divide, float_floor_divide as *mut c_void),
        (ffi::Py_nb_remainder, float_remainder as *mut c_void),
        (ffi::Py_nb_divmod, float_divmod as *mut c_void),
        (ffi::Py_nb_power, float_power as *mut c_void),
        (ffi::Py_tp_richcompare, float_compare as *mut c_void),
        (ffi::Py_tp_hash, python_hash::<PyFloat>()),
        (ffi::Py_nb_negative, float_negative as *mut c_void),
        (ffi::Py_nb_absolute, float_absolute as *mut c_void),
        (ffi::Py_nb_float, float_float as *mut c_void),
        (ffi::Py_nb_bool, float_bool as *mut c_void),
        (ffi::Py_tp_dealloc, free as *mut c_void),
    ]
}

fn of_complex() -> Vec<Slot> {
    vec![
        (ffi::Py_nb_add, complex_add as *mut c_void),
        (ffi::Py_nb_subtract, complex_subtract as *mut c_void),
        (ffi::Py_nb_multiply, complex_multiply as *mut c_void),
        (ffi::Py_tp_richcompare, complex_compare as *mut c_void),
        (ffi::Py_tp_hash, python_hash::<PyComplex>()),
        (ffi::Py_nb_absolute, complex_absolute as *mut c_void),
        (ffi::Py_tp_dealloc, free as *mut c_void),
    ]
}

/// The class of a dtype's scalars over these bases, which answers some slots by itself.
pub fn class<'py>(
    bases: &Bound<'py, PyTuple>,
    dtype: DType,
    doc: &CStr,
) -> PyResult<Bound<'py, PyType>> {
    let (name, mut slots) = of(dtype);
    slots.push((ffi::Py_tp_new, new_of(dtype)));
    made_of(bases, name, doc, slots, 0)
}

/// The base of scalars that are no Python numbers, and where they hold [`Held`]. As NumPy's they are not known to the garbage
/// collector: they hold no objects.
pub fn base(py: Python<'_>) -> PyResult<(Bound<'_, PyType>, usize)> {
    let place = size_of::<PyObject>();
    let size = (place + size_of::<Held>()).next_multiple_of(align_of::<PyObject>());
    let doc = c"Memory of scalars that are no Python numbers.";
    let bases = PyTuple::new(py, [py.get_type::<PyAny>()])?;
    Ok((
        made_of(&bases, c"civita._stored", doc, Vec::new(), size as c_int)?,
        place,
    ))
}

/// `basicsize` 0 is that of the base.
fn made_of<'py>(
    bases: &Bound<'py, PyTuple>,
    name: &'static CStr,
    doc: &CStr,
    slots: Vec<Slot>,
    basicsize: c_int,
) -> PyResult<Bound<'py, PyType>> {
    let py = bases.py();
    let doc = (ffi::Py_tp_doc, doc.as_ptr().cast_mut().cast());
    let end = (0, std::ptr::null_mut());
    let all = slots.into_iter().chain([doc, end]);
    let mut all: Vec<ffi::PyType_Slot> = all
        .map(|(slot, pfunc)| ffi::PyType_Slot { slot, pfunc })
        .collect();
    let mut spec = ffi::PyType_Spec {
        name: name.as_ptr(),
        basicsize,
        itemsize: 0,
        flags: (ffi::Py_TPFLAGS_DEFAULT | ffi::Py_TPFLAGS_BASETYPE) as c_uint,
        slots: all.as_mut_ptr(),
    };
    // SAFETY: the specification ends with a zero slot, every function has the type of its slot, and the name stays; the
    // interpreter copies the rest.
    let made = unsafe {
        let made = ffi::PyType_FromSpecWithBases(&mut spec, bases.as_ptr());
        Bound::from_owned_ptr_or_err(py, made)?
    };
    Ok(made.cast_into::<PyType>()?)
}

/// Tells the slots of `generic`, what makes scalars of anything, the classes with the places of their numbers, and the two
/// booleans.
pub fn set<'a, 'py: 'a>(
    base: &Bound<'py, PyType>,
    new: Bound<'py, PyAny>,
    classes: impl Iterator<Item = (DType, &'a Bound<'py, PyType>, usize)>,
    bools: &[Py<PyAny>; 2],
) -> PyResult<()> {
    for (place, object) in BOOLS.iter().zip(bools) {
        place.store(object.as_ptr(), Relaxed);
    }
    NEW.store(new.into_ptr(), Relaxed);
    for (dtype, class, place) in classes {
        for (slot, _) in of(dtype).1 {
            // SAFETY: a class and the number of a slot.
            let found = unsafe { ffi::PyType_GetSlot(base.as_type_ptr(), slot) };
            GENERIC[slot as usize].store(found, Relaxed);
            if found.is_null() {
                let text = format!("generic has no slot {slot}");
                return Err(PySystemError::new_err(text));
            }
        }
        CLASSES[dtype as usize].set(class, place)?;
    }
    Ok(())
}
