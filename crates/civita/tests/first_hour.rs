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
        text(civita::stack([&x, &x.t().slice(s![1..]).unwrap()], 0).unwrap_err())
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
    let median: Tensor<f64, 0> = np::quantile(&x, 0.5)?;
    assert_eq!(median, 3.5);
    // NumPy's of the same array
    let three: Vector<f64> = np::quantile(&x, [0.25, 0.5, 0.9])?;
    assert_close!(three, [1.75, 3.5, 7.3]);
    let rows: Matrix<f64> = x.over(1).quantile(vec![0.25, 0.5])?;
    assert_eq!(rows, tensor![[1.75, 2.25], [3.5, 3.5]]);
    let columns = x.over(0).percentile(&tensor![10.0, 90.0])?;
    let wanted = tensor![[1.2, 0.5, 2.5, 4.4], [2.8, 4.5, 6.5, 7.6]];
    assert_close!(columns, wanted);
    let holes = tensor![1.0, f64::NAN, 3.0];
    assert_eq!(np::nanquantile(&holes, [0.0, 1.0])?, [1.0, 3.0]);
    assert_eq!(np::nanpercentile(&holes, &[50.0, 100.0][..])?, [2.0, 3.0]);
    let refused = np::quantile(&x, [0.5, 1.5]).unwrap_err();
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
    // integer literals are `i64` in `tensor!` and `np::arange`
    assert_eq!(tensor![1, 2].sum().item()?, 3);
    let total = np::arange(0..5).sum().item()?;
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

#[test]
fn ranks_follow_from_the_types_of_operands() -> Result<()> {
    let m = tensor![[1.0, 2.0], [3.0, 5.0]];
    let v = tensor![1.0, 10.0];
    let c: Matrix<f64> = np::cov(&m)?;
    assert_eq!(c, [[0.5, 1.0], [1.0, 2.0]]);
    let alone: Matrix<f64> = np::cov(&tensor![[1.0, 3.0]])?;
    assert_eq!(alone, [[2.0]]);
    let variance: Tensor<f64, 0> = np::cov(&v)?;
    assert_eq!(variance, 40.5);
    let r: Matrix<f64> = np::corrcoef(&m)?;
    assert_close!(r, [[1.0, 1.0], [1.0, 1.0]]);
    let weights = tensor![0.5, 0.5];
    let risk: Tensor<f64, 0> = weights.dot(&c.matmul(&weights)?)?;
    assert_eq!(risk, 1.125);

    let dots: Vector<f64> = np::vecdot(&m, &v)?;
    assert_eq!(dots, [21.0, 53.0]);
    let one: Tensor<f64, 0> = np::vecdot(&v, &v)?;
    assert_eq!(one, 101.0);
    let product: Vector<f64> = np::matvec(&m, &v)?;
    assert_eq!(product, [21.0, 53.0]);
    let stack = civita::stack([&m, &m], 0)?;
    let each: Matrix<f64> = np::matvec(&stack, &v)?;
    assert_eq!(each, [[21.0, 53.0], [21.0, 53.0]]);
    let left: Vector<f64> = np::vecmat(&v, &m)?;
    assert_eq!(left, [31.0, 52.0]);
    let inner: Matrix<f64> = np::inner(&m, &m)?;
    assert_eq!(inner, m.matmul(m.t())?);
    let summed: Matrix<f64> = np::tensordot(&m, &m, ([1], [0]))?;
    assert_eq!(summed, m.matmul(&m)?);
    let all: Tensor<f64, 0> = np::tensordot(&m, &m, ([0, 1], [0, 1]))?;
    assert_eq!(all, 39.0);
    assert_eq!(np::tensordot(&m, &m, 2)?.typed::<f64, 0>()?, 39.0);
    let rows: Matrix<i64> = np::tile(&tensor![1, 2], [2, 1])?;
    assert_eq!(rows, [[1, 2], [1, 2]]);
    let longer: Vector<i64> = np::tile(&tensor![1, 2], 2)?;
    assert_eq!(longer, [1, 2, 1, 2]);
    // `dot` of matrices and vectors, and of more axes NumPy's
    let by_vector: Vector<f64> = m.dot(&v)?;
    assert_eq!(by_vector, [21.0, 53.0]);
    assert_eq!(m.dot(&m)?, m.matmul(&m)?);
    let four: Tensor<f64, 4> = stack.dot(&stack)?;
    assert_eq!(four.shape(), [2, 2, 2, 2]);
    assert_eq!(four[[1, 0, 1, 1]], 12.0);
    Ok(())
}

#[test]
fn a_loss_is_one_number_and_each_sample_has_one() -> Result<()> {
    let scores = tensor![[1.0, 2.0], [3.0, 5.0]].requires_grad();
    let target = tensor![0, 1];
    let loss: Tensor<f64, 0> = np::cross_entropy(&scores, &target, np::CrossEntropy::default())?;
    loss.backward()?;
    let each: Vector<f64> = np::cross_entropy_each(&scores, &target, np::CrossEntropy::default())?;
    // PyTorch: 1.3132617, 0.12692805
    assert_close!(each.detach(), [1.3132616875182228, 0.12692801104297263]);
    assert_close!(each.mean().detach(), loss.detach());
    let one: Tensor<f64, 0> =
        np::cross_entropy_each(&tensor![1.0, 2.0], &Tensor::scalar(0), Default::default())?;
    assert_close!(one, 1.3132616875182228);
    Ok(())
}

#[test]
fn subscripts_say_the_rank() -> Result<()> {
    let (a, b) = (
        tensor![[1.0, 2.0], [3.0, 5.0]],
        tensor![[1.0, 1.0], [0.0, 2.0]],
    );
    let product = einsum!("ij,jk->ik", &a, &b)?;
    assert_eq!(product.dims(), [2, 2]);
    assert_eq!(product, a.matmul(&b)?);
    assert_eq!(einsum!("ij, jk", &a, &b)?, product);
    assert_eq!(einsum!("ij->", &a)?, 11.0);
    assert_eq!(einsum!("ii->i", &a)?, [1.0, 5.0]);
    assert_eq!(einsum!("ii", &a)?, 6.0);
    assert_eq!(
        np::einsum!("ij,j->i", &a, &tensor![1.0, 10.0],)?,
        [21.0, 53.0]
    );
    let cube: Tensor<f64, 3> = einsum!("ij,k->ijk", &a, &tensor![1.0, 2.0])?;
    assert_eq!(cube.shape(), [2, 2, 2]);
    let batch: Tensor<f64, DYN> = einsum!("...ij->...ji", &a)?;
    assert_eq!(batch.shape(), [2, 2]);
    let typed: Matrix<f64> = np::einsum("ij,jk->ik", &[&a, &b])?.typed()?;
    assert_eq!(typed, product);
    assert!(einsum!("ij,jk->iz", &a, &b).is_err());
    Ok(())
}

