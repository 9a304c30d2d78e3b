//! The CPU: kernels for each instruction set, driven over blocks that stay in the cache, on the fork-join pool.
//!
//! Everything here works on tensors without tags, under guards that `bind` holds.

mod argsort;
pub(crate) mod best;
mod codes;
pub(crate) mod compress;
pub(crate) mod copy;
pub(crate) mod count;
mod dense;
pub(crate) mod difference;
mod external;
mod gather;
pub(crate) mod interp;
mod matmul;
pub(crate) mod memory;
pub(crate) mod pad;
mod program;
pub(crate) mod reduce;
mod rows;
mod scan;
mod scatter;
pub(crate) mod search;
pub(crate) mod select;
mod slabs;
mod sort;

use std::sync::Arc;

use super::{Backend, Number};
use crate::dtype::DType;
use crate::error::Result;
use crate::graph::Function;
use crate::ops::{Op, Reduction};
use crate::primitive::{
    ArgFold, Fold, Gather, HostKernel, Outputs, Rowwise, Scan, Scatter, Sort, Spec,
};
use crate::program::Typed;
use crate::raw::{Operand, Raw};

/// The processor that runs the program.
pub(crate) struct Cpu;

impl Backend for Cpu {
    fn name(&self) -> &'static str {
        "cpu"
    }
    #[inline]
    fn result(&self, shape: &[usize], dtype: DType, operands: &[&Raw]) -> Result<Raw> {
        memory::for_result(shape, dtype, operands)
    }
    fn upload(&self, x: &Raw) -> Result<Raw> {
        Ok(x.clone())
    }
    fn download(&self, x: &Raw) -> Result<Raw> {
        Ok(x.clone())
    }
    #[inline]
    fn elementwise(
        &self,
        name: &'static str,
        typed: &Typed,
        x: &[&Raw],
        out: &Raw,
        shared: bool,
    ) -> Result<()> {
        program::run_into(name, typed, x, out, shared)
    }
    #[inline]
    fn takes(&self, typed: &Typed) -> bool {
        program::is_one_pass(typed)
    }
    fn copy(&self, x: &Raw, dtype: DType) -> Result<Raw> {
        copy::copied(x, dtype)
    }
    fn cast(&self, x: &Raw, dtype: DType) -> Result<Raw> {
        copy::converted(x, dtype)
    }
    fn join_small(&self, axis: usize, x: &[&Raw], out: &Raw) -> bool {
        dense::join_small(axis, x, out)
    }
    fn copy_into(&self, x: &Raw, out: &Raw) -> Result<()> {
        copy::copy_into(x, out)
    }
    fn run_into(&self, out: &Raw, x: &[&Raw], run: &mut dyn FnMut() -> Result<Raw>) -> Result<()> {
        memory::lend(out, x, run)
    }
    #[inline(always)]
    fn op(&self, op: Op, operands: &[Operand<'_>]) -> Result<Raw> {
        program::apply(op, operands)
    }
    fn op_into(&self, op: Op, operands: &[Operand<'_>], out: &Raw) -> Result<()> {
        program::apply_into(op, operands, out)
    }
    fn op_in_place(&self, op: Op, a: &Raw, b: Operand<'_>) -> bool {
        dense::apply_in_place(op, a, b)
    }
    fn program(&self, function: &Arc<Function>, x: &[&Raw]) -> Result<Raw> {
        program::call(function, x)
    }
    fn fold(&self, fold: &Fold, x: &Raw) -> Result<Raw> {
        reduce::fold(fold, x)
    }
    fn whole(&self, op: Reduction, x: &Raw, ddof: f64, to: &mut Number) -> Option<()> {
        reduce::whole(op, x, ddof, to)
    }
    fn dot(&self, a: &Raw, b: &Raw, to: &mut Number) -> Option<()> {
        matmul::dot(a, b, to)
    }
    fn arg_fold(&self, fold: &ArgFold, x: &Raw) -> Result<Raw> {
        reduce::arg_fold(fold, x)
    }
    fn rowwise(&self, rowwise: &Rowwise, x: &[&Raw]) -> Result<Raw> {
        reduce::rowwise(rowwise, x)
    }
    fn scan(&self, scan: &Scan, x: &Raw) -> Result<Raw> {
        scan::scan(scan, x)
    }
    fn sort(&self, sort: &Sort, x: &Raw) -> Result<Outputs<Raw>> {
        sort::sort(sort, x)
    }
    fn matmul(&self, a: &Raw, b: &Raw, sums: Option<DType>) -> Result<Raw> {
        matmul::matmul(a, b, sums)
    }
    fn gather(&self, gather: &Gather, x: &Raw, index: &Raw) -> Result<Raw> {
        gather::gather(gather, x, index)
    }
    fn scatter(&self, scatter: &Scatter, base: &Raw, index: &Raw, rows: &Raw) -> Result<Raw> {
        scatter::scatter(scatter, base, index, rows)
    }
    fn compress(&self, mask: &Raw, x: &Raw) -> Result<Raw> {
        compress::compress(mask, x)
    }
    fn expand(&self, mask: &Raw, few: &Raw) -> Result<Raw> {
        compress::expand(mask, few)
    }
    fn place(&self, base: &Raw, mask: &Raw, few: &Raw) -> Result<()> {
        compress::place(base, mask, few)
    }
    fn external(
        &self,
        kernel: &dyn HostKernel,
        dtypes: &[DType],
        outputs: Outputs<Spec>,
        x: &[&Raw],
    ) -> Result<Outputs<Raw>> {
        external::external(kernel, dtypes, outputs, x)
    }
}
