//! NumPy's `.npy`: one array in a file.
//!
//! ```text
//! \x93NUMPY  major minor  length of the header (2 bytes little-endian in version 1, else 4)
//! {'descr': '<f8', 'fortran_order': False, 'shape': (2, 3), }      padded with blanks to a multiple of 64 bytes
//! the elements, in C order or, if `fortran_order`, in Fortran order
//! ```
//! Format: `numpy/lib/format.py`. Versions 1 to 3 are read, either byte order, either order of elements; written is version 1, or
//! 2 where the header is longer than 65,535 bytes.

use std::fs::File;
use std::io::{Read, Write};
use std::path::Path;

use civita_core::dtype::DType;
use civita_core::error::{Error, Result};
use civita_core::raw::Raw;

use crate::atomic::{failed, replace_by};
use crate::bytes;

/// The first bytes of every file.
pub const MAGIC: &[u8; 6] = b"\x93NUMPY";

/// Longer headers are refused, as by NumPy: that of an array of 64 axes has 1,400 bytes.
pub const LONGEST_HEADER: usize = 10_000;

/// What stands before the elements.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Header {
    /// Type of the elements.
    pub dtype: DType,
    /// The bytes of each element are in the other order than the machine's.
    pub swapped: bool,
    /// The first axis is innermost.
    pub fortran_order: bool,
    /// Lengths of the axes.
    pub shape: Vec<usize>,
}

fn damaged(problem: impl Into<String>) -> Error {
    Error::value("load", problem)
}

impl Header {
    /// The header of an array in C order.
    pub fn of(x: &Raw) -> Header {
        Header {
            dtype: x.dtype(),
            swapped: false,
            fortran_order: false,
            shape: x.shape().to_vec(),
        }
    }

    /// Number of elements, and of their bytes.
    ///
    /// # Errors
    /// When the shape overflows.
    pub fn size(&self) -> Result<(usize, usize)> {
        let product = |n: usize, &m: &usize| n.checked_mul(m);
        let len = self.shape.iter().try_fold(1usize, product);
        // lengths beside a 0 may not overflow either
        let rest = self.shape.iter().filter(|&&n| n > 0);
        let fits = rest
            .copied()
            .try_fold(self.dtype.size(), |n, m| n.checked_mul(m));
        match (len, fits) {
            (Some(len), Some(fits)) if isize::try_from(fits).is_ok() => {
                Ok((len, len * self.dtype.size()))
            }
            _ => Err(damaged(format!(
                "the shape {:?} of the file has more elements than memory has places",
                self.shape
            ))),
        }
    }

    /// The header from its text: a Python dict.
    ///
    /// # Errors
    /// When it is none, or lacks a key, or the dtype is not there.
    pub fn parse(text: &str) -> Result<Header> {
        let mut parser = Parser {
            rest: text.trim_matches(BLANKS),
        };
        let (mut descr, mut order, mut shape) = (None, None, None);
        parser.expect('{')?;
        while !parser.take('}') {
            let key = parser.string()?;
            parser.expect(':')?;
            match key.as_str() {
                "descr" if descr.is_none() => descr = Some(parser.string().map_err(|_| {
                    damaged(
                        "arrays of structures do not exist\n  hint: save each field as an array of its own",
                    )
                })?),
                "fortran_order" if order.is_none() => order = Some(parser.boolean()?),
                "shape" if shape.is_none() => shape = Some(parser.tuple()?),
                _ => {
                    return Err(damaged(format!(
                        "Header does not contain the correct keys: {key:?}"
                    )));
                }
            }
            if !parser.take(',') {
                parser.expect('}')?;
                break;
            }
        }
        if !parser.rest.is_empty() {
            return Err(damaged("the header goes on behind its dict"));
        }
        let (Some(descr), Some(fortran_order), Some(shape)) = (descr, order, shape) else {
            return Err(damaged(
                "Header does not contain the correct keys: descr, fortran_order, shape",
            ));
        };
        let (dtype, swapped) = dtype_of(&descr)?;
        Ok(Header {
            dtype,
            swapped,
            fortran_order,
            shape,
        })
    }

