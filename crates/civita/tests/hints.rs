//! The code in hints compiles, runs and mends what the error is about: [`mends`] takes a call that fails and the code that
//! stands in the hint, and compares the two texts.

// the code is what hints show
#![allow(clippy::needless_borrows_for_generic_args)]

use civita::autograd::{self, Keep, Randomness, Vmap, checkpoint, jacrev, no_grad, trace, vmap};
use civita::random::{CounterRng, TensorRng};
use civita::{Device, Error, Result, catch, prelude::*};

/// Without blanks, nor the commas that come where a list is broken into lines.
fn squeezed(code: &str) -> String {
    let code: String = code.split_whitespace().collect();
    code.replace(",)", ")")
}

/// Checks that all code in the hint of an error is part of this code.
#[track_caller]
fn shows(error: &Error, code: &str) {
    let text = error.to_string();
    let (_, hint) = text.split_once("\n  hint: ").expect("no hint");
    let shown: Vec<&str> = hint.split('`').skip(1).step_by(2).collect();
    assert!(!shown.is_empty(), "no code in: {hint}");
    for shown in shown {
        let is_part = squeezed(code).contains(&squeezed(shown));
        assert!(is_part, "`{shown}` is shown, what is run is: {code}");
    }
}

/// The value of the code, all of which the error's hint shows in parts.
macro_rules! mends {
    ($fails:expr, $code:expr) => {{
        shows(&$fails.map(drop).expect_err("no error"), stringify!($code));
        $code
    }};
}

fn ones<const N: usize>(shape: [usize; N]) -> Tensor<f64, N> {
    Tensor::ones(shape)
}

fn variable() -> Vector<f64> {
    tensor![1.0, 2.0].requires_grad()
}

#[test]
fn of_matrix_products() -> Result<()> {
    let (a, b) = (ones([3, 4]), ones([5, 4]));
    let y = mends!(a.matmul(&b), a.matmul(&b.t())?);
    assert_eq!(y.shape(), [3, 5]);
    let (a, b) = (ones([3, 4]), ones([3]));
    let y = mends!(a.matmul(&b), a.t().matmul(&b)?);
    assert_eq!(y.shape(), [4]);
    let (a, b) = (ones([4, 3]), ones([5, 4]));
    let y = mends!(a.matmul(&b), a.t().matmul(&b.t())?);
    assert_eq!(y.shape(), [3, 5]);
    let (a, b) = (ones([2, 3, 4]), ones([2, 5, 4]));
    let y = mends!(a.matmul(&b), a.matmul(&b.swap_axes(-1, -2)?)?);
    assert_eq!(y.shape(), [2, 3, 5]);
    let (a, b) = (ones([2, 3, 4]), ones([2, 3, 5]));
    let y = mends!(a.matmul(&b), a.swap_axes(-1, -2)?.matmul(&b)?);
    assert_eq!(y.shape(), [2, 4, 5]);
    let (a, b) = (ones([]).to_dyn(), ones([3]).to_dyn());
    let y = mends!(a.matmul(&b), a * b);
    assert_eq!(y.shape(), [3]);
    let (a, b) = (ones([3]), ones([5]));
    let y = mends!(
        a.matmul(&b),
        a.reshape([3, 1])?.matmul(&b.reshape([1, 5])?)?
    );
    assert_eq!(y.shape(), [3, 5]);
    Ok(())
}

