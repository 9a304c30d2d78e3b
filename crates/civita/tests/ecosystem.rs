//! Conversions to and from the types of other crates.

use civita::{c64, f16, prelude::*};
use nalgebra::{DMatrix, DVector, Matrix2x3, RowDVector, Vector3};
use ndarray::{Array, Array1, Array2, ArrayD, ArrayView2, Axis, CowArray, array};

#[test]
fn arrays_of_ndarray_become_tensors_without_a_copy() {
    let rows = Array2::from_shape_fn((3, 4), |(i, j)| (10 * i + j) as f64);
    let at = rows.as_ptr();
    let x = Matrix::from(rows);
    assert_eq!(x.as_slice().unwrap().as_ptr(), at);
    assert_eq!(x[[2, 3]], 23.0);
    // whatever the strides are
    let mut columns = Array2::from_shape_fn((3, 4), |(i, j)| (10 * i + j) as i64).reversed_axes();
    columns.invert_axis(Axis(0));
    columns.slice_axis_inplace(Axis(1), ndarray::Slice::from(1..));
    let wanted: Vec<i64> = columns.iter().copied().collect();
    let y = Matrix::from(columns);
    assert_eq!((y.shape(), y.to_vec()), (&[4, 2][..], wanted));
    let any: Tensor<f32, DYN> = ArrayD::<f32>::zeros(vec![2, 0, 3]).into();
    assert_eq!(any.shape(), [2, 0, 3]);
    let scalar: Tensor<i8, 0> = ndarray::arr0(5i8).into();
    assert!(scalar == 5);
    let view: ArrayView2<'_, f64> = ArrayView2::from_shape((2, 2), &[1.0, 2.0, 3.0, 4.0]).unwrap();
    assert_eq!(Matrix::from(view.reversed_axes()), [[1.0, 3.0], [2.0, 4.0]]);
}

#[test]
fn arrays_of_ndarray_are_borrowed_and_shared() {
    let rows = array![[1, 2, 3], [4, 5, 6]];
    let wanted = [[1, 4], [2, 5], [3, 6]];
    assert_eq!(Matrix::from(&rows.clone().reversed_axes()), wanted);
    assert_eq!(Matrix::from(&rows.t()), wanted);
    let any: Tensor<i64, DYN> = (&rows.clone().into_dyn()).into();
    assert_eq!(any.to_vec(), [1, 2, 3, 4, 5, 6]);
    let shared = rows.clone().into_shared();
    assert_eq!(Matrix::from(&shared), rows_of(&rows));
    assert_eq!(Matrix::from(shared.clone()), rows_of(&rows)); // `shared` holds it too
    let at = shared.as_ptr();
    let x = Matrix::from(shared);
    assert_eq!((&x, x.as_slice().unwrap().as_ptr()), (&rows_of(&rows), at));
    assert_eq!(Matrix::from(CowArray::from(rows.t())), wanted);
    assert_eq!(Array2::from(&x), rows);
    let back: Array<i64, ndarray::IxDyn> = (&any).into();
    assert_eq!(back, rows.into_dyn());
}
fn rows_of(x: &Array2<i64>) -> Matrix<i64> {
    Matrix::from_fn([x.nrows(), x.ncols()], |[i, j]| x[[i, j]])
}

