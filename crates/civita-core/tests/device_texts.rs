//! The device texts of rows, as a GPU backend will use them: in a WGSL kernel that naga parses and validates; in C++, which
//! is CUDA C beside its qualifiers; and executed, both flavours as C++, against the engine's kernels. With `CIVITA_NVCC=nvcc`
//! the CUDA flavour is executed on the machine's GPU (`make cuda`).

use std::fmt::Write as _;
use std::path::PathBuf;
use std::process::Command;

use civita_core::dtype::{DType, Scalar};
use civita_core::ops::{Class, ClassResult, ROWS, Row, device};
use civita_core::raw::Raw;

/// What texts call the operands of a row.
fn names(row: &Row) -> &'static [&'static str] {
    match row.arity {
        1 => &["x"],
        2 => &["a", "b"],
        _ if row.class == Class::Select => &["c", "a", "b"],
        _ => &["a", "b", "c"],
    }
}

fn is_condition(row: &Row, k: usize) -> bool {
    row.class == Class::Select && k == 0
}

/// A kernel over `n` elements that computes a row.
fn wgsl_kernel(row: &Row, dtype: DType) -> String {
    let mut text = device::wgsl(dtype).unwrap();
    let names = names(row);
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

/// The C++ compiler: `make` sees to it that there is one (`tools/need.sh c++`).
fn compiler() -> Command {
    let found = ["c++", "g++", "clang++"].into_iter().find(|c| {
        let version = Command::new(c).arg("--version").output();
        version.is_ok_and(|o| o.status.success())
    });
    Command::new(found.expect("a C++ compiler; on Debian `apt install build-essential`"))
}

/// A folder of its own for a test.
fn folder(of: &str) -> PathBuf {
    let path = std::env::temp_dir().join(format!("civita-{of}-{}", std::process::id()));
    std::fs::create_dir_all(&path).unwrap();
    path
}

/// The C++ name of a dtype.
fn cpp_name(dtype: DType) -> Option<&'static str> {
    Some(match dtype {
        DType::Bool => "bool",
        DType::U8 => "unsigned char",
        DType::U16 => "unsigned short",
        DType::U32 => "unsigned int",
        DType::U64 => "unsigned long long",
        DType::I8 => "signed char",
        DType::I16 => "short",
        DType::I32 => "int",
        DType::I64 => "long long",
        DType::F32 => "float",
        DType::F64 => "double",
        _ => return None,
    })
}

/// The absolute value of unsigned integers is ambiguous in C++: the backend defines it.
fn left_to_the_backend(row: &Row, dtype: DType) -> bool {
    row.name == "abs" && dtype.kind() <= civita_core::dtype::Kind::Unsigned
}

/// CUDA C is C++ with qualifiers; a host compiler knows all else that the texts use.
#[test]
#[cfg_attr(miri, ignore = "runs a compiler")]
fn every_device_text_is_valid_cpp() {
    let mut text = format!(
        "#include <cmath>\nusing namespace std;\n#define __device__\n{}\n",
        device::CUDA_C
    );
    for row in ROWS {
        for &dtype in row.class.loops() {
            let Some(name) = cpp_name(dtype).filter(|_| !left_to_the_backend(row, dtype)) else {
                continue;
            };
            let arguments = names(row).iter().enumerate();
            let arguments: Vec<String> = arguments
                .map(|(k, n)| format!("{} {n}", if is_condition(row, k) { "bool" } else { name }))
                .collect();
            let out = if row.class.result() == ClassResult::Bool {
                "bool"
            } else {
                name
            };
            text += &format!(
                "{out} {}_{dtype}({}) {{ return {}; }}\n",
                row.name,
                arguments.join(", "),
                row.device
            );
        }
    }
    let folder = folder("device-texts");
    let file = folder.join("rows.cpp");
    std::fs::write(&file, &text).unwrap();
    let output = compiler()
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

// ---- executed ---------------------------------------------------------------------------------------------------------

/// A language of the texts and the dtypes that are tried in it.
#[derive(Clone, Copy, PartialEq, Debug)]
enum Flavour {
    Cuda,
    Wgsl,
}

impl Flavour {
    fn dtypes(self) -> &'static [DType] {
        match self {
            Flavour::Cuda => &[
                DType::F32,
                DType::F64,
                DType::Bool,
                DType::U8,
                DType::I32,
                DType::I64,
            ],
            Flavour::Wgsl => &[DType::F32, DType::I32, DType::U32],
        }
    }

    /// The C++ namespace with the prelude for a dtype.
    fn namespace(self, dtype: DType) -> String {
        match self {
            Flavour::Cuda => "cuda".into(),
            Flavour::Wgsl => format!("wgsl_{dtype}"),
        }
    }
}

