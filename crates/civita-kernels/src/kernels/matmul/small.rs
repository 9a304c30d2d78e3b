//! Products by matrices of at most [`SIDE`] rows and columns: their sums stay in registers, without packing, blocks or scratch.
//!
//! ```text
//! for each matrix of the batch:  panel = B
//!   for each row i:  sums[j] = Σ_p A[i, p] · panel[p][j]     in order of p, each step rounded once, as in a tile
//! ```
//! A batch of matrices of 2 × 2 spends its time on what surrounds a product, so the loop over an axis of it lies within the kernel.

use std::marker::PhantomData;

use half::f16;
use num_complex::Complex;

use super::{Batch, GRAIN, Problem, Repeat};
use crate::dtype::DType;
use crate::isa::{Body, Isa, Kernel, Level, Shells};
use crate::threads;

/// The most columns of A and of B.
const SIDE: usize = 8;

/// An element and its sums.
trait Small: Copy + 'static {
    type Sum: Copy + Default;
    /// Whether loops are made for sizes and strides of their own: of the types that most products have.
    const FIXED: bool = false;
    fn read(self) -> Self::Sum;
    fn write(sum: Self::Sum) -> Self;
    /// `c + a·b`.
    fn mul_add<I: Isa>(a: Self::Sum, b: Self::Sum, c: Self::Sum) -> Self::Sum;
    fn plus(a: Self::Sum, b: Self::Sum) -> Self::Sum;
}

macro_rules! floats { ($($t:ty)*) => { $(
    impl Small for $t {
        type Sum = $t;
        const FIXED: bool = true;
        #[inline(always)]
        fn read(self) -> $t {
            self
        }
        #[inline(always)]
        fn write(sum: $t) -> $t {
            sum
        }
        #[inline(always)]
        fn mul_add<I: Isa>(a: $t, b: $t, c: $t) -> $t {
            if I::FMA { a.mul_add(b, c) } else { c + a * b }
        }
        #[inline(always)]
        fn plus(a: $t, b: $t) -> $t {
            a + b
        }
    }
    impl Small for Complex<$t> {
        type Sum = Complex<$t>;
        #[inline(always)]
        fn read(self) -> Self {
            self
        }
        #[inline(always)]
        fn write(sum: Self) -> Self {
            sum
        }
        #[inline(always)]
        fn mul_add<I: Isa>(a: Self, b: Self, c: Self) -> Self {
            let first = Complex {
                re: <$t as Small>::mul_add::<I>(a.re, b.re, c.re),
                im: <$t as Small>::mul_add::<I>(a.re, b.im, c.im),
            };
            Complex {
                re: <$t as Small>::mul_add::<I>(a.im, -b.im, first.re),
                im: <$t as Small>::mul_add::<I>(a.im, b.re, first.im),
            }
        }
        #[inline(always)]
        fn plus(a: Self, b: Self) -> Self {
            a + b
        }
    }
)* } }
floats!(f32 f64);

macro_rules! integers { ($($t:ty)*) => { $(
    impl Small for $t {
        type Sum = $t;
        #[inline(always)]
        fn read(self) -> $t {
            self
        }
        #[inline(always)]
        fn write(sum: $t) -> $t {
            sum
        }
        #[inline(always)]
        fn mul_add<I: Isa>(a: $t, b: $t, c: $t) -> $t {
            c.wrapping_add(a.wrapping_mul(b))
        }
        #[inline(always)]
        fn plus(a: $t, b: $t) -> $t {
            a.wrapping_add(b)
        }
    }
)* } }
integers!(i8 i16 i32 i64);

impl Small for f16 {
    type Sum = f32;
    #[inline(always)]
    fn read(self) -> f32 {
        self.to_f32()
    }
    #[inline(always)]
    fn write(sum: f32) -> f16 {
        f16::from_f32(sum)
    }
    #[inline(always)]
    fn mul_add<I: Isa>(a: f32, b: f32, c: f32) -> f32 {
        <f32 as Small>::mul_add::<I>(a, b, c)
    }
    #[inline(always)]
    fn plus(a: f32, b: f32) -> f32 {
        a + b
    }
}

/// A byte that is true unless it is 0.
#[derive(Clone, Copy)]
#[repr(transparent)]
struct Truth(u8);

impl Small for Truth {
    type Sum = u8;
    #[inline(always)]
    fn read(self) -> u8 {
        u8::from(self.0 != 0)
    }
    #[inline(always)]
    fn write(sum: u8) -> Truth {
        Truth(sum)
    }
    #[inline(always)]
    fn mul_add<I: Isa>(a: u8, b: u8, c: u8) -> u8 {
        c | a & b
    }
    #[inline(always)]
    fn plus(a: u8, b: u8) -> u8 {
        a | b
    }
}

