//! Files go both ways, and damaged ones are errors.

use std::path::PathBuf;

use civita_core::dtype::{DType, Scalar};
use civita_core::raw::Raw;
use civita_io::npy::{self, Header};
use civita_io::npz::{self, Compression};
use civita_io::text::{self, Delimiter, Options};
use proptest::prelude::*;

fn folder(name: &str) -> PathBuf {
    let path = std::env::temp_dir().join(format!("civita-io-{name}-{}", std::process::id()));
    std::fs::create_dir_all(&path).unwrap();
    path
}

fn counted(n: i128, dtype: DType) -> Raw {
    Raw::arange(Scalar::Int(0), Scalar::Int(n), Scalar::Int(1), dtype).unwrap()
}

fn bytes_of(x: &Raw) -> Vec<u8> {
    let mut bytes = Vec::new();
    npy::write(&mut bytes, x).unwrap();
    bytes
}

fn read(bytes: &[u8]) -> civita_core::error::Result<Raw> {
    npy::read(&mut &*bytes, Some(bytes.len() as u64))
}

#[test]
fn a_file_is_numpys_to_the_byte() {
    let x = Raw::from_vec(vec![1i32, 2, 3], &[3]).unwrap();
    let mut wanted =
        b"\x93NUMPY\x01\x00\x76\x00{'descr': '<i4', 'fortran_order': False, 'shape': (3,), }"
            .to_vec();
    wanted.resize(127, b' ');
    wanted.push(b'\n');
    wanted.extend([1, 0, 0, 0, 2, 0, 0, 0, 3, 0, 0, 0]);
    assert_eq!(bytes_of(&x), wanted);
}

#[test]
fn every_dtype_goes_both_ways() {
    // the format has no name for the 8-bit floats
    let named = DType::ALL.into_iter().filter(|dtype| !dtype.is_float8());
    for dtype in named {
        let x = counted(6, DType::I64);
        let x = x.cast(dtype).unwrap().reshape(&[2, 3]).unwrap();
        for x in [x.clone(), x.transpose().unwrap(), x.reshape(&[6]).unwrap()] {
            let back = read(&bytes_of(&x)).unwrap();
            assert_eq!((back.dtype(), back.shape()), (dtype, x.shape()));
            assert_eq!(back.scalars().unwrap(), x.scalars().unwrap());
        }
    }
}

#[test]
fn the_8_bit_floats_are_refused_and_leave_the_old_file() {
    let path = folder("float8").join("x.npy");
    npy::save(&path, &counted(3, DType::F32)).unwrap();
    for dtype in [DType::F8E4M3, DType::F8E5M2] {
        let x = counted(3, DType::I64).cast(dtype).unwrap();
        let error = npy::save(&path, &x).unwrap_err().to_string();
        assert!(error.contains("save_safetensors"), "{error}");
    }
    assert_eq!(
        npy::load(&path).unwrap().to_vec::<f32>().unwrap(),
        [0.0, 1.0, 2.0]
    );
}

#[test]
fn the_other_byte_order_and_fortran_order_are_read() {
    let header = Header {
        dtype: DType::U16,
        swapped: true,
        fortran_order: true,
        shape: vec![2, 2],
    };
    let mut bytes = header.to_bytes().unwrap();
    for v in [1u16, 2, 3, 4] {
        bytes.extend(v.to_ne_bytes().iter().rev());
    }
    let x = read(&bytes).unwrap();
    assert_eq!(x.to_vec::<u16>().unwrap(), [1, 3, 2, 4]);
}

#[test]
fn a_header_that_promises_more_than_the_file_holds_is_refused_before_memory_is_taken() {
    for shape in [
        vec![1 << 40],
        vec![usize::MAX, 2],
        vec![1 << 31, 1 << 31],
        vec![0, usize::MAX, usize::MAX],
    ] {
        let header = Header {
            dtype: DType::F64,
            swapped: false,
            fortran_order: false,
            shape,
        };
        assert!(read(&header.to_bytes().unwrap()).unwrap_err().is_value());
    }
}

