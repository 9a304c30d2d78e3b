//! Functions that are neither elementwise ops nor reductions, as rows of a table: `roll`, `pad`, `concatenate` …
//!
//! A row says all there is to know of a function: its doc, names, parameters with their kinds and defaults, what comes
//! back, the function that runs it, an example in Python and in Rust, and more calls as Python text. From the rows come
//!
//! * [`FUNCTIONS`], data that Python's callables, type stubs, tests and docs read at run time;
//! * the typed functions of `civita::np`, whose rank is a rule of the row;
//! * tests: every example and every sample runs in both languages, against NumPy in Python.
//!
//! Engine functions stand beside the table, by topic. They are compositions of the public methods of [`Raw`], so that
//! gradients and every other transformation follow. They are documented by their rows; comments say what NumPy leaves
//! open.

mod bind;
mod rows;
#[cfg(test)]
mod tests;
mod value;
mod warning;

#[doc(hidden)]
pub mod along;
#[doc(hidden)]
pub mod bits;
#[doc(hidden)]
pub mod calculus;
#[doc(hidden)]
pub mod classify;
#[doc(hidden)]
pub mod compare;
#[doc(hidden)]
pub mod composed;
#[doc(hidden)]
pub mod create;
#[doc(hidden)]
pub mod einsum;
#[doc(hidden)]
pub mod histogram;
#[doc(hidden)]
pub mod indexing;
#[doc(hidden)]
pub mod join;
#[doc(hidden)]
pub mod memory;
#[doc(hidden)]
pub mod nan;
#[doc(hidden)]
pub mod neural;
#[doc(hidden)]
pub mod pad;
#[doc(hidden)]
pub mod product;
#[doc(hidden)]
pub mod quantile;
#[doc(hidden)]
pub mod rearrange;
#[doc(hidden)]
pub mod scatter;
#[doc(hidden)]
pub mod sets;
#[doc(hidden)]
pub mod shape;
#[doc(hidden)]
pub mod signal;
#[doc(hidden)]
pub mod sorting;
#[doc(hidden)]
pub mod special;
#[doc(hidden)]
pub mod statistics;
pub mod ufuncs;
#[doc(hidden)]
pub mod writes;

pub use bind::{BindError, Given};
pub use composed::{COMPOSED, Composed};
pub use rows::FUNCTIONS;
pub use value::*;
pub use warning::take_warnings;
pub(crate) use warning::warn;

use std::slice;

use crate::error::{Error, Result};
use crate::raw::Raw;

