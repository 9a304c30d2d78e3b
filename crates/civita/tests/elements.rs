//! Single elements, rows and comparisons.

use civita::assert_close;
use civita::prelude::*;

#[test]
fn elements_are_read_and_written() {
    let mut x = tensor![[1.0, 2.0, 3.0], [4.0, 5.0, 6.0]];
    assert_eq!(x[[1, 2]], 6.0);
    x[[1, 2]] = 7.0;
    x[[0, 0]] += 0.5;
    assert_eq!(x.get([1, 2]), Some(&7.0));
    assert_eq!(x.get([2, 0]), None);
    assert!(x.set([0, 3], 0.0).is_err());
    x.set([0, 1], -2.0).unwrap();
    assert_eq!(x, [[1.5, -2.0, 3.0], [4.0, 5.0, 7.0]]);
    let mut v = tensor![1, 2, 3];
    v[1] = 20;
    assert_eq!((v[1], v[[2]]), (20, 3));
    let [rows, columns] = x.dims();
    assert_eq!((rows, columns), (2, 3));
}

#[test]
fn a_write_is_seen_by_no_other_handle() {
    let mut x = tensor![1.0, 2.0];
    let other = x.clone();
    x[[0]] = 9.0;
    x.as_mut_slice().unwrap()[1] = 8.0;
    assert_eq!((&x, &other), (&tensor![9.0, 8.0], &tensor![1.0, 2.0]));
    // views of one buffer, and one that repeats elements
    let mut t = tensor![[1, 2], [3, 4]].t();
    t[[0, 1]] = 30;
    assert_eq!(t, [[1, 30], [2, 4]]);
    assert_eq!(t.as_mut_slice().unwrap(), [1, 30, 2, 4]);
    let mut wide = Tensor::<i64, 1>::from_slice(&[7])
        .broadcast_to([3])
        .unwrap();
    wide[[1]] = 0;
    assert_eq!(wide, [7, 0, 7]);
}

#[test]
fn loops_in_rust() {
    let mut x = Matrix::from_fn([2, 3], |[i, j]| (10 * i + j) as i64);
    x.map_inplace(|v| v + 1);
    for v in x.iter_mut() {
        *v *= 2;
    }
    assert_eq!(x, [[2, 4, 6], [22, 24, 26]]);
    let sums: Vec<i64> = x.rows().map(|row| row.sum().item().unwrap()).collect();
    assert_eq!(sums, [12, 72]);
    let back: Vec<Vec<i64>> = x.axis_iter(1).unwrap().rev().map(|c| c.to_vec()).collect();
    assert_eq!(back, [[6, 26], [4, 24], [2, 22]]);
    assert_eq!(x.rows().len(), 2);
    assert_eq!(x.row(1).unwrap(), [22, 24, 26]);
    assert!(x.row(2).is_err() && x.axis_iter(2).is_err());
    assert_eq!(x.rows().nth(1).unwrap(), [22, 24, 26]);
    let dynamic = x.to_dyn();
    assert_eq!(dynamic[[1, 1]], 24);
    assert_eq!(dynamic.rows().next().unwrap().to_vec(), [2, 4, 6]);
}

#[test]
fn rows_are_views_of_any_layout_with_gradients() {
    let x = Matrix::from_fn([2, 3], |[i, j]| (10 * i + j) as f64);
    let columns: Vec<Vec<f64>> = x.t().rows().map(|row| row.to_vec()).collect();
    assert_eq!(columns, [[0.0, 10.0], [1.0, 11.0], [2.0, 12.0]]);
    let pairs: Vec<f64> = x.t().rows().map(|row| row[1] - row[0]).collect();
    assert_eq!(pairs, [10.0; 3]);
    assert_eq!(Matrix::<f64>::zeros([0, 3]).rows().count(), 0);
    let empty = Matrix::<f64>::zeros([2, 0]);
    assert_eq!(
        empty.rows().map(|row| row.len()).collect::<Vec<_>>(),
        [0, 0]
    );
    let w = x.requires_grad();
    let sums: Vec<_> = w.rows().map(|row| row.sum()).collect();
    (&sums[0] * 3.0 + &sums[1]).backward().unwrap();
    assert_eq!(w.grad().unwrap(), [[3.0, 3.0, 3.0], [1.0, 1.0, 1.0]]);
}

