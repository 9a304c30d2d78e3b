use civita::{Bits, Number, Real, Truth, c64};

fn family<T: Number + Real + Bits + Truth>() {}

fn main() {
    family::<bool>();
    family::<c64>();
}
