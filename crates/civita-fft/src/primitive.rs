//! The transforms as primitives: linear maps, whose tangent map is the map itself and whose transpose is one of them too.
//!
//! A step transforms one axis: rows are padded or cropped to `len`, transformed, and padded or cropped to `keep`. So the transpose
//! of a step is a step: from `keep` elements back to as many as there were.

use std::fmt;

use smallvec::SmallVec;

use civita_core::backend::Backend;
use civita_core::dtype::DType;
use civita_core::error::{Error, Result};
use civita_core::primitive::{
    Gradients, Outputs, Primitive, Reads, Spec, Tangents, bind, bind_one,
};
use civita_core::raw::Raw;
use civita_core::storage::Access;

use crate::float::Float;
use crate::fourier::{ComplexRows, Half, ToHalf, ToReal, ToWhole, Whole};
use crate::plan::{Direction, Plan, room};
use crate::rows::{self, Across, Job, Rows};
use crate::scratch::Plain;
use crate::wave::{Family, Type, Wave, Waves};

/// A transform of one axis.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Step {
    pub axis: usize,
    /// Points of the transform.
    pub len: usize,
    /// Length of the axis afterwards.
    pub keep: usize,
}

pub(crate) type Steps = SmallVec<[Step; 2]>;

fn one_axis_later(steps: &Steps) -> Steps {
    let later = |step: &Step| Step {
        axis: step.axis + 1,
        ..*step
    };
    steps.iter().map(later).collect()
}

/// The steps that undo the lengths of these, last first.
fn back(steps: &Steps, shape: &[usize]) -> Steps {
    let mut shape: SmallVec<[usize; 8]> = SmallVec::from_slice(shape);
    let mut back: Steps = steps
        .iter()
        .map(|step| Step {
            keep: std::mem::replace(&mut shape[step.axis], step.keep),
            ..*step
        })
        .collect();
    back.reverse();
    back
}

fn shape_after(steps: &Steps, shape: &[usize]) -> SmallVec<[usize; 8]> {
    let mut shape: SmallVec<[usize; 8]> = SmallVec::from_slice(shape);
    for step in steps {
        shape[step.axis] = step.keep;
    }
    shape
}

/// Which Fourier transform.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) enum Kind {
    /// Complex numbers from complex or real ones.
    Complex(Direction),
    /// Half of the forward transform of real numbers along the first step's axis; the other steps are forward transforms. The
    /// elements that stand for two are multiplied by `inner`.
    ToHalf { inner: f64 },
    /// Real numbers from such a half, along the last step's axis; the other steps are inverse transforms. The transpose of
    /// [`Kind::ToHalf`]: the real part of the sum over the half, in which the elements that stand for two count `inner` times.
    ToReal { inner: f64 },
}

/// A Fourier transform along axes, one after the other.
#[derive(Clone)]
pub(crate) struct Fourier {
    pub kind: Kind,
    pub steps: Steps,
    /// Multiplies every element.
    pub factor: f64,
}

/// The axes, with the number of points of each.
fn axes(f: &mut fmt::Formatter<'_>, steps: &Steps, factor: f64) -> fmt::Result {
    for (i, step) in steps.iter().enumerate() {
        let between = if i == 0 { "" } else { ", " };
        write!(f, "{between}{}: {}", step.axis, step.len)?;
    }
    if factor != 1.0 {
        write!(f, ", factor {factor}")?;
    }
    Ok(())
}

impl fmt::Debug for Fourier {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}[", self.name())?;
        axes(f, &self.steps, self.factor)?;
        f.write_str("]")
    }
}

impl fmt::Debug for Cosine {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}[type {:?}, ", self.name(), self.kind)?;
        axes(f, &self.steps, self.factor)?;
        f.write_str("]")
    }
}

impl Fourier {
    fn dtype(&self, x: DType) -> DType {
        match self.kind {
            Kind::ToReal { .. } => x.to_real(),
            _ => x.to_complex(),
        }
    }

