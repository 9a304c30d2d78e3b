//! The cost of a call.
use civita_core::{dtype::*, raw::*};
fn main() -> civita_core::error::Result<()> {
    let one = Raw::ones(&[1], DType::F64)?;
    for _ in 0..5 {
        let s = std::time::Instant::now();
        for _ in 0..1_000_000 {
            std::hint::black_box(one.add(&one)?);
        }
        println!("add 1: {:.1} ns", s.elapsed().as_secs_f64() * 1e3);
    }
    Ok(())
}
