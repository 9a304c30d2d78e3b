//! Matrix Market: any bytes; the dense matrix is the sum of the entries, and is written and read again bit for bit.

#![no_main]

use civita_core::dtype::{DType, Scalar};
use civita_fuzz::{bounded, seeds};
use civita_io::market;
use libfuzzer_sys::fuzz_target;
use num_complex::Complex;

fn values(x: &civita_core::raw::Raw) -> Vec<Complex<f64>> {
    let value = |v| match v {
        // compared as bits of 64
        Scalar::Int(v) => Complex::new(f64::from_bits(v as u64), 0.0),
        Scalar::Complex(v) => v,
        other => Complex::new(other.as_f64(), 0.0),
    };
    x.scalars().unwrap().into_iter().map(value).collect()
}

fn bits(v: &Complex<f64>) -> [u64; 2] {
    // a NaN is a NaN
    let one = |v: f64| if v.is_nan() { 1 } else { v.to_bits() };
    [one(v.re), one(v.im)]
}

fuzz_target!(init: seeds::write("market"), |data: &[u8]| {
    // an element of a symmetric array takes two bytes, and gives two entries of 24 and more, of vectors that grow by doubling
    let Ok(all) = bounded(data.len(), 150, || market::read(data)) else { return };
    assert_eq!(all.row.shape(), all.value.shape());
    assert_eq!(all.column.shape(), all.value.shape());
    if all.rows.checked_mul(all.columns).is_none_or(|n| n > 1 << 16) {
        if all.rows.checked_mul(all.columns).is_none_or(|n| n > market::MOST_DENSE) {
            assert!(bounded(data.len(), 150, || all.dense()).is_err());
        }
        return;
    }
    let dense = all.dense().unwrap();
    assert_eq!(dense.shape(), [all.rows, all.columns]);
    let mut wanted = vec![Complex::new(0.0f64, 0.0); all.rows * all.columns];
    let integer = all.value.dtype() == DType::I64;
    let (row, column) = (all.row.to_vec::<i64>().unwrap(), all.column.to_vec::<i64>().unwrap());
    for (k, v) in values(&all.value).into_iter().enumerate() {
        assert!((row[k] as usize) < all.rows && (column[k] as usize) < all.columns);
        let place = &mut wanted[row[k] as usize * all.columns + column[k] as usize];
        *place = match integer {
            true => {
                let sum = (place.re.to_bits()).wrapping_add(v.re.to_bits());
                Complex::new(f64::from_bits(sum), 0.0)
            }
            false => *place + v,
        };
    }
    let found = values(&dense);
    match integer {
        true => assert!(found.iter().zip(&wanted).all(|(a, b)| a.re.to_bits() == b.re.to_bits())),
        false => assert!(found.iter().map(bits).eq(wanted.iter().map(bits))),
    }
    let bytes = seeds::saved("x.mtx", |p| market::save(p, &dense));
    let back = market::read(&bytes).unwrap().dense().unwrap();
    assert_eq!((back.shape(), back.dtype()), (dense.shape(), dense.dtype()));
    // a dense matrix is summed from zeros, so -0.0 becomes 0.0
    let plus = |v: &Complex<f64>| bits(&(v + 0.0));
    match integer {
        true => assert_eq!(back.to_vec::<i64>().unwrap(), dense.to_vec::<i64>().unwrap()),
        false => assert!(values(&back).iter().map(plus).eq(found.iter().map(plus))),
    }
});