/// What a kernel knows beside its pointers; strides in elements.
#[derive(Clone, Copy)]
struct Shape {
    m: usize,
    n: usize,
    k: usize,
    a: [isize; 2],
    b: [isize; 2],
    ldc: usize,
    accumulate: bool,
    /// From one matrix to the next.
    steps: [isize; 3],
}

impl Shape {
    #[inline(always)]
    fn new(p: &Problem, steps: [isize; 3]) -> Shape {
        Shape {
            m: p.m,
            n: p.n,
            k: p.k,
            a: [p.a.row_stride, p.a.col_stride],
            b: [p.b.row_stride, p.b.col_stride],
            ldc: p.ldc,
            accumulate: p.accumulate,
            steps,
        }
    }
}

/// `n` products of the matrices at the first two inputs, into those at the output; the third input is a [`Shape`].
struct Products<T>(PhantomData<T>);
impl<T: Small> Body for Products<T> {
    #[inline(always)]
    unsafe fn run<I: Isa>(n: usize, [a, b, shape]: [*const u8; 3], out: *mut u8) {
        // SAFETY: the contract of this body.
        unsafe {
            let shape = &*shape.cast::<Shape>();
            let (a, b, c) = (a.cast::<T>(), b.cast::<T>(), out.cast::<T>());
            match (shape.n, shape.k) {
                (1, 2) if T::FIXED => each::<I, T, 1, 2>(n, shape, a, b, c),
                (1, 3) if T::FIXED => each::<I, T, 1, 3>(n, shape, a, b, c),
                (1, 4) if T::FIXED => each::<I, T, 1, 4>(n, shape, a, b, c),
                (2, 2) if T::FIXED => each::<I, T, 2, 2>(n, shape, a, b, c),
                (3, 3) if T::FIXED => each::<I, T, 3, 3>(n, shape, a, b, c),
                (4, 4) if T::FIXED => each::<I, T, 4, 4>(n, shape, a, b, c),
                (1, _) => each::<I, T, 1, 0>(n, shape, a, b, c),
                (2, _) => each::<I, T, 2, 0>(n, shape, a, b, c),
                (3..=4, _) => each::<I, T, 4, 0>(n, shape, a, b, c),
                _ => each::<I, T, SIDE, 0>(n, shape, a, b, c),
            }
        }
    }
}

/// At most `N` columns of B; `K` columns of A, or where that is 0 any number.
///
/// # Safety
/// The matrices are there as far as the shape says.
#[inline(always)]
unsafe fn each<I: Isa, T: Small, const N: usize, const K: usize>(
    count: usize,
    s: &Shape,
    mut a: *const T,
    mut b: *const T,
    mut c: *mut T,
) {
    let k = if K == 0 { s.k } else { K };
    let columns = if K == 0 { s.n.min(N) } else { N };
    for _ in 0..count {
        let mut panel = [[T::Sum::default(); N]; SIDE];
        for (p, row) in panel[..k].iter_mut().enumerate() {
            for (j, to) in row[..columns].iter_mut().enumerate() {
                // SAFETY: element (p, j) of B.
                *to = unsafe { *b.offset(p as isize * s.b[0] + j as isize * s.b[1]) }.read();
            }
        }
        // SAFETY: the caller's contract.
        unsafe {
            // steps that the compiler knows let it take several rows at a time
            match s.a {
                [1, col] if T::FIXED && N == 1 && s.ldc == 1 => {
                    rows::<I, T, N, K>(s, [1, col], 1, &panel, a, c)
                }
                [row, 1] if T::FIXED && row == k as isize && s.ldc == columns => {
                    rows::<I, T, N, K>(s, [k as isize, 1], columns, &panel, a, c);
                }
                strides => rows::<I, T, N, K>(s, strides, s.ldc, &panel, a, c),
            }
        }
        a = a.wrapping_offset(s.steps[0]);
        b = b.wrapping_offset(s.steps[1]);
        c = c.wrapping_offset(s.steps[2]);
    }
}

/// # Safety
/// As [`each`].
#[inline(always)]
unsafe fn rows<I: Isa, T: Small, const N: usize, const K: usize>(
    s: &Shape,
    [row, col]: [isize; 2],
    ldc: usize,
    panel: &[[T::Sum; N]; SIDE],
    a: *const T,
    c: *mut T,
) {
    let k = if K == 0 { s.k } else { K };
    let columns = if K == 0 { s.n.min(N) } else { N };
    for i in 0..s.m {
        let mut sums = [T::Sum::default(); N];
        for (p, panel) in panel[..k].iter().enumerate() {
            // SAFETY: element (i, p) of A.
            let x = unsafe { *a.offset(i as isize * row + p as isize * col) }.read();
            for (sum, &y) in sums.iter_mut().zip(panel) {
                *sum = T::mul_add::<I>(x, y, *sum);
            }
        }
        for (j, &sum) in sums[..columns].iter().enumerate() {
            // SAFETY: element (i, j) of C, which is ours alone.
            unsafe {
                let to = c.add(i * ldc + j);
                let sum = if s.accumulate {
                    T::plus((*to).read(), sum)
                } else {
                    sum
                };
                *to = T::write(sum);
            }
        }
    }
}

