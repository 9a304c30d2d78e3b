//! Threads that write through aliasing views while others read: every operation sees a buffer before or after a write,
//! never in the middle of one, and ends.

use std::sync::atomic::{AtomicBool, Ordering};

use civita_core::dtype::{Casting, DType, Scalar};
use civita_core::error::Result;
use civita_core::layout::{Axes, SliceItem};
use civita_core::ops::{Op, Reduction};
use civita_core::raw::ReduceOptions;
use civita_core::raw::{Mode, Raw, write_elementwise};
use civita_core::storage::Access;

const N: usize = if cfg!(miri) { 12 } else { 40_000 };
const ROUNDS: usize = if cfg!(miri) { 3 } else { 200 };

fn filled(value: f64) -> Raw {
    Raw::full(&[N], Scalar::Float(value), DType::F64)
        .unwrap()
        .into_aliased()
        .unwrap()
}

/// A writer fills an array with one number after the other; whoever reads finds one number everywhere.
#[test]
fn readers_see_whole_writes() {
    let x = filled(0.0);
    let done = AtomicBool::new(false);
    let same = |values: Vec<f64>, what: &str| {
        assert!(values.iter().all(|v| *v == values[0]), "{what}: torn")
    };
    std::thread::scope(|s| {
        s.spawn(|| {
            let mut view = x.flip(Axes::All).unwrap();
            for round in 0..ROUNDS {
                view.assign(&Raw::scalar(Scalar::Float(round as f64), DType::F64).unwrap())
                    .unwrap();
                let one = Scalar::Float(1.0);
                write_elementwise(
                    Op::Add,
                    &[(&view.clone()).into(), one.into()],
                    &mut view,
                    Casting::SameKind,
                )
                .unwrap();
            }
            done.store(true, Ordering::Relaxed);
        });
        s.spawn(|| {
            while !done.load(Ordering::Relaxed) {
                same(x.to_vec().unwrap(), "to_vec");
                same(x.add(&x).unwrap().to_vec().unwrap(), "add");
                let (most, least) = (extreme(&x, Reduction::Max), extreme(&x, Reduction::Min));
                assert!(least <= most || most < ROUNDS as f64);
                let indices = Raw::from_vec((0..N as i64).rev().collect(), &[N]).unwrap();
                same(
                    x.take(&indices, 0, Mode::Raise).unwrap().to_vec().unwrap(),
                    "take",
                );
            }
        });
        s.spawn(|| {
            while !done.load(Ordering::Relaxed) {
                let even = x.slice(&[SliceItem::ALL.step_by(2)]).unwrap();
                same(even.neg().unwrap().to_vec().unwrap(), "neg of a view");
                same(
                    even.cast(DType::F32)
                        .unwrap()
                        .cast(DType::F64)
                        .unwrap()
                        .to_vec()
                        .unwrap(),
                    "cast of a view",
                );
                assert!(x.item().is_err());
            }
        });
    });
}

fn extreme(x: &Raw, op: Reduction) -> f64 {
    x.reduce(op, ReduceOptions::default())
        .unwrap()
        .item()
        .unwrap()
        .as_f64()
}

/// Two arrays, written from one another in both directions at once: the guards are taken in one order, so nobody waits
/// for ever, and no increment is lost.
#[test]
fn crossed_writes_neither_deadlock_nor_lose_anything() {
    let (a, b) = (filled(0.0), filled(0.0));
    std::thread::scope(|s| {
        for (from, to) in [(&a, &b), (&b, &a), (&a, &b)] {
            s.spawn(move || {
                let mut to = to.clone();
                let zero = from.slice(&[(0..0).into()]).unwrap();
                assert!(zero.is_empty());
                for _ in 0..ROUNDS {
                    // to += 0 · from + 1, in one operation on both buffers
                    let kept = from.clone();
                    write_elementwise(
                        Op::Where,
                        &[(&is_true()).into(), (&to.clone()).into(), (&kept).into()],
                        &mut to,
                        Casting::SameKind,
                    )
                    .unwrap();
                    write_elementwise(
                        Op::Add,
                        &[(&to.clone()).into(), Scalar::Float(1.0).into()],
                        &mut to,
                        Casting::SameKind,
                    )
                    .unwrap();
                }
            });
        }
    });
    assert!(
        a.to_vec::<f64>()
            .unwrap()
            .iter()
            .all(|&v| v == ROUNDS as f64)
    );
    assert!(
        b.to_vec::<f64>()
            .unwrap()
            .iter()
            .all(|&v| v == 2.0 * ROUNDS as f64)
    );
}

fn is_true() -> Raw {
    Raw::scalar(Scalar::Bool(true), DType::Bool).unwrap()
}

/// Distinct views of one buffer, written by threads of their own.
#[test]
fn views_of_one_buffer_are_written_in_turn() {
    let x = filled(0.0);
    std::thread::scope(|s| {
        for part in 0..4usize {
            let mut view = x.slice(&[SliceItem::from(part..).step_by(4)]).unwrap();
            s.spawn(move || {
                for _ in 0..ROUNDS {
                    write_elementwise(
                        Op::Add,
                        &[(&view.clone()).into(), Scalar::Float(1.0).into()],
                        &mut view,
                        Casting::SameKind,
                    )
                    .unwrap();
                }
            });
        }
    });
    assert!(
        x.to_vec::<f64>()
            .unwrap()
            .iter()
            .all(|&v| v == ROUNDS as f64)
    );
    assert!(x.storage().version() >= 4 * ROUNDS as u64);
}

