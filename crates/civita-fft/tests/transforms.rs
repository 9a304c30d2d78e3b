//! Transforms of tensors: laws that hold for every length, layout and norm.

use civita_core::dtype::{DType, Scalar};
use civita_core::error::Result;
use civita_core::graph::{Tolerance, check_gradients, check_second_gradients};
use civita_core::layout::{Axes, SliceItem};
use civita_core::ops::Op;
use civita_core::raw::Raw;
use civita_core::transform::{jvp, vmap};
use civita_fft::{
    Direction, Family, Mode, Norm, Transform, Type, WaveTransform, fftconvolve, fftshift, fwht,
    ifftshift,
};
use num_complex::Complex;

fn reals(shape: &[usize]) -> Raw {
    let n: usize = shape.iter().product();
    let mut state = 7u64;
    let next = |_| {
        state = state
            .wrapping_mul(6364136223846793005)
            .wrapping_add(1442695040888963407);
        (state >> 11) as f64 / (1u64 << 53) as f64 - 0.5
    };
    Raw::from_vec((0..n).map(next).collect::<Vec<f64>>(), shape).unwrap()
}

fn complexes(shape: &[usize]) -> Raw {
    let i = Scalar::Complex(Complex::I);
    let im = reals(shape).flip(Axes::All).unwrap();
    let im = Raw::apply(Op::Mul, &[(&im).into(), i.into()]).unwrap();
    reals(shape).add(&im).unwrap()
}

/// The largest difference.
fn distance(a: &Raw, b: &Raw) -> f64 {
    assert_eq!(a.shape(), b.shape());
    let all = a.sub(b).unwrap().abs().unwrap().cast(DType::F64).unwrap();
    all.to_vec::<f64>().unwrap().into_iter().fold(0.0, f64::max)
}

fn fft(x: &Raw, axis: isize) -> Raw {
    Transform::Fft.along(x, None, axis, Norm::Backward).unwrap()
}

/// Primes from 37 to 311 are transformed by definition, alone and as factors.
#[test]
fn primes_have_the_transforms_of_their_definition() {
    for n in [
        37,
        41,
        97,
        113,
        127,
        199,
        211,
        307,
        311,
        2 * 211,
        3 * 127,
        37 * 41,
    ] {
        let x = reals(&[2, n]);
        let values: Vec<f64> = x.to_vec().unwrap();
        let wave = |row: &[f64], k: usize| {
            let term = |(j, &x): (usize, &f64)| {
                let angle = -std::f64::consts::TAU * (j * k % n) as f64 / n as f64;
                Complex::from_polar(x, angle)
            };
            row.iter().enumerate().map(term).sum::<Complex<f64>>()
        };
        let rows = values.chunks_exact(n);
        let half: Vec<_> = rows
            .flat_map(|row| (0..=n / 2).map(move |k| wave(row, k)))
            .collect();
        let expected = Raw::from_vec(half, &[2, n / 2 + 1]).unwrap();
        let y = Transform::Rfft.along(&x, None, -1, Norm::Backward).unwrap();
        assert!(distance(&y, &expected) < 1e-12, "{n}");
        let back = Transform::Irfft
            .along(&y, Some(n as isize), -1, Norm::Backward)
            .unwrap();
        assert!(distance(&back, &x) < 1e-14, "{n}");
        // both ways of a complex transform, by its real and imaginary parts
        let z = complexes(&[2, n]);
        let again = Transform::Ifft
            .along(&fft(&z, -1), None, -1, Norm::Backward)
            .unwrap();
        assert!(distance(&again, &z) < 1e-14, "{n}");
        let whole = fft(&x.cast(DType::C128).unwrap(), -1);
        assert!(
            distance(&whole.narrow(-1, 0, n / 2 + 1).unwrap(), &expected) < 1e-12,
            "{n}"
        );
        let single = Transform::Rfft
            .along(&x.cast(DType::F32).unwrap(), None, -1, Norm::Backward)
            .unwrap();
        assert!(distance(&single, &expected) < 1e-4, "{n}");
    }
}

