//! Primitives: everything that runs. A primitive is one type in one file that says all there is to know of it, and
//! [`bind`] is the only way to run one.
//!
//! ```text
//! bind(primitive, inputs)
//!   an input has a tag?   the newest tag's transformation takes it (`transform`): it binds the primitive again on the
//!                         values under the tags, and puts its own tags on what comes out
//!   none has one?         `execute`: one device, guards for shared memory, then the backend
//! ```

mod apply;
mod arg_fold;
mod bind;
mod compress;
mod copy;
mod correlate;
mod external;
mod fold;
mod fused;
mod gather;
mod grouped;
pub mod host;
mod join;
mod matmul;
mod out;
mod planes;
mod random;
mod rowwise;
mod scan;
mod scatter;
mod semiring;
mod sort;
mod transfer;
mod view;
mod weighted;
mod write;

use std::fmt::Debug;
use std::sync::Arc;

use smallvec::SmallVec;

pub use apply::{Apply, Scalars};
pub use arg_fold::ArgFold;
pub(crate) use bind::bind_op;
pub(crate) use bind::{
    Untagged, bind_in_place, bind_into_part, bind_view, direct, execute, number, number_beside,
};
pub use bind::{bind, bind_into, bind_one};
pub(crate) use compress::not_covered;
pub use compress::{Compress, Expand, Place};
pub use copy::{Copy, Order};
pub use correlate::Correlate;
pub use external::{HostInput, HostKernel, HostOutput, batch_broadcast, batch_in_front, specs};
pub(crate) use fold::wide;
pub use fold::{Fold, Over};
pub use fused::Fused;
pub(crate) use gather::OUTSIDE;
pub use gather::{Gather, Picked};
pub use grouped::{Grouped, GroupedMatmul};
pub use join::Join;
pub use matmul::Matmul;
pub(crate) use matmul::result_dtype;
pub use out::Out;
pub use planes::CorrelatePlanes;
pub(crate) use random::drawn;
pub use random::{Draw, Random};
pub(crate) use rowwise::functions;
pub use rowwise::{Rowwise, Stage, Stat};
pub use scan::Scan;
pub use scatter::{Combine, Scatter};
pub(crate) use semiring::step_by_step;
pub use semiring::{Multiply, SemiringMatmul};
pub use sort::{Direction, Sort, Sorted};
pub use transfer::Transfer;
pub use view::View;
pub use write::Write;

use crate::backend::Backend;
use crate::dtype::DType;
use crate::error::{Error, Result};
use crate::layout::Dims;
use crate::raw::Raw;
use crate::transform::transposed_jvp;

/// All there is to know of an operation. Its fields are its attributes; traces print them with `Debug`.
pub trait Primitive: Shared + Debug + Send + Sync {
    /// The name that errors, `explain` and `grad_fn` show.
    fn name(&self) -> &'static str;

    /// Shapes and dtypes of the outputs from those of the inputs, [`UNKNOWN`] where values decide a length; and every
    /// error about them.
    fn infer(&self, x: &[&Spec]) -> Result<Outputs<Spec>>;

    /// Runs it on inputs without tags. `bind` holds the guards that [`Primitive::access`] asks for.
    fn run(&self, backend: &dyn Backend, x: &[&Raw]) -> Result<Outputs<Raw>>;

    /// Runs it into memory that is there: `out` has the shape of the output. By default the backend has its kernel write there
    /// where it can, and copies elsewhere; those whose kernels take outputs that overlap with operands say so.
    fn run_into(&self, backend: &dyn Backend, x: &[&Raw], out: &Raw) -> Result<()> {
        backend.run_into(out, x, &mut || Ok(self.run(backend, x)?.one()))
    }

    /// Whether [`Primitive::run_into`] takes an output that lies on an operand, element on element. Others may read operands by
    /// guards of their own, which the guard of such an output would shut out.
    fn is_elementwise(&self) -> bool {
        false
    }

