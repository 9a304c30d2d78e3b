//! Plans: how a complex transform of a length is computed, made once and kept.
//!
//! ```text
//! short and smooth     passes of small radices (`mixed`), the innermost of which are rustfft's kernels; of several rows all at
//!                      once, a row to a lane (`civita_kernels::kernels::fourier`)
//! n = a · b            four steps: a-point transforms of columns, a twist, b-point transforms of rows, all of them batches that
//!                      threads share and that stay in the cache
//! large prime factor   Bluestein: a convolution with a chirp, of a smooth length
//! ```
//!
//! All twiddle factors of ours are exact to the last place.

use std::any::Any;
use std::collections::HashMap;
use std::sync::{Arc, PoisonError};

use civita_core::error::Error;
use civita_core::storage;
use civita_kernels::isa::{Level, level};
use civita_kernels::kernels::fourier::Together;
use civita_kernels::kernels::strided::{self, Tile};
use num_complex::Complex;

use crate::float::{Float, root};
use crate::fourier::scale;
use crate::mixed::{LARGEST_RADIX, Mixed};
use crate::pause::{steps, watched};
use crate::rows::{self, Across, Job, NoMemory, Rows};

/// Which sign the exponent has.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Direction {
    /// `exp(-2πi jk / n)`
    Forward,
    /// `exp(+2πi jk / n)`, without a factor
    Inverse,
}

impl Direction {
    /// The other one.
    pub fn reversed(self) -> Direction {
        match self {
            Direction::Forward => Direction::Inverse,
            Direction::Inverse => Direction::Forward,
        }
    }
}

/// From this length on, four steps.
const LONG: usize = 1 << 12;
/// Up to which primes there are passes.
#[derive(Clone, Copy)]
struct Passes {
    /// The largest prime length that is a single pass.
    prime: usize,
    /// The largest radix of a pass among others.
    radix: usize,
    /// The longest power of two that is left to rustfft.
    base: usize,
}

const PASSES: Passes = Passes {
    prime: 113,
    radix: 199,
    base: 256,
};
const PASSES_OF_REAL: Passes = Passes {
    prime: LARGEST_RADIX,
    radix: LARGEST_RADIX,
    base: 16,
};
/// A table of twists is kept whole up to this length; beyond, two short ones and a product.
const LARGEST_TABLE: usize = 1 << 17;

/// How a complex transform of one length is computed.
pub(crate) struct Plan<T> {
    len: usize,
    kernel: Kernel<T>,
    /// Several rows at once, a row to a lane.
    together: Option<Together<T>>,
    scratch: usize,
}

enum Kernel<T> {
    Trivial,
    Mixed(Mixed<T>),
    FourSteps(FourSteps<T>),
    Chirp(Chirp<T>),
}

impl<T: Float> Plan<T> {
    /// The plan for a length, kept from an earlier call or made.
    pub fn get(len: usize, direction: Direction) -> Arc<Plan<T>> {
        kept::<T, _>(len, Purpose::Complex(direction), || {
            Plan::new(len, direction, PASSES)
        })
    }

    /// As [`Plan::get`], for transforms of real numbers, whose best have smaller errors: primes of moderate size are passes, slower than a
    /// convolution and of half its error, and of powers of two in `f64` rustfft has the first sixteen alone, for its factors beyond come
    /// from rounded angles.
    pub fn for_real(len: usize, direction: Direction) -> Arc<Plan<T>> {
        let rounded =
            size_of::<T>() == 8 && len.is_power_of_two() && PASSES_OF_REAL.base < len && len < LONG;
        match largest_factor(len) > PASSES.prime || rounded {
            false => Plan::get(len, direction),
            true => kept::<T, _>(len, Purpose::Inner(direction), || {
                Plan::new(len, direction, PASSES_OF_REAL)
            }),
        }
    }