/// WGSL's functions as C++, line by line: the preludes use few of its constructs.
fn as_cpp(wgsl: &str, dtype: DType) -> String {
    let condition = |line: &str, word: &str| {
        line.replacen(&format!("{word} "), &format!("{word} ("), 1)
            .replacen(" {", ") {", 1)
    };
    let mut text = String::new();
    for line in wgsl.lines() {
        let code = line.trim_start();
        let line = if let Some(alias) = code.strip_prefix("alias T = ") {
            format!("typedef {} T;", alias.trim_end_matches(';'))
        } else if let Some(head) = code.strip_prefix("fn ") {
            let (name, rest) = head.split_once('(').unwrap();
            let (parameters, rest) = rest.split_once(") -> ").unwrap();
            let (result, body) = rest.split_once(' ').unwrap();
            let parameters: Vec<String> = parameters
                .split(", ")
                .filter_map(|p| p.split_once(": "))
                .map(|(name, of)| format!("{of} {name}"))
                .collect();
            format!(
                "static inline {result} {name}({}) {body}",
                parameters.join(", ")
            )
        } else if code.starts_with("if ") {
            condition(line, "if")
        } else if code.starts_with("while ") {
            condition(line, "while")
        } else {
            line.to_owned()
        };
        text += &line.replace("let ", "auto ").replace("var ", "auto ");
        text += "\n";
    }
    match dtype {
        DType::F32 => text.replace("a % b", "rest(a, b)"),
        _ => text,
    }
}

/// What WGSL has built in.
const WGSL_BUILT_IN: &str = r#"
typedef float f32;
typedef int i32;
typedef unsigned int u32;
template <class T> static inline T select(T no, T yes, bool c) { return c ? yes : no; }
template <class T> static inline T max(T a, T b) { return a < b ? b : a; }
template <class T> static inline T min(T a, T b) { return b < a ? b : a; }
template <class T> static inline T clamp(T x, T low, T high) { return min(max(x, low), high); }
static inline unsigned int countOneBits(unsigned int x) { return __builtin_popcount(x); }
static inline float round(float x) { return rintf(x); } // ties to even
static inline float rest(float a, float b) { return isinf(b) ? a - b * 0.0f : fmod(a, b); }
template <class To, class From> static inline To bitcast(From x) { To y; memcpy(&y, &x, sizeof y); return y; }
"#;

const PROGRAM_HEAD: &str = r#"
#include <cmath>
#include <cstdio>
#include <cstdlib>
#include <cstring>
using namespace std;
#ifndef __CUDACC__
#define __device__
#endif
static FILE *in, *out;
template <class E> static E* load(size_t n) {
    E* values = (E*)malloc(n * sizeof(E));
    if (fread(values, sizeof(E), n, in) != n) exit(2);
    return values;
}
template <class E> static void store(E* values, size_t n) {
    if (fwrite(values, sizeof(E), n, out) != n) exit(3);
}
"#;

