//! Ops on strided operands against the same on copies that a plain loop over `layout().indices()` made: whatever way the
//! drivers take (in place, tiled, packed, gathered, converted, split among threads), the bits are those of the simplest.

use civita_core::device::Device;
use civita_core::dtype::{Casting, DType, Kind, Scalar};
use civita_core::error::Result;
use civita_core::graph::Function;
use civita_core::layout::{Axes, KeepDims, Layout, SliceItem};
use civita_core::ops::{Class, Op, REDUCTIONS, ROWS, Reduction};
use civita_core::program::Program;
use civita_core::raw::ReduceOptions;
use civita_core::raw::{Mode, Raw, write_elementwise};
use civita_core::threads::with_threads;
use proptest::prelude::*;

/// SplitMix64 (Steele, Lea & Flood 2014).
struct Random(u64);

impl Random {
    fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        z ^ (z >> 31)
    }
    fn below(&mut self, n: usize) -> usize {
        (self.next() % n as u64) as usize
    }
    fn one_of<T: Copy>(&mut self, all: &[T]) -> T {
        all[self.below(all.len())]
    }
}

/// Whole numbers, which every dtype holds and whose sums are exact.
fn whole(random: &mut Random, n: usize, dtype: DType) -> Raw {
    let least = if dtype.kind() <= Kind::Unsigned {
        0
    } else {
        -3
    };
    let most = if dtype == DType::Bool { 2 } else { 7 };
    let values = (0..n)
        .map(|_| (random.below(most) as i64 + least) as f64)
        .collect();
    Raw::from_vec::<f64>(values, &[n])
        .unwrap()
        .cast(dtype)
        .unwrap()
}

/// Numbers that round.
fn rough(random: &mut Random, n: usize, dtype: DType) -> Raw {
    let values = (0..n)
        .map(|_| (random.next() >> 11) as f64 / (1u64 << 52) as f64 - 1.0)
        .collect();
    Raw::from_vec::<f64>(values, &[n])
        .unwrap()
        .cast(dtype)
        .unwrap()
}

/// How an axis lies in memory: its step there, 0 where it is broadcast.
const STEPS: &[isize] = &[1, 1, 1, -1, 2, -3, 0];

/// A tensor of this shape whose axes lie in memory in a random order with random steps.
fn strided(
    random: &mut Random,
    shape: &[usize],
    steps: &[isize],
    fill: impl Fn(&mut Random, usize) -> Raw,
) -> Raw {
    let rank = shape.len();
    let mut order: Vec<usize> = (0..rank).collect();
    for i in (1..rank).rev() {
        order.swap(i, random.below(i + 1));
    }
    let chosen: Vec<isize> = (0..rank).map(|_| random.one_of(steps)).collect();
    let memory: Vec<usize> = order
        .iter()
        .map(|&a| {
            if chosen[a] == 0 {
                1
            } else {
                shape[a] * chosen[a].unsigned_abs()
            }
        })
        .collect();
    let base = fill(random, memory.iter().product())
        .reshape(&memory)
        .unwrap();
    let items: Vec<SliceItem> = order
        .iter()
        .map(|&a| SliceItem::ALL.step_by(if chosen[a] == 0 { 1 } else { chosen[a] }))
        .collect();
    let mut back = vec![0isize; rank];
    for (k, &a) in order.iter().enumerate() {
        back[a] = k as isize;
    }
    base.slice(&items)
        .unwrap()
        .permute(&back)
        .unwrap()
        .broadcast_to(shape)
        .unwrap()
}

/// The bytes of the elements in C order, by a plain loop.
fn bytes(x: &Raw) -> Vec<u8> {
    let size = x.dtype().size();
    let mut out = Vec::with_capacity(x.len() * size);
    for i in x.layout().indices() {
        // SAFETY: the layout lies within the buffer, and no other thread writes it.
        out.extend_from_slice(unsafe {
            std::slice::from_raw_parts(x.storage().ptr().add(i * size), size)
        });
    }
    out
}

/// A contiguous tensor of the same elements, by a plain loop.
fn dense(x: &Raw) -> Raw {
    let out = Raw::zeros(x.shape(), x.dtype()).unwrap();
    let bytes = bytes(x);
    // SAFETY: a new tensor of as many bytes, which nobody else holds.
    unsafe { std::ptr::copy_nonoverlapping(bytes.as_ptr(), out.ptr(), bytes.len()) };
    out
}

fn scalars(x: &Raw) -> Vec<Scalar> {
    bytes(x)
        .chunks(x.dtype().size())
        .map(|b| Scalar::from_bytes(x.dtype(), b))
        .collect()
}

