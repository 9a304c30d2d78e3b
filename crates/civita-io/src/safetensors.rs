//! safetensors: tensors by name, the format of weights on the Hugging Face hub.
//!
//! ```text
//! length of the header (8 bytes, little-endian)
//! {"w": {"dtype": "F32", "shape": [2, 3], "data_offsets": [0, 24]}, "__metadata__": {"format": "pt"}}
//! the elements of all tensors, in C order, one behind the other
//! ```
//! The crate `safetensors` reads and checks the header: offsets follow each other without gaps or overlaps and fit their shapes.

use std::collections::HashMap;
use std::fs;
use std::io::Write;
use std::path::Path;

use ::safetensors::SafeTensors;
use ::safetensors::tensor::{Dtype, Metadata, TensorInfo};
use civita_core::dtype::DType;
use civita_core::error::{Error, Result};
use civita_core::raw::Raw;

use crate::atomic::{failed, replace_by};
use crate::bytes;

/// What a file holds.
#[derive(Debug)]
pub struct Contents {
    /// The tensors by name, in the order of their elements in the file.
    pub tensors: Vec<(String, Raw)>,
    /// Texts by name: what the writer had to say, such as `("format", "pt")`.
    pub metadata: Vec<(String, String)>,
}

fn dtype_of(dtype: Dtype) -> Option<DType> {
    Some(match dtype {
        Dtype::BOOL => DType::Bool,
        Dtype::U8 => DType::U8,
        Dtype::I8 => DType::I8,
        Dtype::U16 => DType::U16,
        Dtype::I16 => DType::I16,
        Dtype::U32 => DType::U32,
        Dtype::I32 => DType::I32,
        Dtype::U64 => DType::U64,
        Dtype::I64 => DType::I64,
        Dtype::F8_E4M3 => DType::F8E4M3,
        Dtype::F8_E5M2 => DType::F8E5M2,
        Dtype::F16 => DType::F16,
        Dtype::BF16 => DType::BF16,
        Dtype::F32 => DType::F32,
        Dtype::F64 => DType::F64,
        Dtype::C64 => DType::C64,
        _ => return None,
    })
}

fn code(dtype: DType) -> Result<Dtype> {
    let all = [
        Dtype::BOOL,
        Dtype::U8,
        Dtype::I8,
        Dtype::U16,
        Dtype::I16,
        Dtype::U32,
        Dtype::I32,
        Dtype::U64,
        Dtype::I64,
        Dtype::F8_E4M3,
        Dtype::F8_E5M2,
        Dtype::F16,
        Dtype::BF16,
        Dtype::F32,
        Dtype::F64,
        Dtype::C64,
    ];
    let found = all.into_iter().find(|&d| dtype_of(d) == Some(dtype));
    found.ok_or_else(|| {
        Error::dtype("save_safetensors", format!("safetensors has no {dtype}"))
            .hint("save the real and the imaginary part as tensors of their own")
    })
}

fn damaged(problem: impl std::fmt::Display) -> Error {
    Error::value(
        "load_safetensors",
        format!("the file is damaged: {problem}"),
    )
}

/// The tensors of a file.
///
/// # Errors
/// When there is no such file, it is damaged, or of a dtype that is not there.
pub fn load(path: &Path) -> Result<Contents> {
    let all = fs::read(path).map_err(|e| failed("load_safetensors", path, &e))?;
    read(&all)
}

