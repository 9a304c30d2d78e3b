//! The same memory seen through another layout.

use smallvec::SmallVec;

use super::{
    Copy, Gradients, Outputs, Primitive, Reads, Spec, Tangents, Touches, UNKNOWN, Write, bind,
    bind_one, execute, one_gradient, one_tangent, some,
};
use crate::backend::Backend;
use crate::dtype::{DType, Scalar};
use crate::error::{Error, Result};
use crate::layout::{Dims, Layout, PerAxis, SliceItem};
use crate::raw::Raw;
use crate::transform::with_batch_rank;

/// The same memory seen through another layout; a reshape that no layout can express copies first.
#[derive(Clone, PartialEq)]
pub enum View {
    /// Another shape, in C order. One length may be [`UNKNOWN`]: whatever is left, as -1 says in a trace.
    Reshape(Dims),
    /// The axes in another order.
    Permute(PerAxis<usize>),
    /// Repeated along axes of length 1 and new leading axes.
    Broadcast(Dims),
    /// Basic slicing.
    Slice(SmallVec<[SliceItem; 4]>),
    /// In reverse order along some axes.
    Flip(PerAxis<usize>),
    /// The diagonal at an offset over two axes, which becomes the last axis.
    Diagonal {
        /// Above the main one if positive.
        offset: isize,
        /// The rows' axis.
        axis1: usize,
        /// The columns' axis.
        axis2: usize,
    },
    /// Windows of a length along an axis, as a new last axis.
    Unfold {
        /// Along which.
        axis: usize,
        /// Length of a window.
        size: usize,
        /// Elements from one window to the next.
        step: usize,
    },
    /// Any strides over the elements behind the first `batch` axes, which are contiguous.
    Strided {
        /// Axes that stay in front.
        batch: usize,
        /// Lengths.
        shape: Dims,
        /// In elements.
        strides: PerAxis<isize>,
        /// Index of the first element.
        offset: usize,
    },
}

impl std::fmt::Debug for View {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            View::Reshape(shape) => write!(f, "reshape{:?}", symbolic(shape)),
            View::Permute(order) => write!(f, "permute{order:?}"),
            View::Broadcast(shape) => write!(f, "broadcast_to{shape:?}"),
            View::Slice(items) => {
                write!(f, "slice[")?;
                for (i, item) in items.iter().enumerate() {
                    write!(f, "{}{item}", if i == 0 { "" } else { ", " })?;
                }
                write!(f, "]")
            }
            View::Flip(axes) => write!(f, "flip{axes:?}"),
            View::Diagonal {
                offset,
                axis1,
                axis2,
            } => write!(f, "diagonal[{offset}, {axis1}, {axis2}]"),
            View::Unfold { axis, size, step } => write!(f, "unfold[{axis}, {size}, {step}]"),
            View::Strided {
                shape,
                strides,
                offset,
                ..
            } => write!(f, "as_strided[{shape:?}, {strides:?}, {offset}]"),
        }
    }
}

/// The lengths of a reshape, -1 where what is left decides.
fn symbolic(shape: &Dims) -> PerAxis<isize> {
    let length = |&n: &usize| if n == UNKNOWN { -1 } else { n as isize };
    shape.iter().map(length).collect()
}

impl View {
    /// The shape of a view of axes whose lengths values decide, where all of those stay whole.
    fn of_unknown(&self, shape: &[usize]) -> Result<Option<Dims>> {
        // a length that no other axis has
        const STAND_IN: usize = 1_000_003;
        let count = |shape: &[usize], n: usize| shape.iter().filter(|&&m| m == n).count();
        let unknown = count(shape, UNKNOWN);
        let moves_axes = matches!(self, View::Slice(_) | View::Permute(_) | View::Flip(_));
        if unknown == 0 || !moves_axes || shape.contains(&STAND_IN) {
            return Ok(None);
        }
        let swapped = |shape: &[usize], from: usize, to: usize| -> Dims {
            let length = |&n: &usize| if n == from { to } else { n };
            shape.iter().map(length).collect()
        };
        let whole = Layout::contiguous(&swapped(shape, UNKNOWN, STAND_IN))?;
        let view = self.layout(&whole)?;
        Ok(view
            .filter(|view| count(view.shape(), STAND_IN) == unknown)
            .map(|view| swapped(view.shape(), STAND_IN, UNKNOWN)))
    }