#[test]
fn operators_in_place_write_what_nobody_else_holds() {
    let (mut a, b) = (tensor![1.0, 2.0], tensor![10.0, 20.0]);
    a += &b;
    let kept = a.clone();
    a += &b;
    a *= 2.0;
    assert!(kept == [11.0, 22.0] && a == [42.0, 84.0]);
    let own = a.clone();
    a += &own;
    assert!(own == [42.0, 84.0] && a == [84.0, 168.0]);
    let mut t = tensor![[1, 2], [3, 4]].t();
    t -= &tensor![[1, 1], [1, 1]];
    assert_eq!(t, [[0, 2], [1, 3]]);
    let mut narrow = tensor![100i8, -100];
    narrow += &tensor![100i8, -100];
    assert_eq!(narrow, [-56, 56]);
    let mut whole = Vector::<f64>::ones(100_000);
    whole += &Vector::<f64>::ones(100_000);
    assert!(whole.iter().all(|v| v == 2.0));
}

#[test]
fn tensors_compare_with_each_other_and_with_arrays() {
    let x = tensor![[1.0, 2.0], [3.0, 4.0]];
    assert!(x == x.clone() && x != tensor![[1.0, 2.0], [3.0, 5.0]]);
    assert!(x.t() != x && x == x.t().t());
    assert!(tensor![1.0, 2.0] != tensor![1.0, 2.0, 3.0]);
    assert!(tensor![f64::NAN] != tensor![f64::NAN]);
    assert_eq!(tensor![1, 2, 3], vec![1, 2, 3]);
    assert_eq!(
        Matrix::try_from(vec![vec![1, 2], vec![3, 4]]).unwrap(),
        [[1, 2], [3, 4]]
    );
    assert!(Matrix::try_from(vec![vec![1], vec![]]).is_err());
    assert_eq!(Tensor::<f32, 2>::default().shape(), [0, 0]);
    assert_eq!(Tensor::<f32, { civita::DYN }>::default().len(), 0);
}

#[test]
fn closeness_is_told_in_words() {
    assert_close!(tensor![1.0, f64::NAN], tensor![1.0 + 1e-9, f64::NAN]);
    assert_close!(tensor![1.0, 2.0].sum(), 3.0);
    assert_close!(tensor![0.1 + 0.2, 1.0], [0.3, 1.0]);
    assert_close!(&tensor![[1.0f32], [2.0]], [[1.0], [2.0]]);
    assert_close!(tensor![1, 2].cumsum(0).unwrap(), vec![1, 3]);
    assert_close!(2.0f64.sqrt().powi(2), tensor![2.0].sum());
    assert!(std::panic::catch_unwind(|| assert_close!(tensor![1.0], 1.0)).is_err());
    let text = std::panic::catch_unwind(|| {
        assert_close!(
            tensor![[1.0, 2.0], [3.0, 4.0]],
            tensor![[1.0, 2.5], [3.0, 9.0]]
        );
    })
    .unwrap_err();
    let text = text.downcast_ref::<String>().unwrap();
    assert!(
        text.contains("2 of 4 elements differ; most at [1, 1]: 4 and 9"),
        "{text}"
    );
}

#[test]
fn what_is_tracked_or_unknown_has_no_slices() {
    let mut w = tensor![1.0, 2.0].requires_grad();
    assert_eq!(w[[1]], 2.0);
    assert!(w.set([0], 3.0).is_err() && w.as_mut_slice().is_err());
    let panics = std::panic::catch_unwind(|| tensor![1.0][[1]]).is_err();
    assert!(panics);
}

