//! Rows placed by index, on the CPU.

use std::ops::Range;

use smallvec::SmallVec;

use super::gather::{PIECE, is_plain, offset, places, row_of};
use super::{copy, scan};
use crate::backend::overlap::touches_foreign;
use crate::dtype::DType;
use crate::error::Result;
use crate::explain;
use crate::isa::{Isa, Wide, wide};
use crate::ops::Fold;
use crate::primitive::{Combine, Scatter};
use crate::raw::{Mode, Raw};
use crate::storage::{Access, Storage};
use crate::threads::{self, Parts};

/// `base` with `rows` placed at `index`.
pub(super) fn scatter(p: &Scatter, base: &Raw, index: &Raw, rows: &Raw) -> Result<Raw> {
    let out = if p.in_place {
        base.clone()
    } else {
        copy::copied(base, base.dtype())?
    };
    // memory that others may write is read once, so that what was checked is what is used
    let own;
    let index = if index.dtype().is_integer() && index.dtype() != DType::U64 && !is_plain(index) {
        own = copy::contiguous(&copy::copied(index, DType::I64)?)?;
        &own
    } else {
        index
    };
    let rows = &cast(rows, out.dtype())?;
    let done = match p.combine {
        Combine::Set => put_plain(p, &out, index, rows),
        _ => combine_plain(p, &out, index, rows)?,
    };
    if done {
        return Ok(out);
    }
    let (from, to) = (p.axis, p.axis + p.axes);
    let many: usize = out.shape()[from..to].iter().product();
    let list = places(p.combine.name(), index, many, p.mode)?;
    match p.combine {
        Combine::Set => {
            // ours alone, whatever the rows share with the tensor
            let shared =
                Storage::same_buffer(rows.storage(), out.storage()) || touches_foreign(rows, &out);
            // a byte that others chose is no `bool`
            let chosen = rows.dtype() == DType::Bool && rows.storage().access() == Access::Foreign;
            match shared || chosen {
                true => set_rows(p, &out, &list, &copy::copied(rows, rows.dtype())?)?,
                false => set_rows(p, &out, &list, rows)?,
            }
        }
        _ => combine(p, &out, &list, rows, many)?,
    }
    Ok(out)
}

/// A conversion; what is broadcast is converted once.
fn cast(x: &Raw, dtype: DType) -> Result<Raw> {
    if x.dtype() == dtype {
        return Ok(x.clone());
    }
    let mut once = x.layout().clone();
    for axis in 0..x.rank() {
        if x.layout().strides()[axis] == 0 && x.shape()[axis] > 1 {
            once = once.narrow(axis as isize, 0, 1)?;
        }
    }
    let y = copy::cast(&x.with_layout(once), dtype)?;
    Ok(y.with_layout(y.layout().broadcast_to(x.shape())?))
}

fn fold_of(combine: Combine) -> Fold {
    match combine {
        Combine::Multiply => Fold::Prod,
        Combine::Maximum => Fold::Max,
        Combine::Minimum => Fold::Min,
        Combine::Add | Combine::Set => Fold::Sum,
    }
}

/// How many rows of a contiguous tensor lie from one to the next: 1, or 0 where one row is broadcast over the `lead` axes. `None`
/// where they lie otherwise.
fn row_step(rows: &Raw, lead: usize) -> Option<usize> {
    if rows.layout().is_contiguous() {
        return Some(1);
    }
    let (shape, strides) = (rows.shape(), rows.layout().strides());
    let mut step = 1;
    for axis in (0..rows.rank()).rev() {
        let wanted = if axis < lead { 0 } else { step };
        if shape[axis] != 1 && strides[axis] != wanted {
            return None;
        }
        step *= shape[axis] as isize;
    }
    Some(0)
}

/// Whether elements can be placed straight from where they lie, and then the step from row to row: plain `i64` along the first axes,
/// tensors of one dtype in different memory, a contiguous target, rows as [`row_step`] says.
fn is_direct(p: &Scatter, out: &Raw, index: &Raw, rows: &Raw) -> Option<usize> {
    let apart = [index, rows]
        .iter()
        .all(|x| !Storage::same_buffer(x.storage(), out.storage()) && !touches_foreign(out, x));
    let direct = apart
        && (p.axis, p.batch, p.mode) == (0, 0, Mode::Raise)
        && rows.dtype() == out.dtype()
        && rows.dtype() != DType::Bool
        && is_plain(index)
        && out.layout().is_contiguous();
    direct.then(|| row_step(rows, index.rank())).flatten()
}