/// The same on one thread and on two, and with the operands copied: equal bits, or the same error.
#[track_caller]
fn agree(what: &str, operands: &[Raw], f: impl Fn(&[Raw]) -> Result<Raw>) {
    let copies: Vec<Raw> = operands.iter().map(dense).collect();
    let wanted = with_threads(1, || f(&copies));
    for n in [1, 2] {
        let found = with_threads(n, || f(operands));
        match (&found, &wanted) {
            (Ok(found), Ok(wanted)) => {
                assert_eq!(
                    (found.shape(), found.dtype()),
                    (wanted.shape(), wanted.dtype()),
                    "{what}"
                );
                let (a, b) = (bytes(found), bytes(wanted));
                if a != b {
                    let at = a.iter().zip(&b).position(|(a, b)| a != b).unwrap_or(0)
                        / found.dtype().size();
                    let layouts: Vec<&Layout> = operands.iter().map(Raw::layout).collect();
                    panic!(
                        "{what} on {n} threads: element {at} is {:?}, of copies {:?}; {layouts:?}",
                        scalars(found)[at],
                        scalars(wanted)[at]
                    );
                }
            }
            (Err(a), Err(b)) => assert_eq!(a.to_string(), b.to_string(), "{what}"),
            _ => panic!(
                "{what}: {:?} but of copies {:?}",
                found.is_ok(),
                wanted.is_ok()
            ),
        }
    }
    if copies.iter().all(|x| x.len() <= FEW) {
        let there: Result<Vec<Raw>> = copies
            .iter()
            .map(|x| x.to_device(Device::Reference))
            .collect();
        let found = f(&there.unwrap()).and_then(|y| y.to_device(Device::Cpu));
        match (&found, &wanted) {
            (Ok(found), Ok(wanted)) => assert_eq!(
                (found.dtype(), bytes(found)),
                (wanted.dtype(), bytes(&dense(wanted))),
                "{what} on the reference device"
            ),
            (Err(a), Err(b)) => assert_eq!(a.to_string(), b.to_string(), "{what}"),
            (found, _) => panic!("{what} on the reference device: {found:?}"),
        }
    }
}

/// Elements that are computed one at a time too.
const FEW: usize = 1000;

const CASES: u32 = if cfg!(miri) { 2 } else { 96 };

fn shape_of(random: &mut Random, most: usize) -> Vec<usize> {
    const LENGTHS: &[usize] = if cfg!(miri) {
        &[0, 1, 2, 3, 5]
    } else {
        &[0, 1, 1, 2, 3, 5, 7, 8, 16, 17, 31, 65]
    };
    loop {
        let rank = random.below(5);
        let shape: Vec<usize> = (0..rank).map(|_| random.one_of(LENGTHS)).collect();
        if shape.iter().product::<usize>() <= most {
            return shape;
        }
    }
}

/// Some axes and lengths of 1 of a shape, which broadcast to it.
fn part_of(random: &mut Random, shape: &[usize]) -> Vec<usize> {
    let from = if random.below(3) == 0 {
        random.below(shape.len() + 1)
    } else {
        0
    };
    shape[from..]
        .iter()
        .map(|&n| if random.below(4) == 0 { 1 } else { n })
        .collect()
}

const MOST: usize = if cfg!(miri) { 30 } else { 30_000 };

