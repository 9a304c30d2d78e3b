//! Fourier transforms of rows: complex, of real numbers, to real numbers.
//!
//! A real transform of even length is a complex one of half the length, of the even elements as real and the odd ones as imaginary
//! parts, and a pass that takes the two apart. Odd lengths are complex transforms, but primes of moderate size are transformed by
//! definition (`direct`).

use std::sync::Arc;

use civita_kernels::isa::{Isa, Wide, wide};
use num_complex::Complex;

use crate::direct::{self, Direct, Halves};
use crate::float::{Float, root};
use crate::pause::{steps, watched};
use crate::plan::{Direction, Keepable, Plan, Purpose, kept, largest_factor};
use crate::rows::{NoMemory, Rows};

/// Multiplies by a factor, if it is one.
pub(crate) fn scale<T: Float>(y: &mut [Complex<T>], factor: T) {
    if factor != T::one() {
        for at in steps(0..y.len()) {
            for y in &mut y[at] {
                *y = *y * factor;
            }
        }
    }
}

/// Complex rows to complex rows.
pub(crate) struct ComplexRows<T> {
    pub plan: Arc<Plan<T>>,
    pub factor: T,
}

impl<T: Float> Rows for ComplexRows<T> {
    type In = Complex<T>;
    type Out = Complex<T>;
    type Scratch = Complex<T>;
    fn takes(&self) -> usize {
        self.plan.points()
    }
    fn gives(&self) -> usize {
        self.plan.points()
    }
    fn scratch(&self) -> usize {
        self.plan.scratch()
    }
    fn width(&self) -> usize {
        self.plan.width()
    }
    fn run_beside<'a>(&self, scratch: &'a mut [Complex<T>]) -> Option<&'a [Complex<T>]> {
        let y = self.plan.run_beside(scratch)?;
        scale(y, self.factor);
        Some(y)
    }
    fn run(
        &self,
        _: usize,
        x: &mut [Complex<T>],
        y: &mut [Complex<T>],
        scratch: &mut [Complex<T>],
    ) -> Result<(), NoMemory> {
        self.plan.run_times(x, y, scratch, self.factor)
    }
    fn run_shared(
        &self,
        x: &[Complex<T>],
        y: &mut [Complex<T>],
        scratch: &mut [Complex<T>],
    ) -> Option<Result<(), NoMemory>> {
        Some(self.plan.run_times(x, y, scratch, self.factor))
    }
}

/// The forward transform of real numbers: the half of it that tells the rest.
pub(crate) struct Half<T> {
    len: usize,
    plan: Arc<Plan<T>>,
    /// Instead of the plan, the tables of a prime length.
    direct: Option<Direct<T>>,
    /// `exp(-2πi k / n)`, to the middle of the half.
    roots: Vec<Complex<T>>,
}

impl<T: Float> Half<T> {
    pub(crate) fn get(len: usize) -> Arc<Half<T>> {
        kept::<T, _>(len, Purpose::Half, || Half {
            len,
            plan: match is_complex(len) {
                _ if is_direct(len) => Plan::get(1, Direction::Forward),
                true => Plan::for_real(len, Direction::Forward),
                false => Plan::for_real(len / 2, Direction::Forward),
            },
            direct: is_direct(len).then(|| Direct::new(len)),
            roots: roots(len),
        })
    }

    pub(crate) fn scratch(&self) -> usize {
        let both = if is_complex(self.len) && self.direct.is_none() {
            2 * self.len
        } else {
            0
        };
        self.plan.scratch() + both
    }

    /// How many rows it likes to transform together.
    fn width(&self) -> usize {
        match is_complex(self.len) {
            true => 1,
            false => self.plan.width(),
        }
    }

    /// Numbers of scratch for [`Half::each`].
    fn scratch_of_many(&self) -> usize {
        match self.width() {
            1 => self.scratch(),
            width => self.plan.scratch() + width * self.len / 2,
        }
    }

