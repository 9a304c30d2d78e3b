//! Dense matrix multiplication of every dtype: packed, blocked, on the thread pool.
//!
//! Four layers, each knowing only the one below:
//! - this file: batches, and which path a product takes; `small`: matrices of a few rows and columns, which need none of the others;
//! - `blocked`: loops over blocks that fit the caches, packing (`pack`, `source`, `kernels::transpose`) and tasks; `vector`:
//!   matrix times vector (over `lines`);
//! - `engine`: which kernels and packers a dtype has on an instruction set (compiled in `shells`);
//! - `tile`: the micro-kernel, generic over the register type (`lanes`); `amx`: the one for registers that are tiles.
//!
//! Floats of 8 and 16 bits are summed in `f32` and rounded once; integers wrap; `bool` is or of ands; complex numbers run on the
//! real kernels. Where the processor multiplies pairs of `bf16` (AVX-512 BF16, AMX), it does so here, and then takes subnormal
//! `bf16` for zero, as PyTorch does there. Blocks and the order of sums depend on sizes alone, so bits are equal for any
//! number of threads.
//!
//! Measured on one Zen 5 core (peak 268 GFLOP/s in `f32`), against OpenBLAS 0.3.31 in NumPy: `f32` 230–250 GFLOP/s from
//! 64³ to 2048³ (OpenBLAS 97–129), `f64` 105–120 (50–63), `i64` 256³ 0.31 ms (18), `bf16` 512³ 430 (oneDNN 490).

#[cfg(target_arch = "x86_64")]
mod amx;
mod blocked;
mod engine;
mod finish;
mod lanes;
mod lines;
mod pack;
mod scratch;
mod shape;
mod shells;
mod small;
mod source;
#[cfg(test)]
mod tests;
mod tile;
mod vector;

pub use shape::{MatmulShape, shape_check};

use crate::dtype::DType;
use crate::error::Result;
use crate::isa::{Level, level};
use crate::threads;
use vector::Product;

/// A matrix that is read: its first element, and strides in elements, of any sign or 0.
#[derive(Clone, Copy, Debug)]
pub struct Operand {
    /// Address of element (0, 0).
    pub ptr: *const u8,
    /// Distance from one row to the next.
    pub row_stride: isize,
    /// Distance from one column to the next.
    pub col_stride: isize,
}

/// `C = A · B` (or `C += A · B`), with A of `m × k`, B of `k × n` and C of `m × n`.
#[derive(Clone, Copy, Debug)]
pub struct Problem {
    /// Rows of A and C.
    pub m: usize,
    /// Columns of B and C.
    pub n: usize,
    /// Columns of A, rows of B.
    pub k: usize,
    /// The left operand.
    pub a: Operand,
    /// The right operand.
    pub b: Operand,
    /// The result: rows are contiguous.
    pub c: *mut u8,
    /// Distance in elements between C's rows, at least `n`.
    pub ldc: usize,
    /// Whether the product is added to what C holds.
    pub accumulate: bool,
}

/// How often a [`Problem`] is repeated, and where: axes with a stride in elements for each of the three matrices.
#[derive(Clone, Copy, Debug, Default)]
pub struct Batch<'a> {
    /// Length of each axis; no axis means once.
    pub shape: &'a [usize],
    /// A's stride along each axis (0 where it is broadcast).
    pub a: &'a [isize],
    /// B's.
    pub b: &'a [isize],
    /// C's: no two repetitions may overlap.
    pub c: &'a [isize],
}

/// Multiplies matrices of one dtype (NumPy: `matmul`).
///
/// ```text
/// C[i, j] = Σ_p A[i, p] · B[p, j]       (k = 0 gives zeros)
/// ```
///
/// # Errors
/// When there is no memory for packed panels.
///
/// # Safety
/// For every repetition, A and B are valid for reads at all their elements, C for writes (and reads, when it is added
/// to); all are initialised and aligned for the dtype; C overlaps neither A nor B.
pub unsafe fn matmul(dtype: DType, problem: &Problem, batch: &Batch) -> Result<()> {
    // SAFETY: the caller's contract is the same.
    unsafe { matmul_at(level(), dtype, problem, batch) }
}

/// [`matmul`] on an instruction set, for tests and measurements.
///
/// # Errors
/// As [`matmul`].
///
/// # Safety
/// As [`matmul`], and the processor has `level`.
pub unsafe fn matmul_at(
    level: Level,
    dtype: DType,
    problem: &Problem,
    batch: &Batch,
) -> Result<()> {
    // SAFETY: the caller's contract is the same, and the engine is made for that level.
    unsafe {
        if small::multiply(dtype, level, problem, batch) {
            return Ok(());
        }
        let engine = engine::engines_for(dtype, level).next();
        with_engine(engine.expect("every dtype has one"), problem, batch)
    }
}

/// # Safety
/// As [`matmul`] for the elements of the engine, and the processor has what it needs.
unsafe fn with_engine(engine: &engine::Engine, problem: &Problem, batch: &Batch) -> Result<()> {
    // SAFETY: the caller's contract is the same.
    unsafe {
        if batch.shape.is_empty() {
            return multiply(engine, problem);
        }
        let (problem, axes) = fold(problem, batch);
        let repeat = Repeat {
            batch: Batch {
                shape: &batch.shape[..axes],
                ..*batch
            },
            problem,
            sizes: [engine.elem, engine.elem, engine.result()],
        };
        repeat.run(engine)
    }
}

/// Returns true where [`matmul_widening`] multiplies `m` rows by `n` columns, faster than matrices of converted elements are multiplied.
pub fn widens(m: usize, n: usize) -> bool {
    m > 1 && n > 1 && engine::widening_engines(level()).next().is_some()
}

