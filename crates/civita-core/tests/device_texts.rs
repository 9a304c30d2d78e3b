//! The device texts of rows, as a GPU backend will use them: in a WGSL kernel that naga parses and validates, and in C++
//! (what CUDA C is, beside its qualifiers) where a compiler is at hand.

use std::process::Command;

use civita_core::dtype::DType;
use civita_core::ops::{Class, ClassResult, ROWS, Row, device};

const NAMES: [[&str; 3]; 3] = [["x", "", ""], ["a", "b", ""], ["c", "a", "b"]];

fn is_condition(row: &Row, k: usize) -> bool {
    row.class == Class::Select && k == 0
}

/// A kernel over `n` elements that computes a row.
fn wgsl_kernel(row: &Row, dtype: DType) -> String {
    let mut text = device::wgsl(dtype).unwrap();
    let names = &NAMES[row.arity - 1][..row.arity];
    for (k, name) in names.iter().enumerate() {
        let of = if is_condition(row, k) { "u32" } else { "T" };
        text += &format!("@group(0) @binding({k}) var<storage, read> {name}_in: array<{of}>;\n");
    }
    let truth = row.class.result() == ClassResult::Bool;
    let (out, store) = match (truth, dtype) {
        (true, _) => ("u32", format!("u32({})", row.device)),
        (_, DType::Bool) => ("u32", format!("u32(({}) != 0u)", row.device)),
        _ => ("T", row.device.to_owned()),
    };
    text += &format!("@group(0) @binding(3) var<storage, read_write> out: array<{out}>;\n");
    text += "@compute @workgroup_size(64)\nfn main(@builtin(global_invocation_id) id: vec3<u32>) {\n    let i = id.x;\n";
    for name in names {
        text += &format!("    let {name} = {name}_in[i];\n");
    }
    text + &format!("    out[i] = {store};\n}}\n")
}

#[test]
fn every_device_text_is_valid_wgsl_for_every_type_of_its_class() {
    let mut failures = Vec::new();
    let mut checked = 0;
    for row in ROWS {
        for dtype in [DType::F32, DType::I32, DType::U32, DType::Bool] {
            if !row.class.loops().contains(&dtype) {
                continue;
            }
            let text = wgsl_kernel(row, dtype);
            let outcome = match naga::front::wgsl::parse_str(&text) {
                Err(e) => Err(e.emit_to_string(&text)),
                Ok(module) => {
                    use naga::valid::{Capabilities, ValidationFlags, Validator};
                    let mut validator =
                        Validator::new(ValidationFlags::all(), Capabilities::empty());
                    validator
                        .validate(&module)
                        .map(drop)
                        .map_err(|e| e.emit_to_string(&text))
                }
            };
            checked += 1;
            if let Err(e) = outcome {
                failures.push(format!("{} of {dtype}: `{}`\n{e}", row.name, row.device));
            }
        }
    }
    assert!(
        failures.is_empty(),
        "{} of {checked}:\n{}",
        failures.len(),
        failures.join("\n")
    );
}

/// CUDA C is C++ with qualifiers; a host compiler knows all else that the texts use.
#[test]
fn every_device_text_is_valid_cpp() {
    let found = ["c++", "g++", "clang++"].into_iter().find(|c| {
        Command::new(c)
            .arg("--version")
            .output()
            .is_ok_and(|o| o.status.success())
    });
    let Some(compiler) = found else {
        println!("skipped: no C++ compiler");
        return;
    };
    let mut text = format!(
        "#include <cmath>\nusing namespace std;\n#define __device__\n{}\n",
        device::CUDA_C
    );
    let types = [
        (DType::Bool, "bool"),
        (DType::U8, "unsigned char"),
        (DType::U16, "unsigned short"),
        (DType::U32, "unsigned int"),
        (DType::U64, "unsigned long long"),
        (DType::I8, "signed char"),
        (DType::I16, "short"),
        (DType::I32, "int"),
        (DType::I64, "long long"),
        (DType::F32, "float"),
        (DType::F64, "double"),
    ];
    for row in ROWS {
        for (dtype, name) in types.iter().filter(|(d, _)| row.class.loops().contains(d)) {
            let arguments = NAMES[row.arity - 1][..row.arity].iter().enumerate();
            let arguments: Vec<String> = arguments
                .map(|(k, n)| format!("{} {n}", if is_condition(row, k) { "bool" } else { name }))
                .collect();
            let out = if row.class.result() == ClassResult::Bool {
                "bool"
            } else {
                name
            };
            // abs of unsigned integers is ambiguous in C++: the backend defines it, as it does here
            if row.name == "abs" && dtype.kind() <= civita_core::dtype::Kind::Unsigned {
                continue;
            }
            text += &format!(
                "{out} {}_{dtype}({}) {{ return {}; }}\n",
                row.name,
                arguments.join(", "),
                row.device
            );
        }
    }
    let folder = std::env::temp_dir().join(format!("civita-device-texts-{}", std::process::id()));
    std::fs::create_dir_all(&folder).unwrap();
    let file = folder.join("rows.cpp");
    std::fs::write(&file, &text).unwrap();
    let output = Command::new(compiler)
        .args(["-std=c++17", "-fsyntax-only", "-w"])
        .arg(&file)
        .output()
        .unwrap();
    std::fs::remove_dir_all(&folder).unwrap();
    assert!(
        output.status.success(),
        "{}",
        String::from_utf8_lossy(&output.stderr)
    );
}
