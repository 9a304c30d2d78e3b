//! The order in which axes lie in memory: NumPy's `order='K'`.

use super::Raw;
use crate::error::Result;
use crate::layout::{Layout, PerAxis};

/// Where an axis is in an order of axes.
pub(crate) fn place_of(order: &[usize], axis: usize) -> usize {
    order.iter().position(|&a| a == axis).unwrap_or(axis)
}

impl Raw {
    /// The axes in this order, of a tensor without tags.
    pub(crate) fn reordered(&self, order: &[usize]) -> Result<Raw> {
        let order: PerAxis<isize> = order.iter().map(|&axis| axis as isize).collect();
        Ok(self.with_layout(self.layout().permute(&order)?))
    }

    /// What [`Raw::reordered`] undoes.
    pub(crate) fn in_former_order(&self, order: &[usize]) -> Result<Raw> {
        let mut back: PerAxis<usize> = (0..order.len()).collect();
        back.sort_by_key(|&place| order[place]);
        self.reordered(&back)
    }

    /// This tensor, its axes lying in memory in the order of another layout of as many axes (NumPy's `order='K'`): a copy where they lie
    /// otherwise.
    pub(crate) fn lying_as(self, layout: &Layout) -> Result<Raw> {
        match layout.memory_order() {
            Some(order) => self.lying_in(&order),
            None => self.contiguous(),
        }
    }

    /// As [`Raw::lying_as`], the outermost axis first.
    pub(crate) fn lying_in(self, order: &[usize]) -> Result<Raw> {
        let mut back: PerAxis<isize> = (0..order.len() as isize).collect();
        back.sort_by_key(|&place| order[place as usize]);
        let order: PerAxis<isize> = order.iter().map(|&axis| axis as isize).collect();
        let lying = self.permute(&order)?;
        match lying.layout().is_contiguous() {
            true => Ok(self),
            false => lying.copied()?.permute(&back),
        }
    }
}
