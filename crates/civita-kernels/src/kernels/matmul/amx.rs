//! AMX: registers of 16 rows of 64 bytes, and an instruction for 16 × 16 dot products of 64 bytes each.
//!
//! The instructions have no intrinsics in stable Rust, so the whole micro-kernel is assembly. It reads panels in steps of
//! 64 bytes along k: of A `[step][line][64 bytes]`, of B `[step][4 bytes][column][4 bytes]`, which is how `Quads` and
//! `Pairs` pack columns. Sums of integers wrap; subnormal `bf16` are zero, as with AVX-512 BF16.

use std::arch::asm;
use std::marker::PhantomData;
use std::mem::MaybeUninit;
use std::sync::OnceLock;

use super::lanes::Sum;
use super::pack::{Panel, Source};
use super::source::{pairs, quads};
use super::tile::{Step, TileKernels};
use crate::isa::Isa;
use crate::kernels::transpose::{BLOCK, transpose};

/// Bytes along k in a step.
pub(super) const STEP: usize = 64;
/// Rows and columns of a tile: two registers each.
pub(super) const SIDE: usize = 32;
/// Bytes of a panel in a step.
const PANEL: usize = SIDE * STEP;

/// What the processor multiplies, where the system lends the registers to this process.
#[derive(Clone, Copy)]
pub(super) struct Amx {
    pub int8: bool,
    pub bf16: bool,
}

/// Asks processor and system, once.
pub(super) fn available() -> Amx {
    static ANSWER: OnceLock<Amx> = OnceLock::new();
    *ANSWER.get_or_init(|| {
        const NONE: Amx = Amx {
            int8: false,
            bf16: false,
        };
        if cfg!(miri) || !is_x86_feature_detected!("avx512f") {
            return NONE;
        }
        let features = std::arch::x86_64::__cpuid_count(7, 0).edx;
        let has = |bit: u32| features >> bit & 1 == 1;
        if !has(24) || !granted() {
            return NONE;
        }
        Amx {
            int8: has(25),
            bf16: has(22),
        }
    })
}

/// Linux enlarges the saved state of a process's threads on demand; without its leave the first tile is a fault.
#[cfg(target_os = "linux")]
fn granted() -> bool {
    const ARCH_REQ_XCOMP_PERM: libc::c_long = 0x1023;
    const TILE_DATA: libc::c_long = 18;
    // SAFETY: the call reads its two arguments and no memory.
    unsafe { libc::syscall(libc::SYS_arch_prctl, ARCH_REQ_XCOMP_PERM, TILE_DATA) == 0 }
}

#[cfg(not(target_os = "linux"))]
fn granted() -> bool {
    false
}

/// Makes the registers of this thread tiles, which takes as long as a step or two: once for each block of C.
///
/// # Safety
/// [`available`] has an instruction.
pub(super) unsafe fn begin() {
    // SAFETY: reads 64 bytes; code of the compiler uses none of the registers.
    unsafe { asm!("ldtilecfg [{}]", in(reg) &CONFIG, options(nostack, preserves_flags)) }
}

/// Gives the registers back, so that nobody saves them when threads change.
///
/// # Safety
/// As [`begin`].
pub(super) unsafe fn end() {
    // SAFETY: the same.
    unsafe { asm!("tilerelease", options(nostack, preserves_flags)) }
}

/// All eight registers have 16 rows of 64 bytes.
#[repr(C, align(64))]
struct Config {
    palette: u8,
    start: u8,
    reserved: [u8; 14],
    row_bytes: [u16; 16],
    rows: [u8; 16],
}

static CONFIG: Config = {
    let (mut row_bytes, mut rows) = ([0; 16], [0; 16]);
    let mut i = 0;
    while i < 8 {
        (row_bytes[i], rows[i]) = (64, 16);
        i += 1;
    }
    Config {
        palette: 1,
        start: 0,
        reserved: [0; 14],
        row_bytes,
        rows,
    }
};