#[test]
fn indices_for_each_axis_are_taken_apart() -> Result<()> {
    let [rows, columns] = np::tril_indices(3, -1, 3)?;
    assert_eq!(
        (rows.to_vec(), columns.to_vec()),
        (vec![1, 2, 2], vec![0, 0, 1])
    );
    let [rows, columns] = np::triu_indices(3, 1, 3)?;
    let x = Vector::<i64>::arange(0..9).reshape([3, 3])?;
    assert_eq!(x.index((&rows, &columns))?, [1, 2, 5]);
    let [rows, columns] = np::nonzero(&x.gt(6)?)?;
    assert_eq!((rows.to_vec(), columns.to_vec()), (vec![2, 2], vec![1, 2]));
    let [places] = tensor![0, 3, 4].nonzero()?;
    assert_eq!(places, [1, 2]);
    let [i, j] = np::diag_indices(3)?;
    assert_eq!(x.index((&i, &j))?, [0, 4, 8]);
    let [i, _] = np::diag_indices_from(&x)?;
    assert_eq!(i, [0, 1, 2]);
    let [_, j] = np::tril_indices_from(&x, -1)?;
    assert_eq!(j, [0, 0, 1]);
    let [_, j] = np::triu_indices_from(&x, 1)?;
    assert_eq!(j, [1, 2, 2]);
    let [i, j] = np::mask_indices(3, |m| np::tril(m, -1))?;
    assert_eq!(x.index((&i, &j))?, [3, 6, 7]);
    let [i, j] = np::unravel_index(&tensor![5, 7], [3, 3])?;
    assert_eq!((i.to_vec(), j.to_vec()), (vec![1, 2], vec![2, 1]));
    let [r, c] = np::ix_([&tensor![0, 2], &tensor![1, 2]])?;
    assert_eq!(x.index((&r, &c))?, [[1, 2], [7, 8]]);
    let [gx, gy] = np::meshgrid(
        [&tensor![1.0, 2.0, 3.0], &tensor![10.0, 20.0]],
        np::Meshgrid::default(),
    )?;
    assert_eq!(&gx + &gy, [[11.0, 12.0, 13.0], [21.0, 22.0, 23.0]]);
    let all: Vec<Vector<i64>> = np::nonzero(&x.to_dyn())?;
    assert_eq!(all.len(), 2);
    Ok(())
}

#[test]
fn indices_are_integers_of_any_type_and_count_from_the_end() -> Result<()> {
    let mut x = tensor![[1.0, 9.0], [3.0, 4.0]];
    assert_eq!(x.row(-1)?, [3.0, 4.0]);
    assert_eq!(x.column(-2)?, [1.0, 3.0]);
    assert!(x.row(-3).unwrap_err().is_index() && x.column(2).unwrap_err().is_index());
    let best = x.row(0)?.argmax().item()?; // i64
    assert_eq!(x[[0, best]], 9.0);
    assert_eq!(x.row(best)?, [3.0, 4.0]);
    assert_eq!(x.row(0)?[best], 9.0);
    assert_eq!((x.get([0, best]), x.at([best, 0])?), (Some(&9.0), 3.0));
    let n = x.shape()[0];
    assert_eq!((x[[n - 1, 0]], x.row(n - 1)?[n - 1]), (3.0, 4.0));
    assert_eq!((x[[-1, -1]], x[[1i32, 0]], x[[1u8, 0]]), (4.0, 3.0, 3.0));
    for i in 0..2 {
        for j in 0..2 {
            x[[i, j]] += 1.0;
            x.set([i, j], x[[i, j]] * 2.0)?;
        }
    }
    assert_eq!(x, [[4.0, 20.0], [8.0, 10.0]]);
    let mut v = tensor![1, 2, 3];
    v[-1] = 7;
    v[best] += 10;
    if let Some(first) = v.get_mut([-3]) {
        *first = 0;
    }
    assert_eq!((v[0], v[1usize], v[-1]), (0, 12, 7));
    assert_eq!((v.get([3]), v.get([-4])), (None, None));
    let text = catch(|| v[-4]).unwrap_err().to_string();
    assert!(
        text.starts_with("index: there is no element (-4,) in shape (3,)"),
        "{text}"
    );
    let text = v.set([usize::MAX], 1).unwrap_err().to_string();
    assert!(
        text.starts_with("index: there is no element (18446744073709551615,) in"),
        "{text}"
    );
    let text = x.to_dyn().at([0]).unwrap_err().to_string();
    assert!(text.starts_with("at: 1 numbers for shape (2, 2)"), "{text}");
    assert_eq!(x.to_dyn().get([0]), None);
    Ok(())
}

#[test]
fn a_tensor_is_compared_with_what_has_no_type_yet() -> Result<()> {
    let a = tensor![[2.0, 1.0], [1.0, 3.0]];
    assert!(a.matmul(&a)?.allclose(&tensor![[5.0, 5.0], [5.0, 10.0]])?);
    let (zeros, ones) = (Matrix::zeros([2, 2]), Vector::ones(2));
    assert!((&a - &a).allclose(&zeros)? && (&a / &a).allclose(&ones)?);
    assert!(np::allclose(&(&a * 0.0 + 0.5), 0.5)?);
    assert!(!a.allclose_within(Matrix::eye(2), 0.0, 1.5)?);
    assert!(a.allclose_within(Matrix::eye(2), 0.0, 2.0)?);
    assert!(tensor![1, 2].allclose(&tensor![1, 2])? && !tensor![1, 2].allclose(1)?);
    Ok(())
}

