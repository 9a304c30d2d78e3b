//! What errors say: what was found, what is wrong with it, the rule, and code that would mend it. Whole texts, so that a
//! change of one is seen.

use civita_core::dtype::{Casting, DType, Scalar};
use civita_core::error::{Error, Result};
use civita_core::graph::{Function, Keep, Tolerance, backward, check_gradients, grad, jvp};
use civita_core::layout::{Axes, SliceItem};
use civita_core::ops::{Op, Reduction};
use civita_core::program::Program;
use civita_core::raw::ReduceOptions;
use civita_core::raw::{Mode, Raw, apply_in_place, write_elementwise};

fn zeros(shape: &[usize]) -> Raw {
    Raw::zeros(shape, DType::F64).unwrap()
}

fn of(dtype: DType, shape: &[usize]) -> Raw {
    Raw::zeros(shape, dtype).unwrap()
}

#[track_caller]
fn says<T>(result: Result<T>, is: fn(&Error) -> bool, text: &str) {
    let Err(error) = result else {
        panic!("no error, where `{text}` was expected")
    };
    assert_eq!(error.to_string(), text);
    assert!(is(&error), "of another kind: {error}");
}

fn over(axes: &[isize]) -> ReduceOptions<'_> {
    ReduceOptions {
        axes: Axes::List(axes),
        ..Default::default()
    }
}

/// Four numbers, 8 bytes each, that begin `shift` bytes after an aligned address.
fn foreign(shift: usize, shape: &[usize], strides: &[isize], offset: usize) -> Result<Raw> {
    let mut memory = Box::new([0u64; 5]);
    let base = (&raw mut *memory).cast::<u8>().wrapping_add(shift);
    // SAFETY: the owner keeps the memory, of which the last eight bytes are slack for the shift.
    unsafe { Raw::foreign(base, 32, DType::F64, shape, strides, offset, memory, true) }
}

fn read_only() -> Raw {
    static TWO: [f64; 2] = [1.0, 2.0];
    let base = TWO.as_ptr().cast::<u8>().cast_mut();
    // SAFETY: statics live for ever, and nothing is written through what is not writable.
    unsafe { Raw::foreign(base, 16, DType::F64, &[2], &[1], 0, Box::new(()), false) }.unwrap()
}

fn too_long() -> Program {
    Program::trace(1, |b| (0..20_000).fold(b.input(0), |x, i| x + f64::from(i)))
}

trait WithScalar {
    fn add_scalar(&self, value: i128) -> Result<Raw>;
}
impl WithScalar for Raw {
    fn add_scalar(&self, value: i128) -> Result<Raw> {
        Raw::apply(Op::Add, &[self.into(), Scalar::Int(value).into()])
    }
}

#[test]
fn a_matrix_product_names_shapes_lengths_and_the_transposes_that_fit() {
    says(
        zeros(&[3, 4]).matmul(&zeros(&[5, 6])),
        Error::is_shape,
        "matmul: shapes (3, 4) and (5, 6) cannot be multiplied: the inner dimensions 4 ≠ 5\n\
         \x20 rule: the last axis of the left operand must be as long as the second-to-last axis of the right one\n\
         \x20 hint: no transpose makes them fit: a·bᵀ has 4 ≠ 6, aᵀ·b has 3 ≠ 5, aᵀ·bᵀ has 3 ≠ 6; check how the operands were made",
    );
    says(
        zeros(&[3, 4]).matmul(&zeros(&[3])),
        Error::is_shape,
        "matmul: shapes (3, 4) and (3,) cannot be multiplied: the inner dimensions 4 ≠ 3\n\
         \x20 rule: the last axis of the left operand must be as long as the vector on the right\n\
         \x20 hint: `a.t().matmul(&b)` multiplies (4, 3) by (3,) and gives (4,)",
    );
    says(
        zeros(&[2, 3, 4]).matmul(&zeros(&[5, 4, 6])),
        Error::is_shape,
        "matmul: shapes (2, 3, 4) and (5, 4, 6) cannot be multiplied: the batch axes (2,) and (5,) do not broadcast\n\
         \x20 rule: the axes before the last two must be equal or 1, counted from the right",
    );
    says(
        zeros(&[]).matmul(&zeros(&[3])),
        Error::is_shape,
        "matmul: shapes () and (3,) cannot be multiplied: the left operand is 0-d\n\
         \x20 rule: each operand of a matrix product has at least one axis\n\
         \x20 hint: `a * b` multiplies by a scalar, element by element",
    );
    says(
        zeros(&[3, 4]).matmul(&zeros(&[3, 4])),
        Error::is_shape,
        "matmul: shapes (3, 4) and (3, 4) cannot be multiplied: the inner dimensions 4 ≠ 3\n\
         \x20 rule: the last axis of the left operand must be as long as the second-to-last axis of the right one\n\
         \x20 hint: `a.matmul(&b.t())` multiplies (3, 4) by (4, 3) and gives (3, 3); `a.t().matmul(&b)` multiplies (4, 3) by (3, 4) and gives (4, 4)",
    );
}

