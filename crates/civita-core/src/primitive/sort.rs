//! Sorted elements, and the indices that sort.

use super::{
    Gradients, Outputs, Primitive, Reads, Spec, Tangents, bind, bind_one, one_gradient,
    one_tangent, some,
};
use crate::backend::Backend;
use crate::dtype::DType;
use crate::error::Result;
use crate::raw::{Raw, place_of};

/// Which outputs a [`Sort`] has.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Sorted {
    /// The elements.
    Values,
    /// Where each of them was, as `int64`.
    Indices,
    /// The elements, then the indices.
    Both,
}

/// From small to large, or the other way.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Direction {
    /// Small to large; NaN is last.
    #[default]
    Ascending,
    /// Large to small; NaN is first.
    Descending,
}

/// A stable sort along an axis, in NumPy's order: NaN is larger than all numbers, -0 equals 0, complex numbers compare
/// by real part, then by imaginary part, those with a NaN last.
#[derive(Clone)]
pub struct Sort {
    /// Along which.
    pub axis: usize,
    /// From which end.
    pub direction: Direction,
    /// Which outputs.
    pub outputs: Sorted,
}

impl std::fmt::Debug for Sort {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let name = self.name();
        match self.direction {
            Direction::Ascending => write!(f, "{name}[{}]", self.axis),
            Direction::Descending => write!(f, "{name}[{}, descending]", self.axis),
        }
    }
}

impl Sort {
    /// The indices that sort, as one more call where they are not an output.
    fn indices(&self, x: &Raw, y: &[Raw]) -> Result<Raw> {
        match y {
            [_, indices] => Ok(indices.clone()),
            _ => {
                let sort = Sort {
                    outputs: Sorted::Indices,
                    ..self.clone()
                };
                bind_one(&sort, &[&x.detach()])
            }
        }
    }
}

impl Primitive for Sort {
    fn name(&self) -> &'static str {
        match self.outputs {
            Sorted::Values | Sorted::Both => "sort",
            Sorted::Indices => "argsort",
        }
    }

    fn infer(&self, x: &[&Spec]) -> Result<Outputs<Spec>> {
        let values = x[0].clone();
        let indices = Spec {
            shape: values.shape.clone(),
            dtype: DType::I64,
        };
        Ok(match self.outputs {
            Sorted::Values => Outputs::One(values),
            Sorted::Indices => Outputs::One(indices),
            Sorted::Both => Outputs::Several(vec![values, indices]),
        })
    }

    fn run(&self, backend: &dyn Backend, x: &[&Raw]) -> Result<Outputs<Raw>> {
        // the elements lie as those of the operand; indices alone lie in C order, as NumPy's do
        let order = match self.outputs {
            Sorted::Indices => None,
            Sorted::Values | Sorted::Both => x[0].layout().memory_order(),
        };
        let Some(order) = order else {
            return backend.sort(self, x[0]);
        };
        let sort = Sort {
            axis: place_of(&order, self.axis),
            ..self.clone()
        };
        let sorted = backend.sort(&sort, &x[0].reordered(&order)?)?;
        Ok(match sorted {
            Outputs::One(y) => Outputs::One(y.in_former_order(&order)?),
            Outputs::Several(all) => {
                let all = all.iter().map(|y| y.in_former_order(&order));
                Outputs::Several(all.collect::<Result<_>>()?)
            }
        })
    }

    fn reads(&self, _: &[bool]) -> Reads {
        match self.outputs {
            Sorted::Values => Reads::INPUTS,
            Sorted::Indices => Reads::SHAPES,
            Sorted::Both => Reads {
                inputs: 0,
                outputs: 0b10,
            },
        }
    }

    fn jvp(&self, x: &[Raw], y: &[Raw], t: &[Option<Raw>]) -> Result<Tangents> {
        if self.outputs == Sorted::Indices {
            return Ok(one_tangent(None));
        }
        let indices = self.indices(&x[0], y)?;
        let moved = some(t, 0)?.take_along_axis(&indices, self.axis as isize)?;
        let mut moved = one_tangent(Some(moved));
        if self.outputs == Sorted::Both {
            moved.push(None);
        }
        Ok(moved)
    }

    fn vjp(&self, x: &[Raw], y: &[Raw], g: &[Option<Raw>], _: &[bool]) -> Result<Gradients> {
        let Some(g) = g[0].as_ref().filter(|_| self.outputs != Sorted::Indices) else {
            return Ok(Gradients::from_iter([None]));
        };
        let indices = self.indices(&x[0], y)?;
        let back = g.added_along_axis(&indices, self.axis, x[0].shape()[self.axis])?;
        Ok(one_gradient(back))
    }

    fn batch(&self, x: &[&Raw], _: &[bool]) -> Result<Outputs<Raw>> {
        let sort = Sort {
            axis: self.axis + 1,
            ..self.clone()
        };
        bind(&sort, x)
    }
}
