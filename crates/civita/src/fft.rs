//! Fourier transforms: NumPy's functions, and the cosine and sine transforms of SciPy.
//!
//! ```
//! use civita::prelude::*;
//! use civita::fft;
//!
//! let x = tensor![1.0, 2.0, 3.0, 4.0];
//! let y = fft::rfft(&x)?;
//! assert_eq!(y.to_string(), "[10.+0.j -2.+2.j -2.+0.j]");
//! assert_eq!(fft::irfft(&y)?.to_string(), "[1. 2. 3. 4.]");
//!
//! // along an axis, with a number of points and a norm
//! let x = tensor![[1.0, 2.0], [3.0, 4.0]];
//! let y = fft::along(0).points(4).norm(fft::Norm::Ortho).fft(&x)?;
//! assert_eq!(y.shape(), [4, 2]);
//!
//! // over several axes, or all
//! let z = fft::over([0, 1]).fftn(&x)?;
//! assert_eq!(z.to_string(), "[[10.+0.j -2.+0.j]\n [-4.+0.j  0.+0.j]]");
//! # Ok::<(), civita::Error>(())
//! ```
//!
//! `f32` stays single precision, integers are computed in `f64`. All have gradients of every order. A length of any kind is fast:
//! plans are made once for each and kept.

use civita_core::float8::{f8e4m3, f8e5m2};
use civita_core::raw::Raw;
use civita_fft::{Direction, Transform, WaveTransform};
pub use civita_fft::{Family, Mode, Norm, Type};
use half::{bf16, f16};

use crate::error::OrRaise;
use crate::rank::{AxisArg, typed, wrap};
use crate::{Any, AnyNumber, Dtype, Result, SliceInt, Tensor, Vector, c64, c128};

