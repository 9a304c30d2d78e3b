//! Standard normal and exponential draws by the ziggurat.
//!
//! The area under a density is covered by 256 layers of equal area (see [`super::ziggurat_tables`]). A draw picks a layer with 8 of
//! its bits and a place in it with the others; 99% lie so far inside that one multiplication is all. The rest compares
//! with the density, or comes from the tail.

use super::ziggurat_tables as table;
use crate::bits::BitGenerator;

/// Where the tail of the normal density begins, and its inverse.
const NORMAL_R: f64 = 3.654_152_885_361_009;
const NORMAL_INVERSE_R: f64 = 0.273_661_237_329_758_3;
/// Where the tail of the exponential density begins.
const EXPONENTIAL_R: f64 = 7.697_117_470_131_05;

/// Standard normal, density `exp(-x²/2) / √(2π)`.
#[inline(always)]
pub(crate) fn standard_normal<B: BitGenerator>(bits: &mut B) -> f64 {
    let word = bits.next_u64();
    let layer = (word & 0xff) as usize;
    let place = word >> 9 & 0x000f_ffff_ffff_ffff;
    let x = signed(place as f64 * table::NORMAL_WIDTH_F64[layer], word >> 8);
    if place < table::NORMAL_INSIDE_F64[layer] {
        x
    } else {
        normal_edge(bits, layer, place, x)
    }
}

/// The value with this sign bit.
#[inline(always)]
fn signed(x: f64, sign: u64) -> f64 {
    f64::from_bits(x.to_bits() | sign << 63)
}

/// A draw that did not lie inside its layer, and those after it until one is accepted.
#[cold]
#[inline(never)]
fn normal_edge<B: BitGenerator>(bits: &mut B, mut layer: usize, mut place: u64, mut x: f64) -> f64 {
    loop {
        if layer == 0 {
            loop {
                // 1 - u is never zero
                let beyond = -NORMAL_INVERSE_R * (-bits.next_f64()).ln_1p();
                let y = -(-bits.next_f64()).ln_1p();
                if y + y > beyond * beyond {
                    let x = NORMAL_R + beyond;
                    return if place >> 8 & 1 == 1 { -x } else { x };
                }
            }
        }
        let [low, high] = [
            table::NORMAL_DENSITY_F64[layer],
            table::NORMAL_DENSITY_F64[layer - 1],
        ];
        if (high - low) * bits.next_f64() + low < (-0.5 * x * x).exp() {
            return x;
        }
        let word = bits.next_u64();
        layer = (word & 0xff) as usize;
        place = word >> 9 & 0x000f_ffff_ffff_ffff;
        x = signed(place as f64 * table::NORMAL_WIDTH_F64[layer], word >> 8);
        if place < table::NORMAL_INSIDE_F64[layer] {
            return x;
        }
    }
}

/// Standard normal from 32 bits.
#[inline(always)]
pub(crate) fn standard_normal_f32<B: BitGenerator>(bits: &mut B) -> f32 {
    loop {
        let word = bits.next_u32();
        let layer = (word & 0xff) as usize;
        let place = word >> 9;
        let x = place as f32 * table::NORMAL_WIDTH_F32[layer];
        let x = f32::from_bits(x.to_bits() | word >> 8 << 31);
        if place < table::NORMAL_INSIDE_F32[layer] {
            return x;
        }
        if let Some(x) = normal_edge_f32(bits, layer, place, x) {
            return x;
        }
    }
}

/// A draw at the edge of its layer, if it is accepted; one from the tail.
#[cold]
#[inline(never)]
fn normal_edge_f32<B: BitGenerator>(bits: &mut B, layer: usize, place: u32, x: f32) -> Option<f32> {
    if layer == 0 {
        loop {
            let beyond = -(NORMAL_INVERSE_R as f32) * (-bits.next_f32()).ln_1p();
            let y = -(-bits.next_f32()).ln_1p();
            if y + y > beyond * beyond {
                let x = NORMAL_R as f32 + beyond;
                return Some(if place >> 8 & 1 == 1 { -x } else { x });
            }
        }
    }
    let [low, high] = [
        table::NORMAL_DENSITY_F32[layer],
        table::NORMAL_DENSITY_F32[layer - 1],
    ];
    let y = (high - low) * bits.next_f32() + low;
    let x64 = f64::from(x);
    (f64::from(y) < (-0.5 * x64 * x64).exp()).then_some(x)
}

/// Standard exponential, density `exp(-x)`.
#[inline(always)]
pub(crate) fn standard_exponential<B: BitGenerator>(bits: &mut B) -> f64 {
    loop {
        let word = bits.next_u64() >> 3;
        let layer = (word & 0xff) as usize;
        let place = word >> 8;
        let x = place as f64 * table::EXPONENTIAL_WIDTH_F64[layer];
        if place < table::EXPONENTIAL_INSIDE_F64[layer] {
            return x;
        }
        if let Some(x) = exponential_edge(bits, layer, x) {
            return x;
        }
    }
}