#[test]
fn a_typed_tensor_may_share_memory_that_others_write() -> civita::Result<()> {
    let shared = tensor![[1.0, 2.0], [3.0, 4.0]].into_raw().into_aliased()?;
    let mut x = Matrix::<f64>::from_raw(shared.clone())?;
    assert!(civita_core::storage::Storage::same_buffer(
        x.raw().storage(),
        shared.storage()
    ));
    // operations and copies read what is there; references and slices would not see that others write
    assert_eq!((&x * 2.0).to_vec(), [2.0, 4.0, 6.0, 8.0]);
    assert_eq!(
        (x.to_vec(), x.at([1, 0])?, x.sum().item()?),
        (vec![1.0, 2.0, 3.0, 4.0], 3.0, 10.0)
    );
    assert!(x.as_slice().is_err() && x.as_mut_slice().is_err() && x.set([0, 0], 1.0).is_err());
    assert!(civita::catch(|| x[[0, 0]]).is_err());
    // a write is seen by no other handle
    x += 1.0;
    x.slice_assign(s![0, ..], 9.0)?;
    assert_eq!(x.to_vec(), [9.0, 9.0, 4.0, 5.0]);
    let other = Matrix::<f64>::from_raw(shared.clone())?;
    assert_eq!(other.to_vec(), [1.0, 2.0, 3.0, 4.0]);
    // a leaf over shared memory
    let w = other.requires_grad();
    (&w * &w).sum().backward()?;
    assert_eq!(w.grad().unwrap().to_vec(), [2.0, 4.0, 6.0, 8.0]);
    // booleans are copied
    let mask = tensor![true, false].into_raw().into_aliased()?;
    let copy = Vector::<bool>::from_raw(mask.clone())?;
    assert!(!civita_core::storage::Storage::same_buffer(
        copy.raw().storage(),
        mask.storage()
    ));
    assert_eq!(copy.as_slice()?, [true, false]);
    Ok(())
}

#[test]
fn parts_of_an_axis_one_after_the_other() -> civita::Result<()> {
    let x = Vector::<i64>::arange(0..10).reshape([5, 2])?;
    let first: Vec<usize> = x.chunks(0, 2)?.map(|c| c.shape()[0]).collect();
    assert_eq!(first, [2, 2, 1]);
    assert_eq!(x.chunks(0, 2)?.next_back().unwrap(), [[8, 9]]);
    assert_eq!(x.chunks(1, 9)?.len(), 1);
    assert_eq!(x.chunks(-1, 1)?.nth(1).unwrap().flatten(), [1, 3, 5, 7, 9]);
    let sums: Vector<i64> = x.windows(0, 3)?.map(|w| w.sum()).collect();
    assert_eq!(sums, [15, 27, 39]);
    assert_eq!(x.windows(0, 6)?.count(), 0);
    assert_eq!(Vector::<f64>::zeros(0).chunks(0, 3)?.count(), 0);
    assert!(x.windows(0, 0).is_err() && x.chunks(2, 1).is_err());
    assert_eq!(x.outer_iter().map(|row| row[0]).max(), Some(8));
    // an untyped literal is an index
    let mut sum = 0;
    for i in 0..4 {
        sum += x.slice(s![i])?.sum().item()? + x.slice(s![i, 1])?.item()?;
        assert_eq!(x.index(s![i, 0])?.item()?, 2 * i);
    }
    assert_eq!(sum, 28 + 16);
    Ok(())
}

#[test]
fn numbers_compare_with_tensors_of_one() {
    let x = tensor![1.0, 2.0, 3.0];
    assert!(x.sum() == 6.0 && x.mean() < 2.5 && x.max() >= 3.0 && x.min() != 0.0);
    assert!(x.max() > x.min() && x.sum() <= x.sum());
    assert_eq!(x.dot(&x).unwrap(), 14.0);
    assert_eq!(tensor![3, 1].max(), 3);
    let nan = Tensor::scalar(f64::NAN);
    assert!(nan.partial_cmp(&1.0).is_none() && nan != nan.clone());
    assert_eq!(tensor![[[1], [2]]], [[[1], [2]]]);
    assert_eq!(tensor![[[[1.5]]]], [[[[1.5]]]]);
    assert_eq!(tensor![[1, 2]], vec![vec![1, 2]]);
    assert_ne!(tensor![[1, 2], [3, 4]], vec![vec![1, 2], vec![3]]);
}

