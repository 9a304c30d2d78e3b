//! NumPy's `.npz`: a zip archive of `.npy` files.
//!
//! Read are members that are stored or deflated, also of archives over 4 GiB (zip64); what a member unpacks to is bounded by what its
//! own header promises. Written are archives of up to 4 GiB.

use std::fs;
use std::path::Path;

use civita_core::error::{Error, Result};
use civita_core::raw::Raw;
use miniz_oxide::deflate::compress_to_vec;
use miniz_oxide::inflate::decompress_to_vec_with_limit;

use crate::atomic::{failed, replace};
use crate::npy;

/// How members are written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Compression {
    /// As they are.
    Stored,
    /// Deflated.
    Deflated,
}

const LOCAL: u32 = 0x0403_4b50;
const CENTRAL: u32 = 0x0201_4b50;
const END: u32 = 0x0605_4b50;
const END_64: u32 = 0x0606_4b50;
const LOCATOR_64: u32 = 0x0706_4b50;

fn damaged(problem: impl Into<String>) -> Error {
    Error::value("load", problem)
}

/// A view of bytes that knows its end.
#[derive(Clone, Copy)]
struct Bytes<'a>(&'a [u8]);

impl<'a> Bytes<'a> {
    fn part(self, at: usize, len: usize) -> Result<&'a [u8]> {
        let end = at.checked_add(len);
        end.and_then(|end| self.0.get(at..end))
            .ok_or_else(|| damaged("the archive is cut off"))
    }
    fn u16(self, at: usize) -> Result<usize> {
        let part = self.part(at, 2)?;
        Ok(usize::from(u16::from_le_bytes([part[0], part[1]])))
    }
    fn u32(self, at: usize) -> Result<u32> {
        let part = self.part(at, 4)?;
        Ok(u32::from_le_bytes([part[0], part[1], part[2], part[3]]))
    }
    fn u64(self, at: usize) -> Result<usize> {
        let (low, high) = (u64::from(self.u32(at)?), u64::from(self.u32(at + 4)?));
        usize::try_from(low | high << 32).map_err(|_| damaged("a length of the archive overflows"))
    }
}

struct Member {
    name: String,
    method: usize,
    crc: u32,
    packed: usize,
    unpacked: usize,
    offset: usize,
}

/// What the central directory lists.
fn members(all: Bytes<'_>) -> Result<Vec<Member>> {
    let len = all.0.len();
    // the end record stands behind everything but a comment of at most 65,535 bytes
    let last = len
        .checked_sub(22)
        .ok_or_else(|| damaged("the file is too short for a zip archive"))?;
    let end = (last.saturating_sub(65_535)..=last)
        .rev()
        .find(|&at| all.u32(at).is_ok_and(|mark| mark == END))
        .ok_or_else(|| damaged("File is not a zip file"))?;
    let (mut count, mut at) = (all.u16(end + 10)?, all.u32(end + 16)? as usize);
    if let Some(locator) = end.checked_sub(20)
        && all.u32(locator)? == LOCATOR_64
    {
        let end = all.u64(locator + 8)?;
        if all.u32(end)? != END_64 {
            return Err(damaged("the directory of the archive is damaged"));
        }
        (count, at) = (all.u64(end + 32)?, all.u64(end + 48)?);
    }
    // an entry has 46 bytes at least
    if count > len / 46 {
        return Err(damaged("the archive lists more members than it can hold"));
    }
    let mut found = Vec::with_capacity(count);
    for _ in 0..count {
        if all.u32(at)? != CENTRAL {
            return Err(damaged("the directory of the archive is damaged"));
        }
        if all.u16(at + 8)? & 1 != 0 {
            return Err(damaged("a member of the archive is encrypted"));
        }
        let (name, extra, comment) = (all.u16(at + 28)?, all.u16(at + 30)?, all.u16(at + 32)?);
        let mut member = Member {
            name: String::from_utf8_lossy(all.part(at + 46, name)?).into_owned(),
            method: all.u16(at + 10)?,
            crc: all.u32(at + 16)?,
            packed: all.u32(at + 20)? as usize,
            unpacked: all.u32(at + 24)? as usize,
            offset: all.u32(at + 42)? as usize,
        };
        zip64(Bytes(all.part(at + 46 + name, extra)?), &mut member)?;
        found.push(member);
        at += 46 + name + extra + comment;
    }
    Ok(found)
}

