//! What gave a wrong value, or none, when the library was tried as a new user would: each with the right outcome.

use civita::{Result, assert_close, autograd, catch, prelude::*};

#[test]
fn threads_that_walk_back_to_one_variable_lose_nothing() {
    let w = tensor![1.0, 2.0].requires_grad();
    std::thread::scope(|scope| {
        for _ in 0..8 {
            scope.spawn(|| {
                for _ in 0..50 {
                    (&w * 2.0).sum().backward().unwrap();
                }
            });
        }
    });
    assert_eq!(w.grad().unwrap(), [800.0, 800.0]);
}

#[test]
fn a_variable_is_written_inside_no_grad_only_and_stays_one() -> Result<()> {
    let mut w = tensor![1.0, 2.0].requires_grad();
    let refused = catch(|| w += 1.0).unwrap_err();
    assert!(refused.is_gradient(), "{refused}");
    assert!(w.slice_assign(s![0], 5.0).unwrap_err().is_gradient());
    assert!(w.index_assign([0], 5.0).unwrap_err().is_gradient());
    assert!(
        w.assign_where(&tensor![true, false], 5.0)
            .unwrap_err()
            .is_gradient()
    );
    assert!(w.set([0], 5.0).is_err() && w.as_mut_slice().is_err());
    no_grad(|| {
        w += 1.0;
        w *= &tensor![2.0, 1.0];
        w.slice_assign(s![1], 7.0)
    })?;
    assert_eq!(w.to_vec(), [4.0, 7.0]);
    (&w * &w).sum().backward()?;
    assert_eq!(w.grad().unwrap(), [8.0, 14.0]);
    Ok(())
}

#[test]
fn tangents_are_no_gradients() -> Result<()> {
    let f = |x: Tensor<f64, 0>| Ok(&x * &x * &x);
    let (x, one) = (Tensor::scalar(2.0), Tensor::scalar(1.0));
    let (value, moved) = no_grad(|| civita::jvp(f, &x, &one))?;
    assert!(value == 8.0 && moved == 12.0);
    // of a tangent: 6x
    let slope = |x: Tensor<f64, 0>| civita::jvp(f, &x, &one).map(|(_, moved)| moved);
    assert_eq!(civita::jvp(slope, &x, &one)?.1, 12.0);
    // a gradient through it: of 3x² at 2, and of (x³)' · x = 3x³
    let w = Tensor::scalar(2.0).requires_grad();
    slope(w.clone())?.backward()?;
    assert_eq!(w.grad().unwrap(), 12.0);
    w.clear_grad();
    civita::jvp(f, &w, &w)?.1.backward()?;
    assert_eq!(w.grad().unwrap(), 36.0);
    let second = |x: Tensor<f64, 0>| autograd::grad(|x| autograd::grad(f, &x), &x);
    assert_eq!(autograd::grad(second, &x)?, 6.0);
    Ok(())
}

#[test]
fn a_complex_number_asks_for_its_gradient() -> Result<()> {
    use civita::c128;
    let z = tensor![c128::new(1.0, 2.0)].requires_grad();
    let y = (&z * &z).sum();
    let refused = y.backward().unwrap_err();
    assert!(refused.is_gradient() && refused.to_string().contains("complex128"));
    assert!(z.grad().is_none());
    y.backward_from(&Tensor::scalar(c128::new(1.0, 0.0)))?;
    assert_eq!(z.grad().unwrap(), [c128::new(2.0, -4.0)]);
    Ok(())
}

#[test]
fn what_is_repeated_is_copied_before_it_is_written() -> Result<()> {
    let mut x = tensor![1.0, 2.0].broadcast_to([2, 2])?;
    x.slice_assign(s![0, 0], 9.0)?;
    x += 1.0;
    x.assign_where(&x.lt(3.0)?, 0.0)?;
    assert_eq!(x, [[10.0, 3.0], [0.0, 3.0]]);
    Ok(())
}

#[test]
#[should_panic(expected = "cannot be broadcast: axis -1 has the lengths 2 and 3")]
fn a_panic_can_be_expected_by_its_text() {
    _ = tensor![1, 2] + tensor![1, 2, 3];
}

#[test]
fn a_panic_is_an_error_for_whoever_asks() {
    let caught = catch(|| tensor![1, 2] + tensor![1, 2, 3]).unwrap_err();
    assert!(caught.is_shape());
    assert!(caught.clone().to_string().starts_with("add: "));
    // another panic passes through
    let other = std::panic::catch_unwind(|| catch(|| -> () { panic!("mine") }));
    assert_eq!(*other.unwrap_err().downcast::<&str>().unwrap(), "mine");
}

