//! Chains of views and reshapes beside the model; a write through the last of them reaches the first, and nothing else.

#![no_main]

use arbitrary::{Result, Unstructured};
use civita_core::dtype::{DType, Scalar};
use civita_core::layout::{Axes, SliceItem};
use civita_core::raw::{Key, Raw};
use civita_fuzz::{DTYPES, Model, array, assert_same, index, seeds, shape};
use libfuzzer_sys::fuzz_target;

fn axis(u: &mut Unstructured<'_>, rank: usize) -> Result<isize> {
    let rank = rank as isize;
    match u.int_in_range(0..=15u8)? {
        0 => [isize::MIN, isize::MAX, rank, -rank - 1][u.choose_index(4)?..][..1]
            .first()
            .copied()
            .ok_or(arbitrary::Error::EmptyChoose),
        _ => u.int_in_range(-rank..=(rank - 1).max(-rank)),
    }
}

fn at(axis: isize, rank: usize) -> Option<usize> {
    let axis = axis as i128 + if axis < 0 { rank as i128 } else { 0 };
    usize::try_from(axis).ok().filter(|&a| a < rank)
}

fn axes(all: &[isize], rank: usize) -> Option<Vec<usize>> {
    let mut found = Vec::new();
    for &axis in all {
        let axis = at(axis, rank)?;
        if found.contains(&axis) {
            return None;
        }
        found.push(axis);
    }
    Some(found)
}

fn permuted(x: &Model, order: &[usize]) -> Model {
    let shape: Vec<usize> = order.iter().map(|&a| x.shape[a]).collect();
    Model::of(&shape, |to| {
        let mut from = vec![0; order.len()];
        for (&a, &i) in order.iter().zip(to) {
            from[a] = i;
        }
        x.at(&from)
    })
}

/// The number of elements; none where the lengths that are not 0 multiply to more than there may be.
fn count(shape: &[usize]) -> Option<usize> {
    let long = shape.iter().filter(|&&n| n > 0);
    let all = long.copied().try_fold(1usize, usize::checked_mul)?;
    let n = if shape.contains(&0) { 0 } else { all };
    (all <= civita_core::layout::MAX_ELEMENTS).then_some(n)
}

fn reshaped(x: &Model, shape: &[usize]) -> Option<Model> {
    (count(shape)? == x.values.len()).then(|| Model {
        shape: shape.to_vec(),
        values: x.values.clone(),
    })
}

/// Lengths that often multiply to `n`.
fn lengths(u: &mut Unstructured<'_>, n: usize) -> Result<Vec<usize>> {
    let mut found = Vec::new();
    let mut rest = n;
    for _ in 0..u.int_in_range(0..=4)? {
        let m = u.int_in_range(0..=6usize)?;
        let m = if m > 0 && rest > 0 && rest.is_multiple_of(m) {
            m
        } else {
            1
        };
        found.push(m);
        rest /= m;
    }
    found.push(rest);
    if u.ratio(1, 20)? {
        let all = [0, 1, 7, usize::MAX, isize::MAX as usize, 1 << 32];
        let place = u.choose_index(found.len())?;
        found[place] = *u.choose(&all)?;
    }
    for i in 1..found.len() {
        found.swap(i, u.int_in_range(0..=i)?);
    }
    Ok(found)
}

type Step = (String, civita_core::error::Result<Raw>, Option<Model>);