#[test]
fn files_take_tensors_of_every_type() -> Result<()> {
    let folder = std::env::temp_dir().join(format!("civita-members-{}", std::process::id()));
    std::fs::create_dir_all(&folder)?;
    let (x, labels) = (tensor![[1.0, 2.0], [3.0, 4.0]], tensor![1, 2]);
    let any = tensor![true].into_any();
    for (name, save) in [
        (
            "a.npz",
            io::save_npz as fn(_, &[(&str, &dyn io::Member)]) -> _,
        ),
        ("b.npz", io::save_npz_compressed),
        ("c.safetensors", io::save_safetensors),
    ] {
        let path = folder.join(name);
        save(
            path.clone(),
            &[("x", &x), ("labels", &labels), ("any", &any)],
        )?;
        let all = if name.ends_with("npz") {
            io::load_npz(&path)?
        } else {
            io::load_safetensors(&path)?
        };
        assert_eq!(all.len(), 3);
        assert_eq!(all["x"].typed::<f64, 2>()?, x);
        assert_eq!(all["labels"].typed::<i64, 1>()?, labels);
        assert_eq!(all["any"].typed::<bool, 1>()?, [true]);
        assert!(all.get("y").is_none());
        let text = all.tensor("y").unwrap_err().to_string();
        assert!(text.contains("\"y\"") && text.contains("labels"), "{text}");
    }
    io::save_npz(folder.join("d.npz"), &[("x", &x), ("labels", &labels)])?;
    for (name, value) in io::load_npz(folder.join("d.npz"))? {
        assert_eq!(value.shape().len(), if name == "x" { 2 } else { 1 });
    }
    io::write_matrix_market(folder.join("x.mtx"), &x)?;
    assert_eq!(
        io::read_matrix_market(folder.join("x.mtx"))?.typed::<f64, 2>()?,
        x
    );
    std::fs::write(folder.join("t.csv"), "city,t\nRome,1.5\nOslo,2.5\n")?;
    let table = io::read_csv(folder.join("t.csv"))?;
    let t = table["t"].numbers()?;
    assert_eq!(
        (t.mean().item()?, table["city"].text()?),
        (2.0, &["Rome".to_string(), "Oslo".into()][..])
    );
    let text = table["city"].numbers().unwrap_err().to_string();
    assert!(text.contains("Rome"), "{text}");
    assert!(table["t"].text().is_err());
    std::fs::remove_dir_all(&folder)?;
    Ok(())
}

#[test]
fn methods_of_numpy_and_pytorch_are_methods() -> Result<()> {
    let x = tensor![[3.0, 1.0], [2.0, 4.0]];
    assert_eq!((1.0 + &x).cumprod(0)?.row(-1)?, [12.0, 10.0]);
    assert_eq!(x.sort(..)?, [1.0, 2.0, 3.0, 4.0]);
    assert_eq!(x.sort(-1)?.argsort(0)?, [[0, 0], [1, 1]]);
    assert_eq!(
        (x.over(0).median()?, x.ptp()),
        (tensor![2.5, 2.5], Tensor::scalar(3.0))
    );
    assert_eq!(x.quantile([0.0, 1.0])?, [1.0, 4.0]);
    assert_eq!(
        (x.trace(), x.diagonal()),
        (Tensor::scalar(7.0), tensor![3.0, 4.0])
    );
    assert_eq!(x.clip(2.0, 3.0)?, [[3.0, 2.0], [2.0, 3.0]]);
    assert_eq!(x.map(|v| v as i64 % 2 == 0), [[false, false], [true, true]]);
    assert_eq!(x.t().map(|v| v * 10.0), [[30.0, 20.0], [10.0, 40.0]]);
    let mut y = x.clone();
    y.assign(&tensor![0.0, 1.0])?;
    assert_eq!((&y, &x[[0, 0]]), (&tensor![[0.0, 1.0], [0.0, 1.0]], &3.0));
    y.assign(7.0)?;
    assert_eq!(y, np::full([2, 2], 7.0));
    let layers = [tensor![1.0], tensor![2.0]];
    let weights = [layers[0].requires_grad(), layers[1].requires_grad()];
    (&weights[0] * &weights[1]).sum().backward()?;
    assert_eq!(
        (weights[0].grad().unwrap(), &layers[0]),
        (tensor![2.0], &tensor![1.0])
    );
    let mut w = x.clone().requires_grad();
    assert!(w.assign(0.0).unwrap_err().is_gradient());
    no_grad(|| w.assign(0.0))?;
    assert_eq!(w.to_vec(), [0.0; 4]);
    Ok(())
}

#[test]
fn axes_and_offsets_are_of_any_integer_type() -> Result<()> {
    let x = tensor![[1.0, 2.0, 3.0], [4.0, 5.0, 7.0]];
    let (axis, last): (usize, i32) = (1, -1);
    assert_eq!(x.over(axis).sum()?, [6.0, 16.0]);
    assert_eq!(x.over(last).keepdims().max()?, [[3.0], [7.0]]);
    assert_eq!(x.over([0u8, 1]).mean()?, 22.0 / 6.0);
    assert_eq!(x.over((0, axis)).sum()?, 22.0);
    let list = [0usize];
    assert_eq!(
        x.over(&list[..]).sum()?.typed::<f64, 1>()?,
        [5.0, 7.0, 10.0]
    );
    for axis in 0..x.rank() {
        assert_eq!(x.over(axis).sum()?.sum(), 22.0);
        assert_eq!(x.cumsum(axis)?.shape(), x.sort(axis)?.shape());
        assert_eq!(x.argsort(axis)?.shape(), x.flip(axis)?.shape());
    }
    // the type of a literal does not hold back what follows
    assert_eq!(x.over(0).mean()?.sqrt().max().item()?, 5f64.sqrt());
    let k: usize = 1;
    assert_eq!(np::diag(&tensor![1, 2], k)?.shape(), [3, 3]);
    assert_eq!(np::diff(&x, k, axis)?, [[1.0, 1.0], [1.0, 2.0]]);
    assert_eq!(np::tril(&x, k)?.triu(-1i64)?[[0, 2]], 0.0);
    assert_eq!(np::trapezoid(&x, 1.0, axis)?, [4.0, 10.5]);
    assert_eq!(np::concatenate([&x, &x], axis)?.shape(), [2, 6]);
    assert_eq!(np::stack([&x, &x], x.rank())?.shape(), [2, 3, 2]);
    assert_eq!(np::expand_dims(&x, axis)?.squeeze(axis)?, x);
    assert_eq!(np::tile(&tensor![1, 2], k + 1)?, [1, 2, 1, 2]);
    assert_eq!(np::tensordot(&x, &x, ([axis], [axis]))?.shape(), [2, 2]);
    assert_eq!(x.take([0, 2], axis)?.chunks(axis, 1)?.len(), 2);
    assert_eq!(x.swap_axes(0, axis)?, x.permute([1u32, 0])?);
    assert_eq!(x.slice(s![.., ..;axis + 1])?, [[1.0, 3.0], [4.0, 7.0]]);
    assert_eq!(civita::fft::along(axis).rfft(&x)?.shape(), [2, 2]);
    assert!(
        x.over(7usize)
            .sum()
            .unwrap_err()
            .to_string()
            .contains("axis 7")
    );
    assert!(x.over(usize::MAX).sum().is_err());
    Ok(())
}

