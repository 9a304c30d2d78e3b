//! Places to stop at in long loops of one thread.

use std::ops::Range;

use civita_core::threads::stop_if_told;

const STEP: usize = 1 << 16;

/// The parts of a range, one after the other: a place to stop at before each.
#[inline]
pub(crate) fn steps(range: Range<usize>) -> impl Iterator<Item = Range<usize>> {
    let end = range.end;
    range.step_by(STEP).map(move |start| {
        stop_if_told();
        start..end.min(start + STEP)
    })
}

/// The items, with a place to stop at before every 65,536th: for loops that do much for each.
#[inline]
pub(crate) fn watched<I: IntoIterator>(items: I) -> impl Iterator<Item = I::Item> {
    items.into_iter().enumerate().map(|(k, item)| {
        if k % STEP == 0 {
            stop_if_told();
        }
        item
    })
}
