//! What a user reads when something does not fit: each text, in full.

use civita::{Error, Result, catch, prelude::*};

#[track_caller]
fn says<R>(result: Result<R>, is: fn(&Error) -> bool, text: &str) {
    match result {
        Ok(_) => panic!("there was no error"),
        Err(error) => {
            assert_eq!(error.to_string(), text);
            assert!(is(&error), "a predicate is wrong");
        }
    }
}

fn x() -> Matrix<f64> {
    Matrix::ones([3, 4])
}

#[test]
fn of_shapes_that_do_not_fit_each_other() {
    says(
        x().matmul(Matrix::ones([5, 6])),
        Error::is_shape,
        "matmul: shapes (3, 4) and (5, 6) cannot be multiplied: the inner dimensions 4 ≠ 5
  rule: the last axis of the left operand must be as long as the second-to-last axis of the right one
  hint: no transpose makes them fit: a·bᵀ has 4 ≠ 6, aᵀ·b has 3 ≠ 5, aᵀ·bᵀ has 3 ≠ 6; check how the operands were made",
    );
    let text = "add: shapes (3, 4) and (3,) cannot be broadcast: axis -1 has the lengths 4 and 3
  rule: shapes are compared from the last axis; two lengths fit when they are equal or one is 1
  hint: if the second operand's axes are meant to lie further left, `.reshape([3, 1])` (or `.expand_dims(-1)`) makes it fit";
    says(x().add(&Vector::ones(3)), Error::is_shape, text);
    says(
        catch(|| x() + Vector::<f64>::ones(3)),
        Error::is_shape,
        text,
    );
    says(
        catch(|| {
            let mut v = tensor![1.0];
            v += &tensor![1.0, 2.0];
        }),
        Error::is_shape,
        "add: the result of shape (2,) does not fit into the operand of shape (1,)
  rule: what is assigned to keeps its shape; only the right operand is broadcast",
    );
    says(
        civita::concatenate([&x(), &Matrix::ones([3, 5])], 0),
        Error::is_shape,
        "concatenate: all the input array dimensions except for the concatenation axis must match exactly, but along dimension 1, the array at index 0 has size 4 and the array at index 1 has size 5: shapes (3, 4) and (3, 5)
  rule: all lengths but the one along the axis must be equal",
    );
}

#[test]
fn of_shapes_that_cannot_be() {
    says(
        catch(|| Matrix::<f64>::zeros([usize::MAX, 2])),
        Error::is_shape,
        "zeros: the shape (18446744073709551615, 2) has more elements than memory has addresses
  rule: the lengths that are not 0 must multiply to at most 576460752303423487",
    );
    let error = catch(|| Vector::<u8>::zeros(1usize << 55))
        .map(drop)
        .unwrap_err();
    assert!(error.is_memory(), "{error}");
    says(
        x().reshape([5, 2]),
        Error::is_shape,
        "reshape: cannot reshape (3, 4) (12 elements) into (5, 2) (10 elements)
  rule: a reshape keeps the number of elements
  hint: `.reshape([6, 2])` has 12 elements",
    );
    says(
        Matrix::from_shape_vec([2, 2], vec![1.0; 3]),
        Error::is_shape,
        "from_vec: 3 values do not fill shape (2, 2), which has 4
  hint: the product of the lengths must be the number of values",
    );
}

#[test]
fn of_indices_and_axes_out_of_range() {
    says(
        x().slice(s![3]),
        Error::is_index,
        "slice: index 3 is out of bounds for axis 0 with size 3
  rule: indices go from -3 to 2; -1 is the last element",
    );
    says(
        x().slice(s![.., .., ..]),
        Error::is_index,
        "slice: too many indices: shape (3, 4) has 2 axes, but 3 were indexed
  rule: each axis may be indexed once; a new axis and the ellipsis do not count",
    );
    says(
        x().slice(s![..;0]),
        Error::is_value,
        "slice: the step of axis 0 is 0
  rule: a slice step cannot be zero",
    );
    says(
        x().over(2).sum(),
        Error::is_axis,
        "sum: axis 2 is out of bounds for a tensor with 2 axes
  rule: axes go from -2 to 1; -1 is the last",
    );
    says(
        x().over([0, -2]).sum(),
        Error::is_axis,
        "sum: 0 and -2 in [0, -2] are the same axis
  rule: each axis may be named once; negative ones count from the end",
    );
    says(
        x().take(&tensor![7], 1),
        Error::is_index,
        "take: index 7 is out of range for an axis of length 4
  rule: indices go from -4 to 3",
    );
    says(
        x().select(&tensor![true]),
        Error::is_index,
        "select: boolean index did not match indexed array along axis 0; size of axis is 3 but size of corresponding boolean axis is 1
  rule: a mask has the lengths of the axes that it replaces",
    );
    says(
        tensor![3].one_hot::<f32>(2),
        Error::is_index,
        "one_hot: index 3 is out of range for an axis of length 2
  rule: a class is a number from 0 to 1",
    );
}

