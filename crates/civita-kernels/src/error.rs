//! The one error type: one `Box` wide, opaque outside, structured inside.
//!
//! A text has up to four parts, in this order: what was asked and what was found, the rule that it breaks, and a hint
//! with the code that would mend it. `Display` writes the hint in Rust, [`Error::python_text`] in Python.
//!
//! ```text
//! matmul: shapes (3, 4) and (3, 5) cannot be multiplied: the inner dimensions are 4 and 3
//!   rule: the last axis of the left operand must be as long as the second-to-last axis of the right one
//!   hint: `a.t().matmul(&b)` multiplies (4, 3) by (3, 5) and gives (4, 5)
//! ```

use std::fmt;

use crate::dtype::DType;

/// What every engine function returns.
pub type Result<T, E = Error> = std::result::Result<T, E>;

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum ErrorKind {
    Shape,
    Axis,
    Index,
    Dtype,
    Value,
    Memory,
    Device,
    Aliasing,
    Linalg,
    Gradient,
    Io,
}

/// Why an operation could not be done. Ask with the predicates; read with `Display`.
#[derive(Clone)]
pub struct Error(Box<Inner>);

#[derive(Clone)]
struct Inner {
    kind: ErrorKind,
    op: &'static str,
    problem: String,
    shapes: Vec<Vec<usize>>,
    dtypes: Vec<DType>,
    axis: Option<isize>,
    rule: Option<String>,
    hint: Option<Hint>,
}

/// The code that would mend it.
#[derive(Clone)]
struct Hint {
    rust: String,
    /// `None` where the text is the same.
    python: Option<String>,
}

