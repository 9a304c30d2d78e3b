//! The functions of `numpy.fft` and the transforms of `scipy.fft`, on tensors.

use smallvec::{SmallVec, smallvec};

use civita_core::dtype::{DType, Scalar};
use civita_core::error::{Error, Result, shape_text};
use civita_core::layout::{Axes, SliceItem, normalize_axis};
use civita_core::ops::Op;
use civita_core::primitive::bind_one;
use civita_core::raw::Raw;

use crate::plan::Direction;
use crate::primitive::{Cosine, Fourier, Kind, Step, Steps};
use crate::smooth::next_fast_len;
use crate::wave::{Family, Type, shortest};

/// Where the factor `1 / n` of a transform and its inverse stands.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Norm {
    /// At the inverse transform.
    #[default]
    Backward,
    /// As `1 / √n` at both.
    Ortho,
    /// At the forward transform.
    Forward,
}

impl Norm {
    /// The norm of a name.
    ///
    /// # Errors
    /// When there is none.
    pub fn parse(op: &'static str, name: &str) -> Result<Norm> {
        match name {
            "backward" => Ok(Norm::Backward),
            "ortho" => Ok(Norm::Ortho),
            "forward" => Ok(Norm::Forward),
            _ => Err(Error::value(
                op,
                format!(
                    "Invalid norm value {name}; should be \"backward\", \"ortho\" or \"forward\"."
                ),
            )),
        }
    }

    /// That of the transform in the other direction.
    pub fn swapped(self) -> Norm {
        match self {
            Norm::Backward => Norm::Forward,
            Norm::Ortho => Norm::Ortho,
            Norm::Forward => Norm::Backward,
        }
    }

    /// The factor of a forward transform of `n` points.
    fn factor(self, n: f64) -> f64 {
        match self {
            Norm::Backward => 1.0,
            Norm::Ortho => 1.0 / n.sqrt(),
            Norm::Forward => 1.0 / n,
        }
    }
}

/// The transforms of `numpy.fft` along one axis.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Transform {
    /// `fft`: `y[k] = Σ x[j] exp(-2πi jk / n)`
    Fft,
    /// `ifft`: its inverse.
    Ifft,
    /// `rfft`: the half of it that tells the rest, of real numbers.
    Rfft,
    /// `irfft`: its inverse.
    Irfft,
    /// `hfft`: the real transform of half a signal whose other half is the conjugate.
    Hfft,
    /// `ihfft`: its inverse.
    Ihfft,
}

