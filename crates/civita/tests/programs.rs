//! Programs as users write them: that they compile is half of the test.

use civita::{Error, Result, c64, f16, grad_of, prelude::*};

/// All that a user writes for any float and any rank.
fn standardize<T: Float, const N: usize>(x: &Tensor<T, N>) -> Result<Tensor<T, N>> {
    Ok((x - x.over(0).keepdims().mean()?) / x.over(0).keepdims().std()?)
}

/// Scalars, named methods and assignment in generic code.
fn smoothed<T: Float, const N: usize>(x: &Tensor<T, N>) -> Result<Tensor<T, N>> {
    let mut y = x.maximum(T::from_f64(0.5))?.exp() * 2;
    y += x;
    y *= T::from_f64(0.5);
    y.sqrt().mul(x)
}

#[test]
fn the_first_lines_of_a_numpy_user() -> Result<()> {
    let a = Vector::from_slice(&[1.0, 2.0, 3.0]);
    let b = Vector::zeros(3);
    let c = Matrix::<f64>::ones([4, 4]);
    assert_eq!(a.add(&b)?.to_string(), "[1. 2. 3.]");
    assert_eq!(a.dot(&b)?.to_string(), "0.0");
    assert_eq!(
        format!("{} {} {}", a.sum(), a.mean(), a.max()),
        "6.0 2.0 3.0"
    );
    assert_eq!((&a * 2.0).to_string(), "[2. 4. 6.]");
    assert_eq!(
        c.to_string(),
        "[[1. 1. 1. 1.]\n [1. 1. 1. 1.]\n [1. 1. 1. 1.]\n [1. 1. 1. 1.]]"
    );

    let x = tensor![[1.0, 2.0], [3.0, 4.0]].requires_grad();
    let w = Matrix::eye(2);
    assert_eq!(x.matmul(&w)?.to_string(), "[[1. 2.]\n [3. 4.]]");
    let y = (&x * &x).sum();
    y.backward()?;
    assert_eq!(
        x.grad().map(|g| g.to_string()),
        Some("[[2. 4.]\n [6. 8.]]".into())
    );
    Ok(())
}

#[test]
fn types_and_ranks_are_computed_by_the_compiler() -> Result<()> {
    let x = Tensor::<f32, 2>::ones([3, 4]);
    let i = Matrix::<i32>::ones([3, 4]);
    let p: Tensor<f64, 2> = &i * &x;
    let e: Tensor<f64, 2> = i.exp();
    let s: Tensor<i64, 0> = i.sum();
    let m: Tensor<f32, 1> = x.over(0).mean()?;
    let g: Tensor<f64, 0> = e.over([0, 1]).mean()?;
    let h: Tensor<f32, 2> = &x * 2 * &x - &m;
    let q: Tensor<f64, 2> = &i / 2;
    let r: Tensor<f16, 1> = tensor![1i8, 2].exp();
    let a: Tensor<f32, 1> = tensor![c64::new(3.0, 4.0)].abs();
    let v: Tensor<f64, 1> = tensor![true, false].mean().broadcast_to([2])?;
    let k: Tensor<i8, 1> = tensor![true, true].square();
    let z: AnyTensor = x.clone().into_any() * 0.5;
    let d: Tensor<f32, DYN> = x.to_dyn() + &m;
    let b: Tensor<f32, 3> = Tensor::<f32, 3>::ones([5, 2, 3]).matmul(&x)?;
    let o: Tensor<f32, 1> = x.matmul(Vector::ones(4))?;
    assert_eq!(p.shape(), e.shape());
    assert_eq!(format!("{s} {a} {v} {k}"), "12 [5.] [0.5 0.5] [1 1]");
    // the last bit of `exp` depends on the instruction set
    assert!((g.item()? - 1f64.exp()).abs() < 1e-15);
    assert_eq!(
        format!("{h} {q}"),
        format!(
            "{} {}",
            Matrix::<f32>::ones([3, 4]),
            Matrix::<f64>::full([3, 4], 0.5)
        )
    );
    assert_eq!(
        format!("{} {} {}", r.dtype(), z.dtype(), d.dtype()),
        "float16 float32 float32"
    );
    assert_eq!((b.shape(), o.shape()), (&[5, 2, 4][..], &[3][..]));
    Ok(())
}