/// Operands and results of a kernel on a GPU.
const GPU_HEAD: &str = r#"
static void check(cudaError_t e) {
    if (e != cudaSuccess) {
        fprintf(stderr, "%s\n", cudaGetErrorString(e));
        exit(4);
    }
}
template <class E> static E* allocate(size_t n) {
    void* there;
    check(cudaMalloc(&there, n * sizeof(E)));
    return (E*)there;
}
template <class E> static E* load_there(size_t n) {
    E *here = load<E>(n), *there = allocate<E>(n);
    check(cudaMemcpy(there, here, n * sizeof(E), cudaMemcpyHostToDevice));
    free(here);
    return there;
}
template <class E> static void store_there(E* there, size_t n) {
    E* here = (E*)malloc(n * sizeof(E));
    check(cudaGetLastError());
    check(cudaMemcpy(here, there, n * sizeof(E), cudaMemcpyDeviceToHost));
    store(here, n);
    free(here);
}
"#;

/// Values of every sort: zeros of both signs, subnormal and huge numbers, infinities and NaN; the ends of integers.
fn values(dtype: DType) -> Vec<Scalar> {
    if dtype == DType::Bool {
        return vec![Scalar::Bool(false), Scalar::Bool(true)];
    }
    if dtype.is_float() {
        let (largest, tiny, least, eps) = match dtype {
            DType::F32 => (
                f64::from(f32::MAX),
                f64::from(f32::MIN_POSITIVE),
                2f64.powi(-149),
                2f64.powi(-23),
            ),
            _ => (f64::MAX, f64::MIN_POSITIVE, f64::from_bits(1), f64::EPSILON),
        };
        let mut all = vec![
            0.0, 0.25, 0.5, 0.75, 1.0, 1.5, 2.0, 2.5, 3.0, 4.0, 7.25, 10.0, 15.5,
        ];
        all.extend([
            88.0,
            89.0,
            100.0,
            104.0,
            710.0,
            745.0,
            1e4,
            1e10,
            8_388_609.0,
            16_777_217.0,
        ]);
        all.extend([largest, largest / 2.0, tiny, tiny / 3.0, least, 3.0 * least]);
        all.extend([eps, 1.0 + eps, 1.0 - eps / 2.0, 1e-3, 1e-10, 1.0 / 3.0]);
        all.extend([std::f64::consts::PI, std::f64::consts::E, f64::INFINITY]);
        all.extend(all.clone().iter().map(|v| -v));
        all.push(f64::NAN);
        return all.into_iter().map(Scalar::Float).collect();
    }
    let (least, most): (i128, i128) = match dtype {
        DType::U8 => (0, 255),
        DType::U32 => (0, u32::MAX.into()),
        DType::I32 => (i32::MIN.into(), i32::MAX.into()),
        _ => (i64::MIN.into(), i64::MAX.into()),
    };
    let all = [
        0,
        1,
        2,
        3,
        5,
        7,
        10,
        64,
        100,
        200,
        255,
        -1,
        -2,
        -3,
        -7,
        -100,
        most / 2,
        most / 2 + 1,
        most - 1,
        most,
        least / 2,
        least + 1,
        least,
    ];
    let inside = all.into_iter().filter(|v| (least..=most).contains(v));
    inside.map(Scalar::Int).collect()
}

/// The operands of a row: every value with every value. What neither the engine nor a device computes is left out:
/// integers to negative powers, and the quotient of the least integer and -1, at which processors trap.
fn operands(row: &Row, dtype: DType) -> Vec<Vec<Scalar>> {
    let mut rows: Vec<Vec<Scalar>> = vec![vec![]];
    for k in 0..row.arity {
        let of = if is_condition(row, k) {
            DType::Bool
        } else {
            dtype
        };
        rows = rows
            .iter()
            .flat_map(|row| {
                values(of)
                    .into_iter()
                    .map(|v| [row.clone(), vec![v]].concat())
            })
            .collect();
    }
    if dtype.is_integer() {
        rows.retain(|v| match (row.name, &v[..]) {
            ("pow", [_, Scalar::Int(b)]) => *b >= 0,
            ("floor_divide" | "remainder" | "fmod", [Scalar::Int(a), Scalar::Int(b)]) => {
                *b != -1 || *a != -(1 << (8 * dtype.size() - 1))
            }
            _ => true,
        });
    }
    (0..row.arity)
        .map(|k| rows.iter().map(|row| row[k]).collect())
        .collect()
}