    /// Calls `use_of` with the number of each row of `x` and a way to fill its half; several rows are transformed together.
    fn each(
        &self,
        x: &[T],
        scratch: &mut [Complex<T>],
        mut use_of: impl FnMut(usize, &mut dyn FnMut(&mut [Complex<T>])),
    ) -> Result<(), NoMemory> {
        let (n, width) = (self.len, self.width());
        if width == 1 || x.len() == n {
            for (row, x) in x.chunks_exact(n).enumerate() {
                let mut done = Ok(());
                use_of(row, &mut |y| done = self.run(x, y, scratch));
                done?;
            }
            return Ok(());
        }
        let h = n / 2;
        let (out, scratch) = scratch.split_at_mut(width * h);
        for (group, x) in x.chunks(n * width).enumerate() {
            let out = &mut out[..x.len() / 2];
            self.plan.run_many(pairs(x), out, scratch)?;
            for (l, out) in out.chunks_exact(h).enumerate() {
                use_of(group * width + l, &mut |y| {
                    y[..h].copy_from_slice(out);
                    self.taken_apart(y);
                });
            }
        }
        Ok(())
    }

    /// `y` holds `len / 2 + 1` numbers.
    pub(crate) fn run(
        &self,
        x: &[T],
        y: &mut [Complex<T>],
        scratch: &mut [Complex<T>],
    ) -> Result<(), NoMemory> {
        let n = self.len;
        if let Some(direct) = &self.direct {
            forward(direct, x, y);
            return Ok(());
        }
        if is_complex(n) {
            let (wide, rest) = scratch.split_at_mut(n);
            let (out, rest) = rest.split_at_mut(n);
            for (wide, x) in watched(wide.iter_mut().zip(x)) {
                *wide = Complex::new(*x, T::zero());
            }
            self.plan.run(wide, out, rest)?;
            y.copy_from_slice(&out[..n / 2 + 1]);
            y[0].im = T::zero();
            if n.is_multiple_of(2) {
                y[n / 2].im = T::zero();
            }
            return Ok(());
        }
        self.plan.run(pairs(x), &mut y[..n / 2], scratch)?;
        self.taken_apart(y);
        Ok(())
    }

    /// The transforms of the even and the odd elements from that of their pairs.
    fn taken_apart(&self, y: &mut [Complex<T>]) {
        let h = self.len / 2;
        let first = y[0];
        y[0] = Complex::new(first.re + first.im, T::zero());
        y[h] = Complex::new(first.re - first.im, T::zero());
        with_partners(&mut y[1..h], &self.roots, Apart);
    }
}

/// What an element, its partner and a root become.
trait Pairing<T>: Copy {
    fn pair<I: Isa>(
        self,
        x: Complex<T>,
        partner: Complex<T>,
        w: Complex<T>,
    ) -> (Complex<T>, Complex<T>);
}

/// `e + o w` and the conjugate of `e - o w`, with the sums in the last rounding: with the product by itself the errors of short
/// transforms are up to 3 % larger.
#[inline(always)]
fn both<T: Float, I: Isa>(e: Complex<T>, o: Complex<T>, w: Complex<T>) -> (Complex<T>, Complex<T>) {
    let re = |o: Complex<T>| o.re.fused::<I>(w.re, (-o.im).fused::<I>(w.im, e.re));
    let im = |o: Complex<T>| o.re.fused::<I>(w.im, o.im.fused::<I>(w.re, e.im));
    (Complex::new(re(o), im(o)), Complex::new(re(-o), -im(-o)))
}

/// The transforms of even and odd elements, from that of pairs.
#[derive(Clone, Copy)]
struct Apart;