/// One kernel: registers of rows by registers of columns, the instruction, and what it does before, in and after the loop
/// beyond what the smallest tile does. A is in registers 4 and 5, B in 6 and 7, the sums are in 0 to 3.
macro_rules! kernel {
    ($name:ident, $Acc:ty, $rows:literal by $columns:literal, $dot:literal; $($zero:expr),*; $($steps:expr),*; $($store:expr),*) => {
        /// # Safety
        /// As [`super::tile::TileKernel`]; A and B are panels of whole steps, [`available`] has the instruction, and [`begin`] came before.
        unsafe fn $name(s: &Step) {
            let mut own = MaybeUninit::<Sums>::uninit();
            let whole = s.rows == 16 * $rows && s.cols == 16 * $columns && !s.accumulate;
            let (to, distance) = match whole {
                true => (s.c, s.ldc * 4),
                false => (own.as_mut_ptr().cast::<u8>(), SIDE * 4),
            };
            // SAFETY: the panels have `k` steps; a whole tile of C is written, or one of our own, of which the step's part is full then.
            unsafe {
                asm!(
                    "tilezero tmm0",
                    $($zero,)*
                    "2:",
                    "tileloadd tmm4, [{a} + {line}]",
                    "tileloadd tmm6, [{b} + {row}]",
                    concat!($dot, " tmm0, tmm4, tmm6"),
                    $($steps,)*
                    "add {a}, 2048",
                    "add {b}, 2048",
                    "dec {k}",
                    "jnz 2b",
                    "tilestored [{c} + {ldc}], tmm0",
                    $($store,)*
                    a = inout(reg) s.a => _,
                    b = inout(reg) s.b => _,
                    k = inout(reg) s.k => _,
                    line = in(reg) STEP,
                    row = in(reg) SIDE * 4,
                    c = in(reg) to,
                    lower = in(reg) to.wrapping_add(16 * distance),
                    ldc = in(reg) distance,
                    out("tmm0") _, out("tmm1") _, out("tmm2") _, out("tmm3") _,
                    out("tmm4") _, out("tmm5") _, out("tmm6") _, out("tmm7") _,
                    options(nostack),
                );
                if !whole {
                    add_to(own.as_ptr().cast::<$Acc>(), s);
                }
            }
        }
    };
}

/// The four kernels of an instruction.
macro_rules! kernels {
    ($name:ident, $Acc:ty, $dot:literal) => {
        pub(super) mod $name {
            use super::*;

            kernel!(one, $Acc, 1 by 1, $dot;;; "/* {lower} */");
            kernel!(wide, $Acc, 1 by 2, $dot;
                "tilezero tmm1";
                "tileloadd tmm7, [{b} + {row} + 64]", concat!($dot, " tmm1, tmm4, tmm7");
                "tilestored [{c} + {ldc} + 64], tmm1", "/* {lower} */");
            kernel!(high, $Acc, 2 by 1, $dot;
                "tilezero tmm2";
                "tileloadd tmm5, [{a} + {line} + 1024]", concat!($dot, " tmm2, tmm5, tmm6");
                "tilestored [{lower} + {ldc}], tmm2");
            kernel!(full, $Acc, 2 by 2, $dot;
                "tilezero tmm1", "tilezero tmm2", "tilezero tmm3";
                "tileloadd tmm7, [{b} + {row} + 64]",
                concat!($dot, " tmm1, tmm4, tmm7"),
                "tileloadd tmm5, [{a} + {line} + 1024]",
                concat!($dot, " tmm2, tmm5, tmm6"),
                concat!($dot, " tmm3, tmm5, tmm7");
                "tilestored [{c} + {ldc} + 64], tmm1",
                "tilestored [{lower} + {ldc}], tmm2",
                "tilestored [{lower} + {ldc} + 64], tmm3");

            pub(in super::super) const TILES: TileKernels = [[one, wide], [high, full]];
        }
    };
}
kernels!(int8, i32, "tdpbssd");
kernels!(bf16, f32, "tdpbf16ps");

/// A tile of sums that does not fit where it goes, or is added to what stands there.
#[repr(C, align(64))]
struct Sums([[u8; SIDE * 4]; SIDE]);

/// # Safety
/// The sums are a tile, written where the step has rows and columns; C is valid for those.
unsafe fn add_to<T: Sum>(sums: *const T, s: &Step) {
    let c = s.c.cast::<T>();
    for i in 0..s.rows {
        for j in 0..s.cols {
            // SAFETY: rows below `rows`, columns below `cols`, which are at most a side.
            unsafe {
                let (sum, to) = (sums.add(i * SIDE + j).read(), c.add(i * s.ldc + j));
                to.write(if s.accumulate {
                    to.read().plus(sum)
                } else {
                    sum
                });
            }
        }
    }
}

/// `i8` in steps of 64, `bf16` in steps of 32: rows of A as they lie, columns of B in groups of four bytes.
pub(super) struct Steps<E>(PhantomData<E>);