#[test]
fn nested_vectors_and_arrays_go_both_ways() -> civita::Result<()> {
    let nested = vec![vec![vec![1, 2]; 3], vec![vec![3, 4]; 3]];
    let x = Tensor::<i64, 3>::try_from(nested.clone())?;
    assert_eq!(x.shape(), [2, 3, 2]);
    assert_eq!(x.to_nested_vec(), nested);
    assert_eq!(x.t().to_nested_vec()[1][2], [2, 4]);
    assert_eq!(tensor![[1.0, 2.0]].to_nested_vec(), [[1.0, 2.0]]);
    assert_eq!(Tensor::scalar(3).to_nested_vec(), 3);
    assert_eq!(
        Tensor::<u8, 3>::zeros([2, 0, 4]).to_nested_vec(),
        [vec![], vec![]] as [Vec<Vec<u8>>; 2]
    );
    assert!(Tensor::<i64, 3>::try_from(vec![vec![vec![1]], vec![]]).is_err());
    let [a, b]: [f64; 2] = (&tensor![0.5, 1.5]).try_into()?;
    let square: [[i64; 2]; 2] = (&tensor![[1, 2], [3, 4]].t()).try_into()?;
    assert_eq!((a, b, square), (0.5, 1.5, [[1, 3], [2, 4]]));
    assert!(<[f64; 3]>::try_from(&tensor![1.0]).is_err());
    Ok(())
}

#[test]
fn iterators_of_tensors_are_collected_and_summed() -> civita::Result<()> {
    let rows = |n: i64| (0..n).map(|i| tensor![i, i * i]);
    let squares: Matrix<i64> = rows(3).collect();
    assert_eq!(squares, [[0, 0], [1, 1], [2, 4]]);
    assert_eq!(rows(0).collect::<Matrix<i64>>().shape(), [0, 0]);
    assert_eq!(rows(4).sum::<Vector<i64>>(), [6, 14]);
    assert_eq!(squares.rows().skip(1).product::<Vector<i64>>(), [2, 4]);
    let all: Vec<Vector<i64>> = rows(2).collect();
    assert_eq!(all.iter().sum::<Vector<i64>>(), [1, 1]);
    // an empty sum adds 0
    assert_eq!(rows(0).sum::<Vector<i64>>() + tensor![5, 6], [5, 6]);
    assert_eq!(rows(0).product::<Vector<i64>>() * tensor![5, 6], [5, 6]);
    assert!(
        civita::catch(|| [tensor![1], tensor![1, 2]]
            .into_iter()
            .collect::<Matrix<i64>>())
        .is_err()
    );
    // joined without borrowing each
    assert_eq!(civita::concatenate(&all, 0)?, [0, 0, 1, 1]);
    assert_eq!(civita::stack(&all, 1)?, [[0, 1], [0, 1]]);
    assert_eq!(np::stack([&all[1], &all[0]], 0)?, [[1, 1], [0, 0]]);
    Ok(())
}

#[test]
fn elements_come_from_both_ends() {
    let x = tensor![[1, 2], [3, 4]];
    assert_eq!(x.iter().rev().collect::<Vec<_>>(), [4, 3, 2, 1]);
    assert_eq!(x.t().iter().rev().collect::<Vec<_>>(), [4, 2, 3, 1]);
    let mut y = x.clone();
    for v in &mut y {
        *v += 1;
    }
    assert_eq!(y.into_iter().map(|v| v as usize).sum::<usize>(), 14);
    assert_eq!(x.iter().sum::<i64>(), 10);
}

