//! NumPy's rank rules for a matrix product.

use crate::error::{Error, Result, shape_text};

/// What two shapes multiply to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct MatmulShape {
    /// Rows of each product; 1 where the left operand is a vector.
    pub m: usize,
    /// Columns of each product; 1 where the right operand is a vector.
    pub n: usize,
    /// Length of each sum.
    pub k: usize,
    /// The broadcast axes in front.
    pub batch: Vec<usize>,
    /// The shape of the result: `batch`, then `m` and `n`, each left out where that operand is a vector.
    pub out: Vec<usize>,
}

/// Checks two shapes as NumPy's `matmul` does: a vector on the left is a row, on the right a column, and that axis leaves
/// the result; axes before the last two broadcast.
///
/// ```
/// use civita_kernels::kernels::matmul::shape_check;
/// assert_eq!(shape_check(&[8, 3, 4], &[4, 5])?.out, [8, 3, 5]);
/// assert_eq!(shape_check(&[4], &[4])?.out, []);
/// let error = shape_check(&[3, 4], &[5, 4]).unwrap_err();
/// assert!(error.to_string().contains("hint: `a.matmul(&b.t())` multiplies (3, 4) by (4, 5) and gives (3, 5)"));
/// # Ok::<(), civita_kernels::error::Error>(())
/// ```
///
/// # Errors
/// When an operand has no axis, the inner dimensions differ, the batch axes do not broadcast, or the result has more
/// elements than can be addressed.
pub fn shape_check(a: &[usize], b: &[usize]) -> Result<MatmulShape> {
    let fail = |problem: String| Error::shape("matmul", problem).shapes(&[a, b]);
    if a.is_empty() || b.is_empty() {
        let which = if a.is_empty() && b.is_empty() {
            "both operands are"
        } else if a.is_empty() {
            "the left operand is"
        } else {
            "the right operand is"
        };
        return Err(fail(format!(
            "shapes {} and {} cannot be multiplied: {which} 0-d",
            shape_text(a),
            shape_text(b)
        ))
        .rule("each operand of a matrix product has at least one axis")
        .hint("`a * b` multiplies by a scalar, element by element"));
    }
    let (a_batch, m, k) = match a {
        [k] => (&[][..], 1, *k),
        [batch @ .., m, k] => (batch, *m, *k),
        [] => (a, 1, 1),
    };
    let (b_batch, b_k, n) = match b {
        [k] => (&[][..], *k, 1),
        [batch @ .., k, n] => (batch, *k, *n),
        [] => (b, 1, 1),
    };
    if k != b_k {
        return Err(fail(format!(
            "shapes {} and {} cannot be multiplied: the inner dimensions {k} ≠ {b_k}",
            shape_text(a),
            shape_text(b)
        ))
        .rule(rule(a.len(), b.len()))
        .hint_in(transposes(a, b, RUST), transposes(a, b, PYTHON)));
    }
    let Some(batch) = broadcast(a_batch, b_batch) else {
        return Err(fail(format!(
            "shapes {} and {} cannot be multiplied: the batch axes {} and {} do not broadcast",
            shape_text(a),
            shape_text(b),
            shape_text(a_batch),
            shape_text(b_batch)
        ))
        .rule("the axes before the last two must be equal or 1, counted from the right"));
    };
    let mut out = batch.clone();
    out.extend((a.len() > 1).then_some(m));
    out.extend((b.len() > 1).then_some(n));
    if out
        .iter()
        .try_fold(1usize, |n, &len| n.checked_mul(len))
        .is_none_or(|n| n > isize::MAX as usize)
        && !out.contains(&0)
    {
        return Err(fail(format!(
            "the product of {} and {} has too many elements",
            shape_text(a),
            shape_text(b)
        )));
    }
    Ok(MatmulShape {
        m,
        n,
        k,
        batch,
        out,
    })
}

fn rule(a_rank: usize, b_rank: usize) -> &'static str {
    match (a_rank, b_rank) {
        (1, 1) => "two vectors must be of the same length",
        (_, 1) => "the last axis of the left operand must be as long as the vector on the right",
        (1, _) => {
            "the vector on the left must be as long as the second-to-last axis of the right operand"
        }
        _ => {
            "the last axis of the left operand must be as long as the second-to-last axis of the right one"
        }
    }
}

/// A language's product of two operands, and its transposes of a matrix and of the matrices of a batch.
type Writes = (fn(&str, &str) -> String, [&'static str; 2]);
const RUST: Writes = (
    |a, b| format!("{a}.matmul(&{b})"),
    [".t()", ".swap_axes(-1, -2)?"],
);
const PYTHON: Writes = (|a, b| format!("{a} @ {b}"), [".T", ".mT"]);

/// The transposes that would fit, or what was tried.
fn transposes(a: &[usize], b: &[usize], (product_of, transposed): Writes) -> String {
    let flip = |s: &[usize]| {
        let mut s = s.to_vec();
        if let [.., r, c] = &mut s[..] {
            std::mem::swap(r, c);
        }
        s
    };
    let written = |name: &str, s: &[usize], turn: bool| match (turn, s.len()) {
        (false, _) => name.to_owned(),
        (true, 2) => format!("{name}{}", transposed[0]),
        (true, _) => format!("{name}{}", transposed[1]),
    };
    let mut fitting = Vec::new();
    let mut tried = Vec::new();
    for (turn_a, turn_b) in [(false, true), (true, false), (true, true)] {
        if turn_a && a.len() < 2 || turn_b && b.len() < 2 {
            continue;
        }
        let (left, right) = (
            if turn_a { flip(a) } else { a.to_vec() },
            if turn_b { flip(b) } else { b.to_vec() },
        );
        let product = match (turn_a, turn_b) {
            (false, _) => "a·bᵀ",
            (true, false) => "aᵀ·b",
            (true, true) => "aᵀ·bᵀ",
        };
        let code = product_of(&written("a", a, turn_a), &written("b", b, turn_b));
        match shape_check_fits(&left, &right) {
            Some(out) => fitting.push(format!(
                "`{code}` multiplies {} by {} and gives {}",
                shape_text(&left),
                shape_text(&right),
                shape_text(&out)
            )),
            None => {
                let inner = (left[left.len() - 1], right[right.len().saturating_sub(2)]);
                tried.push(format!("{product} has {} ≠ {}", inner.0, inner.1));
            }
        }
    }
    if !fitting.is_empty() {
        fitting.join("; ")
    } else if tried.is_empty() {
        "a vector has no transpose; `reshape` or slice one of them".into()
    } else {
        format!(
            "no transpose makes them fit: {}; check how the operands were made",
            tried.join(", ")
        )
    }
}

fn shape_check_fits(a: &[usize], b: &[usize]) -> Option<Vec<usize>> {
    let (k, b_k) = (*a.last()?, b[b.len().saturating_sub(2)]);
    if k != b_k {
        return None;
    }
    shape_check(a, b).ok().map(|s| s.out)
}

/// NumPy's broadcasting of two lists of axes.
fn broadcast(a: &[usize], b: &[usize]) -> Option<Vec<usize>> {
    let rank = a.len().max(b.len());
    let at = |s: &[usize], i: usize| (i + s.len()).checked_sub(rank).map_or(1, |i| s[i]);
    (0..rank)
        .map(|i| match (at(a, i), at(b, i)) {
            (x, y) if x == y => Some(x),
            (1, y) => Some(y),
            (x, 1) => Some(x),
            _ => None,
        })
        .collect()
}