#[test]
fn tensors_lend_views_to_ndarray() -> civita::Result<()> {
    let x = Vector::<i64>::arange(0..24).reshape([2, 3, 4])?;
    for part in [
        x.clone(),
        x.t(),
        x.flip(..)?,
        x.slice(s![.., 1..;-1, ..;2])?,
        x.slice(s![1.., 3.., ..])?,
        x.slice(s![0..1]).and_then(|p| p.broadcast_to([5, 3, 4]))?,
    ] {
        let view = part.as_ndarray()?;
        assert_eq!(view.shape(), part.shape());
        assert_eq!(view.iter().copied().collect::<Vec<_>>(), part.to_vec());
        let any = part.to_dyn();
        assert_eq!(any.as_ndarray_dyn()?.into_dyn(), view.into_dyn());
    }
    assert_eq!(x.as_ndarray()?.as_ptr(), x.as_slice()?.as_ptr());
    let back: Array2<i64> = x.slice(s![0])?.into();
    let one: Array1<i64> = x.slice(s![1, 2])?.into();
    let any: Array<i64, ndarray::IxDyn> = x.to_dyn().into();
    assert_eq!(
        (back[[2, 1]], one, any[[1, 0, 0]]),
        (9, array![20, 21, 22, 23], 12)
    );
    Ok(())
}

#[test]
fn matrices_of_nalgebra_go_both_ways() -> civita::Result<()> {
    let matrix = DMatrix::from_row_slice(2, 3, &[1.0, 2.0, 3.0, 4.0, 5.0, 6.0]);
    let owned = matrix.clone();
    let at = owned.as_ptr();
    let x = Matrix::from(owned);
    assert_eq!(x, [[1.0, 2.0, 3.0], [4.0, 5.0, 6.0]]);
    assert_eq!(x.t().as_slice()?.as_ptr(), at);
    assert_eq!(x.as_nalgebra()?, matrix);
    assert_eq!(x.t().as_nalgebra()?, matrix.transpose());
    assert_eq!(
        x.slice(s![.., ..;2])?.as_nalgebra()?.row_sum().as_slice(),
        [5.0, 9.0]
    );
    assert!(x.flip(0)?.as_nalgebra().is_err());
    assert_eq!(Matrix::<f32>::zeros([0, 3]).as_nalgebra()?.shape(), (0, 3));
    assert_eq!(DMatrix::from(x.clone()), matrix);
    assert_eq!(
        Matrix::from(Matrix2x3::new(1, 2, 3, 4, 5, 6)),
        [[1, 2, 3], [4, 5, 6]]
    );
    // borrowed, views, and those of static size
    assert_eq!(Matrix::from(&matrix), x);
    assert_eq!(Matrix::from(matrix.columns(1, 2)), [[2.0, 3.0], [5.0, 6.0]]);
    assert_eq!(
        Matrix::from(matrix.rows_with_step(0, 1, 1)),
        [[1.0, 2.0, 3.0]]
    );
    assert_eq!(DMatrix::from(&x.t()), matrix.transpose());
    let back = Matrix2x3::try_from(&x)?;
    assert_eq!(back, Matrix2x3::new(1.0, 2.0, 3.0, 4.0, 5.0, 6.0));
    let turned: nalgebra::Matrix3x2<f64> = x.t().try_into()?;
    assert_eq!(turned, back.transpose());
    let error = nalgebra::Matrix2::try_from(&x).unwrap_err();
    assert!(error.is_shape());
    let column = Vector3::try_from(&x.row(1)?)?;
    assert_eq!(column, Vector3::new(4.0, 5.0, 6.0));
    assert!(Vector3::try_from(x.column(0)?).is_err());
    assert_eq!(Vector::from(column), [4.0, 5.0, 6.0]);
    assert_eq!(Vector::from(&column), [4.0, 5.0, 6.0]);
    assert_eq!(Vector::from(matrix.column(2)), [3.0, 6.0]);
    let row = RowDVector::from_vec(vec![1.0, 2.0]);
    assert_eq!(Vector::from(row.clone()), [1.0, 2.0]);
    assert_eq!(RowDVector::from(&tensor![1.0, 2.0]), row);
    // vectors lend views
    let (first, line) = (x.column(0)?, tensor![1.0, 2.0, 3.0]);
    assert_eq!(first.as_nalgebra()?.dot(&first.as_nalgebra()?), 17.0);
    assert_eq!(line.as_nalgebra()?.as_ptr(), line.as_slice()?.as_ptr());
    assert_eq!(
        (x.as_nalgebra()? * line.as_nalgebra()?).as_slice(),
        [14.0, 32.0]
    );
    // iterators of nalgebra would run beyond an element that is repeated
    let same = Vector::<f64>::ones(1).broadcast_to([4])?;
    assert!(same.as_nalgebra().is_err() && same.broadcast_to([2, 4])?.as_nalgebra().is_err());
    assert!(line.broadcast_to([2, 3])?.as_nalgebra().is_err());
    assert_eq!(same.contiguous().as_nalgebra()?.sum(), 4.0);
    assert_eq!(Vector::<f32>::zeros(0).as_nalgebra()?.len(), 0);
    assert!(line.flip(0)?.as_nalgebra().is_err());
    let v = Vector::from(DVector::from_vec(vec![1.0, 2.0]));
    assert_eq!((DVector::from(v.clone()).norm_squared(), v.len()), (5.0, 2));
    Ok(())
}

