//! Comparisons of whole tensors: `==` with tensors, arrays and numbers, `<` of single numbers, closeness in tests.

use std::cmp::Ordering;

use civita_core::dtype::Scalar;
use civita_core::error::shape_text;
use civita_core::raw::Raw;

use crate::error::OrRaise;
use crate::{Dtype, Element, Tensor};

/// The same shape and equal elements (NaN equals nothing). For one boolean for each element: [`Tensor::eq`].
///
/// ```
/// # use civita::prelude::*;
/// assert!(tensor![1, 2] == tensor![1, 2] && tensor![1, 2] != tensor![1, 3]);
/// assert_eq!(tensor![[1.0, 2.0]], [[1.0, 2.0]]);
/// assert_eq!(tensor![1.0, 2.0], vec![1.0, 2.0]);
/// ```
impl<T: Element + PartialEq, const N: usize, const M: usize> PartialEq<Tensor<T, M>>
    for Tensor<T, N>
{
    fn eq(&self, other: &Tensor<T, M>) -> bool {
        self.shape() == other.shape() && same(self, other.iter())
    }
}

fn same<T: Element + PartialEq, const N: usize>(
    x: &Tensor<T, N>,
    other: impl IntoIterator<Item = T>,
) -> bool {
    x.iter().zip(other).all(|(a, b)| a == b)
}

/// One number, beside a tensor without axes.
///
/// ```
/// # use civita::prelude::*;
/// let x = tensor![1.0, 2.0];
/// assert!(x.sum() == 3.0 && x.mean() < 2.0 && x.max() > x.min());
/// ```
impl<T: Element + PartialEq> PartialEq<T> for Tensor<T, 0> {
    #[track_caller]
    fn eq(&self, other: &T) -> bool {
        value(self) == *other
    }
}
impl<T: Element + PartialOrd> PartialOrd<T> for Tensor<T, 0> {
    #[track_caller]
    fn partial_cmp(&self, other: &T) -> Option<Ordering> {
        value(self).partial_cmp(other)
    }
}
/// Compares tensors without axes. For one boolean for each element: [`Tensor::lt`] and its like.
impl<T: Element + PartialOrd> PartialOrd for Tensor<T, 0> {
    #[track_caller]
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        value(self).partial_cmp(&value(other))
    }
}

#[track_caller]
fn value<T: Element>(x: &Tensor<T, 0>) -> T {
    x.item().or_raise()
}

impl<T: Element + PartialEq, const N: usize> PartialEq<Vec<T>> for Tensor<T, N> {
    fn eq(&self, other: &Vec<T>) -> bool {
        self.shape() == [other.len()] && same(self, other.iter().copied())
    }
}
impl<T: Element + PartialEq, const N: usize> PartialEq<&[T]> for Tensor<T, N> {
    fn eq(&self, other: &&[T]) -> bool {
        self.shape() == [other.len()] && same(self, other.iter().copied())
    }
}
impl<T: Element + PartialEq, const N: usize> PartialEq<Vec<Vec<T>>> for Tensor<T, N> {
    fn eq(&self, other: &Vec<Vec<T>>) -> bool {
        let columns = other.first().map_or(0, Vec::len);
        self.shape() == [other.len(), columns]
            && other.iter().all(|row| row.len() == columns)
            && same(self, other.iter().flatten().copied())
    }
}

// numbers have none: a second right side of `==` for `f64` would leave `x == values.iter().sum()` without a type
impl<T: Element + PartialEq, const N: usize> PartialEq<Tensor<T, N>> for Vec<T> {
    fn eq(&self, x: &Tensor<T, N>) -> bool {
        x == self
    }
}
impl<T: Element + PartialEq, const N: usize> PartialEq<Tensor<T, N>> for Vec<Vec<T>> {
    fn eq(&self, x: &Tensor<T, N>) -> bool {
        x == self
    }
}

macro_rules! arrays {
    ($([$($K:ident)*] $array:ty, $v:ident => $flat:expr;)*) => { $(
        impl<T: Element + PartialEq, const N: usize, $(const $K: usize),*> PartialEq<$array> for Tensor<T, N> {
            fn eq(&self, $v: &$array) -> bool {
                self.shape() == [$($K),*] && same(self, $flat.iter().copied())
            }
        }
        impl<T: Element + PartialEq, const N: usize, $(const $K: usize),*> PartialEq<Tensor<T, N>> for $array {
            fn eq(&self, x: &Tensor<T, N>) -> bool {
                x == self
            }
        }
    )* };
}
arrays! {
    [A] [T; A], v => v;
    [A B] [[T; B]; A], v => v.as_flattened();
    [A B C] [[[T; C]; B]; A], v => v.as_flattened().as_flattened();
    [A B C D] [[[[T; D]; C]; B]; A], v => v.as_flattened().as_flattened().as_flattened();
}