fn bytes(values: &[Scalar], dtype: DType) -> Vec<u8> {
    let each = |v: &Scalar| v.to_bytes(dtype).unwrap()[..dtype.size()].to_vec();
    values.iter().flat_map(each).collect()
}

fn raw(values: &[Scalar], dtype: DType) -> Raw {
    let out = Raw::zeros(&[values.len()], dtype).unwrap();
    let bytes = bytes(values, dtype);
    // SAFETY: a new tensor of as many bytes, which nobody else holds.
    unsafe { std::ptr::copy_nonoverlapping(bytes.as_ptr(), out.ptr(), bytes.len()) };
    out
}

/// One row in one flavour for one dtype.
struct Case {
    row: &'static Row,
    flavour: Flavour,
    dtype: DType,
    operands: Vec<Vec<Scalar>>,
}

/// How far the functions of `ToFloat` and powers may be from the true value, in units in the last place.
const ACCURACY: u64 = 4;

impl Case {
    fn operand_dtype(&self, k: usize) -> DType {
        if is_condition(self.row, k) {
            DType::Bool
        } else {
            self.dtype
        }
    }

    fn result_dtype(&self) -> DType {
        match self.row.class.result() {
            ClassResult::Bool => DType::Bool,
            _ => self.dtype,
        }
    }

    /// The C++ function that reads the operands, computes every element and writes the results.
    fn cpp(&self, number: usize) -> String {
        let n = self.operands[0].len();
        let names = names(self.row);
        let space = self.flavour.namespace(self.dtype);
        let (mut text, mut elements) = (String::new(), String::new());
        writeln!(
            text,
            "static void case_{number}() {{\n    using namespace {space};"
        )
        .unwrap();
        for (k, name) in names.iter().enumerate() {
            let of = cpp_name(self.operand_dtype(k)).unwrap();
            // WGSL computes with booleans as `u32`.
            let held = match self.flavour {
                Flavour::Wgsl if of == "bool" => "unsigned int",
                _ => of,
            };
            writeln!(text, "    {of}* {name}_in = load<{of}>({n});").unwrap();
            writeln!(elements, "        {held} {name} = {name}_in[i];").unwrap();
        }
        let out = cpp_name(self.result_dtype()).unwrap();
        let device = self.row.device;
        write!(
            text,
            "    {out}* results = ({out}*)malloc({n} * sizeof({out}));\n    for (size_t i = 0; i < {n}; i++) {{\n{elements}        \
             results[i] = ({out})({device});\n    }}\n    store(results, {n});\n}}\n"
        )
        .unwrap();
        text
    }

    /// The same of CUDA C: a kernel and the function that starts it, with a thread for each element.
    fn cuda(&self, number: usize) -> String {
        let n = self.operands[0].len();
        let names = names(self.row);
        let (mut parameters, mut elements, mut loads) = (vec![], String::new(), String::new());
        for (k, name) in names.iter().enumerate() {
            let of = cpp_name(self.operand_dtype(k)).unwrap();
            parameters.push(format!("const {of}* {name}_in"));
            writeln!(elements, "    {of} {name} = {name}_in[i];").unwrap();
            writeln!(loads, "    {of}* {name}_in = load_there<{of}>({n});").unwrap();
        }
        let out = cpp_name(self.result_dtype()).unwrap();
        let arguments: Vec<String> = names.iter().map(|name| format!("{name}_in")).collect();
        let (parameters, arguments) = (parameters.join(", "), arguments.join(", "));
        let (device, blocks) = (self.row.device, n.div_ceil(128));
        format!(
            "__global__ static void kernel_{number}({parameters}, {out}* results) {{\n    using namespace cuda;\n    \
             size_t i = blockIdx.x * (size_t)blockDim.x + threadIdx.x;\n    if (i >= {n}) return;\n{elements}    \
             results[i] = ({out})({device});\n}}\n\
             static void case_{number}() {{\n{loads}    {out}* results = allocate<{out}>({n});\n    \
             kernel_{number}<<<{blocks}, 128>>>({arguments}, results);\n    store_there(results, {n});\n}}\n"
        )
    }