    fn new(len: usize, direction: Direction, passes: Passes) -> Plan<T> {
        let largest = largest_factor(len);
        let kernel = if len <= 1 {
            Kernel::Trivial
        } else if largest > passes.prime && largest == len || only_convolved(len) {
            Kernel::Chirp(Chirp::new(len, direction))
        } else if len >= LONG || largest > passes.radix {
            Kernel::FourSteps(FourSteps::new(len, direction, passes))
        } else {
            Kernel::Mixed(Mixed::new(len, direction, passes.base))
        };
        let together = match &kernel {
            Kernel::Mixed(_) => {
                let root = |k: usize, m: usize| root(k as u64, m as u64);
                let inverse = direction == Direction::Inverse;
                Together::new(len, inverse, &root, &|w: Complex<T>| w.conj())
            }
            _ => None,
        };
        let both = together.as_ref().map_or(0, |_| 2 * len * T::WIDTH);
        let scratch = match &kernel {
            Kernel::Trivial => 0,
            Kernel::Mixed(mixed) => mixed.scratch().max(both),
            Kernel::FourSteps(_) => len,
            Kernel::Chirp(chirp) => 2 * chirp.inner.points() + chirp.inner.scratch,
        };
        Plan {
            len,
            kernel,
            together,
            scratch,
        }
    }

    /// How many points it transforms.
    pub fn points(&self) -> usize {
        self.len
    }

    /// How many numbers of scratch a transform needs.
    pub fn scratch(&self) -> usize {
        self.scratch
    }

    /// How many rows it likes to transform together.
    pub fn width(&self) -> usize {
        self.together.as_ref().map_or(1, |_| T::WIDTH)
    }

    /// As [`Rows::run_beside`].
    pub fn run_beside<'a>(&self, scratch: &'a mut [Complex<T>]) -> Option<&'a mut [Complex<T>]> {
        let together = self.together.as_ref()?;
        let (a, rest) = scratch.split_at_mut(self.len * T::WIDTH);
        Some(together.run(a, &mut rest[..self.len * T::WIDTH]))
    }

    /// As [`Plan::run`], of some of many rows: all of them go the same way, so that equal rows have equal bits.
    ///
    /// # Errors
    /// As there.
    pub fn run_many(
        &self,
        x: &[Complex<T>],
        y: &mut [Complex<T>],
        scratch: &mut [Complex<T>],
    ) -> Result<(), NoMemory> {
        // two complex numbers to a register are not worth the way there and back where rustfft has a kernel of its own
        let few = size_of::<T>() == 8 && level() != Level::Avx512;
        let worth = x.len() > self.len && !(few && self.len.is_power_of_two());
        let (Some(together), true) = (&self.together, worth) else {
            return self.run(x, y, scratch);
        };
        let (n, width) = (self.len, T::WIDTH);
        let (a, rest) = scratch.split_at_mut(n * width);
        let b = &mut rest[..n * width];
        let size = size_of::<Complex<T>>();
        for (x, y) in x.chunks(n * width).zip(y.chunks_mut(n * width)) {
            let rows = x.len() / n;
            if rows < width {
                a.fill(Complex::default());
            }
            let across = |rows: usize, cols: usize, col_stride: usize| Tile {
                rows,
                cols,
                row_stride: 1,
                col_stride: col_stride as isize,
            };
            // SAFETY: `rows` rows of `n` points, and room for `width` of them; all of one type, and apart.
            unsafe {
                if rows == width {
                    strided::gather(
                        size,
                        across(n, width, n),
                        x.as_ptr().cast(),
                        a.as_mut_ptr().cast(),
                    );
                } else {
                    for (l, x) in x.chunks_exact(n).enumerate() {
                        x.iter()
                            .enumerate()
                            .for_each(|(k, &x)| a[k * width + l] = x);
                    }
                }
                let found = together.run(a, b);
                strided::gather(
                    size,
                    across(rows, n, width),
                    found.as_ptr().cast(),
                    y.as_mut_ptr().cast(),
                );
            }
        }
        Ok(())
    }

    /// As [`Plan::run_many`], times a factor.
    ///
    /// # Errors
    /// As there.
    pub fn run_times(
        &self,
        x: &[Complex<T>],
        y: &mut [Complex<T>],
        scratch: &mut [Complex<T>],
        factor: T,
    ) -> Result<(), NoMemory> {
        if let Kernel::FourSteps(steps) = &self.kernel {
            for (x, y) in x.chunks_exact(self.len).zip(y.chunks_exact_mut(self.len)) {
                steps.run(x, y, &mut scratch[..self.len], factor)?;
            }
            return Ok(());
        }
        self.run_many(x, y, scratch)?;
        scale(y, factor);
        Ok(())
    }

    /// The transforms of rows that lie one after the other.
    ///
    /// # Errors
    /// When there is no memory for scratch of threads.
    pub fn run(
        &self,
        x: &[Complex<T>],
        y: &mut [Complex<T>],
        scratch: &mut [Complex<T>],
    ) -> Result<(), NoMemory> {
        debug_assert!(x.len() == y.len() && x.len().is_multiple_of(self.len.max(1)));
        match &self.kernel {
            Kernel::Trivial => y.copy_from_slice(x),
            Kernel::Mixed(mixed) => mixed.run(x, y, scratch),
            Kernel::FourSteps(steps) => {
                for (x, y) in x.chunks_exact(self.len).zip(y.chunks_exact_mut(self.len)) {
                    steps.run(x, y, &mut scratch[..self.len], T::one())?;
                }
            }
            Kernel::Chirp(chirp) => {
                for (x, y) in x.chunks_exact(self.len).zip(y.chunks_exact_mut(self.len)) {
                    chirp.run(x, y, scratch)?;
                }
            }
        }
        Ok(())
    }
}

