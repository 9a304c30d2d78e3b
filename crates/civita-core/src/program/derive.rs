//! Derivatives of programs are programs, made from the rows' partials. A chain that runs as one pass has a derivative
//! that runs as one pass; and since that is a program too, it can be derived again.

use super::expr::{Builder, Expr, Id, Node, Program};
use crate::dtype::Scalar;
use crate::ops::{Class, ClassResult, Gradient, Op, gradient_of};

impl Program {
    /// The gradient of input `i`: a program of the inputs, the output and the output's gradient, in that order. `None`
    /// where no gradient can reach the input.
    pub fn vjp(&self, i: usize) -> Option<Program> {
        let builder = Builder::new();
        let (inputs, output, gradient) = self.symbols(&builder);
        let at = self.values(&builder, &inputs, output);
        let mut adjoint: Vec<Option<Expr<'_>>> = vec![None; self.nodes().len()];
        adjoint[self.output() as usize] = Some(gradient);
        let mut found: Option<Expr<'_>> = None;
        for (id, node) in self.nodes().iter().enumerate().rev() {
            let Some(g) = adjoint[id] else { continue };
            let y = at[id];
            let mut send = |to: u16, g: Expr<'_>| {
                let g = builder.at(g.id());
                let slot = &mut adjoint[to as usize];
                *slot = Some(match *slot {
                    Some(old) => old + g,
                    None => g,
                });
            };
            match *node {
                Node::Input(n) if n as usize == i => found = Some(g),
                Node::Input(_) | Node::Const(_) | Node::Like(..) => {}
                Node::Cast(_, dtype) if !dtype.is_differentiable() => {}
                // the gradient of a real number is real, whatever complex number it meets later
                Node::Meet(a, _) => send(a, g),
                Node::Cast(a, dtype) => send(a, if dtype.is_complex() { g } else { g.real() }),
                Node::Op(op, args) => {
                    let g = if op.row().class.result() == ClassResult::Real {
                        g.real()
                    } else {
                        g
                    };
                    let v = operands(op, args, &at, y);
                    match gradient_of(op) {
                        Gradient::Unary(d) => send(args[0], scaled(g, d(v[0], y), Side::Back)),
                        Gradient::Binary(da, db) => {
                            send(args[0], scaled(g, da(v[0], v[1], y), Side::Back));
                            send(args[1], scaled(g, db(v[0], v[1], y), Side::Back));
                        }
                        Gradient::Ternary(da, db, dc) => {
                            for (arg, d) in args.into_iter().zip([da, db, dc]) {
                                if let Some(d) = d {
                                    send(arg, scaled(g, d(v[0], v[1], v[2], y), Side::Back));
                                }
                            }
                        }
                        Gradient::Maps(back, _) => send(args[0], back(v[0], y, g)),
                        Gradient::Zero | Gradient::None(_) => {}
                    }
                }
            }
        }
        found.map(|g| builder.finish(self.inputs() + 2, g))
    }

    /// The tangent of the output when the inputs in `moving` have tangents: a program of the inputs, the output and the
    /// tangents of all inputs, in that order. `None` where the output stands still.
    pub fn jvp(&self, moving: &[bool]) -> Option<Program> {
        let builder = Builder::new();
        let (inputs, output, _) = self.symbols(&builder);
        let at = self.values(&builder, &inputs, output);
        let mut tangent: Vec<Option<Expr<'_>>> = Vec::with_capacity(self.nodes().len());
        for (id, node) in self.nodes().iter().enumerate() {
            let y = at[id];
            let t = match *node {
                Node::Input(n) => {
                    moving[n as usize].then(|| builder.input(self.inputs() + 1 + n as usize))
                }
                Node::Const(_) | Node::Like(..) => None,
                Node::Cast(_, dtype) if !dtype.is_differentiable() => None,
                Node::Cast(a, dtype) => tangent[a as usize].map(|t| t.cast(dtype)),
                Node::Meet(a, _) => tangent[a as usize].map(|t| builder.at(t.id()).meet(y)),
                Node::Op(op, args) => {
                    let arity = op.row().arity;
                    let v = operands(op, args, &at, y);
                    let part = |k: usize| {
                        if k < arity {
                            tangent[args[k] as usize]
                        } else {
                            None
                        }
                    };
                    let sum = |parts: [Option<Expr<'_>>; 3]| {
                        parts
                            .into_iter()
                            .flatten()
                            .map(|p| builder.at(p.id()))
                            .reduce(|a, b| a + b)
                    };
                    match gradient_of(op) {
                        Gradient::Unary(d) => part(0).map(|t| scaled(t, d(v[0], y), Side::Forward)),
                        Gradient::Binary(da, db) => sum([
                            part(0).map(|t| scaled(t, da(v[0], v[1], y), Side::Forward)),
                            part(1).map(|t| scaled(t, db(v[0], v[1], y), Side::Forward)),
                            None,
                        ]),
                        Gradient::Ternary(da, db, dc) => {
                            let one = |k: usize, d: Option<crate::ops::Partial3>| {
                                part(k)
                                    .zip(d)
                                    .map(|(t, d)| scaled(t, d(v[0], v[1], v[2], y), Side::Forward))
                            };
                            sum([one(0, da), one(1, db), one(2, dc)])
                        }
                        Gradient::Maps(_, forward) => part(0).map(|t| forward(v[0], y, t)),
                        Gradient::Zero | Gradient::None(_) => None,
                    }
                }
            };
            tangent.push(t);
        }
        tangent[self.output() as usize].map(|t| builder.finish(2 * self.inputs() + 1, t))
    }

    /// Symbols for the inputs, the output, and what follows them.
    fn symbols<'b>(&self, builder: &'b Builder) -> (Vec<Expr<'b>>, Expr<'b>, Expr<'b>) {
        let n = self.inputs();
        (
            (0..n).map(|i| builder.input(i)).collect(),
            builder.input(n),
            builder.input(n + 1),
        )
    }

    /// Every value of the program, computed again from the inputs, but the output, which is at hand.
    fn values<'b>(
        &self,
        builder: &'b Builder,
        inputs: &[Expr<'b>],
        output: Expr<'b>,
    ) -> Vec<Expr<'b>> {
        let mut at = builder.inline(self, inputs);
        if !matches!(self.nodes()[self.output() as usize], Node::Input(_)) {
            at[self.output() as usize] = output;
        }
        at
    }
}

