//! Cosine and sine transforms of rows, by Fourier transforms of as many real numbers.
//!
//! Type II is the Fourier transform of the even elements followed by the odd ones backwards, turned by a quarter of a step
//! (Makhoul 1980); type III is its inverse; type IV is a complex transform of half the length, type I one of the even or odd
//! extension. Sine transforms are cosine transforms with signs and orders changed.

use std::sync::Arc;

use civita_core::threads::stop_if_told;
use num_complex::Complex;

use crate::float::{Float, root};
use crate::fourier::{Half, Whole};
use crate::pause::watched;
use crate::plan::{Direction, Keepable, Plan, Purpose, kept};
use crate::rows::{NoMemory, Rows};

/// Cosines or sines.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Family {
    /// DCT
    Cosine,
    /// DST
    Sine,
}

/// The type of a cosine or sine transform: which of its ends are symmetric about an element and which about the middle of two.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Type {
    /// I: both about an element.
    I,
    /// II, which "the" cosine transform is.
    II,
    /// III: the inverse of II.
    III,
    /// IV: both between elements.
    IV,
}

/// Which elements of a row have weights.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Ends {
    None,
    First,
    Last,
    Both,
}

/// The tables of a transform.
pub(crate) struct Wave<T> {
    family: Family,
    kind: Type,
    len: usize,
    inner: Inner<T>,
}

enum Inner<T> {
    /// One transform of the extension.
    One(Arc<Half<T>>),
    /// `exp(-πi k / 2n)`
    Two(Arc<Half<T>>, Vec<Complex<T>>),
    Three(Arc<Whole<T>>, Vec<Complex<T>>),
    /// What turns before and after.
    Four(Arc<Plan<T>>, Vec<Complex<T>>, Vec<Complex<T>>),
}

impl<T: Float> Keepable for Wave<T> {
    fn bytes(&self) -> usize {
        let tables = match &self.inner {
            Inner::One(_) => 0,
            Inner::Two(_, a) | Inner::Three(_, a) => a.len(),
            Inner::Four(_, a, b) => a.len() + b.len(),
        };
        tables * size_of::<Complex<T>>() + 256
    }
}

/// The shortest row that has a transform.
pub(crate) fn shortest(family: Family, kind: Type) -> usize {
    match (family, kind) {
        (Family::Cosine, Type::I) => 2,
        _ => 1,
    }
}

impl<T: Float> Wave<T> {
    pub(crate) fn get(family: Family, kind: Type, len: usize) -> Arc<Wave<T>> {
        kept::<T, _>(len, Purpose::Wave(family, kind), || {
            Wave::new(family, kind, len)
        })
    }

    fn new(family: Family, kind: Type, len: usize) -> Wave<T> {
        let n = len as u64;
        let quarter = || watched(0..=n / 2).map(|k| root(k, 4 * n)).collect();
        let inner = match (kind, family) {
            (Type::I, Family::Cosine) => Inner::One(Half::get(2 * (len - 1))),
            (Type::I, Family::Sine) => Inner::One(Half::get(2 * (len + 1))),
            (Type::II, _) => Inner::Two(Half::get(len), quarter()),
            (Type::III, _) => Inner::Three(Whole::get(len), quarter()),
            (Type::IV, _) if len.is_multiple_of(2) => Inner::Four(
                Plan::get(len / 2, Direction::Forward),
                watched(0..n / 2).map(|j| root(4 * j + 1, 8 * n)).collect(),
                watched(0..n / 2).map(|k| root(k, 2 * n)).collect(),
            ),
            (Type::IV, _) => Inner::Four(
                Plan::get(2 * len, Direction::Forward),
                watched(0..n).map(|j| root(j, 4 * n)).collect(),
                watched(0..n).map(|k| root(2 * k + 1, 8 * n)).collect(),
            ),
        };
        Wave {
            family,
            kind,
            len,
            inner,
        }
    }

    fn ends(&self) -> Ends {
        match (self.family, self.kind) {
            (Family::Cosine, Type::I) => Ends::Both,
            (Family::Cosine, Type::II | Type::III) => Ends::First,
            (Family::Sine, Type::II | Type::III) => Ends::Last,
            _ => Ends::None,
        }
    }

    fn weigh(&self, row: &mut [T], weight: T) {
        let (n, ends) = (row.len(), self.ends());
        if weight == T::one() || n == 0 {
            return;
        }
        if matches!(ends, Ends::First | Ends::Both) {
            row[0] = row[0] * weight;
        }
        if matches!(ends, Ends::Last | Ends::Both) {
            row[n - 1] = row[n - 1] * weight;
        }
    }

    fn scratch(&self) -> usize {
        let n = self.len;
        match &self.inner {
            Inner::One(half) => 2 * (n + 1) + 4 + half.scratch(),
            Inner::Two(half, _) => 2 * (n / 2 + 1) + half.scratch(),
            Inner::Three(whole, _) => 2 * (n / 2 + 1) + whole.scratch(),
            Inner::Four(plan, ..) => 2 * plan.points() + plan.scratch(),
        }
    }

    fn run(&self, x: &mut [T], y: &mut [T], scratch: &mut [Complex<T>]) -> Result<(), NoMemory> {
        let negate_odd = |row: &mut [T]| {
            row.iter_mut().skip(1).step_by(2).for_each(|v| *v = -*v);
        };
        match (self.family, self.kind) {
            (Family::Cosine, _) | (_, Type::I) => self.cosine(x, y, scratch),
            (Family::Sine, Type::II) => {
                negate_odd(x);
                self.cosine(x, y, scratch)?;
                y.reverse();
                Ok(())
            }
            (Family::Sine, _) => {
                x.reverse();
                self.cosine(x, y, scratch)?;
                negate_odd(y);
                Ok(())
            }
        }
    }