#[test]
fn indices_are_rusts_own() -> civita::Result<()> {
    let x = tensor![[1, 2, 3], [4, 5, 6]];
    let columns: Vec<usize> = vec![2, 0];
    assert_eq!(x.take(&columns, 1)?, [[3, 1], [6, 4]]);
    assert_eq!(x.take([-1], 0)?, [[4, 5, 6]]);
    assert_eq!(x.take(0..2, -1)?, [[1, 2], [4, 5]]);
    assert_eq!(np::take(&x, columns.clone(), 1)?, [[3, 1], [6, 4]]);
    assert_eq!(x.index((.., &columns))?, [[3, 1], [6, 4]]);
    assert_eq!(x.index(([0, 1], [2, 0]))?, [3, 4]);
    assert_eq!(x.index(s![1, &columns[..1]])?, [6]);
    assert!(x.take([usize::MAX], 0).is_err() && x.take([3], 1).is_err());
    let mut y = x.clone();
    y.index_assign((0, &columns), 0)?;
    y.index_add([1, 1], &tensor![1, 1, 1])?;
    assert_eq!(y, [[0, 2, 0], [6, 7, 8]]);
    assert_eq!(
        Vector::from_indices(columns.clone()).try_to_vec::<usize>()?,
        columns
    );
    assert_eq!(Vector::from_indices([7, 8]), tensor![7usize, 8]);
    assert_eq!(tensor![[columns.len(), 1], [2, 3]].dtype().name(), "int64");
    assert_eq!(Vector::from(0..3), [0, 1, 2]);
    assert_eq!(Vector::<i64>::from(vec![1, 2]), [1, 2]);
    assert_eq!((0..3).collect::<Vector<i64>>(), [0, 1, 2]);
    assert!(tensor![1, -1].try_to_vec::<u8>().unwrap_err().is_value());
    assert!(civita::catch(|| Vector::from_indices([usize::MAX])).is_err());
    Ok(())
}

#[test]
fn numbers_stand_where_tensors_do() -> civita::Result<()> {
    let mut x = Matrix::<f64>::zeros([2, 3]);
    x.slice_assign(s![.., 0], 1.5)?;
    x.slice_assign(s![0], 2)?;
    x.assign_where(&x.lt(1.0)?, -1.0)?;
    assert_eq!(x, [[2.0, 2.0, 2.0], [1.5, -1.0, -1.0]]);
    let positive = x.gt(0.0)?;
    assert_eq!(
        positive.choose(&x, 0.0)?,
        [[2.0, 2.0, 2.0], [1.5, 0.0, 0.0]]
    );
    assert_eq!(
        positive.choose(0, &x)?,
        [[0.0, 0.0, 0.0], [0.0, -1.0, -1.0]]
    );
    assert_eq!(positive.choose(1u8, 0)?.over(1).sum()?, [3, 1]);
    assert_eq!(np::where_(&positive, &x, f64::NAN)?.isnan().sum(), 2);
    let mut bytes = tensor![1u8, 2].into_any();
    assert!(bytes.slice_assign(s![0], 300).unwrap_err().is_dtype());
    Ok(())
}

#[test]
fn complex_numbers_make_real_tensors_complex() {
    use civita::{c64, c128};
    let i = c128::new(0.0, 1.0);
    let x = tensor![1.0, 2.0];
    let y: Vector<c128> = &x * i + 1.0;
    assert_eq!(y, [c128::new(1.0, 1.0), c128::new(1.0, 2.0)]);
    assert_eq!((i * &x).to_string(), "[0.+1.j 0.+2.j]");
    assert_eq!((1.0 - i * tensor![1, 2]).to_string(), "[1.-1.j 1.-2.j]");
    let z: Vector<c64> = c64::new(0.0, 2.0) / tensor![1.0f32, 2.0];
    assert_eq!(z, [c64::new(0.0, 2.0), c64::new(0.0, 1.0)]);
    assert_eq!((&x * 2.0).to_vec(), [2.0, 4.0]);
}

