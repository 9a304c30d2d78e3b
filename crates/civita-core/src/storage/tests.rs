use std::hint::black_box;
use std::ptr;
use std::sync::atomic::AtomicUsize;
use std::sync::atomic::Ordering::{Relaxed, SeqCst};
use std::sync::{Arc, mpsc};
use std::thread;
use std::time::Duration;

use super::guard::{acquire, try_acquire};
use super::*;

const ROUNDS: usize = if cfg!(miri) { 20 } else { 20_000 };

/// A copy of the bytes, for buffers that nobody writes meanwhile. Under miri, where each takes a microsecond, of the
/// first and last only.
fn bytes(s: &Storage) -> Vec<u8> {
    let edge = if cfg!(miri) {
        s.len().min(100)
    } else {
        s.len()
    };
    let wanted = (0..edge).chain(edge.max(s.len() - s.len().min(100))..s.len());
    // SAFETY: as said.
    wanted.map(|i| unsafe { s.ptr().add(i).read() }).collect()
}

fn fill(s: &Storage, value: u8) {
    // SAFETY: the tests call it on buffers of their own, or under a write guard.
    unsafe { s.ptr().write_bytes(value, s.len()) };
}

fn aliased(len: usize) -> Storage {
    Storage::zeroed(len).unwrap().into_aliased().unwrap()
}

const LARGE: usize = if cfg!(miri) { 65_537 } else { 300_000 };
const SIZES: [usize; 8] = [0, 1, 63, 64, 65, 1000, 65_536, LARGE];

#[test]
fn blocks_are_aligned_and_initialised_and_zero_when_asked() {
    for len in SIZES {
        for _ in 0..3 {
            let dirty = Storage::uninit(len).unwrap();
            assert_eq!((dirty.ptr().addr() % 64, dirty.len()), (0, len));
            black_box(bytes(&dirty));
            fill(&dirty, 0xa5);
            drop(dirty);
            let zeroed = Storage::zeroed(len).unwrap();
            assert!(bytes(&zeroed).iter().all(|&b| b == 0), "{len}");
        }
    }
}

#[test]
fn a_block_is_used_again() {
    // another test may have switched the pool off for a moment
    let again = (0..100).any(|_| {
        thread::yield_now();
        let first = Storage::uninit(1000).unwrap().ptr();
        let second = Storage::uninit(1010).unwrap().ptr();
        first == second
    });
    assert!(again, "both are of one class");
}

#[test]
fn blocks_may_be_dropped_on_another_thread() {
    let (send, receive) = mpsc::sync_channel::<Storage>(8);
    let taker = thread::spawn(move || receive.iter().map(|s| s.len()).sum::<usize>());
    let mut sum = 0;
    for i in 0..ROUNDS.min(2000) {
        let len = SIZES[i % SIZES.len()];
        sum += len;
        send.send(Storage::uninit(len).unwrap()).unwrap();
    }
    drop(send);
    assert_eq!(taker.join().unwrap(), sum);
}

#[test]
fn a_storage_may_outlive_the_lists_of_its_thread() {
    thread_local! {
        static LATE: std::cell::RefCell<Vec<Storage>> = const { std::cell::RefCell::new(Vec::new()) };
    }
    for first in [true, false] {
        thread::spawn(move || {
            // destructors of thread-locals run in an order that depends on which was used first
            if first {
                drop(Storage::uninit(100).unwrap());
            }
            LATE.with_borrow_mut(|late| {
                late.extend(SIZES.map(|len| Storage::zeroed(len).unwrap()))
            });
            drop(Storage::uninit(200).unwrap());
        })
        .join()
        .unwrap();
    }
}

#[test]
fn the_pool_keeps_no_more_than_its_bound() {
    pool::set_pool_limit(1 << 20);
    for _ in 0..2 {
        let many: Vec<_> = (0..12).map(|_| Storage::uninit(200_000).unwrap()).collect();
        drop(many);
        drop(Storage::uninit(5 << 20).unwrap());
    }
    // other tests may be just about to trim what they gave back
    let within = || {
        thread::sleep(Duration::from_millis(1));
        pool::pool_bytes() <= 1 << 20
    };
    assert!((0..100).any(|_| within()), "{}", pool::pool_bytes());
    pool::set_pool_limit(0);
    drop(Storage::uninit(100).unwrap());
    drop(Storage::uninit(100_000).unwrap());
    pool::set_pool_limit(256 << 20);
    pool::trim_pool();
}

#[test]
fn what_cannot_be_had_is_an_error_that_names_the_bytes() {
    for bytes in [
        usize::MAX,
        isize::MAX as usize,
        isize::MAX as usize - 4095,
        1 << 60,
    ] {
        // miri has an end too, but asks for it in its own way
        if cfg!(miri) && bytes <= isize::MAX as usize - 4095 {
            continue;
        }
        let error = Storage::uninit(bytes).unwrap_err();
        assert!(error.is_memory());
        assert!(
            error.to_string().contains(&format!("({bytes} bytes)")),
            "{error}"
        );
        assert!(Storage::zeroed(bytes).is_err());
    }
}