/// Matrices of `i8` multiplied with sums of `i32`: products of two or of four elements at a time. Sums wrap.
///
/// # Errors
/// As [`matmul`].
///
/// # Safety
/// As [`matmul`], where A and B have elements of `i8` and C of `i32`; [`widens`] says true of `m` and `n`.
pub unsafe fn matmul_widening(problem: &Problem, batch: &Batch) -> Result<()> {
    let engine = engine::widening_engines(level())
        .next()
        .expect("`widens` said so");
    // SAFETY: the caller's contract is the same, and the engine is made for this level.
    unsafe { with_engine(engine, problem, batch) }
}

/// Products in a matrix from which on the tasks work inside it, one matrix after the other.
const LARGE: usize = 1 << 21;
/// Products in a task over small matrices, at least.
const GRAIN: usize = 1 << 16;

/// Makes the last axes of a batch into rows, where one B serves them all and the rows of A and of C continue: `(b, m, k) ·
/// (k, n)` is one product of `b · m` rows. Returns the axes that are left.
fn fold(problem: &Problem, batch: &Batch) -> (Problem, usize) {
    let (mut p, mut axes) = (*problem, batch.shape.len());
    while let Some(last) = axes.checked_sub(1) {
        let rows = p.m as isize;
        let continues = batch.b[last] == 0
            && (p.m == 1 || batch.a[last] == rows * p.a.row_stride)
            && (p.m == 1 && batch.c[last] >= p.n as isize
                || batch.c[last] == rows * p.ldc as isize);
        let Some(m) = p.m.checked_mul(batch.shape[last]).filter(|_| continues) else {
            break;
        };
        if p.m == 1 {
            p.a.row_stride = batch.a[last];
            p.ldc = batch.c[last] as usize;
        }
        p.m = m;
        axes = last;
    }
    (p, axes)
}

struct Repeat<'a> {
    batch: Batch<'a>,
    problem: Problem,
    /// Bytes of an element of A, B and C.
    sizes: [usize; 3],
}
// SAFETY: repetitions write different parts of C, which the contract of `matmul` says; the rest is only read.
unsafe impl Sync for Repeat<'_> {}

impl Repeat<'_> {
    /// # Safety
    /// As [`matmul`].
    unsafe fn run(&self, engine: &engine::Engine) -> Result<()> {
        let count: usize = self.batch.shape.iter().product();
        let p = &self.problem;
        let work = p.m.saturating_mul(p.n).saturating_mul(p.k);
        // SAFETY: each index is below `count`, and is worked on once.
        unsafe {
            if work >= LARGE || count.saturating_mul(work) < 2 * GRAIN {
                return (0..count).try_for_each(|i| multiply(engine, &self.at(i)));
            }
            let failed = std::sync::Mutex::new(Ok(()));
            threads::run_ranges(count, GRAIN.div_ceil(work.max(1)), &|range| {
                for i in range {
                    if let Err(e) = multiply(engine, &self.at(i)) {
                        *failed
                            .lock()
                            .unwrap_or_else(std::sync::PoisonError::into_inner) = Err(e);
                    }
                }
            });
            failed
                .into_inner()
                .unwrap_or_else(std::sync::PoisonError::into_inner)
        }
    }

    /// The problem at one index of the batch.
    ///
    /// # Safety
    /// As [`matmul`], and the index is below the number of repetitions.
    unsafe fn at(&self, index: usize) -> Problem {
        let (mut rest, mut at) = (index, [0isize; 3]);
        for (axis, &len) in self.batch.shape.iter().enumerate().rev() {
            let i = (rest % len) as isize;
            rest /= len;
            for (at, strides) in at
                .iter_mut()
                .zip([self.batch.a, self.batch.b, self.batch.c])
            {
                *at += i * strides[axis];
            }
        }
        let [a, b, c] = std::array::from_fn(|i| at[i] * self.sizes[i] as isize);
        let mut p = self.problem;
        // SAFETY: the contract of `matmul` says that the matrices are there.
        unsafe {
            p.a.ptr = p.a.ptr.offset(a);
            p.b.ptr = p.b.ptr.offset(b);
            p.c = p.c.offset(c);
        }
        p
    }
}

/// One matrix by another, on the path that suits their sizes.
///
/// # Safety
/// As [`matmul`], and the processor has what `engine` needs.
unsafe fn multiply(engine: &engine::Engine, p: &Problem) -> Result<()> {
    if p.m == 0 || p.n == 0 {
        return Ok(());
    }
    // SAFETY: the caller's contract is the same; C is valid for `m` rows of `n`, and zero bytes are 0 in every dtype.
    unsafe {
        if p.k == 0 {
            if !p.accumulate {
                for row in 0..p.m {
                    p.c.add(row * p.ldc * engine.result())
                        .write_bytes(0, p.n * engine.result());
                }
            }
            return Ok(());
        }
        let Problem {
            m,
            n,
            k,
            a,
            b,
            c: y,
            ldc,
            accumulate,
        } = *p;
        if n == 1 {
            let y_stride = ldc as isize;
            return vector::multiply(
                engine,
                &Product {
                    rows: m,
                    k,
                    a,
                    x: b.ptr,
                    x_stride: b.row_stride,
                    y,
                    y_stride,
                    accumulate,
                },
            );
        }
        if m == 1 {
            // the transposed product
            let matrix = Operand {
                ptr: b.ptr,
                row_stride: b.col_stride,
                col_stride: b.row_stride,
            };
            let (x, x_stride) = (a.ptr, a.col_stride);
            return vector::multiply(
                engine,
                &Product {
                    rows: n,
                    k,
                    a: matrix,
                    x,
                    x_stride,
                    y,
                    y_stride: 1,
                    accumulate,
                },
            );
        }
        blocked::multiply(engine, p)
    }
}