/// As [`load`], of the bytes of a file.
///
/// # Errors
/// When they are damaged, or of a dtype that is not there.
pub fn read(all: &[u8]) -> Result<Contents> {
    let (_, header) = SafeTensors::read_metadata(all).map_err(damaged)?;
    let file = SafeTensors::deserialize(all).map_err(damaged)?;
    let mut views: Vec<_> = file.iter().collect();
    views.sort_by_key(|(name, view)| (view.data().as_ptr() as usize, *name));
    let mut tensors = Vec::with_capacity(views.len());
    for (name, view) in views {
        let Some(dtype) = dtype_of(view.dtype()) else {
            return Err(Error::dtype(
                "load_safetensors",
                format!(
                    "tensor {name:?} is of dtype {:?}, which has no counterpart here",
                    view.dtype()
                ),
            ));
        };
        let data = view.data();
        let x = bytes::filled(view.shape(), dtype, |into| {
            if into.len() != data.len() {
                return Err(damaged(format!(
                    "tensor {name:?} has another length than its shape"
                )));
            }
            into.copy_from_slice(data);
            if cfg!(target_endian = "big") {
                bytes::swap(into, dtype);
            }
            Ok(())
        })?;
        tensors.push((name.to_owned(), x));
    }
    let mut metadata: Vec<(String, String)> = header
        .metadata()
        .iter()
        .flatten()
        .map(|(k, v)| (k.clone(), v.clone()))
        .collect();
    metadata.sort();
    Ok(Contents { tensors, metadata })
}

/// Writes tensors under names, and texts, to a file, which is replaced as a whole.
///
/// ```
/// use civita_core::raw::Raw;
/// use civita_io::safetensors;
/// # let path = std::env::temp_dir().join(format!("civita-st-{}.safetensors", std::process::id()));
/// let w = Raw::from_vec(vec![1.0f32, 2.0, 3.0], &[3])?;
/// safetensors::save(&path, &[("w", &w)], &[("format", "pt")])?;
/// let back = safetensors::load(&path)?;
/// assert_eq!(back.tensors[0].1.to_vec::<f32>()?, [1.0, 2.0, 3.0]);
/// # std::fs::remove_file(&path).unwrap();
/// # Ok::<(), civita_core::error::Error>(())
/// ```
///
/// # Errors
/// When a name comes twice, a dtype has no counterpart (`complex128`), or the system fails; the old file is there still.
pub fn save(path: &Path, tensors: &[(&str, &Raw)], metadata: &[(&str, &str)]) -> Result<()> {
    let mut order = Vec::with_capacity(tensors.len());
    for (name, x) in tensors {
        order.push((*name, *x, code(x.dtype())?));
    }
    // wide elements first, so that all are aligned
    order.sort_by(|a, b| {
        let width = |d: DType| d.size();
        width(b.1.dtype())
            .cmp(&width(a.1.dtype()))
            .then(a.0.cmp(b.0))
    });
    if let Some(pair) = order.windows(2).find(|pair| pair[0].0 == pair[1].0) {
        return Err(Error::value(
            "save_safetensors",
            format!("the name {:?} comes twice", pair[0].0),
        ));
    }
    let mut end = 0;
    let infos = order
        .iter()
        .map(|(name, x, dtype)| {
            let start = end;
            end += x.len() * x.dtype().size();
            let info = TensorInfo {
                dtype: *dtype,
                shape: x.shape().to_vec(),
                data_offsets: (start, end),
            };
            ((*name).to_owned(), info)
        })
        .collect();
    let texts: HashMap<String, String> = metadata
        .iter()
        .map(|(k, v)| ((*k).to_owned(), (*v).to_owned()))
        .collect();
    let unsaved = |e: &dyn std::fmt::Display| Error::value("save_safetensors", e.to_string());
    let header =
        Metadata::new((!texts.is_empty()).then_some(texts), infos).map_err(|e| unsaved(&e))?;
    let mut header = serde_json::to_vec(&header).map_err(|e| unsaved(&e))?;
    header.resize(header.len().next_multiple_of(8), b' ');
    let len = 8 + header.len() + end;
    replace_by("save_safetensors", path, len, |writer| {
        let failed = |e: std::io::Error| Error::io("save_safetensors", e.to_string());
        writer
            .write_all(&(header.len() as u64).to_le_bytes())
            .map_err(failed)?;
        writer.write_all(&header).map_err(failed)?;
        for (_, x, _) in &order {
            if cfg!(target_endian = "little") {
                bytes::to_file("save_safetensors", writer, x)?;
                continue;
            }
            bytes::pieces(x, |piece| {
                let mut piece = piece.to_vec();
                bytes::swap(&mut piece, x.dtype());
                writer.write_all(&piece).map_err(failed)
            })?;
        }
        Ok(())
    })
}