    /// What it does with the memory of its inputs.
    fn access(&self) -> Touches {
        Touches::Reads
    }

    /// Which values the derivatives of the wanted inputs read. Of all others a graph keeps shape and dtype only, and
    /// reading one is an error.
    fn reads(&self, wanted: &[bool]) -> Reads;

    /// The tangents of the outputs `y` from those of the inputs `x`, written with ops. `None` stands still.
    fn jvp(&self, x: &[Raw], y: &[Raw], t: &[Option<Raw>]) -> Result<Tangents>;

    /// The gradients of the wanted inputs from those of the outputs, written with ops. `None` is zero. The transpose of
    /// [`Primitive::jvp`] where it is not written. The graph sums over broadcast axes and casts to the input's dtype.
    fn vjp(&self, x: &[Raw], y: &[Raw], g: &[Option<Raw>], wanted: &[bool]) -> Result<Gradients> {
        transposed_jvp(&|t| self.jvp(x, y, t), x, g, wanted)
    }

    /// The outputs for a whole batch, which is axis 0 of those inputs that are `batched`, and of every output. Written
    /// with ops, most often the same primitive with other attributes.
    fn batch(&self, _x: &[&Raw], _batched: &[bool]) -> Result<Outputs<Raw>> {
        Err(Error::value(
            "vmap",
            format!("`{}` has no batching rule", self.name()),
        ))
    }
}

/// The tangent of each output.
pub type Tangents = SmallVec<[Option<Raw>; 1]>;
/// The gradient of each input.
pub type Gradients = SmallVec<[Option<Raw>; 3]>;

/// The gradient or the tangent with this number, where a primitive cannot have been asked without it.
///
/// # Errors
/// When there is none: a bug of the caller.
pub fn some(g: &[Option<Raw>], output: usize) -> Result<&Raw> {
    g[output]
        .as_ref()
        .ok_or_else(|| Error::gradient("backward", format!("output {output} has no gradient")))
}

/// The only tangent of a primitive with one output.
pub fn one_tangent(t: Option<Raw>) -> Tangents {
    SmallVec::from_iter([t])
}

/// The tangent of a product, which is linear in either operand: `product(t₀, x₁) + product(x₀, t₁)`.
pub(crate) fn product_tangent(
    x: &[Raw],
    t: &[Option<Raw>],
    product: impl Fn(&Raw, &Raw) -> Result<Raw>,
) -> Result<Tangents> {
    let left = t[0].as_ref().map(|t| product(t, &x[1])).transpose()?;
    let right = t[1].as_ref().map(|t| product(&x[0], t)).transpose()?;
    Ok(one_tangent(match (left, right) {
        (Some(left), Some(right)) => Some(left.add(&right)?),
        (left, right) => left.or(right),
    }))
}

/// The only gradient of a primitive with one input.
pub fn one_gradient(g: Raw) -> Gradients {
    SmallVec::from_iter([Some(g)])
}

/// A primitive that graphs and traces keep.
#[derive(Clone)]
pub enum Recorded {
    /// One of a table: nothing is counted.
    Known(&'static dyn Primitive),
    /// One of its own.
    Own(Arc<dyn Primitive>),
}

impl std::ops::Deref for Recorded {
    type Target = dyn Primitive;

    #[inline]
    fn deref(&self) -> &(dyn Primitive + 'static) {
        match self {
            Recorded::Known(p) => *p,
            Recorded::Own(p) => &**p,
        }
    }
}

/// What graphs and traces keep of a primitive. Whatever is `Clone` has it.
pub trait Shared {
    /// The same primitive, to be kept.
    fn shared(&self) -> Recorded;
}
impl<P: Primitive + Clone + 'static> Shared for P {
    fn shared(&self) -> Recorded {
        Recorded::Own(Arc::new(self.clone()))
    }
}

/// What running a primitive does with the memory of its inputs.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Touches {
    /// Nothing: it sees the layouts only, or calls back into other primitives, which take guards themselves.
    Nothing,
    /// It reads them.
    Reads,
    /// It writes into the memory of the first and reads the others.
    WritesFirst,
}

