//! The reference: every family as a loop over elements, in the words of its definition.
//!
//! It exists for tests. Its memory is reached by handles alone, so whatever leans on the CPU's pointers or kernels from above a
//! backend fails on it; and its loops have no blocks, lanes, threads or fast paths, so they are something to compare the CPU's
//! with. One element of an op is the row's own formula, in its smallest kernel.

use std::collections::HashMap;
use std::sync::{LazyLock, Mutex, MutexGuard, PoisonError};

use smallvec::SmallVec;

use super::places::{check_dtype, of_indices};
use super::{Backend, cpu};
use crate::device::Device;
use crate::dtype::{DType, Kind};
use crate::error::{Error, Result};
use crate::kernels::fold::folding;
use crate::kernels::map::kernels;
use crate::kernels::matmul::shape_check;
use crate::kernels::{Slot, cast};
use crate::layout::Layout;
use crate::ops::{Fold as Monoid, Op};
use crate::primitive::{
    ArgFold, Combine, Direction, Fold, Gather, HostKernel, Outputs, Primitive, Scan, Scatter, Sort,
    Sorted, Spec, host, result_dtype,
};
use crate::program::{Action, Src, Typed};
use crate::raw::Raw;
use crate::storage::Storage;

/// One element at a time.
pub(super) struct Reference;

/// Its buffers, by their handles.
#[derive(Default)]
struct Memory {
    last: u64,
    buffers: HashMap<u64, Vec<u8>>,
}

fn memory() -> MutexGuard<'static, Memory> {
    static MEMORY: LazyLock<Mutex<Memory>> = LazyLock::new(Mutex::default);
    MEMORY.lock().unwrap_or_else(PoisonError::into_inner)
}

/// Arbitrary bytes, so that what was not written is seen.
const ARBITRARY: u8 = 0xA5;

fn store(bytes: Vec<u8>) -> Storage {
    let mut memory = memory();
    memory.last += 1;
    let handle = memory.last;
    let len = bytes.len();
    memory.buffers.insert(handle, bytes);
    Storage::of_device(Device::Reference, handle, len)
}

fn allocate(bytes: usize) -> Result<Storage> {
    let mut new = Vec::new();
    new.try_reserve_exact(bytes)
        .map_err(|_| Error::memory("reference", format!("cannot allocate {bytes} bytes")))?;
    new.resize(bytes, ARBITRARY);
    Ok(store(new))
}

fn handle(storage: &Storage) -> Result<u64> {
    match storage.handle() {
        Some((Device::Reference, handle)) => Ok(handle),
        _ => Err(Error::device(
            "reference",
            "the operand is in the memory of another device",
        )),
    }
}

/// The elements of a tensor in C order, each at the beginning of a slot.
fn read(x: &Raw) -> Result<Vec<Slot>> {
    let handle = handle(x.storage())?;
    let memory = memory();
    let (bytes, size) = (&memory.buffers[&handle], x.dtype().size());
    let element = |place: usize| {
        let mut slot = Slot::ZERO;
        slot.0[..size].copy_from_slice(&bytes[place * size..][..size]);
        slot
    };
    Ok(x.layout().indices().map(element).collect())
}

/// Writes elements in C order over those of a tensor.
fn write(out: &Raw, values: &[Slot]) -> Result<()> {
    let handle = handle(out.storage())?;
    let mut memory = memory();
    let size = out.dtype().size();
    if let Some(bytes) = memory.buffers.get_mut(&handle) {
        for (place, value) in out.layout().indices().zip(values) {
            bytes[place * size..][..size].copy_from_slice(&value.0[..size]);
        }
    }
    Ok(())
}

fn new(shape: &[usize], dtype: DType) -> Result<Raw> {
    let layout = Layout::contiguous(shape)?;
    let storage = allocate(layout.len() * dtype.size())?;
    Ok(Raw::on_device(storage, layout, dtype))
}

fn made(shape: &[usize], dtype: DType, values: &[Slot]) -> Result<Raw> {
    let out = new(shape, dtype)?;
    write(&out, values)?;
    Ok(out)
}

fn read_as(x: &Raw, dtype: DType) -> Result<Vec<Slot>> {
    let values = read(x)?;
    Ok(values
        .into_iter()
        .map(|v| convert(v, x.dtype(), dtype))
        .collect())
}

/// One element in another dtype or lane.
fn convert(x: Slot, from: DType, to: DType) -> Slot {
    let mut y = Slot::ZERO;
    // SAFETY: one element each, in memory of its own.
    unsafe { cast::kernel(from, to)(1, [x.at(); 3], y.at_mut()) };
    y
}

