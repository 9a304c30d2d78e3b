//! PNG and JPEG: any bytes (the decoders leave out check sums when fuzzed); a picture that was read is written as PNG and read again.

#![no_main]

use civita_fuzz::{numbers, seeds};
use civita_io::images;
use libfuzzer_sys::fuzz_target;

fuzz_target!(init: seeds::write("image"), |data: &[u8]| {
    // a header can ask for a large picture: within 512 MiB, which `-rss_limit_mb` watches
    let Ok(x) = images::read(data) else { return };
    if x.len() > 1 << 20 {
        return;
    }
    let bytes = seeds::saved("x.png", |p| images::save(p, &x));
    let back = images::read(&bytes).unwrap();
    assert_eq!((back.shape(), back.dtype()), (x.shape(), x.dtype()));
    assert_eq!(numbers(&back), numbers(&x));
});