macro_rules! lengths { ($($(#[doc = $doc:literal])* $name:ident = $of:ident, $real:literal;)*) => { $(
    $(#[doc = $doc])*
    pub fn $name(target: usize) -> usize {
        civita_fft::$of(target, $real)
    }
)* } }
lengths! {
    /// The smallest number at least as large whose prime factors are at most 11: a length whose transform is fast. SciPy's
    /// `next_fast_len`.
    ///
    /// ```
    /// assert_eq!(civita::fft::next_fast_len(1021), 1024);
    /// ```
    next_fast_len = next_fast_len, false;
    /// The same for transforms of real numbers: prime factors up to 5. SciPy's `next_fast_len(n, real=True)`.
    ///
    /// ```
    /// assert_eq!(civita::fft::next_fast_len_real(1021), 1024);
    /// ```
    next_fast_len_real = next_fast_len, true;
    /// The largest number at most as large whose prime factors are at most 11. SciPy's `prev_fast_len`.
    ///
    /// ```
    /// assert_eq!(civita::fft::prev_fast_len(1021), 1008);
    /// ```
    prev_fast_len = prev_fast_len, false;
    /// The same for transforms of real numbers: prime factors up to 5. SciPy's `prev_fast_len(n, real=True)`.
    ///
    /// ```
    /// assert_eq!(civita::fft::prev_fast_len_real(1021), 1000);
    /// ```
    prev_fast_len_real = prev_fast_len, true;
}

/// Element types that have a Fourier transform: all of them.
pub trait Signal: Dtype {
    /// Element type of the transform.
    type Spectrum: Dtype;
    /// Element type of a transform that is real.
    type Samples: Dtype;
    /// Element type of a cosine transform.
    type Cosines: Dtype;
    /// Element type of a Walsh–Hadamard transform: sums and differences.
    type Walsh: Dtype;
}

macro_rules! signals { ($($T:ty: $spectrum:ty, $samples:ty, $cosines:ty, $walsh:ty;)*) => { $(
    impl Signal for $T {
        type Spectrum = $spectrum;
        type Samples = $samples;
        type Cosines = $cosines;
        type Walsh = $walsh;
    }
)* } }
signals! {
    bool: c128, f64, f64, i64;
    u8: c128, f64, f64, i64;
    u16: c128, f64, f64, i64;
    u32: c128, f64, f64, i64;
    u64: c128, f64, f64, i64;
    i8: c128, f64, f64, i64;
    i16: c128, f64, f64, i64;
    i32: c128, f64, f64, i64;
    i64: c128, f64, f64, i64;
    f8e4m3: c64, f32, f32, f8e4m3;
    f8e5m2: c64, f32, f32, f8e5m2;
    f16: c64, f16, f32, f16;
    bf16: c64, f32, f32, bf16;
    f32: c64, f32, f32, f32;
    f64: c128, f64, f64, f64;
    c64: c64, f32, c64, c64;
    c128: c128, f64, c128, c128;
    Any: Any, Any, Any, Any;
}

/// A tensor of the transform's type.
type Spectrum<T, const N: usize> = Tensor<<T as Signal>::Spectrum, N>;
/// A tensor of real numbers.
type Samples<T, const N: usize> = Tensor<<T as Signal>::Samples, N>;
/// A tensor of a cosine transform's type.
type Cosines<T, const N: usize> = Tensor<<T as Signal>::Cosines, N>;

/// How a transform along one axis is done; made by [`along`].
#[derive(Clone, Copy, Debug)]
#[must_use = "choose a transform: `.fft(&x)`"]
pub struct Along {
    axis: isize,
    points: Option<usize>,
    norm: Norm,
    orthogonalize: Option<bool>,
}

/// Transforms along this axis; negative ones count from the end.
pub fn along(axis: impl SliceInt) -> Along {
    Along {
        axis: axis.to_isize(),
        points: None,
        norm: Norm::Backward,
        orthogonalize: None,
    }
}

/// A length as the engine takes it: no axis is longer than half of all addresses.
fn length(n: usize) -> isize {
    isize::try_from(n).unwrap_or(isize::MAX)
}

impl Along {
    /// The number of points: the axis is cropped or padded with zeros to it. By default its length; twice one less than that where
    /// half a transform comes in.
    pub fn points(self, n: usize) -> Along {
        Along {
            points: Some(n),
            ..self
        }
    }

    /// Where the factor `1 / n` stands; by default at the inverse transform.
    pub fn norm(self, norm: Norm) -> Along {
        Along { norm, ..self }
    }

    /// Whether cosine and sine transforms scale the elements that make them orthogonal; by default with [`Norm::Ortho`]. SciPy's
    /// `orthogonalize`.
    pub fn orthogonalize(self, whether: bool) -> Along {
        Along {
            orthogonalize: Some(whether),
            ..self
        }
    }

    fn run(self, transform: Transform, x: &Raw) -> Result<Raw> {
        transform.along(x, self.points.map(length), self.axis, self.norm)
    }

    fn wave(
        self,
        op: &'static str,
        family: Family,
        kind: Type,
        direction: Direction,
        x: &Raw,
    ) -> Result<Raw> {
        let wave = WaveTransform {
            family,
            kind,
            direction,
            norm: self.norm,
            orthogonalize: self.orthogonalize,
        };
        let s = self.points.map(|n| [length(n)]);
        wave.over(op, x, s.as_ref().map(|s| &s[..]), Some(&[self.axis]))
    }
}

macro_rules! transforms { ($($(#[doc = $doc:literal])* $name:ident $Transform:ident $Out:ident;)*) => {
    /// # Errors
    /// When there is no such axis, the number of points is 0, or a transform of real numbers is given complex ones.
    impl Along { $(
        $(#[doc = $doc])*
        pub fn $name<T: Signal, const N: usize>(self, x: &Tensor<T, N>) -> Result<$Out<T, N>> {
            self.run(Transform::$Transform, x.raw()).and_then(typed)
        }
    )* }
    $(
        $(#[doc = $doc])*
        ///
        /// Along the last axis; for others see [`along`].
        ///
        /// # Errors
        /// When there is no axis or it is empty, or a transform of real numbers is given complex ones.
        pub fn $name<T: Signal, const N: usize>(x: &Tensor<T, N>) -> Result<$Out<T, N>> {
            along(-1).$name(x)
        }
    )*
} }
transforms! {
    /// The Fourier transform: `y[k] = Σ x[j] exp(-2πi jk / n)`.
    fft Fft Spectrum;
    /// The inverse of `fft`.
    ifft Ifft Spectrum;
    /// The Fourier transform of real numbers: the first `n / 2 + 1` of its elements, which tell the rest.
    rfft Rfft Spectrum;
    /// The inverse of `rfft`: by default `2 (m - 1)` real numbers for `m` elements.
    irfft Irfft Samples;
    /// The Fourier transform of a signal with Hermitian symmetry, of which half is given: real.
    hfft Hfft Samples;
    /// The inverse of `hfft`.
    ihfft Ihfft Spectrum;
}

macro_rules! waves { ($($(#[doc = $doc:literal])* $name:ident $of:ident $many:ident $many_of:ident $Family:ident $Direction:ident;)*) => {
    /// # Errors
    /// When there is no such axis, or there are too few points.
    impl Along { $(
        $(#[doc = $doc])*
        ///
        /// Of type II; others are
        #[doc = concat!("[`", stringify!($of), "`](Self::", stringify!($of), ").")]
        pub fn $name<T: Signal, const N: usize>(self, x: &Tensor<T, N>) -> Result<Cosines<T, N>> {
            self.$of(x, Type::II)
        }
        $(#[doc = $doc])*
        pub fn $of<T: Signal, const N: usize>(self, x: &Tensor<T, N>, kind: Type) -> Result<Cosines<T, N>> {
            self.wave(stringify!($name), Family::$Family, kind, Direction::$Direction, x.raw()).and_then(typed)
        }
    )* }
    /// # Errors
    /// When an axis does not exist, or there are too few points.
    impl Over { $(
        $(#[doc = $doc])*
        ///
        /// Over several axes, of type II; others are
        #[doc = concat!("[`", stringify!($many_of), "`](Self::", stringify!($many_of), ").")]
        pub fn $many<T: Signal, const N: usize>(&self, x: &Tensor<T, N>) -> Result<Cosines<T, N>> {
            self.$many_of(x, Type::II)
        }
        $(#[doc = $doc])*
        ///
        /// Over several axes.
        pub fn $many_of<T: Signal, const N: usize>(&self, x: &Tensor<T, N>, kind: Type) -> Result<Cosines<T, N>> {
            self.wave(stringify!($many), Family::$Family, kind, Direction::$Direction, x.raw()).and_then(typed)
        }
    )* }
    $(
        $(#[doc = $doc])*
        ///
        /// Of type II along the last axis, as SciPy's without arguments; of other types and along other axes they are
        #[doc = concat!("`fft::along(-1).", stringify!($of), "(&x, kind)`, of [`along`].")]
        ///
        /// # Errors
        /// When there is no axis, or it has too few elements.
        pub fn $name<T: Signal, const N: usize>(x: &Tensor<T, N>) -> Result<Cosines<T, N>> {
            along(-1).$name(x)
        }
        $(#[doc = $doc])*
        ///
        /// Of type II over all axes; of other types and over other axes they are
        #[doc = concat!("`fft::over([0, 1]).", stringify!($many_of), "(&x, kind)`, of [`over`].")]
        ///
        /// # Errors
        /// When an axis has too few elements.
        pub fn $many<T: Signal, const N: usize>(x: &Tensor<T, N>) -> Result<Cosines<T, N>> {
            over(..).$many(x)
        }
    )*
} }
waves! {
    /// The cosine transform. Of type II: `y[k] = 2 Σ x[j] cos(π k (2j + 1) / 2n)`. With [`Norm::Ortho`] it is orthogonal.
    dct dct_of dctn dctn_of Cosine Forward;
    /// The inverse of `dct` of this type.
    idct idct_of idctn idctn_of Cosine Inverse;
    /// The sine transform. Of type II: `y[k] = 2 Σ x[j] sin(π (k + 1) (2j + 1) / 2n)`. With [`Norm::Ortho`] it is orthogonal.
    dst dst_of dstn dstn_of Sine Forward;
    /// The inverse of `dst` of this type.
    idst idst_of idstn idstn_of Sine Inverse;
}

/// How a transform over several axes is done; made by [`over`].
#[derive(Clone, Debug)]
#[must_use = "choose a transform: `.fftn(&x)`"]
pub struct Over {
    axes: Option<Vec<isize>>,
    shape: Option<Vec<usize>>,
    norm: Norm,
    orthogonalize: Option<bool>,
}

/// Transforms over these axes: an array or slice of them, one, or `..` for all. The last of them is the one of which real
/// transforms have half.
pub fn over(axes: impl AxisArg) -> Over {
    Over {
        axes: match axes.axes().named() {
            civita_core::layout::Axes::All => None,
            civita_core::layout::Axes::List(all) => Some(all.to_vec()),
        },
        shape: None,
        norm: Norm::Backward,
        orthogonalize: None,
    }
}

impl Over {
    /// The numbers of points along the axes.
    pub fn shape(self, shape: impl Into<Vec<usize>>) -> Over {
        Over {
            shape: Some(shape.into()),
            ..self
        }
    }

    /// Where the factors stand; by default at the inverse transform.
    pub fn norm(self, norm: Norm) -> Over {
        Over { norm, ..self }
    }

    /// As [`Along::orthogonalize`].
    pub fn orthogonalize(self, whether: bool) -> Over {
        Over {
            orthogonalize: Some(whether),
            ..self
        }
    }

    fn wave(
        &self,
        op: &'static str,
        family: Family,
        kind: Type,
        direction: Direction,
        x: &Raw,
    ) -> Result<Raw> {
        let wave = WaveTransform {
            family,
            kind,
            direction,
            norm: self.norm,
            orthogonalize: self.orthogonalize,
        };
        let s = self.shape.as_ref();
        let s: Option<Vec<isize>> = s.map(|s| s.iter().map(|&n| length(n)).collect());
        wave.over(op, x, s.as_deref(), self.axes.as_deref())
    }

    fn run(&self, op: &'static str, transform: Transform, x: &Raw) -> Result<Raw> {
        let s: Option<Vec<Option<isize>>> = self
            .shape
            .as_ref()
            .map(|s| s.iter().map(|&n| Some(length(n))).collect());
        transform.over(op, x, s.as_deref(), self.axes.as_deref(), self.norm)
    }
}

macro_rules! several { ($($(#[doc = $doc:literal])* $name:ident $two:ident $Transform:ident $Out:ident;)*) => {
    /// # Errors
    /// When an axis does not exist, a number of points is 0, or a transform of real numbers is given complex ones.
    impl Over { $(
        $(#[doc = $doc])*
        pub fn $name<T: Signal, const N: usize>(&self, x: &Tensor<T, N>) -> Result<$Out<T, N>> {
            self.run(stringify!($name), Transform::$Transform, x.raw()).and_then(typed)
        }
    )* }
    $(
        $(#[doc = $doc])*
        ///
        /// Over all axes; for others see [`over`].
        ///
        /// # Errors
        /// When an axis is empty, or a transform of real numbers is given complex ones.
        pub fn $name<T: Signal, const N: usize>(x: &Tensor<T, N>) -> Result<$Out<T, N>> {
            over(..).$name(x)
        }
        $(#[doc = $doc])*
        ///
        /// Over the last two axes; for others see [`over`].
        ///
        /// # Errors
        /// When there are fewer, one is empty, or a transform of real numbers is given complex ones.
        pub fn $two<T: Signal, const N: usize>(x: &Tensor<T, N>) -> Result<$Out<T, N>> {
            over([-2, -1]).$name(x)
        }
    )*
} }
several! {
    /// The Fourier transform over several axes.
    fftn fft2 Fft Spectrum;
    /// The inverse of `fftn`.
    ifftn ifft2 Ifft Spectrum;
    /// The Fourier transform of real numbers over several axes: half of it along the last.
    rfftn rfft2 Rfft Spectrum;
    /// The inverse of `rfftn`.
    irfftn irfft2 Irfft Samples;
}

/// The frequencies of a transform of `n` points that are `d` apart: 0, 1, …, then the negative ones, divided by `n d`.
///
/// # Panics
/// When `n` or `d` is 0, or there is no memory.
///
/// ```
/// assert_eq!(civita::fft::fftfreq(5, 1.0).to_string(), "[ 0.   0.2  0.4 -0.4 -0.2]");
/// ```
#[track_caller]
pub fn fftfreq(n: usize, d: impl AnyNumber) -> Vector<f64> {
    wrap(civita_fft::fftfreq(n, d.to_f64()).or_raise())
}

/// The frequencies of half a transform, as [`rfft`] returns it.
///
/// # Panics
/// As [`fftfreq`].
///
/// ```
/// assert_eq!(civita::fft::rfftfreq(5, 1.0).to_string(), "[0.  0.2 0.4]");
/// ```
#[track_caller]
pub fn rfftfreq(n: usize, d: impl AnyNumber) -> Vector<f64> {
    wrap(civita_fft::rfftfreq(n, d.to_f64()).or_raise())
}

/// The elements with frequency zero in the middle of every axis. NumPy's `fftshift(x)`.
///
/// # Errors
/// None but of memory.
///
/// ```
/// use civita::fft;
/// let shifted = fft::fftshift(&fft::fftfreq(5, 1.0))?;
/// assert_eq!(shifted.to_string(), "[-0.4 -0.2  0.   0.2  0.4]");
/// # Ok::<(), civita::Error>(())
/// ```
pub fn fftshift<T: Dtype, const N: usize>(x: &Tensor<T, N>) -> Result<Tensor<T, N>> {
    fftshift_over(x, ..)
}

/// The inverse of [`fftshift`].
///
/// # Errors
/// None but of memory.
pub fn ifftshift<T: Dtype, const N: usize>(x: &Tensor<T, N>) -> Result<Tensor<T, N>> {
    ifftshift_over(x, ..)
}

/// As [`fftshift`], of these axes alone. NumPy's `fftshift(x, axes)`.
///
/// # Errors
/// When there is no such axis.
pub fn fftshift_over<T: Dtype, const N: usize>(
    x: &Tensor<T, N>,
    axes: impl AxisArg,
) -> Result<Tensor<T, N>> {
    civita_fft::fftshift(x.raw(), axes.axes().named()).and_then(typed)
}

/// The inverse of [`fftshift_over`].
///
/// # Errors
/// When there is no such axis.
pub fn ifftshift_over<T: Dtype, const N: usize>(
    x: &Tensor<T, N>,
    axes: impl AxisArg,
) -> Result<Tensor<T, N>> {
    civita_fft::ifftshift(x.raw(), axes.axes().named()).and_then(typed)
}

/// The full convolution over all axes, by Fourier transforms: SciPy's `signal.fftconvolve`.
///
/// # Errors
/// None but of memory.
///
/// ```
/// use civita::{fft, prelude::*};
/// let y = fft::fftconvolve(&tensor![1.0, 2.0, 3.0], &tensor![0.0, 1.0, 0.5])?;
/// assert!(y.allclose(&tensor![0.0, 1.0, 2.5, 4.0, 1.5])?);
/// # Ok::<(), civita::Error>(())
/// ```
pub fn fftconvolve<T: Signal, const N: usize>(
    a: &Tensor<T, N>,
    b: &Tensor<T, N>,
) -> Result<Cosines<T, N>> {
    fftconvolve_of(a, b, Mode::Full)
}

/// As [`fftconvolve`], or the part of it that has the shape of `a`, or that needs no padding.
///
/// # Errors
/// With [`Mode::Valid`], when neither lies inside the other.
///
/// ```
/// use civita::{fft, prelude::*};
/// let y = fft::fftconvolve_of(&tensor![1.0, 2.0, 3.0], &tensor![0.0, 1.0, 0.5], fft::Mode::Same)?;
/// assert!(y.allclose(&tensor![1.0, 2.5, 4.0])?);
/// # Ok::<(), civita::Error>(())
/// ```
pub fn fftconvolve_of<T: Signal, const N: usize>(
    a: &Tensor<T, N>,
    b: &Tensor<T, N>,
    mode: Mode,
) -> Result<Cosines<T, N>> {
    known::<T::Cosines, N>(civita_fft::fftconvolve(a.raw(), b.raw(), mode, None)?)
}

/// The convolution over these axes, of a mode; the others broadcast. SciPy's `signal.fftconvolve(a, b, mode, axes)`.
///
/// # Errors
/// When there is no such axis, other axes do not broadcast, or with [`Mode::Valid`] neither lies inside the other.
///
/// ```
/// use civita::{fft, prelude::*};
/// let rows = tensor![[1.0, 2.0, 3.0], [0.0, 1.0, 0.0]];
/// let y = fft::fftconvolve_over(&rows, &tensor![[0.0, 1.0, 0.5]], fft::Mode::Same, 1)?;
/// assert!(y.allclose(&tensor![[1.0, 2.5, 4.0], [0.0, 1.0, 0.5]])?);
/// # Ok::<(), civita::Error>(())
/// ```
pub fn fftconvolve_over<T: Signal, const N: usize>(
    a: &Tensor<T, N>,
    b: &Tensor<T, N>,
    mode: Mode,
    axes: impl AxisArg,
) -> Result<Cosines<T, N>> {
    let axes = over(axes).axes;
    let y = civita_fft::fftconvolve(a.raw(), b.raw(), mode, axes.as_deref())?;
    known::<T::Cosines, N>(y)
}

/// As the type says, where the compiler knows it.
fn known<T: Dtype, const N: usize>(y: Raw) -> Result<Tensor<T, N>> {
    match T::KNOWN {
        Some(dtype) => y.cast(dtype).and_then(typed),
        None => Ok(wrap(y)),
    }
}

/// The Walsh–Hadamard transform of an axis whose length is a power of two, in the order of Hadamard's matrix. That of booleans and
/// integers is `i64`.
///
/// # Errors
/// When there is no such axis, or its length is no power of two.
///
/// ```
/// use civita::{fft, prelude::*};
/// assert_eq!(fft::fwht(&tensor![1.0, 0.0, 1.0, 0.0], 0)?.to_string(), "[2. 2. 0. 0.]");
/// assert_eq!(fft::fwht(&tensor![true, true], 0)?.to_string(), "[2 0]");
/// # Ok::<(), civita::Error>(())
/// ```
pub fn fwht<T: Signal, const N: usize>(
    x: &Tensor<T, N>,
    axis: impl SliceInt,
) -> Result<Tensor<T::Walsh, N>> {
    civita_fft::fwht(x.raw(), axis.to_isize(), Norm::Backward).and_then(typed)
}

/// As [`fwht`], with a factor: with [`Norm::Ortho`] it is its own inverse.
///
/// # Errors
/// As [`fwht`].
///
/// ```
/// use civita::{fft, prelude::*};
/// let x = tensor![1.0, 2.0, 3.0, 4.0];
/// let y = fft::fwht_of(&x, 0, fft::Norm::Ortho)?;
/// assert_eq!(y.to_string(), "[ 5. -1. -2.  0.]");
/// assert_eq!(fft::fwht_of(&y, 0, fft::Norm::Ortho)?, x);
/// # Ok::<(), civita::Error>(())
/// ```
pub fn fwht_of<T: Signal, const N: usize>(
    x: &Tensor<T, N>,
    axis: impl SliceInt,
    norm: Norm,
) -> Result<Cosines<T, N>> {
    known::<T::Cosines, N>(civita_fft::fwht(x.raw(), axis.to_isize(), norm)?)
}