    /// Everything that stands before the elements, as NumPy writes it.
    ///
    /// # Errors
    /// When the format has no name for the dtype: it would write either 8-bit float as `V1`, bytes without meaning.
    pub fn to_bytes(&self) -> Result<Vec<u8>> {
        if self.dtype.is_float8() {
            return Err(
                Error::dtype("save", format!("the npy format has no {}", self.dtype))
                    .dtypes(&[self.dtype])
                    .hint_in(
                        "`save_safetensors` keeps it",
                        "`cv.io.save_safetensors` keeps it; or save the bytes: `x.view('uint8')`",
                    ),
            );
        }
        let shape = match self.shape[..] {
            [n] => format!("({n},)"),
            _ => {
                let lengths: Vec<String> = self.shape.iter().map(usize::to_string).collect();
                format!("({})", lengths.join(", "))
            }
        };
        let order = if self.fortran_order { "True" } else { "False" };
        let mut text = format!(
            "{{'descr': '{}', 'fortran_order': {order}, 'shape': {shape}, }}",
            code(self.dtype, self.swapped)
        );
        // NumPy leaves room for the axis that grows when arrays are appended
        if let Some(n) = match self.fortran_order {
            true => self.shape.last(),
            false => self.shape.first(),
        } {
            text.push_str(&" ".repeat(21usize.saturating_sub(n.to_string().len())));
        }
        let long = text.len() + 1 + 64 > usize::from(u16::MAX);
        let prelude = if long { 12 } else { 10 };
        let blanks = 64 - (prelude + text.len() + 1) % 64;
        text.push_str(&" ".repeat(blanks % 64));
        text.push('\n');
        let mut bytes = MAGIC.to_vec();
        if long {
            bytes.extend([2, 0]);
            bytes.extend((text.len() as u32).to_le_bytes());
        } else {
            bytes.extend([1, 0]);
            bytes.extend((text.len() as u16).to_le_bytes());
        }
        bytes.extend(text.as_bytes());
        Ok(bytes)
    }

    /// Reads what stands before the elements.
    ///
    /// # Errors
    /// When the file is none of NumPy's, of a later version, or damaged.
    pub fn read(reader: &mut dyn Read) -> Result<Header> {
        let mut first = [0; 8];
        exactly(reader, &mut first, "magic string")?;
        if &first[..6] != MAGIC {
            return Err(damaged(
                "the magic string is not correct; expected b'\\x93NUMPY'\n  rule: an npy file begins with it",
            ));
        }
        let mut length = [0; 4];
        let len = match first[6..] {
            [1, 0] => {
                exactly(reader, &mut length[..2], "array header length")?;
                u32::from_le_bytes(length)
            }
            [2 | 3, 0] => {
                exactly(reader, &mut length, "array header length")?;
                u32::from_le_bytes(length)
            }
            _ => {
                return Err(damaged(format!(
                    "we only support format version (1,0), (2,0), and (3,0), not ({}, {})",
                    first[6], first[7]
                )));
            }
        } as usize;
        if len > LONGEST_HEADER {
            return Err(damaged(format!(
                "Header info length ({len}) is large and may not be safe to load securely\n  rule: a header has at most \
                 {LONGEST_HEADER} bytes"
            )));
        }
        let mut text = vec![0; len];
        exactly(reader, &mut text, "array header")?;
        let text = match first[6] {
            3 => String::from_utf8(text).map_err(|_| damaged("the header is not UTF-8"))?,
            _ => text.into_iter().map(char::from).collect(),
        };
        Header::parse(&text)
    }
}

fn exactly(reader: &mut dyn Read, mut into: &mut [u8], what: &str) -> Result<()> {
    let wanted = into.len();
    while !into.is_empty() {
        match reader.read(into) {
            Ok(0) => {
                return Err(damaged(format!(
                    "EOF: reading {what}, expected {wanted} bytes got {}",
                    wanted - into.len()
                )));
            }
            Ok(n) => into = &mut into[n..],
            Err(e) if e.kind() == std::io::ErrorKind::Interrupted => {}
            Err(e) => return Err(Error::io("load", e.to_string())),
        }
    }
    Ok(())
}