proptest! {
    #![proptest_config(ProptestConfig { cases: CASES, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn every_row_on_strided_operands(seed: u64) {
        let random = &mut Random(seed);
        let rows: Vec<_> = if cfg!(miri) { vec![&ROWS[random.below(ROWS.len())]] } else { ROWS.iter().collect() };
        for row in rows {
            let shape = shape_of(random, MOST / 10);
            let operands: Vec<Raw> = (0..row.arity)
                .map(|k| {
                    let dtype = if row.class == Class::Select && k == 0 { DType::Bool } else { random.one_of(&DType::ALL) };
                    let shape = part_of(random, &shape);
                    strided(random, &shape, STEPS, |r, n| whole(r, n, dtype))
                })
                .collect();
            agree(row.name, &operands, |x| Raw::apply(row.op, &x.iter().map(Into::into).collect::<Vec<_>>()));
        }
    }

    #[test]
    fn sums_in_plain_rust(seed: u64) {
        let random = &mut Random(seed);
        let shape = shape_of(random, MOST);
        let (a, b) = (part_of(random, &shape), part_of(random, &shape));
        let a = strided(random, &a, STEPS, |r, n| rough(r, n, DType::F32));
        let b = strided(random, &b, STEPS, |r, n| rough(r, n, DType::F32));
        let c = a.add(&b).unwrap();
        let at = |x: &Raw, i: usize| -> f32 {
            // SAFETY: the layout lies within the buffer.
            unsafe { *x.storage().ptr().cast::<f32>().add(i) }
        };
        let (la, lb) = (a.layout().broadcast_to(c.shape()).unwrap(), b.layout().broadcast_to(c.shape()).unwrap());
        for ((i, j), k) in la.indices().zip(lb.indices()).zip(c.layout().indices()) {
            prop_assert_eq!(at(&a, i) + at(&b, j), at(&c, k));
        }
    }

    #[test]
    fn fused_programs(seed: u64) {
        let random = &mut Random(seed);
        let shape = shape_of(random, MOST);
        let inputs = 1 + random.below(8);
        let operands: Vec<Raw> = (0..inputs)
            .map(|_| {
                let dtype = random.one_of(&DType::ALL);
                let shape = part_of(random, &shape);
                strided(random, &shape, STEPS, |r, n| whole(r, n, dtype))
            })
            .collect();
        let program = Program::trace(inputs, |b| {
            let sum = (1..inputs).fold(b.input(0), |s, i| s + b.input(i) * b.input(i / 2) + 1.0);
            (sum * 0.5 - b.input(0).cast(DType::F32)) * sum
        });
        let function = Function::new(program, "fused");
        agree("fused", &operands, |x| Raw::call(&function, &x.iter().collect::<Vec<_>>()));
    }

    #[test]
    fn assignments_between_all_dtypes(seed: u64) {
        let random = &mut Random(seed);
        let shape = shape_of(random, MOST);
        let (from, to) = (random.one_of(&DType::ALL), random.one_of(&DType::ALL));
        let source = part_of(random, &shape);
        let source = strided(random, &source, STEPS, |r, n| whole(r, n, from));
        for n in [1, 2] {
            let mut target = strided(random, &shape, &[1, -1, 2, -3], |r, n| whole(r, n, to)).into_aliased().unwrap();
            with_threads(n, || target.assign(&source)).unwrap();
            let wanted = dense(&source).cast(to).unwrap().broadcast_to(&shape).unwrap();
            prop_assert_eq!(bytes(&target), bytes(&wanted), "{} to {}", from, to);
        }
    }

    #[test]
    fn outputs_that_may_be_inputs(seed: u64) {
        let random = &mut Random(seed);
        let dtype = random.one_of(&DType::ALL);
        let n = 1 + random.below(if cfg!(miri) { 4 } else { 70 });
        let base = strided(random, &[n + 1, n + 1], &[1, -1, 2], |r, n| whole(r, n, dtype)).into_aliased().unwrap();
        let part = |i: usize, j: usize| base.slice(&[(i..i + n).into(), (j..j + n).into()]).unwrap();
        let views = [part(0, 0), part(1, 0), part(0, 1), part(1, 1), part(0, 0).transpose().unwrap(), part(1, 1).flip(Axes::All).unwrap()];
        let (a, b, mut out) = (&views[random.below(6)], &views[random.below(6)], views[random.below(6)].clone());
        let op = random.one_of(&[Op::Add, Op::Mul, Op::Maximum]);
        let (x, y) = (dense(a), dense(b));
        let wanted = Raw::apply(op, &[(&x).into(), (&y).into()]).unwrap();
        write_elementwise(op, &[a.into(), b.into()], &mut out, Casting::Unsafe).unwrap();
        prop_assert_eq!(bytes(&out), bytes(&wanted));
    }

    #[test]
    fn outputs_of_another_dtype(seed: u64) {
        let random = &mut Random(seed);
        let shape = shape_of(random, MOST);
        let (dtype, to) = (random.one_of(&DType::ALL), random.one_of(&DType::ALL));
        let (a, b) = (part_of(random, &shape), part_of(random, &shape));
        let a = strided(random, &a, STEPS, |r, n| whole(r, n, dtype));
        let b = strided(random, &b, STEPS, |r, n| whole(r, n, dtype));
        let mut out = strided(random, &shape, &[1, 2, -3], |r, n| whole(r, n, to)).into_aliased().unwrap();
        write_elementwise(Op::Maximum, &[(&a).into(), (&b).into()], &mut out, Casting::Unsafe).unwrap();
        let wanted = dense(&a).maximum(&dense(&b)).unwrap().cast(to).unwrap().broadcast_to(&shape).unwrap();
        prop_assert_eq!(bytes(&out), bytes(&wanted), "{} to {}", dtype, to);
    }

    #[test]
    fn reductions_in_plain_rust(seed: u64) {
        let random = &mut Random(seed);
        for dtype in DType::ALL {
            if cfg!(miri) && random.below(5) > 0 {
                continue;
            }
            let shape = shape_of(random, MOST / 4);
            let x = strided(random, &shape, STEPS, |r, n| whole(r, n, dtype));
            let axes: Vec<isize> = (0..shape.len() as isize).filter(|_| random.below(2) == 0).collect();
            reduces_as_plain_rust(&x, &axes);
        }
    }

    #[test]
    fn reductions_have_equal_bits_on_one_thread_and_on_two(seed: u64) {
        let random = &mut Random(seed);
        let shape = shape_of(random, MOST * 4);
        let dtype = random.one_of(&[DType::F16, DType::BF16, DType::F32, DType::F64, DType::C64, DType::C128]);
        let x = strided(random, &shape, STEPS, |r, n| rough(r, n, dtype));
        let axes: Vec<isize> = (0..shape.len() as isize).filter(|_| random.below(2) == 0).collect();
        for row in REDUCTIONS {
            let reduce = || x.reduce(row.op, ReduceOptions { axes: Axes::List(&axes), ..Default::default() });
            match (with_threads(1, reduce), with_threads(2, reduce)) {
                (Ok(a), Ok(b)) => prop_assert_eq!(bytes(&a), bytes(&b), "{}", row.name),
                (a, b) => prop_assert!(a.is_err() && b.is_err()),
            }
        }
    }

    #[test]
    fn running_sums_gathering_and_joining(seed: u64) {
        let random = &mut Random(seed);
        let dtype = random.one_of(&DType::ALL);
        let mut shape = shape_of(random, MOST);
        if shape.is_empty() {
            shape.push(1);
        }
        let x = strided(random, &shape, STEPS, |r, n| whole(r, n, dtype));
        let axis = random.below(shape.len());
        let (n, rank) = (shape[axis], shape.len() as isize);
        agree("cumsum", std::slice::from_ref(&x), |x| x[0].cumsum(Some(axis as isize), None));
        agree("cumsum of all", std::slice::from_ref(&x), |x| x[0].cumsum(None, None));
        agree("contiguous", std::slice::from_ref(&x), |x| x[0].contiguous());
        agree("reshape", std::slice::from_ref(&x), |x| x[0].reshape(&[x[0].len()]));
        agree("concatenate", &[x.clone(), x.clone()], |x| Raw::concatenate(&[&x[0], &x[1]], axis as isize - rank));
        if n > 0 {
            let indices: Vec<i64> = (0..random.below(40)).map(|_| random.below(2 * n) as i64 - n as i64).collect();
            let many = indices.len();
            let indices = Raw::from_vec(indices, &[many]).unwrap();
            agree("take", &[x.clone(), indices], |x| x[0].take(&x[1], axis as isize, Mode::Raise));
        }
        let covered = random.below(shape.len() + 1);
        let mask = strided(random, &shape[..covered], STEPS, |r, n| whole(r, n, DType::Bool));
        agree("select", &[x.clone(), mask.clone()], |x| x[0].select(&x[1]));
        agree("assign_where", &[x.clone(), mask], |x| {
            let mut y = x[0].copied()?;
            let source = y.select(&x[1])?.add(&Raw::ones(&[], dtype)?)?;
            y.assign_where(&x[1], &source)?;
            Ok(y)
        });
        if dtype.is_float() {
            let x = strided(random, &shape, STEPS, |r, n| rough(r, n, dtype));
            let softmax = || x.softmax(axis as isize).unwrap();
            prop_assert_eq!(bytes(&with_threads(1, softmax)), bytes(&with_threads(2, softmax)));
        }
    }
}