#[test]
fn shapes_that_do_not_broadcast() {
    says(
        zeros(&[3, 4]).add(&zeros(&[5, 4])),
        Error::is_shape,
        "add: shapes (3, 4) and (5, 4) cannot be broadcast: axis -2 has the lengths 3 and 5\n\
         \x20 rule: shapes are compared from the last axis; two lengths fit when they are equal or one is 1\n\
         \x20 hint: insert axes of length 1 with `.expand_dims(axis)`, or change a shape with `.reshape(shape)`",
    );
    says(
        zeros(&[3, 4]).add(&zeros(&[3])),
        Error::is_shape,
        "add: shapes (3, 4) and (3,) cannot be broadcast: axis -1 has the lengths 4 and 3\n\
         \x20 rule: shapes are compared from the last axis; two lengths fit when they are equal or one is 1\n\
         \x20 hint: if the second operand's axes are meant to lie further left, `.reshape([3, 1])` (or `.expand_dims(-1)`) makes it fit",
    );
    says(
        zeros(&[2, 3]).choose(&zeros(&[4]), &zeros(&[])),
        Error::is_shape,
        "choose: shapes (2, 3), (4,) and () cannot be broadcast: axis -1 has the lengths 3 and 4\n\
         \x20 rule: shapes are compared from the last axis; two lengths fit when they are equal or one is 1\n\
         \x20 hint: insert axes of length 1 with `.expand_dims(axis)`, or change a shape with `.reshape(shape)`",
    );
}

#[test]
fn reshapes_that_cannot_be() {
    says(
        zeros(&[3, 4]).reshape(&[5, 2]),
        Error::is_shape,
        "reshape: cannot reshape (3, 4) (12 elements) into (5, 2) (10 elements)\n\
         \x20 rule: a reshape keeps the number of elements\n\
         \x20 hint: `.reshape([6, 2])` has 12 elements",
    );
    says(
        zeros(&[3, 4]).reshape_to(&[-1, 5]),
        Error::is_shape,
        "reshape: cannot reshape (3, 4) (12 elements) into [-1, 5]\n\
         \x20 rule: -1 stands for 12 / 5, which must be a whole number\n\
         \x20 hint: `.reshape([12])` has 12 elements",
    );
    says(
        zeros(&[3, 4]).reshape_to(&[-1, -1]),
        Error::is_shape,
        "reshape: the shape [-1, -1] has more than one -1\n\
         \x20 rule: lengths are 0 or more; a single -1 stands for the length that is left over",
    );
    says(
        zeros(&[3, 4]).reshape_to(&[-2, 6]),
        Error::is_shape,
        "reshape: the shape [-2, 6] has the length -2\n\
         \x20 rule: lengths are 0 or more; a single -1 stands for the length that is left over",
    );
    says(
        zeros(&[3, 0]).reshape_to(&[-1, 0]),
        Error::is_shape,
        "reshape: cannot reshape (3, 0) (0 elements) into [-1, 0]\n\
         \x20 rule: beside a length of 0 the one that -1 stands for could be anything",
    );
}

#[test]
fn shapes_that_overflow_and_memory_that_cannot_be_allocated() {
    says(
        Raw::zeros(&[usize::MAX, 2], DType::F64),
        Error::is_shape,
        "zeros: the shape (18446744073709551615, 2) has more elements than memory has addresses\n\
         \x20 rule: the lengths that are not 0 must multiply to at most 576460752303423487",
    );
    says(
        Raw::zeros(&[1 << 60], DType::U8),
        Error::is_shape,
        "zeros: the shape (1152921504606846976,) has more elements than memory has addresses\n\
         \x20 rule: the lengths that are not 0 must multiply to at most 576460752303423487",
    );
    says(
        Raw::zeros(&[1 << 57], DType::F64),
        Error::is_memory,
        "zeros: cannot allocate 1.0 EiB (1152921504606846976 bytes)",
    );
    says(
        Raw::zeros(&[1 << 56], DType::U8),
        Error::is_memory,
        "zeros: cannot allocate 64.0 PiB (72057594037927936 bytes)",
    );
    says(
        zeros(&[1]).broadcast_to(&[usize::MAX, 2]),
        Error::is_shape,
        "broadcast_to: the shape (18446744073709551615, 2) has more elements than memory has addresses\n\
         \x20 rule: the lengths that are not 0 must multiply to at most 576460752303423487",
    );
    says(
        zeros(&[1 << 20, 1])
            .broadcast_to(&[1 << 20, 1 << 30])
            .and_then(|x| x.copied()),
        Error::is_memory,
        "allocate: cannot allocate 8.0 PiB (9007199254740992 bytes)",
    );
}

