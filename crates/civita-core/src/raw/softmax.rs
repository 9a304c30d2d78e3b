//! Softmax: exponentials that sum to one.

use std::sync::{Arc, OnceLock};

use smallvec::SmallVec;

use super::Raw;
use crate::dtype::DType;
use crate::error::Result;
use crate::explain;
use crate::graph::{self, Function, Gradients, Node, Rule, Saved};
use crate::kernels::fold::folding;
use crate::kernels::{Slot, cast, map};
use crate::layout::{Axes, KeepDims, normalize_axis};
use crate::ops::{Class, Fold, Op};
use crate::program::{GRAIN, Program};
use crate::storage::guard;
use crate::threads::{self, Parts};

/// Elements that are worked on at once: they stay in L2.
const SLAB: usize = 1 << 15;

impl Raw {
    /// `e^(x - max) / Σ e^(x - max)` along an axis. Integers are computed as `exp` does.
    ///
    /// # Errors
    /// When the axis does not exist.
    pub fn softmax(&self, axis: isize) -> Result<Raw> {
        let at = normalize_axis("softmax", axis, self.rank())?;
        let dtype = Class::ToFloat.compute(self.dtype()).unwrap_or(DType::F64);
        let x = self.cast(dtype)?;
        // ours alone while it is written, so that the tasks wait for no guard of it
        let out = Raw::unwritten(x.shape(), dtype)?;
        if !out.is_empty() && !write_rows(&x, &out, at) {
            write_softmax(&x.detach(), &out, at)?;
        }
        let out = out.in_world_of(&x)?;
        Ok(graph::record(out, &[&x], |y| {
            Box::new(Softmax {
                y: Saved::output(y),
                axis: at as isize,
            })
        }))
    }
}

/// Bytes of a row that is worked on as one.
const ROW: usize = 1 << 14;

/// Rows that lie as the kernels want them, each in the cache from its maximum to its quotients; false when they do not.
fn write_rows(x: &Raw, out: &Raw, axis: usize) -> bool {
    let (dtype, n) = (x.dtype(), x.shape().get(axis).copied().unwrap_or(0));
    let plain = axis + 1 == x.rank()
        && dtype.is_float()
        && dtype == dtype.compute()
        && n * dtype.size() <= ROW
        && x.layout().is_contiguous();
    let kernels = [(Op::Sub, 1), (Op::Exp, 0), (Op::Div, 1)]
        .map(|(op, form)| map::kernels(op, [dtype; 3]).map(|k| k.pick(form)));
    let (true, [Some(sub), Some(exp), Some(div)], Some(max), Some(sum)) = (
        plain,
        kernels,
        folding(Fold::Max, dtype),
        folding(Fold::Sum, dtype),
    ) else {
        return false;
    };
    let round = cast::kernel(sum.acc, dtype);
    explain::note("softmax", x.len(), || (dtype, explain::Kind::Elementwise));
    let _guards = guard::acquire(&[x.storage()], &[]);
    let (from, to) = (Parts(x.ptr()), Parts(out.ptr()));
    let rows = x.len() / n;
    threads::run_ranges(rows, (GRAIN / 8 / n).max(1), &|range| {
        let mut rooms = [const { Room::new() }; 2];
        let [first, second] = rooms.each_mut().map(Room::at);
        for row in range {
            let at = from.at(row * n * dtype.size()).cast_const();
            let mut top = max.identity;
            let mut total = sum.identity;
            let mut scale = Slot::ZERO;
            // SAFETY: a row of the operand, and its result, which is this task's alone; room for as many elements.
            unsafe {
                (max.along)(n, [at; 3], top.at_mut());
                sub(n, [at, top.at(), at], first);
                exp(n, [first.cast_const(); 3], second);
                (sum.along)(n, [second.cast_const(); 3], total.at_mut());
                round(1, [total.at(); 3], scale.at_mut());
                let second = second.cast_const();
                div(
                    n,
                    [second, scale.at(), second],
                    to.at(row * n * dtype.size()),
                );
            }
        }
    });
    true
}

#[repr(align(64))]
struct Room([std::mem::MaybeUninit<u8>; ROW]);

impl Room {
    const fn new() -> Room {
        Room([const { std::mem::MaybeUninit::uninit() }; ROW])
    }

    fn at(&mut self) -> *mut u8 {
        self.0.as_mut_ptr().cast()
    }
}

/// Slab by slab along the longest other axis; within one, each pass finds in L2 what the one before left there.
fn write_softmax(x: &Raw, out: &Raw, axis: usize) -> Result<()> {
    let other = (0..x.rank())
        .filter(|&a| a != axis)
        .max_by_key(|&a| x.shape()[a]);
    let Some(other) = other.filter(|_| x.len() > SLAB) else {
        return softmax_of(x, out, axis);
    };
    let len = x.shape()[other];
    let step = (SLAB * len / x.len()).clamp(1, len);
    let failed = std::sync::Mutex::new(None);
    let slab = |i: usize| -> Result<()> {
        let many = step.min(len - i * step);
        let part = x.with_layout(x.layout.narrow(other as isize, i * step, many)?);
        let to = out.with_layout(out.layout.narrow(other as isize, i * step, many)?);
        softmax_of(&part, &to, axis)
    };
    threads::run(len.div_ceil(step), &|i| {
        if let Err(error) = slab(i) {
            *failed
                .lock()
                .unwrap_or_else(std::sync::PoisonError::into_inner) = Some(error);
        }
    });
    failed
        .into_inner()
        .unwrap_or_else(std::sync::PoisonError::into_inner)
        .map_or(Ok(()), Err)
}

fn softmax_of(x: &Raw, out: &Raw, axis: usize) -> Result<()> {
    static QUOTIENT: OnceLock<Arc<Function>> = OnceLock::new();
    let quotient = QUOTIENT
        .get_or_init(|| Function::new(Program::trace(2, |b| b.input(0) / b.input(1)), "softmax"));
    let along = [axis as isize];
    let real = if x.dtype().is_complex() {
        x.real()?
    } else {
        x.clone()
    };
    let m = real.fold(Fold::Max, Axes::List(&along), KeepDims::Yes)?;
    let e = Raw::call(Function::of_shifted_exp(), &[x, &m])?;
    let s = e.fold(Fold::Sum, Axes::List(&along), KeepDims::Yes)?;
    super::elementwise::call_into(quotient, &[&e, &s], out)
}

struct Softmax {
    y: Saved,
    axis: isize,
}

impl Softmax {
    /// `y · (v - Σ y · v)`: the Jacobian is symmetric, so it is both maps.
    fn apply(&self, node: &Arc<Node>, v: &Raw, conjugate: bool) -> Result<Raw> {
        let y = self.y.get_output("softmax", node)?;
        let y = if conjugate && y.dtype().is_complex() {
            y.conj()?
        } else {
            y
        };
        let weighted = y
            .mul(v)?
            .fold(Fold::Sum, Axes::List(&[self.axis]), KeepDims::Yes)?;
        y.mul(&v.sub(&weighted)?)
    }
}

impl Rule for Softmax {
    fn name(&self) -> &'static str {
        "softmax"
    }
    fn backward(&self, node: &Arc<Node>, g: &Raw, _: &[bool]) -> Result<Gradients> {
        Ok(SmallVec::from_iter([Some(self.apply(node, g, true)?)]))
    }
    fn forward(&self, node: &Arc<Node>, tangents: &[Option<Raw>]) -> Result<Option<Raw>> {
        tangents[0]
            .as_ref()
            .map(|t| self.apply(node, t, false))
            .transpose()
    }
}