/// What [`assert_close!`](crate::assert_close) compares: tensors, numbers, and arrays and vectors of numbers.
pub trait Comparable {
    #[doc(hidden)]
    fn to_raw(&self) -> Raw;
}
impl<T: Dtype, const N: usize> Comparable for Tensor<T, N> {
    fn to_raw(&self) -> Raw {
        self.raw().clone()
    }
}
impl<X: Comparable + ?Sized> Comparable for &X {
    fn to_raw(&self) -> Raw {
        (**self).to_raw()
    }
}
impl<T: Element> Comparable for [T] {
    fn to_raw(&self) -> Raw {
        Raw::from_vec(self.to_vec(), &[self.len()]).or_raise()
    }
}
impl<T: Element> Comparable for Vec<T> {
    fn to_raw(&self) -> Raw {
        self.as_slice().to_raw()
    }
}
impl<T: Element, const A: usize> Comparable for [T; A] {
    fn to_raw(&self) -> Raw {
        self.as_slice().to_raw()
    }
}
impl<T: Element, const A: usize, const B: usize> Comparable for [[T; B]; A] {
    fn to_raw(&self) -> Raw {
        Raw::from_vec(self.as_flattened().to_vec(), &[A, B]).or_raise()
    }
}
macro_rules! comparable_numbers {
    ($($T:ty),*) => { $(impl Comparable for $T {
        fn to_raw(&self) -> Raw {
            Raw::from_vec(vec![*self], &[]).or_raise()
        }
    })* };
}
comparable_numbers! {
    i8, i16, i32, i64, u8, u16, u32, u64, f32, f64, crate::f8e4m3, crate::f8e5m2, crate::f16, crate::bf16, crate::c64, crate::c128
}

/// What differs most between two tensors, and both of them, for [`assert_close!`](crate::assert_close).
#[doc(hidden)]
pub fn difference(
    found: &impl Comparable,
    wanted: &impl Comparable,
    relative: f64,
    absolute: f64,
) -> Option<String> {
    let (found, wanted) = (found.to_raw(), wanted.to_raw());
    let text = farthest(&found, &wanted, relative, absolute)?;
    let (found, wanted) = (found.display(), wanted.display());
    Some(format!("{text}\nfound:\n{found}\nwanted:\n{wanted}"))
}

fn farthest(found: &Raw, wanted: &Raw, relative: f64, absolute: f64) -> Option<String> {
    let (a, b) = (found.scalars(), wanted.scalars());
    let (a, b) = match (a, b) {
        (Ok(a), Ok(b)) => (a, b),
        (Err(e), _) | (_, Err(e)) => return Some(e.to_string()),
    };
    if found.shape() != wanted.shape() {
        return Some(format!(
            "the shapes differ: {} and {}",
            shape_text(found.shape()),
            shape_text(wanted.shape())
        ));
    }
    let mut worst: Option<(usize, f64)> = None;
    let mut count = 0;
    for (i, (a, b)) in a.iter().zip(&b).enumerate() {
        let (x, y) = (a.as_complex(), b.as_complex());
        let (alike, far) = match (a, b) {
            // exactly, for integers of 64 bits may be one `f64`
            (Scalar::Int(a), Scalar::Int(b)) => (a == b, a.abs_diff(*b) as f64),
            _ => (x == y || (x.is_nan() && y.is_nan()), (x - y).norm()),
        };
        let allowed = absolute + relative * y.norm();
        // what is infinite is near itself only
        if alike || (far <= allowed && far.is_finite()) {
            continue;
        }
        count += 1;
        let by = match far.is_nan() {
            true => f64::INFINITY,
            false => far / allowed.max(f64::MIN_POSITIVE),
        };
        if worst.is_none_or(|(_, most)| by > most) {
            worst = Some((i, by));
        }
    }
    let (at, _) = worst?;
    let mut index = vec![0; found.rank()];
    let mut rest = at;
    for (axis, &n) in found.shape().iter().enumerate().rev() {
        index[axis] = rest % n;
        rest /= n;
    }
    Some(format!(
        "{count} of {} elements differ; most at {index:?}: {} and {}",
        a.len(),
        a[at],
        b[at]
    ))
}

/// Asserts that two tensors have one shape and nearly equal elements: `|a - b| ≤ absolute + relative · |b|`, by default
/// `1e-9` and `1e-6`, also where the other one alone is given; NaN equals NaN. Numbers, arrays and vectors of numbers stand for tensors.
///
/// ```
/// # use civita::prelude::*;
/// use civita::assert_close;
/// assert_close!(tensor![0.1 + 0.2, 1.0], tensor![0.3, 1.0]);
/// assert_close!(tensor![1.0, 2.0], tensor![1.01, 2.0], relative = 0.02);
/// assert_close!(tensor![0.001], [0.0], absolute = 0.01);
/// assert_close!(tensor![0.001], [0.0], relative = 0.0, absolute = 0.01);
/// assert_close!(tensor![1.0, 2.0].mean(), 1.5);
/// ```
#[macro_export]
macro_rules! assert_close {
    ($found:expr, $wanted:expr $(,)?) => {
        $crate::assert_close!($found, $wanted, relative = 1e-6, absolute = 1e-9)
    };
    ($found:expr, $wanted:expr, relative = $relative:expr $(,)?) => {
        $crate::assert_close!($found, $wanted, relative = $relative, absolute = 1e-9)
    };
    ($found:expr, $wanted:expr, absolute = $absolute:expr $(,)?) => {
        $crate::assert_close!($found, $wanted, relative = 1e-6, absolute = $absolute)
    };
    ($found:expr, $wanted:expr, absolute = $absolute:expr, relative = $relative:expr $(,)?) => {
        $crate::assert_close!($found, $wanted, relative = $relative, absolute = $absolute)
    };
    ($found:expr, $wanted:expr, relative = $relative:expr, absolute = $absolute:expr $(,)?) => {
        match (&$found, &$wanted) {
            (found, wanted) => {
                if let Some(text) = $crate::difference(found, wanted, $relative, $absolute) {
                    panic!(
                        "`{}` is not close to `{}`: {text}",
                        stringify!($found),
                        stringify!($wanted),
                    );
                }
            }
        }
    };
}