impl Transform {
    /// NumPy's name.
    pub fn name(self) -> &'static str {
        match self {
            Transform::Fft => "fft",
            Transform::Ifft => "ifft",
            Transform::Rfft => "rfft",
            Transform::Irfft => "irfft",
            Transform::Hfft => "hfft",
            Transform::Ihfft => "ihfft",
        }
    }

    /// The points of a transform of so many elements.
    fn points(self, len: usize) -> isize {
        match self {
            Transform::Irfft | Transform::Hfft => 2 * (len as isize - 1),
            _ => len as isize,
        }
    }

    /// The transform of an axis: padded or cropped to `n` points, which are by default as many as the axis has, or twice one less
    /// where half a transform comes in.
    ///
    /// # Errors
    /// When there is no such axis, `n` is less than 1, or a real transform is given complex numbers.
    pub fn along(self, x: &Raw, n: Option<isize>, axis: isize, norm: Norm) -> Result<Raw> {
        let op = self.name();
        match self {
            Transform::Hfft => {
                let x = if x.dtype().is_complex() {
                    x.conj()?
                } else {
                    x.clone()
                };
                return Transform::Irfft
                    .along(&x, n, axis, norm.swapped())
                    .map_err(|e| e.in_op(op));
            }
            Transform::Ihfft => {
                return Transform::Rfft
                    .along(x, n, axis, norm.swapped())
                    .and_then(|y| y.conj())
                    .map_err(|e| e.in_op(op));
            }
            _ => {}
        }
        let n = match n {
            Some(n) => n,
            None => {
                let axis = normalize_axis(op, axis, x.rank())?;
                x.length_is_read(op, axis);
                self.points(x.shape()[axis])
            }
        };
        let len = points(op, n)?;
        let axis = normalize_axis(op, axis, x.rank())?;
        self.bound(op, x, &[(axis, len)], norm)
    }

    /// The transform of axes, the last one first as NumPy does it (`irfftn`: the last one last).
    fn bound(self, op: &'static str, x: &Raw, axes: &[(usize, usize)], norm: Norm) -> Result<Raw> {
        let mut steps: Steps = axes
            .iter()
            .rev()
            .map(|&(axis, len)| Step {
                axis,
                len,
                keep: len,
            })
            .collect();
        let norm = match self {
            Transform::Ifft | Transform::Irfft => norm.swapped(),
            _ => norm,
        };
        let factor = axes.iter().map(|&(_, n)| norm.factor(n as f64)).product();
        let real = computed(x.dtype());
        let (kind, dtype) = match self {
            Transform::Rfft => {
                if x.dtype().is_complex() {
                    return Err(Error::dtype(
                        op,
                        "the transform of real numbers is given complex ones",
                    )
                    .dtypes(&[x.dtype()])
                    .hint("`fft` takes them; or take the real part first"));
                }
                if let Some(first) = steps.first_mut() {
                    first.keep = first.len / 2 + 1;
                }
                (Kind::ToHalf { inner: 1.0 }, real)
            }
            Transform::Irfft => {
                // all others go first, in order
                steps.reverse();
                (Kind::ToReal { inner: 2.0 }, real.to_complex())
            }
            _ => {
                let direction = match self {
                    Transform::Ifft => Direction::Inverse,
                    _ => Direction::Forward,
                };
                let dtype = match x.dtype().is_complex() {
                    true => real.to_complex(),
                    false => real,
                };
                (Kind::Complex(direction), dtype)
            }
        };
        let given = x.dtype();
        let x = x.cast(dtype)?;
        let fourier = Fourier {
            kind,
            steps,
            factor,
        };
        let y = bind_one(&fourier, &[&x]).map_err(|e| e.in_op(op))?;
        match (self, given) {
            (Transform::Irfft, DType::F16) => y.cast(DType::F16),
            _ => Ok(y),
        }
    }

    /// The transform over several axes (`fft`, `ifft`, `rfft` and `irfft`): lengths by `s`, by default those of the axes (`-1`: that
    /// one's); axes by default all, or as many of the last as `s` has lengths.
    ///
    /// # Errors
    /// As [`Transform::along`], and when lengths and axes differ in number.
    pub fn over(
        self,
        op: &'static str,
        x: &Raw,
        s: Option<&[Option<isize>]>,
        axes: Option<&[isize]>,
        norm: Norm,
    ) -> Result<Raw> {
        let rank = x.rank();
        let axes: SmallVec<[isize; 4]> = match (axes, s) {
            (Some(axes), _) => axes.into(),
            (None, Some(s)) => (-(s.len() as isize)..0).collect(),
            (None, None) => (0..rank as isize).collect(),
        };
        if s.is_some_and(|s| s.len() != axes.len()) {
            return Err(Error::value(op, "Shape and axes have different lengths."));
        }
        if axes.is_empty() {
            return match self {
                Transform::Rfft | Transform::Irfft => {
                    Err(Error::index(op, "needs at least one axis"))
                }
                _ => Ok(x.clone()),
            };
        }
        let mut shape: SmallVec<[usize; 8]> = x.shape().into();
        let mut lens: SmallVec<[(usize, usize); 4]> = SmallVec::new();
        for (i, &axis) in axes.iter().enumerate() {
            let axis = normalize_axis(op, axis, rank)?;
            let last = i + 1 == axes.len();
            let given = s.and_then(|s| s[i]).filter(|&n| n != -1);
            if given.is_none() {
                x.length_is_read(op, axis);
            }
            let default = match (self, last && s.is_none_or(|s| s[i].is_none())) {
                (Transform::Irfft, true) => self.points(shape[axis]),
                _ => shape[axis] as isize,
            };
            lens.push((axis, points(op, given.unwrap_or(default))?));
            if self != Transform::Irfft && s.is_none() {
                continue;
            }
            shape[axis] = lens[i].1;
        }
        self.bound(op, x, &lens, norm)
    }
}

/// The dtype of real numbers that a transform of these is computed in.
fn computed(dtype: DType) -> DType {
    match dtype {
        DType::C64 => DType::F32,
        float if float.is_float() => float.compute(),
        _ => DType::F64,
    }
}

fn points(op: &'static str, n: isize) -> Result<usize> {
    match usize::try_from(n) {
        Ok(n) if n > 0 => Ok(n),
        _ => Err(Error::value(
            op,
            format!("Invalid number of FFT data points ({n}) specified."),
        )),
    }
}

/// A cosine or sine transform, of `scipy.fft`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct WaveTransform {
    /// Cosines or sines.
    pub family: Family,
    /// I to IV; of an inverse transform, the type of what it inverts.
    pub kind: Type,
    /// Forward, or the inverse.
    pub direction: Direction,
    /// Where the factor stands.
    pub norm: Norm,
    /// Scales the ends so that with [`Norm::Ortho`] the transform is orthogonal; by default with that norm.
    pub orthogonalize: Option<bool>,
}

