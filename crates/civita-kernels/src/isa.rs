//! Instruction sets: kernels are written once as branch-free scalar Rust and compiled once for each of them.
//!
//! A kernel is a [`Body`]: a type whose `run` is generic over [`Isa`]. [`Shells`] wraps it in one function per
//! instruction set, each with `#[target_feature]`, and [`kernel`] picks the one for this machine. All bodies share one
//! erased signature, so one set of shells serves elementwise loops, reductions, scans, casts and copies alike.
//!
//! `CIVITA_ISA=baseline|avx2|avx512` picks a lower one than the machine has, for tests and measurements.

use std::marker::PhantomData;
use std::sync::OnceLock;

/// What an instruction set can do that a scalar body must know.
///
/// A body must not call `f32::mul_add`, `f32::floor` and the like by itself: where the instruction set lacks them they
/// are calls into libm (80× slower, measured).
pub trait Isa: Copy + Send + Sync + 'static {
    /// Whether `mul_add` is one instruction with one rounding.
    const FMA: bool;
    /// Whether there is an instruction for `floor`, `ceil`, `trunc` and `round_ties_even`.
    const ROUND: bool;
    /// Widest vector in bytes.
    const VECTOR_BYTES: usize;
}

/// What every x86-64 processor has: SSE2.
#[derive(Clone, Copy, Debug)]
pub struct Baseline;
/// AVX2, FMA, F16C, BMI.
#[derive(Clone, Copy, Debug)]
pub struct Avx2;
/// AVX-512 F, VL, DQ, BW.
#[derive(Clone, Copy, Debug)]
pub struct Avx512;

impl Isa for Baseline {
    // NEON has both
    const FMA: bool = cfg!(target_arch = "aarch64");
    const ROUND: bool = cfg!(target_arch = "aarch64");
    const VECTOR_BYTES: usize = 16;
}
impl Isa for Avx2 {
    const FMA: bool = true;
    const ROUND: bool = true;
    const VECTOR_BYTES: usize = 32;
}
impl Isa for Avx512 {
    const FMA: bool = true;
    const ROUND: bool = true;
    const VECTOR_BYTES: usize = 64;
}

/// An instruction set that kernels are compiled for, from the narrowest to the widest.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
#[repr(u8)]
pub enum Level {
    /// SSE2 on x86-64, NEON on AArch64, whatever the target has elsewhere.
    Baseline,
    /// AVX2 with FMA.
    Avx2,
    /// AVX-512.
    Avx512,
}

impl Level {
    /// The name that `CIVITA_ISA` takes.
    pub const fn name(self) -> &'static str {
        match self {
            Level::Baseline if cfg!(target_arch = "aarch64") => "neon",
            Level::Baseline => "baseline",
            Level::Avx2 => "avx2",
            Level::Avx512 => "avx512",
        }
    }

    /// The widest that this processor has.
    pub fn detect() -> Level {
        #[cfg(all(target_arch = "x86_64", not(miri)))]
        {
            if is_x86_feature_detected!("avx512f")
                && is_x86_feature_detected!("avx512vl")
                && is_x86_feature_detected!("avx512dq")
                && is_x86_feature_detected!("avx512bw")
                && is_x86_feature_detected!("fma")
                && is_x86_feature_detected!("f16c")
                && is_x86_feature_detected!("bmi2")
            {
                return Level::Avx512;
            }
            if is_x86_feature_detected!("avx2")
                && is_x86_feature_detected!("fma")
                && is_x86_feature_detected!("f16c")
                && is_x86_feature_detected!("bmi2")
            {
                return Level::Avx2;
            }
        }
        Level::Baseline
    }

    /// Every level that this processor can run.
    pub fn available() -> impl Iterator<Item = Level> {
        let widest = Level::detect();
        [Level::Baseline, Level::Avx2, Level::Avx512]
            .into_iter()
            .filter(move |&l| l <= widest)
    }
}

/// The level in use: the widest that the processor has, or the one that `CIVITA_ISA` names if it has that one.
#[inline]
pub fn level() -> Level {
    static LEVEL: OnceLock<Level> = OnceLock::new();
    *LEVEL.get_or_init(|| {
        let wanted = std::env::var("CIVITA_ISA").unwrap_or_default();
        Level::available()
            .find(|l| l.name() == wanted)
            .unwrap_or_else(Level::detect)
    })
}

/// The one signature of all kernels: `n` elements, up to three inputs, one output.
///
/// # Contract
/// Every input is valid for reads of what the kernel's doc says for this `n` (for an elementwise kernel: `n` elements),
/// the output for writes likewise; all are initialised; the output overlaps no input.
pub type Kernel = unsafe fn(n: usize, inputs: [*const u8; 3], out: *mut u8);

