//! The loops, compiled for the instruction sets of x86-64. The numbers are the same: products are not fused.
#![allow(unsafe_code)]

use super::{Keyed, Kind, fill_groups};

macro_rules! shells {
    ($($float:ident $name:ident $avx2:ident $avx512:ident;)*) => { $(
        #[cfg(target_arch = "x86_64")]
        #[target_feature(enable = "avx2")]
        fn $avx2(rng: &Keyed, block: u128, kind: Kind, out: &mut [$float]) {
            fill_groups(rng, block, kind, out);
        }

        #[cfg(target_arch = "x86_64")]
        #[target_feature(enable = "avx512f,avx512dq,avx512vl")]
        fn $avx512(rng: &Keyed, block: u128, kind: Kind, out: &mut [$float]) {
            fill_groups(rng, block, kind, out);
        }

        /// Fills whole groups.
        pub(super) fn $name(rng: &Keyed, block: u128, kind: Kind, out: &mut [$float]) {
            #[cfg(target_arch = "x86_64")]
            {
                if is_x86_feature_detected!("avx512dq") && is_x86_feature_detected!("avx512vl") {
                    // SAFETY: the processor has the instructions; `avx512f` comes with the others.
                    return unsafe { $avx512(rng, block, kind, out) };
                }
                if is_x86_feature_detected!("avx2") {
                    // SAFETY: the processor has the instructions.
                    return unsafe { $avx2(rng, block, kind, out) };
                }
            }
            fill_groups(rng, block, kind, out);
        }
    )* };
}
shells! {
    f32 fill_f32 avx2_f32 avx512_f32;
    f64 fill_f64 avx2_f64 avx512_f64;
}

#[cfg(test)]
mod tests {
    use super::super::{Counted, KeyedCipher};
    use super::*;

    /// The numbers of the baseline and of the processor's own instruction set.
    fn both<T: Counted>(cipher: KeyedCipher, kind: Kind) -> [Vec<T>; 2] {
        let rng = Keyed::at(7, 1 << 70).with(cipher);
        let mut all = [vec![T::default(); 6400], vec![T::default(); 6400]];
        fill_groups(&rng, 99, kind, &mut all[0]);
        T::fill(&rng, 99, kind, &mut all[1]);
        all
    }

    #[test]
    fn numbers_are_equal_on_every_instruction_set() {
        for cipher in [KeyedCipher::Philox4x32, KeyedCipher::Threefry4x32] {
            for kind in [Kind::Uniform, Kind::Normal] {
                let [a, b] = both::<f64>(cipher, kind);
                assert!(a.iter().zip(&b).all(|(a, b)| a.to_bits() == b.to_bits()));
                let [a, b] = both::<f32>(cipher, kind);
                assert!(a.iter().zip(&b).all(|(a, b)| a.to_bits() == b.to_bits()));
            }
        }
    }
}