#[test]
fn a_vec_is_taken_over_without_a_copy() {
    let vec = vec![1.5f64, 2.5];
    let at = vec.as_ptr();
    let s = Storage::from_vec(vec);
    assert_eq!(
        (s.ptr().cast_const().cast(), s.len(), s.access()),
        (at, 16, Access::Owned)
    );
    assert_eq!(bytes(&s)[..8], 1.5f64.to_ne_bytes());
    let mut spare = Vec::with_capacity(100);
    spare.push(true);
    assert_eq!(Storage::from_vec(spare).len(), 1);
    assert_eq!(Storage::from_vec(Vec::<f32>::new()).len(), 0);
}

#[test]
fn an_owner_lives_as_long_as_the_last_handle() {
    let owner = Arc::new([7u8; 5]);
    let ptr = owner.as_ptr().cast_mut();
    // SAFETY: the `Arc` keeps the bytes; they are not written.
    let s = unsafe { Storage::foreign(ptr, 5, Box::new(owner.clone()), false) };
    let view = s.clone();
    assert_eq!(
        (s.access(), s.writable(), bytes(&s)),
        (Access::Foreign, false, vec![7; 5])
    );
    drop(s);
    assert_eq!(Arc::strong_count(&owner), 2);
    let owned = view.into_owned().unwrap();
    assert_eq!(Arc::strong_count(&owner), 1);
    assert_eq!(
        (owned.access(), owned.writable(), bytes(&owned)),
        (Access::Owned, true, vec![7; 5])
    );
    // SAFETY: no byte is there.
    let empty = unsafe { Storage::foreign(ptr::null_mut(), 0, Box::new(()), true) };
    assert!(!empty.ptr().is_null());
}

#[test]
fn crossing_between_worlds_moves_when_unique_and_copies_otherwise() {
    let a = Storage::zeroed(100).unwrap();
    let at = a.ptr();
    let a = a.into_aliased().unwrap();
    assert_eq!((a.ptr(), a.access()), (at, Access::Aliased));
    let view = a.clone();
    let mut copy = a.into_owned().unwrap();
    assert!(!Storage::same_buffer(&copy, &view) && copy.is_unique());
    assert_eq!(
        (copy.access(), view.access()),
        (Access::Owned, Access::Aliased)
    );
    let b = view.into_owned().unwrap();
    assert_eq!((b.ptr(), b.access()), (at, Access::Owned));
    // SAFETY: the buffer is Aliased or has no other handle, and no reference into it exists.
    unsafe { b.mark_exported() };
    assert_eq!(b.access(), Access::Foreign);
    assert_ne!(
        b.into_owned().unwrap().ptr(),
        at,
        "others know that address"
    );
}

#[test]
fn owned_buffers_need_no_guard() {
    let a = Storage::zeroed(8).unwrap();
    let _one = acquire(&[], &[&a]);
    let _two = acquire(&[], &[&a]);
    assert_eq!(a.version(), 0);
}

#[test]
fn a_reader_may_read_again_and_a_writer_waits() {
    let a = aliased(8);
    let one = acquire(&[&a], &[]);
    let two = try_acquire(&[&a, &a], &[]).unwrap();
    assert!(try_acquire(&[], &[&a]).is_none());
    drop(one);
    assert!(try_acquire(&[], &[&a]).is_none());
    drop(two);
    drop(try_acquire(&[], &[&a]).unwrap());
    assert_eq!(a.version(), 1);
}

#[test]
fn a_buffer_in_both_lists_is_written_once() {
    let (a, b) = (aliased(8), aliased(8));
    let guards = acquire(&[&a, &b, &a], &[&a, &a]);
    assert!(try_acquire(&[&a], &[]).is_none());
    assert!(try_acquire(&[&b], &[]).is_some());
    drop(guards);
    assert_eq!((a.version(), b.version()), (1, 0));
    assert!(try_acquire(&[], &[&a, &b]).is_some());
}

#[test]
fn what_could_not_be_taken_leaves_nothing_taken() {
    let many: Vec<_> = (0..6).map(|_| aliased(8)).collect();
    let all: Vec<_> = many.iter().collect();
    for locked in &many {
        let guards = acquire(&[locked], &[]);
        assert!(try_acquire(&[], &all).is_none());
        drop(guards);
    }
    assert!(many.iter().all(|s| s.version() == 0));
    drop(try_acquire(&[], &all).unwrap());
    assert!(many.iter().all(|s| s.version() == 1));
}

