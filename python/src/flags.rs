//! `a.flags`: how the elements of an array lie in memory, and what may be done with them.

use pyo3::exceptions::PyKeyError;
use pyo3::prelude::*;

use crate::array::{Array, cannot_write};
use crate::error::{Outcome, value_error};

/// What `a.flags` returns: `c_contiguous`, `f_contiguous`, `owndata`, `writeable`, `aligned`, `writebackifcopy`, and what
/// follows from them; also by name, `a.flags["WRITEABLE"]`. `writeable` can be set.
#[pyclass(name = "flagsobj", module = "civita", frozen)]
pub struct Flags {
    array: Py<Array>,
}

impl Flags {
    /// The flags of an array.
    pub fn of(array: &Bound<'_, Array>) -> Flags {
        Flags {
            array: array.clone().unbind(),
        }
    }
}

#[pymethods]
impl Flags {
    /// The last axis is innermost, without gaps.
    #[getter]
    fn c_contiguous(&self) -> bool {
        self.array.get().raw().layout().is_contiguous()
    }

    /// The first axis is innermost, without gaps.
    #[getter]
    fn f_contiguous(&self) -> bool {
        self.array.get().raw().layout().is_fortran_contiguous()
    }

    /// As `c_contiguous`.
    #[getter]
    fn contiguous(&self) -> bool {
        self.c_contiguous()
    }

    /// As `f_contiguous`.
    #[getter]
    fn fortran(&self) -> bool {
        self.f_contiguous()
    }

    /// The memory is the array's own, not that of another array.
    #[getter]
    fn owndata(slf: &Bound<'_, Self>) -> PyResult<bool> {
        let base = slf.get().array.bind(slf.py()).getattr("base")?;
        Ok(base.is_none() && slf.get().array.get().raw().storage().writable())
    }

    /// The elements may be written, if not all at once: those of overlapping windows one after the other.
    #[getter]
    fn writeable(&self) -> bool {
        let raw = self.array.get().raw();
        let is_broadcast = || {
            let steps = raw.layout().strides().iter().zip(raw.shape());
            steps.into_iter().any(|(&step, &n)| step == 0 && n > 1)
        };
        raw.storage().writable() && !raw.is_frozen() && !is_broadcast()
    }

    #[setter]
    fn set_writeable(&self, py: Python<'_>, value: bool) -> Outcome<()> {
        let array = self.array.get();
        if value && !array.raw().storage().writable() {
            return Err(cannot_write());
        }
        array.set_writable(py, value)
    }

    /// The elements lie at multiples of their size: always.
    #[getter]
    fn aligned(&self) -> bool {
        true
    }

    #[setter]
    fn set_aligned(&self, _value: bool) {}

    /// The array is a copy that will be written back: never.
    #[getter]
    fn writebackifcopy(&self) -> bool {
        false
    }

    #[setter]
    fn set_writebackifcopy(&self, value: bool) -> Outcome<()> {
        if value {
            return Err(value_error("cannot set WRITEBACKIFCOPY flag to True"));
        }
        Ok(())
    }

    /// In Fortran order and not in C order.
    #[getter]
    fn fnc(&self) -> bool {
        self.f_contiguous() && !self.c_contiguous()
    }

    /// In Fortran order or in C order.
    #[getter]
    fn forc(&self) -> bool {
        self.f_contiguous() || self.c_contiguous()
    }

    /// Aligned and writeable.
    #[getter]
    fn behaved(&self) -> bool {
        self.writeable()
    }

    /// Aligned, writeable, and in C order.
    #[getter]
    fn carray(&self) -> bool {
        self.writeable() && self.c_contiguous()
    }

    /// Aligned, writeable, and in Fortran order but not in C order.
    #[getter]
    fn farray(&self) -> bool {
        self.writeable() && self.fnc()
    }

    /// All flags as NumPy's bits.
    #[getter]
    fn num(slf: &Bound<'_, Self>) -> PyResult<u32> {
        let flags = slf.get();
        let bit = |on: bool, value: u32| if on { value } else { 0 };
        Ok(bit(flags.c_contiguous(), 0x1)
            | bit(flags.f_contiguous(), 0x2)
            | bit(Self::owndata(slf)?, 0x4)
            | 0x100
            | bit(flags.writeable(), 0x400))
    }

    fn __getitem__(slf: &Bound<'_, Self>, name: &str) -> PyResult<bool> {
        let flags = slf.get();
        Ok(match name {
            "C_CONTIGUOUS" | "C" | "CONTIGUOUS" => flags.c_contiguous(),
            "F_CONTIGUOUS" | "F" | "FORTRAN" => flags.f_contiguous(),
            "OWNDATA" | "O" => Self::owndata(slf)?,
            "WRITEABLE" | "W" => flags.writeable(),
            "ALIGNED" | "A" => true,
            "WRITEBACKIFCOPY" | "X" => false,
            "FNC" => flags.fnc(),
            "FORC" => flags.forc(),
            "BEHAVED" | "B" => flags.behaved(),
            "CARRAY" | "CA" => flags.carray(),
            "FARRAY" | "FA" => flags.farray(),
            _ => return Err(PyKeyError::new_err("Unknown flag")),
        })
    }

    fn __setitem__(&self, py: Python<'_>, name: &str, value: bool) -> Outcome<()> {
        match name {
            "WRITEABLE" | "W" => self.set_writeable(py, value),
            "ALIGNED" | "A" => Ok(()),
            "WRITEBACKIFCOPY" | "X" => self.set_writebackifcopy(value),
            _ => Err(PyKeyError::new_err("Unknown flag").into()),
        }
    }

    fn __eq__(slf: &Bound<'_, Self>, other: &Bound<'_, PyAny>) -> PyResult<bool> {
        match other.cast::<Flags>() {
            Ok(other) => Ok(Self::num(slf)? == Self::num(other)?),
            Err(_) => Ok(false),
        }
    }

    #[classattr]
    const __hash__: Option<Py<PyAny>> = None;

    fn __repr__(slf: &Bound<'_, Self>) -> PyResult<String> {
        let mut text = String::new();
        for name in [
            "C_CONTIGUOUS",
            "F_CONTIGUOUS",
            "OWNDATA",
            "WRITEABLE",
            "ALIGNED",
            "WRITEBACKIFCOPY",
        ] {
            let value = if Self::__getitem__(slf, name)? {
                "True"
            } else {
                "False"
            };
            text.push_str(&format!("  {name} : {value}\n"));
        }
        Ok(text)
    }
}

/// Adds the class to the module.
pub fn register(m: &Bound<'_, PyModule>) -> PyResult<()> {
    m.add_class::<Flags>()
}