impl WaveTransform {
    /// The transform over axes: lengths by `s` (`-1`: that of the axis), by default those of the axes; axes by default all, or as
    /// many of the last as `s` has lengths. Complex numbers are transformed by parts.
    ///
    /// # Errors
    /// When an axis does not exist or is named twice, or a length is too small.
    pub fn over(
        &self,
        op: &'static str,
        x: &Raw,
        s: Option<&[isize]>,
        axes: Option<&[isize]>,
    ) -> Result<Raw> {
        let rank = x.rank();
        let axes: SmallVec<[isize; 4]> = match (axes, s) {
            (Some(axes), _) => axes.into(),
            (None, Some(s)) if s.len() > rank => {
                return Err(Error::value(
                    op,
                    "shape requires more axes than are present",
                ));
            }
            (None, Some(s)) => (-(s.len() as isize)..0).collect(),
            (None, None) => (0..rank as isize).collect(),
        };
        if s.is_some_and(|s| s.len() != axes.len()) {
            return Err(Error::value(
                op,
                "when given, axes and shape arguments have to be of the same length",
            ));
        }
        let kind = match (self.direction, self.kind) {
            (Direction::Inverse, Type::II) => Type::III,
            (Direction::Inverse, Type::III) => Type::II,
            (_, kind) => kind,
        };
        let norm = match self.direction {
            Direction::Forward => self.norm,
            Direction::Inverse => self.norm.swapped(),
        };
        let mut steps = Steps::new();
        let mut factor = 1.0;
        for (i, &axis) in axes.iter().enumerate() {
            let axis = normalize_axis(op, axis, rank)?;
            if steps.iter().any(|step| step.axis == axis) {
                return Err(Error::value(op, "all axes must be unique"));
            }
            let n = match s.map(|s| s[i]) {
                None | Some(-1) => {
                    x.length_is_read(op, axis);
                    x.shape()[axis] as isize
                }
                Some(n) => n,
            };
            let least = shortest(self.family, kind);
            let len = usize::try_from(n).ok().filter(|&n| n >= least);
            let len = len.ok_or_else(|| {
                Error::value(op, format!("invalid number of data points ({n}) specified"))
                    .rule(format!("the transform needs {least} or more"))
            })?;
            let logical = match (self.family, kind) {
                (Family::Cosine, Type::I) => 2.0 * (len as f64 - 1.0),
                (Family::Sine, Type::I) => 2.0 * (len as f64 + 1.0),
                _ => 2.0 * len as f64,
            };
            factor *= norm.factor(logical);
            steps.push(Step {
                axis,
                len,
                keep: len,
            });
        }
        if steps.is_empty() {
            return Ok(x.clone());
        }
        let ortho = self.orthogonalize.unwrap_or(self.norm == Norm::Ortho);
        let root = std::f64::consts::SQRT_2;
        let (before, after) = match kind {
            _ if !ortho => (1.0, 1.0),
            Type::I => (root, 1.0 / root),
            Type::II => (1.0, 1.0 / root),
            Type::III => (root, 1.0),
            Type::IV => (1.0, 1.0),
        };
        let cosine = Cosine {
            family: self.family,
            kind,
            steps,
            before,
            after,
            factor,
        };
        let real = computed(x.dtype());
        let run = |x: &Raw| bind_one(&cosine, &[x]).map_err(|e| e.in_op(op));
        if x.dtype().is_complex() {
            let (re, im) = (run(&x.real()?)?, run(&x.imag()?)?);
            let i = Scalar::Complex(num_complex::Complex::I);
            return re.add(&Raw::apply(Op::Mul, &[(&im).into(), i.into()])?);
        }
        run(&x.cast(real)?)
    }
}

/// What [`fftconvolve`] returns of a convolution.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Mode {
    /// All of it.
    #[default]
    Full,
    /// The middle, as long as the first operand.
    Same,
    /// Where the shorter one lies wholly inside the longer. Axes on which one of them has a single element do not count.
    Valid,
}

impl Mode {
    /// The mode of a name.
    ///
    /// # Errors
    /// When there is none.
    pub fn parse(op: &'static str, name: &str) -> Result<Mode> {
        match name {
            "full" => Ok(Mode::Full),
            "same" => Ok(Mode::Same),
            "valid" => Ok(Mode::Valid),
            _ => Err(Error::value(
                op,
                "acceptable mode flags are 'valid', 'same', or 'full'",
            )),
        }
    }
}