#[test]
fn shapes_are_arrays_tuples_and_lengths() -> Result<()> {
    let (rows, columns): (usize, usize) = (2, 3);
    let x = np::arange(6).reshape((rows, columns))?;
    assert_eq!(x, [[0, 1, 2], [3, 4, 5]]);
    assert_eq!(x.reshape([3, -1])?, x.reshape((columns, -1))?);
    assert_eq!(x.reshape(-1)?, np::arange(0..rows * columns));
    assert_eq!(x.reshape([rows * columns])?.shape(), [6]);
    assert_eq!(x.reshape(vec![3, 2])?.shape(), [3, 2]);
    assert_eq!(np::zeros((2, 3)), Matrix::<f64>::zeros([2, 3]));
    assert_eq!(Tensor::<i64, 3>::ones((2, 3, 4)).sum(), 24);
    assert!(x.reshape([4, -1]).unwrap_err().is_shape() && x.reshape([-1, -1]).is_err());
    assert!(x.reshape([-2, -3]).is_err());
    let mut y = x.clone();
    y[(1, columns - 1)] = 9;
    assert_eq!(
        (y[(1, -1)], y[[1, 2]], y.get((0, 3)), y.at((1, 0))?),
        (9, 9, None, 3)
    );
    assert_eq!((y.row(0)?.get(1), y.row(0)?.at(-1)?), (Some(&1), 2));
    y.set((0, 0), 7)?;
    assert_eq!(y.get_mut((0, 0)), Some(&mut 7));
    let cube = np::arange(24).reshape([2, 3, 4])?;
    assert_eq!((cube[(1, 2, 3)], cube[(1, -1, 0)]), (23, 20));
    let text = catch(|| cube[(1, 2, 4)]).unwrap_err().to_string();
    assert!(
        text.starts_with("index: there is no element (1, 2, 4) in shape (2, 3, 4)"),
        "{text}"
    );
    Ok(())
}

#[allow(clippy::reversed_empty_ranges)] // the ends of a count that falls
#[test]
fn constructors_of_np_have_numpys_types() -> Result<()> {
    let n: usize = 4;
    assert_eq!(np::arange(n), [0, 1, 2, 3]);
    assert_eq!(np::arange(1..n), np::arange(1..=3));
    assert_eq!(np::arange(3.0), [0.0, 1.0, 2.0]);
    assert_eq!((np::arange(n) / n as i64).mean().item()?, 0.375);
    assert_eq!(np::arange(0..5).sum().item()?, 10);
    assert_eq!(
        np::arange(0.0..n as f64).mean().sqrt().item()?,
        1.5f64.sqrt()
    );
    assert_eq!(Vector::<f64>::arange(0..n), [0.0, 1.0, 2.0, 3.0]);
    assert_eq!(Vector::<f32>::arange(1..=n), [1.0f32, 2.0, 3.0, 4.0]);
    assert_eq!(Vector::<i64>::arange(-1..2), [-1, 0, 1]);
    assert_eq!(Vector::<u8>::arange_step(0..n, 2), [0, 2]);
    let x: Vector<f64> = Vector::arange(0..n);
    assert_eq!(x, Vector::arange(0.0..4.0));
    assert_eq!(np::arange_step(5..0, -2), [5, 3, 1]);
    assert_eq!(np::linspace(0, 1, 3), [0.0, 0.5, 1.0]);
    // a typed tensor on the left, and one of literals on the right
    let w = tensor![1.0, 2.0, 3.0];
    assert_eq!((&w + np::linspace(0.0, 1.0, 3)).mean().item()?, 2.5);
    assert_eq!((&w * np::ones(3)).max().item()?, 3.0);
    assert_eq!((2.0 * np::eye(2)).sqrt().max().item()?, 2f64.sqrt());
    assert_eq!(np::logspace(0, 2, 3)?, [1.0, 10.0, 100.0]);
    Ok(())
}

#[test]
fn numbers_beside_tensors_are_of_any_type_that_keeps_them() -> Result<()> {
    let x = tensor![1.0, 2.0, 3.0];
    let (n, k): (usize, i64) = (x.len(), 2);
    assert_eq!(&x / n, [1.0 / 3.0, 2.0 / 3.0, 1.0]);
    assert_eq!(&x * k - 1u8, [1.0, 3.0, 5.0]);
    assert_eq!(x.sum() / n, 2.0);
    assert_eq!(x.pow(2)?.maximum(n)?, [3.0, 4.0, 9.0]);
    assert_eq!((&x * 2).sum().sqrt().item()?, 12f64.sqrt());
    assert_eq!((2 * &x).sum().item()?, 12.0);
    let single = tensor![1.0f32, 2.0];
    assert_eq!(&single / n, [1.0f32 / 3.0, 2.0 / 3.0]);
    let mut y = x.clone();
    y /= n;
    y += 1;
    assert_close!(y, [4.0 / 3.0, 5.0 / 3.0, 2.0]);
    // NumPy: an array of integers and a float are float64
    let counts = tensor![1, 2, 3];
    assert_eq!(&counts * 0.5, [0.5, 1.0, 1.5]);
    assert_eq!((2.5 * &counts).sum().item()?, 15.0);
    assert_eq!(tensor![7u8, 200] + 100.5, [107.5, 300.5]);
    assert_eq!(1.0 - tensor![true, false], [0.0, 1.0]);
    assert_eq!(&counts % 2.5, [1.0, 2.0, 0.5]);
    assert_eq!(counts.gt(1.5)?, [false, true, true]);
    assert_eq!(counts.eq(counts.mean().item()?)?.sum(), 1);
    assert_eq!(counts.le(2)? & counts.ne(1.0)?, [false, true, false]);
    assert_eq!(np::greater(&counts, 2.5)?, [false, false, true]);
    Ok(())
}

fn spread<T: civita::Float>(x: &Vector<T>) -> Result<T> {
    let x = x - x.mean();
    ((2 * &x).square().sum() / x.len()).sqrt().item()
}

#[test]
fn a_function_of_any_float_divides_by_lengths() -> Result<()> {
    assert_eq!(spread(&tensor![1.0, 3.0])?, 2.0);
    assert_eq!(spread(&tensor![1.0f32, 3.0])?, 2.0);
    Ok(())
}

