//! Backends: who has memory and kernels.
//!
//! A backend takes typed descriptions (a program of steps on lanes, a fold, a matrix product) and tensors without tags, and
//! gives back tensors in its own memory. It never sees gradients, batches or traces, and nobody else sees its pointers.
//!
//! What it must say is where memory is ([`Backend::result`], [`Backend::upload`], [`Backend::download`]), how typed programs
//! run ([`Backend::elementwise`], which also copies and converts), and the families that it has. Ops, fused functions and
//! statistics of rows come from these.

pub(crate) mod cpu;
mod elementwise;
mod number;
mod overlap;
mod places;
#[cfg(any(test, feature = "reference"))]
mod reference;
mod rowwise;

use std::sync::Arc;

use crate::device::Device;
use crate::dtype::DType;
use crate::error::{Error, Result};
use crate::graph::Function;
use crate::ops::{Op, Reduction};
use crate::primitive::{
    ArgFold, Fold, Gather, HostKernel, Outputs, Rowwise, Scan, Scatter, Sort, Spec,
};
use crate::program::Typed;
use crate::raw::{Operand, Raw};
use crate::storage::Storage;
pub use number::Number;
pub(crate) use overlap::{Meeting, meeting};

/// One method for each family of primitives. What a backend does not override is an error that names both.
#[allow(unused_variables)]
pub trait Backend: Send + Sync {
    /// Its device's name.
    fn name(&self) -> &'static str;

    /// Memory for a result, of any contents, laid out as suits its operands.
    ///
    /// # Errors
    /// When there is not that much.
    fn result(&self, shape: &[usize], dtype: DType, operands: &[&Raw]) -> Result<Raw>;

    /// The elements of a tensor of the CPU in memory of this device, in C order.
    ///
    /// # Errors
    /// When there is no memory.
    fn upload(&self, x: &Raw) -> Result<Raw>;

    /// The elements in memory of the CPU, in C order.
    ///
    /// # Errors
    /// When there is no memory.
    fn download(&self, x: &Raw) -> Result<Raw>;

    /// The bytes of a buffer in a buffer of its own. Only devices with memory of their own are asked.
    ///
    /// # Errors
    /// When there is no memory.
    fn duplicate(&self, storage: &Storage) -> Result<Storage> {
        Err(lacks(self.name(), "copy"))
    }

    /// The buffer with this handle is used no more. Only devices with memory of their own are asked.
    fn release(&self, handle: u64) {}

    /// A typed program for every element of `out`, to whose shape the inputs broadcast and whose dtype may be any. `shared` says
    /// that an input may lie in the memory of `out`, element on element.
    ///
    /// # Errors
    /// When there is no memory for what lies between.
    fn elementwise(
        &self,
        name: &'static str,
        typed: &Typed,
        x: &[&Raw],
        out: &Raw,
        shared: bool,
    ) -> Result<()>;

    /// Whether it runs this program as one pass. Others run op by op.
    fn takes(&self, typed: &Typed) -> bool {
        true
    }

    /// A copy in C order, in this dtype.
    ///
    /// # Errors
    /// When there is no memory.
    fn copy(&self, x: &Raw, dtype: DType) -> Result<Raw> {
        let out = self.result(x.shape(), dtype, &[])?;
        self.copy_into(x, &out)?;
        Ok(out)
    }

    /// A copy in this dtype whose elements lie as those of `x`.
    ///
    /// # Errors
    /// When there is no memory.
    fn cast(&self, x: &Raw, dtype: DType) -> Result<Raw> {
        let out = self.result(x.shape(), dtype, &[x])?;
        self.copy_into(x, &out)?;
        Ok(out)
    }

    /// Joins few elements along an axis in new memory, faster than part by part with [`Backend::copy_into`]; false where nothing was
    /// done.
    fn join_small(&self, _axis: usize, _x: &[&Raw], _out: &Raw) -> bool {
        false
    }

    /// Writes `x`, broadcast and converted, over the elements of `out`. The two may overlap.
    ///
    /// # Errors
    /// When a copy that an overlap needs has no memory.
    fn copy_into(&self, x: &Raw, out: &Raw) -> Result<()> {
        let shared = match meeting(x, out) {
            Meeting::Crossed => return self.copy_into(&self.copy(x, x.dtype())?, out),
            Meeting::Aligned => true,
            Meeting::Apart => false,
        };
        let typed = Typed::copy(x.dtype(), out.dtype());
        self.elementwise("copy", &typed, &[x], out, shared)
    }

    /// Runs `run`, whose result goes into `out`. A backend may lend its kernel the memory of `out`, where no operand lies there.
    ///
    /// # Errors
    /// Those of `run`; when there is no memory for a copy.
    fn run_into(&self, out: &Raw, x: &[&Raw], run: &mut dyn FnMut() -> Result<Raw>) -> Result<()> {
        self.copy_into(&run()?, out)
    }