    fn run_as<T: Float>(&self, backend: &dyn Backend, x: &Raw) -> Result<Raw> {
        let mut now = x.clone();
        for (i, step) in self.steps.iter().enumerate() {
            room::<T>(self.name(), step.len)?;
            let (first, last) = (i == 0, i + 1 == self.steps.len());
            // the factor is applied once
            let factor = T::of(if last { self.factor } else { 1.0 });
            let step_of = Along {
                op: self.name(),
                backend,
                x: &now,
                step: *step,
                ours: !first,
            };
            now = match self.kind {
                Kind::Complex(direction) if now.dtype().is_complex() => {
                    step_of.complex::<T>(direction, factor)
                }
                Kind::Complex(direction) => step_of.run(&ToWhole::<T> {
                    half: Half::get(step.len),
                    factor,
                    direction,
                }),
                Kind::ToHalf { inner } if first => step_of.run(&ToHalf::<T> {
                    half: Half::get(step.len),
                    factor,
                    inner: T::of(inner),
                }),
                Kind::ToHalf { .. } => step_of.complex::<T>(Direction::Forward, factor),
                Kind::ToReal { inner } if last => step_of.run(&ToReal::<T> {
                    whole: Whole::get(step.len),
                    factor,
                    // of two elements that are each other's conjugate the sum is twice the real part
                    inner: T::of(inner / 2.0),
                }),
                Kind::ToReal { .. } => step_of.complex::<T>(Direction::Inverse, factor),
            }?;
        }
        Ok(now)
    }
}

/// A step and what it is applied to.
struct Along<'a> {
    op: &'static str,
    backend: &'a dyn Backend,
    x: &'a Raw,
    step: Step,
    /// `x` is a result of an earlier step, which nobody else sees.
    ours: bool,
}

impl Along<'_> {
    fn complex<T: Float>(&self, direction: Direction, factor: T) -> Result<Raw> {
        let plan = Plan::get(self.step.len, direction);
        self.run(&ComplexRows::<T> { plan, factor })
    }

    /// Into new memory, or over the elements of a result of ours that stays as it is in shape and dtype.
    fn run<K: Rows>(&self, kernel: &K) -> Result<Raw> {
        let Along { x, step, .. } = *self;
        if self.backend.name() != "cpu" {
            return Err(Error::device(
                self.op,
                format!("the device `{}` has no kernel for it", self.backend.name()),
            )
            .hint_in(
                "move the operand to the processor: `.to_device(Device::Cpu)`",
                "move the operand to the processor: `.to_device('cpu')`",
            ));
        }
        debug_assert!(x.dtype() == K::In::DTYPE);
        let mut spec = Spec::of(x);
        spec.shape[step.axis] = step.keep;
        spec.dtype = K::Out::DTYPE;
        let in_place = self.ours && spec == Spec::of(x);
        let y = match in_place {
            true => x.clone(),
            // laid out as the operand, as NumPy does it
            false => self.backend.result(&spec.shape, spec.dtype, &[x])?,
        };
        let across: SmallVec<[Across; 6]> = (0..x.rank())
            .filter(|&axis| axis != step.axis)
            .map(|axis| Across {
                len: x.shape()[axis],
                x: x.layout().strides()[axis],
                y: y.layout().strides()[axis],
            })
            .collect();
        let job = Job {
            x: x.ptr().cast_const().cast(),
            y: y.ptr().cast(),
            across: &across,
            x_len: x.shape()[step.axis],
            x_stride: x.layout().strides()[step.axis],
            y_len: step.keep,
            y_stride: y.layout().strides()[step.axis],
            // others may write foreign memory while we look at it: its elements are copied first
            shared: !in_place && x.storage().access() != Access::Foreign,
        };
        // SAFETY: `bind` holds the guards of `x`, whose layout lies in its buffer; `y` is memory of ours that nobody else sees, of
        // a layout without overlap, apart from `x` or the same element by element.
        unsafe { rows::run(kernel, &job) }.map_err(|_| {
            Error::memory(
                self.op,
                format!("cannot allocate scratch for {} points", step.len),
            )
        })?;
        Ok(y)
    }
}

impl Primitive for Fourier {
    fn name(&self) -> &'static str {
        match self.kind {
            Kind::Complex(Direction::Forward) => "fft",
            Kind::Complex(Direction::Inverse) => "ifft",
            Kind::ToHalf { .. } => "rfft",
            Kind::ToReal { .. } => "irfft",
        }
    }

    fn infer(&self, x: &[&Spec]) -> Result<Outputs<Spec>> {
        Ok(Outputs::One(Spec::new(
            &shape_after(&self.steps, &x[0].shape),
            self.dtype(x[0].dtype),
        )))
    }

    fn run(&self, backend: &dyn Backend, x: &[&Raw]) -> Result<Outputs<Raw>> {
        match x[0].dtype().to_real() {
            DType::F32 => self.run_as::<f32>(backend, x[0]),
            _ => self.run_as::<f64>(backend, x[0]),
        }
        .map(Outputs::One)
    }

    fn reads(&self, _: &[bool]) -> Reads {
        Reads::SHAPES
    }

    fn jvp(&self, _: &[Raw], _: &[Raw], t: &[Option<Raw>]) -> Result<Tangents> {
        let moved = t[0].as_ref().map(|t| bind_one(self, &[t])).transpose()?;
        Ok(Tangents::from_iter([moved]))
    }

    fn vjp(&self, x: &[Raw], _: &[Raw], g: &[Option<Raw>], _: &[bool]) -> Result<Gradients> {
        let transposed = Fourier {
            kind: match self.kind {
                Kind::Complex(direction) => Kind::Complex(direction.reversed()),
                Kind::ToHalf { inner } => Kind::ToReal { inner },
                Kind::ToReal { inner } => Kind::ToHalf { inner },
            },
            steps: back(&self.steps, x[0].shape()),
            factor: self.factor,
        };
        let back = g[0]
            .as_ref()
            .map(|g| bind_one(&transposed, &[g]))
            .transpose()?;
        Ok(Gradients::from_iter([back]))
    }

    fn batch(&self, x: &[&Raw], _: &[bool]) -> Result<Outputs<Raw>> {
        let batched = Fourier {
            steps: one_axis_later(&self.steps),
            ..self.clone()
        };
        bind(&batched, x)
    }
}

