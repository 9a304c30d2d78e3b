//! The sources of panels: elements that are packed one by one, complex numbers, pairs.

use half::{bf16, f16};
use num_complex::Complex;

use super::pack::{Panel, Source};
use super::tile::prefetch;
use crate::float8::{f8e4m3, f8e5m2};
use crate::isa::Isa;
use crate::kernels::transpose::{BLOCK, transpose};

/// An element that becomes one packed element.
pub(super) trait Convert: Copy + 'static {
    /// What the panel holds.
    type Packed: Copy + Default;
    /// The conversion.
    fn convert(self) -> Self::Packed;
}

macro_rules! converts {
    ($($t:ty => $packed:ty, $f:expr;)*) => { $(
        impl Convert for $t {
            type Packed = $packed;
            #[inline(always)]
            fn convert(self) -> $packed {
                $f(self)
            }
        }
    )* };
}
converts! {
    f32 => f32, |v| v;
    f64 => f64, |v| v;
    i16 => i16, |v| v;
    i32 => i32, |v| v;
    i64 => i64, |v| v;
    u32 => u32, |v| v;
    i8 => i16, i16::from;
    u8 => u8, |v| u8::from(v != 0);
    bf16 => f32, |v: bf16| f32::from_bits(u32::from(v.to_bits()) << 16);
    f16 => f32, half_to_f32;
    f8e4m3 => f32, |v: f8e4m3| v.to_f32();
    // the upper byte of an `f16`
    f8e5m2 => f32, |v: f8e5m2| half_to_f32(f16::from_bits(u16::from(v.to_bits()) << 8));
}

/// `f16` to `f32` without a branch, so that it becomes vector code: the exponent is moved by a multiplication, which
/// also makes subnormals normal; infinity and NaN keep all their exponent's bits.
#[inline(always)]
fn half_to_f32(v: f16) -> f32 {
    let h = u32::from(v.to_bits());
    let rest = (h & 0x7fff) << 13;
    let scaled = (f32::from_bits(rest) * f32::from_bits(0x7780_0000)).to_bits();
    let bits = if rest >= 0x0f80_0000 {
        rest | 0x7f80_0000
    } else {
        scaled
    };
    f32::from_bits(bits | (h & 0x8000) << 16)
}

/// Elements that are packed one by one.
pub(super) struct Plain<S>(std::marker::PhantomData<S>);

impl<S: Convert> Source for Plain<S> {
    #[inline(always)]
    unsafe fn left<I: Isa>(p: &Panel) {
        // SAFETY: the caller's contract is the same.
        unsafe { plain::<S, I>(p) }
    }
    #[inline(always)]
    unsafe fn right<I: Isa>(p: &Panel) {
        // SAFETY: the caller's contract is the same.
        unsafe { plain::<S, I>(p) }
    }
    #[inline(always)]
    unsafe fn gather<I: Isa>(src: *const u8, stride: isize, n: usize, dst: *mut u8) {
        // SAFETY: one panel of one step has the same elements.
        unsafe {
            plain::<S, I>(&Panel {
                src,
                line: stride,
                step: 0,
                lines: n,
                k: 1,
                width: n,
                dst,
            })
        }
    }
    #[inline(always)]
    unsafe fn spread<I: Isa>(src: *const u8, stride: isize, n: usize, dst: *mut u8) {
        // SAFETY: the caller's contract is the same.
        unsafe { Self::gather::<I>(src, stride, n, dst) }
    }
}

/// Rows between the one that is packed and the one that is fetched.
const AHEAD: isize = 16;

