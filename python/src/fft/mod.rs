//! `cv.fft`: the functions of `numpy.fft`, and of `scipy.fft` what NumPy lacks.
//!
//! The transforms are `civita_fft`'s; here are NumPy's conventions for arguments. What only arranges numbers (`fftfreq`, `fftshift`)
//! is Python, in `civita/fft.py`.

use civita_core::dtype::{Casting, DType, can_cast};
use civita_core::error::shape_text;
use civita_core::raw::Raw;
use civita_fft::{
    Direction, Family, Mode, Norm, Transform, Type, WaveTransform, fftconvolve as convolved,
    fwht as hadamard,
};
use pyo3::exceptions::PyDeprecationWarning;
use pyo3::prelude::*;
use pyo3::types::PyString;

use crate::convert::array_of;
use crate::error::{Outcome, type_error, value_error};
use crate::gil;
use crate::reduction::write_out;
use crate::scalar::give;
use crate::ufunc::output;

/// `norm=`
fn norm_of(op: &'static str, norm: Option<&Bound<'_, PyAny>>) -> Outcome<Norm> {
    match norm {
        None => Ok(Norm::Backward),
        Some(norm) => Ok(Norm::parse(op, norm.str()?.to_str()?)?),
    }
}

/// A sequence of integers, of which some may be `None`.
fn integers(name: &str, ob: &Bound<'_, PyAny>) -> Outcome<Vec<Option<isize>>> {
    let items = ob
        .try_iter()
        .map_err(|_| type_error(format!("argument '{name}' must be a sequence of integers")))?;
    items.map(|item| Ok(item?.extract()?)).collect()
}

fn axes_of(axes: Option<&Bound<'_, PyAny>>) -> Outcome<Option<Vec<isize>>> {
    let Some(axes) = axes else { return Ok(None) };
    let all = integers("axes", axes)?;
    let all: Option<Vec<isize>> = all.into_iter().collect();
    match all {
        Some(all) => Ok(Some(all)),
        None => Err(type_error("argument 'axes' must be a sequence of integers")),
    }
}

/// As [`integers`], or one integer.
fn one_or_more(name: &str, ob: Option<&Bound<'_, PyAny>>) -> Outcome<Option<Vec<isize>>> {
    let Some(ob) = ob else { return Ok(None) };
    if let Ok(one) = ob.extract::<isize>() {
        return Ok(Some(vec![one]));
    }
    let all: Option<Vec<isize>> = integers(name, ob)?.into_iter().collect();
    all.map(Some)
        .ok_or_else(|| value_error(format!("{name} must be a scalar or iterable of integers")))
}

/// Runs a transform of so many elements, and puts the result where it is wanted.
fn run(
    py: Python<'_>,
    op: &'static str,
    x: &Raw,
    out: Option<&Bound<'_, PyAny>>,
    f: impl FnOnce() -> civita_core::error::Result<Raw> + Send,
) -> Outcome<Py<PyAny>> {
    // a transform costs more than a pass over its elements
    let out = match out.map(output).transpose() {
        Ok(out) => out.flatten(),
        Err(_) => {
            return Err(type_error(
                "return arrays must be of ArrayType: civita.ndarray\n  hint: `cv.asarray(a)` shares the memory of a NumPy array",
            ));
        }
    };
    let y = gil::work(py, 8 * x.len(), f)?;
    let Some(out) = out else { return give(py, y) };
    if out.get().raw().shape() != y.shape() {
        return Err(value_error(format!(
            "output array has wrong shape.\n  the result has shape {}",
            shape_text(y.shape())
        )));
    }
    let (from, to) = (y.dtype(), out.get().raw().dtype());
    if !can_cast(from, to, Casting::SameKind) {
        return Err(type_error(format!(
            "Cannot cast {op} output from dtype('{from}') to dtype('{to}') with casting rule 'same_kind'"
        )));
    }
    write_out(op, y, out)
}