    /// What the engine computes; of functions that round freely the true value, which is its `float64` rounded.
    fn expected(&self) -> (Vec<Scalar>, u64) {
        let row = self.row;
        let float = matches!(row.class, Class::ToFloat | Class::RealFloat);
        let formula = matches!(row.name, "sqrt" | "fma" | "lerp" | "leaky_relu");
        let free = (float && !formula) || matches!(row.name, "pow" | "float_power");
        let wide = free && self.dtype == DType::F32;
        let operands: Vec<Raw> = (0..row.arity)
            .map(|k| raw(&self.operands[k], self.operand_dtype(k)))
            .map(|x| if wide { x.cast(DType::F64).unwrap() } else { x })
            .collect();
        let inputs: Vec<_> = operands.iter().map(Into::into).collect();
        let mut found = Raw::apply(row.op, &inputs).unwrap();
        if wide {
            found = found.cast(DType::F32).unwrap();
        }
        assert_eq!(found.dtype(), self.result_dtype(), "{}", row.name);
        let limit = match (free && self.dtype.is_float(), wide) {
            (false, _) => 0,
            (true, true) => ACCURACY,
            // The engine's `float64` is as far from the true value as the device's may be.
            (true, false) => 2 * ACCURACY,
        };
        (found.scalars().unwrap(), limit)
    }

    /// Whether it is the logarithm of a sum near 1, where the larger operand and what is added to it cancel.
    fn cancels(&self, found: Scalar, wanted: Scalar, arguments: &[Scalar]) -> bool {
        let (eps, least) = match self.dtype {
            DType::F32 => (f64::from(f32::EPSILON), f64::from(f32::from_bits(1))),
            _ => (f64::EPSILON, f64::from_bits(1)),
        };
        let apart = (found.as_f64() - wanted.as_f64()).abs();
        let larger = arguments
            .iter()
            .map(|a| a.as_f64())
            .fold(f64::MIN, f64::max);
        let limit = ACCURACY as f64 * eps * larger.abs().min(1.0);
        self.row.name.starts_with("logaddexp") && apart <= limit.max(least)
    }

    /// Where the results of the text are not the engine's.
    fn differences(&self, results: &[u8]) -> Vec<String> {
        let dtype = self.result_dtype();
        let (wanted, limit) = self.expected();
        let found = results.chunks(dtype.size());
        let mut all = Vec::new();
        for (i, (wanted, found)) in wanted.iter().zip(found).enumerate() {
            let found = Scalar::from_bytes(dtype, found);
            let arguments: Vec<Scalar> = self.operands.iter().map(|o| o[i]).collect();
            if !near(found, *wanted, dtype, limit) && !self.cancels(found, *wanted, &arguments) {
                all.push(format!("{arguments:?}: {found:?}, the engine {wanted:?}"));
            }
        }
        all
    }
}

/// Equal, NaN beside NaN, zeros of one sign; floats within so many units in the last place.
fn near(found: Scalar, wanted: Scalar, dtype: DType, limit: u64) -> bool {
    let (Scalar::Float(a), Scalar::Float(b)) = (found, wanted) else {
        return found == wanted;
    };
    if a.is_nan() || b.is_nan() {
        return a.is_nan() && b.is_nan();
    }
    let steps = |x: f64| match dtype {
        DType::F32 => u64::from((x as f32).abs().to_bits()),
        _ => x.abs().to_bits(),
    };
    a.is_sign_negative() == b.is_sign_negative() && steps(a).abs_diff(steps(b)) <= limit
}

/// The preludes of the flavours, each in a namespace.
fn preludes(flavours: &[Flavour]) -> String {
    let mut text = format!("namespace cuda {{\n{}\n}}\n", device::CUDA_C);
    if !flavours.contains(&Flavour::Wgsl) {
        return text;
    }
    for &dtype in Flavour::Wgsl.dtypes() {
        let own = as_cpp(&device::wgsl(dtype).unwrap(), dtype);
        let space = Flavour::Wgsl.namespace(dtype);
        text += &format!("namespace {space} {{\n{WGSL_BUILT_IN}{own}}}\n");
    }
    text
}