/// Combines single elements where that needs no copies. Where the result is larger than caches, each task owns a part of it and
/// looks at all indices, in their order. Says whether it was done.
fn combine_plain(p: &Scatter, out: &Raw, index: &Raw, rows: &Raw) -> Result<bool> {
    let n: usize = out.shape()[..p.axes.min(out.rank())].iter().product();
    if n != out.len() {
        return Ok(false);
    }
    let Some(step) = is_direct(p, out, index, rows) else {
        return Ok(false);
    };
    let lane = out.dtype().compute();
    if lane != out.dtype() {
        // narrow floats are rounded once, after all
        let sum = copy::copied(out, lane)?;
        let done = combine_plain(p, &sum, index, &cast(rows, lane)?)?;
        if done {
            copy::copy_into(&sum, out)?;
        }
        return Ok(done);
    }
    // SAFETY: plain indices, which nobody writes under the guard.
    let list =
        unsafe { std::slice::from_raw_parts(index.ptr().cast::<i64>().cast_const(), index.len()) };
    if !all_exist(list, n) {
        return Ok(false);
    }
    explain::note(p.combine.name(), rows.len(), || {
        (lane, explain::Kind::Gather)
    });
    let kernel = scan::indexed(fold_of(p.combine), lane);
    let (from, to) = (Parts(rows.ptr()), Parts(out.ptr()));
    let all = Parts(index.ptr().cast::<i64>());
    each_range(index.len(), n, lane.size(), &|some, here| {
        let here = scan::IndexRange { step, ..here };
        let x = [
            all.at(some.start).cast_const().cast(),
            from.at(some.start * step * lane.size()).cast_const(),
            (&raw const here).cast(),
        ];
        // SAFETY: indices that exist and as many rows, or one; the elements of this range, which are this task's.
        unsafe { kernel(some.len(), x, to.at(here.first * lane.size())) };
    });
    Ok(true)
}

/// The most tasks that look at all indices: looking at one costs about a quarter of what is done with it.
const MOST_LOOKS: usize = 8;
/// Bytes that are in a cache where they are combined: to look at all indices takes longer than to wait for these. (A million
/// `f64` on Zen 5: 1.3 ms on one thread, 1.8 on two; ten millions 76 and 40.)
const CACHED: usize = 16 << 20;

/// Indices between two looks whether to go on.
const STRETCH: usize = 1 << 16;

/// Shares `n` elements, of which `list` indices name some, among tasks, each of which looks at all indices: so what one element gets,
/// it gets in the order of the indices. A task is given some of the indices and the elements that are its own.
fn each_range(
    list: usize,
    n: usize,
    size: usize,
    task: &(dyn Fn(Range<usize>, scan::IndexRange) + Sync),
) {
    let tasks = match n * size <= CACHED {
        true => 1,
        false => threads::threads().min(MOST_LOOKS).min(list / PIECE + 1),
    };
    let part = n.div_ceil(tasks).max(1);
    let range = |number: usize| scan::IndexRange {
        first: number * part,
        len: part.min(n - number * part),
        all: n,
        step: 1,
    };
    if tasks == 1 {
        return in_order(list, &|some| task(some, range(0)));
    }
    threads::run(n.div_ceil(part), &|number| task(0..list, range(number)));
}

/// Calls `f` for stretches of `0..n`, one after the other on this thread.
fn in_order(n: usize, f: &(dyn Fn(Range<usize>) + Sync)) {
    threads::with_threads(1, || threads::run_ranges(n, STRETCH, f));
}

/// Whether each index is that of one of `n` rows.
fn all_exist(list: &[i64], n: usize) -> bool {
    struct Missing<'a>(&'a [i64], i64);
    impl Wide for Missing<'_> {
        type Out = bool;
        #[inline(always)]
        fn run<I: Isa>(self) -> bool {
            let Missing(list, n) = self;
            let beyond = |&i: &i64| i64::from((i < -n) | (i >= n));
            list.iter().fold(0, |any, i| any | beyond(i)) != 0
        }
    }
    !wide(Missing(list, n as i64))
}