#[cold]
#[inline(never)]
fn exponential_edge<B: BitGenerator>(bits: &mut B, layer: usize, x: f64) -> Option<f64> {
    if layer == 0 {
        return Some(EXPONENTIAL_R - (-bits.next_f64()).ln_1p());
    }
    let [low, high] = [
        table::EXPONENTIAL_DENSITY_F64[layer],
        table::EXPONENTIAL_DENSITY_F64[layer - 1],
    ];
    ((high - low) * bits.next_f64() + low < (-x).exp()).then_some(x)
}

/// Standard exponential from 32 bits.
#[inline(always)]
pub(crate) fn standard_exponential_f32<B: BitGenerator>(bits: &mut B) -> f32 {
    loop {
        let word = bits.next_u32() >> 1;
        let layer = (word & 0xff) as usize;
        let place = word >> 8;
        let x = place as f32 * table::EXPONENTIAL_WIDTH_F32[layer];
        if place < table::EXPONENTIAL_INSIDE_F32[layer] {
            return x;
        }
        if let Some(x) = exponential_edge_f32(bits, layer, x) {
            return x;
        }
    }
}

#[cold]
#[inline(never)]
fn exponential_edge_f32<B: BitGenerator>(bits: &mut B, layer: usize, x: f32) -> Option<f32> {
    if layer == 0 {
        return Some(EXPONENTIAL_R as f32 - (-bits.next_f32()).ln_1p());
    }
    let [low, high] = [
        table::EXPONENTIAL_DENSITY_F32[layer],
        table::EXPONENTIAL_DENSITY_F32[layer - 1],
    ];
    ((high - low) * bits.next_f32() + low < (-x).exp()).then_some(x)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn assert_layers(
        r: f64,
        density: impl Fn(f64) -> f64,
        inside: &[u64; 256],
        width: &[f64; 256],
        edges: &[f64; 256],
        unit: f64,
    ) {
        let area = width[0] * unit * edges[255];
        assert!((width[255] * unit - r).abs() < 1e-13);
        assert_eq!((edges[0], inside[1]), (1.0, 0));
        for i in 1..256 {
            let x = width[i] * unit;
            assert!((density(x) - edges[i]).abs() < 1e-15, "density of {i}");
            let layer = (edges[i - 1] - edges[i]) * x;
            assert!(
                (layer - area).abs() < 1e-13 * area.max(1e-2),
                "area of {i}: {layer} {area}"
            );
            if i > 1 {
                let within = width[i - 1] / width[i] * unit;
                assert!((within - inside[i] as f64).abs() < 1e3, "inside of {i}");
            }
        }
    }

    #[test]
    fn layers_have_one_area_and_end_at_the_density() {
        assert_layers(
            NORMAL_R,
            |x| (-0.5 * x * x).exp(),
            &table::NORMAL_INSIDE_F64,
            &table::NORMAL_WIDTH_F64,
            &table::NORMAL_DENSITY_F64,
            2_f64.powi(52),
        );
        assert_layers(
            EXPONENTIAL_R,
            |x| (-x).exp(),
            &table::EXPONENTIAL_INSIDE_F64,
            &table::EXPONENTIAL_WIDTH_F64,
            &table::EXPONENTIAL_DENSITY_F64,
            2_f64.powi(53),
        );
    }

    #[test]
    fn narrow_tables_are_the_wide_ones_rounded() {
        for i in 0..256 {
            let near = |a: f32, b: f64| (f64::from(a) / b - 1.0).abs() < 1e-6;
            let steps = (2_f64.powi(52 - 23), 2_f64.powi(53 - 23));
            assert!(near(
                table::NORMAL_WIDTH_F32[i],
                table::NORMAL_WIDTH_F64[i] * steps.0
            ));
            assert!(near(
                table::EXPONENTIAL_WIDTH_F32[i],
                table::EXPONENTIAL_WIDTH_F64[i] * steps.1
            ));
            assert!(near(
                table::NORMAL_DENSITY_F32[i],
                table::NORMAL_DENSITY_F64[i]
            ));
            assert!(near(
                table::EXPONENTIAL_DENSITY_F32[i],
                table::EXPONENTIAL_DENSITY_F64[i]
            ));
            let off = |a: u32, b: u64, step: f64| (f64::from(a) - b as f64 / step).abs();
            assert!(
                off(
                    table::NORMAL_INSIDE_F32[i],
                    table::NORMAL_INSIDE_F64[i],
                    steps.0
                ) <= 1.0
            );
            assert!(
                off(
                    table::EXPONENTIAL_INSIDE_F32[i],
                    table::EXPONENTIAL_INSIDE_F64[i],
                    steps.1
                ) <= 1.0
            );
        }
    }
}
