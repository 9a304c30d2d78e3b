//! The processor's floating-point status: whether anything overflowed, was divided by zero or had no value.
//!
//! Kernels raise flags by the way, as arithmetic does. Where infinities and NaN are chosen instead of computed that raises none, so
//! the kernel looks at what it chose and calls [`raise_all`]. Helper threads hand theirs to the caller of
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
    use crate::isa::Level;
    use crate::kernels::map::kernels;
    use crate::ops::{ClassResult, ROWS, Row};

    /// Rows of one or two floats, and of as many results.
    fn rows_of_floats() -> impl Iterator<Item = &'static Row> {
        ROWS.iter().filter(|row| {
            let of_floats = row.class.loops().contains(&DType::F64);
            row.arity < 3 && of_floats && row.class.result() != ClassResult::Bool
        })
    }

    /// The filter must let no fault pass: an infinity of finite numbers, and NaN of what is none.
    #[test]
    fn every_kernel_raises_flags_for_faults() {
        for row in rows_of_floats() {
            for level in Level::available() {
                macro_rules! check {
                    ($($D:ident $t:ident),*) => { $({
                        let special: &[$t] = &[
                            0.0, -0.0, 1.0, -1.0, 0.5, -0.5, 2.0, -2.0, 3.0, 1.5, -1.5, 100.0, -100.0, 1e30, -1e30, 1e-30,
                            $t::MAX, $t::MIN, $t::MIN_POSITIVE, $t::MIN_POSITIVE / 8.0, -$t::MIN_POSITIVE / 8.0,
                            $t::INFINITY, $t::NEG_INFINITY, $t::NAN,
                        ];
                        let Some(all) = kernels(row.op, [DType::$D; 3]) else { continue };
                        for form in 0..if row.arity == 2 { 3 } else { 1 } {
                            for (&a, &b) in special.iter().flat_map(|a| special.iter().map(move |b| (a, b))) {
                                for (n, at) in [(1, 0), (70, 5), (70, 69)] {
                                    let (mut x, mut y) = (vec![0.5; n], vec![0.5; n]);
                                    x[if form == 2 { 0 } else { at }] = a;
                                    y[if form == 1 { 0 } else { at }] = b;
                                    let mut out: Vec<$t> = vec![0.0; n];
                                    clear();
                                    let operands = [x.as_ptr().cast(), y.as_ptr().cast(), std::ptr::null()];
                                    // SAFETY: as many elements as results, of the dtype that the kernel is for.
                                    unsafe { all.at(form, level)(n, operands, out.as_mut_ptr().cast()) };
                                    let raised = raised();
                                    let inputs = if row.arity == 1 { vec![a] } else { vec![a, b] };
                                    let told = || format!("{} of {inputs:?} {}, form {form}, {level:?}", row.name, DType::$D);
                                    if out[at].is_nan() && !inputs.iter().any(|v| v.is_nan()) {
                                        assert_ne!(raised & INVALID, 0, "{}", told());
                                    }
                                    if out[at].is_infinite() && inputs.iter().all(|v| v.is_finite()) {
                                        assert_ne!(raised & (OVERFLOW | DIVIDE), 0, "{}", told());
                                    }
                                }
                            }
                        }
                    })* };
                }
                check!(F32 f32, F64 f64);
            }
        }
    }

    /// What is beyond the end of a block must not be computed: its flags would be taken for those of the elements.
    #[test]
    fn no_kernel_raises_flags_for_plain_numbers() {
        for row in rows_of_floats() {
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
