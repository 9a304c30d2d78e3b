//! `.npy`: any bytes give an array or an error; an array that was read is written and read again bit for bit.

#![no_main]

use civita_fuzz::{bounded, seeds};
use civita_io::npy::{self, Header};
use libfuzzer_sys::fuzz_target;

fuzz_target!(init: seeds::write("npy"), |data: &[u8]| {
    let known = bounded(data.len(), 16, || npy::read(&mut &*data, Some(data.len() as u64)));
    // a stream whose length nobody knows
    let stream = bounded(data.len(), 16, || npy::read(&mut &*data, None));
    assert_eq!(known.is_ok(), stream.is_ok());
    _ = std::str::from_utf8(data).map(Header::parse);
    let Ok(x) = known else { return };
    let bits = |x: &civita_core::raw::Raw| {
        let mut bytes = Vec::new();
        npy::write(&mut bytes, x).unwrap();
        bytes
    };
    let first = bits(&x);
    assert_eq!(first, bits(&stream.unwrap()));
    let back = npy::read(&mut &*first, Some(first.len() as u64)).unwrap();
    assert_eq!((back.shape(), back.dtype()), (x.shape(), x.dtype()));
    assert_eq!(first, bits(&back));
    // what is cut off is an error
    let header = first.len() - x.len() * x.dtype().size();
    for end in [header.saturating_sub(1), header, first.len().saturating_sub(1)] {
        if end < first.len() {
            assert!(npy::read(&mut &first[..end], Some(end as u64)).is_err());
        }
    }
});
