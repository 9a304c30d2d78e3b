//! Threads for faer's routines: pools of rayon's, for faer knows no other. One for each number of threads that was asked for, made
//! when it is first needed; their threads sleep in between. Where rayon or what faer waits with does not build, and under Miri, the routines
//! run on the thread that calls them.
//!
//! A routine is cut into parts by the size of its matrix alone, so bits are equal for any number of threads.
//!
//! Routines have no place to stop at. So that Ctrl-C need not wait for them, one of a large matrix owns its memory
//! ([`on_workers_owning`]): the thread that waits for it may leave, and the routine goes on to its end in memory that nobody else knows.

use civita_core::error::Result;
use faer::Par;

/// How a routine of faer's is cut that pays on threads from so many rows and columns on: by the size of the matrix alone, never by the
/// number of threads. To be run by [`on_workers`].
pub fn par(m: usize, n: usize, least: usize) -> Par {
    match m * n < least * least {
        true => Par::Seq,
        false => several::PARTS,
    }
}

/// Where singular values and those of Hermitian matrices pay on threads: at 500 rows 1.4 times as fast on two.
pub const VALUES: usize = 256;

/// Runs a routine of faer's that is cut like that, to its end.
///
/// # Errors
/// When the system starts no thread.
pub fn on_workers<R: Send>(par: Par, f: impl FnOnce() -> R + Send) -> Result<R> {
    match par {
        Par::Seq => Ok(f()),
        _ => several::run(f),
    }
}

/// As [`on_workers`], in memory of the routine's own, which comes back with the result. Where this thread is told to stop
/// ([`interruptible`](civita_core::threads::interruptible)), it leaves the routine to itself.
///
/// # Errors
/// When the system starts no thread.
pub fn on_workers_owning<W: Send + 'static, R: Send + 'static>(
    par: Par,
    memory: W,
    f: impl FnOnce(&mut W) -> R + Send + 'static,
) -> Result<(W, R)> {
    match par {
        Par::Seq => Ok(here(memory, f)),
        _ => several::run_owning(memory, f),
    }
}

/// As [`on_workers_owning`], for routines that are not cut: on another thread only where that is worth it, for matrices of so many rows.
///
/// # Errors
/// As there.
pub fn aside<W: Send + 'static, R: Send + 'static>(
    n: usize,
    memory: W,
    f: impl FnOnce(&mut W) -> R + Send + 'static,
) -> Result<(W, R)> {
    match n >= VALUES && civita_core::threads::is_interruptible() {
        false => Ok(here(memory, f)),
        true => several::run_owning(memory, f),
    }
}

/// Runs two halves of a routine that is cut, beside each other where it runs on several threads.
pub fn both(par: Par, a: impl FnOnce() + Send, b: impl FnOnce() + Send) {
    match par {
        Par::Seq => (a(), b()),
        _ => several::both(a, b),
    };
}

/// Makes this thread's memory for products, which faer's routines otherwise allocate at the first product, without a way to fail.
///
/// # Errors
/// When there is not as much memory.
#[cfg(all(target_arch = "x86_64", not(miri)))]
pub fn memory_for_products(op: &'static str) -> Result<()> {
    std::thread_local! {
        static MADE: std::cell::Cell<bool> = const { std::cell::Cell::new(false) };
    }
    if MADE.get() {
        return Ok(());
    }
    civita_core::storage::room(op, product_memory())?;
    // more than what small products do without
    let [a, mut b] = [(); 2].map(|()| faer::Mat::<f64>::zeros(40, 40));
    faer::linalg::matmul::matmul(&mut b, faer::Accum::Replace, &a, &a, 1.0, Par::Seq);
    MADE.set(true);
    Ok(())
}

/// Two blocks as large as the last caches of all cores together: what `private-gemm-x86` keeps for each thread. Its pages are touched as
/// products need them.
#[cfg(all(target_arch = "x86_64", not(miri)))]
fn product_memory() -> usize {
    static BYTES: std::sync::OnceLock<usize> = std::sync::OnceLock::new();
    *BYTES.get_or_init(|| {
        // of one thread of a core; two threads share a core at most
        let [.., last] = *gemm_common::cache::CACHE_INFO;
        4 * last.cache_bytes * num_cpus::get_physical()
    })
}

#[cfg(not(all(target_arch = "x86_64", not(miri))))]
pub fn memory_for_products(_op: &'static str) -> Result<()> {
    Ok(())
}

fn here<W, R>(mut memory: W, f: impl FnOnce(&mut W) -> R) -> (W, R) {
    let result = f(&mut memory);
    (memory, result)
}