impl<T: Float> Pairing<T> for Apart {
    #[inline(always)]
    fn pair<I: Isa>(
        self,
        x: Complex<T>,
        partner: Complex<T>,
        w: Complex<T>,
    ) -> (Complex<T>, Complex<T>) {
        let (half, partner) = (T::of(0.5), partner.conj());
        let (even, odd) = ((x + partner) * half, (x - partner) * half);
        // -i times the odd part, turned
        both::<T, I>(even, Complex::new(odd.im, -odd.re), w)
    }
}

/// The transform of pairs, from those of even and odd elements.
#[derive(Clone, Copy)]
struct Beside;

impl<T: Float> Pairing<T> for Beside {
    #[inline(always)]
    fn pair<I: Isa>(
        self,
        x: Complex<T>,
        partner: Complex<T>,
        w: Complex<T>,
    ) -> (Complex<T>, Complex<T>) {
        let partner = partner.conj();
        let (even, odd) = (x + partner, x - partner);
        // i times the odd part, turned back
        both::<T, I>(even, Complex::new(-odd.im, odd.re), w.conj())
    }
}

/// Replaces elements and their partners, as far from the end as they are from the start, by what `pairing` makes of both and of `roots`
/// from the second on. The one in the middle is its own partner: the second result is its.
fn with_partners<T: Float, P: Pairing<T>>(y: &mut [Complex<T>], roots: &[Complex<T>], pairing: P) {
    let half = y.len() / 2;
    let (middle, at_middle) = (y.len() % 2, roots.get(half + 1));
    if let (1, Some(w)) = (middle, at_middle) {
        let (mut x, mut partner) = ([y[half]], [y[half]]);
        wide(Partners {
            front: &mut x,
            back: &mut partner,
            roots: std::slice::from_ref(w),
            pairing,
        });
        [y[half]] = partner;
    }
    let (front, back) = y.split_at_mut(half);
    let middle = back.len() - half;
    let back = &mut back[middle..];
    for at in steps(0..half) {
        let (start, end) = (half - at.end, half - at.start);
        wide(Partners {
            front: &mut front[at.clone()],
            back: &mut back[start..end],
            roots: &roots[1..][at],
            pairing,
        });
    }
}

/// Some elements, their partners in the opposite order, and roots.
struct Partners<'a, T, P> {
    front: &'a mut [Complex<T>],
    back: &'a mut [Complex<T>],
    roots: &'a [Complex<T>],
    pairing: P,
}

impl<T: Float, P: Pairing<T>> Wide for Partners<'_, T, P> {
    type Out = ();
    #[inline(always)]
    fn run<I: Isa>(self) {
        let partners = self.back.iter_mut().rev();
        for ((x, y), &w) in self.front.iter_mut().zip(partners).zip(self.roots) {
            (*x, *y) = self.pairing.pair::<I>(*x, *y, w);
        }
    }
}

/// The inverse of [`Half`] but for the factor: real numbers from a half. The imaginary parts of its ends are not read.
pub(crate) struct Whole<T> {
    len: usize,
    plan: Arc<Plan<T>>,
    /// Instead of the plan, the tables of a prime length.
    direct: Option<Direct<T>>,
    roots: Vec<Complex<T>>,
}

impl<T: Float> Whole<T> {
    pub(crate) fn get(len: usize) -> Arc<Whole<T>> {
        kept::<T, _>(len, Purpose::Whole, || Whole {
            len,
            plan: match is_direct(len) {
                true => Plan::get(1, Direction::Inverse),
                false => Plan::for_real(inner(len), Direction::Inverse),
            },
            direct: is_direct(len).then(|| Direct::new(len)),
            roots: roots(len),
        })
    }

    pub(crate) fn scratch(&self) -> usize {
        self.plan.scratch()
            + if is_complex_back(self.len) {
                2 * self.len
            } else {
                0
            }
    }

    /// As [`Half::width`].
    fn width(&self) -> usize {
        match is_complex_back(self.len) {
            true => 1,
            false => self.plan.width(),
        }
    }

