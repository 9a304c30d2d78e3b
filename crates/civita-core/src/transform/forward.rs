//! Forward mode: tangents that move with the values.

use smallvec::SmallVec;

use super::{Kind, Level, OpenScope, Tags, refs};
use crate::dtype::Scalar;
use crate::error::{Error, Result, shape_text};
use crate::primitive::{Outputs, Primitive, bind};
use crate::raw::Raw;

pub(super) fn push_forward(
    p: &dyn Primitive,
    level: Level,
    x: &[Raw],
    tags: &Tags<'_>,
) -> Result<Outputs<Raw>> {
    let y = bind(p, &refs(x))?;
    if y.as_slice().iter().all(|y| !y.dtype().is_differentiable()) {
        return Ok(y);
    }
    let t: SmallVec<[Option<Raw>; 4]> = tags
        .iter()
        .map(|tag| tag.as_ref().and_then(|tag| tag.tangent().cloned()))
        .collect();
    let mut moved = p.jvp(x, y.as_slice(), &t)?;
    y.try_map(|i, y| match moved.get_mut(i).and_then(Option::take) {
        Some(t) if y.dtype().is_differentiable() => {
            let t = t.broadcast_to(y.shape())?.cast(y.dtype())?;
            Ok(y.push(level, Kind::Tangent(t)))
        }
        _ => Ok(y),
    })
}

/// The value of `f` at `inputs`, and how its outputs change when the inputs move along `tangents`: `(f(x), J·v)`. Nothing
/// is recorded.
///
/// # Errors
/// When a tangent has another shape than its input, or `f` fails.
pub fn jvp(
    f: impl FnOnce(&[Raw]) -> Result<Vec<Raw>>,
    inputs: &[Raw],
    tangents: &[Raw],
) -> Result<(Vec<Raw>, Vec<Raw>)> {
    if inputs.len() != tangents.len() {
        return Err(Error::value(
            "jvp",
            format!("{} inputs but {} tangents", inputs.len(), tangents.len()),
        ));
    }
    let scope = OpenScope::open();
    let mut moving = Vec::with_capacity(inputs.len());
    for (x, t) in inputs.iter().zip(tangents) {
        if !x.dtype().is_differentiable() {
            return Err(
                Error::gradient("jvp", format!("a tensor of {} does not move", x.dtype()))
                    .dtypes(&[x.dtype()])
                    .rule("only floats and complex numbers have tangents"),
            );
        }
        if x.shape() != t.shape() {
            return Err(Error::shape(
                "jvp",
                format!(
                    "a tangent has shape {}, its input {}",
                    shape_text(t.shape()),
                    shape_text(x.shape())
                ),
            )
            .shapes(&[t.shape(), x.shape()]));
        }
        no_imaginary_part("jvp", "tangent", t, x)?;
        let t = t.cast(x.dtype())?;
        moving.push(x.clone().push(scope.level, Kind::Tangent(t)));
    }
    let outputs = f(&moving)?;
    let (mut values, mut changes) = (Vec::new(), Vec::new());
    for y in &outputs {
        let (y, tag) = scope.leave("jvp", y)?;
        changes.push(match tag.as_ref().and_then(|tag| tag.tangent()) {
            Some(t) => t.clone(),
            None => y.like(y.shape(), y.dtype(), Scalar::Bool(false))?,
        });
        values.push(y);
    }
    Ok((values, changes))
}

/// # Errors
/// When a derivative is complex and what it belongs to is real: the imaginary part would be lost.
pub(crate) fn no_imaginary_part(op: &'static str, what: &str, d: &Raw, of: &Raw) -> Result<()> {
    if of.dtype().is_complex() || !d.dtype().is_complex() {
        return Ok(());
    }
    Err(Error::gradient(
        op,
        format!(
            "the {what} is {}, what it belongs to {}",
            d.dtype(),
            of.dtype()
        ),
    )
    .dtypes(&[d.dtype(), of.dtype()])
    .rule("what is real moves along real numbers")
    .hint_in("take `.real()?` of it", "take `.real` of it"))
}