/// One element of an op, on operands in lanes.
fn one(op: Op, lanes: [DType; 3], x: [Slot; 3]) -> Slot {
    let mut y = Slot::ZERO;
    let Some(variants) = kernels(op, lanes) else {
        unreachable!("{op:?} has no formula for {lanes:?}: a bug of the tables")
    };
    // SAFETY: one element each, in memory of its own.
    unsafe { variants.pick(0)(1, [x[0].at(), x[1].at(), x[2].at()], y.at_mut()) };
    y
}

fn two(op: Op, lane: DType, a: Slot, b: Slot) -> Slot {
    one(op, [lane; 3], [a, b, a])
}

fn is_true(x: Slot) -> bool {
    x.0[0] != 0
}

/// The dtype in which sums and products are exact enough that one rounding is seen.
fn accumulator(dtype: DType) -> DType {
    match dtype.kind() {
        Kind::Float => DType::F64,
        Kind::Complex => DType::C128,
        _ => dtype,
    }
}

/// For each result of a fold over `axes`, the places in C order of what it is folded from.
fn groups(shape: &[usize], axes: &[usize]) -> Vec<Vec<usize>> {
    let kept = |a: usize| !axes.contains(&a);
    let results = (0..shape.len())
        .filter(|&a| kept(a))
        .map(|a| shape[a])
        .product();
    let mut groups = vec![Vec::new(); results];
    let total: usize = shape.iter().product();
    for place in 0..total {
        let (mut rest, mut at, mut step) = (place, 0, 1);
        for a in (0..shape.len()).rev() {
            if kept(a) {
                at += rest % shape[a] * step;
                step *= shape[a];
            }
            rest /= shape[a];
        }
        groups[at].push(place);
    }
    groups
}

/// How two elements become one, in which lane, from what.
fn monoid(fold: Monoid, dtype: DType) -> Result<(Op, DType, Slot)> {
    let (op, lane) = match fold {
        // booleans are added by or, multiplied by and
        Monoid::Sum if dtype == DType::Bool => (Op::LogicalOr, dtype),
        Monoid::Prod if dtype == DType::Bool => (Op::LogicalAnd, dtype),
        Monoid::Sum => (Op::Add, accumulator(dtype)),
        Monoid::Prod => (Op::Mul, accumulator(dtype)),
        Monoid::Max => (Op::Maximum, dtype.compute()),
        Monoid::Min => (Op::Minimum, dtype.compute()),
        Monoid::Any => (Op::LogicalOr, DType::Bool),
        Monoid::All => (Op::LogicalAnd, DType::Bool),
    };
    let of = match (fold, dtype) {
        (Monoid::Sum, DType::Bool) => Monoid::Any,
        (Monoid::Prod, DType::Bool) => Monoid::All,
        _ => fold,
    };
    let Some(neutral) = folding(of, lane) else {
        return Err(Error::dtype("reduce", format!("cannot fold {dtype}")));
    };
    Ok((op, lane, convert(neutral.identity, neutral.acc, lane)))
}

/// Whether `a` is before `b`. NaN is last.
fn before(lane: DType, a: Slot, b: Slot) -> bool {
    let nan = |x| is_true(one(Op::IsNan, [lane; 3], [x; 3]));
    match (
        lane.kind() >= Kind::Float && nan(a),
        lane.kind() >= Kind::Float && nan(b),
    ) {
        (false, true) => true,
        (true, _) => false,
        _ => is_true(two(Op::Lt, lane, a, b)),
    }
}

/// The places of the elements of rows along `axis`, row by row.
fn along(shape: &[usize], axis: usize) -> Vec<Vec<usize>> {
    groups(shape, &[axis])
}

fn places(op: &'static str, index: &Raw, len: usize, mode: crate::raw::Mode) -> Result<Vec<usize>> {
    check_dtype(op, index.dtype())?;
    let wide = |x: Slot| match index.dtype() {
        // beyond i64 is beyond any length
        DType::U64 => i64::try_from(u64::from_ne_bytes(first(x))).unwrap_or(i64::MAX),
        dtype => i64::from_ne_bytes(first(convert(x, dtype, DType::I64))),
    };
    let values = read(index)?.into_iter().map(wide).collect();
    of_indices(op, values, len, mode)
}

