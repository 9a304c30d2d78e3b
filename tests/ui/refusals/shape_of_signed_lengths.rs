use civita::prelude::*;

fn main() {
    let _ = Matrix::<f32>::zeros([2i32, 3]);
}
