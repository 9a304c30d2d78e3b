//! What every row gets for free. (Values are compared with NumPy's in Python, on the same calls.)

use super::{FUNCTIONS, Form, FunctionRow, Given, Kind, Output, Returned, Returns, Value};
use crate::device::Device;
use crate::dtype::{DType, Scalar};
use crate::raw::Raw;

/// A call as Python writes it, where `x[3, 4]` stands for 0, 1, 2, … in that shape.
struct Call {
    name: String,
    positional: Vec<Value<'static>>,
    keywords: Vec<(String, Value<'static>)>,
}

impl Call {
    /// The call, and the indices behind it: `split(x[4], 2)[1]`.
    fn parse(text: &str) -> (Call, Vec<usize>) {
        let mut rest = text;
        let mut call = Call {
            name: word(&mut rest),
            positional: Vec::new(),
            keywords: Vec::new(),
        };
        assert!(follows(&mut rest, "("), "{text}");
        while !follows(&mut rest, ")") {
            let mut ahead = rest;
            let keyword = word(&mut ahead);
            if follows(&mut ahead, "=") {
                rest = ahead;
                call.keywords.push((keyword, value(&mut rest)));
            } else {
                call.positional.push(value(&mut rest));
            }
            follows(&mut rest, ",");
        }
        let mut indices = Vec::new();
        while follows(&mut rest, "[") {
            indices.push(word(&mut rest).parse().expect("an index"));
            follows(&mut rest, "]");
        }
        assert_eq!(rest, "", "{text}");
        (call, indices)
    }

    /// One value for each parameter.
    fn bound(self) -> (&'static FunctionRow, Vec<Value<'static>>) {
        let row = FunctionRow::find(&self.name).expect("a row");
        let given = row
            .bind(self.positional.into_iter(), self.keywords)
            .expect("arguments that fit");
        let value = |(given, param): (Given<Value<'static>>, &super::Param)| match given {
            Given::Default => param.default_value(),
            Given::One(value) => value,
            Given::Rest(all) => Value::List(all),
        };
        (row, given.into_iter().zip(row.params).map(value).collect())
    }
}

fn follows(rest: &mut &str, token: &str) -> bool {
    let after = rest.strip_prefix(token);
    *rest = after.unwrap_or(rest).trim_start();
    after.is_some()
}

fn word(rest: &mut &str) -> String {
    let end = rest.find(|c: char| !c.is_alphanumeric() && !"_.-".contains(c));
    let (word, after) = rest.split_at(end.unwrap_or(rest.len()));
    *rest = after;
    word.into()
}

fn value(rest: &mut &str) -> Value<'static> {
    for (open, close) in [("[", "]"), ("(", ")")] {
        if follows(rest, open) {
            let mut all = Vec::new();
            while !follows(rest, close) {
                all.push(value(rest));
                follows(rest, ",");
            }
            return Value::List(all);
        }
    }
    if follows(rest, "'") {
        let (text, after) = rest.split_once('\'').expect("the end of a text");
        *rest = after;
        return Value::Text(text.to_owned().into());
    }
    // a call of another function: `astype([160], 'uint8')`
    let mut ahead = *rest;
    if FunctionRow::find(&word(&mut ahead)).is_some() && ahead.starts_with('(') {
        let mut depth = 0;
        let end = rest.find(|c| {
            depth += match c {
                '(' => 1,
                ')' => -1,
                _ => 0,
            };
            c == ')' && depth == 0
        });
        let (call, after) = rest.split_at(end.expect("the end of a call") + 1);
        *rest = after.trim_start();
        return match run(call).expect(call) {
            Returned::One(x) => x.into(),
            _ => panic!("{call} returns no array"),
        };
    }
    match &*word(rest) {
        "None" => Value::None,
        "True" => Value::from(true),
        "False" => Value::from(false),
        "x" => {
            let shape = match value(rest) {
                Value::List(all) if matches!(all[..], [Value::List(_)]) => all[0].clone(), // x[()]
                shape => shape,
            };
            let shape = super::Shape::from_value(shape).expect("a shape").0;
            let values = (0..shape.iter().product::<usize>())
                .map(|i| i as f64)
                .collect();
            Raw::from_vec(values, &shape).expect("an array").into()
        }
        "float" => match value(rest) {
            Value::List(all) => match &all[..] {
                [Value::Text(text)] => Value::from(text.parse::<f64>().expect("a float")),
                _ => panic!("float of one text"),
            },
            other => panic!("float{other}"),
        },
        "slice" => match value(rest) {
            Value::List(ends) => {
                let end = |i: usize| ends.get(i).and_then(|v| isize::from_value(v.clone()).ok());
                Value::Slice(if ends.len() == 1 {
                    [None, end(0), None]
                } else {
                    [end(0), end(1), end(2)]
                })
            }
            other => panic!("slice{other}"),
        },
        number if number.ends_with('j') => {
            let im = number[..number.len() - 1].parse().expect("a number");
            Value::Scalar(Scalar::Complex(num_complex::Complex::new(0.0, im)))
        }
        number => match (number.parse(), number.parse()) {
            (Ok(i), _) => Value::Scalar(Scalar::Int(i)),
            (_, Ok(f)) => Value::Scalar(Scalar::Float(f)),
            _ => panic!("no value at `{number}{rest}`"),
        },
    }
}

