//! Primitives whose kernels live outside the engine.

use civita_core::backend::Backend;
use civita_core::dtype::{DType, Scalar};
use civita_core::error::{Error, Result};
use civita_core::graph::{Tolerance, check_gradients, check_second_gradients};
use civita_core::layout::SliceItem;
use civita_core::ops::Op;
use civita_core::primitive::{
    Gradients, HostInput, HostKernel, HostOutput, Outputs, Primitive, Reads, Spec, Tangents,
    batch_in_front, bind_one, one_gradient, one_tangent, some, specs,
};
use civita_core::raw::Raw;
use civita_core::transform::vmap;

/// The sum of squares along the last axis, as `float64`.
#[derive(Clone, Debug)]
struct Energy;

impl HostKernel for Energy {
    fn name(&self) -> &'static str {
        "energy"
    }
    fn run(&self, x: &[HostInput<'_>], out: &mut [HostOutput<'_>]) -> Result<()> {
        let n = x[0].shape().last().copied().unwrap_or(1);
        let values = x[0].elements::<f64>()?;
        if values.iter().any(|v| v.is_infinite()) {
            return Err(Error::value("energy", "infinite"));
        }
        assert!(values.iter().all(|&v| v != 13.0), "an unlucky number");
        for (i, e) in out[0].elements::<f64>()?.iter_mut().enumerate() {
            *e = values[i * n..(i + 1) * n].iter().map(|v| v * v).sum();
        }
        Ok(())
    }
}

impl Primitive for Energy {
    fn name(&self) -> &'static str {
        "energy"
    }
    fn infer(&self, x: &[&Spec]) -> Result<Outputs<Spec>> {
        let [rows @ .., _] = &*x[0].shape else {
            return Err(Error::shape("energy", "needs at least 1 dimension"));
        };
        Ok(Outputs::One(Spec::new(rows, DType::F64)))
    }
    fn run(&self, backend: &dyn Backend, x: &[&Raw]) -> Result<Outputs<Raw>> {
        let specs = specs(x);
        let outputs = self.infer(&specs.iter().collect::<Vec<_>>())?;
        backend.external(self, &[DType::F64], outputs, x)
    }
    fn reads(&self, _: &[bool]) -> Reads {
        Reads::INPUTS
    }
    fn jvp(&self, x: &[Raw], _: &[Raw], t: &[Option<Raw>]) -> Result<Tangents> {
        let t = some(t, 0)?.expand_dims(&[-1])?;
        let y = x[0].expand_dims(&[-2])?.matmul(&t)?;
        let y = y.squeeze(Some(&[-1, -2]))?;
        Ok(one_tangent(Some(twice(&y)?)))
    }
    fn vjp(&self, x: &[Raw], _: &[Raw], g: &[Option<Raw>], _: &[bool]) -> Result<Gradients> {
        let g = some(g, 0)?.expand_dims(&[-1])?;
        Ok(one_gradient(twice(&x[0].mul(&g)?)?))
    }
    fn batch(&self, x: &[&Raw], batched: &[bool]) -> Result<Outputs<Raw>> {
        batch_in_front(self, x, batched)
    }
}

fn twice(x: &Raw) -> Result<Raw> {
    Raw::apply(Op::Mul, &[x.into(), Scalar::Float(2.0).into()])
}

fn energy(x: &Raw) -> Result<Raw> {
    bind_one(&Energy, &[x])
}

fn numbers() -> Raw {
    Raw::from_vec((0..12).map(f64::from).collect(), &[3, 4]).unwrap()
}

fn values(x: &Raw) -> Vec<f64> {
    x.to_vec().unwrap()
}

#[test]
fn a_kernel_sees_rows_of_any_layout_dtype_and_access() {
    assert_eq!(values(&energy(&numbers()).unwrap()), [14., 126., 366.]);
    let transposed = numbers().transpose().unwrap();
    assert_eq!(
        values(&energy(&transposed).unwrap()),
        [80., 107., 140., 179.]
    );
    let stepped = numbers()
        .slice(&[SliceItem::ALL, SliceItem::ALL.step_by(-2)])
        .unwrap();
    assert_eq!(values(&energy(&stepped).unwrap()), [10., 74., 202.]);
    let small = numbers().cast(DType::I32).unwrap();
    assert_eq!(values(&energy(&small).unwrap()), [14., 126., 366.]);
    let aliased = numbers().into_aliased().unwrap();
    assert_eq!(values(&energy(&aliased).unwrap()), [14., 126., 366.]);
    let none = Raw::zeros(&[2, 0], DType::F64).unwrap();
    assert_eq!(values(&energy(&none).unwrap()), [0., 0.]);
}

#[test]
fn its_gradients_follow_from_its_maps() {
    let f = |x: &[Raw]| energy(&x[0]);
    check_gradients(&f, &[numbers()], Tolerance::default()).unwrap();
    check_second_gradients(&f, &[numbers()], Tolerance::default()).unwrap();
}

#[test]
fn leading_axes_are_its_batch() {
    let f = |x: &[Raw]| Ok(vec![energy(&x[0])?]);
    let y = vmap(f, &[numbers()], &[Some(1)], &|_| Some(0)).unwrap();
    assert_eq!(values(&y[0]), [80., 107., 140., 179.]);
}

#[test]
fn errors_and_panics_of_a_kernel_are_errors() {
    let scalar = Raw::scalar(Scalar::Float(1.0), DType::F64).unwrap();
    assert!(energy(&scalar).unwrap_err().is_shape());
    let infinite = Raw::from_vec(vec![f64::INFINITY], &[1]).unwrap();
    assert_eq!(
        energy(&infinite).unwrap_err().to_string(),
        "energy: infinite"
    );
    let unlucky = Raw::from_vec(vec![13.0], &[1]).unwrap();
    let text = energy(&unlucky).unwrap_err().to_string();
    assert!(text.ends_with("an unlucky number"), "{text}");
}
