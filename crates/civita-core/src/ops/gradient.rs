//! The derivative column of the table: [`elementwise_rows`] hands out the rows, whose derivatives are written with
//! expressions of the engine.

use super::{Op, elementwise_rows};
use crate::program::Expr;

/// A partial derivative of `y = f(x)` from `(x, y)`.
pub type Partial1 = for<'b> fn(Expr<'b>, Expr<'b>) -> Expr<'b>;
/// A partial derivative of `y = f(a, b)` from `(a, b, y)`.
pub type Partial2 = for<'b> fn(Expr<'b>, Expr<'b>, Expr<'b>) -> Expr<'b>;
/// A partial derivative of `y = f(a, b, c)` from `(a, b, c, y)`.
pub type Partial3 = for<'b> fn(Expr<'b>, Expr<'b>, Expr<'b>, Expr<'b>) -> Expr<'b>;

/// How an op is differentiated. What the graph keeps follows from what the expressions read.
#[derive(Clone, Copy)]
pub enum Gradient {
    /// `∂y/∂x`. In reverse mode its conjugate multiplies the incoming gradient, in forward mode itself the tangent.
    Unary(Partial1),
    /// `∂y/∂a`, `∂y/∂b`.
    Binary(Partial2, Partial2),
    /// The partial derivatives of those inputs that a gradient can reach; the others select.
    Ternary(Option<Partial3>, Option<Partial3>, Option<Partial3>),
    /// Not holomorphic: both maps are given, `(x, y, gradient) → gradient of x` and `(x, y, tangent) → tangent of y`.
    Maps(Partial2, Partial2),
    /// Zero wherever there is a derivative.
    Zero,
    /// None, and why.
    None(&'static str),
}

/// How `op` is differentiated.
#[inline]
pub fn gradient_of(op: Op) -> Gradient {
    GRADIENTS[op as usize]
}

/// How `y = x / |x|` moves when `x` moves along `v`, which is also its transpose: the part of `v` that is across `y`,
/// over `|x|`. Of a real number nothing is left.
fn turned<'b>(x: Expr<'b>, y: Expr<'b>, v: Expr<'b>) -> Expr<'b> {
    let (is_zero, size) = (x.eq(x.like(0.0)), x.abs());
    // what is not chosen has derivatives too, which must not be NaN
    let size = is_zero.choose(size.like(1.0), size);
    is_zero.choose(v.like(0.0), (v - y * (y.conj() * v).real()) / size)
}

macro_rules! define {
    (unary { $($(#[doc = $doc1:literal])* $Op1:ident $name1:ident($x:ident): $class1:ident {
        numpy: $numpy1:ident, torch: $torch1:literal, kernel: $kernel1:expr, device: $device1:literal, gradient: $gradient1:expr,
        samples: [$($sample1:expr),*], example: $example1:literal => $prints1:literal,
    })* }
    binary { $($(#[doc = $doc2:literal])* $Op2:ident $name2:ident($a:ident, $b:ident): $class2:ident {
        numpy: $numpy2:ident, torch: $torch2:literal, kernel: $kernel2:expr, device: $device2:literal, gradient: $gradient2:expr,
        samples: [$($sample2:expr),*], example: $example2:literal => $prints2:literal,
    })* }
    ternary { $($(#[doc = $doc3:literal])* $Op3:ident $name3:ident($c:ident, $p:ident, $q:ident): $class3:ident {
        numpy: $numpy3:ident, torch: $torch3:literal, kernel: $kernel3:expr, device: $device3:literal, gradient: $gradient3:expr,
        samples: [$($sample3:expr),*], example: $example3:literal => $prints3:literal,
    })* }) => {
        /// By [`Op`].
        static GRADIENTS: &[Gradient] = &[
            $({ use Gradient::*; $gradient1 },)*
            $({ use Gradient::*; $gradient2 },)*
            $({ use Gradient::*; $gradient3 },)*
        ];
    };
}
elementwise_rows!(define);