    /// Rows of halves, which are lost, to rows.
    fn rows(
        &self,
        x: &mut [Complex<T>],
        y: &mut [T],
        scratch: &mut [Complex<T>],
    ) -> Result<(), NoMemory> {
        let (n, width) = (self.len, self.width());
        let m = n / 2 + 1;
        if width == 1 || y.len() == n {
            for (x, y) in x.chunks_exact_mut(m).zip(y.chunks_exact_mut(n)) {
                self.run(x, y, scratch)?;
            }
            return Ok(());
        }
        let (pairs, scratch) = scratch.split_at_mut(width * n / 2);
        for (x, y) in x.chunks_mut(m * width).zip(y.chunks_mut(n * width)) {
            let pairs = &mut pairs[..y.len() / 2];
            for (x, pairs) in x.chunks_exact_mut(m).zip(pairs.chunks_exact_mut(n / 2)) {
                self.put_together(x);
                pairs.copy_from_slice(&x[..n / 2]);
            }
            self.plan.run_many(pairs, pairs_mut(y), scratch)?;
        }
        Ok(())
    }

    /// `x` holds `len / 2 + 1` numbers, which are lost.
    pub(crate) fn run(
        &self,
        x: &mut [Complex<T>],
        y: &mut [T],
        scratch: &mut [Complex<T>],
    ) -> Result<(), NoMemory> {
        let n = self.len;
        if let Some(direct) = &self.direct {
            backward(direct, x, y);
            return Ok(());
        }
        if is_complex_back(n) {
            let (wide, rest) = scratch.split_at_mut(n);
            let (out, rest) = rest.split_at_mut(n);
            wide[0] = Complex::new(x[0].re, T::zero());
            for k in watched(1..=n / 2) {
                wide[k] = x[k];
                wide[n - k] = x[k].conj();
            }
            if n.is_multiple_of(2) {
                // its own partner
                wide[n / 2] = Complex::new(x[n / 2].re, T::zero());
            }
            self.plan.run(wide, out, rest)?;
            for (y, out) in watched(y.iter_mut().zip(out.iter())) {
                *y = out.re;
            }
            return Ok(());
        }
        self.put_together(x);
        self.plan.run(&x[..n / 2], pairs_mut(y), scratch)
    }

    /// The transform of pairs from those of the even and the odd elements.
    fn put_together(&self, x: &mut [Complex<T>]) {
        let h = self.len / 2;
        let (first, last) = (x[0].re, x[h].re);
        x[0] = Complex::new(first + last, first - last);
        with_partners(&mut x[1..h], &self.roots, Beside);
    }
}

impl<T: Float> Keepable for Half<T> {
    fn bytes(&self) -> usize {
        let tables = self.direct.as_ref().map_or(0, Direct::numbers);
        size_of_val(&self.roots[..]) + tables * size_of::<T>() + 256
    }
}
impl<T: Float> Keepable for Whole<T> {
    fn bytes(&self) -> usize {
        let tables = self.direct.as_ref().map_or(0, Direct::numbers);
        size_of_val(&self.roots[..]) + tables * size_of::<T>() + 256
    }
}

/// Whether a forward transform of real numbers is a complex one: of odd length, and of 12, whose halves have 1.3 times the error.
fn is_complex(len: usize) -> bool {
    len % 2 == 1 || len == 12
}

/// As [`is_complex`] of an inverse; 16 is what has 1.2 times the error.
fn is_complex_back(len: usize) -> bool {
    len % 2 == 1 || len == 16
}

/// Whether the length is a prime that is transformed by definition.
fn is_direct(len: usize) -> bool {
    direct::suits(len) && largest_factor(len) == len
}

