use std::collections::BTreeSet;
use std::panic::catch_unwind;
use std::sync::Mutex;
use std::sync::atomic::Ordering::{Relaxed, SeqCst};
use std::sync::atomic::{AtomicBool, AtomicUsize};
use std::time::{Duration, Instant};

use super::*;

/// Repetitions, fewer where each costs a lot.
const ROUNDS: usize = if cfg!(miri) { 3 } else { 2000 };

#[test]
fn every_task_runs_once_on_any_number_of_threads() {
    for n in [1, 2, 3, 5] {
        with_threads(n, || {
            for round in 0..ROUNDS {
                let tasks = round % 9;
                let counts: Vec<_> = (0..tasks).map(|_| AtomicUsize::new(0)).collect();
                run(tasks, &|i| _ = counts[i].fetch_add(1, Relaxed));
                assert!(
                    counts.iter().all(|c| c.load(Relaxed) == 1),
                    "{tasks} on {n}"
                );
            }
        });
    }
}

#[test]
fn what_tasks_write_is_seen_by_the_caller() {
    with_threads(3, || {
        for round in 0..ROUNDS {
            // plain memory behind raw pointers, so that a missing edge is a data race that miri reports
            let mut out = [0usize; 8];
            let at = AtomicPtr::new(out.as_mut_ptr());
            // SAFETY: each task writes its own element.
            run(8, &|i| unsafe { *at.load(Relaxed).add(i) = i + round });
            assert_eq!(out, std::array::from_fn(|i| i + round));
        }
    });
}

#[test]
fn two_tasks_run_at_the_same_time() {
    // the pool may be taken by another test, or a processor by another program: once is proof
    let met = (0..200).any(|_| {
        let inside = AtomicUsize::new(0);
        let met = AtomicBool::new(false);
        with_threads(2, || {
            run(2, &|_| {
                inside.fetch_add(1, SeqCst);
                let since = Instant::now();
                while since.elapsed() < Duration::from_millis(20) && !met.load(SeqCst) {
                    if inside.load(SeqCst) == 2 {
                        met.store(true, SeqCst);
                    }
                    thread::yield_now();
                }
                inside.fetch_sub(1, SeqCst);
            })
        });
        // let the helper fall asleep, so that some rounds wake it
        thread::sleep(Duration::from_millis(1));
        met.into_inner()
    });
    assert!(met);
}

#[test]
fn a_panic_reaches_the_caller_after_all_tasks() {
    for n in [1, 3] {
        for _ in 0..ROUNDS.min(20) {
            let running = AtomicUsize::new(0);
            let started = AtomicUsize::new(0);
            let caught = catch_unwind(AssertUnwindSafe(|| {
                with_threads(n, || {
                    run(16, &|i| {
                        started.fetch_add(1, SeqCst);
                        if i == 3 {
                            std::panic::panic_any("task 3");
                        }
                        running.fetch_add(1, SeqCst);
                        thread::yield_now();
                        running.fetch_sub(1, SeqCst);
                    });
                });
            }));
            assert_eq!(caught.unwrap_err().downcast_ref(), Some(&"task 3"));
            assert_eq!(running.into_inner(), 0);
            assert!(started.into_inner() >= 4);
        }
        assert_ne!(threads(), 0, "the limit of this thread was put back");
    }
}

#[test]
fn nested_calls_run_on_the_thread_of_their_task() {
    with_threads(4, || {
        let count = AtomicUsize::new(0);
        run(4, &|_| {
            let here = thread::current().id();
            run(5, &|_| {
                count.fetch_add(1, Relaxed);
                // the outer call may have found the pool taken: then the inner one may use it
                assert!(threads() > 1 || thread::current().id() == here);
            });
        });
        assert_eq!(count.into_inner(), 20);
    });
}

#[test]
fn several_callers_at_once_all_finish() {
    let total = AtomicUsize::new(0);
    thread::scope(|scope| {
        for _ in 0..4 {
            scope.spawn(|| {
                for _ in 0..ROUNDS {
                    with_threads(2, || run(3, &|i| _ = total.fetch_add(i + 1, Relaxed)));
                }
            });
        }
    });
    assert_eq!(total.into_inner(), 4 * ROUNDS * 6);
}

