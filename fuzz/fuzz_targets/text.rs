//! Tables of numbers (`loadtxt`): any bytes under any options, beside a reader by the standard library's methods of strings.

#![no_main]

use civita_fuzz::{bounded, seeds};
use civita_io::text::{self, Delimiter, Options};
use libfuzzer_sys::fuzz_target;

/// What NumPy takes for blanks.
fn blank(c: char) -> bool {
    matches!(c, '\t'..='\r' | '\x1c'..='\x1f' | ' ')
}

fn rows<'a>(all: &'a str, options: &Options<'_>) -> Vec<Vec<&'a str>> {
    let mut rest = all;
    let mut lines = Vec::new();
    while !rest.is_empty() {
        let end = rest.find(['\n', '\r']).unwrap_or(rest.len());
        lines.push(&rest[..end]);
        rest = &rest[end..];
        rest = rest.strip_prefix("\r\n").or(rest.get(1..)).unwrap_or("");
    }
    lines
        .into_iter()
        .skip(options.skip)
        .map(|line| line.split('#').next().unwrap_or(""))
        .filter(|line| match options.delimiter {
            Delimiter::Blanks => line.split(blank).any(|f| !f.is_empty()),
            Delimiter::Byte(_) => !line.is_empty(),
        })
        .take(options.most.unwrap_or(usize::MAX))
        .map(|line| match options.delimiter {
            Delimiter::Blanks => line.split(blank).filter(|f| !f.is_empty()).collect(),
            Delimiter::Byte(b) => line
                .split(char::from(b))
                .map(|f| f.trim_matches(blank))
                .collect(),
        })
        .collect()
}

fuzz_target!(init: seeds::write("text"), |data: &[u8]| {
    let [a, b, c, d, text @ ..] = data else { return };
    let columns = [isize::from(*b as i8 % 4), isize::from(*c as i8 % 4)];
    let options = Options {
        delimiter: match a % 3 {
            0 => Delimiter::Blanks,
            1 => Delimiter::Byte(b','),
            _ => Delimiter::Byte(b';'),
        },
        comment: Some(b'#'),
        skip: usize::from(a >> 2 & 3),
        most: (a & 16 != 0).then_some(usize::from(d % 4)),
        columns: (a & 32 != 0).then_some(&columns),
        kind: "float64",
    };
    // numbers of eight bytes, places of fields of sixteen
    let floats = bounded(text.len(), 100, || text::table(text, &options, text::float));
    let integers = bounded(text.len(), 100, || text::table(text, &options, text::integer));
    let Ok(all) = std::str::from_utf8(text) else { return };
    let mut rows = rows(all, &options);
    let mut exist = true;
    if options.columns.is_some() {
        for row in &mut rows {
            let at = |&c: &isize| row.get(if c < 0 { (c + row.len() as isize) as usize } else { c as usize }).copied();
            match columns.iter().map(at).collect() {
                Some(picked) => *row = picked,
                None => exist = false,
            }
        }
    }
    let even = exist && rows.windows(2).all(|w| w[0].len() == w[1].len());
    let wanted: Option<Vec<f64>> = rows.iter().flatten().map(|f| f.parse().ok()).collect();
    match (&floats, wanted.filter(|_| even)) {
        (Ok(found), Some(wanted)) => {
            let bits = |v: &[f64]| v.iter().map(|v| v.to_bits()).collect::<Vec<_>>();
            assert_eq!(bits(&found.values), bits(&wanted));
            assert_eq!(found.rows, rows.len());
            assert_eq!(found.columns, rows.first().map_or(0, Vec::len));
        }
        (Err(_), None) => {}
        (found, wanted) => panic!("{found:?}, and wanted {wanted:?}"),
    }
    let wanted: Option<Vec<i64>> = rows.iter().flatten().map(|f| f.parse().ok()).collect();
    assert_eq!(integers.ok().map(|t| t.values), wanted.filter(|_| even));
});
