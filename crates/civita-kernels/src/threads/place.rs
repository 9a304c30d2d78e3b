//! Where helpers run: not on the processor of the thread whose job they do.
//!
//! Linux means to spread threads over idle processors. In virtual machines it often does not: a processor that halted
//! counts as taken by the host (`vcpu_is_preempted`), and where few processors share a cache the search ends early
//! (`SIS_UTIL`), so a thread that is woken or new lands on the waker's own and stays, while another is idle. On two
//! processors that made every second operation of a program that sleeps in between run on one, and some programs as a
//! whole. So
//!
//! - a waker takes its processor from the sleeper's affinity, and the helper puts it back once it runs: four system
//!   calls, about 1 µs together, beside a wake's tens;
//! - a helper that finds itself on the processor of its job's thread moves away, which is rare.
//!
//! Elsewhere than on Linux nothing is done.

#[cfg(all(target_os = "linux", not(miri)))]
pub(super) use linux::{Place, here};
#[cfg(not(all(target_os = "linux", not(miri))))]
pub(super) use other::{Place, here};

#[cfg(all(target_os = "linux", not(miri)))]
mod linux {
    use std::mem::{MaybeUninit, size_of};
    use std::sync::atomic::AtomicI32;
    use std::sync::atomic::Ordering::Relaxed;

    use libc::{cpu_set_t, pid_t};

    const NONE: i32 = -1;

    pub struct Place {
        /// The helper, as the kernel names it.
        thread: AtomicI32,
        /// The one that the waker took from it.
        taken: AtomicI32,
    }

    impl Place {
        pub const fn new() -> Place {
            Place {
                thread: AtomicI32::new(NONE),
                taken: AtomicI32::new(NONE),
            }
        }

        /// The helper begins.
        pub fn start(&self) {
            // SAFETY: no arguments, no failure. The C library's own `gettid` is younger than the systems we run on.
            let id = unsafe { libc::syscall(libc::SYS_gettid) };
            self.thread.store(id as pid_t, Relaxed);
            self.taken.store(NONE, Relaxed);
        }

        /// The helper runs again.
        pub fn arrive(&self) {
            let cpu = self.taken.swap(NONE, Relaxed);
            if cpu != NONE
                && let Some(mut set) = affinity(0)
            {
                // SAFETY: `cpu` came from `here`, so it is below CPU_SETSIZE.
                unsafe { libc::CPU_SET(cpu as usize, &mut set) };
                set_affinity(0, &set);
            }
        }

        /// The helper leaves this processor, if it is on it and may run on others.
        pub fn leave(&self, cpu: i32) {
            if cpu != NONE
                && here() == cpu
                && let Some(set) = affinity(0)
                && let Some(others) = without(set, cpu)
            {
                set_affinity(0, &others);
                set_affinity(0, &set);
            }
        }

        /// Called by the waker, before it says that the sleeping helper is awake.
        pub fn keep_off(&self) {
            let (cpu, thread) = (here(), self.thread.load(Relaxed));
            if cpu == NONE || thread == NONE {
                return;
            }
            if let Some(others) = affinity(thread).and_then(|set| without(set, cpu)) {
                self.taken.store(cpu, Relaxed);
                set_affinity(thread, &others);
            }
        }
    }

    /// The set without a processor that is in it, unless it is the only one.
    fn without(mut set: cpu_set_t, cpu: i32) -> Option<cpu_set_t> {
        // SAFETY: `cpu` came from `here`, so it is below CPU_SETSIZE.
        unsafe {
            if !libc::CPU_ISSET(cpu as usize, &set) || libc::CPU_COUNT(&set) < 2 {
                return None;
            }
            libc::CPU_CLR(cpu as usize, &mut set);
        }
        Some(set)
    }

    /// The processor that this thread is on, where a set can name it; else -1.
    #[inline]
    pub fn here() -> i32 {
        // SAFETY: no arguments.
        let cpu = unsafe { libc::sched_getcpu() };
        if (0..libc::CPU_SETSIZE).contains(&cpu) {
            cpu
        } else {
            NONE
        }
    }

    /// Read each time, for the user may change it.
    fn affinity(thread: pid_t) -> Option<cpu_set_t> {
        let mut set = MaybeUninit::<cpu_set_t>::zeroed();
        // SAFETY: the size is the set's; all zeros is an empty one. Fails on machines with more processors than it names.
        let rc =
            unsafe { libc::sched_getaffinity(thread, size_of::<cpu_set_t>(), set.as_mut_ptr()) };
        // SAFETY: as above.
        (rc == 0).then(|| unsafe { set.assume_init() })
    }

    /// A refusal is ignored: then the helper runs where the kernel puts it.
    fn set_affinity(thread: pid_t, set: &cpu_set_t) {
        // SAFETY: the size is the set's.
        unsafe { libc::sched_setaffinity(thread, size_of::<cpu_set_t>(), set) };
    }
}

#[cfg(not(all(target_os = "linux", not(miri))))]
mod other {
    pub struct Place;

    impl Place {
        pub const fn new() -> Place {
            Place
        }
        pub fn start(&self) {}
        pub fn arrive(&self) {}
        pub fn leave(&self, _: i32) {}
        pub fn keep_off(&self) {}
    }

    pub fn here() -> i32 {
        -1
    }
}