#[test]
fn indices_and_slices_out_of_range() {
    says(
        zeros(&[3]).slice(&[SliceItem::from(5)]),
        Error::is_index,
        "slice: index 5 is out of bounds for axis 0 with size 3\n\
         \x20 rule: indices go from -3 to 2; -1 is the last element",
    );
    says(
        zeros(&[3]).slice(&[SliceItem::from(-4)]),
        Error::is_index,
        "slice: index -4 is out of bounds for axis 0 with size 3\n\
         \x20 rule: indices go from -3 to 2; -1 is the last element",
    );
    says(
        zeros(&[3]).slice(&[SliceItem::from(0), SliceItem::from(0)]),
        Error::is_index,
        "slice: too many indices: shape (3,) has 1 axis, but 2 were indexed\n\
         \x20 rule: each axis may be indexed once; a new axis and the ellipsis do not count",
    );
    says(
        zeros(&[3]).slice(&[SliceItem::ALL.step_by(0)]),
        Error::is_value,
        "slice: the step of axis 0 is 0\n\
         \x20 rule: a slice step cannot be zero",
    );
    says(
        zeros(&[3]).slice(&[SliceItem::Ellipsis, SliceItem::Ellipsis]),
        Error::is_index,
        "slice: the index has 2 ellipses\n\
         \x20 rule: an index can only have a single ellipsis",
    );
    says(
        zeros(&[3]).narrow(0, 2, 2),
        Error::is_index,
        "narrow: 2 elements from 2 on are not in axis 0 of shape (3,), which has length 3",
    );
    says(
        zeros(&[3]).narrow(0, usize::MAX, 2),
        Error::is_index,
        "narrow: 2 elements from 18446744073709551615 on are not in axis 0 of shape (3,), which has length 3",
    );
    says(
        zeros(&[2]).at(&[2]),
        Error::is_index,
        "at: there is no element (2,) in shape (2,)\n\
         \x20 rule: an index has a number for each axis, from 0 to one less than its length",
    );
    says(
        zeros(&[2]).at(&[0, 0]),
        Error::is_index,
        "at: there is no element (0, 0) in shape (2,)\n\
         \x20 rule: an index has a number for each axis, from 0 to one less than its length",
    );
}

#[test]
fn reductions_that_have_no_result() {
    says(
        zeros(&[2, 3]).reduce(Reduction::Sum, over(&[2])),
        Error::is_axis,
        "sum: axis 2 is out of bounds for a tensor with 2 axes\n\
         \x20 rule: axes go from -2 to 1; -1 is the last",
    );
    says(
        zeros(&[2, 3]).reduce(Reduction::Sum, over(&[0, -2])),
        Error::is_axis,
        "sum: 0 and -2 in [0, -2] are the same axis\n\
         \x20 rule: each axis may be named once; negative ones count from the end",
    );
    says(
        zeros(&[2, 3, 4]).reduce(Reduction::Argmax, over(&[0, 1])),
        Error::is_axis,
        "argmax: takes one axis or all, not 2\n\
         \x20 rule: an index counts along one axis, or over all of them\n\
         \x20 hint: join the axes first with `reshape`",
    );
    says(
        zeros(&[0, 3]).reduce(Reduction::Max, over(&[0])),
        Error::is_value,
        "max: there are no elements to reduce\n\
         \x20 rule: `max` of an empty array is undefined\n\
         \x20 hint: check first: `x.is_empty()`",
    );
    // also where there are no results, as in NumPy; without an axis to reduce each element stays
    assert!(zeros(&[0, 0]).reduce(Reduction::Max, over(&[0])).is_err());
    assert!(
        zeros(&[0, 2, 0])
            .reduce(Reduction::Argmax, over(&[2]))
            .is_err()
    );
    assert!(zeros(&[3, 0]).reduce(Reduction::Min, over(&[0])).is_ok());
    assert!(zeros(&[0, 3]).reduce(Reduction::Max, over(&[])).is_ok());
    says(
        zeros(&[0]).reduce(Reduction::Argmin, ReduceOptions::default()),
        Error::is_value,
        "argmin: there are no elements to reduce\n\
         \x20 rule: `argmin` of an empty array is undefined\n\
         \x20 hint: check first: `x.is_empty()`",
    );
}

