//! Expressions: the symbols with which programs and derivatives are written.

use std::cell::{Cell, RefCell};
use std::ops;

use num_complex::Complex;

use crate::dtype::{DType, Scalar};
use crate::ops::{Op, elementwise_heads};

/// One value of a program, by its place in [`Program::nodes`].
pub type Id = u16;

/// What a value is computed from.
#[derive(Clone, Copy, Debug)]
pub enum Node {
    /// An input, by its number.
    Input(u16),
    /// A constant that takes the dtype of what it meets (NEP 50).
    Const(Scalar),
    /// A constant of another value's dtype.
    Like(Id, Scalar),
    /// Another value in this dtype.
    Cast(Id, DType),
    /// A value in the dtype that an op with this result takes it in: what it promotes to with the result, unless that is
    /// no float. Derivatives ask for it, for the reciprocal of an integer is an integer.
    Meet(Id, Id),
    /// An op on one to three values.
    Op(Op, [Id; 3]),
}

/// Constants are the same where their bits are: 0.0 and -0.0 are two, NaN is one.
impl PartialEq for Node {
    fn eq(&self, other: &Node) -> bool {
        match (*self, *other) {
            (Node::Input(a), Node::Input(b)) => a == b,
            (Node::Const(a), Node::Const(b)) => a.same_bits(b),
            (Node::Like(i, a), Node::Like(j, b)) => i == j && a.same_bits(b),
            (Node::Cast(i, a), Node::Cast(j, b)) => i == j && a == b,
            (Node::Meet(i, a), Node::Meet(j, b)) => i == j && a == b,
            (Node::Op(f, a), Node::Op(g, b)) => f == g && a == b,
            _ => false,
        }
    }
}

/// Where expressions are collected while they are written.
#[derive(Debug, Default)]
pub struct Builder {
    nodes: RefCell<Vec<Node>>,
    overflow: Cell<bool>,
}

/// A value that is being described, not computed. Operators and the methods of the rows make new ones.
#[derive(Clone, Copy, Debug)]
pub struct Expr<'b> {
    builder: &'b Builder,
    id: Id,
}

/// A function of one element of each input, as straight-line code.
#[derive(Clone, Debug, PartialEq)]
pub struct Program {
    inputs: usize,
    nodes: Vec<Node>,
    output: Id,
    /// Whether there were more steps than a program holds: then what is here means nothing, and has no plan.
    overflow: bool,
}

/// The most values that a program holds. Each takes at most four registers (its own, and one for each converted
/// argument) before they are shared, and those are counted in 16 bits.
pub(super) const MOST_NODES: usize = 1 << 14;

impl Builder {
    /// An empty one.
    pub fn new() -> Builder {
        Builder::default()
    }

