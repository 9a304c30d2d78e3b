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
