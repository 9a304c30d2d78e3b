use civita::prelude::*;

fn main() {
    let _ = np::arange(0.0f32..1.0);
    let _ = Vector::<i64>::arange(0.0..3.0);
    let x = tensor![[1.0, 2.0]];
    let _ = x.get(0);
    let _ = x.reshape("2, 1");
    let _ = x.over("rows").sum();
    let _ = random::default_rng(1).integers(0.0..1.0, 3);
    let _ = random::default_rng(1).choice("abc", 3);
    let _ = x.gt("1");
}