#[test]
fn axes_that_are_not_there() {
    says(
        zeros(&[3]).cumsum(Some(1), None),
        Error::is_axis,
        "cumsum: axis 1 is out of bounds for a tensor with 1 axis\n\
         \x20 rule: axes go from -1 to 0; -1 is the last",
    );
    says(
        zeros(&[]).cumsum(Some(0), None),
        Error::is_axis,
        "cumsum: axis 0 is out of bounds for a tensor with 0 axes\n\
         \x20 rule: a scalar (rank 0) has no axis",
    );
    says(
        zeros(&[3]).softmax(-2),
        Error::is_axis,
        "softmax: axis -2 is out of bounds for a tensor with 1 axis\n\
         \x20 rule: axes go from -1 to 0; -1 is the last",
    );
    says(
        zeros(&[2, 3]).permute(&[0]),
        Error::is_axis,
        "permute: [0] names 1 axes of a tensor with 2\n\
         \x20 rule: every axis must be named once",
    );
    says(
        zeros(&[2, 3]).permute(&[0, 0]),
        Error::is_axis,
        "permute: axis 0 is named twice in [0, 0]\n\
         \x20 rule: each axis may be named once; negative ones count from the end",
    );
    says(
        zeros(&[2, 3]).permute(&[1, -1]),
        Error::is_axis,
        "permute: 1 and -1 in [1, -1] are the same axis\n\
         \x20 rule: each axis may be named once; negative ones count from the end",
    );
    says(
        zeros(&[2, 3]).swap_axes(0, 2),
        Error::is_axis,
        "swap_axes: axis 2 is out of bounds for a tensor with 2 axes\n\
         \x20 rule: axes go from -2 to 1; -1 is the last",
    );
    says(
        zeros(&[2, 3]).flip(Axes::List(&[2])),
        Error::is_axis,
        "flip: axis 2 is out of bounds for a tensor with 2 axes\n\
         \x20 rule: axes go from -2 to 1; -1 is the last",
    );
    says(
        zeros(&[2, 3]).squeeze(Some(&[0])),
        Error::is_shape,
        "squeeze: axis 0 of shape (2, 3) has length 2\n\
         \x20 rule: only axes of length 1 can be squeezed out",
    );
    says(
        zeros(&[2, 3]).expand_dims(&[4]),
        Error::is_axis,
        "expand_dims: axis 4 is out of bounds for a tensor with 3 axes\n\
         \x20 rule: axes go from -3 to 2; -1 is the last",
    );
}

#[test]
fn elements_that_do_not_leave_so() {
    says(
        zeros(&[2]).item(),
        Error::is_shape,
        "item: a tensor of shape (2,) has 2 elements\n\
         \x20 rule: `item` takes a tensor of exactly one element\n\
         \x20 hint: `.to_vec()` returns all elements; an index picks one",
    );
    says(
        zeros(&[0]).item(),
        Error::is_shape,
        "item: a tensor of shape (0,) has 0 elements\n\
         \x20 rule: `item` takes a tensor of exactly one element\n\
         \x20 hint: `.to_vec()` returns all elements; an index picks one",
    );
    says(
        zeros(&[2]).as_slice::<f32>(),
        Error::is_dtype,
        "as_slice: the elements are float64, not float32\n\
         \x20 rule: elements leave a tensor as what they are\n\
         \x20 hint: convert first: `.cast::<f32>()`",
    );
    says(
        zeros(&[2]).to_vec::<i64>(),
        Error::is_dtype,
        "to_vec: the elements are float64, not int64\n\
         \x20 rule: elements leave a tensor as what they are\n\
         \x20 hint: convert first: `.cast::<i64>()`",
    );
    says(
        zeros(&[2, 3]).transpose().unwrap().as_slice::<f64>(),
        Error::is_value,
        "as_slice: the elements are not contiguous in memory\n\
         \x20 hint: make them so first: `.contiguous()`, or copy them out: `.to_vec()`",
    );
    says(
        zeros(&[2]).into_aliased().unwrap().as_slice::<f64>(),
        Error::is_aliasing,
        "as_slice: the memory is shared with code that may write it\n\
         \x20 hint: copy the elements out: `.to_vec()`",
    );
    says(
        Raw::from_vec(vec![1.0, 2.0], &[3]),
        Error::is_shape,
        "from_vec: 2 values do not fill shape (3,), which has 3\n\
         \x20 hint: the product of the lengths must be the number of values",
    );
    says(
        Raw::from_slice(&[1.0, 2.0], &[3]),
        Error::is_shape,
        "from_slice: 2 values do not fill shape (3,), which has 3\n\
         \x20 hint: the product of the lengths must be the number of values",
    );
}