#[test]
fn of_reading_what_is_not_there() {
    says(
        x().item(),
        Error::is_shape,
        "item: a tensor of shape (3, 4) has 12 elements
  rule: `item` takes a tensor of exactly one element
  hint: `.to_vec()` returns all elements; an index picks one",
    );
    says(
        tensor![1i32, 2].into_any().typed::<f32, 1>(),
        Error::is_dtype,
        "typed: the elements are int32, not float32
  hint: convert first: `.cast::<f32>()`",
    );
    says(
        x().t().as_slice().map(drop),
        Error::is_value,
        "as_slice: the elements are not contiguous in memory
  hint: make them so first: `.contiguous()`, or copy them out: `.to_vec()`",
    );
    says(
        catch(|| Vector::<f64>::zeros(0).max()),
        Error::is_value,
        "max: there are no elements to reduce
  rule: `max` of an empty array is undefined
  hint: check first: `x.is_empty()`",
    );
}

#[test]
fn of_files_that_hold_another_type_or_rank() -> Result<()> {
    let path = std::env::temp_dir().join(format!("civita-typed-{}.npy", std::process::id()));
    let name = path.display();
    tensor![[1.0, 2.0]].save_npy(&path)?;
    let asks_for = |wanted: &str, rank: usize| {
        format!(
            "load_npy: {name}: the elements are float64, not {wanted}
  hint: read it as it is, and convert it: `AnyTensor::load_npy(path)?.cast::<f32>().typed::<f32, {rank}>()?`"
        )
    };
    says(
        Matrix::<f32>::load_npy(&path),
        Error::is_dtype,
        &asks_for("float32", 2),
    );
    // of both, the type comes first, and the hint has the file's rank
    says(
        Vector::<f32>::load_npy(&path),
        Error::is_dtype,
        &asks_for("float32", 2),
    );
    says(
        Vector::<f64>::load_npy(&path),
        Error::is_shape,
        &format!(
            "load_npy: {name}: shape (1, 2) has rank 2, not 1
  hint: read it with the rank that it has: `Tensor::<f64, 2>::load_npy(path)?`; `.reshape` or `.squeeze` changes that"
        ),
    );
    // what the hints say
    let converted = AnyTensor::load_npy(&path)?
        .cast::<f32>()
        .typed::<f32, 2>()?;
    assert_eq!(converted, [[1.0, 2.0]]);
    let read = Tensor::<f64, 2>::load_npy(&path)?;
    assert_eq!(read.reshape([2])?, [1.0, 2.0]);
    assert_eq!(read.squeeze(0)?, [1.0, 2.0]);
    std::fs::remove_file(&path)?;
    Ok(())
}

#[test]
fn of_element_types_that_an_op_refuses() {
    says(
        catch(|| tensor![1.0].into_any() & tensor![1].into_any()),
        Error::is_dtype,
        "bitwise_and: takes no float64 with int64
  rule: the op computes in bool, int8, uint8, int16, uint16, int32, uint32, int64, uint64
  hint: convert first, for example: `.cast::<i64>()`",
    );
    says(
        catch(|| tensor![1i8].into_any() + 300),
        Error::is_dtype,
        "scalar: the scalar 300 does not fit into int8
  rule: a scalar beside a tensor takes the tensor's dtype (NEP 50) and must be representable in it
  hint: convert the tensor first, for example: `.cast::<i64>()`",
    );
    says(
        fuse!(|a| a.isnan()).call(&x()),
        Error::is_dtype,
        "fuse: the result is bool, the first input float64
  rule: `call` gives a tensor of the first input's element type
  hint: `.call_any(&x)` gives what comes out",
    );
}

#[test]
fn of_gradients_that_do_not_exist() {
    says(
        (x().requires_grad() * 2.0).backward(),
        Error::is_gradient,
        "backward: the output has shape (3, 4), so it has no gradient by itself
  rule: backward starts from one number
  hint: reduce it first: `y.sum()`; or give the gradient of what comes after",
    );
    says(
        x().sum().backward(),
        Error::is_gradient,
        "backward: the output was not computed from a tensor that requires a gradient
  rule: comparisons, indices and conversions to integers have no derivative: no gradient passes through them
  hint: call `.requires_grad()` on the inputs before computing with them, outside `no_grad`",
    );
}

#[test]
fn a_panic_carries_the_error_and_others_pass_through() {
    let payload = std::panic::catch_unwind(|| &x() + &Vector::<f64>::ones(3))
        .map(drop)
        .unwrap_err();
    let text = payload.downcast::<String>().unwrap();
    assert!(text.starts_with("add: shapes (3, 4) and (3,) cannot be broadcast"));
    assert!(
        catch(|| &x() + &Vector::<f64>::ones(3))
            .unwrap_err()
            .is_shape()
    );
    let other = std::panic::catch_unwind(|| catch(|| panic!("another"))).unwrap_err();
    assert_eq!(other.downcast_ref::<&str>(), Some(&"another"));
}
