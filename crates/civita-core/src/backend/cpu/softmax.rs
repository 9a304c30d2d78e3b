//! Softmax: exponentials that sum to one.

use std::sync::{Arc, OnceLock};

use super::reduce::fold_keeping;
use super::{memory, program};
use crate::error::Result;
use crate::explain;
use crate::graph::Function;
use crate::kernels::fold::folding;
use crate::kernels::{Slot, cast, map};
use crate::ops::{Fold, Op};
use crate::program::{GRAIN, Program};
use crate::raw::Raw;
use crate::threads::{self, Parts};

/// Elements that are worked on at once: they stay in L2.
const SLAB: usize = 1 << 15;

/// `e^(x - max) / Σ e^(x - max)` over axes of a tensor of floats.
pub(super) fn softmax(x: &Raw, axes: &[usize]) -> Result<Raw> {
    let out = memory::unwritten(x.shape(), x.dtype())?;
    if !out.is_empty() && !write_rows(x, &out, axes) {
        write_softmax(x, &out, axes)?;
    }
    Ok(out)
}

/// Bytes of a row that is worked on as one.
const ROW: usize = 1 << 14;

/// Rows that lie as the kernels want them, each in the cache from its maximum to its quotients; false when they do not.
fn write_rows(x: &Raw, out: &Raw, axes: &[usize]) -> bool {
    let last = x.rank().wrapping_sub(1);
    let (dtype, n) = (x.dtype(), x.shape().last().copied().unwrap_or(0));
    let plain = axes == [last]
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
fn write_softmax(x: &Raw, out: &Raw, axes: &[usize]) -> Result<()> {
    let other = (0..x.rank())
        .filter(|a| !axes.contains(a))
        .max_by_key(|&a| x.shape()[a]);
    let Some(other) = other.filter(|_| x.len() > SLAB) else {
        return softmax_of(x, out, axes);
    };
    let len = x.shape()[other];
    let step = (SLAB * len / x.len()).clamp(1, len);
    let failed = std::sync::Mutex::new(None);
    let slab = |i: usize| -> Result<()> {
        let many = step.min(len - i * step);
        let part = x.with_layout(x.layout().narrow(other as isize, i * step, many)?);
        let to = out.with_layout(out.layout().narrow(other as isize, i * step, many)?);
        softmax_of(&part, &to, axes)
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

fn softmax_of(x: &Raw, out: &Raw, axes: &[usize]) -> Result<()> {
    static QUOTIENT: OnceLock<Arc<Function>> = OnceLock::new();
    let quotient = QUOTIENT
        .get_or_init(|| Function::new(Program::trace(2, |b| b.input(0) / b.input(1)), "softmax"));
    let real = if x.dtype().is_complex() {
        program::apply(Op::Real, &[x.into()])?
    } else {
        x.clone()
    };
    let m = fold_keeping(Fold::Max, &real, axes, real.dtype())?;
    let e = program::call(Function::of_shifted_exp(), &[x, &m])?;
    let s = fold_keeping(Fold::Sum, &e, axes, e.dtype())?;
    program::call_into(quotient, &[&e, &s], out)
}