/// Every reduction of whole numbers, element by element.
#[track_caller]
fn reduces_as_plain_rust(x: &Raw, axes: &[isize]) {
    let (shape, dtype) = (x.shape(), x.dtype());
    let values: Vec<f64> = scalars(x).iter().map(|s| s.as_complex().re).collect();
    let kept: Vec<usize> = (0..shape.len())
        .filter(|&a| !axes.contains(&(a as isize)))
        .map(|a| shape[a])
        .collect();
    let results: usize = kept.iter().product();
    let count: usize = axes.iter().map(|&a| shape[a as usize]).product();
    let mut groups = vec![Vec::with_capacity(count); results];
    // the place of each element's result: the layout of the result, broadcast along the reduced axes
    let wide: Vec<usize> = (0..shape.len())
        .map(|a| {
            if axes.contains(&(a as isize)) {
                1
            } else {
                shape[a]
            }
        })
        .collect();
    let places = Layout::contiguous(&wide)
        .unwrap()
        .broadcast_to(shape)
        .unwrap();
    for (v, place) in values.iter().zip(places.indices()) {
        groups[place].push(*v);
    }
    let truth = |v: f64| f64::from(u8::from(v != 0.0));
    let first = |g: &[f64], best: f64| g.iter().position(|&v| v == best).unwrap_or(0) as f64;
    for row in REDUCTIONS {
        let one = matches!(row.op, Reduction::Argmax | Reduction::Argmin)
            && axes.len() != 1
            && axes.len() != shape.len();
        let found = x.reduce(
            row.op,
            ReduceOptions {
                axes: Axes::List(axes),
                ..Default::default()
            },
        );
        if one || (count == 0 && row.empty.is_none()) {
            assert!(found.is_err(), "{}", row.name);
            continue;
        }
        let found = found.unwrap_or_else(|e| panic!("{} of {dtype}: {e}", row.name));
        assert_eq!(found.shape(), kept, "{}", row.name);
        if row.op == Reduction::Prod {
            continue; // overflows: see below
        }
        for (g, found) in groups.iter().zip(scalars(&found)) {
            let n = g.len() as f64;
            let sum: f64 = g.iter().sum();
            let (most, least) = (
                g.iter().copied().fold(f64::NEG_INFINITY, f64::max),
                g.iter().copied().fold(f64::INFINITY, f64::min),
            );
            let variance = || g.iter().map(|v| (v - sum / n).powi(2)).sum::<f64>() / n;
            let wanted = match row.op {
                Reduction::Sum => sum,
                Reduction::Prod => unreachable!(),
                Reduction::Mean => sum / n,
                Reduction::Var => variance(),
                Reduction::Std => variance().sqrt(),
                Reduction::Max => most,
                Reduction::Min => least,
                Reduction::Argmax => first(g, most),
                Reduction::Argmin => first(g, least),
                Reduction::Any => g.iter().copied().map(truth).fold(0.0, f64::max),
                Reduction::All => g.iter().copied().map(truth).fold(1.0, f64::min),
                Reduction::LogSumExp => {
                    let m = if most.is_finite() { most } else { 0.0 };
                    m + g.iter().map(|v| (v - m).exp()).sum::<f64>().ln()
                }
            };
            let near = match found_precision(&found, row.op, x) {
                0.0 => found.as_complex().re == wanted,
                p => (found.as_complex().re - wanted).abs() <= p * wanted.abs().max(1.0),
            };
            // float16 ends at 65504, float8_e5m2 at 57344, float8_e4m3fn at 448
            let beyond = match dtype {
                DType::F16 => (65_000.0, f64::INFINITY),
                DType::F8E5M2 => (57_000.0, f64::INFINITY),
                DType::F8E4M3 => (447.0, f64::NAN),
                _ => (f64::INFINITY, f64::NAN),
            };
            let re = found.as_complex().re.abs();
            let beyond_range =
                wanted.abs() > beyond.0 && (re == beyond.1 || (re.is_nan() && beyond.1.is_nan()));
            assert!(
                near || beyond_range
                    || (wanted.is_nan() && found.as_complex().re.is_nan())
                    || found.as_complex().re == wanted,
                "{} of {dtype} over {axes:?} of {:?}: {found:?}, not {wanted}",
                row.name,
                x.layout()
            );
        }
    }
    products_as_plain_rust(x, axes, &groups);
}