/// Writes small rows over those of the first axes, where that needs no copies: see [`is_direct`], and all indices exist. Says whether
/// it was done.
fn put_plain(p: &Scatter, out: &Raw, index: &Raw, rows: &Raw) -> bool {
    let bytes = out.shape().iter().skip(p.axes).product::<usize>() * out.dtype().size();
    let put = match bytes {
        1 => each_plain::<u8>,
        2 => each_plain::<u16>,
        4 => each_plain::<u32>,
        8 => each_plain::<u64>,
        16 => each_plain::<[u64; 2]>,
        _ => return false,
    };
    let Some(step) = is_direct(p, out, index, rows) else {
        return false;
    };
    let n = out.shape()[..p.axes].iter().product();
    // SAFETY: plain indices, which nobody writes under the guard; as many rows of as many bytes; `n` rows here, which the
    // guard gives us alone, in memory of their own.
    unsafe {
        let list = std::slice::from_raw_parts(index.ptr().cast::<i64>().cast_const(), index.len());
        let all = all_exist(list, n);
        if all {
            explain::note("put", rows.len(), || (out.dtype(), explain::Kind::Gather));
            put(list, n, (rows.ptr().cast_const(), step), out.ptr());
        }
        all
    }
}

/// Axes that the target and the rows have together: a length, and the strides of both in bytes.
type Steps = SmallVec<[(usize, [isize; 2]); 4]>;

/// Without axes of length 1; neighbours that are one even walk in both are one axis.
fn merged(axes: impl Iterator<Item = (usize, [isize; 2])>) -> Steps {
    let mut all = Steps::new();
    for (len, step) in axes.filter(|&(len, _)| len != 1) {
        match all.last_mut() {
            Some((n, s)) if *s == step.map(|x| x * len as isize) => (*n, *s) = (*n * len, step),
            _ => all.push((len, step)),
        }
    }
    all
}

/// Calls `f` with the number of each place of a range, in C order of the axes, and its distances.
#[inline(always)]
fn walk(axes: &[(usize, [isize; 2])], range: Range<usize>, mut f: impl FnMut(usize, [isize; 2])) {
    let Some((&(len, [a, b]), before)) = axes.split_last() else {
        return range.for_each(|i| f(i, [0; 2]));
    };
    let mut i = range.start;
    while i < range.end {
        let (mut rest, within) = (i / len, i % len);
        let mut at = [within as isize * a, within as isize * b];
        for &(n, [a, b]) in before.iter().rev() {
            at[0] += (rest % n) as isize * a;
            at[1] += (rest % n) as isize * b;
            rest /= n;
        }
        let end = range.end.min(i - within + len);
        while i < end {
            f(i, at);
            at[0] += a;
            at[1] += b;
            i += 1;
        }
    }
}

/// Rows and where they come.
struct Rows<'a> {
    from: Parts<u8>,
    to: Parts<u8>,
    /// The axes before those that are picked from.
    lead: Steps,
    /// The axes of a row.
    row: Steps,
    /// Distances in bytes of the picked places, `many` in each block of `middle` leads.
    places: &'a [isize],
    many: usize,
    middle: usize,
    /// Bytes from one row to the next.
    step: isize,
}