#[test]
fn literals_find_their_type_on_both_sides() {
    let (x, h, n) = (
        Vector::<f32>::ones(2),
        Vector::<f16>::ones(2),
        tensor![1i64, 2],
    );
    let left: Tensor<f32, 1> = (2.0 * &x).exp();
    assert_eq!(left.to_string(), "[7.389056 7.389056]");
    assert_eq!((2 - &x).log().to_string(), "[0. 0.]");
    assert_eq!((1.0 / (h * 2.0)).to_string(), "[0.5 0.5]");
    assert_eq!((10 - &n).to_string(), "[9 8]");
    assert_eq!((10 / n).to_string(), "[10.  5.]");
    assert_eq!(
        (tensor![c64::new(0.0, 1.0)] * 2.0 + 1).to_string(),
        "[1.+2.j]"
    );
    assert_eq!((2.0 * tensor![1, 2].into_any()).to_string(), "[2. 4.]");
}

#[test]
fn generic_functions_need_no_bounds_for_ranks() -> Result<()> {
    assert_eq!(
        standardize(&tensor![[1.0f32, 10.0], [3.0, 30.0]])?.to_string(),
        "[[-1. -1.]\n [ 1.  1.]]"
    );
    assert_eq!(
        standardize(&Vector::<f16>::arange_step(
            f16::ZERO..f16::from_f64(4.0),
            f16::from_f64(2.0)
        ))?
        .to_string(),
        "[-1.  1.]"
    );
    // x · √((2 e^max(x, ½) + x) / 2)
    assert!(smoothed(&tensor![0.0, 1.0])?.allclose(&tensor![0.0, (1f64.exp() + 0.5).sqrt()])?);
    Ok(())
}

#[test]
fn every_operator_takes_owned_and_borrowed() {
    let (a, b) = (|| tensor![6, 7], || tensor![3i32, 2]);
    for c in [a() % b(), a() % &b(), &a() % b(), &a() % &b()] {
        assert_eq!(c.to_string(), "[0 1]");
    }
    assert_eq!((a() & b()).to_string(), "[2 2]");
    assert_eq!((a() | b()).to_string(), "[7 7]");
    assert_eq!((a() ^ b()).to_string(), "[5 5]");
    assert_eq!((!tensor![true, false]).to_string(), "[False  True]");
    assert_eq!((-a()).to_string(), "[-6 -7]");
    let mut x = tensor![1.0, 2.0];
    x += 1.0;
    x -= &tensor![1, 0];
    x *= tensor![2.0];
    x /= 2;
    assert_eq!(x.to_string(), "[1. 3.]");
}

#[test]
fn slices_have_the_rank_that_they_leave() -> Result<()> {
    let x = Vector::<i64>::arange(0..24).reshape([2, 3, 4])?;
    let (i, j) = (1usize, -1i64);
    let a: Tensor<i64, 0> = x.slice(s![1, 2, 3])?;
    let b: Tensor<i64, 1> = x.slice(s![i, j])?;
    let c: Tensor<i64, 3> = x.slice(s![.., 1.., ..;-2])?;
    let d: Tensor<i64, 4> = x.slice(s![NewAxis, Ellipsis, 0..2])?;
    let e: Tensor<i64, 1> = x.slice(s![0, .., 0])?.slice(s![i..])?;
    let f: Tensor<i64, DYN> = x.to_dyn().slice(s![0])?;
    assert_eq!(format!("{a} {b} {e}"), "23 [20 21 22 23] [4 8]");
    assert_eq!(
        c.to_string(),
        "[[[ 7  5]\n  [11  9]]\n\n [[19 17]\n  [23 21]]]"
    );
    assert_eq!((d.shape(), f.shape()), (&[1, 2, 3, 2][..], &[3, 4][..]));
    // a method right after it: the rank is known before the type of the literals is
    assert_eq!(x.slice(s![1..2, 0])?.flatten().to_string(), "[12 13 14 15]");
    Ok(())
}

#[test]
fn a_value_does_not_change_under_another_handle() -> Result<()> {
    let mut x = Matrix::<f64>::zeros([2, 2]);
    let (copy, row) = (x.clone(), x.slice(s![0])?);
    x.slice_assign(s![0, ..], &tensor![1.0, 2.0])?;
    x.assign_where(&x.gt(1.5)?, 9.0)?;
    assert_eq!(
        format!("{x} {copy} {row}"),
        "[[1. 9.]\n [0. 0.]] [[0. 0.]\n [0. 0.]] [0. 0.]"
    );
    Ok(())
}