/// NumPy's code of a dtype: `<f8`. `bfloat16` is `V2`, as ml_dtypes writes it.
pub fn code(dtype: DType, swapped: bool) -> String {
    let little = cfg!(target_endian = "little") != swapped;
    let order = match (dtype.to_real().size(), little) {
        (1, _) => '|',
        (_, true) => '<',
        (_, false) => '>',
    };
    let kind = match dtype {
        DType::Bool => 'b',
        // `Header::to_bytes` refuses the 8-bit floats
        other if !other.is_numpys() => 'V',
        _ if dtype.is_complex() => 'c',
        _ if dtype.is_float() => 'f',
        DType::U8 | DType::U16 | DType::U32 | DType::U64 => 'u',
        _ => 'i',
    };
    format!("{order}{kind}{}", dtype.size())
}

fn dtype_of(descr: &str) -> Result<(DType, bool)> {
    let body = descr.strip_prefix(['<', '>', '|', '=']).unwrap_or(descr);
    let big = descr.starts_with('>');
    let found = DType::ALL
        .into_iter()
        .find(|&d| !d.is_float8() && &code(d, false)[1..] == body);
    let Some(dtype) = found else {
        return Err(damaged(format!(
            "data type {descr:?} has no counterpart here\n  rule: elements are booleans, integers, floats and complex numbers"
        )));
    };
    let swapped = dtype.to_real().size() > 1 && big == cfg!(target_endian = "little");
    Ok((dtype, swapped))
}

/// What Python takes for blanks.
const BLANKS: [char; 5] = [' ', '\t', '\n', '\r', '\x0c'];

/// A reader of the few forms of Python that headers have.
struct Parser<'a> {
    rest: &'a str,
}

impl Parser<'_> {
    fn take(&mut self, c: char) -> bool {
        self.rest = self.rest.trim_start_matches(BLANKS);
        match self.rest.strip_prefix(c) {
            Some(rest) => {
                self.rest = rest;
                true
            }
            None => false,
        }
    }

    fn expect(&mut self, c: char) -> Result<()> {
        if self.take(c) {
            return Ok(());
        }
        Err(damaged(format!("Cannot parse header: expected {c:?}")))
    }

    fn string(&mut self) -> Result<String> {
        self.rest = self.rest.trim_start_matches(BLANKS);
        let quote = self.rest.chars().next().filter(|c| matches!(c, '\'' | '"'));
        let Some((text, rest)) = quote.and_then(|q| self.rest[1..].split_once(q)) else {
            return Err(damaged("Cannot parse header: expected a text"));
        };
        self.rest = rest;
        Ok(text.to_owned())
    }

    fn boolean(&mut self) -> Result<bool> {
        self.rest = self.rest.trim_start_matches(BLANKS);
        for (name, value) in [("True", true), ("False", false)] {
            if let Some(rest) = self.rest.strip_prefix(name) {
                self.rest = rest;
                return Ok(value);
            }
        }
        Err(damaged("fortran_order is not a valid bool"))
    }

    fn tuple(&mut self) -> Result<Vec<usize>> {
        let mut lengths = Vec::new();
        self.expect('(')?;
        while !self.take(')') {
            self.rest = self.rest.trim_start_matches(BLANKS);
            let digits = self.rest.len()
                - self
                    .rest
                    .trim_start_matches(|c: char| c.is_ascii_digit())
                    .len();
            let number = &self.rest[..digits];
            let octal = digits > 1 && number.starts_with('0');
            let Some(n) = number.parse().ok().filter(|_| !octal) else {
                return Err(damaged(
                    "shape is not valid: a length is a whole number from 0 on",
                ));
            };
            self.rest = &self.rest[digits..];
            // Python 2 wrote long integers
            self.take('L');
            lengths.push(n);
            if !self.take(',') {
                self.expect(')')?;
                break;
            }
        }
        Ok(lengths)
    }
}

