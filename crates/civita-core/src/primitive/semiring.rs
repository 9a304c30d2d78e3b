//! Matrix products over other semirings: shortest paths, widest paths, reachability.

use super::weighted::{Extreme, ExtremeOf, Number, Plus, Times, Weigh, combine};
use super::{
    Gradients, HostInput, HostKernel, HostOutput, Outputs, Primitive, Reads, Spec, Tangents,
    batch_broadcast, bind_one, one_tangent, specs,
};
use crate::backend::Backend;
use crate::dtype::{DType, Element, Scalar};
use crate::error::{Error, Result};
use crate::isa::{Isa, Wide, wide};
use crate::layout::{Dims, broadcast_shapes};
use crate::ops::Op;
use crate::raw::Raw;

/// What is made of an element of each operand.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Multiply {
    /// `a + b`.
    Add,
    /// `a · b`.
    Multiply,
    /// The smaller one.
    Min,
    /// The larger one.
    Max,
}

impl Multiply {
    fn op(self) -> Op {
        match self {
            Multiply::Add => Op::Add,
            Multiply::Multiply => Op::Mul,
            Multiply::Min => Op::Minimum,
            Multiply::Max => Op::Maximum,
        }
    }
}

/// `y[…, i, j] = extreme over k of (a[…, i, k] ⊗ b[…, k, j])`, of matrices of one dtype of [`SemiringMatmul::DTYPES`] whose leading
/// axes broadcast; with `winners` the first `k` that has the extreme. NaN is the extreme where it is.
#[derive(Clone, Copy, Debug)]
pub struct SemiringMatmul {
    /// The largest, or the smallest.
    pub largest: bool,
    /// `⊗`.
    pub multiply: Multiply,
    /// Where each extreme comes from, and not what it is.
    pub winners: bool,
}

impl SemiringMatmul {
    /// Those that there are kernels for.
    pub const DTYPES: [DType; 5] = [DType::F32, DType::F64, DType::I32, DType::I64, DType::U8];
}

/// The number of the matrix of an operand that meets each matrix of a batch.
pub(super) fn matrices(batch: &[usize], own: &[usize]) -> Vec<usize> {
    let count = batch.iter().product();
    let lead = batch.len() - own.len();
    (0..count)
        .map(|mut at: usize| {
            let (mut place, mut step) = (0, 1);
            for axis in (0..batch.len()).rev() {
                let i = at % batch[axis];
                at /= batch[axis];
                if axis >= lead {
                    let n = own[axis - lead];
                    place += if n == 1 { 0 } else { i * step };
                    step *= n;
                }
            }
            place
        })
        .collect()
}

/// The operands of a product, and which of their matrices meet.
struct Problem<'a, T> {
    a: &'a [T],
    b: &'a [T],
    of_a: Vec<usize>,
    of_b: Vec<usize>,
    m: usize,
    k: usize,
    n: usize,
}
impl<T> Problem<'_, T> {
    /// Where the row of `a` begins that makes this row of the result, and the matrix of `b`.
    fn row(&self, row: usize) -> (usize, usize) {
        let (matrix, i) = (row / self.m, row % self.m);
        (
            (self.of_a[matrix] * self.m + i) * self.k,
            self.of_b[matrix] * self.k * self.n,
        )
    }
}

/// Rows of the result from number `first` on.
struct Extremes<'a, T, W, const LARGEST: bool, const NAN: bool> {
    problem: &'a Problem<'a, T>,
    first: usize,
    out: &'a mut [T],
    weigh: std::marker::PhantomData<W>,
}
impl<T: Number, W: Weigh<T>, const LARGEST: bool, const NAN: bool> Wide
    for Extremes<'_, T, W, LARGEST, NAN>
{
    type Out = ();
    #[inline(always)]
    fn run<I: Isa>(self) {
        let p = self.problem;
        combine::<I, T, ExtremeOf<W, LARGEST, NAN>>(
            self.out,
            p.n,
            p.a,
            p.k,
            |i| p.row(self.first + i).0,
            p.b,
            |i, k| p.row(self.first + i).1 + k * p.n,
        );
    }
}

