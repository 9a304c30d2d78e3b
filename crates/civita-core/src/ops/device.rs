//! What the device texts of rows may call. A row's text is one expression that WGSL and CUDA C share; where the languages
//! differ, or where a built-in is not what NumPy computes, it calls a function of this prelude instead. A backend puts the
//! prelude before the kernels that it generates.
//!
//! Booleans are computed as `u32` in WGSL and `bool` in CUDA C, 0 or 1; whatever is not 0 is true when it is stored, so
//! `a + b` and `a * b` are their or and their and.
//!
//! Measured on WebGPU adapters: `x != x` may be false for NaN, `max`, `min`, `sign` and `clamp` may lose NaN, and there are
//! no literals for infinity or NaN. So NaN is told by its bits and made from bits.

use crate::dtype::DType;

/// The WGSL functions that device texts call, for operands of this dtype; `None` where WebGPU has no such type. `T` is
/// the type of the operands.
///
/// ```
/// use civita_core::{dtype::DType, ops::device};
/// assert!(device::wgsl(DType::F32).unwrap().contains("fn maximum_of(a: T, b: T) -> T"));
/// assert!(device::wgsl(DType::F64).is_none());
/// ```
pub fn wgsl(dtype: DType) -> Option<String> {
    let (name, own) = match dtype {
        DType::F32 => ("f32", WGSL_FLOAT),
        DType::I32 => ("i32", WGSL_INTEGER),
        DType::U32 => ("u32", WGSL_INTEGER),
        DType::Bool => ("u32", WGSL_INTEGER),
        _ => return None,
    };
    let sign = match dtype {
        DType::U32 | DType::Bool => WGSL_UNSIGNED,
        _ => WGSL_SIGNED,
    };
    let i32s = if dtype == DType::I32 { WGSL_I32 } else { "" };
    let invert = match dtype {
        DType::F32 => "",
        DType::Bool => "fn invert_of(x: T) -> T { return 1u - x; }\n",
        _ => "fn invert_of(x: T) -> T { return ~x; }\n",
    };
    Some(format!(
        "alias T = {name};\n{own}{sign}{i32s}{invert}{WGSL_ANY}"
    ))
}

const WGSL_ANY: &str = "\
fn zero_of(x: T) -> T { return T(0); }
fn select_of(c: u32, a: T, b: T) -> T { return select(b, a, c != 0u); }
";

const WGSL_SIGNED: &str = "\
fn negative_of(x: T) -> T { return -x; }
";

const WGSL_I32: &str = "\
fn reciprocal_of(x: T) -> T { // of 0 the least value, as NumPy's
    return select(select(T(0), x, x == T(1) || x == T(-1)), bitcast<T>(0x80000000u), x == T(0));
}
";

const WGSL_UNSIGNED: &str = "\
fn reciprocal_of(x: T) -> T { return select(T(0), x, x == T(1)); }
fn negative_of(x: T) -> T { return T(0) - x; }
";