impl<E: Grouped> Source for Steps<E> {
    #[inline(always)]
    unsafe fn left<I: Isa>(p: &Panel) {
        let per_step = STEP / size_of::<E>();
        let src = p.src.cast::<E>();
        // SAFETY: lines below `lines`, elements below `k`; a panel has whole steps.
        unsafe {
            let (whole, rest) = (p.k / per_step, p.k % per_step);
            let at = |step: usize| p.dst.add(step * PANEL).cast::<E>();
            if rest > 0 {
                at(whole).write_bytes(0, SIDE * per_step);
            }
            if p.lines < SIDE {
                p.dst.write_bytes(0, whole * PANEL);
            }
            if p.step != 1 {
                for step in 0..whole + usize::from(rest > 0) {
                    let from = src.offset((step * per_step) as isize * p.step);
                    let n = per_step.min(p.k - step * per_step);
                    across::<E, I>(from, p.line, p.step, at(step), p.lines, n);
                }
                return;
            }
            for line in 0..p.lines {
                let from = src.offset(line as isize * p.line);
                for step in 0..whole {
                    // of a length that the compiler knows
                    let to = at(step).add(line * per_step);
                    std::ptr::copy_nonoverlapping(from.add(step * per_step), to, per_step);
                }
                let to = p.dst.wrapping_add(whole * PANEL).cast::<E>();
                let to = to.wrapping_add(line * per_step);
                std::ptr::copy_nonoverlapping(from.add(whole * per_step), to, rest);
            }
        }
    }
    #[inline(always)]
    unsafe fn right<I: Isa>(p: &Panel) {
        let group = 4 / size_of::<E>();
        // SAFETY: the caller's contract; groups are 32 columns of four bytes, sixteen of which are a step.
        unsafe {
            E::columns::<I>(p);
            let (groups, whole) = (
                p.k.div_ceil(group),
                p.k.div_ceil(STEP / size_of::<E>()) * 16,
            );
            p.dst
                .add(groups * SIDE * 4)
                .write_bytes(0, (whole - groups) * SIDE * 4);
        }
    }
    /// Vectors are not multiplied in steps.
    unsafe fn gather<I: Isa>(_: *const u8, _: isize, _: usize, _: *mut u8) {}
    /// Vectors are not multiplied in steps.
    unsafe fn spread<I: Isa>(_: *const u8, _: isize, _: usize, _: *mut u8) {}
}

/// An element whose neighbours along k stand in groups of four bytes.
pub(super) trait Grouped: Copy + 'static {
    /// Packs columns of B.
    ///
    /// # Safety
    /// As [`super::pack::Pack`].
    unsafe fn columns<I: Isa>(p: &Panel);
}

impl Grouped for u8 {
    #[inline(always)]
    unsafe fn columns<I: Isa>(p: &Panel) {
        // SAFETY: the caller's contract is the same.
        unsafe { quads::<0, I>(p) }
    }
}

impl Grouped for u16 {
    #[inline(always)]
    unsafe fn columns<I: Isa>(p: &Panel) {
        // SAFETY: the caller's contract is the same.
        unsafe { pairs::<I>(p) }
    }
}

/// Copies `n` elements of each line, which do not lie side by side, to rows of 64 bytes.
///
/// # Safety
/// `from` is valid for `lines × n` elements through the strides, `to` for `lines` rows of 64 bytes.
#[inline(always)]
unsafe fn across<E: Copy, I: Isa>(
    from: *const E,
    line: isize,
    step: isize,
    to: *mut E,
    lines: usize,
    n: usize,
) {
    let row = STEP / size_of::<E>();
    let blocks = match line {
        1 => [lines - lines % BLOCK, n - n % BLOCK],
        _ => [0, 0],
    };
    // SAFETY: indices below `lines` and `n`.
    unsafe {
        for i in (0..blocks[0]).step_by(BLOCK) {
            for j in (0..blocks[1]).step_by(BLOCK) {
                let from = from.add(i).offset(j as isize * step);
                transpose::<E, I>(from, step, to.add(i * row + j), row);
            }
        }
        for i in 0..lines {
            for j in if i < blocks[0] { blocks[1] } else { 0 }..n {
                let v = from.offset(i as isize * line + j as isize * step);
                to.add(i * row + j).write(v.read_unaligned());
            }
        }
    }
}