#[test]
fn of_shapes_that_do_not_broadcast() -> Result<()> {
    let (a, x) = (ones([3, 4]), ones([3]));
    mends!(a.add(&x), {
        a.add(&x.reshape([3, 1])?)?;
        a.add(&x.expand_dims(-1)?)?;
    });
    // `.expand_dims(-1)` alone is one axis too few here, and is not shown
    let a = ones([3, 4, 5]);
    mends!(a.add(&x), a.add(&x.reshape([3, 1, 1])?)?);
    let (a, x, axis, shape) = (ones([3, 4]), ones([5, 4]), 1, [5, 1, 4]);
    mends!(a.add(&x), {
        a.expand_dims(axis)?.add(&x)?;
        a.add(&x.reshape(shape)?)?;
    });
    let (mut a, x, axis, shape) = (ones([3, 4]), ones([3]), 1, [3, 1]);
    mends!(a.assign(&x), {
        a.assign(&x.expand_dims(axis)?)?;
        a.assign(&x.reshape(shape)?)?;
    });
    let (mut a, x) = (ones([3, 4]), ones([1, 1, 4]));
    mends!(
        a.slice_assign(s![0], &x),
        a.slice_assign(s![0], &x.squeeze_all())?
    );
    Ok(())
}

#[test]
fn of_shapes_and_ranks() -> Result<()> {
    let x = ones([3, 4]);
    assert_eq!(mends!(x.reshape([5, 2]), x.reshape([6, 2])?).len(), 12);
    assert_eq!(mends!(x.reshape([-1, 5]), x.reshape([12])?).len(), 12);
    let any = ones([2, 3, 4]).into_any();
    let y = mends!(
        any.typed::<f64, 2>(),
        any.reshape([6, 4])?.typed::<f64, 2>()?
    );
    assert_eq!(y.shape(), [6, 4]);
    let any = ones([3]).into_any();
    let y = mends!(
        any.typed::<f64, 3>(),
        any.reshape([1, 1, 3])?.typed::<f64, 3>()?
    );
    assert_eq!(y.shape(), [1, 1, 3]);
    let any = ones([1, 1]).into_any();
    let y = mends!(any.typed::<f64, 0>(), any.squeeze_all().typed::<f64, 0>()?);
    assert_eq!(y, 1.0);
    let any = tensor![1, 2].into_any();
    let y = mends!(any.typed::<f32, 1>(), any.cast::<f32>().typed::<f32, 1>()?);
    assert_eq!(y, [1.0, 2.0]);
    let x = tensor![[1, 2], [3, 4]].to_dyn();
    let y = mends!(x.at([1]), x.slice(s![1])?);
    assert_eq!(y.to_vec(), [3, 4]);
    let (a, b) = (tensor![1.0], Tensor::scalar(2.0));
    let zeros: [&Tensor<f64, DYN>; 2] = [&b.to_dyn(), &b.to_dyn()];
    assert_eq!(
        mends!(civita::concatenate(zeros, 0), civita::stack(zeros, 0)?).len(),
        2
    );
    let y = mends!(catch(|| b.nonzero()).and_then(|x| x.map(drop)), {
        let a = &b;
        a.reshape(1)?.nonzero()?
    });
    assert_eq!(y[0], [0]);
    let x = ones([2, 3, 4]);
    assert_eq!(
        mends!(
            x.over([0, 1]).argmax(),
            x.reshape([6, 4])?.over(0).argmax()?
        ),
        [0; 4]
    );
    let (m, b) = (ones([2, 2]).requires_grad(), a);
    assert!(
        mends!(fuse!(|x| x.isnan()).call(&m), {
            let x = m;
            fuse!(|x| x.isnan()).call_any(&x)?
        })
        .raw()
        .len()
            == 4
            && b.len() == 1
    );
    Ok(())
}

#[test]
fn of_elements() -> Result<()> {
    let x = ones([3, 4]);
    assert_eq!(mends!(x.item(), x.to_vec()).len(), 12);
    mends!(x.t().as_slice().map(drop), {
        x.t().contiguous().as_slice()?;
        x.t().to_vec();
    });
    let x = ones([0]);
    assert!(mends!(catch(|| x.max()), x.is_empty()));
    let x = variable();
    let mut y = x.clone();
    mends!(
        y.as_mut_slice().map(drop),
        x.detach().as_mut_slice()?[0] = 5.0
    );
    Ok(())
}

