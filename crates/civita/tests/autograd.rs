//! Transformations of typed functions: their types, their values, their nesting.

use civita::autograd::{
    Function, Keep, Vmap, checkpoint, enable_grad, grad, hessian, hvp, jacfwd, jacrev, jvp,
    no_grad, trace, value_and_grad, vjp, vmap,
};
use civita::prelude::*;
use civita::{Error, Result};

fn near<const N: usize, const M: usize>(a: &Tensor<f64, N>, b: &Tensor<f64, M>) {
    assert_eq!(a.shape(), b.shape());
    for (a, b) in a.to_vec().into_iter().zip(b.to_vec()) {
        assert!((a - b).abs() <= 1e-12 * (1.0 + b.abs()), "{a} is not {b}");
    }
}

fn x() -> Vector<f64> {
    tensor![0.3, -0.7, 1.1]
}

fn batch() -> Matrix<f64> {
    tensor![[0.3, -0.7, 1.1], [0.9, 0.2, -0.4]]
}

fn total(x: Vector<f64>) -> Result<Tensor<f64, 0>> {
    Ok((x.exp() * x.sin()).sum())
}

/// The gradient of `total`.
fn slope<const N: usize>(x: &Tensor<f64, N>) -> Tensor<f64, N> {
    x.exp() * (x.sin() + x.cos())
}

/// The diagonal of the Hessian of `total`.
fn curve<const N: usize>(x: &Tensor<f64, N>) -> Tensor<f64, N> {
    x.exp() * x.cos() * 2.0
}

#[test]
fn types_say_what_comes_out() -> Result<()> {
    let (v, m) = (x(), batch());
    let _: Vector<f64> = grad(total, &v)?;
    let _: (Tensor<f64, 0>, Vector<f64>) = value_and_grad(total, &v)?;
    let _: (Vector<f64>, Matrix<f64>) = grad(|(v, m)| Ok(m.matmul(&v)?.sum()), (&v, &m))?;
    let _: Tensor<f64, 3> = jacfwd(|m| m.over(0).sum(), &m)?;
    let _: (Matrix<f64>, Tensor<f64, 3>) = jacrev(|(v, m)| m.matmul(&v), (&v, &m))?;
    let _: Tensor<f64, 4> = hessian(|m| Ok((&m * &m).sum()), &m)?;
    let _: Vector<f64> = vmap(total, &m)?;
    let _: (Matrix<f64>, Vector<f64>) = vmap(|x| Ok((&x * 2.0, x.sum())), &m)?;
    let _: Tensor<f64, 3> = vmap(hessian_of_total, &m)?;
    Ok(())
}

fn hessian_of_total(x: Vector<f64>) -> Result<Matrix<f64>> {
    hessian(total, &x)
}

#[test]
fn values_are_those_of_closed_forms() -> Result<()> {
    let (x, v) = (x(), tensor![1.0, 2.0, -1.0]);
    near(&grad(total, &x)?, &slope(&x));
    let (y, dy) = jvp(|x| Ok((x.sin(), x.sum())), &x, &v)?;
    near(&y.0, &x.sin());
    near(&dy.0, &(x.cos() * &v));
    near(&dy.1, &v.sum());
    let (_, back) = vjp(|x| Ok((x.sin(), x.sum())), &x)?;
    for _ in 0..2 {
        near(
            &back.call((v.clone(), Tensor::scalar(10.0)))?,
            &(x.cos() * &v + 10.0),
        );
    }
    let j = jacrev(|x| Ok(x.exp() * x.sin()), &x)?;
    near(&jacfwd(|x| Ok(x.exp() * x.sin()), &x)?, &j);
    near(&j.matmul(&v)?, &(slope(&x) * &v));
    near(&hessian(total, &x)?.matmul(&v)?, &(curve(&x) * &v));
    near(&hvp(total, &x, &v)?, &(curve(&x) * &v));
    Ok(())
}

