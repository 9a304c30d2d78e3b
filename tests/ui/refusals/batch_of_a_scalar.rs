use civita::autograd::vmap;
use civita::prelude::*;

fn main() {
    let _ = vmap(|x| Ok(x), &Tensor::scalar(1.0));
}