#[test]
fn draws_take_numpys_arguments() -> Result<()> {
    let rng = || random::default_rng(42);
    // NumPy 2: np.random.default_rng(42)
    assert_close!(
        rng().normal(10.0, 0.5, 2),
        [10.152358539877216, 9.480007947446789]
    );
    assert_eq!(rng().normal(10, 0.5, 2), rng().normal(10.0, 0.5, [2]));
    assert_close!(
        rng().uniform(-1, 1, (2, 3)).flatten()[0],
        0.5479120971119267
    );
    assert_eq!(rng().integers(0..10, 5), [0, 7, 6, 4, 4]);
    assert_eq!(rng().integers(1..=6, 5), [1, 5, 4, 3, 3]);
    let x = tensor![10, 11, 12, 13, 14];
    assert_eq!(rng().integers(0..x.len(), [2, 2]).shape(), [2, 2]);
    assert_eq!(rng().choice(5, 4), [0, 3, 3, 2]);
    assert_eq!(rng().choice(&x, 4), [10, 13, 13, 12]);
    assert_eq!(rng().choice_distinct(52, 5), [37, 22, 32, 4, 51]);
    let p = tensor![0.5, 0.0, 0.5];
    assert_eq!(
        rng().choice_weighted(3, 10, &p),
        [2, 0, 2, 2, 0, 2, 2, 2, 0, 0]
    );
    assert_eq!(rng().permutation(5), [4, 2, 3, 1, 0]);
    let rows = np::arange(10).reshape([5, 2])?;
    assert_eq!(
        rng().permutation(&rows),
        [[8, 9], [4, 5], [6, 7], [2, 3], [0, 1]]
    );
    let mut shuffled = np::arange(5);
    rng().shuffle(&mut shuffled);
    assert_eq!(shuffled, [4, 2, 3, 1, 0]);
    // no type is named
    let noise = &x.cast::<f64>() + rng().standard_normal(5);
    assert_eq!(noise.mean().item()?.signum(), 1.0);
    assert_eq!(rng().random([2, 2]).dtype().name(), "float64");
    let single: Matrix<f32> = rng().standard_normal_as([2, 2]);
    assert_eq!(single, rng().standard_normal_as::<f32, 2>([2, 2]));
    assert_eq!(
        rng().integers_as::<u8, 1>(0..=255, 3).dtype().name(),
        "uint8"
    );
    // what is out of range is an error for whoever asks
    for refused in [
        catch(|| rng().normal(0.0, -1.0, 3).sum()),
        catch(|| rng().uniform(0.0, f64::INFINITY, 3).sum()),
        catch(|| rng().choice(0, 3).cast::<f64>().sum()),
        catch(|| rng().integers(3..3, 3).cast::<f64>().sum()),
        catch(|| rng().choice_distinct(3, 4).cast::<f64>().sum()),
        catch(|| {
            rng()
                .choice_weighted(3, 4, &tensor![0.5, 0.6, 0.1])
                .cast::<f64>()
                .sum()
        }),
        catch(|| rng().integers_as::<u8, 1>(0..=256, 3).cast::<f64>().sum()),
    ] {
        let error = refused.unwrap_err();
        assert!(error.is_value(), "{error}");
    }
    let checked =
        || -> Result<Vector<f64>> { Ok(rng().sample(&random::Normal::new(0.0, -1.0)?, 3)) };
    assert!(checked().unwrap_err().is_value());
    let interval = random::Uniform::new(-3.0, 3.0)?;
    assert!(rng().sample(&interval, 1000).max() > 2.0);
    Ok(())
}

#[test]
fn a_precision_is_that_of_each_number() {
    let x = tensor![1e9, 0.00001234, -2.5];
    assert_eq!(
        format!("{x:.3}"),
        "[1000000000.000          0.000         -2.500]"
    );
    assert_eq!(format!("{:.0}", tensor![0.4, 12.6]), "[ 0 13]");
    assert_eq!(
        format!("{:.2}", tensor![f64::NAN, f64::INFINITY]),
        "[NaN inf]"
    );
    assert_eq!(format!("{:.2}", tensor![1, 20]), "[ 1 20]");
    assert_eq!(
        format!("{:+.1}", tensor![[1.0], [-2.0]]),
        "[[+1.0]\n [-2.0]]"
    );
    assert_eq!(
        format!("{:.1}", tensor![civita::c128::new(0.25, -1.0)]),
        "[0.2-1.0j]"
    );
    assert_eq!(format!("{:6.2}|", tensor![true]), "[  True]|");
    assert_eq!(format!("{:.1}", tensor![0.1f32, 0.25]), "[0.1 0.2]");
}

#[test]
fn arrays_and_vectors_may_stand_on_the_left() {
    let x = tensor![[1.0, 2.0], [3.0, 4.0]];
    assert_eq!([[1.0, 2.0], [3.0, 4.0]], x);
    assert_eq!(vec![vec![1.0, 2.0], vec![3.0, 4.0]], x);
    assert!(vec![1, 2] == tensor![1, 2] && [1, 3] != tensor![1, 2]);
    let total: f64 = x.iter().sum();
    assert!(x.sum() == total);
}

#[test]
fn tensors_are_joined_borrowed_or_owned() -> Result<()> {
    let rows: Vec<Vector<i64>> = (0..3).map(|i| np::arange(2) + i).collect();
    let wanted = [[0, 1], [1, 2], [2, 3]];
    assert_eq!(np::vstack(&rows)?, wanted);
    assert_eq!(np::stack(&rows, 0)?, wanted);
    assert_eq!(np::column_stack(&rows)?.t(), wanted);
    assert_eq!(np::hstack(&rows)?.len(), 6);
    assert_eq!(np::vstack([&rows[0], &rows[1]])?.shape(), [2, 2]);
    Ok(())
}

