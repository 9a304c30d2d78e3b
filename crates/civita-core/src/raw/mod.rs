//! `Raw`, the untyped tensor: storage, layout, dtype and, when it is being differentiated, its node of the graph.
//!
//! All work happens on it; the typed face and the Python door are shells around it. Every function here returns a
//! `Result`, and none panics on arguments from outside.

mod copy;
mod create;
mod dense;
mod elementwise;
mod gather;
mod join;
mod matmul;
mod put;
mod scan;
mod softmax;
mod view;

use std::sync::Arc;

pub use create::Endpoint;
pub use elementwise::{Operand, apply_in_place, write_elementwise};
pub use gather::Mode;

use crate::device::Device;
use crate::dtype::DType;
use crate::graph::Node;
use crate::layout::Layout;
use crate::storage::{Access, Storage};

/// An n-dimensional array whose element type and rank are known at run time only.
///
/// A clone is another handle on the same value; its bytes are shared. `Owned` values never change under a handle: a
/// write copies first when others hold the bytes. `Aliased` ones, which Python makes, change for all views at once.
#[derive(Clone)]
pub struct Raw {
    storage: Storage,
    layout: Layout,
    dtype: DType,
    node: Option<Arc<Node>>,
}

const _: () = {
    const fn threads_share<T: Send + Sync>() {}
    threads_share::<Raw>();
    // what compilers move without calling `memcpy`
    assert!(size_of::<Raw>() <= 128);
};

impl Raw {
    /// A tensor over these bytes.
    pub(crate) fn new(storage: Storage, layout: Layout, dtype: DType) -> Raw {
        Raw {
            storage,
            layout,
            dtype,
            node: None,
        }
    }

    /// The same elements seen through another layout, which lies within the same buffer.
    pub(crate) fn with_layout(&self, layout: Layout) -> Raw {
        Raw {
            storage: self.storage.clone(),
            layout,
            dtype: self.dtype,
            node: None,
        }
    }

    /// Lengths of the axes.
    #[inline]
    pub fn shape(&self) -> &[usize] {
        self.layout.shape()
    }

    /// Number of axes.
    #[inline]
    pub fn rank(&self) -> usize {
        self.layout.rank()
    }

    /// Number of elements.
    #[inline]
    pub fn len(&self) -> usize {
        self.layout.len()
    }

    /// Has it no elements?
    #[inline]
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// Type of the elements.
    #[inline]
    pub fn dtype(&self) -> DType {
        self.dtype
    }

    /// Where the elements lie in the buffer.
    #[inline]
    pub fn layout(&self) -> &Layout {
        &self.layout
    }

    /// The bytes.
    #[inline]
    pub fn storage(&self) -> &Storage {
        &self.storage
    }

    /// Where it lives.
    #[inline]
    pub fn device(&self) -> Device {
        Device::Cpu
    }

    /// The node of the gradient graph, if it is part of one.
    #[inline]
    pub fn node(&self) -> Option<&Arc<Node>> {
        self.node.as_ref()
    }

    /// Will a gradient reach it? True of a tensor that requires one and of all that is computed from it.
    #[inline]
    pub fn tracks_gradient(&self) -> bool {
        self.node.is_some()
    }

    /// The same value as a constant of the graph.
    pub fn detach(&self) -> Raw {
        Raw {
            node: None,
            ..self.clone()
        }
    }

    pub(crate) fn with_node(mut self, node: Option<Arc<Node>>) -> Raw {
        self.node = node;
        self
    }

    /// Address of the first byte of the buffer.
    #[inline]
    pub(crate) fn base(&self) -> *mut u8 {
        self.storage.ptr()
    }

    /// Address of the element at index 0 on every axis. It may be read under the rules of the storage's access.
    #[inline]
    pub fn ptr(&self) -> *mut u8 {
        // the offset of an empty view may be anywhere; wrapping keeps it a plain address
        self.base()
            .wrapping_add(self.layout.offset() * self.dtype.size())
    }

    /// Moves the value into Python's world, where views alias: without a copy when nobody else holds the bytes.
    pub fn into_aliased(self) -> crate::error::Result<Raw> {
        if self.storage.access() != Access::Owned {
            return Ok(self);
        }
        Ok(Raw {
            storage: self.storage.into_aliased()?,
            ..self
        })
    }

    /// Moves the value into Rust's world, where it never changes under a handle.
    pub fn into_owned(self) -> crate::error::Result<Raw> {
        match self.storage.access() {
            Access::Owned => Ok(self),
            // ops that only move bytes (`take`, `where`) leave foreign truth values as others wrote them: other bytes than
            // 0 and 1 must not become a Rust `bool`, and a copy turns them into these
            Access::Aliased if self.dtype != DType::Bool => Ok(Raw {
                storage: self.storage.into_owned()?,
                ..self
            }),
            // bytes that others chose are looked at once, in a copy
            Access::Aliased | Access::Foreign => self.copied(),
        }
    }
}

impl std::fmt::Debug for Raw {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{}", self.display())?;
        write!(
            f,
            " dtype={} shape={} device=cpu",
            self.dtype,
            crate::error::shape_text(self.shape())
        )
    }
}