    /// The same value twice is one node. One node too many is told when the program is called, where errors are.
    fn push(&self, node: Node) -> Expr<'_> {
        let mut nodes = self.nodes.borrow_mut();
        let id = nodes.iter().position(|n| *n == node).unwrap_or_else(|| {
            if nodes.len() == MOST_NODES {
                self.overflow.set(true);
                return 0;
            }
            nodes.push(node);
            nodes.len() - 1
        });
        Expr {
            builder: self,
            id: id as Id,
        }
    }

    /// Input number `i`.
    pub fn input(&self, i: usize) -> Expr<'_> {
        if i >= MOST_NODES {
            self.overflow.set(true);
        }
        self.push(Node::Input(i as u16))
    }

    /// A constant.
    pub fn constant(&self, value: Scalar) -> Expr<'_> {
        self.push(Node::Const(value))
    }

    /// The expression with this id, which this builder gave out.
    pub fn at(&self, id: Id) -> Expr<'_> {
        Expr { builder: self, id }
    }

    /// What the expression with this id is.
    pub(super) fn node(&self, id: Id) -> Node {
        self.nodes.borrow()[id as usize]
    }

    /// Any op on as many values as it takes.
    pub fn op(&self, op: Op, args: &[Expr<'_>]) -> Expr<'_> {
        let mut ids = [0; 3];
        for (id, arg) in ids.iter_mut().zip(args) {
            *id = arg.id;
        }
        if op == Op::Conj
            && matches!(
                self.nodes.borrow()[ids[0] as usize],
                Node::Like(_, Scalar::Float(_))
            )
        {
            return self.at(ids[0]);
        }
        // what derivatives are full of: times one, times minus one
        if op == Op::Mul {
            let one = |id: Id| matches!(self.nodes.borrow()[id as usize], Node::Like(_, Scalar::Float(v)) if v == 1.0);
            if one(ids[0]) {
                return self.at(ids[1]);
            }
            if one(ids[1]) {
                return self.at(ids[0]);
            }
            if matches!(self.nodes.borrow()[ids[1] as usize], Node::Like(_, Scalar::Float(v)) if v == -1.0)
            {
                return -self.at(ids[0]);
            }
        }
        self.push(Node::Op(op, ids))
    }

    /// Writes `program` into this builder with these expressions as its inputs.
    pub fn inline<'b>(&'b self, program: &Program, inputs: &[Expr<'b>]) -> Vec<Expr<'b>> {
        let mut at: Vec<Expr<'b>> = Vec::with_capacity(program.nodes.len());
        for node in &program.nodes {
            at.push(match *node {
                Node::Input(i) => inputs[i as usize],
                Node::Const(c) => self.constant(c),
                Node::Like(of, c) => self.push(Node::Like(at[of as usize].id, c)),
                Node::Cast(of, dtype) => at[of as usize].cast(dtype),
                Node::Meet(of, with) => at[of as usize].meet(at[with as usize]),
                Node::Op(op, args) => {
                    let args: Vec<_> = args[..op.row().arity]
                        .iter()
                        .map(|&a| at[a as usize])
                        .collect();
                    self.op(op, &args)
                }
            });
        }
        at
    }

    /// The program of `inputs` inputs that ends in `output`, without what it does not need.
    pub fn finish(&self, inputs: usize, output: Expr<'_>) -> Program {
        let nodes = self.nodes.borrow();
        let mut needed = vec![false; nodes.len()];
        needed[output.id as usize] = true;
        for (i, node) in nodes.iter().enumerate().rev() {
            if needed[i] {
                node.for_each_argument(|a| needed[a as usize] = true);
            }
        }
        let mut place = vec![0 as Id; nodes.len()];
        let mut kept = Vec::new();
        for (i, node) in nodes.iter().enumerate().filter(|(i, _)| needed[*i]) {
            place[i] = kept.len() as Id;
            kept.push(node.map_arguments(|a| place[a as usize]));
        }
        Program {
            inputs,
            nodes: kept,
            output: place[output.id as usize],
            overflow: self.overflow.get(),
        }
    }
}

impl Node {
    pub(crate) fn for_each_argument(&self, mut f: impl FnMut(Id)) {
        match *self {
            Node::Input(_) | Node::Const(_) => {}
            Node::Like(a, _) | Node::Cast(a, _) => f(a),
            Node::Meet(a, b) => [a, b].into_iter().for_each(f),
            Node::Op(op, args) => args[..op.row().arity].iter().for_each(|&a| f(a)),
        }
    }

    fn map_arguments(&self, f: impl Fn(Id) -> Id) -> Node {
        match *self {
            Node::Input(_) | Node::Const(_) => *self,
            Node::Like(a, c) => Node::Like(f(a), c),
            Node::Cast(a, dtype) => Node::Cast(f(a), dtype),
            Node::Meet(a, b) => Node::Meet(f(a), f(b)),
            Node::Op(op, mut args) => {
                args[..op.row().arity].iter_mut().for_each(|a| *a = f(*a));
                Node::Op(op, args)
            }
        }
    }
}

impl Program {
    /// Traces a closure: what it does to expressions is the program.
    ///
    /// ```
    /// use civita_core::program::Program;
    /// let program = Program::trace(2, |b| (b.input(0) * b.input(1) + 1.0).exp());
    /// assert_eq!(program.to_string(), "exp(add(mul(x0, x1), 1))");
    /// ```
    pub fn trace(inputs: usize, f: impl for<'b> FnOnce(&'b Builder) -> Expr<'b>) -> Program {
        let builder = Builder::new();
        let output = f(&builder);
        builder.finish(inputs, output)
    }

    /// The program of a single op.
    pub fn of(op: Op) -> Program {
        let arity = op.row().arity;
        Program::trace(arity, |b| {
            let args: Vec<_> = (0..arity).map(|i| b.input(i)).collect();
            b.op(op, &args)
        })
    }

    /// The op that it is alone, of its inputs in order.
    pub fn as_op(&self) -> Option<Op> {
        match self.as_converted_op() {
            Some((op, None)) => Some(op),
            _ => None,
        }
    }

    /// The op that it is alone, of its inputs in order, and the dtype that the result is converted to, if it is.
    pub fn as_converted_op(&self) -> Option<(Op, Option<DType>)> {
        let (&last, before) = self.nodes.split_last()?;
        let (node, before, dtype) = match last {
            Node::Cast(of, dtype) if usize::from(of) + 1 == before.len() => {
                let (&node, before) = before.split_last()?;
                (node, before, Some(dtype))
            }
            node => (node, before, None),
        };
        let Node::Op(op, args) = node else {
            return None;
        };
        let in_order = |(i, node): (usize, &Node)| {
            *node == Node::Input(i as u16) && args.get(i).is_some_and(|&a| usize::from(a) == i)
        };
        let alone = before.len() == self.inputs && op.row().arity == self.inputs;
        let ends = usize::from(self.output) + 1 == self.nodes.len();
        (alone && ends && before.iter().enumerate().all(in_order)).then_some((op, dtype))
    }

    /// How many inputs it takes.
    pub fn inputs(&self) -> usize {
        self.inputs
    }

    /// Its values, each after what it is computed from.
    pub fn nodes(&self) -> &[Node] {
        &self.nodes
    }

    /// The value that it returns.
    pub fn output(&self) -> Id {
        self.output
    }

    /// Whether the result depends on the values of input `i`. That another value has its dtype ([`Expr::like`]) does not count.
    pub fn reads(&self, i: usize) -> bool {
        let is_input = |id: Id| self.nodes[id as usize] == Node::Input(i as u16);
        is_input(self.output)
            || self.nodes.iter().any(|node| match *node {
                Node::Input(_) | Node::Const(_) | Node::Like(..) => false,
                Node::Cast(of, _) | Node::Meet(of, _) => is_input(of),
                Node::Op(op, args) => args[..op.row().arity].iter().any(|&a| is_input(a)),
            })
    }

    /// Whether it was larger than a program can be.
    pub(super) fn overflows(&self) -> bool {
        self.overflow
    }
}

/// The program as nested calls; of a large one the beginning, for a value that is used twice is written twice.
impl std::fmt::Display for Program {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        fn write(
            p: &Program,
            id: Id,
            left: &mut usize,
            f: &mut std::fmt::Formatter<'_>,
        ) -> std::fmt::Result {
            if *left == 0 {
                return f.write_str("…");
            }
            *left -= 1;
            match p.nodes[id as usize] {
                Node::Input(i) => write!(f, "x{i}"),
                Node::Const(c) | Node::Like(_, c) => write!(f, "{c}"),
                Node::Cast(a, dtype) => {
                    write!(f, "{dtype}(")?;
                    write(p, a, left, f)?;
                    f.write_str(")")
                }
                Node::Meet(a, _) => write(p, a, left, f),
                Node::Op(op, args) => {
                    write!(f, "{}(", op.row().name)?;
                    for (i, &a) in args[..op.row().arity].iter().enumerate() {
                        if i > 0 {
                            f.write_str(", ")?;
                        }
                        write(p, a, left, f)?;
                    }
                    f.write_str(")")
                }
            }
        }
        write(self, self.output, &mut 500, f)
    }
}