#[test]
fn of_dtypes() -> Result<()> {
    let (x, i) = (tensor![1.0, 0.0].into_any(), tensor![1, 0].into_any());
    let mask = tensor![true, false].into_any();
    let y = mends!(catch(|| &x & &i), x.cast::<i64>().into_any() & &i);
    assert_eq!(y.typed::<i64, 1>()?, [1, 0]);
    let y = mends!(catch(|| &mask - &mask), {
        let (a, b) = (&mask, &mask);
        a ^ b
    });
    assert_eq!(y.typed::<bool, 1>()?, [false, false]);
    let y = mends!(catch(|| -&mask), {
        let x = &mask;
        !x
    });
    assert_eq!(y.typed::<bool, 1>()?, [false, true]);
    let z = tensor![c128::new(3.0, 4.0)].into_any();
    mends!(catch(|| z.floor()), {
        (z.real().floor(), z.imag().floor(), z.abs().floor())
    });
    let small = tensor![1i8].into_any();
    let y = mends!(catch(|| &small + 300), small.cast::<i64>() + 300);
    assert_eq!(y, [301]);
    let y = mends!(i.pow(-1), i.cast::<f64>().pow(-1)?);
    assert_eq!(y, [1.0, f64::INFINITY]);
    let quarter = Vector::<civita::f8e4m3>::ones(2).into_any();
    let y = mends!(
        catch(|| &quarter + &x),
        quarter.cast::<f32>().into_any() + &x
    );
    assert_eq!(y.typed::<f64, 1>()?, [2.0, 1.0]);

    let (v, at) = (ones([3]), tensor![2.0].into_any());
    assert_eq!(mends!(v.take(&at, 0), v.take(&at.cast::<i64>(), 0)?), [1.0]);
    let all = tensor![true, false, true].into_any();
    assert_eq!(mends!(v.take(&all, 0), v.select(&all)?), [1.0, 1.0]);
    let signs = tensor![1, -1, 0].into_any();
    mends!(v.select(&signs), {
        let x = &signs;
        v.select(&x.gt(0)?)?;
        v.take(&signs.cast::<i64>(), 0)?
    });
    assert_eq!(
        mends!(at.one_hot::<f64>(3), at.cast::<i64>().one_hot::<f64>(3)?).shape(),
        [1, 3]
    );
    let (index, other) = (tensor![0, 2, 1], tensor![5.0, 6.0, 7.0]);
    let y = mends!(
        civita::np::choose(&index, &[&v, &other]),
        civita::np::choose(&index.clip(0, 1)?, &[&v, &other])?
    );
    assert_eq!(y, [1.0, 6.0, 7.0]);
    mends!(all.quantile(0.5), all.cast::<f64>().quantile(0.5)?);
    let (x, n) = (tensor![1.0, 2.0], tensor![0.5, 1.0].into_any());
    mends!(civita::np::ldexp(&x, &n), x.into_any().scalb(&n)?);
    let z = tensor![c128::new(1.0, 2.0), c128::new(0.0, 1.0)].into_any();
    mends!(fft::rfft(&z), fft::fft(&z)?);
    Ok(())
}

