use civita::prelude::*;

fn main() {
    let _ = tensor![1, 2].requires_grad();
}