impl<'b> Expr<'b> {
    /// Its place in the builder.
    pub fn id(self) -> Id {
        self.id
    }

    /// The builder that it belongs to.
    pub fn builder(self) -> &'b Builder {
        self.builder
    }

    /// A constant of the same dtype as this value.
    pub fn like(self, value: f64) -> Expr<'b> {
        self.builder.push(Node::Like(self.id, Scalar::Float(value)))
    }

    /// A complex constant.
    pub fn complex(self, re: f64, im: f64) -> Expr<'b> {
        self.builder.constant(Scalar::Complex(Complex::new(re, im)))
    }

    /// The same value in the dtype that an op with this result computes in, where that is a float.
    pub fn meet(self, result: Expr<'b>) -> Expr<'b> {
        self.builder.push(Node::Meet(self.id, result.id))
    }

    /// The same value in another dtype.
    pub fn cast(self, dtype: DType) -> Expr<'b> {
        self.builder.push(Node::Cast(self.id, dtype))
    }
}

/// What stands beside an expression: another one, or a constant, a number of any type of Rust's, which takes the dtype of
/// what it meets (NEP 50).
pub trait Term<'b> {
    /// As an expression of this builder.
    fn term(self, builder: &'b Builder) -> Expr<'b>;
}
impl<'b> Term<'b> for Expr<'b> {
    fn term(self, _: &'b Builder) -> Expr<'b> {
        self
    }
}