/// Lengths of more than 32 bits stand in an extra field.
fn zip64(extra: Bytes<'_>, member: &mut Member) -> Result<()> {
    const MARK: usize = u32::MAX as usize;
    let mut at = 0;
    while at + 4 <= extra.0.len() {
        let (id, len) = (extra.u16(at)?, extra.u16(at + 2)?);
        if id == 1 {
            let mut field = at + 4;
            for value in [&mut member.unpacked, &mut member.packed, &mut member.offset] {
                if *value == MARK {
                    *value = extra.u64(field)?;
                    field += 8;
                }
            }
        }
        at += 4 + len;
    }
    Ok(())
}

/// Unpacks a member, which is as long as the directory says.
fn unpacked<'a>(all: Bytes<'a>, member: &Member) -> Result<std::borrow::Cow<'a, [u8]>> {
    if all.u32(member.offset)? != LOCAL {
        return Err(damaged(format!("member {:?} is damaged", member.name)));
    }
    let start = member.offset + 30 + all.u16(member.offset + 26)? + all.u16(member.offset + 28)?;
    let packed = all.part(start, member.packed)?;
    let bytes: std::borrow::Cow<'a, [u8]> = match member.method {
        0 if member.packed == member.unpacked => packed.into(),
        8 => {
            // deflate packs at most 1032 to 1
            if member.unpacked / 1032 > member.packed {
                return Err(damaged(format!(
                    "member {:?} cannot be as long as it says",
                    member.name
                )));
            }
            decompress_to_vec_with_limit(packed, member.unpacked)
                .map_err(|e| damaged(format!("member {:?} is damaged: {e}", member.name)))?
                .into()
        }
        _ => {
            return Err(damaged(format!(
                "member {:?} is packed by a method that is not there\n  rule: members are stored or deflated",
                member.name
            )));
        }
    };
    if bytes.len() != member.unpacked || crc32(&bytes) != member.crc {
        return Err(damaged(format!("Bad CRC-32 for file {:?}", member.name)));
    }
    Ok(bytes)
}

/// The arrays of an archive by name, in its order.
///
/// # Errors
/// When there is no such file, it is damaged, or a member is no array.
pub fn load(path: &Path) -> Result<Vec<(String, Raw)>> {
    let bytes = fs::read(path).map_err(|e| failed("load", path, &e))?;
    read(&bytes)
}

/// As [`load`], of the bytes of an archive.
///
/// # Errors
/// When they are damaged, or a member is no array.
pub fn read(bytes: &[u8]) -> Result<Vec<(String, Raw)>> {
    let all = Bytes(bytes);
    let members = members(all)?;
    // members that share their bytes could unpack to the square of the file's length
    let packed = members
        .iter()
        .try_fold(0usize, |n, m| n.checked_add(m.packed));
    if packed.is_none_or(|n| n > bytes.len()) {
        return Err(damaged("members of the archive overlap"));
    }
    let mut arrays = Vec::new();
    for member in members {
        let bytes = unpacked(all, &member)?;
        let array = npy::read(&mut &*bytes, Some(bytes.len() as u64))?;
        let name = member.name.strip_suffix(".npy").unwrap_or(&member.name);
        arrays.push((name.to_owned(), array));
    }
    Ok(arrays)
}

