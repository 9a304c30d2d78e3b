//! The print options and their process-wide default.

use std::borrow::Cow;
use std::cell::RefCell;

/// How the digits of floats are chosen (NumPy's `floatmode`).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum FloatMode {
    /// Exactly [`Options::precision`] digits after the point: `"fixed"`.
    Fixed,
    /// As few digits as identify each value, whatever the precision: `"unique"`.
    Unique,
    /// As `Unique`, but at most `precision` digits after the point: `"maxprec"`.
    MaxPrec,
    /// As `MaxPrec`, but all values with as many digits as the longest: `"maxprec_equal"`.
    MaxPrecEqual,
}

impl FloatMode {
    /// The mode with this NumPy name.
    ///
    /// ```
    /// use civita_core::print::FloatMode;
    /// assert_eq!(FloatMode::from_name("maxprec_equal"), Some(FloatMode::MaxPrecEqual));
    /// ```
    pub fn from_name(name: &str) -> Option<FloatMode> {
        match name {
            "fixed" => Some(FloatMode::Fixed),
            "unique" => Some(FloatMode::Unique),
            "maxprec" => Some(FloatMode::MaxPrec),
            "maxprec_equal" => Some(FloatMode::MaxPrecEqual),
            _ => None,
        }
    }

    /// NumPy's name.
    pub const fn name(self) -> &'static str {
        match self {
            FloatMode::Fixed => "fixed",
            FloatMode::Unique => "unique",
            FloatMode::MaxPrec => "maxprec",
            FloatMode::MaxPrecEqual => "maxprec_equal",
        }
    }
}

/// What stands before a number that is not negative (NumPy's `sign`).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Sign {
    /// Nothing: `"-"`.
    Minus,
    /// A plus: `"+"`.
    Plus,
    /// A blank: `" "`.
    Space,
}

impl Sign {
    /// The choice with this NumPy name.
    pub fn from_name(name: &str) -> Option<Sign> {
        match name {
            "-" => Some(Sign::Minus),
            "+" => Some(Sign::Plus),
            " " => Some(Sign::Space),
            _ => None,
        }
    }

    /// NumPy's name.
    pub const fn name(self) -> &'static str {
        match self {
            Sign::Minus => "-",
            Sign::Plus => "+",
            Sign::Space => " ",
        }
    }
}

/// How arrays are printed: NumPy's `np.printoptions`, with its defaults.
#[derive(Clone, Debug, PartialEq)]
pub struct Options {
    /// The most digits after the point (8); used by every float mode but `Unique`.
    pub precision: usize,
    /// Arrays of more elements than this are summarised (1000); `usize::MAX` never summarises.
    pub threshold: usize,
    /// How many elements a summary shows at both ends of each axis (3).
    pub edgeitems: usize,
    /// Characters in a line (75).
    pub linewidth: usize,
    /// Write small numbers beside large ones as zero instead of all in scientific notation (false; `suppress`).
    pub suppress_small: bool,
    /// Before numbers that are not negative ([`Sign::Minus`]: nothing).
    pub sign: Sign,
    /// How digits are chosen ([`FloatMode::MaxPrec`]).
    pub floatmode: FloatMode,
    /// The text of not-a-number (`nan`).
    pub nanstr: Cow<'static, str>,
    /// The text of infinity (`inf`).
    pub infstr: Cow<'static, str>,
    /// Characters of an element at least, filled up on its left: the width of Rust's `{:8.2}`.
    pub element_width: usize,
    /// Whose habits are kept.
    pub legacy: Legacy,
}

/// Versions of NumPy whose texts differ from the newest (NumPy's `legacy`).
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Legacy {
    /// A blank for the sign, all digits of a precision in scientific notation, no limit of lines but for elements: up to 1.13.
    V1_13,
    /// Today as [`Legacy::V1_25`]: what differs is arrays of structures.
    V1_21,
    /// Summaries do not tell the shape, and scalars are written without their class: up to 1.25.
    V1_25,
    /// Today as [`Legacy::V2_2`].
    V2_1,
    /// Summaries do not tell the shape, and floats of less than 64 bits are written in full up to the same sizes as those of 64:
    /// up to 2.2.
    V2_2,
    /// Today's.
    None,
}

impl Legacy {
    const NAMES: [(Legacy, &str); 5] = [
        (Legacy::V1_13, "1.13"),
        (Legacy::V1_21, "1.21"),
        (Legacy::V1_25, "1.25"),
        (Legacy::V2_1, "2.1"),
        (Legacy::V2_2, "2.2"),
    ];

    /// The version of this number.
    pub fn from_name(name: &str) -> Option<Legacy> {
        let found = Legacy::NAMES.iter().find(|(_, n)| *n == name);
        found.map(|(legacy, _)| *legacy)
    }

    /// Its number; `None` for today's.
    pub fn name(self) -> Option<&'static str> {
        let found = Legacy::NAMES.iter().find(|(legacy, _)| *legacy == self);
        found.map(|(_, name)| *name)
    }
}

impl Options {
    /// NumPy's defaults.
    pub const DEFAULT: Options = Options {
        precision: 8,
        threshold: 1000,
        edgeitems: 3,
        linewidth: 75,
        suppress_small: false,
        sign: Sign::Minus,
        floatmode: FloatMode::MaxPrec,
        nanstr: Cow::Borrowed("nan"),
        infstr: Cow::Borrowed("inf"),
        element_width: 0,
        legacy: Legacy::None,
    };
}

impl Options {
    /// The width of a line that a suffix may follow.
    pub fn width_before(&self, suffix: &str) -> usize {
        match self.legacy {
            Legacy::V1_13 => self.linewidth,
            _ => self.linewidth.saturating_sub(suffix.chars().count()),
        }
    }
}

impl Default for Options {
    fn default() -> Options {
        Options::DEFAULT
    }
}

thread_local! {
    static CURRENT: RefCell<Options> = const { RefCell::new(Options::DEFAULT) };
}

/// The options that printing uses where none are given (NumPy: `np.get_printoptions`).
pub fn get_options() -> Options {
    CURRENT.with_borrow(Options::clone)
}

/// Whose texts printing follows where no options are given.
pub fn legacy() -> Legacy {
    CURRENT.with_borrow(|options| options.legacy)
}

/// Sets the options that printing uses on this thread where none are given, and returns those that were set before
/// (NumPy: `np.set_printoptions`).
///
/// ```
/// use civita_core::print::{Options, get_options, set_options};
/// let before = set_options(Options { precision: 3, ..Options::DEFAULT });
/// assert_eq!(get_options().precision, 3);
/// set_options(before);
/// ```
pub fn set_options(options: Options) -> Options {
    CURRENT.replace(options)
}