/// The kernel for these sizes: where the matrices are small, and where tall ones are multiplied by small ones whose rows fill no
/// register.
fn kernel(dtype: DType, level: Level, p: &Problem) -> Option<Kernel> {
    let is_small = p.k <= SIDE && p.n <= SIDE && (p.m <= SIDE || is_narrow(p));
    if !is_small || p.m == 0 || p.n == 0 || p.k == 0 {
        return None;
    }
    fn of<T: Small>(level: Level) -> Option<Kernel> {
        Some(Shells::<Products<T>>::BY_LEVEL[level as usize])
    }
    match dtype {
        DType::F32 => of::<f32>(level),
        DType::F64 => of::<f64>(level),
        DType::C64 => of::<Complex<f32>>(level),
        DType::C128 => of::<Complex<f64>>(level),
        DType::I8 | DType::U8 => of::<i8>(level),
        DType::I16 | DType::U16 => of::<i16>(level),
        DType::I32 | DType::U32 => of::<i32>(level),
        DType::I64 | DType::U64 => of::<i64>(level),
        DType::Bool => of::<Truth>(level),
        DType::F16 => of::<f16>(level),
        // those of the engines round otherwise
        DType::BF16 | DType::F8E4M3 | DType::F8E5M2 => None,
    }
}

/// Whether the rows of a tall matrix are so short that a tile of them is mostly empty.
fn is_narrow(p: &Problem) -> bool {
    p.k <= 4 && p.n <= 4
}

/// Multiplies where the matrices are small; false, and nothing done, where they are not.
///
/// # Safety
/// As [`super::matmul`], and the processor has `level`.
pub(super) unsafe fn multiply(dtype: DType, level: Level, p: &Problem, batch: &Batch) -> bool {
    if batch.shape.is_empty() && p.m <= SIDE {
        // one product of two small matrices takes less time than a copy of what describes it
        let Some(kernel) = kernel(dtype, level, p) else {
            return false;
        };
        let shape = Shape::new(p, [0; 3]);
        // SAFETY: the contract of this function.
        unsafe { kernel(1, [p.a.ptr, p.b.ptr, (&raw const shape).cast()], p.c) };
        return true;
    }
    let (p, axes) = super::fold(p, batch);
    let Some(kernel) = kernel(dtype, level, &p) else {
        return false;
    };
    let size = dtype.size();
    let last = |strides: &[isize]| axes.checked_sub(1).map_or(0, |at| strides[at]);
    let shape = Shape::new(&p, [last(batch.a), last(batch.b), last(batch.c)]);
    let repeat = Repeat {
        batch: Batch {
            shape: &batch.shape[..axes],
            ..*batch
        },
        problem: p,
        sizes: [size; 3],
    };
    let count: usize = repeat.batch.shape.iter().product();
    if p.m > SIDE {
        for i in 0..count {
            // SAFETY: an index of the batch.
            let at = Whole(unsafe { repeat.at(i) });
            threads::run_ranges(p.m, (GRAIN / (p.n * p.k)).max(1), &|rows| {
                let at = &at.get();
                let shape = Shape {
                    m: rows.len(),
                    ..shape
                };
                let first = rows.start as isize * size as isize;
                // SAFETY: rows of A and of C, which no other task has.
                unsafe {
                    let a = at.a.ptr.offset(first * p.a.row_stride);
                    let c = at.c.add(rows.start * p.ldc * size);
                    kernel(1, [a, at.b.ptr, (&raw const shape).cast()], c);
                }
            });
        }
        return true;
    }
    let row = repeat.batch.shape.last().copied().unwrap_or(1);
    threads::run_ranges(count, GRAIN.div_ceil(p.m * p.n * p.k), &|range| {
        let mut i = range.start;
        while i < range.end {
            let end = range.end.min(i - i % row + row);
            // SAFETY: products of the batch up to the end of its last axis, whose results no other task has.
            unsafe {
                let at = repeat.at(i);
                kernel(
                    end - i,
                    [at.a.ptr, at.b.ptr, (&raw const shape).cast()],
                    at.c,
                );
            }
            i = end;
        }
    });
    true
}

/// A problem whose rows tasks share.
struct Whole(Problem);
// SAFETY: tasks write different rows of C, which the contract of `matmul` says; the rest is only read.
unsafe impl Sync for Whole {}

impl Whole {
    fn get(&self) -> Problem {
        self.0
    }
}