/// Writes arrays under names to a file, which is replaced as a whole.
///
/// ```
/// use civita_core::raw::Raw;
/// use civita_io::npz::{self, Compression};
/// # let path = std::env::temp_dir().join(format!("civita-npz-{}.npz", std::process::id()));
/// let x = Raw::from_vec(vec![1, 2, 3], &[3])?;
/// npz::save(&path, &[("x", &x)], Compression::Deflated)?;
/// let back = npz::load(&path)?;
/// assert_eq!((back[0].0.as_str(), back[0].1.to_vec::<i32>()?), ("x", vec![1, 2, 3]));
/// # std::fs::remove_file(&path).unwrap();
/// # Ok::<(), civita_core::error::Error>(())
/// ```
///
/// # Errors
/// When the system fails or the archive would be longer than 4 GiB; the old file is there still.
pub fn save(path: &Path, arrays: &[(&str, &Raw)], compression: Compression) -> Result<()> {
    replace("save", path, |writer| {
        let (mut written, mut directory) = (0usize, Vec::new());
        let too_long = || {
            Error::value("save", "an npz file has at most 4 GiB").hint_in(
                "write each array to a file of its own: `.save_npy(path)`",
                "write each array to a file of its own: `cv.save(path, x)`",
            )
        };
        let short = |n: usize| u32::try_from(n).map_err(|_| too_long());
        let failed = |e: std::io::Error| Error::io("save", e.to_string());
        for (name, array) in arrays {
            let name = format!("{name}.npy");
            let mut bytes = Vec::new();
            npy::write(&mut bytes, array)?;
            let (unpacked, crc) = (short(bytes.len())?, crc32(&bytes));
            let (method, packed) = match compression {
                Compression::Stored => (0u16, bytes),
                Compression::Deflated => (8, compress_to_vec(&bytes, 6)),
            };
            let name_len = u16::try_from(name.len())
                .map_err(|_| Error::value("save", "a name of an array has at most 65,531 bytes"))?;
            // version 2.0, names in UTF-8, no time
            let mut fields = Vec::new();
            fields.extend(20u16.to_le_bytes());
            fields.extend(0x800u16.to_le_bytes());
            fields.extend(method.to_le_bytes());
            fields.extend([0, 0, 0x21, 0]);
            fields.extend(crc.to_le_bytes());
            fields.extend(short(packed.len())?.to_le_bytes());
            fields.extend(unpacked.to_le_bytes());
            fields.extend(name_len.to_le_bytes());
            fields.extend([0, 0]);
            directory.extend(CENTRAL.to_le_bytes());
            directory.extend(20u16.to_le_bytes());
            directory.extend(&fields);
            // comment, disk, attributes
            directory.extend([0; 10]);
            directory.extend(short(written)?.to_le_bytes());
            directory.extend(name.as_bytes());
            for part in [&LOCAL.to_le_bytes()[..], &fields, name.as_bytes(), &packed] {
                writer.write_all(part).map_err(failed)?;
                written += part.len();
            }
        }
        let count = u16::try_from(arrays.len())
            .map_err(|_| Error::value("save", "an npz file has at most 65,535 arrays"))?;
        let mut end = END.to_le_bytes().to_vec();
        end.extend([0; 4]);
        end.extend(count.to_le_bytes());
        end.extend(count.to_le_bytes());
        end.extend(short(directory.len())?.to_le_bytes());
        end.extend(short(written)?.to_le_bytes());
        end.extend([0, 0]);
        writer.write_all(&directory).map_err(failed)?;
        writer.write_all(&end).map_err(failed)
    })
}

/// The check sum of zip archives, eight bytes at a time ("slicing by 8": Kounavis and Berry, 2005).
fn crc32(bytes: &[u8]) -> u32 {
    const TABLES: [[u32; 256]; 8] = {
        let mut tables = [[0u32; 256]; 8];
        let mut i = 0;
        while i < 256 {
            let mut c = i as u32;
            let mut k = 0;
            while k < 8 {
                c = if c & 1 != 0 {
                    0xedb8_8320 ^ (c >> 1)
                } else {
                    c >> 1
                };
                k += 1;
            }
            tables[0][i] = c;
            i += 1;
        }
        let mut t = 1;
        while t < 8 {
            let mut i = 0;
            while i < 256 {
                let c = tables[t - 1][i];
                tables[t][i] = tables[0][(c & 255) as usize] ^ (c >> 8);
                i += 1;
            }
            t += 1;
        }
        tables
    };
    let mut crc = !0u32;
    let (chunks, rest) = bytes.as_chunks::<8>();
    for chunk in chunks {
        let word = u64::from_le_bytes(*chunk) ^ u64::from(crc);
        crc = 0;
        for (i, byte) in word.to_le_bytes().into_iter().enumerate() {
            crc ^= TABLES[7 - i][usize::from(byte)];
        }
    }
    for &byte in rest {
        crc = TABLES[0][usize::from(crc as u8 ^ byte)] ^ (crc >> 8);
    }
    !crc
}

#[cfg(test)]
mod tests {
    #[test]
    fn the_check_sum_is_that_of_zip_archives() {
        assert_eq!(super::crc32(b"123456789"), 0xcbf4_3926);
        assert_eq!(
            super::crc32(b"The quick brown fox jumps over the lazy dog"),
            0x414f_a339
        );
    }
}