#[test]
fn ranges_depend_on_sizes_alone() {
    for (len, grain) in [
        (0, 4),
        (1, 4),
        (4, 4),
        (5, 4),
        (11, 4),
        (12, 4),
        (7, 0),
        (3, usize::MAX),
    ] {
        let ranges = [1, 2, 5].map(|n| {
            let ranges = Mutex::new(BTreeSet::new());
            with_threads(n, || {
                run_ranges(len, grain, &|r| {
                    assert!(ranges.lock().unwrap().insert((r.start, r.end)))
                });
            });
            ranges.into_inner().unwrap()
        });
        assert!(ranges.iter().all(|r| *r == ranges[0]));
        let mut end = 0;
        for &(from, to) in &ranges[0] {
            assert!(from == end && to - from <= grain.max(1));
            end = to;
        }
        assert_eq!(end, len);
    }
}

#[test]
fn the_scoped_count_ends_with_its_scope() {
    with_threads(3, || {
        assert_eq!(threads(), 3);
        assert_eq!(with_threads(0, threads), 1);
        assert_eq!(with_threads(usize::MAX, threads), MAX_THREADS);
        let _ = catch_unwind(|| with_threads(7, || std::panic::panic_any(())));
        assert_eq!(threads(), 3);
    });
}

#[test]
fn a_place_to_stop_at_within_a_task_leaves_all_tasks() {
    let begun = AtomicUsize::new(0);
    let forever = |_| {
        begun.fetch_add(1, Relaxed);
        loop {
            thread::sleep(Duration::from_millis(1));
            stop_if_told();
        }
    };
    for n in [1, 2] {
        let told = with_threads(n, || interruptible(&mut || true, || run(100, &forever)));
        assert_eq!(told, Err(Interrupted));
        assert!(begun.swap(0, Relaxed) <= n);
    }
    // within a task of a task
    let nested = |_| run(100, &forever);
    let told = with_threads(2, || interruptible(&mut || true, || run(100, &nested)));
    assert_eq!(told, Err(Interrupted));
    assert!(begun.into_inner() <= 2);
}

#[test]
fn a_caller_that_waits_for_a_helper_asks() {
    let caller = thread::current().id();
    // the pool may be taken by another test: once is proof
    let told = (0..200).any(|_| {
        let helps = AtomicBool::new(false);
        let task = |_| {
            if thread::current().id() == caller {
                let since = Instant::now();
                while since.elapsed() < Duration::from_millis(20) && !helps.load(Relaxed) {
                    thread::yield_now();
                }
                return;
            }
            helps.store(true, Relaxed);
            loop {
                thread::sleep(Duration::from_millis(1));
                stop_if_told();
            }
        };
        let told = with_threads(2, || interruptible(&mut || true, || run(2, &task)));
        told == Err(Interrupted) && helps.into_inner()
    });
    assert!(told);
}

/// The child has the memory of a pool with helpers but none of their threads.
#[test]
#[cfg(all(unix, not(miri)))]
fn a_forked_child_makes_its_own_helpers() {
    let sum = || {
        let sum = AtomicUsize::new(0);
        with_threads(2, || run(100, &|i| _ = sum.fetch_add(i, Relaxed)));
        sum.into_inner()
    };
    assert_eq!(sum(), 4950);
    // SAFETY: the child runs `sum`, which takes no lock that another thread of the parent could hold, but for those of
    // malloc, which survive a fork; then it ends without running destructors.
    let child = unsafe { libc::fork() };
    if child == 0 {
        let good = (0..100).all(|_| sum() == 4950);
        // SAFETY: ends the child.
        unsafe { libc::_exit(if good { 0 } else { 1 }) };
    }
    assert!(child > 0);
    let since = Instant::now();
    let mut status = -1;
    // SAFETY: waits for the child made above.
    while unsafe { libc::waitpid(child, &mut status, libc::WNOHANG) } == 0 {
        assert!(since.elapsed() < Duration::from_secs(30), "the child hangs");
        thread::sleep(Duration::from_millis(1));
    }
    assert_eq!(status, 0);
}

/// A helper that was woken may run wherever it could before.
#[cfg(all(target_os = "linux", not(miri)))]
#[test]
fn waking_leaves_the_affinity_as_it_was() {
    let allowed = || {
        let mut set = std::mem::MaybeUninit::<libc::cpu_set_t>::zeroed();
        // SAFETY: the size is the set's, which all zeros make an empty one.
        unsafe {
            let rc = libc::sched_getaffinity(0, size_of::<libc::cpu_set_t>(), set.as_mut_ptr());
            assert_eq!(rc, 0);
            libc::CPU_COUNT(&set.assume_init())
        }
    };
    let mine = allowed();
    for _ in 0..50 {
        std::thread::sleep(10 * SPIN);
        with_threads(4, || {
            run(64, &|_| {
                assert_eq!(allowed(), mine);
                std::thread::sleep(SPIN);
            });
        });
    }
}