#[test]
fn dtypes_and_scalars_that_an_op_does_not_take() {
    says(
        Raw::scalar(Scalar::Int(300), DType::U8),
        Error::is_dtype,
        "scalar: the scalar 300 does not fit into uint8\n\
         \x20 rule: a scalar beside a tensor takes the tensor's dtype (NEP 50) and must be representable in it\n\
         \x20 hint: convert the tensor first, for example: `.cast::<i64>()`",
    );
    says(
        Raw::scalar(Scalar::Float(0.5), DType::I32),
        Error::is_dtype,
        "scalar: the scalar 0.5 does not fit into int32\n\
         \x20 rule: a scalar beside a tensor takes the tensor's dtype (NEP 50) and must be representable in it\n\
         \x20 hint: convert the tensor first, for example: `.cast::<i64>()`",
    );
    says(
        of(DType::U8, &[2]).add_scalar(300),
        Error::is_dtype,
        "scalar: the scalar 300 does not fit into uint8\n\
         \x20 rule: a scalar beside a tensor takes the tensor's dtype (NEP 50) and must be representable in it\n\
         \x20 hint: convert the tensor first, for example: `.cast::<i64>()`",
    );
    says(
        of(DType::U8, &[2]).add_scalar(-1),
        Error::is_dtype,
        "scalar: the scalar -1 does not fit into uint8\n\
         \x20 rule: a scalar beside a tensor takes the tensor's dtype (NEP 50) and must be representable in it\n\
         \x20 hint: convert the tensor first, for example: `.cast::<i64>()`",
    );
    says(
        of(DType::Bool, &[2]).sub(&of(DType::Bool, &[2])),
        Error::is_dtype,
        "sub: takes no bool with bool\n\
         \x20 rule: the op computes in int8, uint8, int16, uint16, int32, uint32, int64, uint64, float8_e4m3fn, float8_e5m2, float16, bfloat16, float32, float64, complex64, complex128\n\
         \x20 hint: `a ^ b` tells where two booleans differ; or convert to an integer first",
    );
    says(
        of(DType::Bool, &[2]).neg(),
        Error::is_dtype,
        "neg: takes no bool\n\
         \x20 rule: the op computes in int8, uint8, int16, uint16, int32, uint32, int64, uint64, float8_e4m3fn, float8_e5m2, float16, bfloat16, float32, float64, complex64, complex128\n\
         \x20 hint: `!x` negates a boolean; or convert to an integer first",
    );
    says(
        of(DType::C64, &[2]).floor(),
        Error::is_dtype,
        "floor: takes no complex64\n\
         \x20 rule: the op computes in bool, int8, uint8, int16, uint16, int32, uint32, int64, uint64, float8_e4m3fn, float8_e5m2, float16, bfloat16, float32, float64\n\
         \x20 hint: take `.real()`, `.imag()` or `.abs()` first",
    );
    says(
        of(DType::C64, &[2]).floor_divide(&of(DType::I8, &[2])),
        Error::is_dtype,
        "floor_divide: takes no complex64 with int8\n\
         \x20 rule: the op computes in int8, uint8, int16, uint16, int32, uint32, int64, uint64, float8_e4m3fn, float8_e5m2, float16, bfloat16, float32, float64\n\
         \x20 hint: take `.real()`, `.imag()` or `.abs()` first",
    );
    says(
        of(DType::F32, &[2]).bitwise_and(&of(DType::I32, &[2])),
        Error::is_dtype,
        "bitwise_and: takes no float32 with int32\n\
         \x20 rule: the op computes in bool, int8, uint8, int16, uint16, int32, uint32, int64, uint64\n\
         \x20 hint: convert first, for example: `.cast::<i64>()`",
    );
    says(
        zeros(&[2]).cast_if(DType::I32, Casting::SameKind),
        Error::is_dtype,
        "astype: cannot cast float64 to int32 according to the rule 'same_kind'\n\
         \x20 hint: convert explicitly: `.cast::<i32>()`",
    );
    says(
        zeros(&[2]).cast_if(DType::F32, Casting::Safe),
        Error::is_dtype,
        "astype: cannot cast float64 to float32 according to the rule 'safe'\n\
         \x20 hint: convert explicitly: `.cast::<f32>()`",
    );
    says(
        Raw::from_vec(vec![2i32], &[1])
            .unwrap()
            .pow(&Raw::from_vec(vec![-1i32], &[1]).unwrap()),
        Error::is_value,
        "pow: integers to negative integer powers are not allowed\n\
         \x20 rule: integers stay integers, and such a power is a fraction\n\
         \x20 hint: convert the base first: `.cast::<f64>()`",
    );
}

#[test]
fn ranges_that_do_not_end() {
    says(
        Raw::arange(Scalar::Int(0), Scalar::Int(5), Scalar::Int(0), DType::I64),
        Error::is_value,
        "arange: cannot count from 0 to 5 in steps of 0\n\
         \x20 rule: the step must not be zero, and none of the three may be NaN",
    );
    says(
        Raw::arange(
            Scalar::Float(0.0),
            Scalar::Float(f64::NAN),
            Scalar::Int(1),
            DType::F64,
        ),
        Error::is_value,
        "arange: cannot count from 0 to NaN in steps of 1\n\
         \x20 rule: the step must not be zero, and none of the three may be NaN",
    );
    says(
        Raw::arange(
            Scalar::Float(0.0),
            Scalar::Float(f64::INFINITY),
            Scalar::Int(1),
            DType::F64,
        ),
        Error::is_shape,
        "arange: the result has more elements than memory has addresses",
    );
    says(
        Raw::arange(
            Scalar::Int(0),
            Scalar::Int(i128::MAX),
            Scalar::Int(1),
            DType::I64,
        ),
        Error::is_shape,
        "arange: the result has more elements than memory has addresses",
    );
    says(
        Raw::arange(
            Scalar::Int(999),
            Scalar::Int(2000),
            Scalar::Int(1),
            DType::U8,
        ),
        Error::is_dtype,
        "arange: the scalar 999 does not fit into uint8\n\
         \x20 rule: a scalar beside a tensor takes the tensor's dtype (NEP 50) and must be representable in it\n\
         \x20 hint: convert the tensor first, for example: `.cast::<i64>()`",
    );
    says(
        Raw::arange(Scalar::Int(0), Scalar::Int(5), Scalar::Int(1), DType::Bool),
        Error::is_dtype,
        "arange: there are only two booleans to count",
    );
}