/// A length that values decide.
pub const UNKNOWN: usize = usize::MAX;

/// What is known of a tensor without its values.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Spec {
    /// Lengths of the axes.
    pub shape: Dims,
    /// Type of the elements.
    pub dtype: DType,
}

impl Spec {
    /// A shape and a dtype.
    #[inline]
    pub fn new(shape: &[usize], dtype: DType) -> Spec {
        Spec {
            shape: crate::layout::inline(shape),
            dtype,
        }
    }

    /// What is known of this tensor.
    #[inline]
    pub fn of(x: &Raw) -> Spec {
        Spec::new(x.shape(), x.dtype())
    }
}

/// Bit `i` is for input or output `i`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Reads {
    /// Values of inputs.
    pub inputs: u32,
    /// Values of outputs.
    pub outputs: u32,
}

impl Reads {
    /// No values: the derivative depends on shapes at most.
    pub const SHAPES: Reads = Reads {
        inputs: 0,
        outputs: 0,
    };
    /// The outputs alone.
    pub const OUTPUTS: Reads = Reads {
        inputs: 0,
        outputs: !0,
    };
    /// The inputs alone.
    pub const INPUTS: Reads = Reads {
        inputs: !0,
        outputs: 0,
    };
    /// Everything.
    pub const ALL: Reads = Reads {
        inputs: !0,
        outputs: !0,
    };

    /// Those inputs.
    pub fn of_inputs(all: &[bool]) -> Reads {
        Reads {
            inputs: all
                .iter()
                .rev()
                .fold(0, |mask, &read| mask << 1 | u32::from(read)),
            outputs: 0,
        }
    }
}

/// What comes out: nearly always one tensor, which then costs no allocation.
#[derive(Clone, Debug)]
pub enum Outputs<T> {
    /// One.
    One(T),
    /// None, or several.
    Several(Vec<T>),
}

const _: () = assert!(size_of::<Result<Outputs<Raw>>>() == 128);

impl<T> Outputs<T> {
    /// The only one.
    ///
    /// # Panics
    /// When the primitive has several outputs, which its type says.
    #[inline]
    pub fn one(self) -> T {
        match self {
            Outputs::One(one) => one,
            Outputs::Several(_) => unreachable!("the primitive has several outputs"),
        }
    }

    /// All of them, to be changed.
    #[inline]
    pub fn as_mut_slice(&mut self) -> &mut [T] {
        match self {
            Outputs::One(one) => std::slice::from_mut(one),
            Outputs::Several(all) => all,
        }
    }

    /// All of them.
    pub fn into_vec(self) -> Vec<T> {
        match self {
            Outputs::One(one) => vec![one],
            Outputs::Several(all) => all,
        }
    }

    /// `f` of each with its number.
    pub fn map<U>(self, mut f: impl FnMut(usize, T) -> U) -> Outputs<U> {
        match self {
            Outputs::One(one) => Outputs::One(f(0, one)),
            Outputs::Several(all) => {
                Outputs::Several(all.into_iter().enumerate().map(|(i, y)| f(i, y)).collect())
            }
        }
    }

    /// As [`Outputs::map`], when `f` can fail.
    pub fn try_map<U>(self, mut f: impl FnMut(usize, T) -> Result<U>) -> Result<Outputs<U>> {
        Ok(match self {
            Outputs::One(one) => Outputs::One(f(0, one)?),
            Outputs::Several(all) => Outputs::Several(
                all.into_iter()
                    .enumerate()
                    .map(|(i, y)| f(i, y))
                    .collect::<Result<_>>()?,
            ),
        })
    }

    /// Borrowed.
    pub fn as_slice(&self) -> &[T] {
        match self {
            Outputs::One(one) => std::slice::from_ref(one),
            Outputs::Several(all) => all,
        }
    }
}
