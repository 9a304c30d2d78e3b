//! Traces that run again: into memory that is there, with lengths that values decide; and scopes on worker threads.

use civita_core::dtype::{DType, Scalar};
use civita_core::error::Result;
use civita_core::raw::Raw;
use civita_core::transform::{
    Randomness, Scope, check_draw, grad, no_grad, recording, trace, vmap_with,
};

fn numbers(shape: &[usize]) -> Raw {
    let n = shape.iter().product::<usize>();
    Raw::from_vec((0..n).map(|i| 0.25 + i as f64).collect(), shape).unwrap()
}

fn bits(x: &Raw) -> Vec<u64> {
    x.to_vec::<f64>()
        .unwrap()
        .iter()
        .map(|v| v.to_bits())
        .collect()
}

/// Results that are read again, that are the same, that are inputs and constants.
fn several(x: &[Raw]) -> Result<Vec<Raw>> {
    let y = x[0].exp()?;
    let z = y.matmul(&x[1])?;
    Ok(vec![
        y.sum_all()?,
        z.tanh()?,
        y,
        z.clone(),
        z,
        x[1].clone(),
        numbers(&[2]),
    ])
}

#[test]
fn a_graph_runs_into_memory_with_the_same_bits() -> Result<()> {
    let x = [numbers(&[2, 3]), numbers(&[3, 2])];
    let graph = trace(several, &x)?;
    let other = [x[0].sin()?, x[1].cos()?];
    let expected = graph.run(&other)?;
    for aliased in [false, true] {
        let mut out: Vec<Raw> = expected
            .iter()
            .map(|y| Raw::zeros(y.shape(), DType::F64))
            .collect::<Result<_>>()?;
        if aliased {
            out = out
                .into_iter()
                .map(Raw::into_aliased)
                .collect::<Result<_>>()?;
        }
        let places: Vec<_> = out.iter().map(Raw::ptr).collect();
        graph.run_into(&other, &mut out.iter_mut().collect::<Vec<_>>())?;
        for (y, expected) in out.iter().zip(&expected) {
            assert_eq!(bits(y), bits(expected));
        }
        assert_eq!(places, out.iter().map(Raw::ptr).collect::<Vec<_>>());
    }
    Ok(())
}

#[test]
fn an_input_may_be_where_the_result_goes() -> Result<()> {
    let f = |x: &[Raw]| {
        let y = x[0].transpose()?;
        Ok(vec![y.add(&x[0])?.mul(&y)?, x[0].sub(&y)?])
    };
    let x = numbers(&[3, 3]).into_aliased()?;
    let graph = trace(f, std::slice::from_ref(&x))?;
    let expected = graph.run(&[numbers(&[3, 3])])?;
    // two results in one buffer are both there at the end, the second on top
    let (mut first, mut second) = (x.clone(), Raw::zeros(&[3, 3], DType::F64)?);
    graph.run_into(std::slice::from_ref(&x), &mut [&mut first, &mut second])?;
    assert_eq!(bits(&x), bits(&expected[0]));
    assert_eq!(bits(&second), bits(&expected[1]));
    Ok(())
}

#[test]
fn gradients_go_through_a_run_into_memory() -> Result<()> {
    let graph = trace(|x| Ok(vec![x[0].mul(&x[0])?]), &[numbers(&[3])])?;
    let f = |x: &[Raw]| {
        let mut out = Raw::zeros(&[3], DType::F64)?.into_aliased()?;
        graph.run_into(x, &mut [&mut out])?;
        Ok(vec![out.sum_all()?])
    };
    let x = numbers(&[3]);
    assert_eq!(
        bits(&grad(&f, std::slice::from_ref(&x), &[0])?[0]),
        bits(&x.add(&x)?)
    );
    Ok(())
}

#[test]
fn what_does_not_fit_is_an_error() -> Result<()> {
    let graph = trace(|x| Ok(vec![x[0].exp()?]), &[numbers(&[3])])?;
    let run = |out: &mut [&mut Raw]| graph.run_into(&[numbers(&[3])], out);
    assert!(
        run(&mut [])
            .unwrap_err()
            .to_string()
            .contains("1 outputs, not 0")
    );
    for (shape, dtype) in [
        (&[2][..], DType::F64),
        (&[1, 3], DType::F64),
        (&[3], DType::F32),
    ] {
        let mut out = Raw::zeros(shape, dtype)?;
        let error = run(&mut [&mut out]).unwrap_err();
        assert!(
            error
                .to_string()
                .contains("in the trace it was float64 of shape [3]"),
            "{error}"
        );
    }
    let mut frozen = Raw::zeros(&[3], DType::F64)?.with_frozen(true);
    assert!(run(&mut [&mut frozen]).is_err());
    Ok(())
}