#[test]
fn of_gradients() -> Result<()> {
    let (x, y) = (variable(), variable() * 2.0);
    mends!(y.backward(), {
        y.sum().backward()?;
    });
    let y = tensor![c128::new(1.0, 2.0)].requires_grad().exp();
    mends!(y.backward(), {
        y.real().sum().backward()?;
    });
    let constant = ones([2]);
    mends!(constant.sum().backward(), {
        let x = constant.requires_grad();
        x.sum().backward()?;
        no_grad(|| x.sum())
    });
    mends!(
        ones([2]).retain_grad(),
        ones([2]).requires_grad().exp().retain_grad()?
    );
    let y = x.exp().sum();
    y.backward()?;
    let y2 = x.exp().sum();
    mends!(y.backward(), {
        y2.backward_kept(Keep::Graph)?;
        y2.backward()?;
    });
    let (mut v, w) = (variable(), ones([2]));
    mends!(v.assign(&w), {
        no_grad(|| v.assign(&w))?;
        v.copy().assign(&w)?;
    });
    mends!(
        tensor![1, 2].into_any().raw().requires_grad(),
        tensor![1, 2].cast::<f64>().requires_grad()
    );
    mends!(autograd::grad(|x: Vector<f64>| Ok(x.exp().to_dyn()), &w), {
        autograd::grad(|x: Vector<f64>| Ok(x.exp().sum()), &w)?;
        jacrev::<_, f64, 1>(|x: Vector<f64>| Ok(x.exp()), &w)?
    });
    let twice = |free: Vector<f64>| {
        autograd::Function::<Vector<f64>, Vector<f64>>::new(
            "twice",
            move |x| x.mul(&free),
            |_, _, g| Ok(g),
        )
    };
    mends!(twice(x.clone()).call(&w), twice(x.detach()).call(&w)?);
    let rows = ones([2, 3]);
    mends!(
        vmap(|x: Vector<f64>| Ok(x.requires_grad()), &rows),
        vmap(|x: Vector<f64>| Ok(x.requires_grad().detach()), &rows)?
    );
    Ok(())
}

#[test]
fn of_transformations() -> Result<()> {
    let x = tensor![[1.0, -2.0], [3.0, 4.0]];
    mends!(
        vmap(
            |x: Vector<f64>| if x.sum().item()? > 0.0 { Ok(x) } else { Ok(-x) },
            &x
        ),
        vmap(
            |x: Vector<f64>| {
                let (mask, a, b) = (x.sum().gt(0.0)?, x.copy(), -&x);
                mask.choose(&a, &b)
            },
            &x
        )?
    );
    mends!(
        trace(
            |x: Matrix<f64>| if x.sum().item()? > 0.0 { Ok(x) } else { Ok(-x) },
            &x
        ),
        trace(
            |x: Matrix<f64>| {
                let (mask, a, b) = (x.sum().gt(0.0)?, x.copy(), -&x);
                mask.choose(&a, &b)
            },
            &x
        )?
    );
    mends!(
        vmap(|x: Vector<f64>| x.select(&x.gt(0.0)?), &x),
        vmap(
            |x: Vector<f64>| {
                let mask = x.gt(0.0)?;
                mask.choose(&x, 0.0)
            },
            &x
        )?
    );
    let key = 42u64;
    let mut rng = CounterRng::new(key);
    mends!(
        catch(|| vmap(|x: Vector<f64>| x.add(&rng.normal::<f64, 1>(2)), &x)).and_then(|y| y),
        {
            let mut rng = CounterRng::new(key);
            Vmap::new()
                .randomness(Randomness::Different)
                .call(|x: Vector<f64>| x.add(&rng.normal::<f64, 1>(2)), &x)?
        }
    );
    let mut stream = random::default_rng(1);
    mends!(
        catch(|| Vmap::new()
            .randomness(Randomness::Different)
            .call(|x: Vector<f64>| x.add(&stream.random(2)), &x))
        .and_then(|y| y),
        {
            let mut rng = CounterRng::new(key);
            Vmap::new()
                .randomness(Randomness::Different)
                .call(|x: Vector<f64>| x.add(&rng.normal::<f64, 1>(2)), &x)?
        }
    );
    let mut rng = CounterRng::new(key);
    mends!(
        catch(|| trace(|x: Matrix<f64>| x.add(&rng.normal::<f64, 1>(2)), &x)).and_then(|y| y),
        {
            let (key, counter) = (Tensor::scalar(42u64), Tensor::scalar(0u64));
            trace(
                |(x, key, counter): (Matrix<f64>, Tensor<u64, 0>, Tensor<u64, 0>)| {
                    x.add(&TensorRng::new(&key, &counter)?.normal::<f64, 1>(2))
                },
                (&x, &key, &counter),
            )?
        }
    );
    mends!(
        catch(|| checkpoint(
            |x: Matrix<f64>| x.add(&random::default_rng(1).random(2)),
            &x
        ))
        .and_then(|y| y),
        checkpoint(
            move |x: Matrix<f64>| {
                let mut rng = CounterRng::new(key);
                x.add(&rng.normal::<f64, 1>(2))
            },
            &x
        )?
    );
    // what the hint of a key with axes shows; ranks say here that there is one key
    let (keys, counter) = (CounterRng::new(key).keys(3), Tensor::scalar(0));
    let y = vmap(
        |key| Ok(TensorRng::new(&key, &counter)?.normal::<f64, 1>(3)),
        &keys,
    )?;
    assert_eq!(y.shape(), [3, 3]);
    assert_eq!(x.raw().to_device(Device::Cpu)?.shape(), [2, 2]);
    Ok(())
}