/// The convolution along axes (by default all), by Fourier transforms; the other axes broadcast. SciPy's `signal.fftconvolve`.
///
/// # Errors
/// When ranks or other axes differ, or with [`Mode::Valid`] neither operand lies inside the other.
pub fn fftconvolve(a: &Raw, b: &Raw, mode: Mode, axes: Option<&[isize]>) -> Result<Raw> {
    const OP: &str = "fftconvolve";
    if a.rank() != b.rank() {
        return Err(
            Error::shape(OP, "in1 and in2 should have the same dimensionality")
                .shapes(&[a.shape(), b.shape()]),
        );
    }
    let rank = a.rank();
    if rank == 0 {
        return a.mul(b);
    }
    if a.is_empty() || b.is_empty() {
        return Raw::zeros(&[0], DType::F64);
    }
    let named: SmallVec<[isize; 4]> = match axes {
        Some(axes) => axes.into(),
        None => (0..rank as isize).collect(),
    };
    if named.is_empty() {
        return Err(Error::value(OP, "when provided, axes cannot be empty"));
    }
    let mut over: SmallVec<[usize; 4]> = SmallVec::new();
    for axis in named {
        let axis = normalize_axis(OP, axis, rank)?;
        if over.contains(&axis) {
            return Err(Error::value(OP, "all axes must be unique"));
        }
        over.push(axis);
    }
    let (m, n) = (a.shape(), b.shape());
    for axis in (0..rank).filter(|axis| !over.contains(axis)) {
        if m[axis] != n[axis] && m[axis] != 1 && n[axis] != 1 {
            return Err(Error::shape(
                OP,
                format!(
                    "incompatible shapes for in1 and in2: {} and {}",
                    shape_text(m),
                    shape_text(n)
                ),
            )
            .shapes(&[m, n]));
        }
    }
    // an axis on which one of the two has a single element needs no transform
    let moving: SmallVec<[usize; 4]> = over
        .iter()
        .copied()
        .filter(|&axis| m[axis] != 1 && n[axis] != 1)
        .collect();
    if mode == Mode::Valid {
        let inside = |m: &[usize], n: &[usize]| moving.iter().all(|&axis| m[axis] >= n[axis]);
        if !inside(m, n) && !inside(n, m) {
            return Err(Error::value(
                OP,
                "For 'valid' mode, one must be at least as large as the other in every dimension",
            ));
        }
    }
    let complex = a.dtype().is_complex() || b.dtype().is_complex();
    let mut lens: SmallVec<[Option<isize>; 4]> = smallvec![];
    let mut long: SmallVec<[usize; 4]> = smallvec![];
    let full = |axis: usize| m[axis] + n[axis] - 1;
    for &axis in &moving {
        let fast = next_fast_len(full(axis), !complex);
        lens.push(Some(fast as isize));
        long.push(full(axis));
    }
    let named: SmallVec<[isize; 4]> = moving.iter().map(|&axis| axis as isize).collect();
    let dtype = civita_core::dtype::promote(computed(a.dtype()), computed(b.dtype()));
    let dtype = if complex { dtype.to_complex() } else { dtype };
    let (a_cast, b_cast) = (a.cast(dtype)?, b.cast(dtype)?);
    let mut y = match (moving.is_empty(), complex) {
        (true, _) => a.mul(b)?,
        (false, true) => {
            let to =
                |x: &Raw| Transform::Fft.over(OP, x, Some(&lens), Some(&named), Norm::Backward);
            let product = to(&a_cast)?.mul(&to(&b_cast)?)?;
            Transform::Ifft.over(OP, &product, Some(&lens), Some(&named), Norm::Backward)?
        }
        (false, false) => {
            let to =
                |x: &Raw| Transform::Rfft.over(OP, x, Some(&lens), Some(&named), Norm::Backward);
            let product = to(&a_cast)?.mul(&to(&b_cast)?)?;
            Transform::Irfft.over(OP, &product, Some(&lens), Some(&named), Norm::Backward)?
        }
    };
    for (&axis, &len) in moving.iter().zip(&long) {
        y = y.narrow(axis as isize, 0, len)?;
    }
    for axis in 0..rank {
        let whole = y.shape()[axis];
        let len = match mode {
            Mode::Same => m[axis],
            Mode::Valid if moving.contains(&axis) => m[axis].abs_diff(n[axis]) + 1,
            _ => whole,
        };
        y = y.narrow(axis as isize, (whole - len) / 2, len)?;
    }
    Ok(y)
}