/// As [`Extremes`]: where they come from.
struct Winners<'a, T, W, const LARGEST: bool> {
    problem: &'a Problem<'a, T>,
    first: usize,
    out: &'a mut [i64],
    weigh: std::marker::PhantomData<W>,
}
impl<T: Number, W: Weigh<T>, const LARGEST: bool> Wide for Winners<'_, T, W, LARGEST> {
    type Out = ();
    #[inline(always)]
    fn run<I: Isa>(self) {
        let p = self.problem;
        let mut best = vec![T::ZERO; p.n];
        for (i, out) in self.out.chunks_exact_mut(p.n).enumerate() {
            let (a, b) = p.row(self.first + i);
            let row = |k: usize| (p.a[a + k], &p.b[b + k * p.n..][..p.n]);
            let (w, first) = row(0);
            out.fill(0);
            for (best, &x) in best.iter_mut().zip(first) {
                *best = W::weigh(w, x);
            }
            for k in 1..p.k {
                let (w, row) = row(k);
                for ((best, out), &x) in best.iter_mut().zip(out.iter_mut()).zip(row) {
                    let v = W::weigh(w, x);
                    let better = if LARGEST { v > *best } else { v < *best };
                    if (better || v.is_nan()) && !best.is_nan() {
                        (*best, *out) = (v, k as i64);
                    }
                }
            }
        }
    }
}

/// Products in a task, at least.
const GRAIN: usize = 1 << 16;

impl SemiringMatmul {
    fn compute<T: Number + Element>(
        &self,
        x: &[HostInput<'_>],
        out: &mut HostOutput<'_>,
    ) -> Result<()> {
        let (a, b) = (x[0].elements::<T>()?, x[1].elements::<T>()?);
        let (outer_a, [m, k]) = split(x[0].shape());
        let (outer_b, [_, n]) = split(x[1].shape());
        let (batch, _) = split(out.shape());
        let problem = Problem {
            a: &a,
            b: &b,
            of_a: matrices(batch, outer_a),
            of_b: matrices(batch, outer_b),
            m,
            k,
            n,
        };
        if out.shape().contains(&0) {
            return Ok(());
        }
        match self.multiply {
            Multiply::Add => self.with::<T, Plus>(&problem, out),
            Multiply::Multiply => self.with::<T, Times>(&problem, out),
            // an extreme of extremes keeps NaN if both do
            Multiply::Min => self.with::<T, Extreme<false, true>>(&problem, out),
            Multiply::Max => self.with::<T, Extreme<true, true>>(&problem, out),
        }
    }

    fn with<T: Number + Element, W: Weigh<T>>(
        &self,
        p: &Problem<'_, T>,
        out: &mut HostOutput<'_>,
    ) -> Result<()> {
        // as many rows as make a task worth its while
        let rows = GRAIN.div_ceil((p.k * p.n).max(1));
        let grain = rows * p.n;
        let weigh = std::marker::PhantomData::<W>;
        if self.winners {
            let largest = self.largest;
            return out.write_in_parts::<i64>(grain, &|start, out| {
                let first = start / p.n;
                match largest {
                    true => wide(Winners::<T, W, true> {
                        problem: p,
                        first,
                        out,
                        weigh,
                    }),
                    false => wide(Winners::<T, W, false> {
                        problem: p,
                        first,
                        out,
                        weigh,
                    }),
                }
            });
        }
        let nan = self.may_make_nan(p);
        out.write_in_parts::<T>(grain, &|start, out| {
            let first = start / p.n;
            match (self.largest, nan) {
                (false, false) => wide(Extremes::<T, W, false, false> {
                    problem: p,
                    first,
                    out,
                    weigh,
                }),
                (true, false) => wide(Extremes::<T, W, true, false> {
                    problem: p,
                    first,
                    out,
                    weigh,
                }),
                (false, true) => wide(Extremes::<T, W, false, true> {
                    problem: p,
                    first,
                    out,
                    weigh,
                }),
                (true, true) => wide(Extremes::<T, W, true, true> {
                    problem: p,
                    first,
                    out,
                    weigh,
                }),
            }
        })
    }

    /// Whether a product can be NaN, which costs a comparison for each.
    fn may_make_nan<T: Number>(&self, p: &Problem<'_, T>) -> bool {
        let [high, low] = T::LIMITS;
        if !high.plus(low).is_nan() {
            return false; // integers
        }
        let has = |all: &[T], is: &dyn Fn(T) -> bool| all.iter().any(|&x| is(x));
        let either = |is: &dyn Fn(T) -> bool| has(p.a, is) || has(p.b, is);
        if either(&|x| x.is_nan()) {
            return true;
        }
        let is_infinite = |x: T| x == high || x == low;
        match self.multiply {
            Multiply::Add => {
                has(p.a, &|x| x == high) && has(p.b, &|x| x == low)
                    || has(p.a, &|x| x == low) && has(p.b, &|x| x == high)
            }
            Multiply::Multiply => either(&is_infinite) && either(&|x| x == T::ZERO),
            Multiply::Min | Multiply::Max => false,
        }
    }
}

/// The leading axes, and the last two.
pub(super) fn split(shape: &[usize]) -> (&[usize], [usize; 2]) {
    match shape {
        [outer @ .., m, n] => (outer, [*m, *n]),
        _ => (&[], [1, 1]),
    }
}

impl HostKernel for SemiringMatmul {
    fn name(&self) -> &'static str {
        "semiring_matmul"
    }