/// As Python prints it.
fn printed(returned: Returned, indices: &[usize]) -> String {
    match (returned, indices) {
        (Returned::One(x), []) => x.display(),
        (Returned::Several(all), [i]) => all[*i].display(),
        (Returned::Several(all), []) if all.len() == 1 => all[0].display(),
        (Returned::WithList(both), [0]) => both.0.display(),
        (Returned::Asked(all), []) => all[0].as_ref().expect("the first output").display(),
        (Returned::Bool(v), []) => Value::from(v).to_string(),
        (Returned::Count(n), []) => n.to_string(),
        (Returned::Shape(shape), [i]) => shape[*i].to_string(),
        (Returned::Path(steps, _), [0]) => {
            let step = |step: &Vec<usize>| format!(", ({}, {})", step[0], step[1]);
            format!(
                "['einsum_path'{}]",
                steps.iter().map(step).collect::<String>()
            )
        }
        _ => panic!("an example prints one thing"),
    }
}

/// What the rows' tests run on.
const DEVICES: [Device; 2] = [Device::Cpu, Device::Reference];

/// The arguments with all arrays on a device.
fn on(device: Device, row: &FunctionRow, bound: &[Value<'static>]) -> Vec<Value<'static>> {
    let there = |value: &Value<'static>| {
        let x = Raw::from_value(value.clone()).expect("an array");
        x.to_device(device).expect("memory").into()
    };
    let moved = |(param, value): (&super::Param, &Value<'static>)| match (param.form, value) {
        (_, Value::None) => Value::None,
        (_, Value::Array(_)) => there(value),
        // as bindings convert it
        (Form::Indices, Value::List(all)) if all.is_empty() => {
            there(&Raw::zeros(&[0], DType::I64).expect("memory").into())
        }
        (
            Form::Array | Form::Indices | Form::OptionalArray | Form::Target | Form::Values,
            value,
        ) => there(value),
        (Form::Operand | Form::OptionalOperand, Value::List(_)) => there(value),
        (Form::Arrays | Form::EachArray | Form::EachIndices | Form::Operands, Value::List(all)) => {
            let each = |value: &Value<'static>| match (param.form, value) {
                (Form::Operands, Value::Scalar(_)) => value.clone(),
                _ => there(value),
            };
            Value::List(all.iter().map(each).collect())
        }
        _ => value.clone(),
    };
    row.params.iter().zip(bound).map(moved).collect()
}

fn run(text: &str) -> Result<Returned, crate::error::Error> {
    let (row, mut bound) = Call::parse(text).0.bound();
    row.call(&mut bound)
}

#[test]
fn examples_print_what_they_say() {
    let mut wrong = Vec::new();
    for (row, device) in FUNCTIONS.iter().flat_map(|row| DEVICES.map(|d| (row, d))) {
        let (call, indices) = Call::parse(row.example.python);
        let (row, bound) = call.bound();
        let prints = match row.call(&mut on(device, row, &bound)) {
            Ok(returned) => printed(returned, &indices),
            Err(error) => error.to_string(),
        };
        if prints != row.example.prints {
            wrong.push(format!("{} on {device}: {prints}", row.name));
        }
    }
    assert!(
        wrong.is_empty(),
        "{} rows:\n{}",
        wrong.len(),
        wrong.join("\n")
    );
}

