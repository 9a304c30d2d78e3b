//! The only way to run a primitive.

use smallvec::SmallVec;

use super::{Outputs, Primitive, Spec, Touches, UNKNOWN};
use crate::backend;
use crate::device::Device;
use crate::error::{Error, Result, shape_text};
use crate::ops::Op;
use crate::raw::{Operand, Raw};
use crate::storage::{Access, Storage, guard};
use crate::transform;

/// Runs a primitive. Where no input has a tag, that is a test for each input, and the backend.
///
/// # Errors
/// Whatever the primitive says of shapes, dtypes, devices and memory.
#[inline]
pub fn bind(p: &dyn Primitive, x: &[&Raw]) -> Result<Outputs<Raw>> {
    if is_tagged(x) {
        return transform::bind_tagged(p, x);
    }
    execute(p, x)
}

/// As [`bind`], for one output.
#[inline]
pub fn bind_one(p: &dyn Primitive, x: &[&Raw]) -> Result<Raw> {
    Ok(bind(p, x)?.one())
}

#[inline]
pub(crate) fn is_tagged(x: &[&Raw]) -> bool {
    x.iter().any(|x| x.tag().is_some())
}

/// As [`bind`] of [`Apply`](super::Apply), for operands of which none has a tag: the same guards and the same backend, without
/// the primitive that only transformations would look at. `None` where one has, or they are on different devices. Small calls
/// are dominated by what stands between the method and the kernel; this is all of it.
#[inline]
pub(crate) fn bind_op(op: Op, operands: &[Operand<'_>]) -> Option<Result<Raw>> {
    let (mut owned, mut tensors) = (true, 0);
    let mut device = Device::default();
    for operand in operands {
        if let Operand::Tensor(x) = operand {
            if x.tag().is_some() || tensors > 0 && x.device() != device {
                return None;
            }
            device = x.device();
            owned &= x.storage().access() == Access::Owned;
            tensors += 1;
        }
    }
    if tensors == 0 {
        return None;
    }
    let backend = backend::of(device);
    if owned {
        return Some(backend.op(op, operands));
    }
    Some(op_guarded(backend, op, operands))
}

fn op_guarded(
    backend: &'static dyn backend::Backend,
    op: Op,
    operands: &[Operand<'_>],
) -> Result<Raw> {
    let mut storages: SmallVec<[&Storage; 3]> = SmallVec::new();
    let mut absent = false;
    for operand in operands {
        if let Operand::Tensor(x) = operand {
            absent |= x.storage().is_absent();
            storages.push(x.storage());
        }
    }
    if absent {
        return Err(not_kept(op.row().name));
    }
    let mut y = {
        let _guards = guard::acquire(&storages, &[]);
        backend.op(op, operands)?
    };
    // new, and so the only handle; a view of an operand aliases already
    if y.storage().access() == Access::Owned && !y.alias_unique() {
        return y.into_aliased();
    }
    Ok(y)
}

#[cold]
fn not_kept(op: &'static str) -> Error {
    Error::gradient(
        op,
        "the derivative reads a value that was not kept: a bug of the primitive",
    )
}

/// As [`bind`], with the output written into `out`, which has its shape and may be of another dtype: NumPy's `out=`,
/// `a += b` and `a[...] = b`. The backend decides whether overlapping memory needs a copy. Under a tag it is [`bind`],
/// followed by a functional write.
///
/// # Errors
/// As [`bind`], and when `out` may not be written.
pub fn bind_into(p: &dyn Primitive, x: &[&Raw], out: &mut Raw) -> Result<()> {
    out.may_be_written(p.name())?;
    if is_tagged(x) || out.tag().is_some() {
        return bind_into_tagged(p, x, out);
    }
    out.make_unique()?;
    let device = same_device(p, x)?;
    let reads: SmallVec<[&Storage; 4]> = x.iter().map(|x| x.storage()).collect();
    let guards = (!all_owned(x) || out.storage().access() != Access::Owned)
        .then(|| guard::acquire(&reads, &[out.storage()]));
    p.run_into(device, x, out)?;
    if guards.is_none() {
        out.storage().bump_version();
    }
    Ok(())
}

/// What a derivative reads of operands that are about to be written is kept in a copy, so that `x *= w` has gradients.
fn bind_into_tagged(p: &dyn Primitive, x: &[&Raw], out: &mut Raw) -> Result<()> {
    let wanted: SmallVec<[bool; 4]> = x.iter().map(|x| x.tag().is_some()).collect();
    let reads = p.reads(&wanted).inputs;
    let values = x
        .iter()
        .enumerate()
        .map(|(i, x)| {
            let overwritten = x.storage().access() != Access::Owned
                && Storage::same_buffer(x.storage(), out.storage());
            match overwritten && reads >> i.min(31) & 1 == 1 {
                true => x.copied(),
                false => Ok((*x).clone()),
            }
        })
        .collect::<Result<SmallVec<[Raw; 2]>>>()?;
    let values: SmallVec<[&Raw; 4]> = values.iter().collect();
    let y = bind_one(p, &values)?;
    out.assign(&y)
}

/// As [`bind_into`] with `a` as the first operand and the destination, and whether that was possible: it is the only handle
/// on Owned bytes, nobody looks at it or the others, and `fits` says that the result has its dtype. If not, nothing was
/// done.
pub(crate) fn bind_in_place(
    p: &dyn Primitive,
    a: &mut Raw,
    rest: &[&Raw],
    fits: impl FnOnce(&Raw) -> Result<bool>,
) -> Result<bool> {
    let alone = a.tag().is_none() && !is_tagged(rest) && a.is_sole_owner();
    if !alone || a.layout().has_internal_overlap() || !fits(a)? {
        return Ok(false);
    }
    let a: &Raw = a;
    let mut x: SmallVec<[&Raw; 4]> = SmallVec::from_slice(&[a]);
    x.extend_from_slice(rest);
    let device = same_device(p, &x)?;
    let reads: SmallVec<[&Storage; 4]> = rest.iter().map(|x| x.storage()).collect();
    let _guards = (!all_owned(rest)).then(|| guard::acquire(&reads, &[]));
    p.run_into(device, &x, a)?;
    a.storage().bump_version();
    Ok(true)
}

#[inline]
fn all_owned(x: &[&Raw]) -> bool {
    x.iter().all(|x| x.storage().access() == Access::Owned)
}

/// On inputs without tags.
#[inline]
pub(crate) fn execute(p: &dyn Primitive, x: &[&Raw]) -> Result<Outputs<Raw>> {
    let device = same_device(p, x)?;
    if !all_owned(x) {
        return execute_guarded(p, device, x);
    }
    let y = p.run(device, x)?;
    debug_assert_inferred(p, x, &y);
    Ok(y)
}

/// Where memory is shared: guards around the run, and results that alias as their operands do.
fn execute_guarded(
    p: &dyn Primitive,
    device: &dyn backend::Backend,
    x: &[&Raw],
) -> Result<Outputs<Raw>> {
    let touches = p.access();
    let y = if touches == Touches::Nothing {
        p.run(device, x)?
    } else {
        if x.iter().any(|x| x.storage().is_absent()) {
            return Err(not_kept(p.name()));
        }
        let storages: SmallVec<[&Storage; 4]> = x.iter().map(|x| x.storage()).collect();
        let _guards = match touches {
            Touches::WritesFirst => guard::acquire(&storages[1..], &storages[..1]),
            _ => guard::acquire(&storages, &[]),
        };
        p.run(device, x)?
    };
    debug_assert_inferred(p, x, &y);
    match y {
        Outputs::One(y) => Ok(Outputs::One(aliasing(y)?)),
        several => several.try_map(|_, y| aliasing(y)),
    }
}

/// A new result among arrays that alias is one of them.
#[inline]
fn aliasing(y: Raw) -> Result<Raw> {
    if y.storage().access() == Access::Owned {
        y.into_aliased()
    } else {
        Ok(y)
    }
}

#[inline]
fn same_device(p: &dyn Primitive, x: &[&Raw]) -> Result<&'static dyn backend::Backend> {
    let device = x.first().map_or_else(Default::default, |x| x.device());
    if x.iter().any(|x| x.device() != device) {
        return Err(on_two_devices(p, x));
    }
    Ok(backend::of(device))
}

#[cold]
fn on_two_devices(p: &dyn Primitive, x: &[&Raw]) -> Error {
    let names: Vec<String> = x.iter().map(|x| x.device().to_string()).collect();
    Error::device(
        p.name(),
        format!("operands are on different devices: {}", names.join(", ")),
    )
    .rule("all operands of an operation are on one device")
    .hint("move one of them: `.to_device(…)`")
}

/// Debug builds compare what ran with what `infer` says.
#[inline(always)]
fn debug_assert_inferred(p: &dyn Primitive, x: &[&Raw], y: &Outputs<Raw>) {
    if !cfg!(debug_assertions) {
        return;
    }
    let specs: Vec<Spec> = x.iter().map(|x| Spec::of(x)).collect();
    let Ok(inferred) = p.infer(&specs.iter().collect::<Vec<_>>()) else {
        return;
    };
    for (inferred, y) in inferred.as_slice().iter().zip(y.as_slice()) {
        let same = |(a, b): (&usize, &usize)| a == b || *a == UNKNOWN;
        assert!(
            inferred.dtype == y.dtype()
                && inferred.shape.len() == y.rank()
                && inferred.shape.iter().zip(y.shape()).all(same),
            "{p:?}: `infer` says {} {}, `run` gives {} {}",
            inferred.dtype,
            shape_text(&inferred.shape),
            y.dtype(),
            shape_text(y.shape()),
        );
    }
}
