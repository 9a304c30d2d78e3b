//! The 8-bit floats from Rust: types, literals, products, conversions. Their values are tested against ml_dtypes from Python.

use civita::prelude::*;
use civita::{DType, f8e4m3, f8e5m2};

#[test]
fn typed_tensors_hold_8_bit_floats() -> civita::Result<()> {
    let x = tensor![0.1_f32, 1.0, -2.5].cast::<f8e4m3>();
    assert_eq!(format!("{x}"), "[ 0.1  1.  -2.5]");
    assert_eq!(x.to_vec(), [0.1, 1.0, -2.5].map(f8e4m3::from_f64));
    let doubled: Vector<f8e4m3> = &x * 2.0;
    assert_eq!(doubled.cast::<f64>(), tensor![0.203125, 2.0, -5.0]);
    let sum: Vector<f8e4m3> = &x + &doubled;
    assert_eq!(sum.cast::<f64>(), tensor![0.3125, 3.0, -7.5]);
    assert_eq!(x.exp().dtype(), DType::F8E4M3);
    let mean: f8e4m3 = x.mean().item()?;
    assert_eq!(mean.to_f32(), -0.46875);
    Ok(())
}

#[test]
fn products_are_summed_in_f32() -> civita::Result<()> {
    let a = tensor![[1.5_f32, 2.0], [-0.5, 448.0]].cast::<f8e5m2>();
    let b = tensor![[2.0_f32], [16.0]].cast::<f8e5m2>();
    let product: Matrix<f8e5m2> = a.matmul(&b)?;
    // 35 and 7167 to two bits of fraction
    assert_eq!(product.cast::<f32>(), tensor![[32.0_f32], [7168.0]]);
    Ok(())
}

#[test]
fn other_dtypes_are_not_met() {
    let x = Vector::<f8e4m3>::ones([3]).into_any();
    let y = Vector::<f32>::ones([3]).into_any();
    let error = civita::catch(|| &x + &y).unwrap_err().to_string();
    assert!(error.contains("8-bit floats are not promoted"), "{error}");
    assert!(error.contains(".cast::<f32>()"), "{error}");
}