#[cfg(all(
    not(miri),
    any(
        target_os = "linux",
        target_os = "android",
        target_os = "macos",
        target_os = "ios",
        target_os = "freebsd",
        windows
    )
))]
mod several {
    use std::num::NonZero;
    use std::panic::{AssertUnwindSafe, catch_unwind, resume_unwind};
    use std::sync::mpsc::{self, RecvTimeoutError};
    use std::sync::{Arc, Mutex};

    use civita_core::error::{Error, Result};
    use civita_core::threads;
    use faer::Par;
    use rayon::{ThreadPool, ThreadPoolBuilder};

    pub const PARTS: Par = Par::Rayon(NonZero::new(8).unwrap());

    struct Pool {
        threads: usize,
        /// Of the process that made it: a child of `fork` has none of its threads.
        forks: u32,
        pool: Arc<ThreadPool>,
    }

    static POOLS: Mutex<Vec<Pool>> = Mutex::new(Vec::new());

    /// The pool of [`threads::threads`]; fewer threads where the system does not start as many. A lock that is not to be had at once
    /// may be one that nobody gives back, after a `fork`: then the pool is made for this call.
    fn pool() -> Result<Arc<ThreadPool>> {
        let (wanted, forks) = (threads::threads(), threads::forks());
        let mut pools = POOLS.try_lock().ok();
        let mut known = pools.iter().flat_map(|pools| pools.iter());
        if let Some(found) = known.find(|p| p.threads == wanted && p.forks == forks) {
            return Ok(found.pool.clone());
        }
        drop(known);
        let mut count = wanted;
        let pool = loop {
            let name = |i| format!("civita-linalg-{i}");
            let made = ThreadPoolBuilder::new()
                .num_threads(count)
                .thread_name(name)
                .build();
            match made {
                Ok(pool) => break Arc::new(pool),
                Err(_) if count > 1 => count /= 2,
                Err(e) => {
                    return Err(Error::linalg(
                        "linalg",
                        format!("cannot start a thread: {e}"),
                    ));
                }
            }
        };
        for made in pool.broadcast(|_| super::memory_for_products("linalg")) {
            made?;
        }
        if let Some(pools) = &mut pools {
            pools.push(Pool {
                threads: wanted,
                forks,
                pool: pool.clone(),
            });
        }
        Ok(pool)
    }

    pub fn run<R: Send>(f: impl FnOnce() -> R + Send) -> Result<R> {
        Ok(pool()?.install(f))
    }

    pub fn both(a: impl FnOnce() + Send, b: impl FnOnce() + Send) -> ((), ()) {
        rayon::join(a, b)
    }

    /// A pool whose routine was left: the next one does not wait for that. Its threads end with it.
    struct Left<'a>(&'a Arc<ThreadPool>);

    impl Drop for Left<'_> {
        fn drop(&mut self) {
            if let Ok(mut pools) = POOLS.try_lock() {
                pools.retain(|p| !Arc::ptr_eq(&p.pool, self.0));
            }
        }
    }

    pub fn run_owning<W: Send + 'static, R: Send + 'static>(
        memory: W,
        f: impl FnOnce(&mut W) -> R + Send + 'static,
    ) -> Result<(W, R)> {
        let pool = pool()?;
        if !threads::is_interruptible() {
            return Ok(pool.install(|| super::here(memory, f)));
        }
        let (sender, receiver) = mpsc::channel();
        pool.spawn(move || {
            let done = catch_unwind(AssertUnwindSafe(|| super::here(memory, f)));
            // nobody is there where the caller has left
            _ = sender.send(done);
        });
        loop {
            match receiver.recv_timeout(threads::EVERY) {
                Ok(Ok(done)) => return Ok(done),
                Ok(Err(panic)) => resume_unwind(panic),
                Err(RecvTimeoutError::Timeout) => {
                    let left = Left(&pool);
                    threads::stop_if_told();
                    std::mem::forget(left);
                }
                Err(RecvTimeoutError::Disconnected) => {
                    return Err(Error::linalg("linalg", "a worker thread has ended"));
                }
            }
        }
    }
}

#[cfg(not(all(
    not(miri),
    any(
        target_os = "linux",
        target_os = "android",
        target_os = "macos",
        target_os = "ios",
        target_os = "freebsd",
        windows
    )
)))]
mod several {
    use civita_core::error::Result;
    use faer::Par;

    pub const PARTS: Par = Par::Seq;

    pub fn run<R>(f: impl FnOnce() -> R) -> Result<R> {
        Ok(f())
    }

    pub fn both(a: impl FnOnce(), b: impl FnOnce()) -> ((), ()) {
        (a(), b())
    }

    pub fn run_owning<W, R>(memory: W, f: impl FnOnce(&mut W) -> R) -> Result<(W, R)> {
        Ok(super::here(memory, f))
    }
}
