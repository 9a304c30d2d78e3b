//! What is saved is loaded bit for bit, from any layout and dtype; a file that is cut off or has a byte changed gives an error or an
//! array, and takes no more memory than it has bytes.

#![no_main]

use std::path::Path;

use arbitrary::{Result, Unstructured};
use civita_core::dtype::DType;
use civita_core::error;
use civita_core::raw::Raw;
use civita_fuzz::seeds::{self, file};
use civita_fuzz::{array, assert_same, bounded, shape};
use civita_io::npz::Compression;
use civita_io::{npy, npz, safetensors};
use libfuzzer_sys::fuzz_target;

/// Elements of any bits, in any layout.
fn any(u: &mut Unstructured<'_>) -> Result<Raw> {
    let lengths = shape(u, 5)?;
    let dtype = *u.choose(&DType::ALL)?;
    if dtype == DType::Bool {
        return Ok(array(u, &lengths, dtype, true)?.0);
    }
    let (order, _) = array(u, &lengths, DType::I64, true)?;
    let layout = order.layout();
    // a buffer of any bits under the layout of the other
    let most = layout.span().map_or(0, |(_, last)| last + 1);
    let words = (most * dtype.size()).div_ceil(8);
    let mut bits = Vec::with_capacity(words);
    for i in 0..words {
        let more: u64 = u.arbitrary().unwrap_or(0);
        bits.push(more ^ (i as u64).wrapping_mul(0x9e37_79b9_7f4a_7c15));
    }
    let mut bytes: Vec<u8> = bits.into_iter().flat_map(u64::to_le_bytes).collect();
    bytes.truncate(most * dtype.size());
    let code = npy::code(dtype, false);
    let text = format!("{{'descr': '{code}', 'fortran_order': False, 'shape': ({most},)}}");
    let mut whole = npy::MAGIC.to_vec();
    whole.extend([1, 0]);
    whole.extend((text.len() as u16).to_le_bytes());
    whole.extend(text.as_bytes());
    whole.extend(&bytes);
    let flat = npy::read(&mut &*whole, Some(whole.len() as u64)).unwrap();
    let x = flat
        .as_strided(layout.shape(), layout.strides(), layout.offset())
        .unwrap();
    // the elements are those of the buffer that the layout names
    let size = dtype.size();
    let mut k = 0;
    let written = bits_of(&x);
    for place in layout.indices() {
        assert_eq!(written[k * size..][..size], bytes[place * size..][..size]);
        k += 1;
    }
    Ok(x)
}

/// The bytes of the elements in C order.
fn bits_of(x: &Raw) -> Vec<u8> {
    let mut all = Vec::new();
    npy::write(&mut all, &x.copied().unwrap().contiguous().unwrap()).unwrap();
    all.split_off(all.len() - x.len() * x.dtype().size())
}

fn same(a: &Raw, b: &Raw) {
    assert_eq!((a.shape(), a.dtype()), (b.shape(), b.dtype()));
    assert_eq!(bits_of(a), bits_of(b));
}

type Load = fn(&[u8]) -> error::Result<Vec<Raw>>;

fn run(u: &mut Unstructured<'_>) -> Result<()> {
    let format = u.int_in_range(0..=3u8)?;
    let x = any(u)?;
    let y = any(u)?;
    let (save, load, factor): (&dyn Fn(&Path) -> error::Result<()>, Load, usize) = match format {
        0 => (
            &|p| npy::save(p, &x),
            |b| Ok(vec![npy::read(&mut &*b, Some(b.len() as u64))?]),
            16,
        ),
        1 | 2 => (
            &|p| {
                let how = if format == 1 {
                    Compression::Stored
                } else {
                    Compression::Deflated
                };
                npz::save(p, &[("x", &x), ("y", &y)], how)
            },
            |b| Ok(npz::read(b)?.into_iter().map(|(_, x)| x).collect()),
            4 * 1032,
        ),
        _ => (
            &|p| safetensors::save(p, &[("x", &x), ("y", &y)], &[("k", "v")]),
            |b| {
                let mut all = safetensors::read(b)?.tensors;
                all.sort_by(|a, b| a.0.cmp(&b.0));
                Ok(all.into_iter().map(|(_, x)| x).collect())
            },
            200,
        ),
    };
    let path = file("roundtrip");
    if let Err(error) = save(&path) {
        // safetensors has no complex128
        assert!(format == 3 && error.is_dtype(), "{error}");
        return Ok(());
    }
    let bytes = std::fs::read(&path).unwrap();
    std::fs::remove_file(&path).unwrap();
    let back = load(&bytes).unwrap();
    for (a, b) in back.iter().zip([&x, &y]) {
        same(a, b);
    }
    if format == 0 {
        // in an order of its own too
        let mut all = Vec::new();
        npy::write(&mut all, &x.transpose().unwrap()).unwrap();
        same(
            &npy::read(&mut &*all, None).unwrap().transpose().unwrap(),
            &x,
        );
    }
    let end = u.choose_index(bytes.len())?;
    assert!(bounded(end, factor, || load(&bytes[..end])).is_err());
    let mut changed = bytes.clone();
    changed[u.choose_index(bytes.len())?] ^= u.arbitrary::<u8>()?;
    _ = bounded(changed.len(), factor, || load(&changed));
    Ok(())
}

fuzz_target!(init: seeds::write("roundtrip"), |data: &[u8]| {
    let u = &mut Unstructured::new(data);
    _ = run(u);
    // the layouts that all of it rests on
    if let Ok(lengths) = shape(u, 4)
        && let Ok((x, model)) = array(u, &lengths, DType::F32, true)
    {
        assert_same(&x.copied().unwrap(), &model, &lengths);
    }
});