    fn run(&self, x: &[HostInput<'_>], out: &mut [HostOutput<'_>]) -> Result<()> {
        match x[0].dtype() {
            DType::F32 => self.compute::<f32>(x, &mut out[0]),
            DType::F64 => self.compute::<f64>(x, &mut out[0]),
            DType::I32 => self.compute::<i32>(x, &mut out[0]),
            DType::I64 => self.compute::<i64>(x, &mut out[0]),
            DType::U8 => self.compute::<u8>(x, &mut out[0]),
            dtype => Err(Error::dtype(
                HostKernel::name(self),
                format!("there is no kernel for {dtype}"),
            )),
        }
    }
}

impl Primitive for SemiringMatmul {
    fn name(&self) -> &'static str {
        "semiring_matmul"
    }

    fn infer(&self, x: &[&Spec]) -> Result<Outputs<Spec>> {
        let ([.., m, k], [.., inner, n]) = (&x[0].shape[..], &x[1].shape[..]) else {
            return Err(Error::shape(
                "semiring_matmul",
                "the operands are matrices, or batches of them",
            )
            .shapes(&[&x[0].shape, &x[1].shape]));
        };
        if k != inner {
            return Err(Error::shape(
                "semiring_matmul",
                format!("the inner dimensions {k} ≠ {inner}"),
            )
            .shapes(&[&x[0].shape, &x[1].shape])
            .rule("the last axis of the left operand must be as long as the second-to-last axis of the right one"));
        }
        if *k == 0 {
            return Err(Error::shape(
                "semiring_matmul",
                "the inner dimension is 0, so there is no product to take the extreme of",
            )
            .shapes(&[&x[0].shape, &x[1].shape]));
        }
        let mut shape = broadcast_shapes(
            "semiring_matmul",
            &[split(&x[0].shape).0, split(&x[1].shape).0],
        )?;
        shape.push(*m);
        shape.push(*n);
        Ok(Outputs::One(Spec {
            shape: Dims::from_slice(&shape),
            dtype: if self.winners { DType::I64 } else { x[0].dtype },
        }))
    }

    fn run(&self, backend: &dyn Backend, x: &[&Raw]) -> Result<Outputs<Raw>> {
        let all = specs(x);
        let out = self.infer(&all.iter().collect::<Vec<_>>())?;
        backend.external(self, &[x[0].dtype(), x[1].dtype()], out, x)
    }

    fn reads(&self, _: &[bool]) -> Reads {
        match self.winners {
            true => Reads::SHAPES,
            false => Reads::INPUTS,
        }
    }

    /// The result is a product of one element of each operand, the first of equal ones: its tangent is that product's.
    fn jvp(&self, x: &[Raw], _: &[Raw], t: &[Option<Raw>]) -> Result<Tangents> {
        if self.winners {
            return Ok(one_tangent(None));
        }
        let winners = SemiringMatmul {
            winners: true,
            ..*self
        };
        let k = bind_one(&winners, &[&x[0].detach(), &x[1].detach()])?;
        // with as many axes as the result
        let spread = |x: &Raw| {
            let lead: Vec<isize> = (0..(k.rank() - x.rank()) as isize).collect();
            x.expand_dims(&lead)
        };
        let left = |a: &Raw| spread(a)?.take_along_axis(&k, -1);
        let right = |b: &Raw| spread(b)?.take_along_axis(&k, -2);
        let slope = |side: Op| -> Result<Raw> {
            // the operand that an extreme takes, and half of both where they are equal
            let (a, b) = (left(&x[0])?, right(&x[1])?);
            let taken = Raw::apply(side, &[(&a).into(), (&b).into()])?.cast(x[0].dtype())?;
            let equal = a.eq(&b)?.cast(x[0].dtype())?;
            taken.add(&Raw::apply(
                Op::Mul,
                &[(&equal).into(), Scalar::Float(0.5).into()],
            )?)
        };
        let slopes = |i: usize| -> Result<Option<Raw>> {
            Ok(match (self.multiply, i) {
                (Multiply::Add, _) => None,
                (Multiply::Multiply, 0) => Some(right(&x[1])?),
                (Multiply::Multiply, _) => Some(left(&x[0])?),
                (Multiply::Min, 0) | (Multiply::Max, 1) => Some(slope(Op::Lt)?),
                (Multiply::Min, _) | (Multiply::Max, _) => Some(slope(Op::Gt)?),
            })
        };
        let mut sum: Option<Raw> = None;
        for (i, t) in t.iter().enumerate() {
            let Some(t) = t else { continue };
            let t = if i == 0 { left(t)? } else { right(t)? };
            let part = match slopes(i)? {
                Some(slope) => t.mul(&slope)?,
                None => t,
            };
            sum = Some(match sum {
                Some(sum) => sum.add(&part)?,
                None => part,
            });
        }
        Ok(one_tangent(sum))
    }

    fn vjp(&self, x: &[Raw], y: &[Raw], g: &[Option<Raw>], wanted: &[bool]) -> Result<Gradients> {
        if self.winners {
            return Ok(Gradients::from_iter([None, None]));
        }
        crate::transform::transposed_jvp(&|t| self.jvp(x, y, t), x, g, wanted)
    }

    fn batch(&self, x: &[&Raw], batched: &[bool]) -> Result<Outputs<Raw>> {
        batch_broadcast(self, x, batched)
    }
}

/// The product op by op, for dtypes without a kernel: elements of narrow integers wrap as theirs do.
pub(crate) fn step_by_step(a: &Raw, b: &Raw, largest: bool, multiply: Multiply) -> Result<Raw> {
    let extreme = if largest { Op::Maximum } else { Op::Minimum };
    let depth = a.shape()[a.rank() - 1];
    let mut all: Option<Raw> = None;
    for k in 0..depth {
        let (column, row) = (a.narrow(-1, k, 1)?, b.narrow(-2, k, 1)?);
        let product = Raw::apply(multiply.op(), &[(&column).into(), (&row).into()])?;
        all = Some(match all {
            Some(all) => Raw::apply(extreme, &[(&all).into(), (&product).into()])?,
            None => product,
        });
    }
    all.ok_or_else(|| {
        Error::shape(
            "semiring_matmul",
            "the inner dimension is 0, so there is no product to take the extreme of",
        )
    })
}