#[test]
fn gradients_of_several_inputs_and_of_higher_order() -> Result<()> {
    let (w, b) = (
        tensor![[1.0, 2.0], [3.0, 4.0]].requires_grad(),
        tensor![0.5, -0.5].requires_grad(),
    );
    let x = tensor![1.0, -1.0];
    let y = (x.matmul(&w)? + &b).tanh().sum();
    let (dw, db) = grad_of(&y, (&w, &b))?;
    assert_eq!((dw.shape(), db.shape()), (&[2, 2][..], &[2][..]));
    assert!(w.grad().is_none());
    let none = no_grad(|| (&w * 2.0).tracks_gradient());
    assert!(!none && (&w * 2.0).tracks_gradient() && !w.detach().tracks_gradient());

    civita::check_gradients(
        |(w, b)| Ok((x.matmul(&w)? + b).tanh()),
        (&w.detach(), &b.detach()),
    )?;
    civita::check_second_gradients(|x| Ok(x.exp() * x.sin()), &x)?;
    let (value, change) = civita::jvp(|x| Ok(x.sum()), &x, &tensor![1.0, 10.0])?;
    assert_eq!(format!("{value} {change}"), "0.0 11.0");

    // clones are one variable; its gradient is summed until it is cleared
    let v = Tensor::scalar(3.0).requires_grad();
    (&v * &v.clone()).backward()?;
    (&v * 1.0).backward()?;
    assert_eq!(v.grad().map(|g| g.to_string()), Some("7.0".into()));
    v.clear_grad();
    assert!(v.grad().is_none());
    Ok(())
}

#[test]
fn fused_functions_broadcast_and_have_gradients() -> Result<()> {
    let scale = 2.0;
    let f = fuse!(|a, b, c| (a * b + c) * scale);
    let (a, b, c) = (
        tensor![[1.0], [2.0]].requires_grad(),
        tensor![3.0, 4.0],
        Tensor::scalar(1.0),
    );
    let y: Matrix<f64> = f.call((&a, &b, &c))?;
    assert_eq!(y.to_string(), "[[ 8. 10.]\n [14. 18.]]");
    y.sum().backward()?;
    assert_eq!(
        a.grad().map(|g| g.to_string()),
        Some("[[14.]\n [14.]]".into())
    );
    let error = f.call((&tensor![1, 2], &b, &c)).unwrap_err();
    assert!(error.is_dtype(), "{error}");
    Ok(())
}

#[test]
fn conversions_keep_values() -> Result<()> {
    let x: Vector<u8> = (0..3u8).collect();
    assert_eq!(x.iter().map(u32::from).sum::<u32>(), 3);
    assert_eq!(Vector::from(vec![1, 2]).to_vec(), [1, 2]);
    assert_eq!(Matrix::from([[1.0f32, 2.0]]).t().to_vec(), [1.0, 2.0]);
    assert_eq!(Tensor::from(2.5f64).item()?, 2.5);
    let buffer = vec![1.0f64; 100];
    let address = buffer.as_ptr();
    assert_eq!(
        Vector::from_vec(buffer).as_slice()?.as_ptr(),
        address,
        "no copy"
    );
    assert_eq!(
        x.cast::<f64>().into_any().typed::<f64, 1>()?.to_vec(),
        [0.0, 1.0, 2.0]
    );
    assert_eq!(
        format!("{:?}", x),
        "tensor([0, 1, 2], dtype=uint8, shape=(3,), device=cpu)"
    );
    let (_, notes) = civita::explain(|| x.cast::<f32>().exp());
    assert!(notes.iter().any(|n| n.op == "exp"));
    Ok::<(), Error>(())
}

#[test]
fn assigning_operators_write_where_nobody_else_looks() {
    let mut x = Vector::from_slice(&[1.0, 2.0, 3.0]);
    let at = x.as_slice().unwrap().as_ptr();
    x += 1.0;
    x *= &tensor![2.0];
    x -= tensor![1.0, 1.0, 1.0];
    assert_eq!(x.to_vec(), [3.0, 5.0, 7.0]);
    assert_eq!(x.as_slice().unwrap().as_ptr(), at);

    // a second handle keeps what it had
    let before = x.clone();
    x += &before;
    assert_eq!(x.to_vec(), [6.0, 10.0, 14.0]);
    assert_eq!(before.to_vec(), [3.0, 5.0, 7.0]);

    // a slice of another tensor's elements is a handle on them too
    let whole = Matrix::<f64>::ones([2, 2]);
    let mut row = whole.slice(s![0]).unwrap();
    row += 1.0;
    assert_eq!((row.to_vec(), whole.to_vec()), (vec![2.0; 2], vec![1.0; 4]));

    // backward needs the old elements
    let w = Vector::from_slice(&[2.0, 3.0]).requires_grad();
    let mut y = &w * &w;
    let z = &y * &y;
    y += 1.0;
    z.sum().backward().unwrap();
    assert_eq!(w.grad().unwrap().to_vec(), [32.0, 108.0]);
}