const WGSL_FLOAT: &str = "\
fn is_nan(x: T) -> bool { return (bitcast<u32>(x) & 0x7fffffffu) > 0x7f800000u; }
fn nan() -> T {
    var bits = 0x7fc00000u; // a variable: a constant that is NaN is refused
    return bitcast<T>(bits);
}
fn sign_of(x: T) -> T {
    let sign = select(select(T(0), T(-1), x < T(0)), T(1), x > T(0));
    return select(sign, x, is_nan(x));
}
fn relu_of(x: T) -> T { return select(select(x, T(0), x < T(0)), x, is_nan(x)); } // -0 stays
fn floor_of(x: T) -> T { return floor(x); }
fn ceil_of(x: T) -> T { return ceil(x); }
fn trunc_of(x: T) -> T { return trunc(x); }
fn rint_of(x: T) -> T { return round(x); }
fn is_infinite(x: T) -> bool { return (bitcast<u32>(x) & 0x7fffffffu) == 0x7f800000u; }
fn is_finite(x: T) -> bool { return (bitcast<u32>(x) & 0x7f800000u) != 0x7f800000u; }
fn signbit_of(x: T) -> bool { return (bitcast<u32>(x) & 0x80000000u) != 0u; }
fn copysign_of(a: T, b: T) -> T {
    return bitcast<T>((bitcast<u32>(a) & 0x7fffffffu) | (bitcast<u32>(b) & 0x80000000u));
}
fn expm1_of(x: T) -> T { // Kahan's: what rounding does to e^x it does to its logarithm too
    let u = exp(x);
    let near = select((u - T(1)) * x / log(u), x, u == T(1));
    return select(near, u - T(1), abs(x) > T(1));
}
fn log1p_of(x: T) -> T {
    let u = T(1) + x;
    let near = select(log(u) * x / (u - T(1)), x, u == T(1));
    return select(near, log(u), abs(x) > T(1));
}
fn log10_of(x: T) -> T { return log(x) * T(0.4342944819); }
fn cbrt_of(x: T) -> T {
    let a = abs(x);
    let y = pow(a, T(0.3333333333));
    let z = y - (y - a / (y * y)) * T(0.3333333333);
    return select(select(z, -z, x < T(0)), x, x == T(0) || !is_finite(x));
}
fn erfc_of(x: T) -> T { // Numerical Recipes' erfcc: a relative error of 1.2e-7
    let z = select(abs(x), T(16), abs(x) > T(16)); // from there on it is 0
    let t = T(1) / (T(1) + T(0.5) * z);
    var p = T(-0.82215223) + t * T(0.17087277);
    p = T(1.48851587) + t * p;
    p = T(-1.13520398) + t * p;
    p = T(0.27886807) + t * p;
    p = T(-0.18628806) + t * p;
    p = T(0.09678418) + t * p;
    p = T(0.37409196) + t * p;
    p = T(1.00002368) + t * p;
    let h = bitcast<T>(bitcast<u32>(z) & 0xfffff000u); // 12 bits: its square is exact
    let y = t * exp(-h * h) * exp((h - z) * (h + z) + (t * p - T(1.26551223)));
    return select(y, T(2) - y, x < T(0));
}
fn erf_of(x: T) -> T {
    let z = x * x;
    let near = x * T(1.1283791671) * (T(1) - z * (T(0.3333333333) - z * (T(0.1) - z * T(0.0238095238))));
    return select(T(1) - erfc_of(x), near, abs(x) < T(0.25));
}
fn hypot_of(a: T, b: T) -> T {
    let m = max(abs(a), abs(b));
    let r = min(abs(a), abs(b)) / m;
    let y = select(m * sqrt(T(1) + r * r), m, m == T(0));
    return select(select(y, nan(), is_nan(a) || is_nan(b)), abs(select(b, a, is_infinite(a))), is_infinite(a) || is_infinite(b));
}
fn logaddexp_of(a: T, b: T) -> T {
    let y = max(a, b) + log1p_of(exp(select(-abs(a - b), T(0), a == b)));
    return select(y, nan(), is_nan(a) || is_nan(b));
}
fn logaddexp2_of(a: T, b: T) -> T {
    let y = max(a, b) + T(1.4426950409) * log1p_of(exp2(select(-abs(a - b), T(0), a == b)));
    return select(y, nan(), is_nan(a) || is_nan(b));
}
fn exponent_of(x: T) -> T {
    let tiny = abs(x) < T(1.17549435e-38);
    let y = select(abs(x), abs(x) * T(8388608), tiny);
    let e = T(i32(bitcast<u32>(y) >> 23u) - 126) - select(T(0), T(23), tiny);
    return select(T(0), e, abs(x) > T(0) && is_finite(x));
}
fn power_of_two(n: i32) -> T { return bitcast<T>(u32(n + 127) << 23u); }
fn times_power(x: T, n: i32) -> T { return x * power_of_two(n / 2) * power_of_two(n - n / 2); }
fn scalb_of(a: T, b: T) -> T { // of the last two factors only one can round
    if is_nan(b) { return b; }
    if a == T(0) || !is_finite(a) { return a; }
    let e = i32(exponent_of(a));
    let n = i32(trunc(clamp(b, T(-400), T(400))));
    return times_power(times_power(a, -e), clamp(e + n, -151, 130));
}
fn next_toward_of(a: T, b: T) -> T {
    let step = select(bitcast<u32>(a) - 1u, bitcast<u32>(a) + 1u, (a < b) == (a > T(0)));
    let y = select(step, (bitcast<u32>(b) & 0x80000000u) | 1u, a == T(0));
    return select(select(bitcast<T>(y), b, a == b), nan(), is_nan(a) || is_nan(b));
}
fn gap_of(x: T) -> T { // by bits, for what is subnormal may be flushed
    let size = bitcast<u32>(x) & 0x7fffffffu;
    let e = size >> 23u;
    let gap = select(1u << (max(e, 1u) - 1u), (e - 23u) << 23u, e > 23u);
    let sign = select(0u, 0x80000000u, x < T(0));
    let y = bitcast<T>(select(gap, 0x7f800000u, size == 0x7f7fffffu) | sign);
    return select(nan(), y, size < 0x7f800000u);
}
fn heaviside_of(a: T, b: T) -> T {
    let step = select(select(T(1), b, a == T(0)), T(0), a < T(0));
    return select(step, a, is_nan(a));
}
fn leaky_relu_of(x: T, slope: T) -> T { return select(x * slope, x, x > T(0)); }
fn lerp_of(a: T, b: T, w: T) -> T {
    return select(b - (b - a) * (T(1) - w), a + w * (b - a), abs(w) < T(0.5));
}
fn reciprocal_of(x: T) -> T { return T(1) / x; }
fn maximum_of(a: T, b: T) -> T { return select(select(b, a, a >= b || is_nan(a)), b, is_nan(b) && !is_nan(a)); }
fn minimum_of(a: T, b: T) -> T { return select(select(b, a, a <= b || is_nan(a)), b, is_nan(b) && !is_nan(a)); }
fn signed_zero(x: T) -> T { return bitcast<T>(bitcast<u32>(x) & 0x80000000u); }
fn truncated_remainder(a: T, b: T) -> T {
    // `%` multiplies b by a quotient of 0 where b is infinite and a is not
    let endless = (bitcast<u32>(b) & 0x7fffffffu) == 0x7f800000u;
    return select(a % b, select(a, nan(), is_infinite(a)), endless);
}
fn fmod_of(a: T, b: T) -> T { return truncated_remainder(a, b); }
fn remainder_of(a: T, b: T) -> T {
    let r = truncated_remainder(a, b);
    return select(select(r, r + b, (r < T(0)) != (b < T(0))), signed_zero(b), r == T(0));
}
fn floor_divide_of(a: T, b: T) -> T {
    let r = truncated_remainder(a, b);
    let q = (a - r) / b - select(T(0), T(1), r != T(0) && (r < T(0)) != (b < T(0)));
    let whole = select(floor(q), floor(q) + T(1), q - floor(q) > T(0.5));
    return select(select(whole, signed_zero(a / b), q == T(0)), a / b, b == T(0));
}
fn pow_of(a: T, b: T) -> T {
    let p = select(pow(abs(a), b), T(1), abs(a) == T(1)); // of a negative base undefined
    let whole = floor(b) == b;
    let odd = whole && floor(b * T(0.5)) * T(2) != b;
    let negative = (bitcast<u32>(a) & 0x80000000u) != 0u; // -0 too
    let real = whole || a == T(0) || bitcast<u32>(a) == 0xff800000u;
    let y = select(p, select(select(nan(), p, real), -p, odd), negative);
    return select(y, T(1), b == T(0) || a == T(1));
}
";

