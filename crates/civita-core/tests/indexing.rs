//! Indexing by arrays, masks and slices where Rust's tensors differ from Python's: values that others hold, and errors.

use civita_core::dtype::{DType, Scalar};
use civita_core::error::Result;
use civita_core::graph::no_grad;
use civita_core::layout::SliceItem;
use civita_core::raw::{Key, Raw};

fn counted(shape: &[usize]) -> Raw {
    Raw::from_vec((0..shape.iter().product::<usize>() as i64).collect(), shape).unwrap()
}

fn places(values: &[i64]) -> Key {
    Raw::from_vec(values.to_vec(), &[values.len()])
        .unwrap()
        .into()
}

fn slice(start: isize, stop: isize) -> Key {
    SliceItem::from(start..stop).into()
}

#[test]
fn a_write_by_an_index_does_not_reach_other_handles() -> Result<()> {
    let keys: [&[Key]; 5] = [
        &[places(&[0, 1])],
        &[slice(0, 1), places(&[0, 1])],
        &[places(&[0]), slice(0, 1), places(&[1])],
        &[Raw::from_vec(vec![true, false], &[2])?.into(), slice(0, 2)],
        &[Key::Bool(true)],
    ];
    for keys in keys {
        let mut x = counted(&[2, 3, 2]);
        let (other, row) = (x.clone(), x.slice(&[SliceItem::Index(0)])?);
        x.index_assign(keys, &Raw::scalar(Scalar::Int(-1), DType::I64)?)?;
        assert_eq!(
            other.to_vec::<i64>()?,
            (0..12).collect::<Vec<_>>(),
            "{keys:?}"
        );
        assert_eq!(row.to_vec::<i64>()?, (0..6).collect::<Vec<_>>(), "{keys:?}");
        let picked = x.index(keys)?;
        assert!(picked.to_vec::<i64>()?.iter().all(|&v| v == -1), "{keys:?}");
        let count = x.to_vec::<i64>()?.iter().filter(|&&v| v == -1).count();
        assert_eq!(count, picked.len(), "{keys:?}");
        x.index_accumulate(keys, &Raw::scalar(Scalar::Int(1), DType::I64)?)?;
        let sum = x.index(keys)?.to_vec::<i64>()?;
        assert!(sum.iter().all(|&v| v == 0), "{keys:?}");
    }
    Ok(())
}

#[test]
fn a_leaf_is_written_by_an_index_inside_no_grad_only() -> Result<()> {
    for keys in [&[places(&[1])][..], &[slice(0, 1), places(&[1])]] {
        let mut x = counted(&[2, 2]).cast(DType::F64)?.requires_grad()?;
        let value = Raw::scalar(Scalar::Float(5.0), DType::F64)?;
        assert!(x.index_assign(keys, &value).unwrap_err().is_gradient());
        no_grad(|| x.index_assign(keys, &value))?;
        assert!(x.tracks_gradient());
        assert!(x.index(keys)?.to_vec::<f64>()?.iter().all(|&v| v == 5.0));
    }
    Ok(())
}

#[test]
fn integers_of_every_dtype_index_and_none_wraps_around() -> Result<()> {
    let x = counted(&[3, 4]);
    for dtype in [
        DType::I8,
        DType::I16,
        DType::I32,
        DType::I64,
        DType::U8,
        DType::U16,
        DType::U32,
        DType::U64,
    ] {
        let at = |v: &[i64]| -> Result<Key> {
            Ok(Raw::from_vec(v.to_vec(), &[v.len()])?.cast(dtype)?.into())
        };
        let y = x.index(&[at(&[2, 0])?, at(&[3, 1])?])?;
        assert_eq!(y.to_vec::<i64>()?, [11, 1], "{dtype}");
        let error = x.index(&[at(&[1, 0])?, at(&[1, 4])?]).unwrap_err();
        let text = "index 4 is out of bounds for axis 1 with size 4";
        assert!(error.to_string().contains(text), "{error}");
    }
    let last = Raw::from_vec(vec![u64::MAX], &[1])?;
    for keys in [
        &[last.clone().into()][..],
        &[last.clone().into(), last.into()],
    ] {
        assert!(x.index(keys).unwrap_err().is_index());
    }
    let least: Key = places(&[i64::MIN]);
    assert!(x.index(&[least.clone(), least]).unwrap_err().is_index());
    Ok(())
}

#[test]
fn more_arrays_than_one_pass_joins_still_pick_one_element_each() -> Result<()> {
    let shape = [2, 1, 3, 1, 2, 1, 2, 1, 2, 2];
    let x = counted(&shape);
    let keys: Vec<Key> = shape
        .iter()
        .map(|&n| places(&[n as i64 - 1, -(n as i64)]))
        .collect();
    assert_eq!(x.index(&keys)?.to_vec::<i64>()?, [x.len() as i64 - 1, 0]);
    let mut bad = keys.clone();
    bad[2] = places(&[0, 3]);
    let error = x.index(&bad).unwrap_err();
    assert!(
        error
            .to_string()
            .contains("index 3 is out of bounds for axis 2 with size 3"),
        "{error}"
    );
    Ok(())
}

#[test]
fn errors_say_what_numpys_do() -> Result<()> {
    let x = counted(&[2, 3]);
    let of = |keys: &[Key]| x.index(keys).unwrap_err();
    let mask: Key = Raw::from_vec(vec![true; 2], &[2])?.into();
    for (error, text) in [
        (
            of(&[places(&[0]), places(&[0]), places(&[0])]),
            "too many indices for array: array is 2-dimensional, but 3 were indexed",
        ),
        (
            of(&[places(&[0, 1]), places(&[0, 1, 2])]),
            "could not be broadcast together with shapes (2,) (3,)",
        ),
        (
            of(&[places(&[0]), mask]),
            "boolean index did not match indexed array along axis 1; size of axis is 3 but size of corresponding boolean axis is 2",
        ),
        (
            of(&[Raw::zeros(&[1], DType::F64)?.into()]),
            "arrays used as indices must be of integer (or boolean) type, not float64",
        ),
        (
            of(&[
                SliceItem::Ellipsis.into(),
                places(&[0]),
                SliceItem::Ellipsis.into(),
            ]),
            "single ellipsis",
        ),
        (
            counted(&[0, 1])
                .index(&[SliceItem::ALL.into(), places(&[1])])
                .unwrap_err(),
            "index 1 is out of bounds for axis 1 with size 1",
        ),
    ] {
        assert!(
            error.is_index() && error.to_string().contains(text),
            "{error}"
        );
    }
    let mut y = x.clone();
    let error = y
        .index_assign(&[places(&[0, 1]), slice(0, 2)], &counted(&[3]))
        .unwrap_err();
    assert!(
        error.is_shape() && error.to_string().contains("(3,)"),
        "{error}"
    );
    let error = y
        .index_accumulate(&[places(&[0])], &Raw::zeros(&[], DType::F64)?)
        .unwrap_err();
    assert!(
        error.is_dtype() && error.to_string().contains("cannot add float64 to int64"),
        "{error}"
    );
    assert_eq!(y.to_vec::<i64>()?, x.to_vec::<i64>()?);
    Ok(())
}