#[test]
fn what_is_no_header_is_told() {
    for text in [
        "",
        "{",
        "{}",
        "[]",
        "{'descr': '<f8'}",
        "{'descr': '<f8', 'fortran_order': 1, 'shape': ()}",
        "{'descr': '<f8', 'fortran_order': False, 'shape': (-1,)}",
        "{'descr': '|O', 'fortran_order': False, 'shape': ()}",
        "{'descr': '<f8', 'fortran_order': False, 'shape': (1,)} x",
        "{'descr': [('a', '<f8')], 'fortran_order': False, 'shape': ()}",
        "{'descr': '<f8', 'descr': '<f8', 'fortran_order': False, 'shape': ()}",
        "{'descr': 'é",
        "{'descr': '<f8', 'fortran_order': False, 'shape': (99999999999999999999999,)}",
    ] {
        assert!(Header::parse(text).is_err(), "{text}");
    }
    assert_eq!(
        Header::parse("{'shape': (2L, 3), 'fortran_order': True, 'descr': \"<f4\"}")
            .unwrap()
            .shape,
        [2, 3]
    );
}

#[test]
fn archives_go_both_ways_and_damaged_ones_are_errors() {
    let folder = folder("npz");
    let x = counted(1000, DType::F64);
    let y = Raw::from_vec(vec![true, false], &[2]).unwrap();
    for compression in [Compression::Stored, Compression::Deflated] {
        let path = folder.join("a.npz");
        npz::save(&path, &[("x", &x), ("y", &y)], compression).unwrap();
        let back = npz::load(&path).unwrap();
        assert_eq!(
            back[0].1.to_vec::<f64>().unwrap(),
            x.to_vec::<f64>().unwrap()
        );
        assert_eq!(
            (back[1].0.as_str(), back[1].1.to_vec::<bool>().unwrap()),
            ("y", vec![true, false])
        );
        let bytes = std::fs::read(&path).unwrap();
        for cut in 0..bytes.len().min(400) {
            _ = npz::read(&bytes[..cut]);
            let mut flipped = bytes.clone();
            let at = bytes.len() - 1 - cut;
            flipped[at] ^= 0x55;
            _ = npz::read(&flipped);
        }
        assert!(npz::read(&bytes[..bytes.len() - 30]).is_err());
    }
    std::fs::remove_dir_all(folder).unwrap();
}

/// A megabyte of them would unpack to terabytes (Fifield, "A better zip bomb", 2019).
#[test]
fn members_that_share_their_bytes_are_an_error() {
    let folder = folder("overlap");
    let path = folder.join("a.npz");
    let x = counted(1000, DType::F64);
    npz::save(
        &path,
        &[("x", &x), ("y", &counted(1, DType::F64))],
        Compression::Stored,
    )
    .unwrap();
    let mut bytes = std::fs::read(&path).unwrap();
    std::fs::remove_dir_all(folder).unwrap();
    let entries: Vec<usize> = (0..bytes.len() - 4)
        .filter(|&at| &bytes[at..at + 4] == b"PK\x01\x02")
        .collect();
    // the second entry of the directory becomes that of the first member
    let first = bytes[entries[0] + 10..entries[0] + 46].to_vec();
    bytes[entries[1] + 10..entries[1] + 46].copy_from_slice(&first);
    let error = npz::read(&bytes).unwrap_err();
    assert!(error.to_string().contains("overlap"), "{error}");
}

#[test]
fn a_failed_save_leaves_the_old_file() {
    let folder = folder("atomic");
    let path = folder.join("x.npy");
    npy::save(&path, &Raw::from_vec(vec![1i32], &[1]).unwrap()).unwrap();
    let failed = civita_io::replace("save", &path, |_| {
        Err(civita_core::error::Error::io("save", "the disk is full"))
    });
    assert!(failed.unwrap_err().is_io());
    assert_eq!(npy::load(&path).unwrap().to_vec::<i32>().unwrap(), [1]);
    assert_eq!(std::fs::read_dir(&folder).unwrap().count(), 1);
    std::fs::remove_dir_all(folder).unwrap();
}

