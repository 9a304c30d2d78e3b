//! Rows placed by index, on the CPU.

use std::ops::Range;

use super::gather::{PIECE, is_plain, offset, places, row_of};
use super::{copy, scan};
use crate::backend::overlap::touches_foreign;
use crate::dtype::DType;
use crate::error::Result;
use crate::explain;
use crate::isa::{Isa, Wide, wide};
use crate::layout::Layout;
use crate::ops::Fold;
use crate::primitive::{Combine, Scatter};
use crate::raw::{Mode, Raw};
use crate::storage::Storage;
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
    if p.combine == Combine::Set && put_plain(p, &out, index, rows) {
        return Ok(out);
    }
    if p.combine != Combine::Set && combine_plain(p, &out, index, rows) {
        return Ok(out);
    }
    let (from, to) = (p.axis, p.axis + p.axes);
    let many: usize = out.shape()[from..to].iter().product();
    let list = places(p.combine.name(), index, many, p.mode)?;
    let rows = copy::cast(rows, out.dtype())?;
    match p.combine {
        Combine::Set => {
            // ours alone, whatever the rows share with the tensor
            let shared =
                Storage::same_buffer(rows.storage(), out.storage()) || touches_foreign(&rows, &out);
            let rows = if shared {
                copy::copied(&rows, rows.dtype())?
            } else {
                copy::contiguous(&rows)?
            };
            set_rows(p, &out, &list, &rows)?;
        }
        _ => combine(p, &out, &list, &rows, many)?,
    }
    Ok(out)
}

fn fold_of(combine: Combine) -> Fold {
    match combine {
        Combine::Multiply => Fold::Prod,
        Combine::Maximum => Fold::Max,
        Combine::Minimum => Fold::Min,
        Combine::Add | Combine::Set => Fold::Sum,
    }
}

/// Whether elements can be placed straight from where they lie: plain `i64` along the first axes, contiguous tensors of one dtype in
/// different memory.
fn is_direct(p: &Scatter, out: &Raw, index: &Raw, rows: &Raw) -> bool {
    let apart = [index, rows]
        .iter()
        .all(|x| !Storage::same_buffer(x.storage(), out.storage()) && !touches_foreign(out, x));
    apart
        && (p.axis, p.batch, p.mode) == (0, 0, Mode::Raise)
        && rows.dtype() == out.dtype()
        && rows.dtype() != DType::Bool
        && is_plain(index)
        && rows.layout().is_contiguous()
        && out.layout().is_contiguous()
}

