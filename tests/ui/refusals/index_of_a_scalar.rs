use civita::prelude::*;

fn main() {
    let _ = tensor![1.0, 2.0].sum().slice(s![0]);
}
