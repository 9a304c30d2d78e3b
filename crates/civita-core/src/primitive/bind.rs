//! The only way to run a primitive.

use smallvec::SmallVec;

use super::{Apply, Outputs, Primitive, Spec, Touches, UNKNOWN, View};
use crate::backend::{self, Number};
use crate::device::Device;
use crate::error::{Error, Result, shape_text};
use crate::graph;
use crate::layout::Layout;
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

/// As [`bind_one`], of an op. Operands whose only tags are edges of one graph, in memory that nobody else writes, are what training
/// meets: the backend sees them as they are, and its result is recorded.
pub(crate) fn bind_op(p: &Apply, x: &[&Raw]) -> Result<Raw> {
    match transform::edges_alone(x) {
        Some(level) if all_owned(x) && x.iter().all(|y| y.device() == x[0].device()) => {
            let mut y = p.run_one(backend::of(x[0].device()), x)?;
            graph::record_op(p, level, x, &mut y);
            Ok(y)
        }
        _ => bind_one(p, x),
    }
}

/// As [`bind_one`] of a [`View`](super::View), which is made only where `x` has a tag, or no layout of its memory will do: it
/// touches no bytes, so that a layout is all it takes.
#[inline]
pub(crate) fn bind_view(
    x: &Raw,
    layout: impl FnOnce(&Layout) -> Result<Option<Layout>>,
    view: impl FnOnce() -> View,
) -> Result<Raw> {
    if x.tag().is_none()
        && let Some(layout) = layout(x.layout())?
    {
        return Ok(x.with_layout(layout));
    }
    bind_one(&view(), &[x])
}

#[inline]
pub(crate) fn is_tagged(x: &[&Raw]) -> bool {
    x.iter().any(|x| x.tag().is_some())
}

/// Operands of which none has a tag, on one device: an op on them needs the guards and the backend, and no primitive that
/// only transformations would look at. Small calls are dominated by what stands between the method and the kernel; this is all
/// of it.
pub(crate) struct Untagged {
    backend: &'static dyn backend::Backend,
    device: Device,
    owned: bool,
}

