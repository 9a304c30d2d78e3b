//! Callables that the interpreter calls by PEP 590: with a pointer to the arguments instead of a tuple and a dictionary,
//! which are 25 to 50 ns of a call that takes 150.
//!
//! PyO3's classes do not have it. So the objects are of a class over PyO3's, with one word more for the pointer to the
//! function that is called; everything else is inherited. The protocol is part of the stable ABI from Python 3.12, and the
//! same in 3.11.

use std::ffi::{CStr, c_int, c_uint, c_void};
use std::marker::PhantomData;
use std::slice;

use pyo3::PyClass;
use pyo3::exceptions::PyTypeError;
use pyo3::ffi::{self, PyObject};
use pyo3::impl_::trampoline::{
    MethodDef, cfunction_with_keywords, descrgetfunc, fastcall_cfunction_with_keywords,
};
use pyo3::prelude::*;
use pyo3::pyclass::boolean_struct::True;
use pyo3::sync::PyOnceLock;
use pyo3::types::{PyDict, PyString, PyTuple, PyType};
use smallvec::SmallVec;

use crate::error::Outcome;

/// Slots of a class beside those of its `#[pymethods]`.
macro_rules! slots {
    ($Class:ty: $($slot:ident = $function:ident as $Type:ty;)*) => {
        pyo3::inventory::submit! {
            type Inventory = <$Class as pyo3::impl_::pyclass::PyClassImpl>::Inventory;
            Inventory::new(pyo3::impl_::pyclass::PyClassItems {
                methods: &[],
                slots: &[$(pyo3::ffi::PyType_Slot {
                    slot: pyo3::ffi::$slot,
                    pfunc: $function as $Type as *mut std::ffi::c_void,
                }),*],
            })
        }
    };
}
pub(crate) use slots;

/// The arguments of a call.
#[derive(Clone, Copy)]
pub struct Arguments<'a, 'py> {
    py: Python<'py>,
    /// Those by position, then those by name.
    all: &'a [Bound<'py, PyAny>],
    by_position: usize,
    /// The names of the last ones.
    names: Option<&'a Bound<'py, PyTuple>>,
}

impl<'a, 'py> Arguments<'a, 'py> {
    #[inline]
    pub fn py(self) -> Python<'py> {
        self.py
    }

    /// Those by position.
    #[inline]
    pub fn positional(self) -> &'a [Bound<'py, PyAny>] {
        &self.all[..self.by_position]
    }

    /// All, whether by position or by name.
    #[inline]
    pub fn all(self) -> &'a [Bound<'py, PyAny>] {
        self.all
    }

    /// Whether there are names.
    #[inline]
    pub fn has_names(self) -> bool {
        self.all.len() > self.by_position
    }

    /// Those by name, each with its own.
    pub fn named(self) -> impl Iterator<Item = (Bound<'py, PyString>, &'a Bound<'py, PyAny>)> {
        let values = &self.all[self.by_position..];
        // the interpreter lets nothing but strings be names
        let names = self.names.into_iter().flat_map(|names| names.iter());
        let names = names.filter_map(|name| name.cast_into::<PyString>().ok());
        names.zip(values)
    }

    /// The one by this name.
    pub fn keyword(self, name: &str) -> Option<&'a Bound<'py, PyAny>> {
        if !self.has_names() {
            return None;
        }
        self.named()
            .find(|(own, _)| own.to_str().is_ok_and(|own| own == name))
            .map(|(_, value)| value)
    }

    /// The one at a place or by a name.
    pub fn get(self, place: usize, name: &str) -> Option<&'a Bound<'py, PyAny>> {
        self.positional().get(place).or_else(|| self.keyword(name))
    }

    /// Those by position, as functions in Python take them.
    pub fn tuple(self) -> PyResult<Bound<'py, PyTuple>> {
        PyTuple::new(self.py, self.positional())
    }

    /// Those by name, as functions in Python take them.
    pub fn dict(self) -> PyResult<Option<Bound<'py, PyDict>>> {
        if !self.has_names() {
            return Ok(None);
        }
        let dict = PyDict::new(self.py);
        for (name, value) in self.named() {
            dict.set_item(name, value)?;
        }
        Ok(Some(dict))
    }
}

/// Runs `f` on the arguments of PyO3's calls.
pub fn with_arguments<'py, R>(
    args: &Bound<'py, PyTuple>,
    kwargs: Option<&Bound<'py, PyDict>>,
    f: impl for<'a> FnOnce(Arguments<'a, 'py>) -> Outcome<R>,
) -> Outcome<R> {
    let mut all: SmallVec<[Bound<'py, PyAny>; 8]> = args.iter().collect();
    let names = match kwargs.filter(|kwargs| !kwargs.is_empty()) {
        Some(kwargs) => {
            all.extend(kwargs.iter().map(|(_, value)| value));
            Some(PyTuple::new(args.py(), kwargs.keys())?)
        }
        None => None,
    };
    f(Arguments {
        py: args.py(),
        all: &all,
        by_position: args.len(),
        names: names.as_ref(),
    })
}

/// A callable with the object that a call has in front.
fn bound_method<'py>(
    callable: &Bound<'py, PyAny>,
    object: &Bound<'py, PyAny>,
) -> PyResult<Bound<'py, PyAny>> {
    static BOUND: PyOnceLock<Py<PyAny>> = PyOnceLock::new();
    let py = callable.py();
    let bound = BOUND.get_or_try_init(py, || {
        Ok::<_, PyErr>(py.import("types")?.getattr("MethodType")?.unbind())
    })?;
    bound.bind(py).call1((callable, object))
}

