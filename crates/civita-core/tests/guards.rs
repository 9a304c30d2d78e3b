//! Guards of bindings whose own lock lets one thread at a time in. A file of its own: it changes the whole process.

use civita_core::dtype::DType;
use civita_core::raw::Raw;
use civita_core::storage::guard::{self, try_acquire};

#[test]
fn whoever_is_alone_locks_nothing_and_counts_what_it_writes() {
    let x = Raw::zeros(&[4], DType::F64).and_then(Raw::into_aliased);
    let x = x.expect("an array");
    let storage = x.storage();
    let blocks = || {
        let _read = guard::acquire(&[storage], &[]);
        try_acquire(&[], &[storage]).is_none()
    };
    assert!(blocks(), "there is no lock of bindings yet");

    // SAFETY: this test is the process's only thread, and holds no guard while another could run.
    unsafe { guard::enter_one_at_a_time() };
    let before = storage.version();
    drop(guard::acquire_write(storage, None));
    drop(guard::acquire(&[], &[storage]));
    assert_eq!(storage.version(), before + 2);
    let read = guard::acquire_two(Some(storage), None);
    assert!(
        try_acquire(&[], &[storage]).is_some(),
        "a reader that is alone holds no lock"
    );
    drop(read);
    let read = guard::acquire_across_calls(storage);
    assert!(
        try_acquire(&[], &[storage]).is_none(),
        "who may call others holds one"
    );
    drop(read);

    let outside = guard::beside();
    assert!(blocks(), "somebody works without the lock of the bindings");
    // what was taken in one state is given back as it was taken
    let locked = guard::acquire_write(storage, None);
    drop(outside);
    assert!(try_acquire(&[storage], &[]).is_none());
    drop(locked);
    assert!(try_acquire(&[], &[storage]).is_some());
}
