//! One elementwise op on whole tensors.

use std::sync::{Arc, LazyLock};

use smallvec::SmallVec;

use super::{
    Gradients, Outputs, Primitive, Reads, Recorded, Shared, Spec, Tangents, batch_broadcast,
    one_tangent, some,
};
use crate::backend::Backend;
use crate::dtype::{DType, Scalar, promote};
use crate::error::{Error, Result};
use crate::graph::Function;
use crate::layout::broadcast_shapes;
use crate::ops::{Class, Gradient, Op, ROWS, gradient_of};
use crate::program::Typed;
use crate::raw::{Operand, Raw};

/// A scalar of the host language among the operands, and its place.
pub type Scalars = Option<(usize, Scalar)>;

/// An op of the table, with broadcasting and promotion. An operand that is a scalar of the host language is an attribute,
/// which takes the dtype of the tensors (NEP 50).
pub struct Apply {
    /// Which.
    pub op: Op,
    /// The scalar operand, if there is one.
    pub scalar: Scalars,
}

impl std::fmt::Debug for Apply {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(self.op.row().name)?;
        match self.scalar {
            Some((at, scalar)) => write!(f, "[{at}: {scalar}]"),
            None => Ok(()),
        }
    }
}

impl Shared for Apply {
    /// Without a scalar there is one for each op, so that recording allocates none.
    fn shared(&self) -> Recorded {
        static ALL: LazyLock<Vec<Apply>> = LazyLock::new(|| {
            let of = |row: &crate::ops::Row| Apply {
                op: row.op,
                scalar: None,
            };
            ROWS.iter().map(of).collect()
        });
        match self.scalar {
            None => Recorded::Known(&ALL[self.op as usize]),
            Some(_) => Recorded::Own(Arc::new(Apply { ..*self })),
        }
    }
}

impl Apply {
    /// Which operand of the op a tensor is.
    fn place(&self, tensor: usize) -> usize {
        match self.scalar {
            Some((at, _)) if tensor >= at => tensor + 1,
            _ => tensor,
        }
    }

