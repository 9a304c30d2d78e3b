//! The size classes of the pool: four to each doubling, so that a block wastes at most a fifth of itself.
//!
//! Sizes are counted in lines of 64 bytes: 1, 2, 3, 4, 5, 6, 7, 8, 10, 12, 14, 16, 20, …

use super::system::ALIGN;

/// The smallest class that holds `bytes` (not 0).
pub(super) const fn class_of(bytes: usize) -> usize {
    let last = (bytes - 1) / ALIGN;
    if last < 4 {
        return last;
    }
    let shift = last.ilog2() as usize - 2;
    4 * shift + (last >> shift)
}

/// The bytes of a class.
pub(super) const fn class_size(class: usize) -> usize {
    if class < 4 {
        return ALIGN * (class + 1);
    }
    let shift = class / 4 - 1;
    (ALIGN * (class % 4 + 5)) << shift
}

/// Blocks up to this size are kept by threads.
pub(super) const SMALL: usize = 64 << 10;
pub(super) const SMALL_CLASSES: usize = class_of(SMALL) + 1;
/// No class is larger than this, nor is any block that the pool keeps.
pub(super) const LARGEST: usize = isize::MAX as usize / 4;
pub(super) const CLASSES: usize = class_of(LARGEST) + 1;

/// The class of small blocks that hold `bytes`; does not compile for larger ones.
pub(super) const fn small_class_of(bytes: usize) -> usize {
    assert!(0 < bytes && bytes <= SMALL);
    class_of(bytes)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_class_holds_its_bytes_and_wastes_at_most_a_quarter() {
        let edges = (0..60).flat_map(|p| [(1usize << p) - 1, 1 << p, (1 << p) + 1]);
        for bytes in (1..10_000).chain(edges).filter(|&b| 0 < b && b <= LARGEST) {
            let class = class_of(bytes);
            let size = class_size(class);
            assert!(
                size >= bytes && size <= (bytes + bytes / 4).max(bytes + ALIGN),
                "{bytes}"
            );
            assert!(
                class < CLASSES && (class == 0 || class_size(class - 1) < bytes),
                "{bytes}"
            );
        }
    }
}