/// Products over the same groups, of factors that tell how many were taken: -1 (integers, which wrap: 3) where an
/// element is positive, else 1.
#[track_caller]
fn products_as_plain_rust(x: &Raw, axes: &[isize], groups: &[Vec<f64>]) {
    let (zero, one) = (Scalar::Float(0.0), Scalar::Bool(true));
    let real = x.real().unwrap();
    let positive = Raw::apply(Op::Gt, &[(&real).into(), zero.into()]).unwrap();
    let ones = Raw::apply(
        Op::Where,
        &[(&x.gt(x).unwrap()).into(), x.into(), one.into()],
    )
    .unwrap();
    let whole = !(x.dtype().is_float() || x.dtype().is_complex());
    let factor = if whole {
        Scalar::Int(3)
    } else {
        Scalar::Int(-1)
    };
    let factors = Raw::apply(
        Op::Where,
        &[(&positive).into(), factor.into(), (&ones).into()],
    );
    let product = factors.unwrap().reduce(
        Reduction::Prod,
        ReduceOptions {
            axes: Axes::List(axes),
            ..Default::default()
        },
    );
    for (group, found) in groups.iter().zip(scalars(&product.unwrap())) {
        let count = group.iter().filter(|v| **v > 0.0).count() as u32;
        let right = match found {
            Scalar::Int(found) => found as u64 == 3u64.wrapping_pow(count),
            found => found.as_complex().re == if count.is_multiple_of(2) { 1.0 } else { -1.0 },
        };
        assert!(
            right,
            "prod of {} over {axes:?}: {found:?}, {count} factors",
            x.layout().len()
        );
    }
}

/// How far a result may be off: nothing where whole numbers stay whole.
fn found_precision(found: &Scalar, op: Reduction, x: &Raw) -> f64 {
    let rounds = !matches!(
        op,
        Reduction::Max
            | Reduction::Min
            | Reduction::Argmax
            | Reduction::Argmin
            | Reduction::Any
            | Reduction::All
    );
    match (found, x.dtype()) {
        (Scalar::Int(_) | Scalar::Bool(_), _) => 0.0,
        _ if !rounds => 0.0,
        (_, DType::F8E4M3) => 0.065,
        (_, DType::F8E5M2) => 0.13,
        (_, DType::BF16) => 8e-3,
        (_, DType::F16 | DType::Bool | DType::U8 | DType::I8) => 1e-3,
        (_, DType::F32 | DType::C64 | DType::U16 | DType::I16) => 1e-6,
        // the plain sum rounds more often than the engine's
        _ => 1e-11,
    }
}

/// Sizes around the borders of blocks (2,048 and less), tasks (16,384), pieces and slabs (32,768).
const LARGE: &[&[usize]] = if cfg!(miri) {
    &[&[3, 17]]
} else {
    &[
        &[2047],
        &[2049],
        &[32_767],
        &[32_769],
        &[70_001],
        &[200_003],
        &[2, 40_000],
        &[40_000, 2],
        &[40_000, 3],
        &[3, 40_001],
        &[17, 4099],
        &[4099, 17],
        &[63, 1200],
        &[1200, 63],
        &[65, 1025],
        &[300, 301],
        &[1025, 1023],
        &[2, 3, 20_001],
        &[20_001, 3, 2],
        &[40, 50, 60],
        &[7, 1, 9, 1025],
        &[1100, 33, 3],
    ]
};

fn layouts(
    random: &mut Random,
    shape: &[usize],
    fill: impl Fn(&mut Random, usize) -> Raw + Copy,
) -> Vec<Raw> {
    let mut all: Vec<Raw> = [&[1][..], &[-1], &[2], &[1, 0]]
        .iter()
        .map(|steps| strided(random, shape, steps, fill))
        .collect();
    let reversed: Vec<usize> = shape.iter().rev().copied().collect();
    all.push(
        fill(random, shape.iter().product())
            .reshape(&reversed)
            .unwrap()
            .transpose()
            .unwrap(),
    );
    all.push(fill(random, shape.iter().product()).reshape(shape).unwrap());
    all
}