impl<T: Float> Keepable for Plan<T> {
    fn bytes(&self) -> usize {
        let numbers = match &self.kernel {
            Kernel::Trivial => 0,
            Kernel::Mixed(mixed) => mixed.numbers(),
            Kernel::FourSteps(steps) => steps.twist.whole.len() + steps.twist.coarse.len(),
            Kernel::Chirp(chirp) => self.len + chirp.inner.points(),
        };
        let numbers = numbers + self.together.as_ref().map_or(0, Together::numbers);
        numbers * size_of::<Complex<T>>() + 256
    }
}

/// From this length on, tables may be more than there is memory for.
const TABLES: usize = 1 << 18;

/// Whether there is memory for the tables of a plan, which is made without a way to fail.
///
/// # Errors
/// When there is none.
pub(crate) fn room<T>(op: &'static str, len: usize) -> Result<(), Error> {
    if len < TABLES {
        return Ok(());
    }
    // a convolution has two inputs, a kernel and scratch, each of the next smooth length beyond twice its own
    let prime = match only_convolved(len) {
        true => Some(len),
        false => Some(largest_factor(len)).filter(|&p| p > PASSES.prime),
    };
    let numbers = len.saturating_add(prime.unwrap_or(0).saturating_mul(9));
    storage::room(op, numbers.saturating_mul(size_of::<Complex<T>>()))
}

pub(crate) fn largest_factor(mut n: usize) -> usize {
    let (mut largest, mut p) = (1, 2);
    while p * p <= n {
        while n.is_multiple_of(p) {
            largest = p;
            n /= p;
        }
        p += 1 + usize::from(p > 2);
    }
    largest.max(n)
}

/// Whether both of two steps would be convolutions: one of the whole length is faster, and half as inexact.
fn only_convolved(n: usize) -> bool {
    let largest = largest_factor(n);
    largest > LARGEST_RADIX && largest_factor(n / largest) > LARGEST_RADIX
}

/// `n = columns · rows`: with `j = rows · j₁ + j₂` and `k = k₁ + columns · k₂` the exponent `jk / n` is
/// `j₁k₁ / columns + j₂k₁ / n + j₂k₂ / rows`.
struct FourSteps<T> {
    first: Arc<Plan<T>>,
    second: Arc<Plan<T>>,
    twist: Twist<T>,
}

/// Powers of the root of unity, in the order in which they are used. Beyond [`LARGEST_TABLE`] they are products: `coarse[k / fine] ·
/// (1 + whole[k % fine])`, in which the second term is small, so that the product is as exact as a table.
struct Twist<T> {
    whole: Vec<Complex<T>>,
    coarse: Vec<Complex<T>>,
}