fn first(x: Slot) -> [u8; 8] {
    let mut bytes = [0; 8];
    bytes.copy_from_slice(&x.0[..8]);
    bytes
}

fn index_slot(i: usize) -> Slot {
    let mut slot = Slot::ZERO;
    slot.0[..8].copy_from_slice(&(i as i64).to_ne_bytes());
    slot
}

/// An indexed tensor as blocks × middle × axis × inner, as [`Gather`] and [`Scatter`] see it.
struct Indexed {
    blocks: usize,
    middle: usize,
    axis: usize,
    inner: usize,
}

impl Indexed {
    fn new(shape: &[usize], batch: usize, axis: usize, axes: usize) -> Indexed {
        Indexed {
            blocks: shape[..batch].iter().product(),
            middle: shape[batch..axis].iter().product(),
            axis: shape[axis..axis + axes].iter().product(),
            inner: shape[axis + axes..].iter().product(),
        }
    }

    /// For each picked element in C order, where it lies in the tensor.
    fn sources(&self, list: &[usize]) -> Vec<usize> {
        let many = list.len().checked_div(self.blocks).unwrap_or(0);
        let mut all = Vec::new();
        for block in 0..self.blocks {
            for m in 0..self.middle {
                for &place in &list[block * many..][..many] {
                    let row = (block * self.middle + m) * self.axis + place;
                    all.extend((0..self.inner).map(|i| row * self.inner + i));
                }
            }
        }
        all
    }
}