/// # Safety
/// As [`super::pack::Pack`].
#[inline(always)]
unsafe fn plain<S: Convert, I: Isa>(p: &Panel) {
    let src = p.src.cast::<S>();
    let dst = p.dst.cast::<S::Packed>();
    // SAFETY: lines below `lines`, steps below `k`, and `lines <= width`.
    unsafe {
        if p.line == 1 {
            // whole panels by loops of a known length
            match p.lines {
                4 => beside::<S>(p, 4),
                6 => beside::<S>(p, 6),
                8 => beside::<S>(p, 8),
                16 => beside::<S>(p, 16),
                32 => beside::<S>(p, 32),
                lines => beside::<S>(p, lines),
            }
        } else if p.step == 1 {
            transposed::<S, I>(p);
        } else {
            for step in 0..p.k {
                let from = src.offset(step as isize * p.step);
                for line in 0..p.lines {
                    let v = from.offset(line as isize * p.line).read_unaligned();
                    dst.add(step * p.width + line).write(v.convert());
                }
            }
        }
        pad::<S::Packed>(dst, p.lines, p.width, p.k);
    }
}

/// Lines that are neighbours.
///
/// # Safety
/// As [`super::pack::Pack`], with `line == 1` and as many lines as the panel says.
#[inline(always)]
unsafe fn beside<S: Convert>(p: &Panel, lines: usize) {
    let src = p.src.cast::<S>();
    let dst = p.dst.cast::<S::Packed>();
    for step in 0..p.k {
        // SAFETY: lines below `lines`, steps below `k`, and `lines <= width`.
        unsafe {
            let from = src.offset(step as isize * p.step);
            let to = dst.add(step * p.width);
            // each row of the source lies on a page of its own, where processors do not read ahead
            prefetch(from.wrapping_offset(AHEAD * p.step));
            for line in 0..lines {
                to.add(line)
                    .write(from.add(line).read_unaligned().convert());
            }
        }
    }
}

/// Lines that are contiguous along k, in square blocks that stay in registers.
///
/// # Safety
/// As [`super::pack::Pack`], with `step == 1`.
#[inline(always)]
unsafe fn transposed<S: Convert, I: Isa>(p: &Panel) {
    let src = p.src.cast::<S>();
    let dst = p.dst.cast::<S::Packed>();
    let (whole_lines, whole_k) = (p.lines / BLOCK * BLOCK, p.k / BLOCK * BLOCK);
    // the lines of a panel that is narrower than a block are a block too, with a line more than once, if blocks stay in registers
    let narrow = size_of::<S::Packed>() >= 4 && p.width < BLOCK && 2 * p.lines > BLOCK;
    let block_at = |line: usize, step: usize| {
        let mut block = [[S::Packed::default(); BLOCK]; BLOCK];
        for (i, row) in block.iter_mut().enumerate() {
            let line = (line + i).min(p.lines - 1);
            // SAFETY: a line below `lines`, and steps below `k`.
            unsafe {
                let from = src.offset(line as isize * p.line).add(step);
                for (j, v) in row.iter_mut().enumerate() {
                    *v = from.add(j).read_unaligned().convert();
                }
            }
        }
        block
    };
    // SAFETY: lines below `lines`, steps below `k`, and `lines <= width`.
    unsafe {
        for line in (0..whole_lines).step_by(BLOCK) {
            for step in (0..whole_k).step_by(BLOCK) {
                transpose::<S::Packed, I>(
                    block_at(line, step).as_ptr().cast(),
                    BLOCK as isize,
                    dst.add(step * p.width + line),
                    p.width,
                );
            }
        }
        for step in (0..if narrow { whole_k } else { 0 }).step_by(BLOCK) {
            let mut turned = [[S::Packed::default(); BLOCK]; BLOCK];
            transpose::<S::Packed, I>(
                block_at(0, step).as_ptr().cast(),
                BLOCK as isize,
                turned.as_mut_ptr().cast(),
                BLOCK,
            );
            for (j, row) in turned.iter().enumerate() {
                let to = dst.add((step + j) * p.width);
                if (step + j) * p.width + BLOCK <= p.k * p.width {
                    // what is too much belongs to later steps, which are written later
                    to.cast::<[S::Packed; BLOCK]>().write_unaligned(*row);
                } else {
                    std::ptr::copy_nonoverlapping(row.as_ptr(), to, p.lines);
                }
            }
        }
        for line in 0..p.lines {
            let from = src.offset(line as isize * p.line);
            let blocks = narrow || line < whole_lines;
            for step in if blocks { whole_k } else { 0 }..p.k {
                dst.add(step * p.width + line)
                    .write(from.add(step).read_unaligned().convert());
            }
        }
    }
}

