use civita::prelude::*;

fn sum<T: Float, const N: usize, const M: usize>(a: &Tensor<T, N>, b: &Tensor<T, M>) {
    let _ = a + b;
}

fn main() {
    sum(&tensor![1.0], &tensor![[1.0]]);
}