/// Reads one array. `available` says how many bytes there are at most, if that is known: a header that promises more is refused
/// before memory is taken.
///
/// # Errors
/// When the file is damaged, or of a dtype that is not there.
pub fn read(reader: &mut dyn Read, available: Option<u64>) -> Result<Raw> {
    let header = Header::read(reader)?;
    let (_, size) = header.size()?;
    if available.is_some_and(|n| n < size as u64) {
        return Err(damaged(format!(
            "Failed to read all data for array. Expected {:?} = {size} bytes, only {} are left (file seems not fully written)",
            header.shape,
            available.unwrap_or(0)
        )));
    }
    let mut shape = header.shape.clone();
    if header.fortran_order {
        shape.reverse();
    }
    let x = if available.is_some() {
        bytes::filled(&shape, header.dtype, |into| {
            exactly(reader, into, "array data")
        })?
    } else {
        // nobody knows how long the stream is: memory grows with what has come
        let mut all = Vec::new();
        reader
            .take(size as u64)
            .read_to_end(&mut all)
            .map_err(|e| Error::io("load", e.to_string()))?;
        if all.len() != size {
            return Err(damaged(format!(
                "EOF: reading array data, expected {size} bytes got {}",
                all.len()
            )));
        }
        bytes::filled(&shape, header.dtype, |into| {
            into.copy_from_slice(&all);
            Ok::<(), Error>(())
        })?
    };
    let x = if header.swapped { swapped(x)? } else { x };
    if header.fortran_order {
        x.transpose()
    } else {
        Ok(x)
    }
}

fn swapped(x: Raw) -> Result<Raw> {
    bytes::of(&x, |from| {
        bytes::filled(x.shape(), x.dtype(), |into| {
            into.copy_from_slice(from);
            bytes::swap(into, x.dtype());
            Ok::<(), Error>(())
        })
    })?
}

/// Writes one array, as NumPy would: what lies in Fortran order is written in Fortran order.
///
/// # Errors
/// When the stream fails, or the value cannot be read (inside `vmap` and `trace`).
pub fn write(writer: &mut dyn Write, x: &Raw) -> Result<()> {
    let (header, laid) = laid(x)?;
    let failed = |e: std::io::Error| Error::io("save", e.to_string());
    writer.write_all(&header.to_bytes()?).map_err(failed)?;
    bytes::pieces(&laid, |bytes| writer.write_all(bytes).map_err(failed))
}

/// The header, and the tensor whose elements in C order are written.
fn laid(x: &Raw) -> Result<(Header, Raw)> {
    let x = x.concrete("save")?;
    let mut header = Header::of(&x);
    header.fortran_order = !x.layout().is_contiguous() && x.layout().is_fortran_contiguous();
    let laid = if header.fortran_order {
        x.transpose()?
    } else {
        x
    };
    Ok((header, laid))
}

/// Reads the array of a file.
///
/// # Errors
/// When there is no such file, or it is damaged.
pub fn load(path: &Path) -> Result<Raw> {
    let mut file = File::open(path).map_err(|e| failed("load", path, &e))?;
    let all = file.metadata().map_err(|e| failed("load", path, &e))?.len();
    read(&mut file, Some(all))
}

/// Writes an array to a file, which is replaced as a whole.
///
/// ```
/// use civita_core::raw::Raw;
/// # let folder = std::env::temp_dir().join(format!("civita-npy-{}", std::process::id()));
/// # std::fs::create_dir_all(&folder).unwrap();
/// let path = folder.join("x.npy");
/// let x = Raw::from_vec(vec![1.0f32, 2.0], &[2])?;
/// civita_io::npy::save(&path, &x)?;
/// assert_eq!(civita_io::npy::load(&path)?.to_vec::<f32>()?, [1.0, 2.0]);
/// # std::fs::remove_dir_all(&folder).unwrap();
/// # Ok::<(), civita_core::error::Error>(())
/// ```
///
/// # Errors
/// When the system fails; the old file is there still.
pub fn save(path: &Path, x: &Raw) -> Result<()> {
    let (header, laid) = laid(x)?;
    let header = header.to_bytes()?;
    let len = header.len() + laid.len() * laid.dtype().size();
    replace_by("save", path, len, |writer| {
        let failed = |e: std::io::Error| Error::io("save", e.to_string());
        writer.write_all(&header).map_err(failed)?;
        bytes::to_file("save", writer, &laid)
    })
}