impl Untagged {
    /// `None` where an operand has a tag, they are on different devices, or none is a tensor.
    #[inline]
    pub(crate) fn of(operands: &[Operand<'_>]) -> Option<Untagged> {
        let (mut owned, mut device) = (true, None);
        for operand in operands {
            if let Operand::Tensor(x) = operand {
                if x.tag().is_some() || *device.get_or_insert(x.device()) != x.device() {
                    return None;
                }
                owned &= x.storage().access() == Access::Owned;
            }
        }
        let device = device?;
        Some(Untagged {
            backend: backend::of(device),
            device,
            owned,
        })
    }

    pub(crate) fn device(&self) -> Device {
        self.device
    }

    /// As [`bind`] of [`Apply`](super::Apply).
    #[inline]
    pub(crate) fn run(&self, op: Op, operands: &[Operand<'_>]) -> Result<Raw> {
        if self.owned {
            return self.backend.op(op, operands);
        }
        self.run_guarded(op, operands)
    }

    fn run_guarded(&self, op: Op, operands: &[Operand<'_>]) -> Result<Raw> {
        let is_absent =
            |o: &Operand<'_>| matches!(o, Operand::Tensor(x) if x.storage().is_absent());
        if operands.iter().any(is_absent) {
            return Err(not_kept(op.row().name));
        }
        let storage = |o| match o {
            &Operand::Tensor(x) => Some(x.storage()),
            Operand::Scalar(_) => None,
        };
        // one or two operands need no list
        match operands {
            [a] => {
                let _guard = guard::acquire_two(storage(a), None);
                return self.backend.op(op, operands);
            }
            [a, b] => {
                let _guards = guard::acquire_two(storage(a), storage(b));
                return self.backend.op(op, operands);
            }
            _ => {}
        }
        let storages: SmallVec<[&Storage; 3]> = operands.iter().filter_map(storage).collect();
        let _guards = guard::acquire(&storages, &[]);
        self.backend.op(op, operands)
    }
}

impl Untagged {
    /// As [`Untagged::run`], into memory on the same device that may be written and has no tag.
    #[inline]
    pub(crate) fn run_into(&self, op: Op, operands: &[Operand<'_>], out: &mut Raw) -> Result<()> {
        out.make_unique()?;
        let to = out.storage();
        if self.owned && to.access() == Access::Owned {
            self.backend.op_into(op, operands, out)?;
            to.bump_version();
            return Ok(());
        }
        let mut reads: SmallVec<[&Storage; 3]> = SmallVec::new();
        for operand in operands {
            if let Operand::Tensor(x) = operand {
                if x.storage().is_absent() {
                    return Err(not_kept(op.row().name));
                }
                if !Storage::same_buffer(x.storage(), to) {
                    reads.push(x.storage());
                }
            }
        }
        if reads.len() < 2 {
            let _guards = guard::acquire_write(to, reads.first().copied());
            return self.backend.op_into(op, operands, out);
        }
        let _guards = guard::acquire(&reads, &[to]);
        self.backend.op_into(op, operands, out)
    }
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
    out.may_be_output(p.name())?;
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

/// As [`bind_into`] of a copy, into a part of `out`: neither has a tag, and `out` may be written.
pub(crate) fn bind_into_part(x: &Raw, out: &Raw, part: Layout) -> Result<()> {
    let backend = backend::of(out.device());
    let part = out.with_layout(part);
    let (from, to) = (x.storage(), out.storage());
    if from.access() == Access::Owned && to.access() == Access::Owned {
        backend.copy_into(x, &part)?;
        to.bump_version();
        return Ok(());
    }
    if x.storage().is_absent() {
        return Err(not_kept("assign"));
    }
    let _guards = guard::acquire_write(to, Some(from));
    backend.copy_into(x, &part)
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
    if x.iter().any(|y| y.device() != x[0].device()) {
        return bind_joined(p, x);
    }
    let device = same_device(p, x)?;
    if !all_owned(x) {
        return execute_guarded(p, device, x);
    }
    let y = p.run(device, x)?;
    debug_assert_inferred(p, x, &y);
    Ok(y)
}

/// Runs a kernel of the processor that is no primitive, on operands that no transformation looks at; `None` where one does:
/// then the caller has a composition of ops. It is the fast path of functions whose derivatives and batches are those of the
/// composition.
pub(crate) fn direct(
    op: &'static str,
    x: &[&Raw],
    kernel: impl FnOnce() -> Result<Raw>,
) -> Result<Option<Raw>> {
    if is_tagged(x) || x.iter().any(|x| x.device() != Device::Cpu) {
        return Ok(None);
    }
    if all_owned(x) {
        return kernel().map(Some);
    }
    if x.iter().any(|x| x.storage().is_absent()) {
        return Err(not_kept(op));
    }
    let mut y = reading(x, kernel)?;
    alias(&mut y)?;
    Ok(Some(y))
}

/// Writes a number that the backend makes of one or two operands; `None` where one has a tag, they are on different devices, or the
/// backend leaves it to a primitive.
#[inline]
pub(crate) fn number(
    [a, b]: [&Raw; 2],
    write: impl FnOnce(&dyn backend::Backend) -> Option<()>,
) -> Option<()> {
    if a.tag().is_some() || b.tag().is_some() || a.device() != b.device() {
        return None;
    }
    let backend = backend::of(a.device());
    if a.storage().access() == Access::Owned && b.storage().access() == Access::Owned {
        return write(backend);
    }
    if a.storage().is_absent() || b.storage().is_absent() {
        return None;
    }
    let _guards = guard::acquire_two(Some(a.storage()), Some(b.storage()));
    write(backend)
}

/// A tensor of one element that aliases as results of these operands do.
#[inline]
pub(crate) fn number_beside(number: &Number, rank: usize, [a, b]: [&Raw; 2]) -> Result<Raw> {
    if a.storage().access() == Access::Owned && b.storage().access() == Access::Owned {
        return number.tensor(rank);
    }
    let mut y = number.tensor(rank)?;
    alias(&mut y)?;
    Ok(y)
}

/// Runs `f` under guards that let these be read: one or two need no list.
#[inline]
fn reading<R>(x: &[&Raw], f: impl FnOnce() -> R) -> R {
    match x {
        [a] => {
            let _guard = guard::acquire_two(Some(a.storage()), None);
            f()
        }
        [a, b] => {
            let _guards = guard::acquire_two(Some(a.storage()), Some(b.storage()));
            f()
        }
        _ => {
            let storages: SmallVec<[&Storage; 4]> = x.iter().map(|x| x.storage()).collect();
            let _guards = guard::acquire(&storages, &[]);
            f()
        }
    }
}

/// Where memory is shared: guards around the run, and results that alias as their operands do.
fn execute_guarded(
    p: &dyn Primitive,
    device: &dyn backend::Backend,
    x: &[&Raw],
) -> Result<Outputs<Raw>> {
    let touches = p.access();
    if touches != Touches::Nothing && x.iter().any(|x| x.storage().is_absent()) {
        return Err(not_kept(p.name()));
    }
    let mut y = match (touches, x) {
        (Touches::Nothing, _) => p.run(device, x),
        (Touches::Reads, _) => reading(x, || p.run(device, x)),
        (Touches::WritesFirst, [first, rest @ ..]) => {
            let reads: SmallVec<[&Storage; 4]> = rest.iter().map(|x| x.storage()).collect();
            let _guards = guard::acquire(&reads, &[first.storage()]);
            p.run(device, x)
        }
        (Touches::WritesFirst, []) => p.run(device, x),
    };
    if let Ok(y) = &mut y {
        debug_assert_inferred(p, x, y);
        for y in y.as_mut_slice() {
            alias(y)?;
        }
    }
    y
}

/// A new result among arrays that alias is one of them. It is changed where it is: moving 128 bytes that were written a word
/// at a time costs as much as a lock.
#[inline]
fn alias(y: &mut Raw) -> Result<()> {
    if y.storage().access() == Access::Owned && !y.alias_unique() {
        *y = y.clone().into_aliased()?;
    }
    Ok(())
}

#[inline]
fn same_device(p: &dyn Primitive, x: &[&Raw]) -> Result<&'static dyn backend::Backend> {
    let device = x.first().map_or_else(Default::default, |x| x.device());
    if x.iter().any(|x| x.device() != device) {
        return Err(on_two_devices(p, x));
    }
    Ok(backend::of(device))
}

/// Numbers of the host join the others on their device, as in PyTorch: tensors that are one value.
#[cold]
fn bind_joined(p: &dyn Primitive, x: &[&Raw]) -> Result<Outputs<Raw>> {
    let device = x.iter().map(|x| x.device()).find(|&d| d != Device::Cpu);
    let device = device.unwrap_or_default();
    let joined = x
        .iter()
        .map(|x| {
            let layout = x.layout();
            let one =
                (layout.strides().iter().zip(layout.shape())).all(|(&s, &n)| s == 0 || n == 1);
            if x.device() != Device::Cpu || !one || x.is_empty() {
                return Ok((*x).clone());
            }
            let number = Raw::scalar(super::host::element(x, layout.offset()), x.dtype())?;
            let there = number.to_device(device)?;
            Ok(there.with_layout(there.layout().broadcast_to(layout.shape())?))
        })
        .collect::<Result<SmallVec<[Raw; 4]>>>()?;
    let joined: SmallVec<[&Raw; 4]> = joined.iter().collect();
    if joined.iter().any(|x| x.device() != device) {
        return Err(on_two_devices(p, x));
    }
    execute(p, &joined)
}

#[cold]
fn on_two_devices(p: &dyn Primitive, x: &[&Raw]) -> Error {
    let names: Vec<String> = x.iter().map(|x| x.device().to_string()).collect();
    Error::device(
        p.name(),
        format!("operands are on different devices: {}", names.join(", ")),
    )
    .rule("all operands of an operation are on one device")
    .hint_in(
        "move one of them: `a.to_device(b.device())`",
        "move one of them: `a.to_device(b.device)`",
    )
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
