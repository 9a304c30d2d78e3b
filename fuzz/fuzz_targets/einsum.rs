//! `einsum`: any subscripts on any operands, beside loops over all labels.

#![no_main]

use std::collections::BTreeMap;

use arbitrary::{Result, Unstructured};
use civita_core::dtype::{Casting, DType};
use civita_core::functions::einsum::{Optimize, Subscripts, einsum, einsum_path};
use civita_core::functions::{Order, Out};
use civita_fuzz::model::each;
use civita_fuzz::{Model, array, assert_same, seeds, shape};
use libfuzzer_sys::fuzz_target;

/// The labels of a term: letters, and places for the axes that an ellipsis stands for, counted from its end.
fn labels(term: &str, rank: usize) -> Option<Vec<(u8, usize)>> {
    let (before, behind) = match term.split_once("...") {
        Some((before, behind)) => (before, Some(behind)),
        None => (term, None),
    };
    let named = before.len() + behind.map_or(0, str::len);
    let letters = |s: &str| s.bytes().all(|b| b.is_ascii_alphabetic());
    if !letters(before) || !letters(behind.unwrap_or("")) || named > rank {
        return None;
    }
    let dots = rank - named;
    if behind.is_none() && dots > 0 {
        return None;
    }
    let mut all: Vec<(u8, usize)> = before.bytes().map(|b| (b, 0)).collect();
    all.extend((0..dots).rev().map(|k| (b'.', k)));
    all.extend(behind.unwrap_or("").bytes().map(|b| (b, 0)));
    Some(all)
}

fn model(text: &str, operands: &[Model]) -> Option<Model> {
    let text: String = text.chars().filter(|c| !c.is_whitespace()).collect();
    let (left, right) = match text.split_once("->") {
        Some((left, right)) => (left, Some(right)),
        None => (text.as_str(), None),
    };
    let terms: Vec<&str> = left.split(',').collect();
    if terms.len() != operands.len() {
        return None;
    }
    let inputs: Vec<Vec<(u8, usize)>> = terms
        .iter()
        .zip(operands)
        .map(|(term, m)| labels(term, m.shape.len()))
        .collect::<Option<_>>()?;
    let dots = inputs
        .iter()
        .map(|l| l.iter().filter(|l| l.0 == b'.').count())
        .max()?;
    let all: Vec<(u8, usize)> = inputs.concat();
    let output = match right {
        Some(right) => {
            let named = right.replace("...", "").len();
            if dots > 0 && !right.contains("...") {
                return None;
            }
            labels(right, named + dots)?
        }
        None => {
            let mut found: Vec<(u8, usize)> = (0..dots).rev().map(|k| (b'.', k)).collect();
            let mut named: Vec<(u8, usize)> = all
                .iter()
                .copied()
                .filter(|l| l.0 != b'.' && all.iter().filter(|m| *m == l).count() == 1)
                .collect();
            named.sort_unstable();
            found.extend(named);
            found
        }
    };
    let twice = |l: &(u8, usize)| output.iter().filter(|m| *m == l).count() > 1;
    if output.iter().any(|l| twice(l) || !all.contains(l)) {
        return None;
    }
    let mut sizes: BTreeMap<(u8, usize), usize> = BTreeMap::new();
    for (labels, m) in inputs.iter().zip(operands) {
        for (&label, &n) in labels.iter().zip(&m.shape) {
            let size = sizes.entry(label).or_insert(n);
            if *size == 1 {
                *size = n;
            } else if n != 1 && n != *size {
                return None;
            }
        }
    }
    let names: Vec<(u8, usize)> = sizes.keys().copied().collect();
    let lengths: Vec<usize> = sizes.values().copied().collect();
    let shape: Vec<usize> = output.iter().map(|l| sizes[l]).collect();
    let mut result = Model::of(&shape, |_| 0);
    each(&lengths, |at| {
        let value = |label: &(u8, usize)| at[names.binary_search(label).unwrap()];
        let mut product = 1i64;
        for (labels, m) in inputs.iter().zip(operands) {
            let own: Vec<usize> = labels
                .iter()
                .zip(&m.shape)
                .map(|(l, &n)| if n == 1 { 0 } else { value(l) })
                .collect();
            product = product.wrapping_mul(m.at(&own));
        }
        let place = result.place(&output.iter().map(value).collect::<Vec<_>>());
        result.values[place] = result.values[place].wrapping_add(product);
    });
    Some(result)
}

