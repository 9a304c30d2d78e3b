//! Pictures: PNG and JPEG, by the crate `image`.
//!
//! A picture is an array of `uint8` or `uint16` with the axes rows, columns and, but for grey ones, channels.

use std::fs;
use std::io::Cursor;
use std::path::Path;

use ::image::{DynamicImage, ImageBuffer, ImageFormat, ImageReader, Limits, Pixel};
use civita_core::dtype::{DType, Element};
use civita_core::error::{Error, Result};
use civita_core::raw::Raw;

use crate::atomic::{failed, replace};

fn damaged(problem: impl std::fmt::Display) -> Error {
    Error::value("read_image", problem.to_string())
}

/// The picture of a PNG or JPEG file, whatever its name.
///
/// # Errors
/// When there is no such file, it is neither, it is damaged, or would take more than 512 MiB.
pub fn load(path: &Path) -> Result<Raw> {
    let bytes = fs::read(path).map_err(|e| failed("read_image", path, &e))?;
    read(&bytes)
}

/// As [`load`], of the bytes of a file.
///
/// # Errors
/// As [`load`].
pub fn read(bytes: &[u8]) -> Result<Raw> {
    let mut reader = ImageReader::new(Cursor::new(bytes))
        .with_guessed_format()
        .map_err(damaged)?;
    match reader.format() {
        Some(ImageFormat::Png | ImageFormat::Jpeg) => {}
        _ => return Err(damaged("the file is neither PNG nor JPEG")),
    }
    // 512 MiB
    reader.limits(Limits::default());
    match reader.decode().map_err(damaged)? {
        DynamicImage::ImageLuma8(b) => array(b, 1),
        DynamicImage::ImageLumaA8(b) => array(b, 2),
        DynamicImage::ImageRgb8(b) => array(b, 3),
        DynamicImage::ImageRgba8(b) => array(b, 4),
        DynamicImage::ImageLuma16(b) => array(b, 1),
        DynamicImage::ImageLumaA16(b) => array(b, 2),
        DynamicImage::ImageRgb16(b) => array(b, 3),
        DynamicImage::ImageRgba16(b) => array(b, 4),
        other => Err(damaged(format!(
            "pixels of kind {:?} are not read",
            other.color()
        ))),
    }
}

fn array<P: Pixel<Subpixel: Element>>(
    buffer: ImageBuffer<P, Vec<P::Subpixel>>,
    channels: usize,
) -> Result<Raw> {
    let (width, height) = (buffer.width() as usize, buffer.height() as usize);
    let shape = [height, width, channels];
    let axes = if channels == 1 { &shape[..2] } else { &shape };
    Raw::from_vec(buffer.into_raw(), axes)
}

/// Writes a picture to a file, as PNG or JPEG by its ending; the file is replaced as a whole. The array has the axes rows, columns
/// and, but for grey ones, channels: 1 grey, 2 grey and opacity, 3 red, green, blue, 4 with opacity.
///
/// ```
/// use civita_core::raw::Raw;
/// use civita_io::images;
/// # let path = std::env::temp_dir().join(format!("civita-image-{}.png", std::process::id()));
/// let x = Raw::from_vec(vec![0u8, 50, 100, 150, 200, 250], &[2, 3])?;
/// images::save(&path, &x)?;
/// assert_eq!(images::load(&path)?.to_vec::<u8>()?, x.to_vec::<u8>()?);
/// # std::fs::remove_file(&path).unwrap();
/// # Ok::<(), civita_core::error::Error>(())
/// ```
///
/// # Errors
/// When the ending is another one, the array is no picture or of another dtype than `uint8` (PNG: `uint16` too), opacity is to go
/// into a JPEG, or the system fails; the old file is there still.
pub fn save(path: &Path, x: &Raw) -> Result<()> {
    let fault = |text: String| Error::value("write_image", text);
    let ending = path.extension().and_then(|e| e.to_str()).unwrap_or("");
    let format = match ending.to_ascii_lowercase().as_str() {
        "png" => ImageFormat::Png,
        "jpg" | "jpeg" => ImageFormat::Jpeg,
        _ => {
            return Err(fault(
                "a picture's file ends with .png, .jpg or .jpeg".to_owned(),
            ));
        }
    };
    let x = x.concrete("write_image")?;
    let (rows, columns, channels) = match *x.shape() {
        [rows, columns] => (rows, columns, 1),
        [rows, columns, channels @ 1..=4] => (rows, columns, channels),
        _ => {
            return Err(fault(format!(
                "a picture has the axes rows, columns and 1 to 4 channels, not the shape {:?}",
                x.shape()
            )));
        }
    };
    // the crate would convert, and lose bits and opacity without a word
    if format == ImageFormat::Jpeg && (x.dtype() == DType::U16 || channels % 2 == 0) {
        return Err(fault(format!(
            "JPEG holds uint8 with 1 or 3 channels, not {} with {channels}",
            x.dtype()
        ))
        .hint("PNG holds uint16 and opacity"));
    }
    let side = |n: usize| {
        u32::try_from(n).ok().filter(|&n| n > 0).ok_or_else(|| {
            fault(format!(
                "a picture of {rows} × {columns} pixels cannot be written"
            ))
        })
    };
    let (height, width) = (side(rows)?, side(columns)?);
    let picture = match x.dtype() {
        DType::U8 => {
            let v = x.to_vec::<u8>()?;
            match channels {
                1 => ImageBuffer::from_raw(width, height, v).map(DynamicImage::ImageLuma8),
                2 => ImageBuffer::from_raw(width, height, v).map(DynamicImage::ImageLumaA8),
                3 => ImageBuffer::from_raw(width, height, v).map(DynamicImage::ImageRgb8),
                _ => ImageBuffer::from_raw(width, height, v).map(DynamicImage::ImageRgba8),
            }
        }
        DType::U16 => {
            let v = x.to_vec::<u16>()?;
            match channels {
                1 => ImageBuffer::from_raw(width, height, v).map(DynamicImage::ImageLuma16),
                2 => ImageBuffer::from_raw(width, height, v).map(DynamicImage::ImageLumaA16),
                3 => ImageBuffer::from_raw(width, height, v).map(DynamicImage::ImageRgb16),
                _ => ImageBuffer::from_raw(width, height, v).map(DynamicImage::ImageRgba16),
            }
        }
        other => {
            return Err(Error::dtype(
                "write_image",
                format!("pixels are uint8 or uint16, not {other}"),
            )
            .hint_in(
                "floats from 0 to 1: `(x * 255.0).round().cast::<u8>()`",
                "floats from 0 to 1: `(x * 255).round().astype('uint8')`",
            ));
        }
    };
    let Some(picture) = picture else {
        return Err(fault("the picture overflows".to_owned()));
    };
    let mut bytes = Cursor::new(Vec::new());
    picture
        .write_to(&mut bytes, format)
        .map_err(|e| fault(e.to_string()))?;
    replace("write_image", path, |writer| {
        writer
            .write_all(bytes.get_ref())
            .map_err(|e| Error::io("write_image", e.to_string()))
    })
}