#[test]
fn texts_name_what_was_called_and_what_was_given() {
    let x = tensor![[1.0, 2.0], [3.0, 4.0]];
    let text = |e: civita::Error| e.to_string();
    assert!(
        text(x.slice(s![usize::MAX]).unwrap_err()).starts_with("slice: index 9223372036854775807 ")
    );
    assert!(text(x.slice(s![u64::MAX, 0]).unwrap_err()).contains("out of bounds"));
    assert!(text(x.row(usize::MAX).unwrap_err()).contains("out of bounds"));
    assert!(text(x.reshape([3]).unwrap_err()).ends_with("hint: `.reshape([4])` has 4 elements"));
    assert!(text(catch(|| &x - tensor![1.0, 2.0, 3.0]).unwrap_err()).starts_with("sub: "));
    assert!(text(x.take([5], 0).unwrap_err()).starts_with("take: "));
    assert!(text(x.at([0, 5]).unwrap_err()).starts_with("at: "));
    assert!(text(x.index([5]).unwrap_err()).starts_with("index: "));
    assert!(text(x.chunks(7, 1).unwrap_err()).starts_with("chunks: "));
    assert!(text(x.over(7).mean().unwrap_err()).starts_with("mean: "));
    assert!(
        text(civita::stack(&[&x, &x.t().slice(s![1..]).unwrap()], 0).unwrap_err())
            .starts_with("stack: ")
    );
    assert!(text(tensor![1.0].typed::<f32, 1>().unwrap_err()).starts_with("typed: "));
}

#[test]
fn errors_of_files_and_of_numbers_in_text_pass_through_the_question_mark() {
    fn total(path: &str) -> Result<f64> {
        let mut values = Vec::new();
        for line in std::fs::read_to_string(path)?.lines() {
            for field in line.split(',') {
                values.push(field.trim().parse::<f64>()?);
            }
        }
        Vector::from(values).sum().item()
    }
    let count = |text: &str| -> Result<usize> { Ok(text.parse()?) };
    let path = std::env::temp_dir().join(format!("civita-first-hour-{}.csv", std::process::id()));
    let name = path.to_str().unwrap();
    std::fs::write(&path, "1.5, 2\n3, 4\n").unwrap();
    assert_eq!(total(name).unwrap(), 10.5);
    std::fs::write(&path, "1.5, two\n").unwrap();
    let wrong = total(name).unwrap_err();
    assert!(
        wrong.is_value() && wrong.to_string().contains("invalid float literal"),
        "{wrong}"
    );
    std::fs::remove_file(&path).unwrap();
    let missing = total(name).unwrap_err();
    assert!(missing.is_io(), "{missing}");
    assert!(count("12").is_ok_and(|n| n == 12) && count("-1").unwrap_err().is_value());
}

#[test]
fn quantiles_are_asked_for_one_by_one_or_several_at_once() -> Result<()> {
    use civita::np;
    let x = tensor![[1.0, 5.0, 2.0, 8.0], [3.0, 0.0, 7.0, 4.0]];
    let median: Tensor<f64, 0> = np::quantile(&x, 0.5, ..)?;
    assert_eq!(median, 3.5);
    // NumPy's of the same array
    let three: Vector<f64> = np::quantile(&x, [0.25, 0.5, 0.9], ..)?;
    assert_close!(three, [1.75, 3.5, 7.3]);
    let rows: Matrix<f64> = np::quantile(&x, vec![0.25, 0.5], 1)?;
    assert_eq!(rows, tensor![[1.75, 2.25], [3.5, 3.5]]);
    let columns = np::percentile(&x, &tensor![10.0, 90.0], 0)?;
    let wanted = tensor![[1.2, 0.5, 2.5, 4.4], [2.8, 4.5, 6.5, 7.6]];
    assert_close!(columns, wanted);
    let holes = tensor![1.0, f64::NAN, 3.0];
    assert_eq!(np::nanquantile(&holes, [0.0, 1.0], ..)?, [1.0, 3.0]);
    assert_eq!(
        np::nanpercentile(&holes, &[50.0, 100.0][..], ..)?,
        [2.0, 3.0]
    );
    let refused = np::quantile(&x, [0.5, 1.5], ..).unwrap_err();
    assert!(refused.is_value(), "{refused}");
    Ok(())
}

#[test]
fn a_width_is_that_of_each_element() {
    let x = tensor![[1.0, -0.125], [100.0, 2.5]];
    let rows = [format!("{x:8.2}"), format!("{x:8}"), format!("{x:+.1}")];
    assert_eq!(rows[0], "[[    1.00    -0.12]\n [  100.00     2.50]]");
    assert_eq!(rows[1], "[[   1.      -0.125]\n [ 100.       2.5  ]]");
    assert_eq!(rows[2], "[[  +1.0   -0.1]\n [+100.0   +2.5]]");
    assert_eq!(format!("{:4}", tensor![1, -20]), "[   1  -20]");
    assert_eq!(format!("{:6}", tensor![true, false]), "[  True  False]");
    // one number is written as numbers are
    let one = Tensor::<f64, 0>::scalar(1.5);
    assert_eq!(
        format!("{one:8.2}|{one:<6}|{one:6}"),
        "    1.50|1.5   |   1.5"
    );
    let whole = Tensor::<i64, 0>::scalar(7);
    assert_eq!(format!("{whole:4}|{whole:04}|{whole:.2}"), "   7|0007|7");
    assert_eq!(format!("{:>6}", Tensor::<bool, 0>::scalar(true)), "  True");
    // several digits beside a narrow width are not cut
    assert_eq!(format!("{:2.3}", tensor![12.5, 1.0]), "[12.500  1.000]");
}

