//! Which part of the buffer a layout covers, and whether two layouts can meet in it.

use smallvec::SmallVec;

use super::{Layout, PerAxis};

/// A term `coefficient · x` with `0 ≤ x ≤ most` of a sum that is to hit a target. Coefficients are positive.
#[derive(Clone, Copy)]
struct Term {
    coefficient: i128,
    most: i128,
}

type Terms = SmallVec<[Term; 12]>;

/// Steps that the search for a common element may take before it says "maybe". Views of one tensor take a few dozen.
const SEARCH_STEPS: u32 = 1000;

impl Layout {
    /// Returns true where the elements lie one after the other in Fortran order (the first axis has stride 1). Strides of axes of
    /// length 1 do not matter; a layout without elements is.
    pub fn is_fortran_contiguous(&self) -> bool {
        let mut step = 1;
        self.len == 0
            || self.shape.iter().zip(&self.strides).all(|(&n, &stride)| {
                let fits = n == 1 || stride == step;
                step *= n as isize;
                fits
            })
    }

    /// Whether the elements are a block without gaps, each there once, in whatever order and direction of the axes.
    ///
    /// Then the block is [`Layout::span`], and an elementwise operation may walk it as one run.
    pub fn is_dense(&self) -> bool {
        if self.is_contiguous() {
            return true;
        }
        let mut axes = self.long_axes();
        axes.sort_unstable();
        let mut step = 1;
        for (stride, n) in axes {
            if stride != step {
                return false;
            }
            step *= n;
        }
        true
    }

    /// Lowest and highest index that the elements reach in the buffer; `None` without elements.
    #[inline]
    pub fn span(&self) -> Option<(usize, usize)> {
        if self.len == 0 {
            return None;
        }
        if self.is_contiguous() {
            return Some((self.offset, self.offset + self.len - 1));
        }
        let (mut low, mut high) = (self.offset as isize, self.offset as isize);
        for (&n, &stride) in self.shape.iter().zip(&self.strides) {
            // an axis of length 1 reaches nowhere, whatever its stride
            let reach = (n as isize - 1) * stride;
            if reach < 0 {
                low += reach
            } else {
                high += reach
            }
        }
        Some((low as usize, high as usize))
    }

    /// Returns true where this layout and `other`, over the same buffer, may share an element.
    ///
    /// `false` is certain. `true` is certain too, unless the search for a common element was given up, which views of
    /// one tensor do not reach: interleaved rows, columns and steps are told apart exactly.
    ///
    /// The search is NumPy's `shares_memory`: a common element is a solution of `Σ sᵢxᵢ − Σ tⱼyⱼ = d` within bounds.
    pub fn overlaps(&self, other: &Layout) -> bool {
        let (Some((low_a, high_a)), Some((low_b, high_b))) = (self.span(), other.span()) else {
            return false;
        };
        if high_a < low_b || high_b < low_a {
            return false;
        }
        if self.is_dense() && other.is_dense() {
            return true;
        }
        // counted from the lowest index every coefficient of `self` is positive; counted from the highest one those of
        // `other` are too: low_a + Σ|s|x = high_b − Σ|t|y
        let mut terms = Terms::new();
        for (stride, n) in self.long_axes().into_iter().chain(other.long_axes()) {
            add(&mut terms, stride as i128, n as i128 - 1);
        }
        solvable(terms, high_b as i128 - low_a as i128)
    }

    /// Returns true where two different indices may be the same element, as in a broadcast or in sliding windows.
    ///
    /// `false` is certain; `true` is certain unless the search was given up.
    #[inline]
    pub fn has_internal_overlap(&self) -> bool {
        self.len > 1 && !self.is_contiguous() && self.may_overlap()
    }

    fn may_overlap(&self) -> bool {
        let mut axes = self.long_axes();
        axes.sort_unstable();
        if axes.first().is_some_and(|&(stride, _)| stride == 0) {
            return true;
        }
        // each axis steps over all that the shorter steps reach: the usual case
        let mut reach = 0i128;
        let nested = axes.iter().all(|&(stride, n)| {
            let clear = stride as i128 > reach;
            reach += stride as i128 * (n as i128 - 1);
            clear
        });
        if nested {
            return false;
        }
        // two indices differ by u, with |u[k]| < n[k], and some u[k] ≥ 1 (else exchange them): is there a sum
        // Σ s·u = 0? With v = u + n − 1 (for k: v = u − 1) all unknowns count from 0.
        (0..axes.len()).any(|k| {
            let (mut terms, mut target) = (Terms::new(), 0);
            for (j, &(stride, n)) in axes.iter().enumerate() {
                let (stride, last) = (stride as i128, n as i128 - 1);
                if j == k {
                    add(&mut terms, stride, last - 1);
                    target -= stride;
                } else {
                    add(&mut terms, stride, 2 * last);
                    target += stride * last;
                }
            }
            solvable(terms, target)
        })
    }

    /// Absolute stride and length of each axis longer than 1. There is no axis of length 0.
    fn long_axes(&self) -> PerAxis<(usize, usize)> {
        let axes = self.shape.iter().zip(&self.strides);
        axes.filter(|&(&n, _)| n > 1)
            .map(|(&n, &s)| (s.unsigned_abs(), n))
            .collect()
    }
}

/// Adds a term; equal coefficients become one, which is what makes the search short.
fn add(terms: &mut Terms, coefficient: i128, most: i128) {
    if coefficient == 0 || most == 0 {
        return;
    }
    match terms.iter_mut().find(|t| t.coefficient == coefficient) {
        Some(term) => term.most += most,
        None => terms.push(Term { coefficient, most }),
    }
}

/// Whether `Σ coefficient·x = target` has a solution within the bounds; also `true` when that takes too long to find out.
fn solvable(mut terms: Terms, target: i128) -> bool {
    // the largest first: each then leaves few choices
    terms.sort_unstable_by_key(|t| std::cmp::Reverse(t.coefficient));
    // what the terms from k on reach at most, and what divides all they reach
    let mut reach = SmallVec::<[i128; 13]>::from_elem(0, terms.len() + 1);
    let mut divisor = reach.clone();
    for k in (0..terms.len()).rev() {
        reach[k] = reach[k + 1] + terms[k].coefficient * terms[k].most;
        divisor[k] = gcd(divisor[k + 1], terms[k].coefficient);
    }
    search(&terms, &reach, &divisor, target, &mut SEARCH_STEPS.clone())
}

fn search(terms: &[Term], reach: &[i128], divisor: &[i128], target: i128, left: &mut u32) -> bool {
    if target < 0 || target > reach[0] {
        return false;
    }
    let [term, rest @ ..] = terms else {
        return target == 0;
    };
    if target % divisor[0] != 0 {
        return false;
    }
    // the rest must be able to make up for what this term leaves
    let lowest = (target - reach[1] + term.coefficient - 1)
        .div_euclid(term.coefficient)
        .max(0);
    let highest = (target / term.coefficient).min(term.most);
    let mut x = lowest;
    while x <= highest {
        *left = left.saturating_sub(1);
        let found = *left == 0
            || search(
                rest,
                &reach[1..],
                &divisor[1..],
                target - x * term.coefficient,
                left,
            );
        if found {
            return true;
        }
        x += 1;
    }
    false
}

fn gcd(mut a: i128, mut b: i128) -> i128 {
    while b != 0 {
        (a, b) = (b, a % b);
    }
    a
}