/// Zeros for the lines that do not exist.
///
/// # Safety
/// `dst` is valid for `steps × width`.
#[inline(always)]
unsafe fn pad<P: Copy + Default>(dst: *mut P, lines: usize, width: usize, steps: usize) {
    if lines == width {
        return;
    }
    for step in 0..steps {
        for line in lines..width {
            // SAFETY: within the panel.
            unsafe { dst.add(step * width + line).write(P::default()) };
        }
    }
}

/// Complex elements for real kernels.
pub(super) struct Parts<R>(std::marker::PhantomData<R>);

impl<R: Copy + Default + std::ops::Neg<Output = R> + 'static> Source for Parts<R> {
    #[inline(always)]
    unsafe fn left<I: Isa>(p: &Panel) {
        let dst = p.dst.cast::<R>();
        // SAFETY: lines below `lines <= width`, steps below `2k`.
        unsafe {
            each::<Complex<R>>(p, |step, line, v| {
                dst.add(2 * step * p.width + line).write(v.re);
                dst.add((2 * step + 1) * p.width + line).write(v.im);
            });
            pad::<R>(dst, p.lines, p.width, 2 * p.k);
        }
    }
    #[inline(always)]
    unsafe fn right<I: Isa>(p: &Panel) {
        let dst = p.dst.cast::<R>();
        // SAFETY: lines below `2 · lines <= width`, steps below `2k`.
        unsafe {
            each::<Complex<R>>(p, |step, line, v| {
                let to = dst.add(2 * step * p.width + 2 * line);
                to.write(v.re);
                to.add(1).write(v.im);
                to.add(p.width).write(-v.im);
                to.add(p.width + 1).write(v.re);
            });
            pad::<R>(dst, 2 * p.lines, p.width, 2 * p.k);
        }
    }
    #[inline(always)]
    unsafe fn gather<I: Isa>(src: *const u8, stride: isize, n: usize, dst: *mut u8) {
        // SAFETY: one panel of one line has the same elements.
        unsafe {
            Self::left::<I>(&Panel {
                src,
                line: 0,
                step: stride,
                lines: 1,
                k: n,
                width: 1,
                dst,
            })
        }
    }
    /// `re -im re -im …`, then `im re im re …`: what a row of parts is multiplied by for the real and the imaginary part.
    #[inline(always)]
    unsafe fn spread<I: Isa>(src: *const u8, stride: isize, n: usize, dst: *mut u8) {
        let dst = dst.cast::<R>();
        // SAFETY: `4n` reals.
        unsafe {
            each::<Complex<R>>(
                &Panel {
                    src,
                    line: 0,
                    step: stride,
                    lines: 1,
                    k: n,
                    width: 1,
                    dst: dst.cast(),
                },
                |i, _, v| {
                    dst.add(2 * i).write(v.re);
                    dst.add(2 * i + 1).write(-v.im);
                    dst.add(2 * n + 2 * i).write(v.im);
                    dst.add(2 * n + 2 * i + 1).write(v.re);
                },
            );
        }
    }
}

/// Calls `put(step, line, element)` for every element, lines inside.
///
/// # Safety
/// `src` is valid as in [`super::pack::Pack`].
#[inline(always)]
unsafe fn each<S: Copy>(p: &Panel, put: impl Fn(usize, usize, S)) {
    let src = p.src.cast::<S>();
    for step in 0..p.k {
        for line in 0..p.lines {
            // SAFETY: the caller says that the source is valid for every line and step.
            let v = unsafe {
                src.offset(step as isize * p.step + line as isize * p.line)
                    .read_unaligned()
            };
            put(step, line, v);
        }
    }
}

/// Four neighbours along k in one `u32`, the first in its low byte: of A with 128 added, for the processor multiplies unsigned bytes by
/// signed ones. Behind the columns of B stands -128 times their sums, which takes that away again.
#[cfg(target_arch = "x86_64")]
pub(super) struct Quads;