/// The ranks of the first two arrays.
fn ranks(row: &FunctionRow, bound: &[Value]) -> [usize; 2] {
    let mut ranks = row
        .params
        .iter()
        .zip(bound)
        .filter_map(|(param, value)| match param.form {
            Form::Array | Form::Indices | Form::Values => {
                Raw::from_value(value.clone()).ok().map(|x| x.rank())
            }
            Form::Arrays | Form::EachArray | Form::EachIndices => Vec::from_value(value.clone())
                .ok()
                .and_then(|all| all.iter().map(Raw::rank).max()),
            _ => None,
        });
    [ranks.next().unwrap_or(0), ranks.next().unwrap_or(0)]
}

#[test]
fn outputs_are_what_rows_say_they_are() {
    let mut refused = Vec::new();
    let samples = FUNCTIONS.iter().flat_map(|row| row.samples);
    for (text, device) in samples.flat_map(|text| DEVICES.map(|d| (text, d))) {
        let (row, bound) = Call::parse(text).0.bound();
        let bound = on(device, row, &bound);
        let [n, m] = ranks(row, &bound);
        let check = |output: &Output, x: &Raw| {
            let rank = (output.rank)(n, m);
            assert!(
                rank.is_none_or(|rank| rank == x.rank()),
                "{text}: rank {}, not {rank:?}",
                x.rank()
            );
        };
        let asked = |flag: &str| {
            let mut flags = row
                .params
                .iter()
                .zip(&bound)
                .filter(|(p, _)| p.name == flag);
            flags.any(|(_, value)| matches!(value, Value::Scalar(Scalar::Bool(true))))
        };
        let returned = match row.call(&mut bound.clone()) {
            Ok(returned) => returned,
            Err(error) => {
                refused.push(format!("{text} on {device}: {error}"));
                continue;
            }
        };
        match (returned, &row.returns) {
            (Returned::One(x), Returns::One(output) | Returns::OneOrTuple(output)) => {
                check(output, &x)
            }
            (
                Returned::Several(all) | Returned::Tuple(all),
                Returns::List(output) | Returns::Tuple(output) | Returns::OneOrTuple(output),
            ) => all.iter().for_each(|x| check(output, x)),
            (Returned::Asked(all), Returns::Asked(outputs)) => {
                for (x, output) in all.iter().zip(outputs.iter()) {
                    assert_eq!(x.is_some(), output.flag.is_none_or(asked), "{text}");
                    x.iter().for_each(|x| check(output, x));
                }
            }
            (Returned::WithList(..), Returns::Tuple(_)) => {}
            (Returned::One(_), Returns::Written) => {}
            (
                Returned::Bool(_) | Returned::Count(_) | Returned::Shape(_) | Returned::Path(..),
                Returns::Plain(_),
            ) => {}
            _ => panic!("{text} returns something else than its row says"),
        }
    }
    assert!(refused.is_empty(), "{}", refused.join("\n"));
}

/// The arrays that a call returned.
fn arrays(returned: Returned) -> Vec<Raw> {
    match returned {
        Returned::One(x) => vec![x],
        Returned::Several(all) | Returned::Tuple(all) => all,
        _ => panic!("a row that takes one array alone returns arrays"),
    }
}

#[test]
fn a_function_of_one_array_alone_is_the_call_with_its_defaults() {
    let of = |shape: &[usize]| {
        let n: usize = shape.iter().product();
        Raw::from_vec((0..n as i64).collect(), shape).expect("an array")
    };
    let inputs = [
        of(&[]),
        of(&[0]),
        of(&[4]),
        of(&[1, 3, 1]),
        of(&[2, 3, 4]).transpose().expect("a view"),
        of(&[5]).flip(crate::layout::Axes::All).expect("a view"),
        of(&[3]).broadcast_to(&[2, 3]).expect("a view"),
    ];
    let mut calls = 0;
    for row in FUNCTIONS {
        let Some(alone) = row.alone else { continue };
        for x in &inputs {
            let call = Call {
                name: row.name.to_owned(),
                positional: vec![x.clone().into()],
                keywords: Vec::new(),
            };
            let [own, by_list] = [alone(x), row.call(&mut call.bound().1)]
                .map(|returned| returned.map(arrays).map_err(|e| e.to_string()));
            let (own, by_list) = match (own, by_list) {
                (Ok(own), Ok(by_list)) => (own, by_list),
                (own, by_list) => {
                    assert_eq!(own.err(), by_list.err(), "{}", row.name);
                    continue;
                }
            };
            assert_eq!(own.len(), by_list.len(), "{}", row.name);
            for (a, b) in own.iter().zip(&by_list) {
                let values = |x: &Raw| x.to_vec::<i64>().expect("integers");
                assert_eq!(
                    (a.shape(), values(a)),
                    (b.shape(), values(b)),
                    "{}",
                    row.name
                );
                let strides = |x: &Raw| x.layout().strides().to_vec();
                assert_eq!(strides(a), strides(b), "{}", row.name);
                calls += 1;
            }
        }
    }
    assert!(calls > 40, "{calls}");
}

