//! The processor's floating-point status: whether anything overflowed, was divided by zero or had no value.
//!
//! Kernels raise flags by the way, as arithmetic does. A function that chooses its infinities and NaN instead of computing
//! them raises none, so its kernel looks at what it wrote and calls [`raise_all`]. Helper threads hand theirs to the caller of
//! [`crate::threads::run`]. A flag may also be raised for nothing (a comparison with NaN, an element that is not kept): the flags say
//! that results are worth a look, which is what makes looking at them free in the usual case.
//!
//! A target without such flags says that they are always raised.

/// A division of something finite by zero, or another pole.
pub const DIVIDE: u8 = 1;
/// A result too large for its type.
pub const OVERFLOW: u8 = 2;
/// A result that does not exist: NaN.
pub const INVALID: u8 = 4;
const ALL: u8 = DIVIDE | OVERFLOW | INVALID;

#[cfg(all(target_arch = "x86_64", not(miri)))]
mod status {
    use std::arch::asm;

    /// Where the processor has its flags for divide, overflow and invalid.
    pub const PLACES: [u64; 3] = [1 << 2, 1 << 3, 1];

    #[inline]
    pub fn get() -> u64 {
        let mut csr = 0u32;
        // SAFETY: writes the four bytes of `csr`.
        unsafe { asm!("stmxcsr [{}]", in(reg) &raw mut csr, options(nostack, preserves_flags)) };
        csr.into()
    }

    #[inline]
    pub fn set(status: u64) {
        let csr = status as u32;
        // SAFETY: reads four bytes; they differ from what was read in the exception flags alone, which code may change.
        unsafe { asm!("ldmxcsr [{}]", in(reg) &raw const csr, options(nostack, readonly)) };
    }
}

#[cfg(all(target_arch = "aarch64", not(miri)))]
mod status {
    use std::arch::asm;

    pub const PLACES: [u64; 3] = [1 << 1, 1 << 2, 1];

    #[inline]
    pub fn get() -> u64 {
        let status: u64;
        // SAFETY: reads a register.
        unsafe { asm!("mrs {}, fpsr", out(reg) status, options(nomem, nostack, preserves_flags)) };
        status
    }

    #[inline]
    pub fn set(status: u64) {
        // SAFETY: differs from what was read in the exception flags alone, which code may change.
        unsafe { asm!("msr fpsr, {}", in(reg) status, options(nomem, nostack)) };
    }
}

#[cfg(any(miri, not(any(target_arch = "x86_64", target_arch = "aarch64"))))]
mod status {
    pub const PLACES: [u64; 3] = [1, 2, 4];

    pub fn get() -> u64 {
        7
    }

    pub fn set(_status: u64) {}
}

const EVERY_PLACE: u64 = status::PLACES[0] | status::PLACES[1] | status::PLACES[2];

/// The flags that were raised on this thread since [`clear`]: [`DIVIDE`], [`OVERFLOW`], [`INVALID`] or several.
///
/// ```
/// use civita_kernels::flags;
/// flags::clear();
/// let zero = std::hint::black_box(0.0);
/// std::hint::black_box(1.0 / zero);
/// assert_ne!(flags::raised() & flags::DIVIDE, 0);
/// ```
#[inline]
pub fn raised() -> u8 {
    let now = status::get();
    if now & EVERY_PLACE == 0 {
        return 0;
    }
    let flag = |k: usize| u8::from(now & status::PLACES[k] != 0) << k;
    flag(0) | flag(1) | flag(2)
}

/// Takes the flags of this thread down.
#[inline]
pub fn clear() {
    let now = status::get();
    if now & EVERY_PLACE != 0 {
        status::set(now & !EVERY_PLACE);
    }
}

/// Raises flags of this thread.
pub fn raise(flags: u8) {
    let each = status::PLACES.iter().enumerate();
    let places = each
        .filter(|(k, _)| flags & ALL & (1 << k) != 0)
        .fold(0, |all, (_, place)| all | place);
    status::set(status::get() | places);
}

/// Raises all flags of this thread: which of them it was is for the caller to see in the results.
#[cold]
pub fn raise_all() {
    raise(ALL);
}

#[cfg(all(test, not(miri)))]
mod tests {
    use super::*;
    use crate::dtype::DType;
    use crate::kernels::map::kernels;
    use crate::ops::{ClassResult, ROWS};

    /// What is beyond the end of a block must not be computed: its flags would be taken for those of the elements.
    #[test]
    fn no_kernel_raises_flags_for_plain_numbers() {
        for row in ROWS.iter().filter(|row| row.arity < 3) {
            let of_floats = row.class.loops().contains(&DType::F64);
            if !of_floats || row.class.result() == ClassResult::Bool {
                continue;
            }
            for n in 1..70 {
                macro_rules! check {
                    ($($D:ident $t:ident),*) => { $({
                        let x: Vec<$t> = (0..n).map(|i| 0.25 + i as $t / 100.0).collect();
                        let mut out = vec![0.0 as $t; n];
                        for form in 0..if row.arity == 2 { 3 } else { 1 } {
                            let Some(all) = kernels(row.op, [DType::$D; 3]) else { continue };
                            clear();
                            let x = x.as_ptr().cast::<u8>();
                            // SAFETY: as many elements as results, of the dtype that the kernel is for.
                            unsafe { all.pick(form)(n, [x; 3], out.as_mut_ptr().cast()) };
                            if out.iter().all(|v| v.is_finite()) {
                                assert_eq!(raised(), 0, "{} of {n} {}, form {form}", row.name, DType::$D);
                            }
                        }
                    })* };
                }
                check!(F32 f32, F64 f64);
            }
        }
    }
}