#[test]
fn inverses_undo_transforms() {
    for n in [1, 2, 3, 8, 15, 64, 97, 210, 4096, 5003] {
        let x = complexes(&[2, n]);
        for norm in [Norm::Backward, Norm::Ortho, Norm::Forward] {
            let y = Transform::Fft.along(&x, None, -1, norm).unwrap();
            let back = Transform::Ifft.along(&y, None, -1, norm).unwrap();
            assert!(distance(&back, &x) < 1e-13, "{n} {norm:?}");
            let x = reals(&[2, n]);
            let y = Transform::Rfft.along(&x, None, -1, norm).unwrap();
            let back = Transform::Irfft
                .along(&y, Some(n as isize), -1, norm)
                .unwrap();
            assert!(distance(&back, &x) < 1e-13, "{n} {norm:?}");
        }
    }
}

#[test]
fn layouts_change_no_value() {
    let x = complexes(&[6, 10, 5]);
    let views = [
        x.transpose().unwrap(),
        x.slice(&[SliceItem::ALL.step_by(-2), SliceItem::Index(3)])
            .unwrap(),
        x.slice(&[SliceItem::ALL, SliceItem::ALL.step_by(3)])
            .unwrap(),
        x.slice(&[SliceItem::Index(0)])
            .unwrap()
            .broadcast_to(&[4, 10, 5])
            .unwrap(),
    ];
    for view in views {
        let copy = view.contiguous().unwrap();
        for axis in 0..view.rank() as isize {
            assert!(distance(&fft(&view, axis), &fft(&copy, axis)) == 0.0);
        }
        let all = |x: &Raw| {
            Transform::Fft
                .over("fftn", x, None, None, Norm::Ortho)
                .unwrap()
        };
        assert!(distance(&all(&view), &all(&copy)) < 1e-13);
    }
}

#[test]
fn a_transform_over_axes_is_one_after_the_other() {
    let x = complexes(&[4, 6, 5]);
    let over = Transform::Fft
        .over("fftn", &x, None, Some(&[0, 2]), Norm::Backward)
        .unwrap();
    assert!(distance(&over, &fft(&fft(&x, 2), 0)) < 1e-13);
    let real = reals(&[4, 6, 5]);
    let half = Transform::Rfft
        .over("rfftn", &real, None, None, Norm::Backward)
        .unwrap();
    assert_eq!(half.shape(), [4, 6, 3]);
    let back = Transform::Irfft
        .over(
            "irfftn",
            &half,
            Some(&[None, None, Some(5)]),
            Some(&[0, 1, 2]),
            Norm::Backward,
        )
        .unwrap();
    assert!(distance(&back, &real) < 1e-14);
}

#[test]
fn what_is_wrong_is_an_error() {
    let x = reals(&[3, 4]);
    let along = |t: Transform, x: &Raw, n, axis| t.along(x, n, axis, Norm::Backward).unwrap_err();
    assert!(along(Transform::Fft, &x, None, 2).is_axis());
    assert!(
        along(Transform::Fft, &x, Some(0), 0)
            .to_string()
            .contains("Invalid number of FFT data points (0) specified.")
    );
    assert!(along(Transform::Irfft, &reals(&[1]), None, 0).is_value());
    assert!(along(Transform::Rfft, &complexes(&[4]), None, 0).is_dtype());
    assert!(Norm::parse("fft", "none").unwrap_err().is_value());
    assert!(
        along(
            Transform::Fft,
            &Raw::zeros(&[0], DType::F64).unwrap(),
            None,
            0
        )
        .is_value()
    );
    assert!(
        along(
            Transform::Fft,
            &Raw::zeros(&[], DType::F64).unwrap(),
            None,
            0
        )
        .is_axis()
    );
    assert!(fwht(&reals(&[6]), 0, Norm::Backward).is_err());
    assert!(fftconvolve(&reals(&[2, 9]), &reals(&[9, 2]), Mode::Valid, None).is_err());
}

#[test]
fn shifts_undo_each_other() {
    for n in [1, 2, 5, 8] {
        let x = reals(&[n, 3]);
        let there = fftshift(&x, Axes::All).unwrap();
        assert!(distance(&ifftshift(&there, Axes::All).unwrap(), &x) == 0.0);
    }
}