    /// The layout of the view; `None` when no layout of the same memory will do.
    pub(crate) fn layout(&self, x: &Layout) -> Result<Option<Layout>> {
        let signed =
            |axes: &[usize]| -> PerAxis<isize> { axes.iter().map(|&a| a as isize).collect() };
        match self {
            View::Reshape(shape) if shape.contains(&UNKNOWN) => {
                x.reshape(&x.resolve_shape(&symbolic(shape))?)
            }
            View::Reshape(shape) => x.reshape(shape),
            View::Permute(order) => x.permute(&signed(order)).map(Some),
            View::Broadcast(shape) => x.broadcast_to(shape).map(Some),
            View::Slice(items) => x.slice(items).map(Some),
            View::Flip(axes) => x.flip(crate::layout::Axes::List(&signed(axes))).map(Some),
            View::Diagonal {
                offset,
                axis1,
                axis2,
            } => x
                .diagonal(*offset, *axis1 as isize, *axis2 as isize)
                .map(Some),
            View::Unfold { axis, size, step } => x.unfold(*axis as isize, *size, *step).map(Some),
            View::Strided {
                batch,
                shape,
                strides,
                offset,
            } => {
                let (lead, rest) = x.shape().split_at(*batch);
                let rest_len: usize = rest.iter().product();
                let flat: Dims = lead.iter().copied().chain([rest_len]).collect();
                let Some(flat) = x.reshape(&flat)? else {
                    return Ok(None);
                };
                let unit = flat.strides()[*batch];
                if unit != 1 && rest_len > 1 {
                    return Ok(None);
                }
                // checks that every element lies behind the batch axes
                Layout::from_parts(shape, strides, *offset, rest_len)?;
                let full: Dims = lead.iter().chain(shape.iter()).copied().collect();
                let steps: PerAxis<isize> = flat.strides()[..*batch]
                    .iter()
                    .chain(strides.iter())
                    .copied()
                    .collect();
                Layout::from_parts(
                    &full,
                    &steps,
                    flat.offset() + offset,
                    crate::layout::MAX_ELEMENTS,
                )
                .map(Some)
            }
        }
    }

    /// Whether every element of the operand appears once at most.
    fn is_injective(&self) -> bool {
        match self {
            View::Broadcast(_) => false,
            View::Unfold { size, step, .. } => step >= size,
            View::Strided {
                shape,
                strides,
                offset,
                ..
            } => Layout::from_parts(shape, strides, *offset, crate::layout::MAX_ELEMENTS)
                .is_ok_and(|layout| !layout.has_internal_overlap()),
            _ => true,
        }
    }

    /// The same view behind one more leading axis.
    pub(super) fn behind(&self, size: usize) -> View {
        let lead =
            |shape: &Dims| -> Dims { [size].into_iter().chain(shape.iter().copied()).collect() };
        let next = |axes: &[usize]| -> PerAxis<usize> { axes.iter().map(|a| a + 1).collect() };
        match self {
            View::Reshape(shape) => View::Reshape(lead(shape)),
            View::Permute(order) => {
                View::Permute([0].into_iter().chain(order.iter().map(|a| a + 1)).collect())
            }
            View::Broadcast(shape) => View::Broadcast(lead(shape)),
            View::Slice(items) => View::Slice(
                [SliceItem::ALL]
                    .into_iter()
                    .chain(items.iter().copied())
                    .collect(),
            ),
            View::Flip(axes) => View::Flip(next(axes)),
            View::Diagonal {
                offset,
                axis1,
                axis2,
            } => View::Diagonal {
                offset: *offset,
                axis1: axis1 + 1,
                axis2: axis2 + 1,
            },
            View::Unfold { axis, size, step } => View::Unfold {
                axis: axis + 1,
                size: *size,
                step: *step,
            },
            View::Strided {
                batch,
                shape,
                strides,
                offset,
            } => View::Strided {
                batch: batch + 1,
                shape: shape.clone(),
                strides: strides.clone(),
                offset: *offset,
            },
        }
    }
}