#[test]
#[cfg_attr(miri, ignore = "slow, and no other code than the rest")]
fn large_sizes_cross_every_border() {
    let random = &mut Random(7);
    for shape in LARGE {
        let dtypes = [DType::U8, DType::F16, DType::F32, DType::F64, DType::C128];
        for dtype in dtypes
            .into_iter()
            .filter(|d| !cfg!(miri) || *d == DType::F16)
        {
            let all = layouts(random, shape, |r, n| whole(r, n, dtype));
            for (i, x) in all.iter().enumerate() {
                let y = &all[(i + 1 + random.below(all.len() - 1)) % all.len()];
                agree("add", &[x.clone(), y.clone()], |x| x[0].add(&x[1]));
                agree("cast", std::slice::from_ref(x), |x| x[0].cast(DType::F32));
                agree("copied", std::slice::from_ref(x), |x| x[0].copied());
                agree("where", &[x.clone(), y.clone()], |x| {
                    x[0].lt(&x[1])?.choose(&x[0], &x[1])
                });
                for axis in
                    (0..shape.len() as isize).filter(|_| matches!(dtype, DType::F16 | DType::F32))
                {
                    agree("cumsum", std::slice::from_ref(x), |x| {
                        x[0].cumsum(Some(axis), None)
                    });
                }
                agree("select", &[x.clone(), y.clone()], |x| {
                    x[0].select(&x[0].lt(&x[1])?)
                });
            }
        }
    }
}

#[test]
fn large_reductions_cross_every_border() {
    let random = &mut Random(8);
    for shape in LARGE {
        let dtype = random.one_of(&[
            DType::U8,
            DType::I32,
            DType::F16,
            DType::F32,
            DType::F64,
            DType::C64,
            DType::Bool,
        ]);
        for x in layouts(random, shape, |r, n| whole(r, n, dtype)) {
            for list in [
                &[][..],
                &[0],
                &[1],
                &[2],
                &[0, 1],
                &[0, 2],
                &[1, 2],
                &[0, 1, 2],
            ] {
                if list.iter().all(|&a: &isize| (a as usize) < shape.len()) {
                    reduces_as_plain_rust(&x, list);
                }
            }
        }
        for x in layouts(random, shape, |r, n| rough(r, n, DType::F32)) {
            for row in REDUCTIONS {
                for axis in 0..shape.len() as isize {
                    let f = || {
                        x.reduce(
                            row.op,
                            ReduceOptions {
                                axes: Axes::List(&[axis]),
                                ..Default::default()
                            },
                        )
                        .unwrap()
                    };
                    assert_eq!(
                        bytes(&with_threads(1, f)),
                        bytes(&with_threads(2, f)),
                        "{}",
                        row.name
                    );
                }
            }
            let f = || x.softmax(0).unwrap();
            assert_eq!(bytes(&with_threads(1, f)), bytes(&with_threads(2, f)));
        }
    }
}

#[test]
fn softmax_in_plain_rust() {
    let random = &mut Random(9);
    let n = if cfg!(miri) { 5 } else { 300 };
    for x in layouts(random, &[n, n + 1], |r, n| rough(r, n, DType::F64)) {
        let y = x.softmax(1).unwrap();
        let (xs, ys) = (scalars(&x), scalars(&y));
        for (x, y) in xs.chunks(n + 1).zip(ys.chunks(n + 1)) {
            let sum: f64 = x.iter().map(|v| v.as_f64().exp()).sum();
            for (x, y) in x.iter().zip(y) {
                assert!((x.as_f64().exp() / sum - y.as_f64()).abs() < 1e-15);
            }
        }
    }
}

#[test]
fn copies_of_halves_keep_the_bits_of_every_nan() -> Result<()> {
    // all of them, or under miri those around the ends of the exponents
    let all: Vec<u16> = (0..=u16::MAX)
        .filter(|v| !cfg!(miri) || v % 1021 < 2 || v & 0x7fff == 0x7c01)
        .collect();
    let n = all.len() & !7;
    let words = Raw::from_vec(all[..n].to_vec(), &[n / 8, 8])?;
    let bits = |x: &Raw| x.reinterpret(DType::U16)?.to_vec::<u16>();
    for dtype in [DType::F16, DType::BF16] {
        let x = words.reinterpret(dtype)?;
        let views: [fn(&Raw) -> Result<Raw>; 6] = [
            |x| Ok(x.clone()),
            Raw::transpose,
            |x| x.flip(Axes::All),
            |x| x.narrow(1, 1, 5),
            |x| x.narrow(1, 2, 1)?.broadcast_to(&[x.shape()[0], 70]),
            |x| x.expand_dims(&[0])?.broadcast_to(&[2, x.shape()[0], 8]),
        ];
        for view in views {
            let (seen, wanted) = (view(&x)?, view(&words)?.to_vec::<u16>()?);
            assert_eq!(bits(&seen.copied()?)?, wanted, "{dtype}");
            let mut out = Raw::zeros(seen.shape(), dtype)?;
            out.assign(&seen)?;
            assert_eq!(bits(&out)?, wanted, "{dtype}");
            // over memory that has gaps
            let mut shape = seen.shape().to_vec();
            shape.push(2);
            let mut gaps = Raw::zeros(&shape, dtype)?;
            let last = [SliceItem::Ellipsis, SliceItem::Index(1)];
            gaps.assign_slice(&last, &seen)?;
            assert_eq!(bits(&gaps.slice(&last)?.copied()?)?, wanted, "{dtype}");
            let joined = Raw::concatenate(&[&seen, &seen], 0)?;
            assert_eq!(bits(&joined)?, [&wanted[..], &wanted].concat(), "{dtype}");
        }
    }
    Ok(())
}

