use civita::{Rhs, prelude::*};

// as `Vector::<f64>::add` takes it; the method's own text would show a line of the table of ops
fn add<B: Rhs<f64, 1>>(_: B) {}

fn main() {
    add(&tensor![1.0, 2.0]);
    add(&tensor![1, 2]);
}
