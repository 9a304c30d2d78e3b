//! Indexing: arrays of any layout and dtype, keys of every kind; reading, writing and adding beside a model that follows NumPy's rules
//! element by element.

#![no_main]

use arbitrary::{Result, Unstructured};
use civita_core::dtype::DType;
use civita_core::layout::SliceItem;
use civita_core::raw::{Key, Raw};
use civita_fuzz::model::Refused;
use civita_fuzz::{DTYPES, Model, array, assert_same, index, scalar, seeds, shape};
use libfuzzer_sys::fuzz_target;

fn near(u: &mut Unstructured<'_>, n: usize) -> Result<isize> {
    let n = n as isize;
    Ok(match u.int_in_range(0..=15u8)? {
        0 => u.arbitrary()?,
        1 => [isize::MIN, isize::MAX, isize::MIN + 1][u.choose_index(3)?],
        2 => u.int_in_range(-n - 1..=n + 1)?,
        _ => u.int_in_range(-n..=(n - 1).max(-n))?,
    })
}

fn integers(u: &mut Unstructured<'_>, n: usize) -> Result<Key> {
    let lengths = match u.int_in_range(0..=3u8)? {
        0 => shape(u, 3)?,
        1 => vec![],
        // arrays of one length broadcast together
        _ => vec![3],
    };
    let mut values = Vec::new();
    for _ in 0..lengths.iter().product() {
        values.push(near(u, n)? as i64);
    }
    let dtype = [DType::I64, DType::I32, DType::I8, DType::U8, DType::U64][u.choose_index(5)?];
    let fits = |&v: &i64| match dtype {
        DType::I32 => i32::try_from(v).is_ok(),
        DType::I8 => i8::try_from(v).is_ok(),
        DType::U8 => u8::try_from(v).is_ok(),
        DType::U64 => v >= 0,
        _ => true,
    };
    let dtype = if values.iter().all(fits) {
        dtype
    } else {
        DType::I64
    };
    let x = Raw::from_vec(values, &lengths)
        .unwrap()
        .cast(dtype)
        .unwrap();
    let turn = u.ratio(1, 4)?;
    Ok(Key::Integers(if turn { x.transpose().unwrap() } else { x }))
}

/// Keys for a shape, mostly ones that fit.
fn keys(u: &mut Unstructured<'_>, x: &[usize]) -> Result<Vec<Key>> {
    let mut keys = Vec::new();
    let mut axis = 0;
    for _ in 0..u.int_in_range(0..=x.len() + 3)? {
        let n = x.get(axis).copied().unwrap_or(2);
        match u.int_in_range(0..=13u8)? {
            0..=2 => {
                keys.push(Key::Item(SliceItem::Index(near(u, n)?)));
                axis += 1;
            }
            3..=5 => {
                let end = |u: &mut Unstructured<'_>| -> Result<Option<isize>> {
                    Ok(match u.ratio(1, 3)? {
                        true => None,
                        false => Some(near(u, n)?),
                    })
                };
                let (start, stop) = (end(u)?, end(u)?);
                let step = match u.int_in_range(0..=9u8)? {
                    0 => u.arbitrary()?,
                    1 => [isize::MIN, isize::MAX][u.choose_index(2)?],
                    _ => [1, -1, 2, -2, 3][u.choose_index(5)?],
                };
                keys.push(Key::Item(SliceItem::Range { start, stop, step }));
                axis += 1;
            }
            6 => keys.push(Key::Item(SliceItem::NewAxis)),
            7 => {
                keys.push(Key::Item(SliceItem::Ellipsis));
                axis = x.len().saturating_sub(u.int_in_range(0..=2)?);
            }
            8..=10 => {
                keys.push(integers(u, n)?);
                axis += 1;
            }
            11..=12 => {
                let rank = u.int_in_range(0..=2usize)?;
                let mut lengths: Vec<usize> = x.iter().skip(axis).take(rank).copied().collect();
                if u.ratio(1, 12)? {
                    lengths.push(2);
                }
                let (mask, _) = array(u, &lengths, DType::Bool, true)?;
                keys.push(Key::Mask(mask));
                axis += lengths.len();
            }
            _ => keys.push(Key::Bool(u.arbitrary()?)),
        }
    }
    Ok(keys)
}

fn run(u: &mut Unstructured<'_>) -> Result<()> {
    let dtype = *u.choose(&DTYPES)?;
    let lengths = shape(u, 5)?;
    let overlap = u.ratio(1, 8)?;
    let (mut x, mut model) = array(u, &lengths, dtype, overlap)?;
    let keys = keys(u, &lengths)?;
    let wanted = index(&lengths, &keys);
    let found = x.index(&keys);
    let what = (&lengths, x.layout().strides().to_vec(), &keys, dtype);
    let (places, picked) = match (wanted, &found) {
        (Ok(wanted), Ok(_)) => wanted,
        (Err(_), Err(_)) | (Err(Refused::Perhaps), Ok(_)) => return Ok(()),
        (wanted, found) => panic!("{what:?}: {found:?} and by the model {wanted:?}"),
    };
    let wanted = Model {
        shape: picked.clone(),
        values: places.iter().map(|&p| model.values[p]).collect(),
    };
    assert_same(&found.unwrap(), &wanted, &what);
    if x.layout().has_internal_overlap() {
        // two indices are one element: not written
        return Ok(());
    }
    // the value: the picked shape, or one that broadcasts to it, or any
    let mut of = match u.int_in_range(0..=5u8)? {
        0 => shape(u, 3)?,
        1 => vec![],
        _ => picked[u.int_in_range(0..=picked.len())?..].to_vec(),
    };
    for n in &mut of {
        if u.ratio(1, 6)? {
            *n = 1;
        }
    }
    for _ in 0..u.int_in_range(0..=1u8)? {
        of.insert(0, 1);
    }
    let from = *u.choose(&DTYPES)?;
    let (value, values) = array(u, &of, from, true)?;
    let add = u.arbitrary()?;
    let other = match u.arbitrary()? {
        // memory that views share, as Python's
        true => {
            x = x.into_aliased().unwrap();
            None
        }
        // a value that others hold
        false => Some((x.clone(), model.clone())),
    };
    let done = match add {
        true => x.index_accumulate(&keys, &value),
        false => x.index_assign(&keys, &value),
    };
    let extra = of.len().saturating_sub(picked.len());
    let mut stripped = values.clone();
    if of[..extra].iter().all(|&n| n == 1) {
        stripped.shape.drain(..extra);
    }
    let what = (what, &of, from, if add { "add" } else { "set" });
    if done.is_ok() {
        assert!(stripped.fits(&picked), "{what:?}");
        let mut k = 0;
        civita_fuzz::model::each(&picked, |at| {
            let v = scalar(stripped.values[stripped.broadcast_place(at)], dtype);
            let old = &mut model.values[places[k]];
            *old = match add {
                true => scalar(*old + v, dtype),
                false => v,
            };
            k += 1;
        });
    } else {
        let kinds = add && from.kind() > dtype.kind().max(civita_core::dtype::Kind::Signed);
        assert!(!stripped.fits(&picked) || kinds, "{what:?}: {done:?}");
    }
    assert_same(&x, &model, &what);
    if let Some((x, model)) = other {
        assert_same(&x, &model, &what);
    }
    Ok(())
}

fuzz_target!(init: seeds::write("index"), |data: &[u8]| {
    _ = run(&mut Unstructured::new(data));
});
