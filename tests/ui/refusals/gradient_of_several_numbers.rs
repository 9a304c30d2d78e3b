use civita::autograd::grad;
use civita::prelude::*;

fn main() {
    let _ = grad(|x| Ok(&x * &x), &tensor![1.0, 2.0]);
}