#[test]
fn two_imports_of_one_memory_may_overlap() -> Result<()> {
    let mut memory: Vec<f32> = (0..100).map(|i| i as f32).collect();
    let base = memory.as_mut_ptr().cast::<u8>();
    // SAFETY: the vector outlives both tensors, and nobody else touches it.
    let import = |offset: usize, stride: isize| unsafe {
        Raw::foreign(
            base,
            400,
            DType::F32,
            &[50],
            &[stride],
            offset,
            Box::new(()),
            true,
        )
        .unwrap()
    };
    let (x, mut out) = (import(0, 1), import(1, 1));
    write_elementwise(
        Op::Add,
        &[(&x).into(), Scalar::Float(0.5).into()],
        &mut out,
        Casting::SameKind,
    )?;
    assert_eq!(
        out.to_vec::<f32>()?,
        (0..50).map(|i| i as f32 + 0.5).collect::<Vec<_>>()
    );
    let (x, mut out) = (import(0, 1), import(49, -1));
    let wanted: Vec<f32> = x.to_vec()?;
    out.assign(&x)?;
    assert_eq!(out.to_vec::<f32>()?, wanted);
    drop((x, out));
    drop(memory);
    Ok(())
}

#[test]
#[cfg_attr(miri, ignore = "slow, and no other code than the rest")]
fn programs_that_are_too_large_for_one_pass_give_the_same() -> Result<()> {
    let n = if cfg!(miri) { 70 } else { 300 };
    let x = Raw::from_vec((0..n).map(|i| i as f64).collect(), &[n])?;
    // as many values at once as terms: all are kept until the end
    let wide = Program::trace(1, |b| {
        let terms: Vec<_> = (0..n).map(|i| b.input(0) * (i as f64 + 1.0)).collect();
        let products: Vec<_> = terms.iter().map(|&t| t.sin()).collect();
        (0..n)
            .rev()
            .fold(b.input(0) * 0.0, |s, i| s + products[i] * terms[n - 1 - i])
    });
    let found = Raw::call(&Function::new(wide, "wide"), &[&x])?.to_vec::<f64>()?;
    for (k, found) in found.into_iter().enumerate() {
        let term = |i: usize| k as f64 * (i as f64 + 1.0);
        let wanted: f64 = (0..n).rev().map(|i| term(i).sin() * term(n - 1 - i)).sum();
        assert!(
            (found - wanted).abs() <= 1e-9 * wanted.abs().max(1.0),
            "{k}: {found} {wanted}"
        );
    }
    // more inputs than one pass takes
    let inputs: Vec<Raw> = (0..40)
        .map(|i| Raw::from_vec(vec![i as f32, 1.0], &[2]))
        .collect::<Result<_>>()?;
    let sum = Program::trace(40, |b| (1..40).fold(b.input(0), |s, i| s + b.input(i)));
    let found = Raw::call(
        &Function::new(sum, "sum"),
        &inputs.iter().collect::<Vec<_>>(),
    )?;
    assert_eq!(found.to_vec::<f32>()?, [780.0, 40.0]);
    // a long chain: few values at once, many constants
    let chain = Program::trace(1, |b| (0..1000).fold(b.input(0), |s, i| s + f64::from(i)));
    let found = Raw::call(&Function::new(chain, "chain"), &[&x])?.to_vec::<f64>()?;
    assert_eq!(found[1], 1.0 + 499_500.0);
    Ok(())
}