#[test]
fn a_function_of_arrays_together_is_the_call_with_its_defaults() {
    let x = Raw::from_vec(vec![1i64, 2, 3, 4], &[2, 2]).expect("an array");
    let y = x.transpose().expect("a view");
    let mut rows = 0;
    for row in FUNCTIONS {
        let Some(together) = row.together else {
            continue;
        };
        for parts in [&[&x][..], &[&x, &y], &[&x, &y, &x]] {
            let list = parts.iter().map(|&x| x.clone().into()).collect();
            let call = Call {
                name: row.name.to_owned(),
                positional: vec![Value::List(list)],
                keywords: Vec::new(),
            };
            let by_list = row.call(&mut call.bound().1).map(arrays).expect("arrays");
            let own = together(parts).expect("an array");
            let values = |x: &Raw| (x.shape().to_vec(), x.to_vec::<i64>().expect("integers"));
            assert_eq!(values(&own), values(&by_list[0]), "{}", row.name);
        }
        let wrong = [
            Raw::zeros(&[2, 3], DType::I64),
            Raw::zeros(&[3, 2, 2], DType::I64),
        ];
        let wrong = wrong.map(|x| x.expect("an array"));
        let list = wrong.iter().map(|x| x.clone().into()).collect();
        let by_list = row
            .call(&mut [Value::List(list)])
            .err()
            .map(|e| e.to_string());
        let own = together(&[&wrong[0], &wrong[1]])
            .err()
            .map(|e| e.to_string());
        assert_eq!(own, by_list, "{}", row.name);
        rows += 1;
    }
    assert!(rows > 1);
}

#[test]
fn rows_are_complete() {
    let mut names: Vec<&str> = FUNCTIONS
        .iter()
        .flat_map(|row| [&[row.name], row.aliases].concat())
        .collect();
    names.sort_unstable();
    assert!(
        names.windows(2).all(|w| w[0] != w[1]),
        "a name stands twice"
    );
    for row in FUNCTIONS {
        assert!(
            !row.samples.is_empty() && row.doc.trim().ends_with('.'),
            "{}",
            row.name
        );
        assert!(row.positional_only <= row.positional && row.positional <= row.params.len());
        assert!(FunctionRow::find(row.name).is_some_and(|found| found.name == row.name));
        for param in row.params {
            let takes_default = param.default.is_none_or(|default| {
                let text = default().to_string();
                !text.is_empty()
            });
            assert!(takes_default, "{}", param.name);
        }
    }
}