#[test]
fn picking_what_is_not_there() {
    says(
        zeros(&[3]).take(&Raw::from_vec(vec![3i64], &[1]).unwrap(), 0, Mode::Raise),
        Error::is_index,
        "take: index 3 is out of range for an axis of length 3\n\
         \x20 rule: indices go from -3 to 2",
    );
    says(
        zeros(&[3]).take(
            &Raw::from_vec(vec![u64::MAX], &[1]).unwrap(),
            0,
            Mode::Raise,
        ),
        Error::is_index,
        "take: index 9223372036854775807 is out of range for an axis of length 3\n\
         \x20 rule: indices go from -3 to 2",
    );
    says(
        zeros(&[0]).take(&Raw::from_vec(vec![0i64], &[1]).unwrap(), 0, Mode::Clip),
        Error::is_index,
        "take: index 0 is out of range for an axis of length 0\n\
         \x20 rule: an axis of length 0 has no element",
    );
    says(
        zeros(&[0]).take(&Raw::from_vec(vec![0i64], &[1]).unwrap(), 0, Mode::Wrap),
        Error::is_index,
        "take: index 0 is out of range for an axis of length 0\n\
         \x20 rule: an axis of length 0 has no element",
    );
    says(
        zeros(&[3]).take(&zeros(&[1]), 0, Mode::Raise),
        Error::is_dtype,
        "take: indices are integers, not float64\n\
         \x20 hint: convert them first: `.cast::<i64>()`",
    );
    says(
        zeros(&[3]).take(&of(DType::Bool, &[3]), 0, Mode::Raise),
        Error::is_dtype,
        "take: indices are integers, not bool\n\
         \x20 hint: a boolean mask goes to `select`",
    );
    says(
        zeros(&[3]).select(&of(DType::Bool, &[2])),
        Error::is_index,
        "select: boolean index did not match indexed array along axis 0; size of axis is 3 but size of corresponding boolean axis is 2\n\
         \x20 rule: a mask has the lengths of the axes that it replaces",
    );
    says(
        zeros(&[3]).select(&of(DType::I64, &[3])),
        Error::is_dtype,
        "select: a mask is boolean, not int64\n\
         \x20 hint: compare first, as in `x.gt(0)`; integer indices go to `take`",
    );
    says(
        zeros(&[3]).select(&of(DType::Bool, &[3, 1])),
        Error::is_index,
        "select: too many indices for array: array is 1-dimensional, but 2 were indexed\n\
         \x20 rule: a mask has the lengths of the axes that it replaces",
    );
    says(
        Raw::from_vec(vec![0i64, -1], &[2])
            .unwrap()
            .one_hot(3, DType::F32),
        Error::is_index,
        "one_hot: index -1 is negative\n\
         \x20 rule: a class is a number from 0 to 2",
    );
    says(
        Raw::from_vec(vec![0i64, 3], &[2])
            .unwrap()
            .one_hot(3, DType::F32),
        Error::is_index,
        "one_hot: index 3 is out of range for an axis of length 3\n\
         \x20 rule: a class is a number from 0 to 2",
    );
    says(
        zeros(&[2]).one_hot(3, DType::F32),
        Error::is_dtype,
        "one_hot: indices are integers, not float64\n\
         \x20 hint: convert them first: `.cast::<i64>()`",
    );
    says(
        of(DType::I64, &[2]).one_hot(0, DType::F32),
        Error::is_index,
        "one_hot: index 0 is out of range for an axis of length 0\n\
         \x20 rule: a class is a number from 0 to -1",
    );
}

#[test]
fn tensors_that_cannot_be_joined() {
    says(
        Raw::concatenate(&[], 0),
        Error::is_value,
        "concatenate: need at least one array to concatenate\n\
         \x20 hint: give at least one tensor",
    );
    says(
        Raw::concatenate(&[&zeros(&[])], 0),
        Error::is_shape,
        "concatenate: zero-dimensional arrays cannot be concatenated\n\
         \x20 hint: `stack` joins along a new axis",
    );
    says(
        Raw::concatenate(&[&zeros(&[2, 3]), &zeros(&[2, 4])], 0),
        Error::is_shape,
        "concatenate: all the input array dimensions except for the concatenation axis must match exactly, but along dimension 1, the array at index 0 has size 3 and the array at index 1 has size 4: shapes (2, 3) and (2, 4)\n\
         \x20 rule: all lengths but the one along the axis must be equal",
    );
    says(
        Raw::concatenate(&[&zeros(&[2, 3]), &zeros(&[2])], 0),
        Error::is_shape,
        "concatenate: all the input arrays must have same number of dimensions, but the array at index 0 has 2 dimension(s) and the array at index 1 has 1 dimension(s): shapes (2, 3) and (2,)\n\
         \x20 rule: all lengths but the one along the axis must be equal",
    );
    says(
        Raw::stack(&[&zeros(&[2]), &zeros(&[3])], 0),
        Error::is_shape,
        "stack: all input arrays must have the same shape, not (2,) and (3,)\n\
         \x20 rule: all tensors of a stack have one shape",
    );
    says(
        Raw::stack(&[], 0),
        Error::is_value,
        "stack: need at least one array to stack\n\
         \x20 hint: give at least one tensor",
    );
}