/// Combines single elements where that needs no copies. Where the result is larger than caches, each task owns a part of it and
/// looks at all indices, in their order. Says whether it was done.
fn combine_plain(p: &Scatter, out: &Raw, index: &Raw, rows: &Raw) -> bool {
    let n: usize = out.shape()[..p.axes.min(out.rank())].iter().product();
    let lane = out.dtype();
    if n != out.len() || lane.compute() != lane || !is_direct(p, out, index, rows) {
        return false;
    }
    // SAFETY: plain indices, which nobody writes under the guard.
    let list =
        unsafe { std::slice::from_raw_parts(index.ptr().cast::<i64>().cast_const(), index.len()) };
    if !all_exist(list, n) {
        return false;
    }
    explain::note(p.combine.name(), rows.len(), || {
        (lane, explain::Kind::Gather)
    });
    let kernel = scan::indexed(fold_of(p.combine), lane);
    let (from, to) = (Parts(rows.ptr()), Parts(out.ptr()));
    let all = Parts(index.ptr().cast::<i64>());
    each_range(index.len(), n, lane.size(), &|some, here| {
        let x = [
            all.at(some.start).cast_const().cast(),
            from.at(some.start * lane.size()).cast_const(),
            (&raw const here).cast(),
        ];
        // SAFETY: indices that exist and as many rows; the elements of this range, which are this task's.
        unsafe { kernel(some.len(), x, to.at(here.first * lane.size())) };
    });
    true
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

/// Writes small rows over those of the first axes, where that needs no copies: plain `i64` that all exist, contiguous
/// tensors of one dtype in different memory. Says whether it was done.
fn put_plain(p: &Scatter, out: &Raw, index: &Raw, rows: &Raw) -> bool {
    let bytes = out.shape().iter().skip(p.axes).product::<usize>() * out.dtype().size();
    let put = match bytes {
        1 => each_plain::<u8>,
        2 => each_plain::<u16>,
        4 => each_plain::<u32>,
        8 => each_plain::<u64>,
        _ => return false,
    };
    if !is_direct(p, out, index, rows) {
        return false;
    }
    let n = out.shape()[..p.axes].iter().product();
    // SAFETY: plain indices, which nobody writes under the guard; as many rows of as many bytes; `n` rows here, which the
    // guard gives us alone, in memory of their own.
    unsafe {
        let list = std::slice::from_raw_parts(index.ptr().cast::<i64>().cast_const(), index.len());
        let all = all_exist(list, n);
        if all {
            explain::note("put", rows.len(), || (out.dtype(), explain::Kind::Gather));
            put(list, n, rows.ptr().cast_const(), out.ptr());
        }
        all
    }
}

/// Writes contiguous rows one after the other: of equal places the last stays.
fn set_rows(p: &Scatter, out: &Raw, list: &[usize], rows: &Raw) -> Result<()> {
    let (from, to) = (p.axis, p.axis + p.axes);
    let (shape, strides) = (out.shape(), out.layout().strides());
    let row = Layout::contiguous(&shape[to..])?;
    let inner = row.len();
    if inner == 0 || rows.is_empty() {
        return Ok(());
    }
    explain::note("put", rows.len(), || (out.dtype(), explain::Kind::Gather));
    let blocks: usize = shape[..p.batch].iter().product();
    let middle: usize = shape[p.batch..from].iter().product();
    let many = list.len().checked_div(blocks).unwrap_or(0);
    let dense = (to..out.rank()).all(|a| shape[a] == 1 || strides[a] == row.strides()[a - to]);
    let size = out.dtype().size();
    let start = out.layout().offset() as isize;
    if dense && blocks * middle == 1 && p.axes == 1 {
        let step = strides[from];
        let (from, to) = (rows.ptr().cast_const(), out.base());
        let at = |place: usize| (start + place as isize * step) * size as isize;
        // SAFETY: rows of a contiguous tensor; rows of this layout, which lies within its buffer. The former are nobody
        // else's, so the two do not overlap, and the guard keeps others away.
        let done = unsafe {
            match inner * size {
                1 => each::<u8>(list, from, to, at),
                2 => each::<u16>(list, from, to, at),
                4 => each::<u32>(list, from, to, at),
                8 => each::<u64>(list, from, to, at),
                _ => false,
            }
        };
        if done {
            return Ok(());
        }
    }
    let rest: Vec<usize> = shape[to..].to_vec();
    for outer in 0..blocks * middle {
        let lead = start + offset(out, 0..from, outer);
        for k in 0..many {
            let place = list[outer / middle * many + k];
            let at = lead + offset(out, from..to, place);
            let source = (outer * many + k) * inner;
            if dense {
                // SAFETY: as above.
                unsafe {
                    std::ptr::copy_nonoverlapping(
                        rows.ptr().add(source * size).cast_const(),
                        out.base().offset(at * size as isize),
                        inner * size,
                    );
                }
                continue;
            }
            let target = Layout::from_parts(
                &rest,
                &strides[to..],
                at as usize,
                out.storage().len() / size,
            )?;
            let part = Layout::from_parts(&rest, row.strides(), source, rows.len())?;
            copy::copy_into(&rows.with_layout(part), &out.with_layout(target))?;
        }
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
/// As many rows at `from` as indices, `n` at `to`, which are ours alone.
unsafe fn each_plain<T: Copy>(list: &[i64], n: usize, from: *const u8, to: *mut u8) {
    let (from, to) = (Parts(from.cast::<T>().cast_mut()), Parts(to.cast::<T>()));
    in_order(list.len(), &|some| {
        for k in some {
            // SAFETY: the caller's contract; one thread does all.
            unsafe {
                to.at(row_of(list[k], n))
                    .write_unaligned(from.at(k).read_unaligned());
            }
        }
    });
}

/// Rows of the size of a `T`.
///
/// # Safety
/// As many at `from` as there are places; a row at each of the bytes that `at` gives, and nobody else looks at them.
#[inline]
unsafe fn each<T: Copy>(
    places: &[usize],
    from: *const u8,
    to: *mut u8,
    at: impl Fn(usize) -> isize,
) -> bool {
    for (k, &place) in places.iter().enumerate() {
        // SAFETY: the caller's contract. Elements lie at multiples of their size, but a row of several need not.
        unsafe {
            let row = from.cast::<T>().add(k).read_unaligned();
            to.offset(at(place)).cast::<T>().write_unaligned(row);
        }
    }
    true
}
