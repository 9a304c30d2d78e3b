//! `.npz`: any bytes, also with the check sums that belong to them; archives that were read are written and read again.

#![no_main]

use civita_core::raw::Raw;
use civita_fuzz::{bounded, seeds};
use civita_io::npz::{self, Compression};
use libfuzzer_sys::fuzz_target;
use miniz_oxide::inflate::decompress_to_vec_with_limit;

fn crc32(bytes: &[u8]) -> u32 {
    !bytes.iter().fold(!0u32, |crc, &b| {
        (0..8).fold(crc ^ u32::from(b), |c, _| {
            (c >> 1) ^ (0xedb8_8320 & (c & 1).wrapping_neg())
        })
    })
}

fn number(all: &[u8], at: usize, bytes: usize) -> Option<usize> {
    let part = all.get(at..at.checked_add(bytes)?)?;
    Some(part.iter().rev().fold(0, |n, &b| n << 8 | usize::from(b)))
}

/// Writes over each member's entry in the directory the length and the check sum of what it unpacks to.
fn repaired(data: &[u8]) -> Vec<u8> {
    let mut all = data.to_vec();
    for at in 0..data.len().saturating_sub(46) {
        if &data[at..at + 4] != b"PK\x01\x02" {
            continue;
        }
        let whole = || -> Option<Vec<u8>> {
            let (method, packed) = (number(data, at + 10, 2)?, number(data, at + 20, 4)?);
            let local = number(data, at + 42, 4)?;
            let start = local + 30 + number(data, local + 26, 2)? + number(data, local + 28, 2)?;
            let packed = data.get(start..start.checked_add(packed)?)?;
            match method {
                8 => decompress_to_vec_with_limit(packed, 1 << 20).ok(),
                _ => Some(packed.to_vec()),
            }
        };
        if let Some(whole) = whole() {
            all[at + 16..at + 20].copy_from_slice(&crc32(&whole).to_le_bytes());
            all[at + 24..at + 28].copy_from_slice(&(whole.len() as u32).to_le_bytes());
        }
    }
    all
}

fn check(data: &[u8]) {
    // members are packed 1032 to 1 at most, and are there twice while an array is filled
    let Ok(all) = bounded(data.len(), 4 * 1032, || npz::read(data)) else {
        return;
    };
    let named: Vec<(&str, &Raw)> = all.iter().map(|(n, x)| (n.as_str(), x)).collect();
    for how in [Compression::Stored, Compression::Deflated] {
        let bytes = seeds::saved("x.npz", |p| npz::save(p, &named, how));
        let back = npz::read(&bytes).unwrap();
        assert_eq!(back.len(), all.len());
        for ((name, x), (wanted, y)) in back.iter().zip(&all) {
            assert_eq!((name, x.shape(), x.dtype()), (wanted, y.shape(), y.dtype()));
            let bits = |x: &Raw| {
                let mut bytes = Vec::new();
                civita_io::npy::write(&mut bytes, x).unwrap();
                bytes
            };
            assert_eq!(bits(x), bits(y));
        }
    }
}

fuzz_target!(init: seeds::write("npz"), |data: &[u8]| {
    check(data);
    check(&repaired(data));
});