/// A function as data.
pub struct FunctionRow {
    /// NumPy's name, where NumPy has the function.
    pub name: &'static str,
    /// What it computes.
    pub doc: &'static str,
    /// Other names that Python knows it by.
    pub aliases: &'static [&'static str],
    /// PyTorch's name; empty where PyTorch has none.
    pub torch: &'static str,
    /// The parameters, in order.
    pub params: &'static [Param],
    /// How many of them go by position only.
    pub positional_only: usize,
    /// How many of them may go by position; the rest go by name only.
    pub positional: usize,
    /// Its name as a method of arrays, if it is one.
    pub method: Option<&'static str>,
    /// What it does beside computing values.
    pub properties: &'static [Property],
    /// What comes back.
    pub returns: Returns,
    /// `None` where it has a gradient, else why it has none.
    pub no_gradient: Option<&'static str>,
    /// A call, and what it prints.
    pub example: Example,
    /// More calls, as Python writes them; `x[2, 3]` is an array of that shape.
    pub samples: &'static [&'static str],
    /// Python expressions that are true.
    pub laws: &'static [&'static str],
    /// What to compare with, as a Python expression, where NumPy has no function of that name.
    pub oracle: Option<&'static str>,
    /// What it is of one array where every other argument is its default: bindings that see such a call make no list of values for it.
    pub alone: Option<fn(&Raw) -> Result<Returned>>,
    /// As `alone`, of a sequence of arrays of one dtype.
    pub together: Option<OfArrays>,
    call: fn(&FunctionRow, &mut [Value<'_>]) -> Result<Returned>,
}

/// What is made of several arrays.
pub type OfArrays = fn(&[&Raw]) -> Result<Raw>;

/// What NumPy's function of a name does beside computing values. Bindings do the same; the engine does not ask.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Property {
    /// A result without axes is an array where that of others is a scalar: it makes arrays, or views of them.
    MakesArrays,
    /// It is a method of scalars, and returns a scalar for one.
    ScalarMethod,
    /// It only looks at the elements another way, which is done before others could run.
    View,
    /// Its view is not for writing. `diag` is a view of a matrix, and makes one of a vector.
    ReadOnly,
    /// A product, which tells of infinities and NaN that come out.
    Product,
    /// A generalised ufunc, with the axes that it works along.
    Generalised(&'static str),
    /// It makes an array as the package does whose array is given as `like=`.
    TakesLike,
    /// It makes numbers that may require a gradient: `requires_grad=True`.
    MakesLeaves,
    /// Its result is broadcast into an output.
    Spreads,
    /// It folds: its result goes into an output of any dtype.
    Folds,
    /// It copies its result into any output whose dtype the array's can safely become.
    WritesBack,
    /// It would keep the class of a subclass's array with `subok=True`; others of its arguments change nothing.
    TakesSubok,
    /// It copies elements of the array at this place into new memory of its dtype and byte order.
    KeepsOrder(usize),
    /// It returns its argument itself where that is as asked.
    KeepsItself,
    /// Its numbers may be floats without a fraction.
    WholeFloats,
    /// It joins arrays, and is told by what rule to cast.
    Joins,
    /// Its output is of the result's dtype and in C order.
    ExactOut,
    /// It takes an output or a dtype, and not both.
    OutOrDtype,
    /// What comes out depends on elements in more than its own elements: a length, a boolean, an error. A call that reads them is an error
    /// under `vmap`.
    ReadsValues,
    /// Its tuple has names, which are the Array API's: the class, and its fields.
    Named(&'static str, &'static [&'static str]),
}

/// A parameter.
pub struct Param {
    /// Its name.
    pub name: &'static str,
    /// What it takes, as an error says it.
    pub expects: &'static str,
    /// Its type, as a stub says it.
    pub stub: &'static str,
    /// How bindings convert its argument.
    pub form: Form,
    /// Its default; `None` where an argument is needed.
    pub default: Option<fn() -> Value<'static>>,
}

/// A call in both languages.
pub struct Example {
    /// As Python writes it.
    pub python: &'static str,
    /// What it prints.
    pub prints: &'static str,
    /// As Rust writes it.
    pub rust: &'static str,
}

/// What a function returns.
#[derive(Clone, Copy, Debug)]
pub enum Returns {
    /// An array.
    One(Output),
    /// A list of arrays.
    List(Output),
    /// A tuple of arrays.
    Tuple(Output),
    /// An array if there is one, else a tuple of them.
    OneOrTuple(Output),
    /// A tuple of the outputs that were asked for; without a tuple if that is one.
    Asked(&'static [Output]),
    /// Something that is no array, by its type.
    Plain(&'static str),
    /// Nothing: the function writes its first argument, an array. A call of the row returns what that has become.
    Written,
}

/// An array among what a function returns.
#[derive(Clone, Copy, Debug)]
pub struct Output {
    /// Its rank, by the ranks of the first two arrays. `None`: only the call tells.
    pub rank: fn(usize, usize) -> Option<usize>,
    /// The parameter that asks for it.
    pub flag: Option<&'static str>,
}

/// What a call returned.
pub enum Returned {
    /// An array.
    One(Raw),
    /// Several.
    Several(Vec<Raw>),
    /// Several as a tuple, of one too.
    Tuple(Vec<Raw>),
    /// One, and several as a list; boxed, so that the others are moved without calling `memcpy`.
    WithList(Box<(Raw, Vec<Raw>)>),
    /// Several, of which some were not asked for.
    Asked(Vec<Option<Raw>>),
    /// A boolean.
    Bool(bool),
    /// A number of things.
    Count(usize),
    /// Lengths of axes.
    Shape(Vec<usize>),
    /// The steps of a contraction, and their description.
    Path(Vec<Vec<usize>>, String),
}

const _: () = assert!(size_of::<Returned>() <= size_of::<Raw>());

macro_rules! returned { ($($T:ty, $v:pat => $value:expr;)*) => { $(
    impl From<$T> for Returned {
        fn from($v: $T) -> Returned {
            $value
        }
    }
)* } }
returned! {
    Raw, x => Returned::One(x);
    Vec<Raw>, all => Returned::Several(all);
    bool, v => Returned::Bool(v);
    usize, n => Returned::Count(n);
    Vec<usize>, shape => Returned::Shape(shape);
    (Raw, Vec<Raw>), both => Returned::WithList(Box::new(both));
    (Raw, Option<Raw>), (x, a) => Returned::Asked(vec![Some(x), a]);
    (Raw, Option<Raw>, Option<Raw>), (x, a, b) => Returned::Asked(vec![Some(x), a, b]);
    (Raw, Option<Raw>, Option<Raw>, Option<Raw>), (x, a, b, c) => Returned::Asked(vec![Some(x), a, b, c]);
}

/// Rules for the rank of an output. The first three hold for every rank, so generic code needs no bound for them.
macro_rules! rank_rules { ($($(#[doc = $doc:literal])* $Rule:ident |$n:pat_param, $m:pat_param| $rank:expr;)*) => { $(
    $(#[doc = $doc])*
    pub struct $Rule;
    impl $Rule {
        /// The rank, by the ranks of the first two arrays.
        pub fn rank($n: usize, $m: usize) -> Option<usize> {
            $rank
        }
    }
)* } }
/// Rules for the rank of an output, as types: the typed API implements a trait for each.
pub mod rank {
    rank_rules! {
        /// That of the first array.
        Same |n, _| Some(n);
        /// 0.
        Scalar |_, _| Some(0);
        /// 1.
        Vector |_, _| Some(1);
        /// 2.
        Matrix |_, _| Some(2);
        /// Only the call tells.
        Dynamic |_, _| None;
        /// The types of arguments tell: the typed API has the function by hand.
        ByArgument |_, _| None;
        /// That of the first array with an axis, 1 without.
        Along |_, _| None;
        /// One more than the first array's.
        Plus1 |n, _| Some(n + 1);
        /// One less than the first array's.
        Minus1 |n, _| n.checked_sub(1);
        /// Two less than the first array's.
        Minus2 |n, _| n.checked_sub(2);
        /// The larger of the first two arrays'.
        Larger |n, m| Some(n.max(m));
        /// A vector's is 2, a matrix's 1.
        Diagonal |n, _| 3usize.checked_sub(n);
        /// The first array's, at least 1.
        AtLeast1 |n, _| Some(n.max(1));
        /// The first array's, at least 2.
        AtLeast2 |n, _| Some(n.max(2));
        /// The first array's, at least 3.
        AtLeast3 |n, _| Some(n.max(3));
    }
}

impl FunctionRow {
    /// The row of a name or an alias.
    pub fn find(name: &str) -> Option<&'static FunctionRow> {
        FUNCTIONS
            .iter()
            .find(|row| row.name == name || row.aliases.contains(&name))
    }

    /// Whether it has a property.
    pub fn has(&self, property: Property) -> bool {
        self.properties.contains(&property)
    }

    /// Runs it on one value for each parameter, as [`FunctionRow::bind`] orders them; the last ones may be left out where they have
    /// defaults. The values are taken out of their places.
    ///
    /// # Errors
    /// When an argument is of the wrong kind, and as the function itself.
    pub fn call(&self, bound: &mut [Value<'_>]) -> Result<Returned> {
        (self.call)(self, bound)
    }

    #[cold]
    fn refused(&self, param: &Param, given: &str, why: Refused) -> Error {
        let Param { name, expects, .. } = param;
        match why {
            // a number that does not fit is the number's mistake
            Refused::Because(error) if error.op() == "scalar" => error,
            Refused::Because(error) => error.in_op(self.name),
            Refused::Word(word) => Error::value(
                self.name,
                format!("{name} must be {expects} (got '{word}')"),
            ),
            Refused::Type => Error::dtype(
                self.name,
                format!("argument '{name}' must be {expects}, not {given}"),
            ),
        }
    }
}

/// Converts arguments and calls: compiled once for each signature, not for each row.
trait Invoke<'a> {
    fn invoke(self, row: &FunctionRow, bound: &'a mut [Value<'_>]) -> Result<Returned>;
}
macro_rules! invoke { ($($($K:ident)+;)*) => { $(
    impl<'a, R: Into<Returned>, $($K: Parameter<'a>),+> Invoke<'a> for fn($($K),+) -> Result<R> {
        #[inline(never)]
        fn invoke(self, row: &FunctionRow, bound: &'a mut [Value<'_>]) -> Result<Returned> {
            let mut places = bound.iter_mut();
            let mut params = row.params.iter();
            self($(typed::<$K>(row, &mut params, places.next())?),+).map(Into::into)
        }
    }
)* } }
invoke! {
    A;
    A B;
    A B C;
    A B C D;
    A B C D E;
    A B C D E F;
    A B C D E F G;
    A B C D E F G H;
    A B C D E F G H I;
}

#[inline]
fn typed<'a, K: Parameter<'a>>(
    row: &FunctionRow,
    params: &mut slice::Iter<'static, Param>,
    place: Option<&'a mut Value<'_>>,
) -> Result<K> {
    let Some(param) = params.next() else {
        return Err(Error::value(row.name, "a parameter is missing"));
    };
    let Some(value) = place else {
        return K::of_default(param.default_value())
            .map_err(|why| row.refused(param, "its default", why));
    };
    if let Value::Other(name) = value {
        let name = name.clone();
        return K::take(value).map_err(|why| row.refused(param, &name, why));
    }
    let type_name = value.type_name();
    K::take(value).map_err(|why| row.refused(param, type_name, why))
}