fn term(u: &mut Unstructured<'_>, rank: usize) -> Result<String> {
    let mut text = String::new();
    for _ in 0..rank {
        text.push(char::from(b"ijkabAz"[u.choose_index(7)?]));
    }
    if u.ratio(1, 5)? {
        let from = u.int_in_range(0..=text.len())?;
        let to = u.int_in_range(from..=text.len())?;
        text.replace_range(from..to, "...");
    }
    Ok(text)
}

fn run(u: &mut Unstructured<'_>) -> Result<()> {
    let (mut operands, mut models, mut terms) = (Vec::new(), Vec::new(), Vec::new());
    for _ in 0..u.int_in_range(0..=4u8)? {
        let mut lengths = shape(u, 3)?;
        for n in &mut lengths {
            // labels that stand twice have one length, mostly
            if u.ratio(9, 10)? {
                *n = if u.ratio(1, 5)? { 1 } else { 2 };
            }
        }
        let (x, m) = array(u, &lengths, DType::I64, true)?;
        terms.push(term(u, lengths.len())?);
        operands.push(x);
        models.push(m);
    }
    let mut text = terms.join(",");
    if u.ratio(2, 3)? {
        text.push_str("->");
        let n = u.int_in_range(0..=3)?;
        text.push_str(&term(u, n)?);
    }
    if u.ratio(1, 8)? {
        // anything, somewhere
        let mut at = u.int_in_range(0..=text.len())?;
        while !text.is_char_boundary(at) {
            at -= 1;
        }
        text.insert_str(at, u.arbitrary::<&str>()?);
    }
    let optimize = match u.int_in_range(0..=3u8)? {
        0 => Optimize::No,
        1 => Optimize::Greedy(u.arbitrary()?),
        2 => Optimize::Optimal(u.arbitrary()?),
        _ => {
            let mut path = Vec::new();
            for _ in 0..u.int_in_range(0..=4u8)? {
                let mut step = Vec::new();
                for _ in 0..u.int_in_range(0..=3u8)? {
                    step.push(match u.ratio(1, 20)? {
                        true => u.arbitrary()?,
                        false => u.int_in_range(0..=operands.len())?,
                    });
                }
                path.push(step);
            }
            Optimize::Path(path)
        }
    };
    let given = matches!(optimize, Optimize::Path(_));
    let subscripts = Subscripts {
        text: text.clone(),
        operands,
    };
    let what = (
        &text,
        models.iter().map(|m| m.shape.clone()).collect::<Vec<_>>(),
        &optimize,
    );
    let path = einsum_path(subscripts.clone(), optimize.clone(), false);
    let order = [Order::C, Order::F, Order::A, Order::K][u.choose_index(4)?];
    let found = einsum(
        subscripts,
        Out,
        optimize.clone(),
        None,
        order,
        Casting::SameKind,
    );
    match model(&text, &models) {
        None => assert!(found.is_err(), "{what:?}"),
        // a path may be none
        Some(_) if given && found.is_err() => {}
        Some(wanted) => {
            let found = found.unwrap_or_else(|e| panic!("{what:?}: {e}"));
            assert_same(&found, &wanted, &what);
            if !given {
                path.unwrap_or_else(|e| panic!("{what:?}: {e}"));
            }
        }
    }
    Ok(())
}

fuzz_target!(init: seeds::write("einsum"), |data: &[u8]| {
    _ = run(&mut Unstructured::new(data));
});