#[cfg(target_arch = "x86_64")]
impl Source for Quads {
    #[inline(always)]
    unsafe fn left<I: Isa>(p: &Panel) {
        // SAFETY: the caller's contract is the same.
        unsafe { quads::<0x8080_8080, I>(p) }
    }
    #[inline(always)]
    unsafe fn right<I: Isa>(p: &Panel) {
        // SAFETY: the caller's contract, by which the panel has a row of sums more.
        unsafe {
            quads::<0, I>(p);
            let packed = p.k.div_ceil(4) * p.width;
            let dst = p.dst.cast::<u32>();
            let mut sums = [0; 32];
            let sums = &mut sums[..p.width];
            for row in std::slice::from_raw_parts(dst, packed).chunks_exact(p.width) {
                for (sum, quad) in sums.iter_mut().zip(row) {
                    *sum += quad
                        .to_le_bytes()
                        .map(|v| i32::from(v as i8))
                        .iter()
                        .sum::<i32>();
                }
            }
            let to = std::slice::from_raw_parts_mut(dst.add(packed).cast::<i32>(), p.width);
            for (to, sum) in to.iter_mut().zip(sums) {
                *to = -128 * *sum;
            }
        }
    }
    /// Vectors are not multiplied in groups.
    unsafe fn gather<I: Isa>(_: *const u8, _: isize, _: usize, _: *mut u8) {}
    /// Vectors are not multiplied in groups.
    unsafe fn spread<I: Isa>(_: *const u8, _: isize, _: usize, _: *mut u8) {}
}

/// Packs four neighbours along k into one `u32`, some bits of which are turned.
///
/// # Safety
/// As [`super::pack::Pack`].
#[cfg(target_arch = "x86_64")]
#[inline(always)]
pub(super) unsafe fn quads<const TURN: u32, I: Isa>(p: &Panel) {
    // SAFETY: the caller's contract. Where rows lie along k, four elements are one, but for those at the end.
    unsafe {
        if p.step != 1 || p.line % 4 != 0 || !p.k.is_multiple_of(4) {
            return groups::<4>(p, |bytes| u32::from_le_bytes(bytes.map(|v| v as u8)) ^ TURN);
        }
        let whole = Panel {
            line: p.line / 4,
            k: p.k / 4,
            ..*p
        };
        transposed::<u32, I>(&whole);
        if TURN != 0 {
            let packed = std::slice::from_raw_parts_mut(p.dst.cast::<u32>(), whole.k * p.width);
            for row in packed.chunks_exact_mut(p.width) {
                row[..p.lines].iter_mut().for_each(|quad| *quad ^= TURN);
            }
        }
        pad::<u32>(p.dst.cast(), p.lines, p.width, whole.k);
    }
}

/// Two neighbours along k as `i16` in one `u32`.
#[cfg(target_arch = "x86_64")]
pub(super) struct WidePairs;

#[cfg(target_arch = "x86_64")]
impl Source for WidePairs {
    #[inline(always)]
    unsafe fn left<I: Isa>(p: &Panel) {
        // SAFETY: the caller's contract is the same.
        unsafe {
            groups::<2>(p, |[low, high]| {
                u32::from(i16::from(low) as u16) | u32::from(i16::from(high) as u16) << 16
            });
        }
    }
    #[inline(always)]
    unsafe fn right<I: Isa>(p: &Panel) {
        // SAFETY: the caller's contract is the same.
        unsafe { Self::left::<I>(p) }
    }
    /// Vectors are not multiplied in groups.
    unsafe fn gather<I: Isa>(_: *const u8, _: isize, _: usize, _: *mut u8) {}
    /// Vectors are not multiplied in groups.
    unsafe fn spread<I: Isa>(_: *const u8, _: isize, _: usize, _: *mut u8) {}
}