#[test]
fn a_matrix_has_columns_as_it_has_rows() -> Result<()> {
    let x = tensor![[1, 2, 3], [4, 5, 6]];
    assert_eq!(x.column(2)?, [3, 6]);
    let turned: Vec<Vec<i64>> = x.columns().rev().map(|column| column.to_vec()).collect();
    assert_eq!(turned, [[3, 6], [2, 5], [1, 4]]);
    assert!(
        x.column(3)
            .unwrap_err()
            .to_string()
            .contains("out of bounds")
    );
    let w = tensor![[1.0, 2.0], [3.0, 4.0]].requires_grad();
    (w.column(1)? * 3.0).sum().backward()?;
    assert_eq!(w.grad().unwrap(), tensor![[0.0, 3.0], [0.0, 3.0]]);
    Ok(())
}

#[test]
fn an_element_is_borrowed_to_be_written() {
    let mut x = tensor![[1.0, 2.0], [3.0, 4.0]];
    let held = x.clone();
    *x.get_mut([0, 1]).unwrap() *= 10.0;
    assert_eq!(x, tensor![[1.0, 20.0], [3.0, 4.0]]);
    assert_eq!(held, tensor![[1.0, 2.0], [3.0, 4.0]]);
    assert!(x.get_mut([0, 2]).is_none() && x.get_mut([2, 0]).is_none());
    let mut turned = x.t();
    *turned.get_mut([1, 0]).unwrap() = 7.0;
    assert_eq!((turned[[1, 0]], x[[0, 1]]), (7.0, 20.0));
    let mut tracked = tensor![1.0].requires_grad();
    assert!(catch(move || tracked.get_mut([0]).map(|x| *x = 2.0)).is_err());
}

/// No type is named in these programs: what is made of a float literal is known before the compiler says that it is `f64`.
#[test]
fn floats_need_no_type() -> civita::Result<()> {
    let t = Vector::linspace(0.0, 1.0, 5);
    assert_eq!(t.mean().item()?, 0.5);
    assert_eq!(t.sqrt().at([4])?, 1.0);
    let x = tensor![3.0, 4.0];
    assert_eq!((&x * &x).sum().sqrt().item()?, 5.0);
    assert_eq!((&x + &x).max().item()?, 8.0);
    assert_eq!((&x / &x - 1.0).abs().sum().item()?, 0.0);
    assert_eq!((2.0 * &x).exp().log().min().item()?, 6.0);
    assert_eq!(x.over(0).var()?.item()?, 0.25);
    assert_eq!(x.dot(&x)?.item()?, 25.0);
    let (x, y) = (np::linspace(-1.0, 1.0, 3), np::linspace(-2.0, 2.0, 3));
    let grid = np::meshgrid([&x, &y], np::Meshgrid::default())?;
    let r = (grid[0].square() + grid[1].square()).sqrt();
    assert_eq!(r.at([1, 0])?, 1.0);
    // integer literals are `i64` in `tensor!`; elsewhere the number's place names the type
    assert_eq!(tensor![1, 2].sum().item()?, 3);
    let total: i64 = Vector::arange(0..5).sum().item()?;
    assert_eq!(total, 10);
    let narrow = Vector::<f32>::linspace(0.0, 1.0, 3).mean().item()?;
    assert_eq!(narrow, 0.5f32);
    Ok(())
}

#[test]
fn scientific_notation() {
    let x = tensor![[1.0, -0.125], [1e100, f64::NAN]];
    assert_eq!(
        format!("{x:.2e}"),
        "[[  1.00e0 -1.25e-1]\n [1.00e100      NaN]]"
    );
    assert_eq!(
        format!("{:e} {:+E}", tensor![0.1f32], tensor![1500, -2]),
        "[1e-1] [+1.5E3   -2E0]"
    );
    let half = tensor![0.1].cast::<civita::f16>();
    assert_eq!(
        format!("{half:e} {:9.1e}|", half.sum()),
        "[1e-1]    1.0e-1|"
    );
    let turn = tensor![civita::c128::new(0.5, -1.0)];
    assert_eq!(format!("{turn:e}"), "[5e-1-1e0j]");
    assert_eq!(format!("{:e}", turn.slice(s![..0]).unwrap()), "[]");
    assert_eq!(format!("{:e}", tensor![true, false]), "[ True False]");
}
