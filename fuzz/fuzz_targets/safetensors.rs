//! safetensors: any bytes give tensors or an error; what was read is written and read again bit for bit.

#![no_main]

use civita_core::raw::Raw;
use civita_fuzz::{bounded, seeds};
use civita_io::safetensors;
use libfuzzer_sys::fuzz_target;

fuzz_target!(init: seeds::write("safetensors"), |data: &[u8]| {
    // a tensor takes some thirty bytes of a header, and a tree of JSON, names and shapes in memory
    let Ok(all) = bounded(data.len(), 200, || safetensors::read(data)) else { return };
    let bits = |x: &Raw| {
        let mut bytes = Vec::new();
        civita_io::npy::write(&mut bytes, x).unwrap();
        bytes
    };
    let tensors: Vec<(&str, &Raw)> = all.tensors.iter().map(|(n, x)| (n.as_str(), x)).collect();
    let texts: Vec<(&str, &str)> =
        all.metadata.iter().map(|(k, v)| (k.as_str(), v.as_str())).collect();
    let bytes = seeds::saved("x.safetensors", |p| safetensors::save(p, &tensors, &texts));
    let back = safetensors::read(&bytes).unwrap();
    assert_eq!(back.metadata, all.metadata);
    assert_eq!(back.tensors.len(), all.tensors.len());
    for (name, x) in &all.tensors {
        let (_, y) = back.tensors.iter().find(|(n, _)| n == name).unwrap();
        assert_eq!((x.shape(), x.dtype()), (y.shape(), y.dtype()));
        assert_eq!(bits(x), bits(y));
    }
});
