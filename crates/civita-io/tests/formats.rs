//! safetensors, CSV, Matrix Market and pictures go both ways, and damaged ones are errors in bounded time and memory.

use std::path::PathBuf;

use civita_core::dtype::{DType, Scalar};
use civita_core::raw::Raw;
use civita_io::csv::{self, Column, Options, Written};
use civita_io::{market, safetensors};
use proptest::prelude::*;

fn file(name: &str) -> PathBuf {
    std::env::temp_dir().join(format!("civita-formats-{}-{name}", std::process::id()))
}

fn counted(n: i128, dtype: DType) -> Raw {
    let x = Raw::arange(Scalar::Int(0), Scalar::Int(n), Scalar::Int(1), DType::I64).unwrap();
    x.cast(dtype).unwrap()
}

// ---- safetensors

#[test]
fn safetensors_go_both_ways_in_every_dtype_and_order() {
    let path = file("all.safetensors");
    for dtype in DType::ALL.into_iter().filter(|&d| d != DType::C128) {
        let x = counted(6, dtype).reshape(&[2, 3]).unwrap();
        let views = [
            x.clone(),
            x.transpose().unwrap(),
            x.narrow(1, 1, 2).unwrap(),
        ];
        let empty = x.narrow(0, 0, 0).unwrap();
        let all = [
            ("x", &views[0]),
            ("transposed", &views[1]),
            ("part", &views[2]),
            ("none", &empty),
        ];
        safetensors::save(&path, &all, &[("format", "pt")]).unwrap();
        let back = safetensors::load(&path).unwrap();
        assert_eq!(back.metadata, [("format".to_owned(), "pt".to_owned())]);
        assert_eq!(back.tensors.len(), 4);
        for (name, found) in &back.tensors {
            let (_, wanted) = all.iter().find(|(n, _)| n == name).unwrap();
            assert_eq!((found.dtype(), found.shape()), (dtype, wanted.shape()));
            assert_eq!(found.scalars().unwrap(), wanted.scalars().unwrap());
        }
    }
    let wrong = counted(2, DType::C128);
    assert!(
        safetensors::save(&path, &[("z", &wrong)], &[])
            .unwrap_err()
            .is_dtype()
    );
    let x = counted(2, DType::F32);
    assert!(
        safetensors::save(&path, &[("a", &x), ("a", &x)], &[])
            .unwrap_err()
            .is_value()
    );
    // the old file is there still
    assert_eq!(safetensors::load(&path).unwrap().tensors.len(), 4);
    std::fs::remove_file(path).unwrap();
}

fn with_header(header: &str, data: &[u8]) -> Vec<u8> {
    let mut all = (header.len() as u64).to_le_bytes().to_vec();
    all.extend(header.as_bytes());
    all.extend(data);
    all
}