#[test]
fn places_that_cannot_be_written() {
    says(
        zeros(&[2]).clone().assign(&zeros(&[3])),
        Error::is_shape,
        "assign: a tensor of shape (3,) cannot be broadcast to (2,): axis -1 has length 3, not 2 or 1\n\
         \x20 rule: shapes are compared from the last axis; a length must be equal or 1, and missing axes lead\n\
         \x20 hint: insert axes of length 1 with `.expand_dims(axis)`, or change a shape with `.reshape(shape)`",
    );
    says(
        zeros(&[2]).clone().assign(&zeros(&[2, 2])),
        Error::is_shape,
        "assign: a tensor of shape (2, 2) cannot be broadcast to (2,): it has 2 axes and the target only 1\n\
         \x20 rule: shapes are compared from the last axis; a length must be equal or 1, and missing axes lead\n\
         \x20 hint: insert axes of length 1 with `.expand_dims(axis)`, or change a shape with `.reshape(shape)`",
    );
    says(
        zeros(&[2]).clone().assign(&zeros(&[2, 1, 2])),
        Error::is_shape,
        "assign: a tensor of shape (2, 1, 2) cannot be broadcast to (2,): it has 3 axes and the target only 1\n\
         \x20 rule: shapes are compared from the last axis; a length must be equal or 1, and missing axes lead\n\
         \x20 hint: insert axes of length 1 with `.expand_dims(axis)`, or change a shape with `.reshape(shape)`",
    );
    says(
        zeros(&[2])
            .broadcast_to(&[2, 2])
            .unwrap()
            .assign(&zeros(&[2])),
        Error::is_aliasing,
        "assign: several elements of the tensor are the same memory, as after broadcasting\n\
         \x20 hint: write into a copy: `.copy()`",
    );
    says(
        read_only().assign(&zeros(&[2])),
        Error::is_aliasing,
        "assign: assignment destination is read-only\n\
         \x20 hint: write into a copy: `.copy()`",
    );
    says(
        write_elementwise(
            Op::Add,
            &[(&zeros(&[2])).into(), (&zeros(&[2])).into()],
            &mut of(DType::I32, &[2]),
            Casting::SameKind,
        ),
        Error::is_dtype,
        "add: cannot cast float64 to int32 according to the rule 'same_kind'\n\
         \x20 hint: convert explicitly: `.cast::<i32>()`",
    );
    says(
        write_elementwise(
            Op::Add,
            &[(&zeros(&[2])).into(), (&zeros(&[2])).into()],
            &mut zeros(&[1]),
            Casting::SameKind,
        ),
        Error::is_shape,
        "add: non-broadcastable output operand with shape (1,) doesn't match the broadcast shape (2,)\n\
         \x20 rule: an output must have the shape to which the inputs broadcast",
    );
    says(
        write_elementwise(
            Op::Add,
            &[(&zeros(&[2])).into(), (&zeros(&[2])).into()],
            &mut read_only(),
            Casting::SameKind,
        ),
        Error::is_aliasing,
        "add: output array is read-only\n\
         \x20 hint: write into a copy: `.copy()`",
    );
}

