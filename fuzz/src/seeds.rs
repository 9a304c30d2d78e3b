//! Small valid files, written into the corpus of a target when it starts.

use std::path::{Path, PathBuf};

use civita_core::dtype::{DType, Scalar};
use civita_core::layout::Axes;
use civita_core::raw::Raw;
use civita_io::csv::Written;
use civita_io::npz::Compression;
use civita_io::{csv, images, market, npy, npz, safetensors};

/// A file for what has to be written to one, in memory where the system has such a folder.
pub fn file(name: &str) -> PathBuf {
    let memory = Path::new("/dev/shm");
    let folder = match memory.is_dir() {
        true => memory.to_owned(),
        false => std::env::temp_dir(),
    };
    folder.join(format!("civita-fuzz-{}-{name}", std::process::id()))
}

/// The bytes that `save` writes to a file of this name.
pub fn saved(name: &str, save: impl FnOnce(&Path) -> civita_core::error::Result<()>) -> Vec<u8> {
    let path = file(name);
    save(&path).unwrap();
    let bytes = std::fs::read(&path).unwrap();
    std::fs::remove_file(&path).unwrap();
    bytes
}

fn counted(shape: &[usize], dtype: DType) -> Raw {
    let n = shape.iter().product::<usize>() as i64;
    let x = Raw::from_vec((0..n).collect(), shape).unwrap();
    x.cast(dtype).unwrap()
}

fn npys() -> Vec<Vec<u8>> {
    let mut all = Vec::new();
    let mut put = |x: &Raw| {
        let mut bytes = Vec::new();
        npy::write(&mut bytes, x).unwrap();
        all.push(bytes);
    };
    for dtype in DType::ALL {
        put(&counted(&[2, 3], dtype));
    }
    put(&counted(&[2, 3], DType::F64).transpose().unwrap());
    put(&counted(&[], DType::F32));
    put(&counted(&[0, 4], DType::I32));
    put(&Raw::full(&[2, 2], Scalar::Float(f64::NAN), DType::F64).unwrap());
    let big = |text: &str, version: u8| {
        let mut bytes = npy::MAGIC.to_vec();
        bytes.extend([version, 0]);
        let len = text.len() as u32;
        bytes.extend(&len.to_le_bytes()[..if version == 1 { 2 } else { 4 }]);
        bytes.extend(text.as_bytes());
        bytes.extend([0; 24]);
        bytes
    };
    for version in 1..=3 {
        all.push(big(
            "{'descr': '>f8', 'fortran_order': True, 'shape': (3,), }\n",
            version,
        ));
        all.push(big(
            "{\"shape\": (1L, 3L), \"fortran_order\": False, \"descr\": \"=i8\"}",
            version,
        ));
    }
    all
}

/// Behind the options that stand in the first bytes of a text's input.
fn behind(options: &[u8], texts: &[&str]) -> Vec<Vec<u8>> {
    texts
        .iter()
        .map(|text| [options, text.as_bytes()].concat())
        .collect()
}

fn of(target: &str) -> Vec<Vec<u8>> {
    let x = counted(&[2, 3], DType::F32);
    let y = counted(&[4], DType::I64).flip(Axes::All).unwrap();
    match target {
        "npy" => npys(),
        "npz" => [Compression::Stored, Compression::Deflated]
            .into_iter()
            .map(|how| saved("seed.npz", |p| npz::save(p, &[("x", &x), ("y/é", &y)], how)))
            .chain([saved("seed.npz", |p| {
                npz::save(p, &[], Compression::Stored)
            })])
            .collect(),
        "safetensors" => vec![
            saved("seed", |p| {
                safetensors::save(p, &[("x", &x), ("y", &y)], &[("format", "pt")])
            }),
            saved("seed", |p| safetensors::save(p, &[], &[])),
            saved("seed", |p| {
                let all: Vec<(String, Raw)> = DType::ALL
                    .into_iter()
                    .filter(|&d| d != DType::C128)
                    .map(|d| (d.to_string(), counted(&[1, 2], d)))
                    .collect();
                let all: Vec<(&str, &Raw)> = all.iter().map(|(n, x)| (n.as_str(), x)).collect();
                safetensors::save(p, &all, &[])
            }),
        ],
        "csv" => {
            let words = [
                "a".to_owned(),
                "b, \"c\"".to_owned(),
                "\n".to_owned(),
                String::new(),
            ];
            let columns = [("y", Written::Numbers(&y)), ("w", Written::Text(&words))];
            let written = saved("seed.csv", |p| csv::save(p, &columns, b','));
            let mut all = vec![[&[0; 4][..], &written].concat()];
            all.extend(behind(
                &[0; 4],
                &[
                    "x,n,b\n1.5,2,true\n-1e-3,-9223372036854775808,False\n",
                    "\u{feff}a\r\n1\r\n\r\n18446744073709551615\r\n",
                    "a,b\n,NA\n\"\",inf\n",
                    "a;b\n\"x\"\"y\";1\n",
                ],
            ));
            all
        }
        "text" => behind(
            &[0; 4],
            &[
                "1 2 3\n4 5 6\n",
                "# head\n1.5e3,nan\r\n-inf,.5 # tail\r+1,1e400",
                "\t 7\n\n 8\n",
            ],
        ),
        "market" => {
            let mut all: Vec<Vec<u8>> = [DType::F64, DType::I64, DType::C128]
                .into_iter()
                .map(|d| saved("seed.mtx", |p| market::save(p, &counted(&[2, 2], d))))
                .collect();
            for text in [
                "%%MatrixMarket matrix coordinate real general\n% note\n2 3 2\n1 1 1.5\n2 3 -2e1\n",
                "%%MatrixMarket matrix coordinate pattern symmetric\n3 3 2\n2 1\n3 3\n",
                "%%MatrixMarket matrix coordinate complex hermitian\n2 2 1\n2 1 0 2\n",
                "%%MatrixMarket matrix array integer skew-symmetric\n3 3\n1\n2\n3\n",
            ] {
                all.push(text.as_bytes().to_vec());
            }
            all
        }
        "image" => {
            let mut all = Vec::new();
            for channels in 1..=4 {
                for dtype in [DType::U8, DType::U16] {
                    let x = counted(&[3, 2, channels], dtype);
                    all.push(saved("seed.png", |p| images::save(p, &x)));
                    if dtype == DType::U8 && channels % 2 == 1 {
                        all.push(saved("seed.jpg", |p| images::save(p, &x)));
                    }
                }
            }
            all
        }
        _ => Vec::new(),
    }
}

/// Writes the seeds of a target.
pub fn write(target: &str) {
    crate::start();
    let folder = Path::new(env!("CARGO_MANIFEST_DIR"))
        .join("corpus")
        .join(target);
    // a corpus elsewhere goes without
    if std::fs::create_dir_all(&folder).is_err() {
        return;
    }
    for (i, bytes) in of(target).into_iter().enumerate() {
        _ = std::fs::write(folder.join(format!("seed-{i:02}")), bytes);
    }
}