#[test]
fn hostile_safetensors_are_errors() {
    let tensor = |dtype: &str, shape: &str, offsets: &str| {
        format!(r#"{{"w":{{"dtype":"{dtype}","shape":{shape},"data_offsets":{offsets}}}}}"#)
    };
    let bad = [
        tensor("F32", "[2]", "[0,7]"),
        tensor("F32", "[2]", "[4,12]"),
        tensor("F32", "[3]", "[0,8]"),
        tensor("F32", "[-2]", "[0,8]"),
        tensor("F32", "[4611686018427387904,4]", "[0,8]"),
        tensor("F32", "[1000000000000]", "[0,4000000000000]"),
        tensor("F31", "[2]", "[0,8]"),
        "{".to_owned(),
        "[]".to_owned(),
        "[".repeat(100_000),
    ];
    for header in bad {
        assert!(
            safetensors::read(&with_header(&header, &[0; 8])).is_err(),
            "{:.60}",
            header
        );
    }
    let good = with_header(&tensor("F32", "[2]", "[0,8]"), &[0; 8]);
    assert!(safetensors::read(&good).is_ok());
    for end in 0..good.len() {
        assert!(safetensors::read(&good[..end]).is_err());
    }
    let mut long = good.clone();
    long[..8].copy_from_slice(&u64::MAX.to_le_bytes());
    assert!(safetensors::read(&long).is_err());
}

// ---- CSV

fn read(text: &str) -> Vec<(String, Column)> {
    csv::read(text.as_bytes(), &Options::default()).unwrap()
}

fn numbers(columns: &[(String, Column)], at: usize) -> &Raw {
    match &columns[at].1 {
        Column::Numbers(raw) => raw,
        Column::Text(text) => panic!("column {at} is text: {text:?}"),
    }
}

fn texts(columns: &[(String, Column)], at: usize) -> &[String] {
    match &columns[at].1 {
        Column::Text(text) => text,
        Column::Numbers(raw) => panic!("column {at} is {}", raw.dtype()),
    }
}

#[test]
fn columns_have_the_narrowest_dtype_that_holds_all_fields() {
    let columns = read("b,i,f,m,t,e\ntrue,1,1.5,1,a,\nFalse,-2,2,,3,\n");
    assert_eq!(
        numbers(&columns, 0).to_vec::<bool>().unwrap(),
        [true, false]
    );
    assert_eq!(numbers(&columns, 1).to_vec::<i64>().unwrap(), [1, -2]);
    assert_eq!(numbers(&columns, 2).to_vec::<f64>().unwrap(), [1.5, 2.0]);
    let m = numbers(&columns, 3).to_vec::<f64>().unwrap();
    assert!(m[0] == 1.0 && m[1].is_nan());
    assert_eq!(texts(&columns, 4), ["a", "3"]);
    assert!(
        numbers(&columns, 5)
            .to_vec::<f64>()
            .unwrap()
            .iter()
            .all(|v| v.is_nan())
    );
    // booleans beside numbers, or beside missing values, are text
    let columns = read("a,b,c\ntrue,true,1\n1,,true\n");
    assert_eq!(texts(&columns, 0), ["true", "1"]);
    assert_eq!(texts(&columns, 1), ["true", ""]);
    assert_eq!(texts(&columns, 2), ["1", "true"]);
    let columns = read("a\n9223372036854775807\n9223372036854775808\n");
    assert_eq!(numbers(&columns, 0).dtype(), DType::F64);
    // beyond what floats hold
    let columns = read("a\n0000000000009007199254740993\n-00000000000000000000000\n");
    assert_eq!(
        numbers(&columns, 0).to_vec::<i64>().unwrap(),
        [(1 << 53) + 1, 0]
    );
    let columns = read("a\n-9223372036854775808\n+7\n");
    assert_eq!(numbers(&columns, 0).to_vec::<i64>().unwrap(), [i64::MIN, 7]);
}

#[test]
fn quotes_hold_delimiters_newlines_and_quotes() {
    let columns = read("\"a,b\",c\r\n\"x\"\"y\",1\r\n\"two\nlines\",2\r\n\r\n");
    assert_eq!((columns[0].0.as_str(), columns[1].0.as_str()), ("a,b", "c"));
    assert_eq!(texts(&columns, 0), ["x\"y", "two\nlines"]);
    assert_eq!(numbers(&columns, 1).to_vec::<i64>().unwrap(), [1, 2]);
    assert_eq!(numbers(&read("\u{feff}a\n1\n"), 0).len(), 1);
    assert_eq!(read("a,b").len(), 2);
    assert!(read("").is_empty());
}

#[test]
fn options_choose() {
    let text = b"# made by hand\nx;y;z\n1;NA;3\n4;5;6\n";
    let options = Options {
        delimiter: b';',
        skip: 1,
        columns: Some(&["z", "y"]),
        dtypes: &[("z", DType::I8)],
        missing: &["NA"],
        ..Options::default()
    };
    let columns = csv::read(text, &options).unwrap();
    assert_eq!((columns[0].0.as_str(), columns[1].0.as_str()), ("z", "y"));
    assert_eq!(numbers(&columns, 0).to_vec::<i8>().unwrap(), [3, 6]);
    assert!(numbers(&columns, 1).to_vec::<f64>().unwrap()[0].is_nan());
    let options = Options {
        header: false,
        most: Some(1),
        ..Options::default()
    };
    let columns = csv::read(b"1,2\n3,4\nbroken", &options).unwrap();
    assert_eq!(columns[1].0, "column_2");
    assert_eq!(numbers(&columns, 1).to_vec::<i64>().unwrap(), [2]);
}

#[test]
fn damaged_csv_is_an_error() {
    let bad: [&[u8]; 4] = [b"a,b\n1,2\n3\n", b"a\n1,2\n", b"a\n\"open\n", b"a\n\xff\n"];
    for text in bad {
        assert!(csv::read(text, &Options::default()).unwrap_err().is_value());
    }
    let wrong = |dtypes: &[(&str, DType)], columns: Option<&[&str]>| {
        let options = Options {
            dtypes,
            columns,
            ..Options::default()
        };
        csv::read(b"a,b\n1,x\n300,y\n", &options).unwrap_err()
    };
    assert!(
        wrong(&[("a", DType::U8)], None)
            .to_string()
            .contains("do not fit")
    );
    assert!(
        wrong(&[("b", DType::F32)], None)
            .to_string()
            .contains("row 1")
    );
    assert!(
        wrong(&[("c", DType::F32)], None)
            .to_string()
            .contains("no column")
    );
    assert!(wrong(&[], Some(&["c"])).to_string().contains("no column"));
    let commas = vec![b','; 50_000_000];
    assert!(
        csv::read(&commas, &Options::default())
            .unwrap_err()
            .is_value()
    );
    let quoted = [b"\"\"".as_slice(), &commas].concat();
    assert!(
        csv::read(&quoted, &Options::default())
            .unwrap_err()
            .is_value()
    );
}

#[test]
fn integers_that_were_asked_for_are_exact_or_an_error() {
    let read = |text: &str, dtype| {
        let options = Options {
            dtypes: &[("a", dtype)],
            skip: 0,
            ..Options::default()
        };
        csv::read(format!("a\n{text}").as_bytes(), &options)
    };
    for (text, dtype, wanted) in [
        (
            "18446744073709551615\n0\n",
            DType::U64,
            vec![u64::MAX.into(), 0],
        ),
        ("9223372036854775809\n", DType::U64, vec![(1i128 << 63) + 1]),
        (
            "9007199254740993\n1.0\n2e3\n",
            DType::I64,
            vec![(1 << 53) + 1, 1, 2000],
        ),
        ("9007199254740993.0\n", DType::I64, vec![(1 << 53) + 1]),
        ("-1e2\n-2.50e1\n", DType::I8, vec![-100, -25]),
    ] {
        let columns = read(text, dtype).unwrap();
        let x = numbers(&columns, 0);
        let wanted: Vec<Scalar> = wanted.into_iter().map(Scalar::Int).collect();
        assert_eq!((x.dtype(), x.scalars().unwrap()), (dtype, wanted), "{text}");
    }
    for (text, dtype) in [
        // the bits of these are others' of the dtype
        ("-1\n", DType::U64),
        ("1\n-9223372036854775808\n", DType::U64),
        ("128\n", DType::I8),
        ("18446744073709551616\n", DType::U64),
        ("18446744073709551615\n-1\n", DType::U64),
        ("9223372036854775808\n", DType::I64),
        ("1.5\n", DType::I64),
        ("1e-1\n", DType::I64),
        ("1e400\n", DType::I64),
        ("1\n\"\"\n", DType::I64),
        ("nan\n", DType::U8),
    ] {
        assert!(read(text, dtype).unwrap_err().is_value(), "{text}");
    }
}

#[test]
fn large_files_are_read_by_pieces() {
    use std::fmt::Write;
    let mut text = String::from("i,f,late,t\n");
    for i in 0..200_000 {
        let late = if i == 199_999 { "0.5" } else { "1" };
        writeln!(text, "{i},{}.25,{late},w{i}", i * 7).unwrap();
    }
    assert!(text.len() > 3 << 20);
    let columns = read(&text);
    let i = numbers(&columns, 0).to_vec::<i64>().unwrap();
    assert!(i.iter().enumerate().all(|(at, &v)| v == at as i64) && i.len() == 200_000);
    let f = numbers(&columns, 1).to_vec::<f64>().unwrap();
    assert!(
        f.iter()
            .enumerate()
            .all(|(at, &v)| v == (at * 7) as f64 + 0.25)
    );
    assert_eq!(numbers(&columns, 2).to_vec::<f64>().unwrap()[199_999], 0.5);
    assert_eq!(texts(&columns, 3)[123_456], "w123456");
    let broken = text.replace("150000,", "150000;");
    assert!(csv::read(broken.as_bytes(), &Options::default()).is_err());
}

#[test]
fn a_name_may_begin_with_a_byte_order_mark() {
    let path = file("mark.csv");
    let words = ["a".to_owned()];
    csv::save(&path, &[("\u{feff}x", Written::Text(&words))], b',').unwrap();
    let columns = csv::load(&path, &Options::default()).unwrap();
    std::fs::remove_file(&path).unwrap();
    assert_eq!(columns[0].0, "\u{feff}x");
}

proptest! {
    #[test]
    fn what_is_written_is_read_again(
        floats in prop::collection::vec(any::<f64>().prop_filter("", |v| !v.is_nan()), 1..20),
        words in prop::collection::vec("[ -~\n\"é]{0,6}x", 20),
    ) {
        let path = file(&format!("{:?}.csv", std::thread::current().id()));
        let n = floats.len();
        let x = Raw::from_vec(floats.clone(), &[n]).unwrap();
        let words = &words[..n];
        csv::save(&path, &[("x", Written::Numbers(&x)), ("w,\"", Written::Text(words))], b',').unwrap();
        let columns = csv::load(&path, &Options { dtypes: &[("x", DType::F64)], ..Options::default() }).unwrap();
        std::fs::remove_file(&path).unwrap();
        let back = numbers(&columns, 0).to_vec::<f64>().unwrap();
        prop_assert!(back.iter().zip(&floats).all(|(a, b)| a.to_bits() == b.to_bits() || (*a == 0.0 && *b == 0.0)));
        prop_assert_eq!(texts(&columns, 1), words);
    }

    #[test]
    fn decimals_are_read_as_the_standard_library_reads_them(text in "[-+]?[0-9]{0,20}(\\.[0-9]{0,20})?(e[-+]?[0-9]{1,3})?") {
        let columns = csv::read(format!("a\n{text}\n0.5\n").as_bytes(), &Options::default()).unwrap();
        match (text.parse::<f64>(), &columns[0].1) {
            (Ok(wanted), Column::Numbers(raw)) => {
                prop_assert_eq!(raw.to_vec::<f64>().unwrap()[0].to_bits() << 1, wanted.to_bits() << 1);
            }
            (Err(_), Column::Text(_)) => {}
            // an empty line is no row
            (Err(_), Column::Numbers(raw)) => prop_assert!(text.is_empty() && raw.len() == 1),
            (wanted, found) => prop_assert!(false, "{:?} {:?} {:?}", text, wanted, found),
        }
    }

    #[test]
    fn no_bytes_panic(bytes in prop::collection::vec(any::<u8>(), 0..200)) {
        _ = csv::read(&bytes, &Options::default());
        _ = safetensors::read(&bytes);
        _ = market::read(&bytes);
        let market = [b"%%MatrixMarket matrix coordinate real general\n".as_slice(), &bytes].concat();
        _ = market::read(&market).map(|m| m.dense());
    }
}

// ---- Matrix Market

#[test]
fn every_format_field_and_symmetry_is_read() {
    let dense = |text: &str| market::read(text.as_bytes()).unwrap().dense().unwrap();
    let x = dense(
        "%%MatrixMarket matrix coordinate real general\n% note\n\n2 3 3\n1 1 1.5\n2 3 -2e1\n2 3 1\n",
    );
    assert_eq!(x.to_vec::<f64>().unwrap(), [1.5, 0.0, 0.0, 0.0, 0.0, -19.0]);
    let x = dense("%%MatrixMarket MATRIX Array Integer General\n2 2\n1\n2\n3\n4\n");
    assert_eq!(x.to_vec::<i64>().unwrap(), [1, 3, 2, 4]);
    let x = dense("%%MatrixMarket matrix array real symmetric\n3 3\n1\n2\n3\n4\n5\n6\n");
    assert_eq!(
        x.to_vec::<f64>().unwrap(),
        [1., 2., 3., 2., 4., 5., 3., 5., 6.]
    );
    let x = dense("%%MatrixMarket matrix array real skew-symmetric\n3 3\n1\n2\n3\n");
    assert_eq!(
        x.to_vec::<f64>().unwrap(),
        [0., -1., -2., 1., 0., -3., 2., 3., 0.]
    );
    let x = dense("%%MatrixMarket matrix coordinate pattern symmetric\n2 2 2\n2 1\n2 2\n");
    assert_eq!(x.to_vec::<f64>().unwrap(), [0., 1., 1., 1.]);
    let x = dense("%%MatrixMarket matrix coordinate complex hermitian\n2 2 2\n1 1 1 0\n2 1 0 2\n");
    let parts: Vec<_> = x
        .scalars()
        .unwrap()
        .into_iter()
        .map(|v| format!("{v:?}"))
        .collect();
    assert!(parts[1].contains("-2") && parts[2].contains('2') && !parts[2].contains("-2"));
    let x = dense("%%MatrixMarket matrix array real general\n0 5\n");
    assert_eq!(x.shape(), [0, 5]);
}

#[test]
fn matrices_go_both_ways() {
    let path = file("x.mtx");
    for dtype in [DType::I64, DType::U8, DType::F64, DType::F32, DType::C128] {
        let x = counted(6, dtype).reshape(&[2, 3]).unwrap();
        market::save(&path, &x).unwrap();
        let back = market::load(&path).unwrap().dense().unwrap();
        let wanted = x.cast(back.dtype()).unwrap();
        assert_eq!(back.scalars().unwrap(), wanted.scalars().unwrap());
    }
    assert!(
        market::save(&path, &counted(3, DType::F64))
            .unwrap_err()
            .is_value()
    );
    std::fs::remove_file(path).unwrap();
}

#[test]
fn damaged_and_hostile_matrices_are_errors() {
    let bad = [
        "",
        "1 2 3\n",
        "%%MatrixMarket matrix coordinate real\n",
        "%%MatrixMarket vector coordinate real general\n1 1 0\n",
        "%%MatrixMarket matrix array pattern general\n1 1\n",
        "%%MatrixMarket matrix coordinate real hermitian\n1 1 0\n",
        "%%MatrixMarket matrix coordinate real general\n",
        "%%MatrixMarket matrix coordinate real general\n2 2\n",
        "%%MatrixMarket matrix coordinate real general\n-2 2 0\n",
        "%%MatrixMarket matrix coordinate real general\n2 2 1\n0 1 5\n",
        "%%MatrixMarket matrix coordinate real general\n2 2 1\n3 1 5\n",
        "%%MatrixMarket matrix coordinate real general\n2 2 1\n1 1\n",
        "%%MatrixMarket matrix coordinate real general\n2 2 1\n1 1 x\n",
        "%%MatrixMarket matrix coordinate real general\n2 2 1\n1 1 1 1\n",
        "%%MatrixMarket matrix coordinate real general\n2 2 2\n1 1 1\n",
        "%%MatrixMarket matrix coordinate real general\n2 2 1\n1 1 1\n1 2 1\n",
        "%%MatrixMarket matrix coordinate real symmetric\n2 3 0\n",
        "%%MatrixMarket matrix array real general\n2 2\n1\n2\n3\n",
        "%%MatrixMarket matrix array real general\n1 1\n1\n2\n",
        "%%MatrixMarket matrix array real general\n0 9223372036854775807\n1\n",
        "%%MatrixMarket matrix array real general\n1000000000 1000000000\n1\n",
        "%%MatrixMarket matrix coordinate real general\n1 1 18446744073709551616\n",
        "%%MatrixMarket matrix coordinate real general\n1000000000 1000000000 1000000000000\n1 1 1\n",
    ];
    for text in bad {
        assert!(market::read(text.as_bytes()).is_err(), "{text}");
    }
    assert!(market::read(b"\xff\xfe").is_err());
    // 60 bytes ask for no gigabyte; many entries may lie in a large matrix
    let sparse = "%%MatrixMarket matrix coordinate real general\n8192 16384 1\n1 1 1\n";
    let sparse = market::read(sparse.as_bytes()).unwrap();
    assert!(sparse.dense().unwrap_err().is_value());
    let small = "%%MatrixMarket matrix coordinate real general\n1024 1024 1\n1024 1024 1\n";
    let small = market::read(small.as_bytes()).unwrap().dense().unwrap();
    assert_eq!(small.to_vec::<f64>().unwrap()[(1 << 20) - 1], 1.0);
    let entries: String = (1..=512).map(|i| format!("{i} {i} 1\n")).collect();
    let wide = format!("%%MatrixMarket matrix coordinate real general\n1024 2048 512\n{entries}");
    let wide = market::read(wide.as_bytes()).unwrap().dense().unwrap();
    assert_eq!(wide.to_vec::<f64>().unwrap().iter().sum::<f64>(), 512.0);
    let huge = "%%MatrixMarket matrix coordinate real general\n9000000000 9000000000 1\n1 1 1\n";
    let entries = market::read(huge.as_bytes()).unwrap();
    assert_eq!((entries.rows, entries.value.len()), (9_000_000_000, 1));
    assert!(entries.dense().unwrap_err().is_value());
}

// ---- pictures

#[cfg(feature = "images")]
mod pictures {
    use super::*;
    use civita_io::images;

    #[test]
    fn pngs_go_both_ways() {
        for dtype in [DType::U8, DType::U16] {
            for channels in 0..=4 {
                let x = counted(24, dtype);
                let x = match channels {
                    0 => x.reshape(&[4, 6]),
                    n => x.reshape(&[24 / 2 / n, 2, n]),
                };
                let x = x.unwrap();
                let path = file("x.png");
                images::save(&path, &x).unwrap();
                let back = images::load(&path).unwrap();
                assert_eq!(back.dtype(), dtype);
                assert_eq!(back.scalars().unwrap(), x.scalars().unwrap());
                std::fs::remove_file(path).unwrap();
            }
        }
    }

    #[test]
    fn jpegs_are_close() {
        let path = file("x.jpg");
        let x = Raw::from_vec(vec![100u8; 16 * 16 * 3], &[16, 16, 3]).unwrap();
        images::save(&path, &x).unwrap();
        let back = images::load(&path).unwrap();
        assert_eq!(back.shape(), [16, 16, 3]);
        assert!(
            back.to_vec::<u8>()
                .unwrap()
                .iter()
                .all(|v| v.abs_diff(100) < 3)
        );
        std::fs::remove_file(path).unwrap();
    }

    #[test]
    fn what_is_no_picture_is_an_error() {
        let x = counted(24, DType::U8);
        let pictures = x.reshape(&[2, 12]).unwrap();
        assert!(
            images::save(&file("x.gif"), &pictures)
                .unwrap_err()
                .is_value()
        );
        assert!(images::save(&file("x.png"), &x).unwrap_err().is_value());
        assert!(
            images::save(&file("x.png"), &x.reshape(&[2, 2, 6]).unwrap())
                .unwrap_err()
                .is_value()
        );
        assert!(
            images::save(
                &file("x.png"),
                &counted(4, DType::F32).reshape(&[2, 2]).unwrap()
            )
            .unwrap_err()
            .is_dtype()
        );
        let wide = counted(4, DType::U16).reshape(&[2, 2]).unwrap();
        assert!(images::save(&file("x.jpg"), &wide).unwrap_err().is_value());
        let with_opacity = counted(16, DType::U8).reshape(&[2, 2, 4]).unwrap();
        let refused = images::save(&file("x.jpg"), &with_opacity).unwrap_err();
        assert!(refused.is_value());
        assert!(images::load(&file("none.png")).unwrap_err().is_io());
        for bytes in [&b""[..], b"GIF89a", b"\x89PNG\r\n\x1a\n", b"\xff\xd8\xff"] {
            assert!(images::read(bytes).unwrap_err().is_value());
        }
    }

    #[test]
    fn damaged_and_huge_pngs_are_errors() {
        let path = file("whole.png");
        images::save(&path, &counted(24, DType::U8).reshape(&[4, 6]).unwrap()).unwrap();
        let good = std::fs::read(&path).unwrap();
        std::fs::remove_file(path).unwrap();
        for end in 0..good.len() - 12 {
            assert!(images::read(&good[..end]).is_err(), "{end}");
        }
        // a header that promises 2^31 × 2^31 pixels, with its check sum
        let mut huge = good[..8].to_vec();
        let mut chunk = b"IHDR".to_vec();
        chunk.extend([
            0x7f, 0xff, 0xff, 0xff, 0x7f, 0xff, 0xff, 0xff, 8, 2, 0, 0, 0,
        ]);
        let mut crc = !0u32;
        for &b in &chunk {
            crc ^= u32::from(b);
            for _ in 0..8 {
                crc = if crc & 1 != 0 {
                    0xedb8_8320 ^ (crc >> 1)
                } else {
                    crc >> 1
                };
            }
        }
        huge.extend(13u32.to_be_bytes());
        huge.extend(&chunk);
        huge.extend((!crc).to_be_bytes());
        huge.extend(&good[33..]);
        assert!(images::read(&huge).is_err());
    }
}