#[test]
fn text_and_tables_are_read_as_they_are_found() -> Result<()> {
    let folder = std::env::temp_dir().join(format!("civita-tables-{}", std::process::id()));
    std::fs::create_dir_all(&folder)?;
    let csv = folder.join("t.csv");
    std::fs::write(
        &csv,
        "city,t,n,big\nRome,1.5,3,9007199254740993\nOslo,,4,1\n",
    )?;
    let table = io::read_csv(&csv)?;
    let t = table["t"].numbers()?;
    assert!(t[0] == 1.5 && t[1].is_nan());
    assert_eq!(
        (table["n"].numbers()?, table["n"].integers()?),
        (tensor![3.0, 4.0], tensor![3, 4])
    );
    assert!(table["t"].integers().unwrap_err().is_dtype());
    assert!(
        table["city"]
            .numbers()
            .unwrap_err()
            .to_string()
            .contains("Rome")
    );
    // `float64` holds no such integer
    assert!(table["big"].numbers().unwrap_err().is_value());
    assert_eq!(table["big"].integers()?[0], 9_007_199_254_740_993);
    let words = vec!["a", "b,c"];
    io::write_csv(
        folder.join("o.csv"),
        &[("w", &words), ("n", &table["n"].integers()?)],
    )?;
    let again = io::read_csv(folder.join("o.csv"))?;
    assert_eq!(
        (again["w"].text()?, again["n"].integers()?),
        (&["a".to_string(), "b,c".into()][..], tensor![3, 4])
    );
    let path = folder.join("m.txt");
    let x = tensor![[1.0, -0.1], [f64::INFINITY, 1e-300]];
    io::savetxt(&path, &x)?;
    let text = std::fs::read_to_string(&path)?;
    // np.savetxt of the same
    assert_eq!(
        text,
        "1.000000000000000000e+00 -1.000000000000000056e-01\ninf 1.000000000000000025e-300\n"
    );
    assert_eq!(io::loadtxt(&path)?, x);
    io::savetxt(&path, &np::arange(3))?;
    assert_eq!(io::loadtxt(&path)?.column(0)?, [0.0, 1.0, 2.0]);
    assert!(io::loadtxt(folder.join("none")).unwrap_err().is_io());
    assert!(
        io::savetxt(&path, &Tensor::<f64, 3>::zeros([1, 1, 1]))
            .unwrap_err()
            .is_shape()
    );
    std::fs::remove_dir_all(&folder)?;
    Ok(())
}

#[test]
fn names_of_numpy_ndarray_and_rusts_floats_are_there() -> Result<()> {
    let x = tensor![[1.0, 4.0], [9.0, 16.0]];
    assert_eq!(x.powi(2).powf(0.5), x);
    assert_eq!(tensor![1.0f32, 3.0].powi(-1), [1.0f32, 1.0 / 3.0]);
    assert_close!(x.ln().exp(), x);
    assert_eq!(x.recip() * &x, np::ones([2, 2]));
    assert_eq!(tensor![0.0].ln_1p(), tensor![0.0].exp_m1());
    assert_eq!((x.nrows(), x.ncols(), x.ndim()), (2, 2, 2));
    assert_eq!(x.transpose(), x.t());
    assert_close!((np::arange(2) * np::pi).cos(), [1.0, -1.0]);
    assert!(np::nan.is_nan() && np::inf > np::pi);
    let v = np::arange(6);
    let n: usize = 2;
    assert_eq!(
        (v.slice(1..3)?, v.slice(..n)?, v.slice(-2..)?),
        (tensor![1, 2], tensor![0, 1], tensor![4, 5])
    );
    assert_eq!(
        (x.slice(1..)?, x.slice(..)?),
        (tensor![[9.0, 16.0]], x.clone())
    );
    let mut w = v.clone();
    w.slice_assign(..=1, 7)?;
    assert_eq!(w, [7, 7, 2, 3, 4, 5]);
    Ok(())
}

#[test]
fn choice_takes_any_shape_with_numpys_numbers() -> Result<()> {
    // np.random.default_rng(42).choice([-1, 1], (2, 3)) and so on
    let rng = || random::default_rng(42);
    assert_eq!(
        rng().choice(&tensor![-1, 1], [2, 3]),
        [[-1, 1, 1], [-1, -1, 1]]
    );
    assert_eq!(rng().choice(10, (2, 2)), [[0, 7], [6, 4]]);
    assert_eq!(rng().choice_distinct(6, [2, 3]), [[1, 3, 4], [2, 0, 5]]);
    assert_eq!(
        rng().choice_weighted(3, [2, 2], &tensor![0.5, 0.0, 0.5]),
        [[2, 0], [2, 2]]
    );
    let rows = rng().choice(&tensor![[1.0, 2.0], [3.0, 4.0]], [4, 5]);
    assert_eq!(rows.shape(), [4, 5, 2]);
    fn some<T: Element, const N: usize>(x: &Tensor<T, N>) -> Tensor<T, N> {
        random::default_rng(1).choice(x, 3)
    }
    assert_eq!(some(&tensor![[1, 2]]).shape(), [3, 2]);
    Ok(())
}

#[test]
fn whole_numbers_stand_where_floats_do() -> Result<()> {
    let x = tensor![1.0, 2.0, 3.0, 4.0];
    assert_eq!(x.percentile([25, 50])?, x.percentile([25.0, 50.0])?);
    assert_eq!(x.percentile(50)?, 2.5);
    assert_eq!(x.over(..).ddof(1).var()?, x.over(..).ddof(1.0).var()?);
    assert_eq!(np::searchsorted(&x, 2.5, np::Side::Left)?.item()?, 2);
    assert_eq!(
        np::searchsorted(&tensor![1, 2, 3], 2, np::Side::Right)?.item()?,
        2
    );
    assert_eq!(
        np::pad(&x, (1, 2), np::PadMode::Edge, Default::default())?.len(),
        7
    );
    assert_eq!(tensor![2, 3].powi(3), [8, 27]);
    assert_eq!(tensor![2.0f32].powi(-1), [0.5]);
    Ok(())
}

#[test]
fn a_function_over_ranks_keeps_the_axes_of_its_means() -> Result<()> {
    fn centred<T: Float, const N: usize>(x: &Tensor<T, N>) -> Result<Tensor<T, N>> {
        Ok((x - x.over(..).keepdims().mean()?) * 2)
    }
    assert_eq!(centred(&tensor![[1.0, 3.0]])?, [[-2.0, 2.0]]);
    // the gradient goes through the mean: x₁ - (x₁ + x₂)/2, doubled
    let slope = autograd::grad(|x| centred(&x)?.row(0), &tensor![1.0, 3.0])?;
    assert_eq!(slope, [1.0, -1.0]);
    Ok(())
}

#[test]
fn counts_meet_lengths() -> Result<()> {
    let counts = tensor![1i64, 2, 5];
    let n = 8usize;
    assert_eq!(&counts / n, [0.125, 0.25, 0.625]);
    assert_eq!(&counts * n, [8, 16, 40]);
    assert_eq!(&counts / counts.len(), &counts / 3);
    assert_eq!((counts.sum() / n).item()?, 1.0);
    assert_eq!(counts.gt(1usize)?, [false, true, true]);
    Ok(())
}

