//! Elementwise operations, casts, sums, concatenation and writes between views of one buffer, on operands of any layout, beside the
//! model.

#![no_main]

use arbitrary::{Result, Unstructured};
use civita_core::dtype::DType;
use civita_core::layout::{Axes, KeepDims};
use civita_core::ops::Reduction;
use civita_core::raw::{Raw, ReduceOptions};
use civita_fuzz::model::each;
use civita_fuzz::{DTYPES, Model, array, assert_same, scalar, seeds, shape};
use libfuzzer_sys::fuzz_target;

/// A shape that broadcasts to another, mostly.
fn partner(u: &mut Unstructured<'_>, of: &[usize]) -> Result<Vec<usize>> {
    let mut found = of[u.int_in_range(0..=of.len())?..].to_vec();
    for n in &mut found {
        match u.int_in_range(0..=11u8)? {
            0..=3 => *n = 1,
            4 => *n = u.int_in_range(0..=3)?,
            _ => {}
        }
    }
    if u.ratio(1, 6)? {
        found.insert(0, u.int_in_range(0..=2)?);
    }
    Ok(found)
}

fn together(a: &[usize], b: &[usize]) -> Option<Vec<usize>> {
    let rank = a.len().max(b.len());
    let length = |s: &[usize], k: usize| (k + s.len()).checked_sub(rank).map_or(1, |k| s[k]);
    (0..rank)
        .map(|k| match (length(a, k), length(b, k)) {
            (n, m) if n == m || m == 1 => Some(n),
            (1, m) => Some(m),
            _ => None,
        })
        .collect()
}

