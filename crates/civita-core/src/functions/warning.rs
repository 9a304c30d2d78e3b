//! What a function notices and still answers, as NumPy's `RuntimeWarning`: the mean of nothing, a row of NaN.

use std::cell::RefCell;

thread_local! {
    /// Each text once: where nobody takes them there are never more than there are texts.
    static WARNINGS: RefCell<Vec<&'static str>> = const { RefCell::new(Vec::new()) };
}

/// Notes a warning for whoever called.
#[cold]
pub(crate) fn warn(text: &'static str) {
    WARNINGS.with_borrow_mut(|all| {
        if !all.contains(&text) {
            all.push(text);
        }
    });
}

/// The warnings of functions that this thread ran since the last call. Bindings show them.
#[inline]
pub fn take_warnings() -> Vec<&'static str> {
    WARNINGS.take()
}