/// `N` neighbours of `i8` along k in one `u32`; those that lack at the end are 0.
///
/// # Safety
/// As [`super::pack::Pack`].
#[cfg(target_arch = "x86_64")]
#[inline(always)]
unsafe fn groups<const N: usize>(p: &Panel, join: impl Fn([i8; N]) -> u32) {
    let src = p.src.cast::<i8>();
    let dst = p.dst.cast::<u32>();
    let whole = p.k / N;
    // SAFETY: lines below `lines <= width`, steps below `k`.
    unsafe {
        for group in 0..whole {
            let from = src.offset((N * group) as isize * p.step);
            let to = dst.add(group * p.width);
            if p.line == 1 {
                for line in 0..p.lines {
                    let mut values = [0; N];
                    for (i, v) in values.iter_mut().enumerate() {
                        *v = from.offset(i as isize * p.step).add(line).read();
                    }
                    to.add(line).write(join(values));
                }
            } else {
                for line in 0..p.lines {
                    let from = from.offset(line as isize * p.line);
                    let mut values = [0; N];
                    for (i, v) in values.iter_mut().enumerate() {
                        *v = from.offset(i as isize * p.step).read();
                    }
                    to.add(line).write(join(values));
                }
            }
        }
        if !p.k.is_multiple_of(N) {
            for line in 0..p.lines {
                let mut values = [0; N];
                for (i, v) in values.iter_mut().enumerate().take(p.k % N) {
                    let step = (whole * N + i) as isize;
                    *v = src.offset(step * p.step + line as isize * p.line).read();
                }
                dst.add(whole * p.width + line).write(join(values));
            }
        }
        pad::<u32>(dst, p.lines, p.width, p.k.div_ceil(N));
    }
}

/// Neighbours along k in one `u32`, the first in its low half; the last is alone where k is odd.
#[cfg(target_arch = "x86_64")]
pub(super) struct Pairs;

#[cfg(target_arch = "x86_64")]
impl Source for Pairs {
    #[inline(always)]
    unsafe fn left<I: Isa>(p: &Panel) {
        // SAFETY: the caller's contract is the same.
        unsafe { pairs::<I>(p) }
    }
    #[inline(always)]
    unsafe fn right<I: Isa>(p: &Panel) {
        // SAFETY: the caller's contract is the same.
        unsafe { pairs::<I>(p) }
    }
    /// Vectors are not multiplied in pairs.
    unsafe fn gather<I: Isa>(_: *const u8, _: isize, _: usize, _: *mut u8) {}
    /// Vectors are not multiplied in pairs.
    unsafe fn spread<I: Isa>(_: *const u8, _: isize, _: usize, _: *mut u8) {}
}

/// # Safety
/// As [`super::pack::Pack`].
#[cfg(target_arch = "x86_64")]
#[inline(always)]
pub(super) unsafe fn pairs<I: Isa>(p: &Panel) {
    let src = p.src.cast::<u16>();
    let dst = p.dst.cast::<u32>();
    let half = p.k / 2;
    // SAFETY: lines below `lines <= width`, steps below `k`.
    unsafe {
        if p.step == 1 && p.line % 2 == 0 {
            transposed::<u32, I>(&Panel {
                line: p.line / 2,
                k: half,
                ..*p
            });
        } else {
            let line_stride = if p.line == 1 { 1 } else { p.line };
            for pair in 0..half {
                let low = src.offset(2 * pair as isize * p.step);
                let high = low.offset(p.step);
                let to = dst.add(pair * p.width);
                for line in 0..p.lines {
                    let at = line as isize * line_stride;
                    let v =
                        u32::from(low.offset(at).read()) | u32::from(high.offset(at).read()) << 16;
                    to.add(line).write(v);
                }
            }
        }
        if p.k % 2 == 1 {
            for line in 0..p.lines {
                let v = src
                    .offset((p.k - 1) as isize * p.step + line as isize * p.line)
                    .read();
                dst.add(half * p.width + line).write(u32::from(v));
            }
        }
        pad::<u32>(dst, p.lines, p.width, p.k.div_ceil(2));
    }
}