/// A kernel's body, compiled once for each instruction set.
pub trait Body {
    /// Runs the kernel.
    ///
    /// # Safety
    /// The contract of [`Kernel`], and the caller's instruction set has what `I` says.
    unsafe fn run<I: Isa>(n: usize, inputs: [*const u8; 3], out: *mut u8);
}

/// The functions that a [`Body`] becomes.
pub struct Shells<B>(PhantomData<B>);

impl<B: Body> Shells<B> {
    /// By [`Level`].
    pub const BY_LEVEL: [Kernel; 3] = [
        B::baseline,
        #[cfg(target_arch = "x86_64")]
        B::avx2,
        #[cfg(target_arch = "x86_64")]
        B::avx512,
        #[cfg(not(target_arch = "x86_64"))]
        B::baseline,
        #[cfg(not(target_arch = "x86_64"))]
        B::baseline,
    ];
}

/// Methods of the body rather than functions: rustc puts a method where its type is defined, a generic function where
/// the function is. So kernels are compiled with the module that defines them, several at once, and alone when it changes.
trait Shell: Body {
    unsafe fn baseline(n: usize, inputs: [*const u8; 3], out: *mut u8) {
        // SAFETY: the caller keeps the contract of `Kernel`; every processor has the baseline.
        unsafe { Self::run::<Baseline>(n, inputs, out) }
    }
    #[cfg(target_arch = "x86_64")]
    #[target_feature(enable = "avx2,fma,f16c,bmi1,bmi2,lzcnt,popcnt")]
    unsafe fn avx2(n: usize, inputs: [*const u8; 3], out: *mut u8) {
        // SAFETY: the caller keeps the contract of `Kernel` and picked this shell by `Level::detect`.
        unsafe { Self::run::<Avx2>(n, inputs, out) }
    }
    #[cfg(target_arch = "x86_64")]
    #[target_feature(
        enable = "avx512f,avx512vl,avx512dq,avx512bw,avx2,fma,f16c,bmi1,bmi2,lzcnt,popcnt"
    )]
    unsafe fn avx512(n: usize, inputs: [*const u8; 3], out: *mut u8) {
        // SAFETY: as above.
        unsafe { Self::run::<Avx512>(n, inputs, out) }
    }
}
impl<B: Body> Shell for B {}

/// Safe code that is compiled once for each instruction set: loops over slices that the compiler vectorises.
pub trait Wide {
    /// What it returns.
    type Out;
    /// Runs it. To be marked `#[inline(always)]`, so that it is compiled with the features of its caller.
    fn run<I: Isa>(self) -> Self::Out;
}

/// Runs code on the widest instruction set of this machine.
///
/// ```
/// use civita_kernels::isa::{Isa, Wide, wide};
///
/// /// Adds a multiple of the second slice to the first.
/// struct Axpy<'a>(f64, &'a [f64], &'a mut [f64]);
///
/// impl Wide for Axpy<'_> {
///     type Out = ();
///     #[inline(always)]
///     fn run<I: Isa>(self) {
///         let Axpy(a, x, y) = self;
///         y.iter_mut().zip(x).for_each(|(y, x)| *y += a * x);
///     }
/// }
///
/// let mut y = [1.0, 2.0];
/// wide(Axpy(2.0, &[10.0, 20.0], &mut y));
/// assert_eq!(y, [21.0, 42.0]);
/// ```
#[inline]
pub fn wide<W: Wide>(task: W) -> W::Out {
    #[cfg(target_arch = "x86_64")]
    {
        #[target_feature(enable = "avx2,fma,f16c,bmi1,bmi2,lzcnt,popcnt")]
        fn avx2<W: Wide>(task: W) -> W::Out {
            task.run::<Avx2>()
        }
        #[target_feature(
            enable = "avx512f,avx512vl,avx512dq,avx512bw,avx2,fma,f16c,bmi1,bmi2,lzcnt,popcnt"
        )]
        fn avx512<W: Wide>(task: W) -> W::Out {
            task.run::<Avx512>()
        }
        match level() {
            Level::Baseline => {}
            // SAFETY: `level` has found these features.
            Level::Avx2 => return unsafe { avx2(task) },
            // SAFETY: as above.
            Level::Avx512 => return unsafe { avx512(task) },
        }
    }
    task.run::<Baseline>()
}

/// The kernel of `B` for this machine.
#[inline]
pub fn kernel<B: Body>() -> Kernel {
    Shells::<B>::BY_LEVEL[level() as usize]
}