/// An Owned value never changes under a handle, whatever its clones do.
#[test]
fn owned_values_are_values() -> Result<()> {
    let x = Raw::full(&[N], Scalar::Float(1.0), DType::F64)?;
    std::thread::scope(|s| {
        for k in 0..3 {
            let mut mine = x.clone();
            s.spawn(move || {
                for round in 0..ROUNDS.min(20) {
                    let value = (k * 100 + round) as f64;
                    mine.assign(&Raw::scalar(Scalar::Float(value), DType::F64).unwrap())
                        .unwrap();
                    assert!(mine.as_slice::<f64>().unwrap().iter().all(|&v| v == value));
                }
            });
        }
        for _ in 0..ROUNDS.min(20) {
            assert!(x.as_slice::<f64>().unwrap().iter().all(|&v| v == 1.0));
        }
    });
    Ok(())
}

/// Memory that others filled: booleans of other bytes than 0 and 1, which no op passes on to Rust.
#[test]
fn foreign_booleans_are_true_or_false_only() -> Result<()> {
    let mut memory: Vec<u8> = vec![0, 1, 2, 255, 128, 0, 7, 1];
    let n = memory.len();
    let base = memory.as_mut_ptr();
    // SAFETY: the vector outlives the tensor.
    let x = unsafe { Raw::foreign(base, n, DType::Bool, &[n], &[1], 0, Box::new(()), true) }?;
    let wanted = [false, true, true, true, true, false, true, true];
    assert_eq!(x.storage().access(), Access::Foreign);
    assert_eq!(x.to_vec::<bool>()?, wanted);
    assert_eq!(x.clone().into_owned()?.as_slice::<bool>()?, wanted);
    assert_eq!(x.logical_not()?.to_vec::<bool>()?, wanted.map(|v| !v));
    assert_eq!(x.bitwise_and(&x)?.into_owned()?.as_slice::<bool>()?, wanted);
    assert_eq!(x.add(&x)?.into_owned()?.as_slice::<bool>()?, wanted);
    assert_eq!(x.eq(&x)?.to_vec::<bool>()?, [true; 8]);
    assert_eq!(x.cast(DType::I64)?.to_vec::<i64>()?, wanted.map(i64::from));
    assert_eq!(
        x.cast(DType::F32)?.to_vec::<f32>()?,
        wanted.map(|v| f32::from(u8::from(v)))
    );
    assert_eq!(x.sum_all()?.item()?.as_f64(), 6.0);
    assert_eq!(
        x.reduce(Reduction::Argmax, ReduceOptions::default())?
            .item()?
            .as_f64(),
        1.0
    );
    assert_eq!(
        x.reduce(Reduction::Max, ReduceOptions::default())?
            .into_owned()?
            .as_slice::<bool>()?,
        [true]
    );
    let values = Raw::from_vec((0..n as i32).collect(), &[n])?;
    assert_eq!(values.select(&x)?.to_vec::<i32>()?, [1, 2, 3, 4, 6, 7]);
    assert_eq!(
        x.take(&values, 0, Mode::Raise)?
            .into_owned()?
            .as_slice::<bool>()?,
        wanted
    );
    assert_eq!(
        x.choose(&values, &values.neg()?)?.to_vec::<i32>()?,
        [0, 1, 2, 3, 4, -5, 6, 7]
    );
    assert_eq!(
        x.flip(Axes::All)?
            .contiguous()?
            .into_owned()?
            .as_slice::<bool>()?
            .len(),
        n
    );
    assert_eq!(
        Raw::concatenate(&[&x, &x], 0)?
            .into_owned()?
            .as_slice::<bool>()?[..n],
        wanted
    );
    assert_eq!(x.matmul(&x)?.into_owned()?.as_slice::<bool>()?, [true]);
    assert_eq!(
        x.cumsum(None, None)?.to_vec::<i64>()?,
        [0, 1, 2, 3, 4, 4, 5, 6]
    );
    drop(x);
    drop(memory);
    Ok(())
}

/// Indices that another thread changes all the time: an index is looked at once, in memory of our own.
#[test]
#[cfg_attr(miri, ignore = "a data race on purpose, as foreign memory has them")]
fn indices_and_masks_that_change_meanwhile_are_harmless() {
    // atomics, so that the race is none to this program
    let memory: Vec<std::sync::atomic::AtomicI64> = (0..1000).map(|_| 0.into()).collect();
    let base = memory.as_ptr().cast::<u8>().cast_mut();
    // SAFETY: the vector outlives the tensor; whoever writes meanwhile writes whole numbers.
    let indices = unsafe {
        Raw::foreign(
            base,
            8000,
            DType::I64,
            &[1000],
            &[1],
            0,
            Box::new(()),
            false,
        )
    }
    .unwrap();
    let x = Raw::from_vec(vec![1.0f32; 10], &[10]).unwrap();
    let done = AtomicBool::new(false);
    std::thread::scope(|s| {
        s.spawn(|| {
            let mut round = 0i64;
            while !done.load(Ordering::Relaxed) {
                round += 1;
                let value = if round % 2 == 0 {
                    round % 10
                } else {
                    i64::MAX - round
                };
                memory
                    .iter()
                    .for_each(|m| m.store(value, Ordering::Relaxed));
            }
        });
        for _ in 0..200 {
            if let Ok(y) = x.take(&indices, 0, Mode::Raise) {
                assert!(y.to_vec::<f32>().unwrap().iter().all(|&v| v == 1.0));
            }
            let mask = indices.eq(&Raw::zeros(&[], DType::I64).unwrap()).unwrap();
            assert!(indices.select(&mask).unwrap().len() <= 1000);
            let y = indices
                .take(&Raw::from_vec(vec![0i64], &[1]).unwrap(), 0, Mode::Clip)
                .unwrap();
            assert_eq!(y.len(), 1);
            let _ = indices.one_hot(10, DType::F32);
        }
        done.store(true, Ordering::Relaxed);
    });
}