/// Half the transform of a real row of prime length.
fn forward<T: Float>(direct: &Direct<T>, x: &[T], y: &mut [Complex<T>]) {
    let h = direct.half();
    let (mut halves, mut parts) = (Halves::<T, 1>::new(), Halves::<T, 1>::new());
    let (first, rest) = (x[0], &x[1..]);
    // four sums: a shorter chain, and smaller rounding errors
    let mut all = [T::zero(); 4];
    for (j, (&a, &b)) in rest[..h].iter().zip(rest.iter().rev()).enumerate() {
        halves.even[j] = [a + b];
        halves.odd[j] = [a - b];
        all[j % 4] += a + b;
    }
    direct.run(&halves, &mut parts);
    y[0] = Complex::new(first + ((all[0] + all[1]) + (all[2] + all[3])), T::zero());
    for (y, ([even], [odd])) in y[1..].iter_mut().zip(parts.even.iter().zip(&parts.odd)) {
        *y = Complex::new(first + *even, -*odd);
    }
}

/// The inverse of [`forward`] but for the factor.
fn backward<T: Float>(direct: &Direct<T>, x: &[Complex<T>], y: &mut [T]) {
    let h = direct.half();
    let (mut halves, mut parts) = (Halves::<T, 1>::new(), Halves::<T, 1>::new());
    let first = x[0].re;
    let mut all = [T::zero(); 4];
    for (k, x) in x[1..=h].iter().enumerate() {
        halves.even[k] = [x.re + x.re];
        halves.odd[k] = [x.im + x.im];
        all[k % 4] += x.re + x.re;
    }
    direct.run(&halves, &mut parts);
    y[0] = first + ((all[0] + all[1]) + (all[2] + all[3]));
    let (front, back) = y[1..].split_at_mut(h);
    let parts = parts.even.iter().zip(&parts.odd);
    for ((front, back), ([even], [odd])) in front.iter_mut().zip(back.iter_mut().rev()).zip(parts) {
        let even = first + *even;
        (*front, *back) = (even - *odd, even + *odd);
    }
}

/// The length of the complex transform of an inverse.
fn inner(len: usize) -> usize {
    match is_complex_back(len) {
        true => len,
        false => len / 2,
    }
}

fn roots<T: Float>(len: usize) -> Vec<Complex<T>> {
    match len % 2 {
        0 => watched(0..=len / 4)
            .map(|k| root(k as u64, len as u64))
            .collect(),
        _ => Vec::new(),
    }
}

/// An even number of reals as complex numbers.
fn pairs<T: Float>(x: &[T]) -> &[Complex<T>] {
    // SAFETY: a complex number is two reals in a row, aligned as they are.
    unsafe { std::slice::from_raw_parts(x.as_ptr().cast(), x.len() / 2) }
}

/// As [`pairs`].
pub(crate) fn pairs_mut<T: Float>(x: &mut [T]) -> &mut [Complex<T>] {
    // SAFETY: as above.
    unsafe { std::slice::from_raw_parts_mut(x.as_mut_ptr().cast(), x.len() / 2) }
}

/// Real rows to halves, all but whose ends are weighted.
pub(crate) struct ToHalf<T> {
    pub half: Arc<Half<T>>,
    pub factor: T,
    pub inner: T,
}

/// All but the numbers that stand for themselves: the first, and the last of an even length.
pub(crate) fn inner_of<C>(half: &mut [C], len: usize) -> &mut [C] {
    let end = len.div_ceil(2);
    &mut half[1.min(end)..end]
}

impl<T: Float> ToHalf<T> {
    fn rows(
        &self,
        x: &[T],
        y: &mut [Complex<T>],
        scratch: &mut [Complex<T>],
    ) -> Result<(), NoMemory> {
        let n = self.half.len;
        let m = n / 2 + 1;
        self.half.each(x, scratch, |row, fill| {
            let y = &mut y[row * m..][..m];
            fill(y);
            scale(y, self.factor);
            scale(inner_of(y, n), self.inner);
        })
    }
}