#[test]
fn waiting_sleeps_until_the_last_holder_is_gone() {
    let a = aliased(8);
    for write in [false, true] {
        let held = if write {
            acquire(&[], &[&a])
        } else {
            acquire(&[&a], &[])
        };
        let passed = AtomicUsize::new(0);
        thread::scope(|scope| {
            for _ in 0..3 {
                scope.spawn(|| {
                    let guards = acquire(&[], &[&a]);
                    passed.fetch_add(1, SeqCst);
                    drop(guards);
                });
            }
            thread::sleep(Duration::from_millis(5));
            assert_eq!(passed.load(SeqCst), 0);
            drop(held);
        });
        assert_eq!(passed.load(SeqCst), 3);
    }
}

/// Writers fill whole buffers through aliases, several buffers at a time and named in any order; whoever reads under a
/// guard sees each buffer with one value only.
#[test]
fn readers_never_see_half_a_write() {
    const LEN: usize = if cfg!(miri) { 8 } else { 300 };
    let buffers: Vec<_> = (0..3).map(|_| aliased(LEN)).collect();
    let writes = AtomicUsize::new(0);
    let uniform = |s: &Storage| {
        // SAFETY: called under a guard.
        (1..LEN).all(|i| unsafe { s.ptr().read() == s.ptr().add(i).read() })
    };
    thread::scope(|scope| {
        for id in 0..4usize {
            let views: Vec<_> = buffers.to_vec();
            let (writes, uniform) = (&writes, &uniform);
            scope.spawn(move || {
                let [a, b, c] = [id, id + 1, id + 2].map(|i| &views[i % 3]);
                for round in 0..ROUNDS {
                    let guards = match (id % 2, round % 3) {
                        (0, 0) => match try_acquire(&[c], &[a, b]) {
                            Some(guards) => guards,
                            None => continue,
                        },
                        (0, _) => acquire(&[c], &[b, a]),
                        _ => acquire(&[a, b, c], &[]),
                    };
                    assert!(uniform(a) && uniform(b) && uniform(c));
                    if id % 2 == 0 {
                        fill(a, round as u8);
                        fill(b, id as u8);
                        writes.fetch_add(2, Relaxed);
                    }
                    drop(guards);
                }
            });
        }
    });
    let versions: u64 = buffers.iter().map(Storage::version).sum();
    assert_eq!(versions, writes.into_inner() as u64);
}

#[test]
fn a_shared_box_drops_its_value_with_the_last_handle() {
    let value = Arc::new(());
    let mut one: Shared<_> = Shared::new(value.clone());
    assert!(one.get_mut().is_some());
    let handles: Vec<_> = (0..4).map(|_| one.clone()).collect();
    assert!(one.get_mut().is_none() && Shared::ptr_eq(&one, &handles[0]));
    drop(one);
    thread::scope(|scope| {
        for handle in handles {
            scope.spawn(move || drop(handle));
        }
    });
    assert_eq!(Arc::strong_count(&value), 1);
}

#[test]
fn a_writer_gets_its_turn_among_readers_that_never_pause() {
    use std::sync::atomic::{AtomicBool, Ordering::Relaxed};
    let storage = Storage::zeroed(8).unwrap().into_aliased().unwrap();
    let done = AtomicBool::new(false);
    std::thread::scope(|scope| {
        for _ in 0..3 {
            scope.spawn(|| {
                while !done.load(Relaxed) {
                    let _guard = guard::acquire(&[&storage], &[]);
                    std::thread::sleep(std::time::Duration::from_millis(5));
                }
            });
        }
        std::thread::sleep(std::time::Duration::from_millis(20));
        let since = std::time::Instant::now();
        for _ in 0..3 {
            drop(guard::acquire(&[], &[&storage]));
        }
        let waited = since.elapsed();
        done.store(true, Relaxed);
        assert!(waited.as_secs_f64() < 5.0, "{waited:?}");
    });
    // a thread that reads already may read again, though somebody waits to write
    let first = guard::acquire(&[&storage], &[]);
    std::thread::scope(|scope| {
        let writer = scope.spawn(|| drop(guard::acquire(&[], &[&storage])));
        std::thread::sleep(std::time::Duration::from_millis(20));
        drop(guard::acquire(&[&storage], &[]));
        drop(first);
        writer.join().unwrap();
    });
}

#[test]
fn handles_counted_at_once_are_handles_like_others() {
    let value = Arc::new(());
    let one: Shared<_> = Shared::new(value.clone());
    let mut reserved = Reserved::new(one, 3);
    let mut more = reserved.clone();
    // more than were counted: the fourth is counted by itself
    let mut taken: Vec<_> = (0..4).map(|_| reserved.take()).collect();
    let last = more.take();
    drop((reserved, more));
    assert_eq!(Arc::strong_count(&value), 2);
    assert!(taken[0].get_mut().is_none() && Shared::ptr_eq(&taken[3], &last));
    thread::scope(|scope| {
        for handle in taken {
            scope.spawn(move || drop(handle));
        }
    });
    let mut last = last;
    assert!(last.get_mut().is_some());
    drop(last);
    assert_eq!(Arc::strong_count(&value), 1);
}