/// The Walsh–Hadamard transform of an axis whose length is a power of two, in the order of Hadamard's matrix:
/// `y[k] = Σ x[j] (-1)^popcount(j & k)`. Its own inverse, but for the factor. That of booleans and integers is `int64`.
///
/// # Errors
/// When there is no such axis, or its length is no power of two.
pub fn fwht(x: &Raw, axis: isize, norm: Norm) -> Result<Raw> {
    const OP: &str = "fwht";
    let axis = normalize_axis(OP, axis, x.rank())?;
    x.length_is_read(OP, axis);
    let n = x.shape()[axis];
    if !n.is_power_of_two() {
        return Err(Error::value(OP, format!("the axis has {n} elements"))
            .at_axis(axis as isize)
            .rule("the length is a power of two"));
    }
    // sums of narrow integers need more bits, and differences of unsigned ones a sign
    let dtype = match x.dtype() {
        dtype if dtype.is_float() || dtype.is_complex() => dtype,
        _ => DType::I64,
    };
    let mut y = x.cast(dtype)?;
    let outer: SmallVec<[usize; 8]> = x.shape().into();
    let mut half = 1;
    while half < n {
        let mut shape = outer.to_vec();
        shape.splice(axis..=axis, [n / (2 * half), 2, half]);
        let pairs = y.reshape(&shape)?;
        let at = |i: isize| {
            let mut items = vec![SliceItem::ALL; axis + 1];
            items.push(SliceItem::Index(i));
            pairs.slice(&items)
        };
        let (a, b) = (at(0)?, at(1)?);
        y = Raw::stack(&[&a.add(&b)?, &a.sub(&b)?], axis as isize + 1)?.reshape(&outer)?;
        half *= 2;
    }
    match norm {
        Norm::Backward => Ok(y),
        _ => {
            let factor = Scalar::Float(norm.factor(n as f64));
            Raw::apply(Op::Mul, &[(&y).into(), factor.into()])
        }
    }
}

/// The frequencies of a transform of `n` points that are `d` apart: NumPy's `fftfreq`.
///
/// # Errors
/// When `n` or `d` is 0, or there is no memory.
pub fn fftfreq(n: usize, d: f64) -> Result<Raw> {
    let step = step_of("fftfreq", n, d)?;
    let value = |k: usize| match k < n.div_ceil(2) {
        true => k as f64,
        false => k as f64 - n as f64,
    };
    Raw::written_in_parts::<f64>(&[n], 1 << 14, &|start, part| {
        for (k, y) in part.iter_mut().enumerate() {
            *y = value(start + k) * step;
        }
    })
}

/// Those of half a transform: NumPy's `rfftfreq`.
///
/// # Errors
/// As [`fftfreq`].
pub fn rfftfreq(n: usize, d: f64) -> Result<Raw> {
    let step = step_of("rfftfreq", n, d)?;
    Raw::written_in_parts::<f64>(&[n / 2 + 1], 1 << 14, &|start, part| {
        for (k, y) in part.iter_mut().enumerate() {
            *y = (start + k) as f64 * step;
        }
    })
}

fn step_of(op: &'static str, n: usize, d: f64) -> Result<f64> {
    match n as f64 * d {
        0.0 => {
            Err(Error::value(op, "the points are no distance apart")
                .rule("`n` and `d` are not zero"))
        }
        whole => Ok(1.0 / whole),
    }
}

/// The elements with frequency zero in the middle of axes: NumPy's `fftshift`.
///
/// # Errors
/// When there is no such axis.
pub fn fftshift(x: &Raw, axes: Axes<'_>) -> Result<Raw> {
    shifted("fftshift", x, axes, 1)
}

/// Its inverse: NumPy's `ifftshift`.
///
/// # Errors
/// As [`fftshift`].
pub fn ifftshift(x: &Raw, axes: Axes<'_>) -> Result<Raw> {
    shifted("ifftshift", x, axes, 0)
}

/// `odd`: where the middle of an odd length goes to, the later half or the earlier one.
fn shifted(op: &'static str, x: &Raw, axes: Axes<'_>, odd: usize) -> Result<Raw> {
    let mut y = x.clone();
    for axis in axes.resolve(op, x.rank())? {
        x.length_is_read(op, axis);
        let n = x.shape()[axis];
        if n < 2 {
            continue;
        }
        let (axis, cut) = (axis as isize, (n + odd) / 2);
        let (head, tail) = (y.narrow(axis, 0, cut)?, y.narrow(axis, cut, n - cut)?);
        y = Raw::concatenate(&[&tail, &head], axis)?;
    }
    Ok(y)
}