#[test]
fn a_table_is_read_by_columns_and_rows() {
    let options = Options {
        delimiter: Delimiter::Byte(b','),
        comment: Some(b'#'),
        skip: 1,
        most: Some(2),
        columns: Some(&[-1, 0]),
        kind: "float64",
    };
    let table = text::table(
        b"a,b\r\n1,2 # x\r\n\r\n#\n3, 4\n5,6\n",
        &options,
        text::float,
    )
    .unwrap();
    assert_eq!(
        (table.values, table.rows, table.columns),
        (vec![2.0, 1.0, 4.0, 3.0], 2, 2)
    );
    let plain = Options {
        delimiter: Delimiter::Blanks,
        comment: None,
        skip: 0,
        most: None,
        columns: None,
        kind: "float64",
    };
    let error = text::table(b"1 2\n3\n", &plain, text::float).unwrap_err();
    assert!(
        error
            .to_string()
            .contains("number of columns changed from 2 to 1 at row 2")
    );
    let error = text::table(b"1 x\n", &plain, text::float).unwrap_err();
    assert!(
        error
            .to_string()
            .contains("could not convert string 'x' to float64 at row 0, column 2.")
    );
}

/// NumPy's rules: blanks are all that Python takes for some, and beside a delimiter they are a field.
#[test]
fn blanks_of_tables_are_numpys() {
    let options = |delimiter| Options {
        delimiter,
        comment: Some(b'#'),
        skip: 0,
        most: None,
        columns: None,
        kind: "float64",
    };
    let blanks = options(Delimiter::Blanks);
    let table = text::table(b"1\x0b2\x1f3\n \x0c\n4 5\x1c6", &blanks, text::float).unwrap();
    assert_eq!(
        (table.values, table.rows),
        (vec![1., 2., 3., 4., 5., 6.], 2)
    );
    let commas = options(Delimiter::Byte(b','));
    let table = text::table(b"1,\x0b2\x1d\n\n# tail\n3,4", &commas, text::float).unwrap();
    assert_eq!((table.values, table.rows), (vec![1., 2., 3., 4.], 2));
    for bad in [&b"1,2\n \n3,4"[..], b"1\n\t", b"1\n # tail"] {
        assert!(text::table(bad, &commas, text::float).is_err());
    }
}

/// As Python's literals.
#[test]
fn headers_are_read_as_python_reads_them() {
    let header = |text: &str| Header::parse(text);
    assert!(header("{'descr':\t'<f8', 'fortran_order': False, 'shape': (0, 10),\x0c}\n").is_ok());
    for bad in [
        "{'descr': '<f8',\u{a0}'fortran_order': False, 'shape': (2,)}",
        "{'descr': '<f8', 'fortran_order': False, 'shape': (2,)}\u{85}",
        "{'descr': '<f8', 'fortran_order': False, 'shape': (02,)}",
    ] {
        assert!(header(bad).is_err(), "{bad:?}");
    }
}

proptest! {
    #[test]
    fn no_bytes_make_a_reader_panic(bytes in prop::collection::vec(any::<u8>(), 0..300)) {
        _ = read(&bytes);
        _ = npz::read(&bytes);
        let mut headed = npy::MAGIC.to_vec();
        headed.extend([1, 0, bytes.len() as u8, (bytes.len() >> 8) as u8]);
        headed.extend(&bytes);
        _ = read(&headed);
    }

    #[test]
    fn no_text_makes_the_header_reader_panic(text in "[{}'\":,()A-Za-z0-9<> ]{0,80}") {
        _ = Header::parse(&text);
    }
}

#[test]
fn large_arrays_are_written_in_pieces() {
    for dtype in [DType::U8, DType::F32, DType::C128] {
        let x = counted(200_003, DType::I64).cast(dtype).unwrap();
        let x = x
            .narrow(0, 1, 200_000)
            .unwrap()
            .reshape(&[400, 500])
            .unwrap();
        for x in [
            x.clone(),
            x.transpose().unwrap(),
            x.narrow(1, 3, 400).unwrap(),
        ] {
            let bytes = bytes_of(&x);
            assert_eq!(bytes.len(), 128 + x.len() * dtype.size());
            assert_eq!(
                read(&bytes).unwrap().scalars().unwrap(),
                x.scalars().unwrap()
            );
        }
    }
}