/// A view of `x`, and what the model makes of it: `None` where that is an error.
fn step(u: &mut Unstructured<'_>, x: &Raw, m: &Model) -> Result<Step> {
    let rank = m.shape.len();
    Ok(match u.int_in_range(0..=14u8)? {
        0 | 1 => {
            let to = lengths(u, m.values.len())?;
            (format!("reshape {to:?}"), x.reshape(&to), reshaped(m, &to))
        }
        2 => {
            let mut to: Vec<isize> = lengths(u, m.values.len())?
                .into_iter()
                .map(|n| n as isize)
                .collect();
            let place = u.choose_index(to.len())?;
            to[place] = [-1, -1, -1, -2, isize::MIN][u.choose_index(5)?];
            let wanted = || {
                let rest: Vec<usize> = to
                    .iter()
                    .filter(|&&n| n != -1)
                    .map(|&n| usize::try_from(n).ok())
                    .collect::<Option<_>>()?;
                if to.len() - rest.len() > 1 {
                    return None;
                }
                let known = count(&rest)?;
                if rest.len() == to.len() {
                    return reshaped(m, &rest);
                }
                if known == 0 || !m.values.len().is_multiple_of(known) {
                    return None;
                }
                let all: Vec<usize> = to
                    .iter()
                    .map(|&n| usize::try_from(n).unwrap_or(m.values.len() / known))
                    .collect();
                reshaped(m, &all)
            };
            (format!("reshape_to {to:?}"), x.reshape_to(&to), wanted())
        }
        3 => {
            let mut order: Vec<isize> = (0..rank as isize).collect();
            for i in 1..rank {
                order.swap(i, u.int_in_range(0..=i)?);
            }
            for a in &mut order {
                if u.ratio(1, 30)? {
                    *a = axis(u, rank)?;
                } else if u.arbitrary()? {
                    *a -= rank as isize;
                }
            }
            let wanted = axes(&order, rank).map(|order| permuted(m, &order));
            (format!("permute {order:?}"), x.permute(&order), wanted)
        }
        4 => {
            let order: Vec<usize> = (0..rank).rev().collect();
            (
                "transpose".to_owned(),
                x.transpose(),
                Some(permuted(m, &order)),
            )
        }
        5 => {
            let (a, b) = (axis(u, rank)?, axis(u, rank)?);
            let wanted = at(a, rank).zip(at(b, rank)).map(|(a, b)| {
                let mut order: Vec<usize> = (0..rank).collect();
                order.swap(a, b);
                permuted(m, &order)
            });
            (format!("swap_axes {a} {b}"), x.swap_axes(a, b), wanted)
        }
        6 => {
            let (a, b) = (axis(u, rank)?, axis(u, rank)?);
            let wanted = at(a, rank).zip(at(b, rank)).map(|(a, b)| {
                let mut order: Vec<usize> = (0..rank).filter(|&k| k != a).collect();
                order.insert(b, a);
                permuted(m, &order)
            });
            (format!("move_axis {a} {b}"), x.move_axis(a, b), wanted)
        }
        7 => {
            let mut which = Vec::new();
            for _ in 0..u.int_in_range(0..=rank.min(3))? {
                which.push(axis(u, rank)?);
            }
            let wanted = axes(&which, rank).map(|which| {
                Model::of(&m.shape, |at| {
                    let turn = |(k, &i): (usize, &usize)| match which.contains(&k) {
                        true => m.shape[k] - 1 - i,
                        false => i,
                    };
                    m.at(&at.iter().enumerate().map(turn).collect::<Vec<_>>())
                })
            });
            (
                format!("flip {which:?}"),
                x.flip(Axes::List(&which)),
                wanted,
            )
        }
        8 => {
            let mut which = Vec::new();
            for (k, &n) in m.shape.iter().enumerate() {
                if n == 1 && u.arbitrary()? {
                    which.push(k as isize);
                }
            }
            if rank > 0 && u.ratio(1, 10)? {
                which.push(axis(u, rank)?);
            }
            let wanted = axes(&which, rank)
                .filter(|which| which.iter().all(|&k| m.shape[k] == 1))
                .map(|which| {
                    let kept = (0..rank).filter(|k| !which.contains(k));
                    reshaped(m, &kept.map(|k| m.shape[k]).collect::<Vec<_>>()).unwrap()
                });
            (
                format!("squeeze {which:?}"),
                x.squeeze(Some(&which)),
                wanted,
            )
        }
        9 => {
            let mut which = Vec::new();
            let more = u.int_in_range(0..=2usize)?;
            for _ in 0..more {
                which.push(axis(u, rank + more)?);
            }
            let wanted = axes(&which, rank + more).map(|which| {
                let mut old = m.shape.iter();
                let length = |k| match which.contains(&k) {
                    true => 1,
                    false => *old.next().unwrap(),
                };
                reshaped(m, &(0..rank + more).map(length).collect::<Vec<_>>()).unwrap()
            });
            (
                format!("expand_dims {which:?}"),
                x.expand_dims(&which),
                wanted,
            )
        }
        10 => {
            let mut to = m.shape.clone();
            for n in &mut to {
                if *n == 1 && u.arbitrary()? || u.ratio(1, 20)? {
                    *n = u.int_in_range(0..=3)?;
                }
            }
            for _ in 0..u.int_in_range(0..=1u8)? {
                to.insert(0, u.int_in_range(0..=3)?);
            }
            if u.ratio(1, 30)? {
                to.insert(0, [usize::MAX, 1 << 59, 1 << 40][u.choose_index(3)?]);
                if to[0] <= 1 << 50 {
                    // a view of any number of elements may be made
                    _ = x.broadcast_to(&to);
                    to.remove(0);
                }
            }
            let n = to.iter().try_fold(1usize, |n, &k| n.checked_mul(k));
            if n.is_some_and(|n| n > 20_000) && !to.iter().any(|&n| n > 1 << 50) {
                return Err(arbitrary::Error::IncorrectFormat);
            }
            let wanted = (m.fits(&to) && count(&to).is_some())
                .then(|| Model::of(&to, |at| m.values[m.broadcast_place(at)]));
            (format!("broadcast_to {to:?}"), x.broadcast_to(&to), wanted)
        }
        11 => {
            let (a, b) = (axis(u, rank)?, axis(u, rank)?);
            let offset = match u.ratio(1, 10)? {
                true => u.arbitrary()?,
                false => u.int_in_range(-4..=4isize)?,
            };
            let wanted = at(a, rank)
                .zip(at(b, rank))
                .filter(|(a, b)| a != b)
                .map(|(a, b)| {
                    let (rows, columns) = (m.shape[a] as i128, m.shape[b] as i128);
                    let (down, right) = ((-(offset as i128)).max(0), (offset as i128).max(0));
                    let n = (rows - down).min(columns - right).max(0) as usize;
                    let mut shape: Vec<usize> = (0..rank)
                        .filter(|&k| k != a && k != b)
                        .map(|k| m.shape[k])
                        .collect();
                    shape.push(n);
                    Model::of(&shape, |at| {
                        let mut rest = at.iter();
                        let i = at[at.len() - 1];
                        let index = |k| match k {
                            _ if k == a => i + down as usize,
                            _ if k == b => i + right as usize,
                            _ => *rest.next().unwrap(),
                        };
                        m.at(&(0..rank).map(index).collect::<Vec<_>>())
                    })
                });
            (
                format!("diagonal {offset} {a} {b}"),
                x.diagonal(offset, a, b),
                wanted,
            )
        }
        12 => {
            let a = axis(u, rank)?;
            let (size, by) = match u.ratio(1, 20)? {
                true => (u.arbitrary()?, u.arbitrary()?),
                false => (u.int_in_range(0..=4usize)?, u.int_in_range(0..=3usize)?),
            };
            let wanted = at(a, rank)
                .filter(|&a| by > 0 && size <= m.shape[a])
                .map(|a| {
                    let mut shape = m.shape.clone();
                    shape[a] = (shape[a] - size) / by + 1;
                    shape.push(size);
                    Model::of(&shape, |at| {
                        let mut from = at[..rank].to_vec();
                        from[a] = from[a] * by + at[rank];
                        m.at(&from)
                    })
                });
            (
                format!("unfold {a} {size} {by}"),
                x.unfold(a, size, by),
                wanted,
            )
        }
        13 => {
            let mut keys = Vec::new();
            for &n in m.shape.iter().take(u.int_in_range(0..=rank)?) {
                let n = n as isize;
                let end = |u: &mut Unstructured<'_>| -> Result<Option<isize>> {
                    Ok(match u.arbitrary()? {
                        true => Some(u.int_in_range(-n - 1..=n + 1)?),
                        false => None,
                    })
                };
                keys.push(match u.int_in_range(0..=4u8)? {
                    0 => SliceItem::Index(u.int_in_range(-n..=n)?),
                    1 => SliceItem::NewAxis,
                    _ => SliceItem::Range {
                        start: end(u)?,
                        stop: end(u)?,
                        step: [1, -1, 2, -2, isize::MIN, isize::MAX][u.choose_index(6)?],
                    },
                });
            }
            let all: Vec<Key> = keys.iter().copied().map(Key::Item).collect();
            let wanted = index(&m.shape, &all).ok().map(|(places, shape)| Model {
                shape,
                values: places.iter().map(|&p| m.values[p]).collect(),
            });
            (format!("slice {keys:?}"), x.slice(&keys), wanted)
        }
        _ => match u.arbitrary()? {
            true => ("copied".to_owned(), x.copied(), Some(m.clone())),
            false => ("contiguous".to_owned(), x.contiguous(), Some(m.clone())),
        },
    })
}