impl Rows<'_> {
    /// The rows of some leads, one after the other: of equal places the last stays. `T` has the size of an element.
    ///
    /// # Safety
    /// Rows and places as far as all this says, which do not overlap; the places under these leads are ours alone.
    #[inline(always)]
    unsafe fn write<T: Copy>(&self, leads: Range<usize>) {
        let one_block = self.places.len() == self.many;
        let (to, from) = (self.to.at(0), self.from.at(0).cast_const());
        // SAFETY: the caller's contract. Elements lie at multiples of their size, but a view of bytes need not begin at one.
        unsafe {
            let put = |to: *mut u8, from: *const u8| {
                to.cast::<T>()
                    .write_unaligned(from.cast::<T>().read_unaligned());
            };
            let run = |(n, [a, b]): (usize, [isize; 2]), to: *mut u8, from: *const u8| {
                let size = size_of::<T>() as isize;
                if a == size && b == size && n > SHORT_ROW {
                    std::ptr::copy_nonoverlapping(from, to, n * size_of::<T>());
                    return;
                }
                if a == size && b == 0 {
                    let x = from.cast::<T>().read_unaligned();
                    for i in 0..n {
                        to.cast::<T>().add(i).write_unaligned(x);
                    }
                    return;
                }
                for i in 0..n as isize {
                    put(to.offset(i * a), from.offset(i * b));
                }
            };
            match &self.row[..] {
                [] => self.each_row(leads, one_block, (to, from), &mut |to, from| put(to, from)),
                &[one] => self.each_row(leads, one_block, (to, from), &mut |to, from| {
                    run(one, to, from)
                }),
                [before @ .., last] => {
                    let count = before.iter().map(|x| x.0).product();
                    self.each_row(leads, one_block, (to, from), &mut |to, from| {
                        walk(before, 0..count, |_, [a, b]| {
                            run(*last, to.offset(a), from.offset(b))
                        });
                    });
                }
            }
        }
    }

    /// # Safety
    /// As [`Rows::write`].
    #[inline(always)]
    unsafe fn each_row(
        &self,
        leads: Range<usize>,
        one_block: bool,
        (to, from): (*mut u8, *const u8),
        f: &mut impl FnMut(*mut u8, *const u8),
    ) {
        walk(&self.lead, leads, |lead, [a, b]| {
            let block = if one_block { 0 } else { lead / self.middle };
            let places = &self.places[block * self.many..(block + 1) * self.many];
            // SAFETY: the caller's contract.
            unsafe {
                let (to, mut from) = (to.offset(a), from.offset(b));
                for &place in places {
                    f(to.offset(place), from);
                    from = from.wrapping_offset(self.step);
                }
            }
        });
    }
}

/// Elements of a row up to which a loop is faster than a call of `memcpy`.
const SHORT_ROW: usize = 8;

/// Writes rows one after the other, from where they lie: of equal places the last stays.
fn set_rows(p: &Scatter, out: &Raw, list: &[usize], rows: &Raw) -> Result<()> {
    if rows.is_empty() {
        return Ok(());
    }
    let (from, to) = (p.axis, p.axis + p.axes);
    let (shape, size) = (out.shape(), out.dtype().size() as isize);
    let row = out.rank() - to;
    let behind = rows.rank() - row;
    let picked = merged((from..behind).map(|axis| {
        let step = rows.layout().strides()[axis] * size;
        (rows.shape()[axis], [step; 2])
    }));
    let step = match picked[..] {
        [] => 0,
        [(_, [step, _])] => step,
        // the axes of the indices are no even walk
        _ => return set_rows(p, out, list, &copy::copied(rows, rows.dtype())?),
    };
    explain::note("put", rows.len(), || (out.dtype(), explain::Kind::Gather));
    let both = |axis: usize, other: usize| {
        let steps = [
            out.layout().strides()[axis] * size,
            rows.layout().strides()[other] * size,
        ];
        (shape[axis], steps)
    };
    let places: Vec<isize> = match p.axes {
        1 => {
            let step = out.layout().strides()[from] * size;
            list.iter().map(|&place| place as isize * step).collect()
        }
        _ => list
            .iter()
            .map(|&place| offset(out, from..to, place) * size)
            .collect(),
    };
    let blocks: usize = shape[..p.batch].iter().product();
    let leads: usize = shape[..from].iter().product();
    let many = places.len() / blocks;
    let rows = Rows {
        from: Parts(rows.ptr()),
        to: Parts(out.ptr()),
        lead: merged((0..from).map(|axis| both(axis, axis))),
        row: merged((0..row).map(|axis| both(to + axis, behind + axis))),
        places: &places,
        many,
        middle: leads / blocks,
        step,
    };
    let each = rows.row.iter().map(|x| x.0).product::<usize>() * many;
    let task = |range: Range<usize>| {
        // SAFETY: rows of this layout, which lies within its buffer, as do the places; the two do not overlap, the guard keeps
        // others away, and each task has leads of its own.
        unsafe {
            match size {
                1 => rows.write::<u8>(range),
                2 => rows.write::<u16>(range),
                4 => rows.write::<u32>(range),
                8 => rows.write::<u64>(range),
                _ => rows.write::<[u64; 2]>(range),
            }
        }
    };
    // of elements that lie on each other the last stays too
    match leads * each <= PIECE || out.layout().has_internal_overlap() {
        true => task(0..leads),
        false => threads::run_ranges(leads, (PIECE / each).max(1), &task),
    }
    Ok(())
}

