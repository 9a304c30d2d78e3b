//! Memory that factorisations work in.

use faer::dyn_stack::{MemBuffer, MemStack, StackReq};

/// A buffer for faer's routines.
pub struct Scratch(MemBuffer);

/// Of no size: what stays where a routine owns the memory meanwhile.
impl Default for Scratch {
    fn default() -> Scratch {
        Scratch::new(StackReq::EMPTY)
    }
}

impl Scratch {
    /// As much as a routine asks for.
    pub fn new(size: StackReq) -> Scratch {
        Scratch(MemBuffer::new(size))
    }

    /// As routines take it.
    pub fn stack(&mut self) -> &mut MemStack {
        MemStack::new(&mut self.0)
    }
}