impl<T: Float> Rows for ToHalf<T> {
    type In = T;
    type Out = Complex<T>;
    type Scratch = Complex<T>;
    fn takes(&self) -> usize {
        self.half.len
    }
    fn gives(&self) -> usize {
        self.half.len / 2 + 1
    }
    fn scratch(&self) -> usize {
        self.half.scratch_of_many()
    }
    fn width(&self) -> usize {
        self.half.width()
    }
    fn run(
        &self,
        _: usize,
        x: &mut [T],
        y: &mut [Complex<T>],
        scratch: &mut [Complex<T>],
    ) -> Result<(), NoMemory> {
        self.rows(x, y, scratch)
    }
    fn run_shared(
        &self,
        x: &[T],
        y: &mut [Complex<T>],
        scratch: &mut [Complex<T>],
    ) -> Option<Result<(), NoMemory>> {
        Some(self.rows(x, y, scratch))
    }
}

/// Real rows to whole transforms.
pub(crate) struct ToWhole<T> {
    pub half: Arc<Half<T>>,
    pub factor: T,
    pub direction: Direction,
}

impl<T: Float> ToWhole<T> {
    fn rows(
        &self,
        x: &[T],
        y: &mut [Complex<T>],
        scratch: &mut [Complex<T>],
    ) -> Result<(), NoMemory> {
        let n = self.half.len;
        self.half.each(x, scratch, |row, fill| {
            let (half, rest) = y[row * n..][..n].split_at_mut(n / 2 + 1);
            fill(half);
            scale(half, self.factor);
            if self.direction == Direction::Inverse {
                watched(half.iter_mut()).for_each(|y| *y = y.conj());
            }
            for (y, half) in watched(rest.iter_mut().rev().zip(&half[1..])) {
                *y = half.conj();
            }
        })
    }
}

impl<T: Float> Rows for ToWhole<T> {
    type In = T;
    type Out = Complex<T>;
    type Scratch = Complex<T>;
    fn takes(&self) -> usize {
        self.half.len
    }
    fn gives(&self) -> usize {
        self.half.len
    }
    fn scratch(&self) -> usize {
        self.half.scratch_of_many()
    }
    fn width(&self) -> usize {
        self.half.width()
    }
    fn run(
        &self,
        _: usize,
        x: &mut [T],
        y: &mut [Complex<T>],
        scratch: &mut [Complex<T>],
    ) -> Result<(), NoMemory> {
        self.rows(x, y, scratch)
    }
    fn run_shared(
        &self,
        x: &[T],
        y: &mut [Complex<T>],
        scratch: &mut [Complex<T>],
    ) -> Option<Result<(), NoMemory>> {
        Some(self.rows(x, y, scratch))
    }
}

/// Halves, all but whose ends are weighted, to real rows.
pub(crate) struct ToReal<T> {
    pub whole: Arc<Whole<T>>,
    pub factor: T,
    pub inner: T,
}

impl<T: Float> Rows for ToReal<T> {
    type In = Complex<T>;
    type Out = T;
    type Scratch = Complex<T>;
    fn takes(&self) -> usize {
        self.whole.len / 2 + 1
    }
    fn gives(&self) -> usize {
        self.whole.len
    }
    fn scratch(&self) -> usize {
        match self.whole.width() {
            1 => self.whole.scratch(),
            width => self.whole.plan.scratch() + width * self.whole.len / 2,
        }
    }
    fn width(&self) -> usize {
        self.whole.width()
    }
    fn run(
        &self,
        _: usize,
        x: &mut [Complex<T>],
        y: &mut [T],
        scratch: &mut [Complex<T>],
    ) -> Result<(), NoMemory> {
        let n = self.whole.len;
        for x in x.chunks_exact_mut(n / 2 + 1) {
            scale(inner_of(x, n), self.inner);
        }
        self.whole.rows(x, y, scratch)?;
        if self.factor != T::one() {
            for at in steps(0..y.len()) {
                y[at].iter_mut().for_each(|y| *y = *y * self.factor);
            }
        }
        Ok(())
    }
}