const WGSL_INTEGER: &str = "\
fn is_nan(x: T) -> bool { return false; }
fn sign_of(x: T) -> T { return T(x > T(0)) - T(x < T(0)); }
fn relu_of(x: T) -> T { return max(x, T(0)); }
fn floor_of(x: T) -> T { return x; }
fn ceil_of(x: T) -> T { return x; }
fn trunc_of(x: T) -> T { return x; }
fn is_infinite(x: T) -> bool { return false; }
fn is_finite(x: T) -> bool { return true; }
fn signbit_of(x: T) -> bool { return x < T(0); }
fn magnitude_of(x: T) -> u32 { return select(u32(x), 0u - u32(x), x < T(0)); }
fn gcd_of(a: T, b: T) -> T {
    var x = magnitude_of(a);
    var y = magnitude_of(b);
    while y != 0u {
        let r = x % y;
        x = y;
        y = r;
    }
    return T(x);
}
fn popcount_of(x: T) -> T { return T(countOneBits(magnitude_of(x))); }
fn lcm_of(a: T, b: T) -> T {
    let divisor = u32(gcd_of(a, b));
    if divisor == 0u { return T(0); }
    return T(magnitude_of(a) / divisor * magnitude_of(b));
}
fn left_shift_of(a: T, b: T) -> T { return select(T(0), a << (u32(b) & 31u), u32(b) < 32u); }
fn right_shift_of(a: T, b: T) -> T {
    let far = select(T(0), ~T(0), a < T(0));
    return select(far, a >> (u32(b) & 31u), u32(b) < 32u);
}
fn fmod_of(a: T, b: T) -> T {
    if b == T(0) { return T(0); }
    return a % b;
}
fn maximum_of(a: T, b: T) -> T { return max(a, b); }
fn minimum_of(a: T, b: T) -> T { return min(a, b); }
fn floor_divide_of(a: T, b: T) -> T {
    if b == T(0) { return T(0); }
    let q = a / b;
    return select(q, q - T(1), a % b != T(0) && (a < T(0)) != (b < T(0)));
}
fn remainder_of(a: T, b: T) -> T {
    if b == T(0) { return T(0); }
    let r = a % b;
    return select(r, r + b, r != T(0) && (r < T(0)) != (b < T(0)));
}
fn pow_of(a: T, b: T) -> T {
    var base = a;
    var left = u32(b);
    var y = T(1);
    while left != 0u {
        if (left & 1u) != 0u { y *= base; }
        base *= base;
        left >>= 1u;
    }
    return y;
}
";