/// A cosine or sine transform along axes, one after the other.
#[derive(Clone)]
pub(crate) struct Cosine {
    pub family: Family,
    pub kind: Type,
    pub steps: Steps,
    /// Factors of the elements at the ends of a row, of the input and of the output.
    pub before: f64,
    pub after: f64,
    /// Multiplies every element.
    pub factor: f64,
}

impl Cosine {
    fn run_as<T: Float>(&self, backend: &dyn Backend, x: &Raw) -> Result<Raw> {
        let mut now = x.clone();
        for (i, step) in self.steps.iter().enumerate() {
            // of the first type twice as many points are transformed
            room::<T>(self.name(), step.len.saturating_mul(2))?;
            let last = i + 1 == self.steps.len();
            let along = Along {
                op: self.name(),
                backend,
                x: &now,
                step: *step,
                ours: i > 0,
            };
            now = along.run(&Waves::<T> {
                wave: Wave::get(self.family, self.kind, step.len),
                before: T::of(self.before),
                after: T::of(self.after),
                factor: T::of(if last { self.factor } else { 1.0 }),
            })?;
        }
        Ok(now)
    }
}

impl Primitive for Cosine {
    fn name(&self) -> &'static str {
        match self.family {
            Family::Cosine => "dct",
            Family::Sine => "dst",
        }
    }

    fn infer(&self, x: &[&Spec]) -> Result<Outputs<Spec>> {
        let shape = shape_after(&self.steps, &x[0].shape);
        Ok(Outputs::One(Spec::new(&shape, x[0].dtype)))
    }

    fn run(&self, backend: &dyn Backend, x: &[&Raw]) -> Result<Outputs<Raw>> {
        match x[0].dtype() {
            DType::F32 => self.run_as::<f32>(backend, x[0]),
            _ => self.run_as::<f64>(backend, x[0]),
        }
        .map(Outputs::One)
    }

    fn reads(&self, _: &[bool]) -> Reads {
        Reads::SHAPES
    }

    fn jvp(&self, _: &[Raw], _: &[Raw], t: &[Option<Raw>]) -> Result<Tangents> {
        let moved = t[0].as_ref().map(|t| bind_one(self, &[t])).transpose()?;
        Ok(Tangents::from_iter([moved]))
    }

    /// Up to weights of the ends, the matrix of II is the transpose of that of III, and all others are symmetric.
    fn vjp(&self, x: &[Raw], _: &[Raw], g: &[Option<Raw>], _: &[bool]) -> Result<Gradients> {
        let (kind, before, after) = match (self.family, self.kind) {
            (Family::Cosine, Type::I) => (Type::I, 2.0, 0.5),
            (_, Type::II) => (Type::III, 2.0, 1.0),
            (_, Type::III) => (Type::II, 1.0, 0.5),
            (_, symmetric) => (symmetric, 1.0, 1.0),
        };
        let transposed = Cosine {
            family: self.family,
            kind,
            steps: back(&self.steps, x[0].shape()),
            before: before * self.after,
            after: after * self.before,
            factor: self.factor,
        };
        let back = g[0]
            .as_ref()
            .map(|g| bind_one(&transposed, &[g]))
            .transpose()?;
        Ok(Gradients::from_iter([back]))
    }

    fn batch(&self, x: &[&Raw], _: &[bool]) -> Result<Outputs<Raw>> {
        let batched = Cosine {
            steps: one_axis_later(&self.steps),
            ..self.clone()
        };
        bind(&batched, x)
    }
}
