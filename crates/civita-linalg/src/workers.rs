//! Threads for faer's routines: pools of rayon's, for faer knows no other. One for each number of threads that was asked for, made
//! when it is first needed; their threads sleep in between.
//!
//! A routine is cut into parts by the size of its matrix alone ([`par`](crate::dense::par)), so bits are equal for any number of
//! threads.

use std::sync::{Arc, Mutex};

use civita_core::error::{Error, Result};
use civita_core::threads;
use faer::Par;
use rayon::{ThreadPool, ThreadPoolBuilder};

struct Pool {
    threads: usize,
    /// Of the process that made it: a child of `fork` has none of its threads.
    forks: u32,
    pool: Arc<ThreadPool>,
}

static POOLS: Mutex<Vec<Pool>> = Mutex::new(Vec::new());

/// The pool of [`threads::threads`]; fewer threads where the system does not start as many. A lock that is not to be had at once may
/// be one that nobody gives back, after a `fork`: then the pool is made for this call.
fn pool() -> Result<Arc<ThreadPool>> {
    let (wanted, forks) = (threads::threads(), threads::forks());
    let mut pools = POOLS.try_lock().ok();
    let known = pools.iter().flat_map(|pools| pools.iter());
    if let Some(found) = { known }.find(|p| p.threads == wanted && p.forks == forks) {
        return Ok(found.pool.clone());
    }
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
    if let Some(pools) = &mut pools {
        pools.push(Pool {
            threads: wanted,
            forks,
            pool: pool.clone(),
        });
    }
    Ok(pool)
}

/// Runs a routine of faer's that is cut like that.
///
/// # Errors
/// When the system starts no thread.
pub fn on_workers<R: Send>(par: Par, f: impl FnOnce() -> R + Send) -> Result<R> {
    match par {
        Par::Seq => Ok(f()),
        Par::Rayon(_) => Ok(pool()?.install(f)),
    }
}