/// What a class of callables does.
pub trait Callable: PyClass<Frozen = True> + Sync {
    /// The class's full name.
    const NAME: &'static CStr;

    /// Whether it is a method where it is an attribute of a class: then `x.f(…)` calls it with `x` in front, without an object
    /// of the two.
    const IS_METHOD: bool = false;

    /// A call.
    fn call<'py>(slf: &Bound<'py, Self>, given: Arguments<'_, 'py>) -> Outcome<Py<PyAny>>;
}

/// PyO3's way into Rust, which counts the threads that are in it.
struct Definition<T>(PhantomData<T>);

impl<T: Callable> MethodDef<fastcall_cfunction_with_keywords::Func> for Definition<T> {
    const METH: fastcall_cfunction_with_keywords::Func = enter::<T>;
}

impl<T: Callable> MethodDef<cfunction_with_keywords::Func> for Definition<T> {
    const METH: cfunction_with_keywords::Func = enter_with_tuple::<T>;
}

/// As [`Definition`], of the way to an attribute.
struct Binding;

impl MethodDef<descrgetfunc::Func> for Binding {
    const METH: descrgetfunc::Func = bind;
}

/// `x.f` without a call: the method with `x` in front. Of the class, without an object, the method itself.
///
/// # Safety
/// All are objects, the last two or null.
unsafe fn bind(
    py: Python<'_>,
    method: *mut PyObject,
    object: *mut PyObject,
    _class: *mut PyObject,
) -> PyResult<*mut PyObject> {
    // SAFETY: the objects live until the call returns.
    let (method, object) = unsafe {
        let object = match object.is_null() {
            true => None,
            false => Some(Bound::ref_from_ptr(py, &object)),
        };
        (Bound::ref_from_ptr(py, &method), object)
    };
    let bound = match object.filter(|object| !object.is_none()) {
        Some(object) => bound_method(method, object)?,
        None => method.clone(),
    };
    Ok(bound.into_ptr())
}

/// The call with a tuple and a dictionary, as `f(*a, **k)` of other callers makes it.
///
/// # Safety
/// `object` is of a class that [`CallableClass`] made for `T`, `arguments` a tuple, and `named` a dictionary or null.
unsafe fn enter_with_tuple<T: Callable>(
    py: Python<'_>,
    object: *mut PyObject,
    arguments: *mut PyObject,
    named: *mut PyObject,
) -> PyResult<*mut PyObject> {
    // SAFETY: objects of these classes, which live until the call returns.
    let (slf, arguments, named) = unsafe {
        let slf = Bound::ref_from_ptr(py, &object).cast_unchecked::<T>();
        let arguments = Bound::ref_from_ptr(py, &arguments).cast_unchecked::<PyTuple>();
        let named = match named.is_null() {
            true => None,
            false => Some(Bound::ref_from_ptr(py, &named).cast_unchecked::<PyDict>()),
        };
        (slf, arguments, named)
    };
    let done = with_arguments(arguments, named, |given| T::call(slf, given))?;
    Ok(done.into_ptr())
}

/// # Safety
/// `object` is of a class that [`CallableClass`] made for `T`; the others are arguments as the protocol passes them.
unsafe fn enter<T: Callable>(
    py: Python<'_>,
    object: *mut PyObject,
    arguments: *const *mut PyObject,
    // the highest bit says that there is a place in front of the first
    count: ffi::Py_ssize_t,
    names: *mut PyObject,
) -> PyResult<*mut PyObject> {
    let by_position = (count & ffi::Py_ssize_t::MAX).cast_unsigned();
    // SAFETY: a `Bound` is one pointer to an object, which here lives until the call returns; where there are no arguments the
    // pointer to them may be anything.
    let (slf, names, all) = unsafe {
        let slf = Bound::ref_from_ptr(py, &object).cast_unchecked::<T>();
        let names = match names.is_null() {
            true => None,
            false => Some(Bound::ref_from_ptr(py, &names).cast_unchecked::<PyTuple>()),
        };
        let all: &[Bound<'_, PyAny>] = match by_position + names.map_or(0, |names| names.len()) {
            0 => &[],
            n => slice::from_raw_parts(arguments.cast(), n),
        };
        (slf, names, all)
    };
    let given = Arguments {
        py,
        all,
        by_position,
        names,
    };
    Ok(T::call(slf, given)?.into_ptr())
}