#[test]
fn fused_functions_take_numbers_of_any_type() -> civita::Result<()> {
    let (scale, shift, n) = (0.5f32, 2i64, 3usize);
    let f = fuse!(|a| ((a * scale + shift).maximum(n) - 1) * 2);
    assert_eq!(f.call(&tensor![0.0f32, 8.0])?, [4.0, 10.0]);
    let clamp = fuse!(|a| a.gt(0.0).choose(a, 0.0) % 4);
    assert_eq!(clamp.call(&tensor![-1.0, 6.0])?, [0.0, 2.0]);
    let turn = fuse!(|a| a * civita::c128::new(0.0, 1.0));
    assert_eq!(turn.call_any(&tensor![1.0])?.to_string(), "[0.+1.j]");
    fn square(x: civita::Expr<'_>) -> civita::Expr<'_> {
        x * x
    }
    assert_eq!(fuse!(|a| 1 - square(a)).call(&tensor![3.0])?, [-8.0]);
    Ok(())
}

#[test]
fn tensors_and_errors_fit_the_standard_library() {
    fn fits<T: Send + Sync + std::panic::UnwindSafe + std::panic::RefUnwindSafe>() {}
    fits::<Tensor<f64, 2>>();
    fits::<AnyTensor>();
    fn clones<E: std::error::Error + Clone + Send + Sync + 'static>() {}
    clones::<civita::Error>();
    let x = tensor![1.0, 2.0];
    let sum = std::panic::catch_unwind(|| x.sum().item().unwrap()).unwrap();
    assert_eq!(sum, 3.0);
}

#[test]
fn an_inclusive_range_holds_its_end_in_both_directions() -> civita::Result<()> {
    let x = np::arange(10);
    assert_eq!(x.slice(s![5..=2;-1])?, [5, 4, 3, 2]);
    assert_eq!(x.slice(s![5..=0;-1])?, [5, 4, 3, 2, 1, 0]);
    assert_eq!(x.slice(s![3..=3;-1])?, [3]);
    assert_eq!(x.slice(s![..=7;-1])?, [9, 8, 7]);
    assert_eq!(x.slice(s![-1..=-3;-1])?, [9, 8, 7]);
    assert_eq!(x.slice(s![2..=-10;-2])?, [2, 0]);
    assert_eq!(x.slice(s![8..=3;-2])?, [8, 6, 4]);
    assert_eq!(x.slice(s![2..=8;3])?, [2, 5, 8]);
    assert_eq!(x.slice(s![7..=-1])?, [7, 8, 9]);
    assert_eq!(x.slice(s![5..2;-1])?, [5, 4, 3]);
    let mut y = x.clone();
    y.slice_assign(s![2..=0;-1], &tensor![20, 10, 0])?;
    assert_eq!(y, [0, 10, 20, 3, 4, 5, 6, 7, 8, 9]);
    Ok(())
}

#[test]
fn closeness_knows_infinity_and_large_integers() {
    let fails = |f: fn()| assert!(std::panic::catch_unwind(f).is_err());
    fails(|| assert_close!(tensor![1.0], tensor![f64::INFINITY]));
    fails(|| assert_close!(1.0, f64::INFINITY));
    fails(|| assert_close!([f64::NEG_INFINITY], [f64::INFINITY]));
    fails(|| assert_close!([f64::INFINITY], [1.0]));
    fails(|| {
        assert_close!(
            [1_i64 << 60],
            [(1_i64 << 60) + 1],
            relative = 0.0,
            absolute = 0.0
        )
    });
    assert_close!([f64::INFINITY, f64::NAN], [f64::INFINITY, f64::NAN]);
    assert_close!([1_i64 << 60], [(1_i64 << 60) + 1]);
}

#[test]
fn a_function_of_indices_that_makes_too_much_is_an_error_to_catch() {
    for shape in [
        [1 << 40, 1 << 20],
        [usize::MAX, 2],
        [1 << 32, 1 << 32],
        [1 << 40, 0],
    ] {
        let made = civita::catch(|| Matrix::<u8>::from_fn(shape, |_| 0));
        match shape[1] {
            0 => assert_eq!(made.unwrap().shape(), shape),
            _ => assert!(made.is_err()),
        }
    }
    assert!(civita::catch(|| random::default_rng(0).bytes(1 << 62)).is_err());
    assert!(
        civita::catch(|| random::default_rng(0).choice_distinct(usize::MAX >> 1, 1_usize << 50))
            .is_err()
    );
}

#[test]
fn shuffling_writes_in_place() -> civita::Result<()> {
    let mut rng = random::default_rng(42);
    let mut w = tensor![1.0, 2.0, 3.0].requires_grad();
    assert!(civita::catch(std::panic::AssertUnwindSafe(|| rng.shuffle(&mut w))).is_err());
    autograd::no_grad(|| rng.shuffle(&mut w));
    (&w * &w).sum().backward()?;
    assert_eq!(w.grad().unwrap(), w.detach() * 2.0);
    let (mut x, y) = (np::arange(5), np::arange(5));
    let shared = x.clone();
    random::default_rng(42).shuffle(&mut x);
    assert_eq!((&x, &shared), (&tensor![4, 2, 3, 1, 0], &y));
    Ok(())
}

#[test]
fn limits_of_narrow_floats_are_their_own() {
    let a = np::finfo::<civita::f8e4m3>();
    assert_eq!(
        (
            a.bits,
            a.eps.to_f64(),
            a.max.to_f64(),
            a.smallest_normal.to_f64()
        ),
        (8, 0.125, 448.0, 2f64.powi(-6))
    );
    assert_eq!(a.smallest_subnormal.to_f64(), 2f64.powi(-9));
    let b = np::finfo::<civita::f8e5m2>();
    assert_eq!(
        (
            b.bits,
            b.eps.to_f64(),
            b.min.to_f64(),
            b.smallest_normal.to_f64()
        ),
        (8, 0.25, -57344.0, 2f64.powi(-14))
    );
    assert_eq!(b.smallest_subnormal.to_f64(), 2f64.powi(-16));
}

/// Where a function's result depends on more than types, its dtype and its rank are still those of its type, or it is an error.
#[test]
fn results_are_what_their_types_say() -> civita::Result<()> {
    let x = tensor![1.0_f32, 2.0, 4.0];
    let q = x.quantile([0.5, 0.0])?;
    assert_eq!(
        (q.dtype(), q.to_vec()),
        (civita::DType::F32, vec![2.0, 1.0])
    );
    let rows = tensor![[1.0_f32, 2.0], [3.0, 5.0]]
        .over(0)
        .percentile([50, 100])?;
    assert_eq!(rows, [[2.0, 3.5], [3.0, 5.0]]);
    let of_halves = tensor![civita::f16::from_f32(1.0)].nanquantile(vec![0.5])?;
    assert_eq!(of_halves.to_vec()[0].to_f32(), 1.0);
    let flat = tensor![[1.0, 2.0], [3.0, 4.0]];
    assert!(flat.cross(&flat, -1).is_err());
    let one = Tensor::scalar(3.0);
    assert!(np::tile(&one, 2).is_err());
    assert!(np::repeat(&one, 2, 0).is_err());
    assert!(np::cumulative_sum(&one, 0, true).is_err());
    let none = Matrix::<f64>::zeros([0, 2]);
    assert!(fft::fftconvolve(&none, &none).is_err());
    let sums = np::bincount_weighted(&Vector::<i64>::zeros(0), &Vector::<f64>::zeros(0), 2)?;
    assert_eq!(sums, [0.0, 0.0]);
    Ok(())
}

#[test]
fn vectors_and_matrices_of_what_rust_collects() -> civita::Result<()> {
    let (list, points) = (vec![1.5, -2.0], vec![[1, 2], [3, 4], [5, 6]]);
    assert_eq!(Vector::from(&list), [1.5, -2.0]);
    assert_eq!(Vector::from(&[1.5, -2.0]), [1.5, -2.0]);
    assert_eq!(Vector::from(&list[1..]), [-2.0]);
    assert_eq!(list.iter().collect::<Vector<f64>>(), [1.5, -2.0]);
    assert_eq!(
        list.iter().map(|v| v * 2.0).collect::<Vector<_>>(),
        [3.0, -4.0]
    );
    let wanted = tensor![[1, 2], [3, 4], [5, 6]];
    assert_eq!(Matrix::from(&points), wanted);
    assert_eq!(Matrix::from(&points[1..]), [[3, 4], [5, 6]]);
    assert_eq!(Matrix::from(&[[1, 2], [3, 4], [5, 6]]), wanted);
    let at = points.as_ptr().cast::<i64>();
    let x = Matrix::from(points);
    assert_eq!((&x, x.as_slice()?.as_ptr()), (&wanted, at));
    assert_eq!(Matrix::from(Vec::<[f32; 3]>::new()).shape(), [0, 3]);
    // and back
    let all: Vec<i64> = x.flatten().into();
    assert_eq!(all, [1, 2, 3, 4, 5, 6]);
    assert_eq!(Vec::from(&x.row(-1)?), [5, 6]);
    let [a, b]: [i64; 2] = x.row(0)?.try_into()?;
    let rows: [[i64; 2]; 3] = x.try_into()?;
    assert_eq!((a, b, rows[2]), (1, 2, [5, 6]));
    Ok(())
}

#[test]
fn indices_come_from_both_ends() {
    let all: Vec<[usize; 3]> = np::ndindex([2, 1, 3]).collect();
    assert_eq!((all.len(), all[4]), (6, [1, 0, 1]));
    let mut back: Vec<_> = np::ndindex([2, 1, 3]).rev().collect();
    back.reverse();
    assert_eq!(back, all);
    for first in 0..=6 {
        let mut indices = np::ndindex([2, 1, 3]);
        let mut found: Vec<_> = indices.by_ref().take(first).collect();
        assert_eq!(indices.len(), 6 - first);
        let rest: Vec<_> = indices.by_ref().rev().collect();
        found.extend(rest.into_iter().rev());
        assert_eq!(found, all);
        assert_eq!((indices.next(), indices.next_back()), (None, None));
    }
    assert_eq!(np::ndindex([]).collect::<Vec<[usize; 0]>>().len(), 1);
    let mut none = np::ndindex([2, 0]);
    assert_eq!((none.len(), none.next_back(), none.next()), (0, None, None));
    let vast = np::ndindex([1 << 40, 1 << 40]);
    assert_eq!(vast.rev().nth(1), Some([(1 << 40) - 1, (1 << 40) - 2]));
    let mut pairs = np::ndenumerate(&tensor![[1, 2], [3, 4]]);
    assert_eq!((pairs.len(), pairs.next_back()), (4, Some(([1, 1], 4))));
    let mut pairs = np::nditer(&tensor![1, 2], &tensor![[1], [2]]).unwrap();
    assert_eq!((pairs.len(), pairs.next_back()), (4, Some((2, 2))));
}

#[test]
fn elements_are_repeated_by_counts_of_any_type() -> civita::Result<()> {
    let (x, wanted) = (tensor![5.0, 6.0, 7.0], [5.0, 7.0, 7.0]);
    let counts: Vec<usize> = vec![1, 0, 2];
    assert_eq!(x.repeat(&counts, 0)?, wanted);
    assert_eq!(x.repeat(&counts[..], 0)?, wanted);
    assert_eq!(x.repeat(counts, 0)?, wanted);
    assert_eq!(x.repeat([1u8, 0, 2], 0)?, wanted);
    let narrow: &[i16; 3] = &[1, 0, 2];
    assert_eq!(x.repeat(narrow, ..)?, wanted);
    assert_eq!(x.repeat(vec![1, 0, 2], 0)?, wanted);
    assert_eq!(x.repeat(&tensor![1, 0, 2], 0)?, wanted);
    assert_eq!(np::repeat(&x, &tensor![1u32, 0, 2], 0)?, wanted);
    assert_eq!(np::repeat_interleave(&x, [1u64, 0, 2], 0)?, wanted);
    assert_eq!(x.repeat(2u32, 0)?.len(), 6);
    assert!(x.repeat([1, 2], 0).is_err() && x.repeat(-1, 0).is_err());
    Ok(())
}

#[test]
fn tolerances_are_named_alone_or_together() {
    assert_close!([100.0], [100.5], absolute = 1.0);
    assert_close!([100.0], [100.5], relative = 0.01);
    assert_close!([100.0], [100.5], relative = 0.0, absolute = 1.0);
    assert_close!([100.0], [100.5], absolute = 0.0, relative = 0.01,);
    // the other one keeps its default
    assert_close!([1e9], [1e9 + 1.0], absolute = 0.0);
    assert!(std::panic::catch_unwind(|| assert_close!([1.0], [1.5], absolute = 0.4)).is_err());
}

#[test]
fn functions_cross_a_caught_panic() {
    use civita::autograd::{Function, grad};
    let square = Function::new(
        "square",
        |x: Vector<f64>| match x[0] < 0.0 {
            true => panic!("negative"),
            false => x.mul(&x),
        },
        |x, _y, g: Vector<f64>| Ok(g * x * 2.0),
    );
    let negative = tensor![-1.0];
    assert!(std::panic::catch_unwind(|| square.call(&negative)).is_err());
    let g = grad(|x| Ok(square.call(&x)?.sum()), &tensor![3.0]).unwrap();
    assert_eq!(g, [6.0]);
}