impl Primitive for View {
    fn name(&self) -> &'static str {
        match self {
            View::Reshape(_) => "reshape",
            View::Permute(_) => "permute",
            View::Broadcast(_) => "broadcast_to",
            View::Slice(_) => "slice",
            View::Flip(_) => "flip",
            View::Diagonal { .. } => "diagonal",
            View::Unfold { .. } => "unfold",
            View::Strided { .. } => "as_strided",
        }
    }

    fn infer(&self, x: &[&Spec]) -> Result<Outputs<Spec>> {
        if let View::Reshape(shape) = self
            && x[0].shape.contains(&UNKNOWN)
        {
            return Ok(Outputs::One(Spec::new(shape, x[0].dtype)));
        }
        if let Some(shape) = self.of_unknown(&x[0].shape)? {
            return Ok(Outputs::One(Spec::new(&shape, x[0].dtype)));
        }
        let layout = self.layout(&Layout::contiguous(&x[0].shape)?)?;
        let shape = match &layout {
            Some(layout) => layout.shape(),
            None => &[],
        };
        Ok(Outputs::One(Spec::new(shape, x[0].dtype)))
    }

    #[inline]
    fn run(&self, _: &dyn Backend, x: &[&Raw]) -> Result<Outputs<Raw>> {
        if let Some(layout) = self.layout(x[0].layout())? {
            return Ok(Outputs::One(x[0].with_layout(layout)));
        }
        let copy = execute(&Copy::new(x[0].dtype()), x)?.one();
        match self.layout(copy.layout())? {
            Some(layout) => Ok(Outputs::One(copy.with_layout(layout))),
            None => Err(Error::value(
                self.name(),
                "contiguous memory has no layout for the view",
            )),
        }
    }

    fn access(&self) -> Touches {
        Touches::Nothing
    }

    fn reads(&self, _: &[bool]) -> Reads {
        Reads::SHAPES
    }

    fn jvp(&self, _: &[Raw], _: &[Raw], t: &[Option<Raw>]) -> Result<Tangents> {
        Ok(one_tangent(Some(bind_one(self, &[some(t, 0)?])?)))
    }

    fn vjp(&self, x: &[Raw], _: &[Raw], g: &[Option<Raw>], _: &[bool]) -> Result<Gradients> {
        let (x, g) = (&x[0], some(g, 0)?);
        Ok(one_gradient(match self {
            View::Reshape(_) if x.rank() == 1 => g.reshape_to(&[-1])?,
            View::Reshape(_) => g.reshape(x.shape())?,
            View::Permute(order) => {
                let mut back: PerAxis<usize> = SmallVec::from_elem(0, order.len());
                for (to, &from) in order.iter().enumerate() {
                    back[from] = to;
                }
                bind_one(&View::Permute(back), &[g])?
            }
            View::Broadcast(_) => g.sum_to(x.shape())?,
            View::Flip(_) => bind_one(self, &[g])?,
            _ if self.is_injective() => {
                let zeros = x.like(x.shape(), g.dtype(), Scalar::Bool(false))?;
                let write = Write {
                    view: self.clone(),
                    in_place: false,
                };
                bind_one(&write, &[&zeros, g])?
            }
            // elements that appear several times get the sum: their places are the same view of 0, 1, 2, …
            _ => {
                let n = x.len();
                let places = Raw::arange(
                    Scalar::Int(0),
                    Scalar::Int(n as i128),
                    Scalar::Int(1),
                    DType::I64,
                )?
                .to_device(x.device())?
                .reshape(x.shape())?;
                let places = bind_one(self, &[&places])?.reshape(&[g.len()])?;
                let zeros = x.like(&[n], g.dtype(), Scalar::Bool(false))?;
                zeros
                    .index_add(0, &places, &g.reshape(&[g.len()])?)?
                    .reshape(x.shape())?
            }
        }))
    }

    fn batch(&self, x: &[&Raw], _: &[bool]) -> Result<Outputs<Raw>> {
        let view = self.behind(x[0].shape()[0]);
        match self {
            View::Broadcast(shape) => bind(&view, &[&with_batch_rank(x[0], shape.len())?]),
            _ => bind(&view, x),
        }
    }
}