macro_rules! kinds {
    ($($(#[doc = $new_doc:literal])* $new:ident, $(#[doc = $is_doc:literal])* $is:ident, $Kind:ident;)*) => { $(
        $(#[doc = $new_doc])*
        #[cold]
        pub fn $new(op: &'static str, problem: impl Into<String>) -> Error {
            Error::new(ErrorKind::$Kind, op, problem.into())
        }
        $(#[doc = $is_doc])*
        pub fn $is(&self) -> bool {
            self.0.kind == ErrorKind::$Kind
        }
    )* };
}

impl Error {
    kinds! {
        /// Shapes that do not fit each other, or that overflow.
        shape, /// Is it about shapes or ranks?
        is_shape, Shape;
        /// An axis that the tensor does not have, or that is named twice.
        axis, /// Is it about an axis?
        is_axis, Axis;
        /// An index or slice out of range.
        index, /// Is it about an index or slice?
        is_index, Index;
        /// A dtype that the operation does not take.
        dtype, /// Is it about a dtype?
        is_dtype, Dtype;
        /// A value that the operation does not take.
        value, /// Is it about the value of an argument?
        is_value, Value;
        /// Memory that cannot be allocated.
        memory, /// Is it about memory?
        is_memory, Memory;
        /// A device that is missing or cannot do it.
        device, /// Is it about a device?
        is_device, Device;
        /// Memory that may not be written, or that overlaps.
        aliasing, /// Is it about memory that is shared or read-only?
        is_aliasing, Aliasing;
        /// A matrix that the algorithm cannot take: singular, not positive definite, without convergence.
        linalg, /// Is it about what a matrix is, as NumPy's `LinAlgError`?
        is_linalg, Linalg;
        /// A gradient that does not exist.
        gradient, /// Is it about differentiation?
        is_gradient, Gradient;
        /// A file or stream.
        io, /// Is it about a file or stream?
        is_io, Io;
    }

    fn new(kind: ErrorKind, op: &'static str, problem: String) -> Error {
        Error(Box::new(Inner {
            kind,
            op,
            problem,
            shapes: Vec::new(),
            dtypes: Vec::new(),
            axis: None,
            rule: None,
            hint: None,
        }))
    }

    /// Adds the shapes that were found.
    pub fn shapes(mut self, shapes: &[&[usize]]) -> Error {
        self.0.shapes = shapes.iter().map(|s| s.to_vec()).collect();
        self
    }

    /// Adds the dtypes that were found.
    pub fn dtypes(mut self, dtypes: &[DType]) -> Error {
        self.0.dtypes = dtypes.to_vec();
        self
    }

    /// Adds the axis that was asked for.
    pub fn at_axis(mut self, axis: isize) -> Error {
        self.0.axis = Some(axis);
        self
    }

    /// Adds the rule that was broken.
    pub fn rule(mut self, rule: impl Into<String>) -> Error {
        self.0.rule = Some(rule.into());
        self
    }

    /// Adds the code that would mend it, one text for Rust and Python.
    pub fn hint(mut self, hint: impl Into<String>) -> Error {
        self.0.hint = Some(Hint {
            rust: hint.into(),
            python: None,
        });
        self
    }

    /// Adds the code that would mend it, in each language.
    ///
    /// ```
    /// use civita_kernels::error::Error;
    /// let error = Error::value("max", "the array is empty").hint_in("check `x.is_empty()`", "check `x.size == 0`");
    /// assert_eq!(error.to_string(), "max: the array is empty\n  hint: check `x.is_empty()`");
    /// assert_eq!(error.python_text("max"), "max: the array is empty\n  hint: check `x.size == 0`");
    /// ```
    pub fn hint_in(mut self, rust: impl Into<String>, python: impl Into<String>) -> Error {
        self.0.hint = Some(Hint {
            rust: rust.into(),
            python: Some(python.into()),
        });
        self
    }

    /// Adds that something be cast, in each language: `what`, and the method with this dtype.
    ///
    /// ```
    /// use civita_kernels::{dtype::DType, error::Error};
    /// let error = Error::dtype("take", "indices are integers").hint_cast("convert them first", DType::I64);
    /// assert!(error.to_string().ends_with("hint: convert them first: `.cast::<i64>()`"));
    /// assert!(error.python_text("take").ends_with("hint: convert them first: `.astype('int64')`"));
    /// ```
    pub fn hint_cast(self, what: &str, to: DType) -> Error {
        self.hint_in(
            format!("{what}: `.cast::<{}>()`", to.rust_name()),
            format!("{what}: `.astype('{}')`", to.name()),
        )
    }

    /// Names the argument that it is about.
    pub fn of_argument(mut self, name: &str) -> Error {
        self.0.problem = format!("{name}: {}", self.0.problem);
        self
    }

    /// Names the operation that the user called, when an inner one failed.
    pub fn in_op(mut self, op: &'static str) -> Error {
        self.0.op = op;
        self
    }

    /// The operation that failed.
    pub fn op(&self) -> &'static str {
        self.0.op
    }

    /// The shapes that were found, if shapes were the problem.
    pub fn found_shapes(&self) -> &[Vec<usize>] {
        &self.0.shapes
    }

    /// The dtypes that were found, if dtypes were the problem.
    pub fn found_dtypes(&self) -> &[DType] {
        &self.0.dtypes
    }

    /// The axis that was asked for, if an axis was the problem.
    pub fn found_axis(&self) -> Option<isize> {
        self.0.axis
    }

    /// The text of `Display` for users of Python: the hint in their language, and the name that the operation has there.
    #[cold]
    pub fn python_text(&self, op: &str) -> String {
        let hint = self.0.hint.as_ref();
        self.text(
            op,
            hint.map(|hint| hint.python.as_deref().unwrap_or(&hint.rust)),
        )
    }

    fn text(&self, op: &str, hint: Option<&str>) -> String {
        let inner = &*self.0;
        let mut text = format!("{op}: {}", inner.problem);
        for (part, words) in [("rule", inner.rule.as_deref()), ("hint", hint)] {
            if let Some(words) = words {
                text += &format!("\n  {part}: {words}");
            }
        }
        text
    }
}

/// The hint is Rust's.
impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.text(self.0.op, self.0.hint.as_ref().map(|hint| &*hint.rust)))
    }
}

/// The same text as `Display`, so that `unwrap()` and a `main` that returns it show what a person can read.
impl fmt::Debug for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

impl std::error::Error for Error {}

/// So that `?` works on files and streams in a function that returns [`Result`].
impl From<std::io::Error> for Error {
    fn from(error: std::io::Error) -> Error {
        Error::io("io", error.to_string())
    }
}

/// So that `?` works on numbers that are read from text.
impl From<std::num::ParseFloatError> for Error {
    fn from(error: std::num::ParseFloatError) -> Error {
        Error::value("parse", error.to_string())
    }
}

/// As for floats.
impl From<std::num::ParseIntError> for Error {
    fn from(error: std::num::ParseIntError) -> Error {
        Error::value("parse", error.to_string())
    }
}

/// `(3, 4)`, as NumPy writes a shape; `(3,)` and `()`.
pub fn shape_text(shape: &[usize]) -> String {
    match shape {
        [n] => format!("({n},)"),
        _ => format!(
            "({})",
            shape
                .iter()
                .map(ToString::to_string)
                .collect::<Vec<_>>()
                .join(", ")
        ),
    }
}