/// Which way a derivative is applied.
#[derive(Clone, Copy)]
enum Side {
    /// To a tangent.
    Forward,
    /// Its conjugate, to a gradient.
    Back,
}

/// A gradient or tangent times a partial derivative. One that is chosen chooses between products: where it is 0 the product is,
/// whatever the gradient, which may be infinite or NaN there (`sqrt(relu(x))` of a negative `x`).
fn scaled<'b>(g: Expr<'b>, d: Expr<'b>, side: Side) -> Expr<'b> {
    let builder = d.builder();
    match builder.node(d.id()) {
        Node::Op(Op::Where, [c, p, q]) => {
            let part = |id: Id| match builder.node(id) {
                Node::Like(_, Scalar::Float(0.0)) => g.like(0.0),
                _ => scaled(g, builder.at(id), side),
            };
            builder.at(c).choose(part(p), part(q))
        }
        Node::Op(Op::Mul, [a, b, _])
            if [a, b]
                .iter()
                .all(|&id| matches!(builder.node(id), Node::Op(Op::Where, _))) =>
        {
            scaled(scaled(g, builder.at(a), side), builder.at(b), side)
        }
        _ => match side {
            Side::Forward => g * d,
            Side::Back => g * d.conj(),
        },
    }
}

/// What an op computed with: its arguments, integers among them as the floats that it made of them.
fn operands<'b>(op: Op, args: [Id; 3], at: &[Expr<'b>], y: Expr<'b>) -> [Expr<'b>; 3] {
    let of_floats = matches!(
        op.row().class,
        Class::Ordered
            | Class::Numeric
            | Class::RealPair
            | Class::ToFloat
            | Class::TrueDiv
            | Class::RealFloat
            | Class::Native
            | Class::Double
    );
    args.map(|a| match at.get(a as usize) {
        Some(&v) if of_floats && op.row().arity > 1 => v.meet(y),
        Some(&v) => v,
        None => y,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_derivative_reads_only_what_its_row_says() {
        let exp = Program::of(Op::Exp).vjp(0).unwrap();
        assert_eq!(exp.to_string(), "mul(x2, conj(x1))");
        let log = Program::of(Op::Log).vjp(0).unwrap();
        assert!(log.reads(0) && !log.reads(1));
    }

    #[test]
    fn a_chain_is_derived_as_one_program() {
        let chain = Program::trace(2, |b| (b.input(0) * b.input(1) + 1.0).exp());
        let d = chain.vjp(0).unwrap();
        assert_eq!(d.to_string(), "mul(mul(x3, conj(x2)), conj(x1))");
    }

    #[test]
    fn no_gradient_reaches_a_condition() {
        assert!(Program::of(Op::Where).vjp(0).is_none());
        assert!(Program::of(Op::Floor).vjp(0).is_none());
    }
}