#[test]
fn slices_of_tensors_have_vectors_of_gradients() -> Result<()> {
    let all: Vec<AnyTensor> = vec![tensor![1.0, 2.0].into_any(), Tensor::scalar(3.0).into_any()];
    let g = grad(|x| Ok((&x[0] * &x[1]).sum()), &all[..])?;
    assert_eq!(format!("{} {}", g[0], g[1]), "[3. 3.] 3.0");
    let rows: Vec<AnyTensor> = vec![batch().into_any(), tensor![2.0, 3.0].into_any()];
    let y = vmap(|x| Ok(vec![&x[0] * &x[1]]), &rows[..])?;
    assert_eq!(y[0].shape(), [2, 3]);
    Ok(())
}

#[test]
fn transformations_nest_in_every_order() -> Result<()> {
    let m = batch();
    near(&vmap(|x| grad(total, &x), &m)?, &slope(&m));
    near(&grad(|m| Ok(vmap(total, &m)?.sum()), &m)?, &slope(&m));
    near(&vmap(|x| hvp(total, &x, &x), &m)?, &(curve(&m) * &m));
    near(
        &jvp(|m| vmap(|x| grad(total, &x), &m), &m, &m)?.1,
        &(curve(&m) * &m),
    );
    let graph = trace(|m| vmap(|x| grad(total, &x), &m), &m)?;
    assert!(
        graph
            .to_string()
            .starts_with("{ lambda a:float64[2,3] . let")
    );
    assert!(!graph.is_empty() && graph.len() > 2);
    let other = m.clone() * 2.0;
    assert_eq!(
        graph.run(&other)?.to_vec(),
        vmap(|x| grad(total, &x), &other)?.to_vec()
    );
    near(&grad(|m| Ok(graph.run(&m)?.sum()), &m)?, &curve(&m));
    assert!(graph.run(&tensor![[1.0]]).is_err());
    Ok(())
}

#[test]
fn axes_are_options_of_vmap() -> Result<()> {
    let (a, b) = (batch(), batch());
    let y: Matrix<f64> = Vmap::new()
        .in_axes(&[1, -1])
        .out_axes(&[1])
        .call(|(a, b)| a.mul(&b), (&a, &b))?;
    near(&y, &(&a * &b));
    let wrong = Vmap::new().in_axes(&[0]).call(|(a, b)| a.mul(&b), (&a, &b));
    assert!(wrong.is_err_and(|e| e.to_string().contains("in_axes")));
    let wrong = Vmap::new().out_axes(&[0, 0]).call(total, &a);
    assert!(wrong.is_err_and(|e| e.to_string().contains("out_axes")));
    Ok(())
}

#[test]
fn what_a_closure_captures_is_shared_and_keeps_its_gradient() -> Result<()> {
    let w = x().requires_grad();
    let y = vmap(|x| x.matmul(&w), &batch())?;
    y.sum().backward()?;
    near(
        &w.grad()
            .ok_or_else(|| Error::value("test", "no gradient"))?,
        &batch().over(0).sum()?,
    );
    Ok(())
}

#[test]
fn values_cannot_be_read_under_vmap_and_trace() {
    let reads = |x: Vector<f64>| {
        assert_eq!(x.to_string(), "<batched tensor, shape (3,), dtype float64>");
        assert_eq!(format!("{x:?}"), x.to_string());
        x.sum().item().map(|_| x)
    };
    let error = vmap(reads, &batch()).unwrap_err().to_string();
    assert!(
        error.contains("item") && error.contains("choose"),
        "{error}"
    );
    assert!(vmap(|x| x.at([0]).map(|_| x), &batch()).is_err());
    let slice = |x: Vector<f64>| {
        x.as_slice()?;
        Ok(x)
    };
    assert!(vmap(slice, &batch()).is_err());
    // an index and an iterator have no place for an error, and panic with it
    let reads: [fn(&Vector<f64>) -> f64; 2] = [|x| x[[0]], |x| x.iter().sum()];
    for (i, read) in reads.into_iter().enumerate() {
        for error in [
            civita::catch(|| vmap(|x| Ok(Tensor::scalar(read(&x))), &batch())).map(drop),
            civita::catch(|| trace(|x| Ok(Tensor::scalar(read(&x))), &x())).map(drop),
        ] {
            let text = error.unwrap_err().to_string();
            let why = text.contains("under `vmap`") || text.contains("inside `trace`");
            assert!(why && text.contains("choose"), "read {i}: {text}");
        }
    }
    let error = trace(|x| x.sum().item().map(|_| x), &x()).unwrap_err();
    assert!(error.to_string().contains("choose"), "{error}");
}