/// Combines rows with those at their places. A task owns rows of the result and combines each in the order of the indices,
/// so that the bits do not depend on threads; half floats are combined in `f32`.
fn combine(p: &Scatter, out: &Raw, list: &[usize], rows: &Raw, n: usize) -> Result<()> {
    let to = p.axis + p.axes;
    if rows.is_empty() || out.is_empty() {
        return Ok(());
    }
    let lane = match out.dtype() {
        // an i64 kernel would count
        DType::Bool => DType::U8,
        dtype => dtype.compute(),
    };
    let here = out.layout().is_contiguous() && out.dtype() == lane;
    let sum = if here {
        out.clone()
    } else {
        copy::copied(out, lane)?
    };
    let shared = Storage::same_buffer(rows.storage(), sum.storage());
    let rows = if shared || rows.dtype() != lane {
        copy::copied(rows, lane)?
    } else {
        copy::contiguous(rows)?
    };
    let inner: usize = out.shape()[to..].iter().product();
    let blocks: usize = out.shape()[..p.batch].iter().product();
    let middle: usize = out.shape()[p.batch..p.axis].iter().product();
    let many = list.len() / blocks;
    let grouped: Vec<Grouped> = (0..blocks)
        .map(|b| Grouped::new(&list[b * many..(b + 1) * many], n))
        .collect();
    let (add, bytes) = (
        scan::combined(fold_of(p.combine), lane),
        inner * lane.size(),
    );
    explain::note(p.combine.name(), rows.len(), || {
        (out.dtype(), explain::Kind::Gather)
    });
    let (from, at) = (Parts(rows.ptr()), Parts(sum.ptr()));
    let each = (rows.len() / (sum.len() / inner)).max(1);
    threads::run_ranges(sum.len() / inner, (PIECE / each).max(1), &|range| {
        for target in range {
            let outer = target / n;
            for &place in grouped[outer / middle].of(target % n) {
                // SAFETY: rows of the input by their number in it; the row of the output is this task's.
                unsafe {
                    let row = from.at((outer * many + place) * bytes).cast_const();
                    add(inner, [row; 3], at.at(target * bytes));
                }
            }
        }
    });
    if here {
        Ok(())
    } else {
        copy::copy_into(&sum, out)
    }
}

/// Places of a list of indices, by index: a counting sort, which keeps their order.
struct Grouped {
    places: Vec<usize>,
    /// Where the places of each index begin, and the end.
    starts: Vec<usize>,
}

impl Grouped {
    fn new(list: &[usize], n: usize) -> Grouped {
        let mut starts = vec![0; n + 2];
        for &i in list {
            starts[i + 2] += 1;
        }
        for i in 2..starts.len() {
            starts[i] += starts[i - 1];
        }
        // `starts[i + 1]` walks from the beginning of group `i` to its end, where group `i + 1` begins
        let mut places = vec![0; list.len()];
        for (place, &i) in list.iter().enumerate() {
            places[starts[i + 1]] = place;
            starts[i + 1] += 1;
        }
        Grouped { places, starts }
    }

    fn of(&self, i: usize) -> &[usize] {
        &self.places[self.starts[i]..self.starts[i + 1]]
    }
}

/// Rows of the size of a `T`, by indices that exist among `n`. On one thread: no write waits for memory. (Two that look at all
/// indices and write half of them each took longer, up to 30 million.)
///
/// # Safety
/// As many rows at `from` as indices, or one and a step of 0; `n` at `to`, which are ours alone.
unsafe fn each_plain<T: Copy>(
    list: &[i64],
    n: usize,
    (from, step): (*const u8, usize),
    to: *mut u8,
) {
    let (from, to) = (Parts(from.cast::<T>().cast_mut()), Parts(to.cast::<T>()));
    in_order(list.len(), &|some| {
        for k in some {
            // SAFETY: the caller's contract; one thread does all.
            unsafe {
                to.at(row_of(list[k], n))
                    .write_unaligned(from.at(k * step).read_unaligned());
            }
        }
    });
}