#[test]
fn serde_keeps_every_type() {
    fn keeps<T: civita::Element + PartialEq, const N: usize>(x: Tensor<T, N>) {
        let text = serde_json::to_string(&x).unwrap();
        let back: Tensor<T, N> = serde_json::from_str(&text).unwrap();
        assert!(back == x, "{text}");
        let any: AnyTensor = serde_json::from_str(&text).unwrap();
        assert_eq!(any.dtype(), T::DTYPE);
        assert!(any.typed::<T, N>().unwrap() == x);
    }
    keeps(tensor![[true, false]]);
    keeps(tensor![u64::MAX, 0]);
    keeps(tensor![i64::MIN, -1]);
    keeps(tensor![f16::from_f32(0.1), f16::MAX]);
    keeps(tensor![0.1f32, 1e-45]);
    keeps(tensor![[0.1, -0.0], [1e308, 5e-324]].t());
    keeps(tensor![c64::new(1.5, -2.0)]);
    keeps(Tensor::scalar(7u8));
    keeps(Tensor::<f64, 3>::zeros([2, 0, 3]));
    for wrong in [
        r#"{"dtype":"float64","shape":[3],"data":[1.0,2.0]}"#,
        r#"{"dtype":"float32","shape":[2],"data":[1.0,2.0]}"#,
        r#"{"dtype":"float64","shape":[1,2],"data":[1.0,2.0]}"#,
        r#"{"dtype":"float65","shape":[2],"data":[1.0,2.0]}"#,
        r#"{"dtype":"float64","shape":[18446744073709551615,2],"data":[]}"#,
        r#"{"dtype":"float64","shape":[2]}"#,
        r#"{"shape":[2],"data":[1.0,2.0],"dtype":"float32"}"#,
    ] {
        assert!(
            serde_json::from_str::<Vector<f64>>(wrong).is_err(),
            "{wrong}"
        );
    }
}

#[test]
fn distributions_of_rand_fill_tensors() {
    use rand::SeedableRng;
    use rand::distr::{Bernoulli, StandardUniform, Uniform};
    let mut ours = civita::random::Rng::new(3);
    let x: Matrix<f64> = Tensor::draw([50, 20], &StandardUniform, &mut ours);
    assert!(x.min() >= 0.0 && x.max() < 1.0 && (x.mean().item().unwrap() - 0.5).abs() < 0.05);
    let mut other = civita::random::Generator::<civita::random::Pcg64>::seed_from_u64(1);
    let y: Vector<f32> = Tensor::draw(10, &StandardUniform, &mut other);
    assert!(y.max() < 1.0);
    let heads: Vector<bool> = Tensor::draw(1000, &Bernoulli::new(0.25).unwrap(), &mut ours);
    assert!((200..300).contains(&heads.sum().item().unwrap()));
    let dice: Vector<u8> = Tensor::draw(100, &Uniform::new_inclusive(1, 6).unwrap(), &mut ours);
    assert!(dice.min() >= 1 && dice.max() <= 6);
}