#[test]
fn functions_have_derivatives_of_their_own() -> Result<()> {
    let f = Function::new(
        "total",
        |(x, s): (Vector<f64>, Tensor<f64, 0>)| Ok((x.exp() * x.sin() * &s, x.sum())),
        |(x, s), _, (g, h): (Vector<f64>, Tensor<f64, 0>)| {
            let ds = (&g * (x.exp() * x.sin())).sum();
            Ok((g * slope(&x) * &s + h, ds))
        },
    );
    let s = Tensor::scalar(3.0);
    let plain = |x: Vector<f64>| Ok((x.exp() * x.sin() * 3.0, x.sum()));
    let own = |x: Vector<f64>| f.call((&x, &s));
    let sum = |(a, b): (Vector<f64>, Tensor<f64, 0>)| Ok((a.sin()).sum() * b);
    let (v, m) = (x(), batch());
    near(&grad(|x| sum(own(x)?), &v)?, &grad(|x| sum(plain(x)?), &v)?);
    near(
        &hessian(|x| sum(own(x)?), &v)?,
        &hessian(|x| sum(plain(x)?), &v)?,
    );
    near(
        &vmap(|x| grad(|x| sum(own(x)?), &x), &m)?,
        &vmap(|x| grad(|x| sum(plain(x)?), &x), &m)?,
    );
    near(&jvp(own, &v, &v)?.1.0, &jvp(plain, &v, &v)?.1.0);
    civita::check_gradients(|(x, s)| sum(f.call((&x, &s))?), (&v, &s))?;
    let leaf = v.clone().requires_grad();
    let reader = Function::new(
        "reader",
        move |x: Vector<f64>| x.mul(&leaf),
        |_, _, g: Vector<f64>| Ok(g),
    );
    assert!(reader.call(&v).is_err_and(|e| e.is_gradient()));
    Ok(())
}

#[test]
fn gradients_of_functions_of_ones_own_fit_their_inputs() -> Result<()> {
    let x = Tensor::<f64, 2>::ones([2, 3]).requires_grad();
    for shape in [[3, 2], [1, 6], [1, 3]] {
        let wrong = Tensor::<f64, 2>::ones(shape);
        let doubled = Function::new(
            "doubled",
            |x: Matrix<f64>| Ok(x * 2.0),
            move |_, _, _: Matrix<f64>| Ok(wrong.clone()),
        );
        let error = doubled.call(&x)?.sum().backward().unwrap_err();
        assert!(error.to_string().contains("gradient of shape"), "{error}");
    }
    Ok(())
}

#[test]
fn checkpoints_are_like_the_function() -> Result<()> {
    use std::sync::Arc;
    use std::sync::atomic::{AtomicUsize, Ordering::Relaxed};

    let runs = Arc::new(AtomicUsize::new(0));
    let counted = runs.clone();
    let f = move |x: Vector<f64>| {
        counted.fetch_add(1, Relaxed);
        total(x)
    };
    let leaf = x().requires_grad();
    let y = checkpoint(f, &leaf)?;
    assert_eq!(runs.load(Relaxed), 1);
    y.backward()?;
    assert_eq!(runs.load(Relaxed), 2);
    near(&leaf.grad().unwrap(), &slope(&x()));
    let again = |x: Vector<f64>| checkpoint(total, &x);
    near(&hessian(again, &x())?, &hessian(total, &x())?);
    near(&vmap(|x| grad(again, &x), &batch())?, &slope(&batch()));
    near(&jvp(again, &x(), &x())?.1, &jvp(total, &x(), &x())?.1);
    Ok(())
}

