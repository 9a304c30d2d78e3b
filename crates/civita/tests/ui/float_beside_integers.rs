use civita::prelude::*;

fn main() {
    let _ = Vector::<i32>::ones(3) * 2.5;
}