/// A linear map, its name, and whether it takes complex numbers.
type Map = (&'static str, Box<dyn Fn(&Raw) -> Result<Raw>>, bool);

fn maps() -> Vec<Map> {
    let mut all: Vec<Map> = vec![
        (
            "fft",
            Box::new(|x| Transform::Fft.along(x, Some(5), -1, Norm::Ortho)),
            true,
        ),
        (
            "ifft",
            Box::new(|x| Transform::Ifft.along(x, Some(3), 0, Norm::Forward)),
            true,
        ),
        (
            "irfft",
            Box::new(|x| Transform::Irfft.along(x, Some(7), -1, Norm::Backward)),
            true,
        ),
        (
            "hfft",
            Box::new(|x| Transform::Hfft.along(x, None, -1, Norm::Backward)),
            true,
        ),
        (
            "rfft",
            Box::new(|x| Transform::Rfft.along(x, Some(6), -1, Norm::Backward)),
            false,
        ),
        (
            "ihfft",
            Box::new(|x| Transform::Ihfft.along(x, None, 0, Norm::Backward)),
            false,
        ),
        (
            "fft of reals",
            Box::new(|x| Transform::Fft.along(x, None, -1, Norm::Backward)),
            false,
        ),
        (
            "rfftn",
            Box::new(|x| Transform::Rfft.over("rfftn", x, None, None, Norm::Ortho)),
            false,
        ),
        (
            "irfftn",
            Box::new(|x| Transform::Irfft.over("irfftn", x, None, None, Norm::Ortho)),
            true,
        ),
        ("fwht", Box::new(|x| fwht(x, -1, Norm::Ortho)), false),
    ];
    for family in [Family::Cosine, Family::Sine] {
        for kind in [Type::I, Type::II, Type::III, Type::IV] {
            for norm in [Norm::Backward, Norm::Ortho] {
                let wave = WaveTransform {
                    family,
                    kind,
                    direction: Direction::Forward,
                    norm,
                    orthogonalize: None,
                };
                all.push((
                    "wave",
                    Box::new(move |x| wave.over("dct", x, Some(&[5]), Some(&[-1]))),
                    false,
                ));
            }
        }
    }
    all
}

#[test]
fn gradients_of_all_orders_are_those_of_linear_maps() {
    for (name, f, complex) in maps() {
        let x = if complex {
            complexes(&[2, 4])
        } else {
            reals(&[2, 4])
        };
        let of = |x: &[Raw]| f(&x[0]);
        check_gradients(&of, std::slice::from_ref(&x), Tolerance::default())
            .unwrap_or_else(|e| panic!("{name}: {e}"));
        let square = |x: &[Raw]| f(&x[0]).and_then(|y| y.mul(&y));
        check_second_gradients(&square, &[x], Tolerance::default())
            .unwrap_or_else(|e| panic!("{name}: {e}"));
    }
}

#[test]
fn batches_and_tangents_are_transforms_too() {
    for (name, f, complex) in maps() {
        let x = if complex {
            complexes(&[3, 2, 4])
        } else {
            reals(&[3, 2, 4])
        };
        let batch = vmap(
            |x| Ok(vec![f(&x[0])?]),
            std::slice::from_ref(&x),
            &[Some(0)],
            &|_| Some(0),
        )
        .unwrap();
        for i in 0..3 {
            let one = |x: &Raw| x.slice(&[SliceItem::Index(i)]).unwrap();
            assert!(
                distance(&one(&batch[0]), &f(&one(&x)).unwrap()) < 1e-13,
                "{name}"
            );
        }
        let x = x.slice(&[SliceItem::Index(0)]).unwrap();
        let t = x.flip(Axes::All).unwrap();
        let (_, moved) = jvp(|x| Ok(vec![f(&x[0])?]), &[x], std::slice::from_ref(&t)).unwrap();
        assert!(distance(&moved[0], &f(&t).unwrap()) < 1e-13, "{name}");
    }
}

#[test]
fn walsh_transforms_of_narrow_integers_are_wide() {
    let ones = Raw::from_vec(vec![true; 1024], &[1024]).unwrap();
    let y = civita_fft::fwht(&ones, 0, civita_fft::Norm::Backward).unwrap();
    assert_eq!(y.to_vec::<i64>().unwrap()[..2], [1024, 0]);
    let bytes = Raw::from_vec(vec![100u8, 200], &[2]).unwrap();
    let y = civita_fft::fwht(&bytes, 0, civita_fft::Norm::Backward).unwrap();
    assert_eq!(y.to_vec::<i64>().unwrap(), [300, -100]);
}