#[test]
fn hooks_and_retained_gradients() -> Result<()> {
    let x = x().requires_grad();
    let y = &x * 3.0;
    y.retain_grad()?;
    let hook = y.register_hook(|g| Ok(Some(g * 10.0)))?;
    y.sum().backward()?;
    assert_eq!(x.grad().unwrap().to_vec(), [30.0; 3]);
    assert_eq!(y.grad().unwrap().to_vec(), [10.0; 3]);
    hook.remove();
    hook.clone().remove();
    x.clear_grad();
    (&y * 1.0).sum().backward_kept(Keep::Nothing)?;
    assert_eq!(x.grad().unwrap().to_vec(), [3.0; 3]);
    let fails = x.register_hook(|_| Err(Error::value("mine", "the hook's")))?;
    let error = (&x * 1.0).sum().backward().unwrap_err();
    assert!(error.to_string().contains("the hook's"));
    fails.remove();
    assert!(tensor![1.0].register_hook(|_| Ok(None)).is_err());
    assert!(tensor![1.0].retain_grad().is_err());
    Ok(())
}

#[test]
fn passes_free_what_they_used() -> Result<()> {
    let x = Tensor::scalar(2.0).requires_grad();
    let y = &x * &x * &x;
    y.backward_kept(Keep::Graph)?;
    y.backward_from_kept(&Tensor::scalar(1.0), Keep::Nothing)?;
    assert_eq!(x.grad().unwrap().item()?, 24.0);
    assert!(
        y.backward()
            .is_err_and(|e| e.to_string().contains("Keep::Graph"))
    );
    Ok(())
}

#[test]
fn recording_can_be_switched() {
    let x = tensor![1.0].requires_grad();
    no_grad(|| {
        assert!(!(&x * 2.0).tracks_gradient());
        enable_grad(|| assert!((&x * 2.0).tracks_gradient()));
        assert!(!(&x * 2.0).tracks_gradient());
    });
    assert!((&x * 2.0).tracks_gradient());
}

#[cfg(feature = "linalg")]
#[test]
fn polynomials_are_differentiated_by_their_coefficients() -> civita::Result<()> {
    let p = tensor![2.0, -3.0, -11.0, 6.0];
    let v = tensor![1.0, 0.5];
    let check = |f: fn(&Vector<f64>) -> civita::Result<Tensor<f64, 0>>, x: &Vector<f64>| {
        autograd::check_gradients(|x: Vector<f64>| f(&x), x)
    };
    check(|p| Ok(np::roots(p)?.abs().square().sum()), &p)?;
    check(
        |p| Ok(np::polydiv(p, &tensor![1.0, 0.5])?.0.square().sum()),
        &p,
    )?;
    check(
        |p| Ok(np::polydiv(p, &tensor![1.0, 0.5])?.1.square().sum()),
        &p,
    )?;
    check(
        |v| {
            Ok(np::polydiv(&tensor![2.0, -3.0, -11.0, 6.0], v)?
                .0
                .square()
                .sum())
        },
        &v,
    )?;
    check(
        |v| {
            Ok(np::polydiv(&tensor![2.0, -3.0, -11.0, 6.0], v)?
                .1
                .square()
                .sum())
        },
        &v,
    )?;
    check(
        |p| Ok(np::poly1d(p).at(&tensor![0.5, 2.0])?.square().sum()),
        &p,
    )?;
    check(
        |p| Ok(np::poly1d(p).derivative(1)?.coefficients().square().sum()),
        &p,
    )?;
    check(
        |y| {
            Ok(np::polyfit(&tensor![0.0, 1.0, 2.0, 3.0], y, 1)?
                .square()
                .sum())
        },
        &p,
    )?;
    // the degree depends on values, which a batch does not have
    let batch = tensor![[1.0, -3.0, 2.0], [1.0, 0.0, -1.0]];
    assert!(autograd::vmap(|p: Vector<f64>| np::roots(&p), &batch).is_err());
    let lines = autograd::vmap(
        |y: Vector<f64>| np::polyfit(&tensor![0.0, 1.0, 2.0], &y, 1),
        &batch,
    )?;
    for (line, y) in lines.outer_iter().zip(batch.outer_iter()) {
        civita::assert_close!(line, np::polyfit(&tensor![0.0, 1.0, 2.0], &y, 1)?);
    }
    assert!(np::polyfit(&v, &v, usize::MAX).is_err());
    Ok(())
}