    /// One elementwise op.
    ///
    /// # Errors
    /// When the shapes do not broadcast, or the op takes no such dtypes or values.
    fn op(&self, op: Op, operands: &[Operand<'_>]) -> Result<Raw> {
        elementwise::op(self, op, operands)
    }

    /// As [`Backend::op`], into memory that is there, which may overlap with the operands.
    ///
    /// # Errors
    /// As there.
    fn op_into(&self, op: Op, operands: &[Operand<'_>], out: &Raw) -> Result<()> {
        elementwise::op_into(self, op, operands, out)
    }

    /// `a = op(a, b)` in the memory of `a`, which has no other handle and whose dtype and shape the result keeps; false where that is
    /// not so plain, and nothing was done.
    fn op_in_place(&self, op: Op, a: &Raw, b: Operand<'_>) -> bool {
        false
    }

    /// A fused elementwise program.
    ///
    /// # Errors
    /// When the shapes do not broadcast, or an op takes no such dtypes.
    fn program(&self, function: &Arc<Function>, x: &[&Raw]) -> Result<Raw> {
        elementwise::program(self, function, x)
    }

    /// As [`Backend::program`], into memory of the result's shape that is there and may overlap with the operands.
    ///
    /// # Errors
    /// As there.
    fn program_into(&self, function: &Arc<Function>, x: &[&Raw], out: &Raw) -> Result<()> {
        elementwise::program_into(self, function, x, out)
    }

    /// A fold over axes.
    ///
    /// # Errors
    /// When there is no memory, or the dtype cannot be folded.
    fn fold(&self, fold: &Fold, x: &Raw) -> Result<Raw> {
        Err(lacks(self.name(), "fold"))
    }

    /// A reduction of all elements, by its row and in the row's dtype, written as a number: for those of few contiguous elements, where the
    /// tensors and descriptions of the general path cost more than the pass. `None` is for that path.
    fn whole(&self, op: Reduction, x: &Raw, ddof: f64, to: &mut Number) -> Option<()> {
        None
    }

    /// Writes the product of two vectors, where [`Backend::matmul`] would do no more than that.
    fn dot(&self, a: &Raw, b: &Raw, to: &mut Number) -> Option<()> {
        None
    }

    /// The index of an extreme.
    ///
    /// # Errors
    /// When there is no memory, or the dtype cannot be folded.
    fn arg_fold(&self, fold: &ArgFold, x: &Raw) -> Result<Raw> {
        Err(lacks(self.name(), "arg_fold"))
    }

    /// A statistic or normalisation of rows: its stages one by one, which a backend may also run on a row before it goes to the
    /// next.
    ///
    /// # Errors
    /// When there is no memory.
    fn rowwise(&self, rowwise: &Rowwise, x: &[&Raw]) -> Result<Raw> {
        rowwise::by_stages(self, rowwise, x)
    }

    /// A running fold.
    ///
    /// # Errors
    /// When there is no memory.
    fn scan(&self, scan: &Scan, x: &Raw) -> Result<Raw> {
        Err(lacks(self.name(), "scan"))
    }

    /// A stable sort along an axis: the values, the indices, or both.
    ///
    /// # Errors
    /// When there is no memory.
    fn sort(&self, sort: &Sort, x: &Raw) -> Result<Outputs<Raw>> {
        Err(lacks(self.name(), "sort"))
    }

    /// A matrix product by NumPy's rules, of operands in the dtype of the sums where one is given.
    ///
    /// # Errors
    /// When the shapes do not fit.
    fn matmul(&self, a: &Raw, b: &Raw, sums: Option<DType>) -> Result<Raw> {
        Err(lacks(self.name(), "matmul"))
    }

    /// Elements picked by index.
    ///
    /// # Errors
    /// When an index is out of range or no integer.
    fn gather(&self, gather: &Gather, x: &Raw, index: &Raw) -> Result<Raw> {
        Err(lacks(self.name(), "gather"))
    }

    /// Rows placed by index; in the memory of `base` if the primitive says so.
    ///
    /// # Errors
    /// When an index is out of range or no integer.
    fn scatter(&self, scatter: &Scatter, base: &Raw, index: &Raw, rows: &Raw) -> Result<Raw> {
        Err(lacks(self.name(), "scatter"))
    }

    /// The rows of `x` where a mask over its leading axes is true.
    ///
    /// # Errors
    /// When there is no memory.
    fn compress(&self, mask: &Raw, x: &Raw) -> Result<Raw> {
        Err(lacks(self.name(), "compress"))
    }

    /// Zeros with the rows of `few` where a mask is true.
    ///
    /// # Errors
    /// When there is another number of rows.
    fn expand(&self, mask: &Raw, few: &Raw) -> Result<Raw> {
        Err(lacks(self.name(), "expand"))
    }

    /// Writes the rows of `few` into a contiguous tensor where a mask is true.
    ///
    /// # Errors
    /// When there is another number of rows.
    fn place(&self, base: &Raw, mask: &Raw, few: &Raw) -> Result<()> {
        let placed = self.expand(mask, few)?;
        let added: Vec<isize> = (mask.rank()..base.rank()).map(|a| a as isize).collect();
        let mask = mask.with_layout(mask.layout().expand_dims(&added)?);
        let chosen = [(&mask).into(), (&placed).into(), base.into()];
        self.op_into(Op::Where, &chosen, base)
    }

    /// Runs a kernel on the host: `x` in C order and in these dtypes, one for each operand, into new tensors with the specs of
    /// `outputs`.
    ///
    /// # Errors
    /// When there is no memory, and whatever the kernel says.
    fn external(
        &self,
        kernel: &dyn HostKernel,
        dtypes: &[DType],
        outputs: Outputs<Spec>,
        x: &[&Raw],
    ) -> Result<Outputs<Raw>> {
        Err(lacks(self.name(), kernel.name()))
    }
}

#[cold]
fn lacks(backend: &str, what: &'static str) -> Error {
    Error::device(what, format!("the device `{backend}` has no kernel for it")).hint_in(
        "move the operands to the processor: `.to_device(Device::Cpu)`",
        "move the operands to the processor: `.to_device('cpu')`",
    )
}

/// The backend of a device.
#[inline]
pub fn of(device: Device) -> &'static dyn Backend {
    match device {
        Device::Cpu => &cpu::Cpu,
        #[cfg(any(test, feature = "reference"))]
        Device::Reference => &reference::Reference,
    }
}