#[test]
fn numbers_stand_where_points_do() -> Result<()> {
    let x = tensor![1.0, 2.0];
    assert_eq!(np::isclose(&x, 1.0)?, [true, false]);
    assert_eq!(x.isclose(&tensor![[1.0], [2.0]])?.shape(), [2, 2]);
    assert_eq!(np::interp(1.5, &x, &tensor![10.0, 20.0])?.item()?, 15.0);
    assert_eq!(np::interp(&x, &x, &x)?, x);
    Ok(())
}

#[test]
fn statistics_are_asked_for_as_sums_are() -> Result<()> {
    let x = tensor![[3.0, 0.0, 2.0], [0.0, f64::NAN, 4.0]];
    let y = tensor![[3.0, 0.0, 2.0], [0.0, 5.0, 4.0]];
    // NumPy's of the same arrays
    assert_eq!(
        (y.count_nonzero(), np::count_nonzero(&y)),
        (4.into(), 4.into())
    );
    assert_eq!(y.over(0).count_nonzero()?, [1, 1, 2]);
    assert_eq!(y.over(1).keepdims().count_nonzero()?, [[2], [2]]);
    assert_eq!(y.gt(2.5)?.count_nonzero(), 3);
    assert!(y.median() == 2.5 && np::median(&y) == 2.5 && y.ptp() == 5.0);
    assert_eq!(y.over(1).median()?, [2.0, 4.0]);
    assert_eq!(y.over(0).keepdims().ptp()?, [[3.0, 5.0, 2.0]]);
    assert_eq!(y.over((0, 1)).ptp()?, 5.0);
    assert!(x.nansum() == 9.0 && np::nansum(&x) == 9.0 && x.nanmean() == 1.8);
    assert_eq!(x.over(0).nansum()?, [3.0, 0.0, 6.0]);
    assert_eq!(x.over(1).nanmean()?, [5.0 / 3.0, 2.0]);
    assert_eq!(x.over(1).nanmax()?, [3.0, 4.0]);
    assert!(x.nanmin() == 0.0 && x.nanargmax() == 5 && x.nanmedian() == 2.0);
    assert_close!(
        x.over(1).ddof(1).nanstd()?,
        [1.5275252316519468, 2.8284271247461903]
    );
    assert_close!(x.nanvar(), 2.56);
    assert!(np::average(&y) == y.mean().item()? && x.nanprod() == 0.0);
    assert_eq!(y.over(0).quantile(0.5)?, [1.5, 2.5, 3.0]);
    assert_eq!(
        y.over(1).keepdims().quantile([0.0, 1.0])?,
        [[[0.0], [0.0]], [[3.0], [5.0]]]
    );
    assert_eq!(y.quantile(&[0.0, 1.0])?, [0.0, 5.0]);
    // a variable has the gradient of its median
    let slope = autograd::grad(|x| Ok(x.median()), &tensor![3.0, 1.0, 2.0])?;
    assert_eq!(slope, [0.0, 0.0, 1.0]);
    let nothing = Vector::<f64>::zeros(0);
    assert!(catch(|| nothing.ptp()).is_err());
    assert!(y.over(2).median().is_err());
    assert!(y.norm() == 54f64.sqrt());
    assert_eq!(tensor![[3.0, 4.0], [0.0, 1.0]].over(1).norm()?, [5.0, 1.0]);
    Ok(())
}

#[test]
fn numbers_and_lists_stand_where_tensors_do() -> Result<()> {
    let bins = tensor![0.0, 1.0, 2.5];
    assert_eq!(np::digitize(1.5, &bins, false)?, 2);
    assert_eq!(
        np::digitize(&tensor![-1.0, 0.0, 9.0], &bins, false)?,
        [0, 1, 3]
    );
    assert_eq!(np::digitize([0.5, 2.5], &bins, true)?, [1, 2]);
    assert_eq!(np::digitize(2, &tensor![1, 2, 3], true)?, 1);
    assert_eq!(np::searchsorted(&bins, &[1, 2], np::Side::Left)?, [1, 2]);
    assert_eq!(np::interp(vec![0.5, 1.0], &bins, &bins)?, [0.5, 1.0]);
    let x = tensor![1, 2, 3];
    assert_eq!(np::isin(&x, 3)?, [false, false, true]);
    assert_eq!(
        (x.isin([1, 3])?, x.isin(vec![2.0])?),
        (tensor![true, false, true], tensor![false, true, false])
    );
    assert_eq!(np::polyval(&tensor![3.0, 0.0, 1.0], 2)?, 13.0);
    let v = tensor![1.0, -2.0, 4.0];
    assert_eq!(np::maximum(0.0, &v)?, np::maximum(&v, 0)?);
    assert_eq!(np::power(2.0, &v)?, [2.0, 0.25, 16.0]);
    assert_eq!(
        (np::subtract(1, &v)?, np::power(2, &x)?),
        (tensor![0.0, 3.0, -3.0], tensor![2, 4, 8])
    );
    assert_eq!(
        (
            np::hypot(&tensor![3.0], 4.0)?,
            np::arctan2(0.0, &tensor![1.0])?
        ),
        (tensor![5.0], tensor![0.0])
    );
    assert_eq!(np::ldexp(&v, 2)?, [4.0, -8.0, 16.0]);
    assert_eq!(
        (v.clamp(0.0, 2.0)?, v.clamp(-1, &v)?),
        (tensor![1.0, 0.0, 2.0], tensor![1.0, -2.0, 4.0])
    );
    assert_eq!(v.lerp(&tensor![3.0, 0.0, 4.0], 0.5)?, [2.0, -1.0, 4.0]);
    assert_eq!(np::clamp(&v, &tensor![0.0], 2)?, [1.0, 0.0, 2.0]);
    assert_close!(np::xlogy(&v, 1.0)?, [0.0, 0.0, 0.0]);
    assert_eq!(
        (v.full_like(7), np::full_like(&x, 7)),
        (tensor![7.0, 7.0, 7.0], tensor![7, 7, 7])
    );
    assert_eq!(v.take(-1, 0)?, 4.0);
    assert_eq!(tensor![[1, 2], [3, 4]].take(0, 1)?, [1, 3]);
    assert!(np::append(&v, 9, 0).unwrap_err().is_shape());
    assert_eq!(
        (np::append(&v, 9, ..)?, np::insert(&x, 1, 7, 0)?),
        (tensor![1.0, -2.0, 4.0, 9.0], tensor![1, 7, 2, 3])
    );
    assert_eq!(v.masked_fill(&v.lt(0.0)?, 0)?, [1.0, 0.0, 4.0]);
    let (counts, edges) = np::histogram(&v, &tensor![-3.0, 0.0, 5.0])?;
    assert_eq!((counts, edges), (tensor![1, 2], tensor![-3.0, 0.0, 5.0]));
    assert_eq!(
        np::histogram(&x, [0, 2, 4])?,
        (tensor![1, 2], tensor![0.0, 2.0, 4.0])
    );
    let mut m = np::zeros([2, 2]);
    np::fill_diagonal(&mut m, 1, false)?;
    np::putmask(&mut m, &tensor![[false, true], [false, false]], 5.0)?;
    np::put(&mut m, &tensor![2], 7.0)?;
    assert_eq!(m, [[1.0, 5.0], [7.0, 1.0]]);
    np::copyto(&mut m, 0.0)?;
    np::place(
        &mut m,
        &tensor![[true, false], [false, false]],
        &tensor![3.0],
    )?;
    assert_eq!(m, [[3.0, 0.0], [0.0, 0.0]]);
    assert!(random::default_rng(1).random(()) < 1.0);
    Ok(())
}