#[test]
fn of_files() -> Result<()> {
    let file = |ending: &str| {
        std::env::temp_dir().join(format!("civita-hints-{}{ending}", std::process::id()))
    };
    let path = file(".npy");
    tensor![[1.0, 2.0]].save_npy(&path)?;
    mends!(Matrix::<f32>::load_npy(&path), {
        let path = &path;
        AnyTensor::load_npy(path)?.cast::<f32>().typed::<f32, 2>()?
    });
    mends!(Vector::<f64>::load_npy(&path), {
        let path = &path;
        let x = Tensor::<f64, 2>::load_npy(path)?;
        (x.reshape([2])?, x.squeeze(0)?)
    });
    std::fs::remove_file(&path)?;

    let path = file(".csv");
    std::fs::write(&path, "n,x,name\n9007199254740993,0.5,a\n")?;
    let table = io::read_csv(&path)?;
    let column = |name: &str| &table[name];
    mends!(column("n").numbers(), column("n").integers()?);
    mends!(column("x").integers(), column("x").numbers()?);
    let names = mends!(column("name").numbers(), column("name").text()?);
    assert_eq!(names, ["a"]);
    mends!(column("x").text().map(drop), column("x").numbers()?);
    std::fs::remove_file(&path)?;

    let (path, x) = (file(".safetensors"), Vector::<civita::f8e4m3>::ones(2));
    mends!(
        x.save_npy(file(".npy")),
        io::save_safetensors(&path, &[("x", &x)])?
    );
    std::fs::remove_file(&path)?;

    let (path, x) = (file(".png"), ones([2, 2]));
    mends!(io::write_image(&path, &x), {
        let x = &x;
        io::write_image(&path, &(x * 255.0).round().cast::<u8>())?;
    });
    std::fs::remove_file(&path)?;
    Ok(())
}

#[test]
fn of_linear_algebra() -> Result<()> {
    let a = ones([3, 2]).requires_grad();
    mends!(
        linalg::qr_complete(&a).and_then(|(q, _)| q.sum().backward()),
        {
            linalg::qr(&a)?.0.sum().backward()?;
        }
    );
    let a = tensor![[1.0, 2.0], [3.0, 5.0], [8.0, 1.0]].requires_grad();
    mends!(
        linalg::svd_full(&a).and_then(|(u, _, _)| u.sum().backward()),
        {
            linalg::svd(&a)?.0.sum().backward()?;
        }
    );
    let (a, b) = (ones([2, 1, 1]), ones([1]));
    mends!(
        linalg::solve(&a, &b.reshape([1, 1])?),
        linalg::solve(&a, &b.reshape([1, 1])?.to_dyn())?
    );
    let a = ones([2, 2]);
    let back = a.flip(0)?;
    let rows = mends!(
        back.as_nalgebra().map(drop),
        back.contiguous().as_nalgebra()?.nrows()
    );
    assert_eq!(rows, 2);
    Ok(())
}