#[test]
fn gradients_that_do_not_exist() {
    says(
        zeros(&[2]).requires_grad().unwrap().backward(),
        Error::is_gradient,
        "backward: the output has shape (2,), so it has no gradient by itself\n\
         \x20 rule: backward starts from one number\n\
         \x20 hint: reduce it first: `y.sum()`; or give the gradient of what comes after",
    );
    says(
        zeros(&[]).backward(),
        Error::is_gradient,
        "backward: the output was not computed from a tensor that requires a gradient\n\
         \x20 rule: comparisons, indices and conversions to integers have no derivative: no gradient passes through them\n\
         \x20 hint: call `.requires_grad()` on the inputs before computing with them, outside `no_grad`",
    );
    says(
        backward(
            &zeros(&[2]).requires_grad().unwrap(),
            Some(&zeros(&[3])),
            Keep::Nothing,
        ),
        Error::is_shape,
        "backward: the gradient has shape (3,), the output (2,)\n\
         \x20 rule: a gradient has the shape of what it is the gradient of",
    );
    says(
        grad(
            &[(&zeros(&[]).requires_grad().unwrap(), None)],
            &[&zeros(&[])],
            Keep::Nothing,
        ),
        Error::is_gradient,
        "grad: an input was not computed from a tensor that requires a gradient\n\
         \x20 rule: comparisons, indices and conversions to integers have no derivative: no gradient passes through them\n\
         \x20 hint: call `.requires_grad()` on the inputs before computing with them, outside `no_grad`",
    );
    says(
        zeros(&[2]).requires_grad().unwrap().assign(&zeros(&[2])),
        Error::is_gradient,
        "assign: a leaf that requires a gradient cannot be written in place\n\
         \x20 rule: the gradient of a leaf is that of the value it was made with\n\
         \x20 hint: write inside `no_grad`, as an optimizer does; or write into a copy",
    );
    says(
        jvp(|x| Ok(x.to_vec()), &[zeros(&[2])], &[zeros(&[3])]),
        Error::is_shape,
        "jvp: a tangent has shape (3,), its input (2,)",
    );
    says(
        jvp(|x| Ok(x.to_vec()), &[zeros(&[2])], &[]),
        Error::is_value,
        "jvp: 1 inputs but 0 tangents",
    );
    says(
        check_gradients(
            &|x| Ok(x[0].clone()),
            &[of(DType::F32, &[1])],
            Tolerance::default(),
        ),
        Error::is_dtype,
        "check_gradients: finite differences of float32 are too imprecise\n\
         \x20 rule: the inputs must be float64 or complex128",
    );
    says(
        check_gradients(&|x| Ok(x[0].detach()), &[zeros(&[1])], Tolerance::default()),
        Error::is_gradient,
        "check_gradients: input 0 of shape (1,), element 0: the gradient is 0, finite differences give 0.5",
    );
}

#[test]
fn functions_that_cannot_be_called() {
    says(
        Raw::call(&Function::new(Program::of(Op::Add), "add"), &[&zeros(&[])]),
        Error::is_value,
        "fuse: the function takes 2 inputs, not 1\n\
         \x20 rule: a fused function takes one input or more, and is called with as many",
    );
    says(
        Raw::call(&Function::new(too_long(), "long"), &[&zeros(&[])]),
        Error::is_value,
        "fuse: the program has more than 16384 steps\n\
         \x20 hint: cut it into several fused functions",
    );
}

#[test]
fn foreign_memory_that_is_refused() {
    says(
        foreign(1, &[2], &[1], 0),
        Error::is_aliasing,
        "asarray: the memory of float64 is not aligned to 8 bytes\n\
         \x20 rule: elements lie at multiples of their size, complex ones of half of it\n\
         \x20 hint: copy it first: `np.copy(a)`",
    );
    says(
        foreign(0, &[5], &[1], 0),
        Error::is_index,
        "layout: shape (5,) with strides [1] and offset 0 reaches the elements 0 to 4 of a buffer of 4\n\
         \x20 rule: every element must lie inside the buffer",
    );
    says(
        foreign(0, &[2], &[-1], 0),
        Error::is_index,
        "layout: shape (2,) with strides [-1] and offset 0 reaches the elements -1 to 0 of a buffer of 4\n\
         \x20 rule: every element must lie inside the buffer",
    );
    says(
        foreign(0, &[2], &[1, 1], 0),
        Error::is_shape,
        "layout: the shape (2,) has 1 axes but there are 2 strides",
    );
}

#[test]
fn ops_on_another_number_of_operands() {
    let x = zeros(&[2]);
    for (op, operands, text) in [
        (Op::Add, &[(&x).into()][..], "add: takes 2 operands, not 1"),
        (
            Op::Neg,
            &[(&x).into(), (&x).into()],
            "neg: takes 1 operands, not 2",
        ),
        (Op::Where, &[(&x).into()], "choose: takes 3 operands, not 1"),
    ] {
        says(Raw::apply(op, operands), Error::is_value, text);
        let mut out = zeros(&[2]);
        says(
            write_elementwise(op, operands, &mut out, Casting::Safe),
            Error::is_value,
            text,
        );
    }
    let mut x = zeros(&[2]);
    says(
        apply_in_place(Op::Neg, &mut x, Scalar::Float(1.0).into()),
        Error::is_value,
        "neg: takes 1 operands, not 2",
    );
}

#[test]
fn a_path_of_einsum_names_each_operand_once() {
    use civita_core::functions::einsum::{Optimize, Subscripts, einsum, einsum_path};
    use civita_core::functions::{Order, Out};
    let subscripts = || Subscripts {
        text: "i,i".to_owned(),
        operands: vec![zeros(&[2]); 2],
    };
    for path in [
        vec![vec![0, 0]],
        vec![vec![0, 1, 1]],
        vec![vec![0, 1], vec![0, 0]],
        vec![vec![0, 2]],
        vec![vec![]],
        vec![vec![0]],
    ] {
        let given = || Optimize::Path(path.clone());
        assert!(einsum_path(subscripts(), given(), false).is_err_and(|e| e.is_value()));
        let y = einsum(
            subscripts(),
            Out::NONE,
            given(),
            None,
            Order::K,
            Casting::Safe,
        );
        assert!(y.unwrap_err().is_value(), "{path:?}");
    }
}