impl<T: Float> Twist<T> {
    fn new(n: usize, columns: usize, direction: Direction) -> Twist<T> {
        let towards = |w: Complex<T>| match direction {
            Direction::Forward => w,
            Direction::Inverse => w.conj(),
        };
        let power = |k: usize| towards(root(k as u64, n as u64));
        if n <= LARGEST_TABLE {
            let row = |j: usize| (0..columns).map(move |k| j * k);
            return Twist {
                whole: (0..n / columns).flat_map(row).map(power).collect(),
                coarse: Vec::new(),
            };
        }
        let fine = n.isqrt().next_power_of_two();
        // cos a - 1 = -2 sin² (a / 2)
        let less_one = |k: usize| {
            let half: Complex<f64> = root(k as u64, 2 * n as u64);
            let whole: Complex<f64> = root(k as u64, n as u64);
            towards(Complex::new(
                T::of(-2.0 * half.im * half.im),
                T::of(whole.im),
            ))
        };
        Twist {
            whole: (0..fine).map(less_one).collect(),
            coarse: (0..n.div_ceil(fine)).map(|k| power(k * fine)).collect(),
        }
    }

    /// Multiplies element `k` of row `j` by the power `j · k`.
    #[inline]
    fn apply(&self, row: &mut [Complex<T>], j: usize) {
        if j == 0 {
            return;
        }
        if self.coarse.is_empty() {
            let columns = row.len();
            for (y, w) in row.iter_mut().zip(&self.whole[j * columns..]) {
                *y = *y * *w;
            }
            return;
        }
        let fine = self.whole.len();
        let (shift, mask) = (fine.trailing_zeros(), fine - 1);
        let mut power = 0;
        for y in row {
            let coarse = self.coarse[power >> shift];
            *y = *y * (coarse + coarse * self.whole[power & mask]);
            power += j;
        }
    }
}

/// The columns of the first step, twisted.
struct Columns<'a, T>(&'a FourSteps<T>);

impl<T: Float> Rows for Columns<'_, T> {
    type In = Complex<T>;
    type Out = Complex<T>;
    type Scratch = Complex<T>;
    fn takes(&self) -> usize {
        self.0.first.points()
    }
    fn gives(&self) -> usize {
        self.0.first.points()
    }
    fn scratch(&self) -> usize {
        self.0.first.scratch
    }
    fn width(&self) -> usize {
        self.0.first.width()
    }
    fn run_beside<'a>(&self, scratch: &'a mut [Complex<T>]) -> Option<&'a [Complex<T>]> {
        self.0.first.run_beside(scratch).map(|y| &*y)
    }
    fn finish(&self, row: usize, y: &mut [Complex<T>]) {
        self.0.twist.apply(y, row);
    }
    fn run(
        &self,
        first: usize,
        x: &mut [Complex<T>],
        y: &mut [Complex<T>],
        scratch: &mut [Complex<T>],
    ) -> Result<(), NoMemory> {
        self.0.first.run_many(x, y, scratch)?;
        for (i, y) in y.chunks_exact_mut(self.0.first.points()).enumerate() {
            self.0.twist.apply(y, first + i);
        }
        Ok(())
    }
}

/// The rows of the second step, times a factor.
struct Second<'a, T>(&'a FourSteps<T>, T);

impl<T: Float> Rows for Second<'_, T> {
    type In = Complex<T>;
    type Out = Complex<T>;
    type Scratch = Complex<T>;
    fn takes(&self) -> usize {
        self.0.second.points()
    }
    fn gives(&self) -> usize {
        self.0.second.points()
    }
    fn scratch(&self) -> usize {
        self.0.second.scratch
    }
    fn width(&self) -> usize {
        self.0.second.width()
    }
    fn run_beside<'a>(&self, scratch: &'a mut [Complex<T>]) -> Option<&'a [Complex<T>]> {
        let y = self.0.second.run_beside(scratch)?;
        scale(y, self.1);
        Some(y)
    }
    fn run(
        &self,
        _: usize,
        x: &mut [Complex<T>],
        y: &mut [Complex<T>],
        scratch: &mut [Complex<T>],
    ) -> Result<(), NoMemory> {
        self.0.second.run_times(x, y, scratch, self.1)
    }
}