    fn cosine(&self, x: &[T], y: &mut [T], scratch: &mut [Complex<T>]) -> Result<(), NoMemory> {
        let n = self.len;
        let two = T::of(2.0);
        stop_if_told();
        match &self.inner {
            Inner::One(half) => {
                let cosine = self.family == Family::Cosine;
                let long = if cosine { 2 * (n - 1) } else { 2 * (n + 1) };
                let (v, rest) = scratch.split_at_mut(long / 2);
                let (z, rest) = rest.split_at_mut(long / 2 + 1);
                let v = reals(v);
                if cosine {
                    v[..n].copy_from_slice(x);
                    for (v, x) in v[n..].iter_mut().rev().zip(&x[1..]) {
                        *v = *x;
                    }
                    stop_if_told();
                    half.run(v, z, rest)?;
                    stop_if_told();
                    y.iter_mut().zip(z.iter()).for_each(|(y, z)| *y = z.re);
                } else {
                    (v[0], v[n + 1]) = (T::zero(), T::zero());
                    v[1..=n].copy_from_slice(x);
                    for (v, x) in v[n + 2..].iter_mut().rev().zip(x) {
                        *v = -*x;
                    }
                    stop_if_told();
                    half.run(v, z, rest)?;
                    stop_if_told();
                    y.iter_mut().zip(&z[1..]).for_each(|(y, z)| *y = -z.im);
                }
            }
            Inner::Two(half, turns) => {
                let (v, rest) = scratch.split_at_mut(n / 2 + 1);
                let (z, rest) = rest.split_at_mut(n / 2 + 1);
                let v = &mut reals(v)[..n];
                let (even, odd) = v.split_at_mut(n.div_ceil(2));
                for (v, x) in even.iter_mut().zip(x.iter().step_by(2)) {
                    *v = *x;
                }
                for (v, x) in odd.iter_mut().rev().zip(x.iter().skip(1).step_by(2)) {
                    *v = *x;
                }
                stop_if_told();
                half.run(v, z, rest)?;
                stop_if_told();
                y[0] = two * z[0].re;
                for k in 1..=n / 2 {
                    let turned = z[k] * turns[k];
                    y[n - k] = -(two * turned.im);
                    y[k] = two * turned.re;
                }
            }
            Inner::Three(whole, turns) => {
                let (v, rest) = scratch.split_at_mut(n / 2 + 1);
                let (z, rest) = rest.split_at_mut(n / 2 + 1);
                let v = &mut reals(v)[..n];
                z[0] = Complex::new(x[0], T::zero());
                for k in 1..=n / 2 {
                    z[k] = Complex::new(x[k], -x[n - k]) * turns[k].conj();
                }
                stop_if_told();
                whole.run(z, v, rest)?;
                stop_if_told();
                let (even, odd) = v.split_at(n.div_ceil(2));
                for (v, y) in even.iter().zip(y.iter_mut().step_by(2)) {
                    *y = *v;
                }
                for (v, y) in odd.iter().rev().zip(y.iter_mut().skip(1).step_by(2)) {
                    *y = *v;
                }
            }
            Inner::Four(plan, before, after) => {
                let (v, rest) = scratch.split_at_mut(plan.points());
                let (z, rest) = rest.split_at_mut(plan.points());
                if n.is_multiple_of(2) {
                    for (j, (v, w)) in v.iter_mut().zip(before).enumerate() {
                        *v = Complex::new(x[2 * j], x[n - 1 - 2 * j]) * *w;
                    }
                    stop_if_told();
                    plan.run(v, z, rest)?;
                    stop_if_told();
                    for (k, (z, w)) in z.iter().zip(after).enumerate() {
                        let turned = *z * *w;
                        y[2 * k] = two * turned.re;
                        y[n - 1 - 2 * k] = -(two * turned.im);
                    }
                } else {
                    for ((v, x), w) in v.iter_mut().zip(x).zip(before) {
                        *v = *w * *x;
                    }
                    v[n..].fill(Complex::default());
                    stop_if_told();
                    plan.run(v, z, rest)?;
                    stop_if_told();
                    for ((y, z), w) in y.iter_mut().zip(z.iter()).zip(after) {
                        *y = two * (*z * *w).re;
                    }
                }
            }
        }
        Ok(())
    }
}

/// Complex numbers as twice as many reals.
fn reals<T: Float>(x: &mut [Complex<T>]) -> &mut [T] {
    // SAFETY: a complex number is two reals in a row, aligned as they are.
    unsafe { std::slice::from_raw_parts_mut(x.as_mut_ptr().cast(), 2 * x.len()) }
}

/// Rows to their cosine or sine transforms, with weights of the ends before and after.
pub(crate) struct Waves<T> {
    pub wave: Arc<Wave<T>>,
    pub before: T,
    pub after: T,
    pub factor: T,
}

impl<T: Float> Rows for Waves<T> {
    type In = T;
    type Out = T;
    type Scratch = Complex<T>;
    fn takes(&self) -> usize {
        self.wave.len
    }
    fn gives(&self) -> usize {
        self.wave.len
    }
    fn scratch(&self) -> usize {
        self.wave.scratch()
    }
    fn run(
        &self,
        _: usize,
        x: &mut [T],
        y: &mut [T],
        scratch: &mut [Complex<T>],
    ) -> Result<(), NoMemory> {
        let n = self.wave.len;
        for (x, y) in x.chunks_exact_mut(n).zip(y.chunks_exact_mut(n)) {
            self.wave.weigh(x, self.before);
            self.wave.run(x, y, scratch)?;
            self.wave.weigh(y, self.after);
            if self.factor != T::one() {
                y.iter_mut().for_each(|y| *y = *y * self.factor);
            }
        }
        Ok(())
    }
}