fn run(u: &mut Unstructured<'_>) -> Result<()> {
    let (da, db) = (*u.choose(&DTYPES)?, *u.choose(&DTYPES)?);
    let sa = shape(u, 4)?;
    let sb = partner(u, &sa)?;
    let (a, ma) = array(u, &sa, da, true)?;
    let (b, mb) = array(u, &sb, db, true)?;
    let wanted = together(&sa, &sb);
    let what = (
        &sa,
        a.layout().strides().to_vec(),
        da,
        &sb,
        b.layout().strides().to_vec(),
        db,
    );
    let small = |x: i64, y: i64| x.min(y);
    let sum = a.add(&b);
    let least = a.minimum(&b);
    match &wanted {
        None => assert!(sum.is_err() && least.is_err(), "{what:?}"),
        Some(s) => {
            let (sum, least) = (sum.unwrap(), least.unwrap());
            let pair = |at: &[usize]| {
                (
                    ma.values[ma.broadcast_place(at)],
                    mb.values[mb.broadcast_place(at)],
                )
            };
            let dtype = sum.dtype();
            let of = |f: &dyn Fn(i64, i64) -> i64| {
                Model::of(s, |at| {
                    let (x, y) = pair(at);
                    scalar(f(x, y), dtype)
                })
            };
            assert_same(&sum, &of(&|x, y| x + y), &what);
            assert_same(&least, &of(&small), &what);
        }
    }
    // a cast of it, into a view of another
    let back = a.cast(db).unwrap();
    assert_same(&back, &Model::of(&sa, |at| scalar(ma.at(at), db)), &what);
    // sums over some axes
    let mut axes = Vec::new();
    for k in 0..sa.len() {
        if u.arbitrary()? {
            axes.push(k as isize);
        }
    }
    let keep = u.arbitrary()?;
    let options = |axes| ReduceOptions {
        axes: Axes::List(axes),
        keepdims: if keep { KeepDims::Yes } else { KeepDims::No },
        dtype: Some(DType::I64),
        ..Default::default()
    };
    let over = |k: usize| axes.contains(&(k as isize));
    let lengths: Vec<usize> = (0..sa.len())
        .map(|k| if over(k) { 1 } else { sa[k] })
        .collect();
    let mut sums = Model::of(&lengths, |_| 0);
    each(&sa, |at| {
        let place: Vec<usize> = (0..sa.len())
            .map(|k| if over(k) { 0 } else { at[k] })
            .collect();
        let place = sums.place(&place);
        sums.values[place] += ma.at(at);
    });
    if !keep {
        sums.shape = (0..sa.len()).filter(|&k| !over(k)).map(|k| sa[k]).collect();
    }
    let whole = !da.is_complex();
    if whole {
        let x = a.cast(DType::I64).unwrap();
        for x in [&a, &x] {
            assert_same(
                &x.reduce(Reduction::Sum, options(&axes)).unwrap(),
                &sums,
                &(&what, &axes),
            );
        }
    }
    // joined along an axis
    if !sa.is_empty() {
        let at = u.choose_index(sa.len())?;
        let mut other = sa.clone();
        other[at] = u.int_in_range(0..=3)?;
        if u.ratio(1, 10)? {
            other[u.choose_index(sa.len())?] += 1;
        }
        let (c, mc) = array(u, &other, da, true)?;
        let joined = Raw::concatenate(&[&a, &c, &a], at as isize);
        let fits = (0..sa.len()).all(|k| k == at || sa[k] == other[k]);
        if !fits {
            assert!(joined.is_err(), "{what:?} {other:?}");
        } else {
            let mut s = sa.clone();
            s[at] += other[at] + sa[at];
            let wanted = Model::of(&s, |i| {
                let mut i = i.to_vec();
                if i[at] < sa[at] {
                    return ma.at(&i);
                }
                i[at] -= sa[at];
                if i[at] < other[at] {
                    return mc.at(&i);
                }
                i[at] -= other[at];
                ma.at(&i)
            });
            assert_same(&joined.unwrap(), &wanted, &(&what, &other, at));
        }
    }
    // one view of a buffer written over another
    let n = u.int_in_range(1..=24usize)?;
    let aliased = u.arbitrary()?;
    let base = Raw::from_vec((0..n as i64).collect(), &[n])
        .unwrap()
        .cast(da)
        .unwrap();
    let mut whole = if aliased {
        base.into_aliased().unwrap()
    } else {
        base
    };
    let mut model: Vec<i64> = (0..n as i64).map(|v| scalar(v, da)).collect();
    let count = u.int_in_range(0..=n)?;
    let step = |u: &mut Unstructured<'_>| -> Result<(usize, isize)> {
        let room = (n - 1) / count.saturating_sub(1).max(1);
        let by = u.int_in_range(1..=room.clamp(1, 3))?;
        let start = u.int_in_range(0..=n.saturating_sub(count.saturating_sub(1) * by + 1))?;
        Ok(match u.arbitrary()? {
            true => (start + count.saturating_sub(1) * by, -(by as isize)),
            false => (start, by as isize),
        })
    };
    let (to, from) = (step(u)?, step(u)?);
    let place = |(start, by): (usize, isize), i: usize| (start as isize + by * i as isize) as usize;
    if count > 0
        && (place(to, count - 1) >= n || place(from, count - 1) >= n || to.0 >= n || from.0 >= n)
    {
        return Ok(());
    }
    let source = whole.as_strided(&[count], &[from.1], from.0).unwrap();
    let values: Vec<i64> = (0..count).map(|i| model[place(from, i)]).collect();
    let mut target = whole.as_strided(&[count], &[to.1], to.0).unwrap();
    target.assign(&source).unwrap();
    let written = Model {
        shape: vec![count],
        values: values.clone(),
    };
    assert_same(&target, &written, &(n, aliased, to, from));
    if aliased {
        for (i, v) in values.into_iter().enumerate() {
            model[place(to, i)] = v;
        }
    }
    drop(target);
    assert_same(
        &whole,
        &Model {
            shape: vec![n],
            values: model,
        },
        &(n, aliased, to, from),
    );
    whole
        .assign(
            &source
                .select_index(0, 0)
                .unwrap_or_else(|_| whole.select_index(0, 0).unwrap()),
        )
        .unwrap();
    Ok(())
}

fuzz_target!(init: seeds::write("broadcast"), |data: &[u8]| {
    _ = run(&mut Unstructured::new(data));
});