#[test]
fn names_of_pytorch_and_ndarray_are_there() -> Result<()> {
    let mut x = tensor![1.0, f64::NAN, -2.0];
    assert_eq!(
        (x.numel(), x.unsqueeze(0)?.shape(), x.unsqueeze(-1)?.dims()),
        (3, &[1, 3][..], [3, 1])
    );
    assert_eq!(x.is_nan(), [false, true, false]);
    assert_eq!(
        (x.is_finite().sum(), x.is_infinite().any()),
        (2.into(), false.into())
    );
    assert_eq!(x.astype::<i32>()[2], -2);
    x.fill(0);
    x.mapv_inplace(|v| v + 1.0);
    assert_eq!(x.mapv(|v| v * 2.0), [2.0, 2.0, 2.0]);
    assert_eq!(tensor![[1, 2], [3, 4]].ravel(), [1, 2, 3, 4]);
    assert!(
        catch(|| tensor![1.0].requires_grad().fill(2.0))
            .unwrap_err()
            .is_gradient()
    );
    let (a, b) = (tensor![[1, 2]], tensor![[3, 4]]);
    assert_eq!(np::concat((&a, &b), 0)?, [[1, 2], [3, 4]]);
    assert_eq!(np::concatenate([&a, &b], 0)?, np::vstack((&a, &b))?);
    assert_eq!(np::hstack(vec![a.clone(), b.clone()])?, [[1, 2, 3, 4]]);
    assert_eq!(np::stack([&a, &b], 0)?.shape(), [2, 1, 2]);
    assert_eq!(
        np::column_stack((&a.row(0)?, &b.row(0)?))?,
        [[1, 3], [2, 4]]
    );
    assert_eq!((&a << 1, &b >> 1), (tensor![[2, 4]], tensor![[1, 2]]));
    let mut bits = tensor![1u8, 128];
    bits <<= 1u8;
    assert_eq!((bits, 1 << tensor![0, 3]), (tensor![2u8, 0], tensor![1, 8]));
    assert_eq!(np::array![1, 2], tensor![1, 2]);
    assert_eq!((np::shape(&a), np::ndim(&a), np::size(&a)), ([1, 2], 2, 2));
    assert_eq!((np::amax(&a), np::amin(&a)), (2.into(), 1.into()));
    assert_eq!(np::around(&tensor![1.26], 1)?, [1.3]);
    assert_eq!(
        np::random::default_rng(1).random(2),
        random::default_rng(1).random(2)
    );
    assert_eq!(np::fft::rfft(&tensor![1.0, 2.0])?.real(), [3.0, -1.0]);
    assert_eq!(np::linalg::det(&np::eye(2))?, 1.0);
    Ok(())
}

#[test]
fn an_index_that_is_not_there_is_told_by_the_name_of_the_call() {
    let mut x = tensor![[1, 2], [3, 4]];
    let starts = |e: civita::Error, name: &str| assert!(e.to_string().starts_with(name), "{e}");
    starts(x.row(5).unwrap_err(), "row: index 5 ");
    starts(x.column(5).unwrap_err(), "column: index 5 ");
    starts(x.slice(s![5]).unwrap_err(), "slice: index 5 ");
    starts(
        x.slice_assign(s![5], 0).unwrap_err(),
        "slice_assign: index 5 ",
    );
    starts(x.take(5, 0).unwrap_err(), "take: ");
    starts(
        x.set([5, 0], 0).unwrap_err(),
        "index: there is no element (5, 0)",
    );
    starts(
        catch(|| x[[5, 0]]).unwrap_err(),
        "index: there is no element (5, 0)",
    );
    starts(x.index_assign((5, 0), 0).unwrap_err(), "index_assign: ");
    starts(x.index_add((5, 0), 1).unwrap_err(), "index_add: ");
    starts(x.narrow(0, 1, 5).unwrap_err(), "narrow: ");
}

#[test]
fn what_an_operator_returns_is_an_operand_as_it_is() -> Result<()> {
    let (v, m) = (tensor![1.0, -2.0], tensor![[1.0, 2.0], [3.0, 4.0]]);
    let positive = v.gt(0.0)?;
    assert_eq!(np::where_(&positive, &v * 2.0, 0.0)?, [2.0, 0.0]);
    assert_eq!(positive.choose(&v, &v * 0.5)?, [1.0, -1.0]);
    assert_eq!(positive.choose(-&v, &v)?, [-1.0, -2.0]);
    assert_eq!(positive.choose(v.clone(), v.abs())?, [1.0, 2.0]);
    assert_eq!(positive.choose(1, &tensor![5, 6] + 1)?, [1, 7]);
    let turned = m.t();
    assert_eq!(m.matmul(m.t())?, m.matmul(&turned)?);
    assert_eq!(m.dot(m.row(0)?)?, [5.0, 11.0]);
    assert_eq!(np::dot(&v, v.abs())?, np::matmul(&v, v.abs())?);
    // what has no type yet takes that of the left operand
    let eye = Matrix::eye(2);
    assert_eq!(m.matmul(&eye)?, m.matmul(Matrix::eye(2))?);
    Ok(())
}