    /// Runs `f` on the operands.
    #[inline]
    fn with_operands<R>(&self, x: &[&Raw], f: impl FnOnce(&[Operand<'_>]) -> R) -> R {
        match (x, self.scalar) {
            (&[x], None) => f(&[x.into()]),
            (&[a, b], None) => f(&[a.into(), b.into()]),
            (&[x], Some((0, scalar))) => f(&[scalar.into(), x.into()]),
            (&[x], Some((_, scalar))) => f(&[x.into(), scalar.into()]),
            (x, scalar) => {
                let mut all: SmallVec<[Operand<'_>; 3]> =
                    x.iter().map(|x| Operand::Tensor(x)).collect();
                if let Some((at, scalar)) = scalar {
                    all.insert(at, scalar.into());
                }
                f(&all)
            }
        }
    }

    /// Runs it on operands that the backend may read.
    #[inline]
    pub(super) fn run_one(&self, backend: &dyn Backend, x: &[&Raw]) -> Result<Raw> {
        self.with_operands(x, |all| backend.op(self.op, all))
    }

    /// The operands with the scalar as a tensor, for derivatives.
    fn all<'a>(&self, x: &'a [Raw], scalar: &'a mut Option<Raw>) -> Result<SmallVec<[&'a Raw; 3]>> {
        if let Some((at, s)) = self.scalar {
            let dtype = self.scalar_dtype(at, s, &mut x.iter().map(Raw::dtype));
            *scalar = Some(Raw::scalar(s, dtype)?);
        }
        let mut all: SmallVec<[&Raw; 3]> = x.iter().collect();
        if let (Some((at, _)), Some(scalar)) = (self.scalar, &*scalar) {
            all.insert(at, scalar);
        }
        Ok(all)
    }

    /// The dtype that the scalar takes beside the tensors.
    fn scalar_dtype(
        &self,
        at: usize,
        scalar: Scalar,
        dtypes: &mut dyn Iterator<Item = DType>,
    ) -> DType {
        let first = usize::from(self.op.row().class == Class::Select);
        if at < first {
            return DType::Bool;
        }
        let met = dtypes.skip(first).reduce(promote);
        let dtype = met.map_or(scalar.default_dtype(), |met| scalar.weak_with(met));
        // true division and the like compute integers in a float that holds more
        if scalar.to_bytes(dtype).is_err() {
            scalar.default_dtype()
        } else {
            dtype
        }
    }

    /// A row without a derivative says why.
    fn has_derivative(&self) -> Result<()> {
        match gradient_of(self.op) {
            Gradient::None(why) => Err(Error::gradient(
                self.op.row().name,
                format!("the operation has no derivative: {why}"),
            )
            .hint("take `.detach()` of its operand where no gradient is meant to pass")),
            _ => Ok(()),
        }
    }
}

impl Primitive for Apply {
    fn name(&self) -> &'static str {
        self.op.row().name
    }

    fn infer(&self, x: &[&Spec]) -> Result<Outputs<Spec>> {
        let dtypes: SmallVec<[DType; 3]> = x.iter().map(|x| x.dtype).collect();
        let typed = Typed::single(self.op, &dtypes, self.scalar)?;
        let shapes: SmallVec<[&[usize]; 3]> = x.iter().map(|x| x.shape.as_slice()).collect();
        let shape = broadcast_shapes(self.name(), &shapes)?;
        Ok(Outputs::One(Spec {
            shape,
            dtype: typed.output,
        }))
    }

    #[inline]
    fn run(&self, backend: &dyn Backend, x: &[&Raw]) -> Result<Outputs<Raw>> {
        self.run_one(backend, x).map(Outputs::One)
    }

    fn run_into(&self, backend: &dyn Backend, x: &[&Raw], out: &Raw) -> Result<()> {
        self.with_operands(x, |all| backend.op_into(self.op, all, out))
    }

    fn is_elementwise(&self) -> bool {
        true
    }

    fn reads(&self, wanted: &[bool]) -> Reads {
        let mut places = [false; 4];
        for (i, &wanted) in wanted.iter().enumerate() {
            places[self.place(i)] = wanted;
        }
        let arity = self.op.row().arity;
        let (inputs, output) = Function::of(self.op).reads(places[..arity].iter().copied());
        let tensors =
            (0..wanted.len()).fold(0, |mask, i| mask | (inputs >> self.place(i) & 1) << i);
        Reads {
            inputs: tensors,
            outputs: u32::from(output),
        }
    }

    fn jvp(&self, x: &[Raw], y: &[Raw], t: &[Option<Raw>]) -> Result<Tangents> {
        self.has_derivative()?;
        let mut scalar = None;
        let all = self.all(x, &mut scalar)?;
        let mut moving: SmallVec<[Option<&Raw>; 3]> = t.iter().map(Option::as_ref).collect();
        if let Some((at, _)) = self.scalar {
            moving.insert(at, None);
        }
        let pushed = Function::of(self.op).push(&all, &y[0], &moving)?;
        Ok(one_tangent(pushed))
    }

    fn vjp(&self, x: &[Raw], y: &[Raw], g: &[Option<Raw>], wanted: &[bool]) -> Result<Gradients> {
        self.has_derivative()?;
        let mut scalar = None;
        let all = self.all(x, &mut scalar)?;
        let g = some(g, 0)?;
        let function = Function::of(self.op);
        wanted
            .iter()
            .enumerate()
            .map(|(i, &wanted)| match wanted {
                true => function.pull(self.place(i), &all, &y[0], g),
                false => Ok(None),
            })
            .collect()
    }

    fn batch(&self, x: &[&Raw], batched: &[bool]) -> Result<Outputs<Raw>> {
        batch_broadcast(self, x, batched)
    }
}
