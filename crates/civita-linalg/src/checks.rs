//! What every function asks of its operands: NumPy's rules and words.

use civita_core::backend::Backend;
use civita_core::dtype::{DType, promote};
use civita_core::error::{Error, Result, shape_text};
use civita_core::primitive::{HostKernel, Outputs, Primitive, Spec, specs};
use civita_core::raw::Raw;
use civita_core::storage;
use civita_core::threads::threads;

use crate::lanes;
use crate::workers::memory_for_products;

/// The dtype that linear algebra computes in: integers and booleans are `float64`.
///
/// # Errors
/// When there is no linear algebra of a dtype: floats of 8 and 16 bits.
pub fn compute_dtype(op: &'static str, dtypes: impl IntoIterator<Item = DType>) -> Result<DType> {
    let mut all = None;
    for dtype in dtypes {
        let one = match dtype {
            DType::F32 | DType::F64 | DType::C64 | DType::C128 => dtype,
            narrow if narrow.is_narrow_float() => {
                return Err(Error::dtype(
                    op,
                    format!("array type {dtype} is unsupported in linalg"),
                )
                .dtypes(&[dtype])
                .rule("linear algebra is computed in float32, float64, complex64 and complex128")
                .hint_cast("convert first", DType::F32));
            }
            _ => DType::F64,
        };
        all = Some(all.map_or(one, |all| promote(all, one)));
    }
    Ok(all.unwrap_or(DType::F64))
}

/// The batch, and the rows and columns of its matrices.
///
/// # Errors
/// When there are fewer than two axes.
pub fn matrices<'a>(op: &'static str, shape: &'a [usize]) -> Result<(&'a [usize], usize, usize)> {
    match shape {
        [batch @ .., m, n] => Ok((batch, *m, *n)),
        _ => Err(Error::linalg(
            op,
            format!(
                "{}-dimensional array given. Array must be at least two-dimensional",
                shape.len()
            ),
        )
        .shapes(&[shape])),
    }
}

/// The batch, and the size of its square matrices.
///
/// # Errors
/// When there are fewer than two axes, or the last two have different lengths.
pub fn squares<'a>(op: &'static str, shape: &'a [usize]) -> Result<(&'a [usize], usize)> {
    let (batch, m, n) = matrices(op, shape)?;
    if m != n {
        return Err(Error::linalg(
            op,
            format!(
                "Last 2 dimensions of the array must be square, not {}",
                shape_text(shape)
            ),
        )
        .shapes(&[shape]));
    }
    Ok((batch, n))
}

/// The batch with two more axes.
pub fn with_axes(batch: &[usize], axes: &[usize]) -> Vec<usize> {
    [batch, axes].concat()
}

/// Matrices of up to so many rows and columns are computed in double precision whatever their dtype, as NumPy does: it costs
/// nothing there.
const WIDENED: usize = 32;

/// Runs a primitive that is its own kernel, with all operands in one dtype.
///
/// # Errors
/// As the primitive.
pub fn external<P: Primitive + HostKernel>(
    p: &P,
    backend: &dyn Backend,
    x: &[&Raw],
) -> Result<Outputs<Raw>> {
    let dtype = compute_dtype(Primitive::name(p), x.iter().map(|x| x.dtype()))?;
    external_in(p, backend, &[dtype; 4][..x.len()], x)
}

/// The same, but that batches of small matrices of `f32` are widened on [lanes](crate::lanes): its kernel asks [`on_lanes`].
pub fn external_on_lanes<P: Primitive + HostKernel>(
    p: &P,
    backend: &dyn Backend,
    x: &[&Raw],
) -> Result<Outputs<Raw>> {
    let dtype = compute_dtype(Primitive::name(p), x.iter().map(|x| x.dtype()))?;
    if dtype != DType::F32 || !on_lanes(x[0].shape()) {
        return external(p, backend, x);
    }
    let specs = specs(x);
    let outputs = p.infer(&specs.iter().collect::<Vec<&Spec>>())?;
    backend.external(p, &[dtype; 4][..x.len()], outputs, x)
}

/// Whether matrices of this shape, if they are real, are a batch of small ones.
pub fn on_lanes(shape: &[usize]) -> bool {
    match shape {
        [batch @ .., m, n] if m == n => lanes::suit(count(batch), *n),
        _ => false,
    }
}

/// How many matrices as large as its operand a routine works in, results among them, as measured at 1000 rows: its vectors and faer's
/// scratch are allocated without a way to fail.
fn matrices_inside(op: &str) -> usize {
    match op {
        "lstsq" => 24,
        "svd" | "pinv" | "eigh" | "expm" | "sqrtm" | "logm" | "signm" => 13,
        "eig" => 9,
        "eig_generalized" => 16,
        "schur" | "hessenberg" => 6,
        "qr" | "pivot_order" | "lu" => 4,
        _ => 2,
    }
}

/// From so many bytes on, a matrix may be worked on by faer's products.
const WITH_PRODUCTS: usize = 16 * 16 * 4;

/// From so many bytes on, a matrix may be more than there is memory for.
const LARGE: usize = 1 << 20;

/// Whether there is memory for what a routine works in.
fn room(op: &'static str, x: &Spec, dtype: DType) -> Result<()> {
    let [batch @ .., m, n] = &x.shape[..] else {
        return Ok(());
    };
    let bytes = m.saturating_mul(*n).saturating_mul(dtype.size());
    if bytes >= WITH_PRODUCTS {
        memory_for_products(op)?;
    }
    if bytes < LARGE {
        return Ok(());
    }
    let at_once = count(batch).clamp(1, threads());
    let all = bytes.saturating_mul(matrices_inside(op) * at_once);
    storage::room(op, all)
}

/// As [`external`], with a dtype for each operand.
///
/// # Errors
/// As the primitive.
pub fn external_in<P: Primitive + HostKernel>(
    p: &P,
    backend: &dyn Backend,
    dtypes: &[DType],
    x: &[&Raw],
) -> Result<Outputs<Raw>> {
    let specs = specs(x);
    let outputs = p.infer(&specs.iter().collect::<Vec<&Spec>>())?;
    room(Primitive::name(p), &specs[0], dtypes[0])?;
    let small = specs[0].shape.iter().rev().take(2).all(|&n| n <= WIDENED);
    let narrow = |dtype: &DType| matches!(dtype, DType::F32 | DType::C64);
    if !small || !dtypes.iter().any(narrow) {
        return backend.external(p, dtypes, outputs, x);
    }
    let wide: Vec<DType> = dtypes.iter().map(|&dtype| widened(dtype)).collect();
    let kept: Vec<DType> = outputs.as_slice().iter().map(|y| y.dtype).collect();
    let outputs = outputs.map(|_, y| Spec {
        dtype: widened(y.dtype),
        ..y
    });
    let y = backend.external(p, &wide, outputs, x)?;
    y.try_map(|i, y| match y.dtype() == kept[i] {
        true => Ok(y),
        false => backend.cast(&y, kept[i]),
    })
}

/// In double precision.
fn widened(dtype: DType) -> DType {
    match dtype {
        DType::F32 => DType::F64,
        DType::C64 => DType::C128,
        other => other,
    }
}

/// The number of matrices.
pub fn count(batch: &[usize]) -> usize {
    batch.iter().product()
}

/// A matrix that has no inverse.
pub fn singular(op: &'static str) -> Error {
    Error::linalg(op, "Singular matrix")
}