/// CUDA C and WGSL as C++: one program for all rows.
#[test]
#[cfg_attr(miri, ignore = "runs a compiler")]
fn every_device_text_computes_what_the_engine_computes() {
    // Integers wrap on a device; nothing is fused that the text does not fuse.
    let host = ["-std=c++17", "-O1", "-w", "-fwrapv", "-ffp-contract=off"];
    compare(
        &[Flavour::Cuda, Flavour::Wgsl],
        Case::cpp,
        compiler(),
        &host,
    );
    if let Some(nvcc) = std::env::var_os("CIVITA_NVCC") {
        let gpu = ["-std=c++17", "-w", "-arch=native", "-fmad=false"];
        compare(&[Flavour::Cuda], Case::cuda, Command::new(nvcc), &gpu);
    }
}

/// Makes one program of all rows in these flavours, compiles it, runs it, and compares its results with the engine's.
fn compare(
    flavours: &[Flavour],
    function: fn(&Case, usize) -> String,
    mut compiler: Command,
    options: &[&str],
) {
    let is_gpu = options.contains(&"-arch=native");
    let mut cases = Vec::new();
    for &flavour in flavours {
        for row in ROWS {
            for &dtype in flavour.dtypes() {
                if row.class.loops().contains(&dtype) && !left_to_the_backend(row, dtype) {
                    let operands = operands(row, dtype);
                    cases.push(Case {
                        row,
                        flavour,
                        dtype,
                        operands,
                    });
                }
            }
        }
    }
    let head = if is_gpu { GPU_HEAD } else { "" };
    let mut text = format!("{PROGRAM_HEAD}{head}{}", preludes(flavours));
    let mut data = Vec::new();
    for (number, case) in cases.iter().enumerate() {
        text += &function(case, number);
        for (k, values) in case.operands.iter().enumerate() {
            data.extend(bytes(values, case.operand_dtype(k)));
        }
    }
    text += "int main(int, char** arguments) {\n    in = fopen(arguments[1], \"rb\");\n    out = fopen(arguments[2], \"wb\");\n";
    for number in 0..cases.len() {
        text += &format!("    case_{number}();\n");
    }
    text += "    return fclose(out);\n}\n";

    let folder = folder("device-texts-run");
    let name = if is_gpu { "rows.cu" } else { "rows.cpp" };
    let [source, program, input, output] =
        [name, "rows", "operands", "results"].map(|name| folder.join(name));
    std::fs::write(&source, &text).unwrap();
    std::fs::write(&input, &data).unwrap();
    let compiled = compiler
        .args(options)
        .arg("-o")
        .args([&program, &source])
        .output()
        .unwrap();
    let errors = String::from_utf8_lossy(&compiled.stderr);
    assert!(compiled.status.success(), "{errors}\n{}", source.display());
    let status = Command::new(&program)
        .args([&input, &output])
        .status()
        .unwrap();
    assert!(status.success(), "{status}");
    let results = std::fs::read(&output).unwrap();
    std::fs::remove_dir_all(&folder).unwrap();

    let (mut at, mut failures) = (0, Vec::new());
    for case in &cases {
        let length = case.operands[0].len() * case.result_dtype().size();
        let found = case.differences(&results[at..at + length]);
        at += length;
        if !found.is_empty() {
            let (row, dtype, count) = (case.row, case.dtype, found.len());
            let first = found[..count.min(4)].join("\n    ");
            failures.push(format!(
                "{} of {dtype}, {:?}: `{}`, {count} of {}\n    {first}",
                row.name,
                case.flavour,
                row.device,
                case.operands[0].len()
            ));
        }
    }
    assert_eq!(at, results.len());
    assert!(
        failures.is_empty(),
        "{} of {} differ:\n{}",
        failures.len(),
        cases.len(),
        failures.join("\n")
    );
}
