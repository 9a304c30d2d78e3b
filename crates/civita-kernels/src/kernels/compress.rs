//! Keeping the elements where a mask is true.
//!
//! Without a branch: each element is written, and only counted if it was meant. AVX-512 does so for a vector at once,
//! into a register: its store of selected lanes is microcode on some processors, forty times slower.

use std::marker::PhantomData;
use std::mem::MaybeUninit;

use crate::isa::{Body, Isa};

/// Copies the elements of the first input whose byte in the second is not 0; the output has room for just these.
pub struct Compress<T>(PhantomData<T>);

/// Elements that are kept before they are copied out.
const BLOCK: usize = 256;
/// What may be written beyond and not be counted: a vector.
const SLACK: usize = 16;

impl<T: Copy + 'static> Body for Compress<T> {
    #[inline(always)]
    unsafe fn run<I: Isa>(n: usize, [x, mask, _]: [*const u8; 3], out: *mut u8) {
        let (x, mut out) = (x.cast::<T>(), out.cast::<T>());
        let mut kept = [const { MaybeUninit::<T>::uninit() }; BLOCK + SLACK];
        let mut at = 0;
        while at < n {
            let many = BLOCK.min(n - at);
            // SAFETY: `n` elements and bytes; a block and a vector fit `kept`; the output has room for what is true.
            unsafe {
                let count = block::<T, I>(many, x.add(at), mask.add(at), kept.as_mut_ptr().cast());
                std::ptr::copy_nonoverlapping(kept.as_ptr().cast::<T>(), out, count);
                out = out.add(count);
            }
            at += many;
        }
    }
}

/// # Safety
/// `n ≤ BLOCK` elements and bytes; room for as many and a vector.
#[inline(always)]
unsafe fn block<T: Copy, I: Isa>(n: usize, x: *const T, mask: *const u8, kept: *mut T) -> usize {
    let (mut count, mut i) = (0, 0);
    // SAFETY: the caller's contract; vectors end before `n`.
    unsafe {
        #[cfg(target_arch = "x86_64")]
        if I::VECTOR_BYTES == 64 {
            use std::arch::x86_64::*;
            if size_of::<T>() == 4 {
                while i + 16 <= n {
                    let bytes = _mm_loadu_si128(mask.add(i).cast());
                    let meant = _mm_test_epi8_mask(bytes, bytes);
                    let v = _mm512_maskz_compress_epi32(meant, _mm512_loadu_si512(x.add(i).cast()));
                    _mm512_storeu_si512(kept.add(count).cast(), v);
                    count += meant.count_ones() as usize;
                    i += 16;
                }
            } else if size_of::<T>() == 8 {
                while i + 8 <= n {
                    let bytes = _mm_loadl_epi64(mask.add(i).cast());
                    let meant = _mm_test_epi8_mask(bytes, bytes) as u8;
                    let v = _mm512_maskz_compress_epi64(meant, _mm512_loadu_si512(x.add(i).cast()));
                    _mm512_storeu_si512(kept.add(count).cast(), v);
                    count += meant.count_ones() as usize;
                    i += 8;
                }
            }
        }
        while i < n {
            kept.add(count).write(x.add(i).read_unaligned());
            count += usize::from(*mask.add(i) != 0);
            i += 1;
        }
    }
    count
}