/// A number of Rust's as a constant of a program.
pub trait Constant {
    /// As the engine knows it.
    fn constant(self) -> Scalar;
}
impl<'b, C: Constant> Term<'b> for C {
    fn term(self, builder: &'b Builder) -> Expr<'b> {
        builder.constant(self.constant())
    }
}
macro_rules! constants {
    ($($t:ty: $v:ident => $scalar:expr;)*) => { $(
        impl Constant for $t {
            fn constant(self) -> Scalar {
                let $v = self;
                $scalar
            }
        }
    )* };
    (integers $($t:ty)*) => { constants! { $($t: v => Scalar::Int(v as i128);)* } };
}
constants! { integers u8 u16 u32 u64 usize i8 i16 i32 i64 isize }
constants! {
    bool: v => Scalar::Bool(v);
    f64: v => Scalar::Float(v);
    f32: v => Scalar::Float(v.into());
    crate::float8::f8e4m3: v => Scalar::Float(v.to_f64());
    crate::float8::f8e5m2: v => Scalar::Float(v.to_f64());
    half::f16: v => Scalar::Float(v.to_f64());
    half::bf16: v => Scalar::Float(v.to_f64());
    Complex<f64>: v => Scalar::Complex(v);
    Complex<f32>: v => Scalar::Complex(Complex::new(v.re.into(), v.im.into()));
}

macro_rules! operators {
    ($($Trait:ident $method:ident $Op:ident),*) => { $(
        impl<'b> ops::$Trait for Expr<'b> {
            type Output = Expr<'b>;
            fn $method(self, rhs: Expr<'b>) -> Expr<'b> {
                self.builder.op(Op::$Op, &[self, rhs])
            }
        }
        // one impl for all: the type of what follows is known before that of a literal
        impl<'b, C: Constant> ops::$Trait<C> for Expr<'b> {
            type Output = Expr<'b>;
            fn $method(self, rhs: C) -> Expr<'b> {
                self.builder.op(Op::$Op, &[self, rhs.term(self.builder)])
            }
        }
        operators!(@left $Trait $method $Op, f64);
        operators!(@left $Trait $method $Op, i32);
        operators!(@left $Trait $method $Op, Complex<f64>);
    )* };
    // one type of each kind, so that the type of a literal is known
    (@left $Trait:ident $method:ident $Op:ident, $t:ty) => {
        impl<'b> ops::$Trait<Expr<'b>> for $t {
            type Output = Expr<'b>;
            fn $method(self, rhs: Expr<'b>) -> Expr<'b> {
                rhs.builder.op(Op::$Op, &[self.term(rhs.builder), rhs])
            }
        }
    };
}
operators!(Add add Add, Sub sub Sub, Mul mul Mul, Div div Div, Rem rem Remainder);

impl<'b> ops::Neg for Expr<'b> {
    type Output = Expr<'b>;
    fn neg(self) -> Expr<'b> {
        self.builder.op(Op::Neg, &[self])
    }
}

macro_rules! methods {
    (unary { $($(#[doc = $doc1:literal])* $Op1:ident $numpy1:ident $name1:ident($x:ident): $class1:ident $example1:literal $prints1:literal;)* }
    binary { $($(#[doc = $doc2:literal])* $Op2:ident $numpy2:ident $name2:ident($a:ident, $b:ident): $class2:ident $example2:literal $prints2:literal;)* }
    ternary { $($(#[doc = $doc3:literal])* $Op3:ident $numpy3:ident $name3:ident($c:ident, $p:ident, $q:ident): $class3:ident $example3:literal $prints3:literal;)* }) => {
        /// One method for each row.
        impl<'b> Expr<'b> {
            $($(#[doc = $doc1])* #[allow(clippy::should_implement_trait)]
            pub fn $name1(self) -> Expr<'b> {
                self.builder.op(Op::$Op1, &[self])
            })*
            $($(#[doc = $doc2])* #[allow(clippy::should_implement_trait)]
            pub fn $name2(self, $b: impl Term<'b>) -> Expr<'b> {
                self.builder.op(Op::$Op2, &[self, $b.term(self.builder)])
            })*
            $($(#[doc = $doc3])*
            pub fn $name3(self, $p: impl Term<'b>, $q: impl Term<'b>) -> Expr<'b> {
                let (p, q) = ($p.term(self.builder), $q.term(self.builder));
                self.builder.op(Op::$Op3, &[self, p, q])
            })*
        }
    };
}
elementwise_heads!(methods);