/// The class of the objects.
pub struct CallableClass<T> {
    class: Py<PyType>,
    /// Where in an object the value lies.
    value: usize,
    /// Where it has the pointer to [`enter`].
    pointer: usize,
    of: PhantomData<T>,
}

// In headers of later versions only, or of versions without a stable ABI.
const HAVE_VECTORCALL: u64 = 1 << 11;

impl<T: Callable> CallableClass<T> {
    /// The class over PyO3's. `sample` is one of those objects, which shows where the value lies.
    pub fn new(sample: &Bound<'_, T>) -> PyResult<CallableClass<T>> {
        let py = sample.py();
        let base = py.get_type::<T>();
        let value = std::ptr::from_ref(sample.get()).addr() - sample.as_ptr().addr();
        let pointer: usize = base.getattr("__basicsize__")?.extract()?;
        let members = [
            ffi::PyMemberDef {
                name: c"__vectorcalloffset__".as_ptr(),
                type_code: ffi::Py_T_PYSSIZET,
                offset: pointer.cast_signed(),
                flags: ffi::Py_READONLY,
                doc: std::ptr::null(),
            },
            ffi::PyMemberDef::default(),
        ];
        // what `object` writes is all that an object has
        for extra in ["__dictoffset__", "__weakrefoffset__"] {
            if base.getattr(extra)?.extract::<isize>()? != 0 {
                let text = format!("{}: {extra} is not 0", base.fully_qualified_name()?);
                return Err(PyTypeError::new_err(text));
            }
        }
        let call: unsafe extern "C" fn(_, _, _) -> _ = cfunction_with_keywords::<Definition<T>>;
        let call = call as ffi::PyCFunctionWithKeywords as *mut c_void;
        let slot = |slot: c_int, pfunc| ffi::PyType_Slot { slot, pfunc };
        let get: ffi::descrgetfunc = descrgetfunc::<Binding>;
        let end = slot(0, std::ptr::null_mut());
        let mut slots = [
            slot(ffi::Py_tp_members, members.as_ptr().cast_mut().cast()),
            slot(ffi::Py_tp_call, call),
            match T::IS_METHOD {
                true => slot(ffi::Py_tp_descr_get, get as *mut c_void),
                false => end,
            },
            end,
        ];
        let mut flags = ffi::Py_TPFLAGS_DEFAULT | ffi::Py_TPFLAGS_DISALLOW_INSTANTIATION;
        flags |= HAVE_VECTORCALL as std::ffi::c_ulong;
        if T::IS_METHOD {
            flags |= ffi::Py_TPFLAGS_METHOD_DESCRIPTOR;
        }
        let size = pointer + size_of::<ffi::vectorcallfunc>();
        let mut spec = ffi::PyType_Spec {
            name: <T as Callable>::NAME.as_ptr(),
            basicsize: size as c_int,
            itemsize: 0,
            flags: flags as c_uint,
            slots: slots.as_mut_ptr(),
        };
        let bases = PyTuple::new(py, [&base])?;
        // SAFETY: slots and members end with a zero, the names stay, and the interpreter copies the rest; an object has room
        // for the pointer behind what PyO3's has.
        let class = unsafe {
            let class = ffi::PyType_FromSpecWithBases(&mut spec, bases.as_ptr());
            Bound::from_owned_ptr_or_err(py, class)?.cast_into::<PyType>()?
        };
        // a class without a doc would hide its objects'
        class.setattr("__doc__", base.getattr("__dict__")?.get_item("__doc__")?)?;
        Ok(CallableClass {
            class: class.unbind(),
            value,
            pointer,
            of: PhantomData,
        })
    }

    /// For a module.
    pub fn class<'py>(&self, py: Python<'py>) -> &Bound<'py, PyType> {
        self.class.bind(py)
    }

    /// A new object.
    pub fn object<'py>(&self, py: Python<'py>, value: T) -> PyResult<Bound<'py, T>> {
        // SAFETY: an object of the class begins as PyO3's does: frozen and without a dictionary or weak references, which `new`
        // looked for, it holds the value alone, at the same place in each. The pointer lies behind.
        // Nobody sees the object before both are written.
        unsafe {
            let object = ffi::PyType_GenericAlloc(self.class.bind(py).as_type_ptr(), 0);
            let object = Bound::from_owned_ptr_or_err(py, object)?;
            let memory = object.as_ptr().cast::<u8>();
            memory.add(self.value).cast::<T>().write(value);
            let enter: unsafe extern "C" fn(_, _, _, _) -> _ =
                fastcall_cfunction_with_keywords::<Definition<T>>;
            memory
                .add(self.pointer)
                .cast::<ffi::PyCFunctionFastWithKeywords>()
                .write(enter);
            Ok(object.cast_into_unchecked())
        }
    }
}