impl Backend for Reference {
    fn name(&self) -> &'static str {
        "reference"
    }

    fn result(&self, shape: &[usize], dtype: DType, _: &[&Raw]) -> Result<Raw> {
        new(shape, dtype)
    }

    fn upload(&self, x: &Raw) -> Result<Raw> {
        let own = cpu::copy::copied(x, x.dtype())?;
        let storage = store(host::bytes(&own).to_vec());
        Ok(Raw::on_device(
            storage,
            Layout::contiguous(x.shape())?,
            x.dtype(),
        ))
    }

    fn download(&self, x: &Raw) -> Result<Raw> {
        let out = cpu::memory::unwritten(x.shape(), x.dtype())?;
        let size = x.dtype().size();
        let bytes: Vec<u8> = read(x)?
            .iter()
            .flat_map(|slot| slot.0[..size].to_vec())
            .collect();
        host::upload(&bytes, &out);
        Ok(out)
    }

    fn duplicate(&self, storage: &Storage) -> Result<Storage> {
        let bytes = memory().buffers[&handle(storage)?].clone();
        Ok(store(bytes))
    }

    fn release(&self, handle: u64) {
        memory().buffers.remove(&handle);
    }

    fn elementwise(
        &self,
        _: &'static str,
        typed: &Typed,
        x: &[&Raw],
        out: &Raw,
        _: bool,
    ) -> Result<()> {
        let inputs = x
            .iter()
            .map(|x| {
                let wide = x.with_layout(x.layout().broadcast_to(out.shape())?);
                read_as(&wide, x.dtype().compute())
            })
            .collect::<Result<SmallVec<[Vec<Slot>; 3]>>>()?;
        let mut registers = vec![Slot::ZERO; typed.registers];
        let mut values = Vec::with_capacity(out.len());
        for i in 0..out.len() {
            let find = |src: Src, registers: &[Slot]| match src {
                Src::Input(k) => inputs[k as usize][i],
                Src::Reg(r) => registers[r as usize],
                Src::Const(c) => typed.constants[c as usize],
            };
            for step in &typed.steps {
                let args = step.args.map(|src| find(src, &registers));
                registers[step.out as usize] = match step.action {
                    Action::Op(op) => one(op, step.lanes, args),
                    Action::Cast => convert(args[0], step.lanes[0], step.lane),
                };
            }
            let result = find(typed.result, &registers);
            values.push(convert(result, typed.lane, out.dtype()));
        }
        write(out, &values)
    }

    fn fold(&self, p: &Fold, x: &Raw) -> Result<Raw> {
        let boolean = matches!(p.fold, Monoid::Any | Monoid::All);
        let dtype = if boolean { DType::Bool } else { p.dtype };
        let (op, lane, neutral) = monoid(p.fold, dtype)?;
        let values = read_as(x, dtype.compute())?;
        let results: Vec<Slot> = groups(x.shape(), &p.over.axes)
            .into_iter()
            .map(|group| {
                let all = group.into_iter().fold(neutral, |acc, i| {
                    let value = convert(values[i], dtype.compute(), lane);
                    two(op, lane, acc, value)
                });
                convert(all, lane, p.dtype)
            })
            .collect();
        made(&p.over.shape(x.shape()), p.dtype, &results)
    }

    fn arg_fold(&self, p: &ArgFold, x: &Raw) -> Result<Raw> {
        let lane = x.dtype().compute();
        let values = read_as(x, lane)?;
        let nan = |i: usize| {
            lane.kind() >= Kind::Float && is_true(one(Op::IsNan, [lane; 3], [values[i]; 3]))
        };
        let better = |a: usize, b: usize| match p.fold {
            Monoid::Min => is_true(two(Op::Lt, lane, values[a], values[b])),
            _ => is_true(two(Op::Lt, lane, values[b], values[a])),
        };
        let groups = groups(x.shape(), &p.over.axes);
        if !groups.is_empty() && p.over.count(x.shape()) == 0 {
            return Err(Error::value(p.name(), "there is no element to choose")
                .shapes(&[x.shape()])
                .rule("an extreme needs at least one element"));
        }
        let results: Vec<Slot> = groups
            .into_iter()
            .map(|group| {
                let best = (1..group.len()).fold(0, |best, k| {
                    let replaces =
                        !nan(group[best]) && (nan(group[k]) || better(group[k], group[best]));
                    if replaces { k } else { best }
                });
                index_slot(best)
            })
            .collect();
        made(&p.over.shape(x.shape()), DType::I64, &results)
    }

    fn scan(&self, p: &Scan, x: &Raw) -> Result<Raw> {
        let (op, lane, _) = monoid(p.fold, p.dtype)?;
        let mut values = read_as(x, p.dtype)?;
        for row in along(x.shape(), p.axis) {
            let mut acc = None;
            for i in row {
                let value = convert(values[i], p.dtype, lane);
                let next = acc.map_or(value, |acc| two(op, lane, acc, value));
                acc = Some(next);
                values[i] = convert(next, lane, p.dtype);
            }
        }
        made(x.shape(), p.dtype, &values)
    }

    fn sort(&self, p: &Sort, x: &Raw) -> Result<Outputs<Raw>> {
        let lane = x.dtype().compute();
        let (values, keys) = (read(x)?, read_as(x, lane)?);
        let mut sorted = vec![Slot::ZERO; values.len()];
        let mut indices = sorted.clone();
        for row in along(x.shape(), p.axis) {
            let mut order: Vec<usize> = (0..row.len()).collect();
            order.sort_by(|&a, &b| {
                let (a, b) = (keys[row[a]], keys[row[b]]);
                let ordering = before(lane, b, a).cmp(&before(lane, a, b));
                match p.direction {
                    Direction::Ascending => ordering,
                    Direction::Descending => ordering.reverse(),
                }
            });
            for (to, from) in order.into_iter().enumerate() {
                sorted[row[to]] = values[row[from]];
                indices[row[to]] = index_slot(from);
            }
        }
        let sorted = made(x.shape(), x.dtype(), &sorted)?;
        let indices = made(x.shape(), DType::I64, &indices)?;
        Ok(match p.outputs {
            Sorted::Values => Outputs::One(sorted),
            Sorted::Indices => Outputs::One(indices),
            Sorted::Both => Outputs::Several(vec![sorted, indices]),
        })
    }

    fn matmul(&self, a: &Raw, b: &Raw, sums: Option<DType>) -> Result<Raw> {
        let shape = shape_check(a.shape(), b.shape())?;
        let dtype = result_dtype(sums, [a.dtype(), b.dtype()])?;
        let lane = accumulator(dtype);
        let operand = |x: &Raw, matrix: [usize; 2], lacks: isize| {
            let layout = match x.rank() {
                1 => x.layout().expand_dims(&[lacks])?,
                _ => x.layout().clone(),
            };
            let full: Vec<usize> = shape.batch.iter().copied().chain(matrix).collect();
            let wide = x.with_layout(layout.broadcast_to(&full)?);
            let values = read_as(&wide, dtype)?;
            let values = values.into_iter().map(|v| convert(v, dtype, lane));
            Ok::<Vec<Slot>, Error>(values.collect())
        };
        let (m, k, n) = (shape.m, shape.k, shape.n);
        let (left, right) = (operand(a, [m, k], 0)?, operand(b, [k, n], 1)?);
        let batch: usize = shape.batch.iter().product();
        let mut results = Vec::with_capacity(batch * m * n);
        for block in 0..batch {
            for (i, j) in (0..m).flat_map(|i| (0..n).map(move |j| (i, j))) {
                let sum = (0..k).fold(Slot::ZERO, |sum, l| {
                    let (a, b) = (
                        left[(block * m + i) * k + l],
                        right[(block * k + l) * n + j],
                    );
                    two(Op::Add, lane, sum, two(Op::Mul, lane, a, b))
                });
                results.push(convert(sum, lane, dtype));
            }
        }
        made(&shape.out, dtype, &results)
    }

    fn gather(&self, p: &Gather, x: &Raw, index: &Raw) -> Result<Raw> {
        let shape = p.infer(&[&Spec::of(x), &Spec::of(index)])?.one().shape;
        let by = Indexed::new(x.shape(), p.batch, p.axis, p.axes);
        let list = places(p.name(), index, by.axis, p.mode)?;
        let values = read(x)?;
        let picked: Vec<Slot> = by.sources(&list).into_iter().map(|i| values[i]).collect();
        made(&shape, x.dtype(), &picked)
    }

    fn scatter(&self, p: &Scatter, base: &Raw, index: &Raw, rows: &Raw) -> Result<Raw> {
        let by = Indexed::new(base.shape(), p.batch, p.axis, p.axes);
        let list = places(p.name(), index, by.axis, p.mode)?;
        let dtype = base.dtype();
        let lane = accumulator(dtype).compute();
        let op = match p.combine {
            Combine::Set => None,
            Combine::Add => Some(Op::Add),
            Combine::Multiply => Some(Op::Mul),
            Combine::Maximum => Some(Op::Maximum),
            Combine::Minimum => Some(Op::Minimum),
        };
        let mut values: Vec<Slot> = read(base)?
            .into_iter()
            .map(|v| convert(v, dtype, lane))
            .collect();
        for (to, row) in by.sources(&list).into_iter().zip(read_as(rows, dtype)?) {
            let row = convert(row, dtype, lane);
            values[to] = op.map_or(row, |op| two(op, lane, values[to], row));
        }
        let values: Vec<Slot> = values
            .into_iter()
            .map(|v| convert(v, lane, dtype))
            .collect();
        if p.in_place {
            write(base, &values)?;
            return Ok(base.clone());
        }
        made(base.shape(), dtype, &values)
    }

    fn compress(&self, mask: &Raw, x: &Raw) -> Result<Raw> {
        let inner: usize = x.shape()[mask.rank()..].iter().product();
        let values = read(x)?;
        let rows: Vec<usize> = (read(mask)?.into_iter().enumerate())
            .filter(|(_, is)| is_true(*is))
            .map(|(i, _)| i)
            .collect();
        let picked: Vec<Slot> = rows
            .iter()
            .flat_map(|row| values[row * inner..][..inner].to_vec())
            .collect();
        let shape: Vec<usize> = [rows.len()]
            .iter()
            .chain(&x.shape()[mask.rank()..])
            .copied()
            .collect();
        made(&shape, x.dtype(), &picked)
    }

    fn expand(&self, mask: &Raw, few: &Raw) -> Result<Raw> {
        let inner: usize = few.shape()[1..].iter().product();
        let is = read(mask)?;
        let found = is.iter().filter(|&&is| is_true(is)).count();
        if found != few.shape()[0] {
            return Err(Error::shape(
                "expand",
                format!("{} rows for {found} places", few.shape()[0]),
            ));
        }
        let mut rows = read(few)?.into_iter();
        let mut values = Vec::with_capacity(is.len() * inner);
        for is in is {
            match is_true(is) {
                true => values.extend(rows.by_ref().take(inner)),
                false => values.extend(std::iter::repeat_n(Slot::ZERO, inner)),
            }
        }
        let shape: Vec<usize> = mask
            .shape()
            .iter()
            .chain(&few.shape()[1..])
            .copied()
            .collect();
        made(&shape, few.dtype(), &values)
    }

    /// A kernel of the host runs there.
    fn external(
        &self,
        kernel: &dyn HostKernel,
        dtypes: &[DType],
        outputs: Outputs<Spec>,
        x: &[&Raw],
    ) -> Result<Outputs<Raw>> {
        let here = x
            .iter()
            .map(|x| self.download(x))
            .collect::<Result<Vec<Raw>>>()?;
        let here: Vec<&Raw> = here.iter().collect();
        let results = cpu::Cpu.external(kernel, dtypes, outputs, &here)?;
        results.try_map(|_, y| self.upload(&y))
    }
}
