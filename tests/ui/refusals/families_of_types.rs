use civita::{Bits, Number, Real, Boolean, c64};

fn family<T: Number + Real + Bits + Boolean>() {}

fn main() {
    family::<bool>();
    family::<c64>();
}