impl<T: Float> FourSteps<T> {
    fn new(n: usize, direction: Direction, passes: Passes) -> FourSteps<T> {
        let columns = divisor_near_root(n, passes.radix);
        // a convolution has 1.5 times the error of the best transforms of such a length: here it is one of two steps, and passes are
        // fast enough
        let large = |n| largest_factor(n) > PASSES.prime;
        let exact = passes.prime > PASSES.prime || large(columns) || large(n / columns);
        let plan = match exact {
            true => Plan::for_real,
            false => Plan::get,
        };
        FourSteps {
            first: plan(columns, direction),
            second: plan(n / columns, direction),
            twist: Twist::new(n, columns, direction),
        }
    }

    fn run(
        &self,
        x: &[Complex<T>],
        y: &mut [Complex<T>],
        middle: &mut [Complex<T>],
        factor: T,
    ) -> Result<(), NoMemory> {
        let (columns, rows) = (self.first.points(), self.second.points());
        // SAFETY: the matrix `columns × rows` is all of `x`, its transpose all of `middle`.
        unsafe {
            rows::run(
                &Columns(self),
                &Job {
                    x: x.as_ptr(),
                    y: middle.as_mut_ptr(),
                    across: &[Across {
                        len: rows,
                        x: 1,
                        y: columns as isize,
                    }],
                    x_len: columns,
                    x_stride: rows as isize,
                    y_len: columns,
                    y_stride: 1,
                    shared: true,
                },
            )?;
        }
        // SAFETY: the matrix `rows × columns` is all of `middle` and all of `y`.
        unsafe {
            rows::run(
                &Second(self, factor),
                &Job {
                    x: middle.as_ptr(),
                    y: y.as_mut_ptr(),
                    across: &[Across {
                        len: columns,
                        x: 1,
                        y: 1,
                    }],
                    x_len: rows,
                    x_stride: columns as isize,
                    y_len: rows,
                    y_stride: columns as isize,
                    shared: true,
                },
            )
        }
    }
}

/// The largest divisor of a composite number up to its square root, unless only one with a large prime factor is left.
fn divisor_near_root(n: usize, radix: usize) -> usize {
    (2..=n.isqrt())
        .rev()
        .find(|&d| {
            n.is_multiple_of(d) && (largest_factor(d) <= radix || largest_factor(n / d) > radix)
        })
        .unwrap_or(1)
}

/// Bluestein: `jk = (j² + k² - (k - j)²) / 2` makes a convolution of the transform.
struct Chirp<T> {
    /// `exp(±πi j² / n)`
    chirp: Vec<Complex<T>>,
    /// The transform of its conjugate, both ways from 0, divided by the length.
    kernel: Vec<Complex<T>>,
    inner: Arc<Plan<T>>,
}

impl<T: Float> Chirp<T> {
    fn new(n: usize, direction: Direction) -> Chirp<T> {
        let len = convolution_len(2 * n - 1);
        let inner = Plan::get(len, Direction::Forward);
        let turn = 2 * n as u128;
        let chirp: Vec<Complex<T>> = watched(0..n as u128)
            .map(|j| {
                let w = root::<T>((j * j % turn) as u64, turn as u64);
                match direction {
                    Direction::Forward => w,
                    Direction::Inverse => w.conj(),
                }
            })
            .collect();
        // in f64, so that the kernel of an f32 transform is as exact as its chirp
        let factor = T::of(1.0 / len as f64);
        let mut both = vec![Complex::default(); len];
        for (j, w) in watched(chirp.iter().enumerate()) {
            let value = w.conj() * factor;
            both[j] = value;
            both[(len - j) % len] = value;
        }
        let mut kernel = vec![Complex::default(); len];
        let mut scratch = vec![Complex::default(); inner.scratch];
        if inner.run(&both, &mut kernel, &mut scratch).is_err() {
            // scratch of threads cannot be allocated: those of this one are
            civita_kernels::threads::with_threads(1, || {
                let _ = inner.run(&both, &mut kernel, &mut scratch);
            });
        }
        Chirp {
            chirp,
            kernel,
            inner,
        }
    }

