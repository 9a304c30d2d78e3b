use civita::prelude::*;

fn main() {
    let mut x = Vector::<i32>::ones(3);
    x += 2.5;
}
