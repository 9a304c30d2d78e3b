//! What a function notices and still answers, as NumPy's `RuntimeWarning`: the mean of an empty array, a row of NaN.

use std::borrow::Cow;
use std::cell::RefCell;

const MOST: usize = 64;

thread_local! {
    /// Where nobody takes them, no more than [`MOST`].
    static WARNINGS: RefCell<Vec<Cow<'static, str>>> = const { RefCell::new(Vec::new()) };
}

/// Notes a warning for whoever called.
#[cold]
pub(crate) fn warn(text: impl Into<Cow<'static, str>>) {
    WARNINGS.with_borrow_mut(|all| {
        if all.len() < MOST {
            all.push(text.into());
        }
    });
}

/// The warnings of functions that this thread ran since the last call. Bindings show them.
#[inline]
pub fn take_warnings() -> Vec<Cow<'static, str>> {
    WARNINGS.take()
}