#[test]
fn arguments_are_bound_by_pythons_rules() {
    let bind = |name: &str, positional: &[i32], keywords: &[(&str, i32)]| {
        let row = FunctionRow::find(name).expect("a row");
        row.bind(positional.iter().copied(), keywords.iter().copied())
    };
    assert_eq!(
        bind("roll", &[1], &[("axis", 3), ("shift", 2)]),
        Ok(vec![Given::One(1), Given::One(2), Given::One(3)])
    );
    assert_eq!(
        bind("meshgrid", &[1, 2], &[("sparse", 5)]),
        Ok(vec![
            Given::Rest(vec![1, 2]),
            Given::Default,
            Given::One(5),
            Given::Default
        ])
    );
    for (bound, text) in [
        (
            bind("roll", &[], &[]),
            "roll() missing 2 required positional arguments: 'a' and 'shift'",
        ),
        (
            bind("roll", &[1], &[("axis", 0)]),
            "roll() missing 1 required positional argument: 'shift'",
        ),
        (
            bind("roll", &[1, 2, 3, 4], &[]),
            "roll() takes from 2 to 3 positional arguments but 4 were given",
        ),
        (
            bind("fliplr", &[1, 2], &[]),
            "fliplr() takes 1 positional argument but 2 were given",
        ),
        (
            bind("roll", &[1, 2], &[("shift", 2)]),
            "roll() got multiple values for argument 'shift'",
        ),
        (
            bind("roll", &[1, 2], &[("axs", 2)]),
            "roll() got an unexpected keyword argument 'axs'. Did you mean 'axis'?",
        ),
        (
            bind("roll", &[1, 2], &[("nothing", 2)]),
            "roll() got an unexpected keyword argument 'nothing'",
        ),
        (
            bind("vdot", &[], &[("a", 1), ("b", 2)]),
            "vdot() got some positional-only arguments passed as keyword arguments: 'a, b'",
        ),
        (
            bind("pad", &[1, 2, 3, 4], &[("end_values", 0)]),
            "pad() takes from 2 to 3 positional arguments but 4 positional arguments (and 1 keyword-only argument) were given",
        ),
    ] {
        assert_eq!(bound.expect_err(text).to_string(), text);
    }
}

#[test]
fn signatures_are_pythons() {
    let signature = |name: &str| {
        FunctionRow::find(name)
            .map(|row| row.signature(false))
            .unwrap_or_default()
    };
    assert_eq!(signature("roll"), "(a, shift, axis=None)");
    assert_eq!(
        signature("concat"),
        "(arrays, /, axis=0, out=None, *, dtype=None, casting='same_kind')"
    );
    assert_eq!(
        signature("meshgrid"),
        "(*xi, copy=True, sparse=False, indexing='xy')"
    );
    assert_eq!(signature("rot90"), "(m, k=1, axes=(0, 1))");
    assert_eq!(
        signature("isclose"),
        "(a, b, rtol=1e-05, atol=1e-08, equal_nan=False)"
    );
    assert_eq!(
        FunctionRow::find("repeat")
            .map(|row| row.method_signature(false))
            .unwrap_or_default(),
        "($self, repeats, axis=None)"
    );
}

#[test]
fn wrong_arguments_are_errors_that_name_them() {
    for (text, says) in [
        (
            "roll(x[3], 'two')",
            "roll: argument 'shift' must be an integer or a sequence of integers, not str",
        ),
        (
            "roll(x[3], 1, 3)",
            "roll: axis 3 is out of bounds for a tensor with 1 axis",
        ),
        (
            "pad(x[3], 1, 'round')",
            "pad: mode must be one of 'constant', 'edge'",
        ),
        (
            "split(x[3], 2)",
            "split: array split does not result in an equal division",
        ),
        (
            "repeat(x[3], -1)",
            "repeat: repeats may not contain negative values",
        ),
        (
            "delete(x[3], 3)",
            "delete: index 3 is out of bounds for an axis of length 3",
        ),
        (
            "tensordot(x[2, 3], x[2])",
            "tensordot: 2 axes of shapes (2, 3) and (2,)",
        ),
        ("cross(x[4], x[4])", "cross: vectors of 4 and 4 numbers"),
        (
            "geomspace(0, 1)",
            "geomspace: Geometric sequence cannot include zero",
        ),
    ] {
        let error = run(text).err().expect(text).to_string();
        assert!(error.starts_with(says), "{text}: {error}");
    }
}

#[test]
fn arrays_of_dtypes_and_rust_values_are_kinds_too() {
    let dtype = |value: Value| super::Dtype::from_value(value).map(|d| d.0).ok();
    assert_eq!(dtype(Value::Text("float32".into())), Some(DType::F32));
    assert_eq!(dtype(Value::DType(DType::I8)), Some(DType::I8));
    assert_eq!(dtype(Value::None), Some(DType::F64));
    let ints = |value: Value| super::Ints::from_value(value).map(|i| i.0).ok();
    let places = Raw::from_vec(vec![3u8, 1], &[2]).expect("an array");
    assert_eq!(ints(places.into()), Some(vec![3, 1]));
    assert_eq!(ints(Value::from(2.5)), None);
}