macro_rules! along { ($($(#[doc = $doc:literal])* $name:ident $Transform:ident;)*) => { $(
    $(#[doc = $doc])*
    #[pyfunction]
    #[pyo3(signature = (a, n=None, axis=-1, norm=None, out=None), text_signature = "(a, n=None, axis=-1, norm=None, out=None)")]
    fn $name(
        py: Python<'_>,
        a: &Bound<'_, PyAny>,
        n: Option<isize>,
        axis: isize,
        norm: Option<&Bound<'_, PyAny>>,
        out: Option<&Bound<'_, PyAny>>,
    ) -> Outcome<Py<PyAny>> {
        let transform = Transform::$Transform;
        let norm = norm_of(transform.name(), norm)?;
        let x = array_of(a, None)?;
        run(py, transform.name(), &x, out, || transform.along(&x, n, axis, norm))
    }
)* } }
along! {
    /// The Fourier transform along an axis: `y[k] = sum(x[j] exp(-2πi jk / n))`.
    ///
    /// `n` is the number of points: the axis is cropped or padded with zeros to it. `norm` says where the factor `1 / n` stands:
    /// "backward" (at the inverse), "forward", or "ortho" (its root at both).
    fft Fft;
    /// The inverse of `fft`.
    ifft Ifft;
    /// The Fourier transform of real numbers along an axis: the first `n // 2 + 1` of its elements, which tell the rest.
    rfft Rfft;
    /// The inverse of `rfft`: `n` real numbers, by default `2 * (m - 1)` for `m` elements.
    irfft Irfft;
    /// The Fourier transform of a signal with Hermitian symmetry, of which half is given: real.
    hfft Hfft;
    /// The inverse of `hfft`.
    ihfft Ihfft;
}

/// The lengths along axes, each given or not, and the axes.
type ShapeAndAxes = (Option<Vec<Option<isize>>>, Option<Vec<isize>>);

/// `s` and `axes` as NumPy takes them.
fn shape_and_axes(
    py: Python<'_>,
    s: Option<&Bound<'_, PyAny>>,
    axes: Option<Vec<isize>>,
) -> Outcome<ShapeAndAxes> {
    let s = s.map(|s| integers("s", s)).transpose()?;
    let class = py.get_type::<PyDeprecationWarning>();
    let warn = |text| crate::functions::warn_as(py, class.as_any(), text);
    if s.is_some() && axes.is_none() {
        warn(
            "`axes` should not be `None` if `s` is not `None`: name the axes that `s[i]` belong to",
        )?;
    }
    if s.iter().flatten().any(Option::is_none) {
        warn(
            "Passing an array containing `None` values to `s` is deprecated: use -1 for the length of the axis",
        )?;
    }
    Ok((s, axes))
}

/// Half precision as NumPy has it over several axes: the first of them makes single precision of it.
fn single(x: &Raw, axes: Option<&[isize]>) -> Outcome<Raw> {
    let several = axes.map_or(x.rank(), <[isize]>::len) > 1;
    Ok(match x.dtype() == DType::F16 && several {
        true => x.cast(DType::F32)?,
        false => x.clone(),
    })
}

macro_rules! over { ($($(#[doc = $doc:literal])* $name:ident $text:literal $Transform:ident $axes:expr;)*) => { $(
    $(#[doc = $doc])*
    #[pyfunction]
    #[pyo3(signature = (a, s=None, axes=$axes, norm=None, out=None), text_signature = $text)]
    fn $name(
        py: Python<'_>,
        a: &Bound<'_, PyAny>,
        s: Option<&Bound<'_, PyAny>>,
        axes: Axes<'_>,
        norm: Option<&Bound<'_, PyAny>>,
        out: Option<&Bound<'_, PyAny>>,
    ) -> Outcome<Py<PyAny>> {
        let op = stringify!($name);
        let norm = norm_of(op, norm)?;
        let x = array_of(a, None)?;
        let (s, axes) = shape_and_axes(py, s, axes.list()?)?;
        let x = single(&x, axes.as_deref())?;
        run(py, op, &x, out, || {
            Transform::$Transform.over(op, &x, s.as_deref(), axes.as_deref(), norm)
        })
    }
)* } }
over! {
    /// The Fourier transform over several axes, by default all.
    ///
    /// `s` are the numbers of points along them (-1: the length of the axis).
    fftn "(a, s=None, axes=None, norm=None, out=None)" Fft Axes::All;
    /// The inverse of `fftn`.
    ifftn "(a, s=None, axes=None, norm=None, out=None)" Ifft Axes::All;
    /// The Fourier transform of real numbers over several axes: half of it along the last of them.
    rfftn "(a, s=None, axes=None, norm=None, out=None)" Rfft Axes::All;
    /// The inverse of `rfftn`.
    irfftn "(a, s=None, axes=None, norm=None, out=None)" Irfft Axes::All;
    /// The Fourier transform over two axes, by default the last.
    fft2 "(a, s=None, axes=(-2, -1), norm=None, out=None)" Fft Axes::LastTwo;
    /// The inverse of `fft2`.
    ifft2 "(a, s=None, axes=(-2, -1), norm=None, out=None)" Ifft Axes::LastTwo;
    /// The Fourier transform of real numbers over two axes: half of it along the last.
    rfft2 "(a, s=None, axes=(-2, -1), norm=None, out=None)" Rfft Axes::LastTwo;
    /// The inverse of `rfft2`.
    irfft2 "(a, s=None, axes=(-2, -1), norm=None, out=None)" Irfft Axes::LastTwo;
}

/// `axes=`, with its default.
enum Axes<'py> {
    All,
    LastTwo,
    Given(Bound<'py, PyAny>),
}

impl<'a, 'py> FromPyObject<'a, 'py> for Axes<'py> {
    type Error = std::convert::Infallible;
    fn extract(ob: Borrowed<'a, 'py, PyAny>) -> Result<Axes<'py>, Self::Error> {
        Ok(match ob.is_none() {
            true => Axes::All,
            false => Axes::Given(ob.to_owned()),
        })
    }
}

impl Axes<'_> {
    fn list(&self) -> Outcome<Option<Vec<isize>>> {
        match self {
            Axes::All => Ok(None),
            Axes::LastTwo => Ok(Some(vec![-2, -1])),
            Axes::Given(axes) => axes_of(Some(axes)),
        }
    }
}

/// The arguments of a cosine or sine transform.
fn wave(
    op: &'static str,
    family: Family,
    direction: Direction,
    kind: Option<&Bound<'_, PyAny>>,
    norm: Option<&Bound<'_, PyAny>>,
    orthogonalize: Option<bool>,
) -> Outcome<WaveTransform> {
    let kind = match kind.map_or(Ok(2), |kind| kind.extract::<isize>())? {
        1 => Type::I,
        2 => Type::II,
        3 => Type::III,
        4 => Type::IV,
        other => {
            return Err(value_error(format!(
                "invalid type {other}: must be 1, 2, 3 or 4"
            )));
        }
    };
    Ok(WaveTransform {
        family,
        kind,
        direction,
        norm: norm_of(op, norm)?,
        orthogonalize,
    })
}

macro_rules! waves { ($($(#[doc = $doc:literal])* $name:ident $many:ident $Family:ident $Direction:ident;)*) => { $(
    $(#[doc = $doc])*
    ///
    /// `type` is 1 to 4; `n` is the number of points: the axis is cropped or padded with zeros to it. `overwrite_x` and `workers` are
    /// taken as SciPy takes them, and do nothing.
    #[pyfunction]
    #[pyo3(signature = (x, r#type=None, n=None, axis=-1, norm=None, overwrite_x=None, workers=None, orthogonalize=None), text_signature = "(x, type=2, n=None, axis=-1, norm=None, overwrite_x=False, workers=None, orthogonalize=None)")]
    #[allow(clippy::too_many_arguments)] // SciPy's signature
    fn $name(
        py: Python<'_>,
        x: &Bound<'_, PyAny>,
        r#type: Option<&Bound<'_, PyAny>>,
        n: Option<isize>,
        axis: isize,
        norm: Option<&Bound<'_, PyAny>>,
        overwrite_x: Option<bool>,
        workers: Option<isize>,
        orthogonalize: Option<bool>,
    ) -> Outcome<Py<PyAny>> {
        let _ = (overwrite_x, workers);
        let op = stringify!($name);
        let wave = wave(op, Family::$Family, Direction::$Direction, r#type, norm, orthogonalize)?;
        let x = array_of(x, None)?;
        let n = n.map(|n| [n]);
        run(py, op, &x, None, || wave.over(op, &x, n.as_ref().map(|n| &n[..]), Some(&[axis])))
    }
    $(#[doc = $doc])*
    ///
    /// Over several axes, by default all; `s` are the numbers of points along them.
    #[pyfunction]
    #[pyo3(signature = (x, r#type=None, s=None, axes=None, norm=None, overwrite_x=None, workers=None, *, orthogonalize=None), text_signature = "(x, type=2, s=None, axes=None, norm=None, overwrite_x=False, workers=None, *, orthogonalize=None)")]
    #[allow(clippy::too_many_arguments)] // SciPy's signature
    fn $many(
        py: Python<'_>,
        x: &Bound<'_, PyAny>,
        r#type: Option<&Bound<'_, PyAny>>,
        s: Option<&Bound<'_, PyAny>>,
        axes: Option<&Bound<'_, PyAny>>,
        norm: Option<&Bound<'_, PyAny>>,
        overwrite_x: Option<bool>,
        workers: Option<isize>,
        orthogonalize: Option<bool>,
    ) -> Outcome<Py<PyAny>> {
        let _ = (overwrite_x, workers);
        let op = stringify!($many);
        let wave = wave(op, Family::$Family, Direction::$Direction, r#type, norm, orthogonalize)?;
        let x = array_of(x, None)?;
        let (s, axes) = (one_or_more("shape", s)?, one_or_more("axes", axes)?);
        run(py, op, &x, None, || wave.over(op, &x, s.as_deref(), axes.as_deref()))
    }
)* } }
waves! {
    /// The cosine transform of an axis, of type II by default: `y[k] = 2 sum(x[j] cos(π k (2j + 1) / 2n))`.
    dct dctn Cosine Forward;
    /// The inverse of `dct`.
    idct idctn Cosine Inverse;
    /// The sine transform of an axis, of type II by default: `y[k] = 2 sum(x[j] sin(π (k + 1) (2j + 1) / 2n))`.
    dst dstn Sine Forward;
    /// The inverse of `dst`.
    idst idstn Sine Inverse;
}

/// The convolution of two arrays over axes, by default all, by Fourier transforms: SciPy's `signal.fftconvolve`.
///
/// `mode` is "full", "same" (as long as `in1`) or "valid".
#[pyfunction]
#[pyo3(signature = (in1, in2, mode="full", axes=None))]
fn fftconvolve(
    py: Python<'_>,
    in1: &Bound<'_, PyAny>,
    in2: &Bound<'_, PyAny>,
    mode: &str,
    axes: Option<&Bound<'_, PyAny>>,
) -> Outcome<Py<PyAny>> {
    let mode = Mode::parse("fftconvolve", mode)?;
    let (a, b) = (array_of(in1, None)?, array_of(in2, None)?);
    let axes = one_or_more("axes", axes)?;
    run(py, "fftconvolve", &a, None, || {
        convolved(&a, &b, mode, axes.as_deref())
    })
}

/// The Walsh–Hadamard transform of an axis whose length is a power of two, in the order of Hadamard's matrix.
#[pyfunction]
#[pyo3(signature = (x, axis=-1, norm=None), text_signature = "(x, axis=-1, norm=None)")]
fn fwht(
    py: Python<'_>,
    x: &Bound<'_, PyAny>,
    axis: isize,
    norm: Option<&Bound<'_, PyAny>>,
) -> Outcome<Py<PyAny>> {
    let norm = norm_of("fwht", norm)?;
    let x = array_of(x, None)?;
    run(py, "fwht", &x, None, || hadamard(&x, axis, norm))
}

/// A positive length.
fn target_of(target: &Bound<'_, PyAny>) -> Outcome<usize> {
    if target.is_instance_of::<PyString>() {
        return Err(type_error("target must be an integer"));
    }
    match target.extract::<isize>()? {
        n if n >= 0 => Ok(n as usize),
        _ => Err(value_error("target cannot be negative")),
    }
}

/// The smallest number of points, `target` or more, whose transform is fast: SciPy's.
#[pyfunction]
#[pyo3(signature = (target, real=false))]
fn next_fast_len(target: &Bound<'_, PyAny>, real: bool) -> Outcome<usize> {
    Ok(civita_fft::next_fast_len(target_of(target)?, real))
}

/// The largest number of points, `target` or fewer, whose transform is fast: SciPy's.
#[pyfunction]
#[pyo3(signature = (target, real=false))]
fn prev_fast_len(target: &Bound<'_, PyAny>, real: bool) -> Outcome<usize> {
    Ok(civita_fft::prev_fast_len(target_of(target)?, real))
}

/// Adds the module.
pub fn register(m: &Bound<'_, PyModule>) -> PyResult<()> {
    // functions say that they are of `civita.fft`, which passes them on
    let fft_module = PyModule::new(m.py(), "civita.fft")?;
    macro_rules! add { ($($name:ident)*) => { $(
        fft_module.add_function(wrap_pyfunction!($name, &fft_module)?)?;
    )* } }
    add! {
        fft ifft rfft irfft hfft ihfft fftn ifftn rfftn irfftn fft2 ifft2 rfft2 irfft2
        dct idct dst idst dctn idctn dstn idstn fftconvolve fwht next_fast_len prev_fast_len
    }
    m.add("_fft", fft_module)
}