/// The CUDA C functions that device texts call, for operands of every type. A complex type, which NVRTC does not bring,
/// has to be defined before.
pub const CUDA_C: &str = r#"
typedef unsigned int u32; // so that a text may say `u32(condition)` in both languages
template <class T> __device__ inline bool is_nan(T) { return false; }
template <> __device__ inline bool is_nan(float x) { return x != x; }
template <> __device__ inline bool is_nan(double x) { return x != x; }
template <class T> __device__ inline T negative_of(T x) { return T(-x); }
template <class T> __device__ inline T zero_of(T) { return T(0); }
template <class T> __device__ inline T sign_of(T x) { return is_nan(x) ? x : T((x > T(0)) - (x < T(0))); }
template <class T> __device__ inline T relu_of(T x) { return x < T(0) ? T(0) : x; }
template <class T> __device__ inline T floor_of(T x) { return x; }
template <> __device__ inline float floor_of(float x) { return floorf(x); }
template <> __device__ inline double floor_of(double x) { return floor(x); }
template <class T> __device__ inline T ceil_of(T x) { return x; }
template <> __device__ inline float ceil_of(float x) { return ceilf(x); }
template <> __device__ inline double ceil_of(double x) { return ceil(x); }
template <class T> __device__ inline T trunc_of(T x) { return x; }
template <> __device__ inline float trunc_of(float x) { return truncf(x); }
template <> __device__ inline double trunc_of(double x) { return trunc(x); }
__device__ inline float rint_of(float x) { return rintf(x); }
__device__ inline double rint_of(double x) { return rint(x); }
template <class T> __device__ inline bool is_finite(T) { return true; }
template <> __device__ inline bool is_finite(float x) { return x - x == 0.0f; }
template <> __device__ inline bool is_finite(double x) { return x - x == 0.0; }
template <class T> __device__ inline bool is_infinite(T x) { return !is_finite(x) && !is_nan(x); }
template <class T> __device__ inline bool signbit_of(T x) { return x < T(0); }
template <> __device__ inline bool signbit_of(float x) { return copysignf(1.0f, x) < 0.0f; }
template <> __device__ inline bool signbit_of(double x) { return copysign(1.0, x) < 0.0; }
__device__ inline float copysign_of(float a, float b) { return copysignf(a, b); }
__device__ inline double copysign_of(double a, double b) { return copysign(a, b); }
__device__ inline float expm1_of(float x) { return expm1f(x); }
__device__ inline double expm1_of(double x) { return expm1(x); }
__device__ inline float log1p_of(float x) { return log1pf(x); }
__device__ inline double log1p_of(double x) { return log1p(x); }
__device__ inline float log10_of(float x) { return log10f(x); }
__device__ inline double log10_of(double x) { return log10(x); }
__device__ inline float cbrt_of(float x) { return cbrtf(x); }
__device__ inline double cbrt_of(double x) { return cbrt(x); }
__device__ inline float erf_of(float x) { return erff(x); }
__device__ inline double erf_of(double x) { return erf(x); }
__device__ inline float erfc_of(float x) { return erfcf(x); }
__device__ inline double erfc_of(double x) { return erfc(x); }
__device__ inline float hypot_of(float a, float b) { return hypotf(a, b); }
__device__ inline double hypot_of(double a, double b) { return hypot(a, b); }
// one path for all threads of a warp; of equal infinities the difference is NaN
template <class T> __device__ inline T apart_of(T a, T b) { return a == b ? T(0) : abs(a - b); }
template <class T> __device__ inline T logaddexp_of(T a, T b) {
    T d = apart_of(a, b);
    return is_nan(d) ? d : (a > b ? a : b) + log1p_of(exp(-d));
}
template <class T> __device__ inline T logaddexp2_of(T a, T b) {
    T d = apart_of(a, b);
    return is_nan(d) ? d : (a > b ? a : b) + T(1.4426950408889634) * log1p_of(exp2(-d));
}
template <class T> __device__ inline T leaky_relu_of(T x, T slope) { return x > T(0) ? x : x * slope; }
template <class T> __device__ inline T lerp_of(T a, T b, T w) {
    T across = b - a;
    return abs(w) < T(0.5) ? a + w * across : b - across * (T(1) - w);
}
template <class T> __device__ inline T heaviside_of(T a, T b) { return is_nan(a) ? a : a < T(0) ? T(0) : a == T(0) ? b : T(1); }
template <class T> __device__ inline unsigned long long magnitude_of(T x) {
    return x < T(0) ? 0ull - (unsigned long long)x : (unsigned long long)x;
}
__device__ inline unsigned long long common_divisor(unsigned long long a, unsigned long long b) {
    while (b != 0) {
        unsigned long long r = a % b;
        a = b;
        b = r;
    }
    return a;
}
template <class T> __device__ inline T gcd_of(T a, T b) { return T(common_divisor(magnitude_of(a), magnitude_of(b))); }
template <class T> __device__ inline T popcount_of(T x) {
    int n = 0;
    for (unsigned long long left = magnitude_of(x); left != 0; left &= left - 1) n++;
    return T(n);
}
__device__ inline float exponent_of(float x) {
    int e = 0;
    if (is_finite(x)) frexpf(x, &e);
    return float(e);
}
__device__ inline double exponent_of(double x) {
    int e = 0;
    if (is_finite(x)) frexp(x, &e);
    return double(e);
}
__device__ inline float scalb_of(float a, float b) {
    return is_nan(b) ? b : ldexpf(a, int(b < -400.0f ? -400.0f : b > 400.0f ? 400.0f : b));
}
__device__ inline double scalb_of(double a, double b) {
    return is_nan(b) ? b : ldexp(a, int(b < -2400.0 ? -2400.0 : b > 2400.0 ? 2400.0 : b));
}
__device__ inline float next_toward_of(float a, float b) { return nextafterf(a, b); }
__device__ inline double next_toward_of(double a, double b) { return nextafter(a, b); }
template <class T> __device__ inline T gap_of(T x) { // infinity minus infinity is NaN
    T size = abs(x), gap = next_toward_of(size, size * T(2) + T(1)) - size;
    return x < T(0) ? -gap : gap;
}
template <class T> __device__ inline T lcm_of(T a, T b) {
    unsigned long long divisor = common_divisor(magnitude_of(a), magnitude_of(b));
    return divisor == 0 ? T(0) : T(magnitude_of(a) / divisor * magnitude_of(b));
}
template <class T> __device__ inline T left_shift_of(T a, T b) {
    return (unsigned long long)b < 8 * sizeof(T) ? T(a << b) : T(0);
}
template <class T> __device__ inline T right_shift_of(T a, T b) {
    return (unsigned long long)b < 8 * sizeof(T) ? T(a >> b) : a < T(0) ? T(-1) : T(0);
}
template <class T> __device__ inline T fmod_of(T a, T b) { return b == T(0) ? T(0) : T(a % b); }
template <> __device__ inline float fmod_of(float a, float b) { return fmodf(a, b); }
template <> __device__ inline double fmod_of(double a, double b) { return fmod(a, b); }
template <class T> __device__ inline T reciprocal_of(T x) { // of 0 the least value from 32 bits on, as NumPy's
    const bool is_signed = T(-1) < T(0);
    if (x == T(0)) return is_signed && sizeof(T) >= 4 ? T(T(1) << (8 * sizeof(T) - 1)) : T(0);
    return x == T(1) || (is_signed && x == T(-1)) ? x : T(0);
}
template <> __device__ inline float reciprocal_of(float x) { return 1.0f / x; }
template <> __device__ inline double reciprocal_of(double x) { return 1.0 / x; }
template <class T> __device__ inline T invert_of(T x) { return T(~x); }
template <> __device__ inline bool invert_of(bool x) { return !x; }
template <class T> __device__ inline T maximum_of(T a, T b) { return a >= b || is_nan(a) ? a : b; }
template <class T> __device__ inline T minimum_of(T a, T b) { return a <= b || is_nan(a) ? a : b; }
template <class T> __device__ inline T remainder_of(T a, T b) {
    if (b == T(0)) return T(0);
    T r = T(a % b);
    return r != T(0) && (r < T(0)) != (b < T(0)) ? T(r + b) : r;
}
template <> __device__ inline float remainder_of(float a, float b) {
    float r = fmodf(a, b);
    if (r == 0.0f) return copysignf(0.0f, b);
    return (r < 0.0f) != (b < 0.0f) ? r + b : r;
}
template <> __device__ inline double remainder_of(double a, double b) {
    double r = fmod(a, b);
    if (r == 0.0) return copysign(0.0, b);
    return (r < 0.0) != (b < 0.0) ? r + b : r;
}
template <class T> __device__ inline T floor_divide_of(T a, T b) {
    if (b == T(0)) return T(0);
    T q = T(a / b);
    return T(a % b) != T(0) && (a < T(0)) != (b < T(0)) ? T(q - T(1)) : q;
}
template <> __device__ inline float floor_divide_of(float a, float b) {
    if (b == 0.0f) return a / b;
    float r = fmodf(a, b);
    float q = (a - r) / b - (r != 0.0f && (r < 0.0f) != (b < 0.0f) ? 1.0f : 0.0f);
    return q == 0.0f ? copysignf(0.0f, a / b) : rintf(q);
}
template <> __device__ inline double floor_divide_of(double a, double b) {
    if (b == 0.0) return a / b;
    double r = fmod(a, b);
    double q = (a - r) / b - (r != 0.0 && (r < 0.0) != (b < 0.0) ? 1.0 : 0.0);
    return q == 0.0 ? copysign(0.0, a / b) : rint(q);
}
template <class T> __device__ inline T pow_of(T a, T b) {
    T y = T(1);
    for (unsigned long long left = (unsigned long long)b; left != 0; left >>= 1) {
        if (left & 1) y = T(y * a);
        a = T(a * a);
    }
    return y;
}
template <> __device__ inline float pow_of(float a, float b) { return powf(a, b); }
template <> __device__ inline double pow_of(double a, double b) { return pow(a, b); }
template <class T> __device__ inline T select_of(bool c, T a, T b) { return c ? a : b; }
"#;