fn run(u: &mut Unstructured<'_>) -> Result<()> {
    let dtype = *u.choose(&DTYPES)?;
    let lengths = shape(u, 4)?;
    let (mut first, start) = array(u, &lengths, dtype, true)?;
    if u.arbitrary()? {
        first = first.into_aliased().unwrap();
    }
    // the places of the elements in the first array, through the same views
    let mut places = Model {
        shape: start.shape.clone(),
        values: (0..start.values.len() as i64).collect(),
    };
    let (mut x, mut names) = (first.clone(), Vec::new());
    for _ in 0..u.int_in_range(1..=6u8)? {
        let (name, found, wanted) = step(u, &x, &places)?;
        names.push(name);
        let what = (&lengths, first.layout().strides().to_vec(), &names);
        let Some(wanted) = wanted else {
            assert!(found.is_err(), "{what:?}");
            names.pop();
            continue;
        };
        if wanted.values.len() > 20_000 {
            return Ok(());
        }
        x = found.unwrap_or_else(|e| panic!("{what:?}: {e}"));
        let elements = Model {
            shape: wanted.shape.clone(),
            values: wanted
                .values
                .iter()
                .map(|&p| start.values[p as usize])
                .collect(),
        };
        assert_same(&x, &elements, &what);
        places = wanted;
    }
    // what the layout says of itself
    let layout = x.layout();
    let own: Vec<usize> = layout.indices().collect();
    let shared = own.len() > own.iter().collect::<std::collections::BTreeSet<_>>().len();
    assert_eq!(
        layout.has_internal_overlap(),
        shared,
        "{names:?} {layout:?}"
    );
    assert_eq!(
        layout.span(),
        own.iter().min().copied().zip(own.iter().max().copied()),
        "{layout:?}"
    );
    let straight = own.windows(2).all(|w| w[1] == w[0] + 1);
    assert_eq!(layout.is_contiguous(), straight, "{layout:?}");
    let turned: Vec<usize> = layout.transpose().indices().collect();
    assert_eq!(
        layout.is_fortran_contiguous(),
        turned.windows(2).all(|w| w[1] == w[0] + 1),
        "{layout:?}"
    );
    let value = Scalar::Int(1);
    let written = x.assign(&Raw::scalar(value, DType::I64).unwrap());
    let refused = first.layout().has_internal_overlap() || shared;
    if written.is_err() {
        assert!(refused, "{names:?}: {written:?}");
    } else {
        assert!(
            civita_fuzz::numbers(&x).iter().all(|&v| v == 1),
            "{names:?}"
        );
    }
    let alone = civita_fuzz::numbers(&first);
    for (i, (&now, &then)) in alone.iter().zip(&start.values).enumerate() {
        // nothing changes that the view does not name
        assert!(
            now == then || now == 1 && (refused || places.values.contains(&(i as i64))),
            "{names:?} {i}"
        );
    }
    Ok(())
}

fuzz_target!(init: seeds::write("views"), |data: &[u8]| {
    _ = run(&mut Unstructured::new(data));
});
