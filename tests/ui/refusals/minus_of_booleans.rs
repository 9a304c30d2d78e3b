use civita::prelude::*;

fn main() {
    let yes = tensor![true, false];
    let _ = &yes - &yes;
}