    fn run(
        &self,
        x: &[Complex<T>],
        y: &mut [Complex<T>],
        scratch: &mut [Complex<T>],
    ) -> Result<(), NoMemory> {
        let n = self.chirp.len();
        let (a, rest) = scratch.split_at_mut(self.inner.points());
        let (b, rest) = rest.split_at_mut(self.inner.points());
        for at in steps(0..n) {
            for ((a, x), w) in (a[at.clone()].iter_mut())
                .zip(&x[at.clone()])
                .zip(&self.chirp[at])
            {
                *a = *x * *w;
            }
        }
        for at in steps(n..a.len()) {
            a[at].fill(Complex::default());
        }
        self.inner.run(a, b, rest)?;
        // the inverse transform is the forward one of the conjugate
        for at in steps(0..b.len()) {
            for (b, k) in b[at.clone()].iter_mut().zip(&self.kernel[at]) {
                *b = (*b * *k).conj();
            }
        }
        self.inner.run(b, a, rest)?;
        for at in steps(0..n) {
            for ((y, a), w) in (y[at.clone()].iter_mut())
                .zip(&a[at.clone()])
                .zip(&self.chirp[at])
            {
                *y = a.conj() * *w;
            }
        }
        Ok(())
    }
}

/// What a plan is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(crate) enum Purpose {
    /// A complex transform.
    Complex(Direction),
    /// A complex transform within one of real numbers.
    Inner(Direction),
    /// Half a transform of real numbers.
    Half,
    /// Real numbers from a half.
    Whole,
    /// A cosine or sine transform.
    Wave(crate::wave::Family, crate::wave::Type),
}

/// What can be kept.
pub(crate) trait Keepable: Any + Send + Sync {
    /// About how many bytes its tables take.
    fn bytes(&self) -> usize;
}

/// The plan of a type for a length and a purpose, kept from an earlier call or made.
pub(crate) fn kept<T: Float, P: Keepable>(
    len: usize,
    purpose: Purpose,
    make: impl FnOnce() -> P,
) -> Arc<P> {
    let plans = || T::plans().lock().unwrap_or_else(PoisonError::into_inner);
    if let Some(plan) = plans().get((len, purpose)) {
        return plan;
    }
    // made without the lock: plans need other plans
    let plan = Arc::new(make());
    plans().keep((len, purpose), plan.clone(), plan.bytes());
    plan
}

/// The shortest length from `least` on that is a power of two times a small number: those have the fastest transforms.
fn convolution_len(least: usize) -> usize {
    [1usize, 3, 5, 7, 9, 15]
        .iter()
        .map(|&m| m * least.div_ceil(m).next_power_of_two())
        .min()
        .unwrap_or(least)
}

type Key = (usize, Purpose);

/// Plans that are kept: the last ones used, up to a number and a size.
pub struct Plans {
    kept: Option<HashMap<Key, Kept>>,
    bytes: usize,
    clock: u64,
}

struct Kept {
    plan: Arc<dyn Any + Send + Sync>,
    bytes: usize,
    used: u64,
}

/// Plans that are kept for a type.
const MOST_PLANS: usize = 128;
/// Bytes of their tables.
const MOST_BYTES: usize = 64 << 20;

impl Plans {
    /// None.
    pub(crate) const fn new() -> Plans {
        Plans {
            kept: None,
            bytes: 0,
            clock: 0,
        }
    }

    fn get<P: Keepable>(&mut self, key: Key) -> Option<Arc<P>> {
        self.clock += 1;
        let kept = self.kept.as_mut()?.get_mut(&key)?;
        kept.used = self.clock;
        kept.plan.clone().downcast().ok()
    }

    fn keep(&mut self, key: Key, plan: Arc<dyn Any + Send + Sync>, bytes: usize) {
        if bytes > MOST_BYTES {
            return;
        }
        let kept = self.kept.get_or_insert_default();
        while kept.len() >= MOST_PLANS || self.bytes + bytes > MOST_BYTES {
            let Some(oldest) = kept.iter().min_by_key(|(_, k)| k.used).map(|(key, _)| *key) else {
                break;
            };
            if let Some(gone) = kept.remove(&oldest) {
                self.bytes -= gone.bytes;
            }
        }
        let used = self.clock;
        self.bytes += bytes;
        if let Some(before) = kept.insert(key, Kept { plan, bytes, used }) {
            self.bytes -= before.bytes;
        }
    }
}

#[cfg(test)]
#[path = "plan/tests.rs"]
mod tests;