#[test]
fn extreme_shapes() -> Result<()> {
    let one = Raw::ones(&[], DType::F32)?;
    // a billion elements of one place
    let wide = one.broadcast_to(&if cfg!(miri) {
        [10, 10]
    } else {
        [1000, 100_000]
    })?;
    assert_eq!(wide.sum_all()?.item()?.as_f64(), wide.len() as f64);
    // twelve axes
    let x = Raw::from_vec((0..4096).map(f64::from).collect(), &[2; 12])?;
    let t = x.transpose()?;
    assert_eq!(bytes(&t.add(&x)?), bytes(&dense(&t).add(&x)?));
    let all: Vec<isize> = (0..12).step_by(2).collect();
    assert_eq!(
        bytes(&t.reduce(
            Reduction::Sum,
            ReduceOptions {
                axes: Axes::List(&all),
                ..Default::default()
            }
        )?),
        bytes(&dense(&t).reduce(
            Reduction::Sum,
            ReduceOptions {
                axes: Axes::List(&all),
                ..Default::default()
            }
        )?)
    );
    // nothing, a lot of it
    let empty = Raw::zeros(&[1 << 40, 0], DType::F64)?;
    assert!(empty.add(&empty)?.is_empty());
    assert!(
        empty
            .take(&Raw::zeros(&[0], DType::I64)?, 1, Mode::Raise)?
            .is_empty()
    );
    assert!(
        empty
            .expand_dims(&[1])?
            .take(&Raw::zeros(&[3], DType::I64)?, 1, Mode::Raise)?
            .is_empty()
    );
    assert!(empty.cumsum(Some(0), None)?.is_empty());
    assert!(empty.softmax(0)?.is_empty());
    assert_eq!(empty.sum_all()?.item()?.as_f64(), 0.0);
    assert_eq!(
        empty
            .reduce(
                Reduction::Max,
                ReduceOptions {
                    axes: Axes::List(&[0]),
                    keepdims: KeepDims::Yes,
                    ..Default::default()
                }
            )?
            .shape(),
        [1, 0]
    );
    assert!(Raw::concatenate(&[&empty, &empty], 0)?.is_empty());
    assert!(
        Raw::zeros(&[1 << 40, 0], DType::F64)?
            .matmul(&Raw::zeros(&[0, 0], DType::F64)?)?
            .is_empty()
    );
    assert_eq!(
        Raw::zeros(&[2, 0], DType::F64)?
            .matmul(&Raw::zeros(&[0, 2], DType::F64)?)?
            .to_vec::<f64>()?,
        [0.0; 4]
    );
    Ok(())
}

#[test]
fn rows_are_put_in_order_and_where_nobody_else_looks() {
    let numbers = |n: usize, from: i32| (0..n as i32).map(|i| i + from).collect::<Vec<_>>();
    let x = Raw::from_vec(numbers(12, 0), &[4, 3]).unwrap();
    let rows = Raw::from_vec(numbers(9, 100), &[3, 3]).unwrap();
    let want = [106, 107, 108, 3, 4, 5, 103, 104, 105, 9, 10, 11];
    let places = Raw::from_vec(vec![0i64, 2, 0], &[3]).unwrap();
    let before = x.clone();
    let put = x.index_put(0, &places, &rows).unwrap();
    assert_eq!(put.to_vec::<i32>().unwrap(), want);
    let mut written = x.clone();
    written.assign_rows(1, &places, &rows).unwrap();
    assert_eq!(written.to_vec::<i32>().unwrap(), want);
    assert_eq!(before.to_vec::<i32>().unwrap(), numbers(12, 0));
    let taken = put.take(&places, 0, Mode::Raise).unwrap();
    assert_eq!(taken.to_vec::<i32>().unwrap()[..3], want[..3]);

    // rows across the memory, and places over two axes
    let at = |list: &[i64]| Raw::from_vec(list.to_vec(), &[list.len()]).unwrap();
    let mut turned = x.transpose().unwrap().into_aliased().unwrap();
    let columns = Raw::from_vec(vec![-1, -2, -3, -4], &[1, 4]).unwrap();
    turned.assign_rows(1, &at(&[1]), &columns).unwrap();
    assert_eq!(
        turned.transpose().unwrap().to_vec::<i32>().unwrap(),
        [0, -1, 2, 3, -2, 5, 6, -3, 8, 9, -4, 11]
    );
    let singles = Raw::from_vec(vec![70, 80], &[2]).unwrap();
    turned.assign_rows(2, &at(&[11, 0]), &singles).unwrap();
    assert_eq!(turned.to_vec::<i32>().unwrap()[0], 80);
    assert_eq!(turned.to_vec::<i32>().unwrap()[11], 70);

    // whatever the dtype of the indices, and of the rows
    let values = Raw::from_vec(vec![7, 8, 9], &[3]).unwrap();
    for (indices, rows) in [
        (DType::I64, DType::I32),
        (DType::I32, DType::I32),
        (DType::I64, DType::I64),
    ] {
        let mut line = Raw::from_vec(numbers(5, 0), &[5]).unwrap();
        let places = at(&[-1, 0, -1]).cast(indices).unwrap();
        line.assign_rows(1, &places, &values.cast(rows).unwrap())
            .unwrap();
        assert_eq!(line.to_vec::<i32>().unwrap(), [8, 1, 2, 3, 9]);
        // nothing is written where an index does not exist
        let outside = at(&[0, 5, 1]).cast(indices).unwrap();
        let error = line.assign_rows(1, &outside, &values).unwrap_err();
        assert!(error.is_index());
        assert_eq!(line.to_vec::<i32>().unwrap(), [8, 1, 2, 3, 9]);
    }
    let zero = at(&[0]);
    let error = written.assign_rows(1, &zero, &rows).unwrap_err();
    assert_eq!(
        error.to_string(),
        "put: rows of shape (3, 3) are not 1 of shape (3,)"
    );
    let number = Raw::scalar(Scalar::Float(1.0), DType::F64).unwrap();
    assert!(number.take(&zero, 0, Mode::Raise).unwrap_err().is_axis());
    assert!(number.index_put(0, &zero, &x).unwrap_err().is_axis());
    assert!(written.assign_rows(3, &zero, &rows).unwrap_err().is_axis());
}