#[test]
fn minus_one_stays_what_it_is() -> Result<()> {
    let mask = |values: [bool; 6]| Raw::from_vec(values.to_vec(), &[6]);
    let f = |x: &[Raw]| {
        let chosen = x[0].select(&x[1])?;
        let pairs = chosen.reshape_to(&[-1, 2])?;
        Ok(vec![pairs.mul(&pairs)?.reshape_to(&[-1])?])
    };
    let x = numbers(&[6]);
    let traced = [x.clone(), mask([true, true, false, false, true, true])?];
    let graph = trace(f, &traced)?;
    let text = graph.to_string();
    assert!(text.contains("float64[?,2] = reshape[-1, 2]"), "{text}");
    assert!(text.contains("float64[?] = reshape[-1]"), "{text}");
    for values in [
        [true; 6],
        [false; 6],
        [false, true, true, false, false, false],
    ] {
        let inputs = [x.clone(), mask(values)?];
        assert_eq!(bits(&graph.run(&inputs)?[0]), bits(&f(&inputs)?[0]));
    }
    let odd = graph.run(&[x.clone(), mask([true, false, false, false, false, false])?]);
    assert!(odd.unwrap_err().is_shape());
    // another batch than that of the trace is an error, with -1 too
    let graph = trace(
        |x| Ok(vec![x[0].reshape_to(&[-1, 3])?]),
        &[numbers(&[2, 6])],
    )?;
    let error = graph.run(&[numbers(&[4, 6])]).unwrap_err();
    assert!(
        error
            .to_string()
            .contains("in the trace it was float64 of shape [2,6]"),
        "{error}"
    );
    Ok(())
}

#[test]
fn a_scope_can_be_carried_to_a_worker_thread() -> Result<()> {
    let on_worker = |scope: &Scope, f: &(dyn Fn() -> bool + Sync)| {
        std::thread::scope(|s| {
            s.spawn(|| {
                let _inside = scope.enter();
                f()
            })
            .join()
            .unwrap()
        })
    };
    no_grad(|| {
        let scope = Scope::current();
        assert!(!on_worker(&scope, &recording));
    });
    assert!(on_worker(&Scope::current(), &recording));
    let x = numbers(&[2, 3]);
    for (randomness, allowed) in [(Randomness::Same, true), (Randomness::Error, false)] {
        let f = |x: &[Raw]| {
            let scope = Scope::current();
            let free = on_worker(&scope, &|| check_draw("test").is_ok());
            assert_eq!(free, allowed);
            // what is computed there belongs to the batch
            let y = std::thread::scope(|s| {
                let there = s.spawn(|| {
                    let _inside = scope.enter();
                    x[0].exp()
                });
                there.join().unwrap()
            })?;
            Ok(vec![y])
        };
        let y = vmap_with(
            f,
            std::slice::from_ref(&x),
            &[Some(0)],
            &|_| Some(0),
            randomness,
        )?;
        assert_eq!(bits(&y[0]), bits(&x.exp()?));
    }
    assert!(recording() && check_draw("test").is_ok());
    Ok(())
}

#[test]
fn lengths_that_values_decide_do_not_meet_fixed_ones_of_the_trace() -> Result<()> {
    let zero = Raw::scalar(Scalar::Float(0.0), DType::F64)?;
    let positive = |x: &Raw| x.select(&x.gt(&zero)?);
    let squares = |x: &[Raw]| {
        let chosen = positive(&x[0])?;
        Ok(vec![chosen.mul(&chosen)?.sum_all()?])
    };
    let x = |values: &[f64]| Raw::from_vec(values.to_vec(), &[values.len()]);
    let traced = x(&[1.0, -2.0, 3.0, 4.0])?;
    let same = x(&[5.0, 6.0, -1.0, 7.0])?;
    let others = [x(&[-1.0, -2.0, 8.0, -3.0])?, x(&[1.0; 4])?, x(&[-1.0; 4])?];

    // what has no fixed length runs with any number of elements, and so does its derivative
    let graph = trace(squares, std::slice::from_ref(&traced))?;
    for x in others.iter().chain([&same]) {
        let x = std::slice::from_ref(x);
        assert_eq!(bits(&graph.run(x)?[0]), bits(&squares(x)?[0]));
        let of_graph = grad(&|x| graph.run(x), x, &[0])?;
        assert_eq!(bits(&of_graph[0]), bits(&grad(&squares, x, &[0])?[0]));
    }

    // a traced derivative, or a constant of that length, keeps the length of the trace
    let derivative = |x: &[Raw]| grad(&squares, x, &[0]);
    let times_ones = |x: &[Raw]| {
        let chosen = positive(&x[0])?;
        let ones = numbers(&[chosen.len()]);
        Ok(vec![chosen.mul(&ones)?.sum_all()?])
    };
    let of_a_sum = |x: &[Raw]| grad(&|x| Ok(vec![positive(&x[0])?.sum_all()?]), x, &[0]);
    type Function<'a> = &'a dyn Fn(&[Raw]) -> Result<Vec<Raw>>;
    let all: [Function<'_>; 3] = [&derivative, &times_ones, &of_a_sum];
    for f in all {
        let graph = trace(f, std::slice::from_ref(&traced))?;
        let x = std::slice::from_ref(&same);
        assert_eq!(bits(&graph.run(x)?[0]), bits(&f(x)?[0]));
        for x in &others {
            let error = graph.run(std::slice::from_ref(x)).unwrap_err();
            assert!(error.is_shape(), "{error}");
            let text = error.to_string();
            assert!(text.contains("was traced for other lengths"), "{text}");
            assert!(text.contains("differentiate the graph"), "{text}");
        }
    }
    Ok(())
}
