//! Powers and chains of products, tensors as matrices.

use civita_core::error::{Error, Result, shape_text};
use civita_core::layout::normalize_axis;
use civita_core::raw::Raw;

use crate::checks::squares;
use crate::ops::unit;
use crate::systems::{inv, solve};

/// The power of square matrices by an integer; negative ones are powers of the inverse. NumPy's `linalg.matrix_power`.
///
/// # Errors
/// When a matrix is not square, or singular and the exponent negative.
pub fn matrix_power(a: &Raw, n: i64) -> Result<Raw> {
    let (_, size) = squares("matrix_power", a.shape())?;
    if n == 0 {
        return unit(size, a.dtype())?.broadcast_to(a.shape())?.copied();
    }
    let mut square = if n < 0 { inv(a)? } else { a.clone() };
    let mut n = n.unsigned_abs();
    let mut power: Option<Raw> = None;
    loop {
        if n & 1 == 1 {
            power = Some(match power {
                Some(power) => power.matmul(&square)?,
                None => square.clone(),
            });
        }
        n >>= 1;
        if n == 0 {
            break;
        }
        square = square.matmul(&square)?;
    }
    power.map_or_else(|| Ok(a.clone()), Ok)
}

/// The product of several matrices in the order that takes the fewest multiplications; the first and the last may be vectors.
/// NumPy's `linalg.multi_dot`.
///
/// # Errors
/// When there are fewer than two, one in the middle is no matrix, or lengths do not fit.
pub fn multi_dot(arrays: &[&Raw]) -> Result<Raw> {
    const OP: &str = "multi_dot";
    let n = arrays.len();
    if n < 2 {
        return Err(Error::value(OP, "Expecting at least two arrays."));
    }
    let mut all: Vec<Raw> = arrays.iter().map(|&x| x.clone()).collect();
    let (row, column) = (all[0].rank() == 1, all[n - 1].rank() == 1);
    if row {
        all[0] = all[0].expand_dims(&[0])?;
    }
    if column {
        all[n - 1] = all[n - 1].expand_dims(&[1])?;
    }
    if let Some(x) = all.iter().find(|x| x.rank() != 2) {
        return Err(Error::linalg(
            OP,
            format!(
                "{}-dimensional array given. Array must be two-dimensional",
                x.rank()
            ),
        ));
    }
    let mut lengths: Vec<f64> = all.iter().map(|x| x.shape()[0] as f64).collect();
    lengths.push(all[n - 1].shape()[1] as f64);
    let product = chain(&all, &splits(&lengths), 0, n - 1)?;
    let product = if row {
        product.squeeze(Some(&[0]))?
    } else {
        product
    };
    if column {
        product.squeeze(Some(&[-1]))
    } else {
        Ok(product)
    }
}

/// Where the product of matrices `i` to `j` is split best (Cormen et al., section 15.2).
fn splits(lengths: &[f64]) -> Vec<Vec<usize>> {
    let n = lengths.len() - 1;
    let mut cost = vec![vec![0.0; n]; n];
    let mut split = vec![vec![0; n]; n];
    for span in 1..n {
        for i in 0..n - span {
            let j = i + span;
            cost[i][j] = f64::INFINITY;
            for k in i..j {
                let all =
                    cost[i][k] + cost[k + 1][j] + lengths[i] * lengths[k + 1] * lengths[j + 1];
                if all < cost[i][j] {
                    (cost[i][j], split[i][j]) = (all, k);
                }
            }
        }
    }
    split
}

fn chain(all: &[Raw], split: &[Vec<usize>], i: usize, j: usize) -> Result<Raw> {
    if i == j {
        return Ok(all[i].clone());
    }
    let k = split[i][j];
    chain(all, split, i, k)?.matmul(&chain(all, split, k + 1, j)?)
}

/// The inverse of a tensor as a linear map from its last axes to its first `ind`. NumPy's `linalg.tensorinv`.
///
/// # Errors
/// When `ind` is not positive, or the map is not square or singular.
pub fn tensorinv(a: &Raw, ind: isize) -> Result<Raw> {
    if ind <= 0 {
        return Err(Error::value("tensorinv", "Invalid ind argument."));
    }
    let ind = (ind as usize).min(a.rank());
    let (front, back) = a.shape().split_at(ind);
    let (rows, columns) = (front.iter().product(), back.iter().product());
    let inverse = inv(&a.reshape(&[rows, columns])?).map_err(|e| e.in_op("tensorinv"))?;
    inverse.reshape(&[back, front].concat())
}

/// Solves `tensordot(a, x, x.ndim) = b`. `axes` of `a` are moved to the end first. NumPy's `linalg.tensorsolve`.
///
/// # Errors
/// When the shapes do not fit, or the map is singular.
pub fn tensorsolve(a: &Raw, b: &Raw, axes: Option<&[isize]>) -> Result<Raw> {
    const OP: &str = "tensorsolve";
    let mut a = a.clone();
    if let Some(axes) = axes {
        let mut order: Vec<isize> = (0..a.rank() as isize).collect();
        for &axis in axes {
            let axis = normalize_axis(OP, axis, a.rank())? as isize;
            order.retain(|&k| k != axis);
            order.push(axis);
        }
        a = a.permute(&order)?;
    }
    let rest = a.shape()[b.rank().min(a.rank())..].to_vec();
    let columns: usize = rest.iter().product();
    if a.len() != columns * columns || b.len() != columns {
        return Err(Error::linalg(
            OP,
            format!(
                "a of shape {} and b of shape {} do not fit",
                shape_text(a.shape()),
                shape_text(b.shape())
            ),
        )
        .shapes(&[a.shape(), b.shape()])
        .rule("Input arrays must satisfy the requirement prod(a.shape[b.ndim:]) == prod(a.shape[:b.ndim])"));
    }
    let x = solve(&a.reshape(&[columns, columns])?, &b.reshape(&[columns])?)
        .map_err(|e| e.in_op(OP))?;
    x.reshape(&rest)
}
