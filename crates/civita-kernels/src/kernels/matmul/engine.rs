//! Which kernels multiply which dtype: one [`Engine`] for each dtype and instruction set.

use half::{bf16, f16};

#[cfg(target_arch = "x86_64")]
use super::amx;
use super::finish::*;
use super::lanes::*;
use super::lines;
use super::pack::*;
use super::shells::{self, LineKernels, Uniform};
use super::source::*;
use super::tile::TileKernels;
use super::vector::VectorKernels;
use crate::dtype::DType;
use crate::float8::{f8e4m3, f8e5m2};
use crate::isa::Level;

/// Everything that the loops need to know of a dtype: they work on bytes.
pub(super) struct Engine {
    /// Bytes of an element in memory, in a panel, and of a sum.
    pub elem: usize,
    pub packed: usize,
    pub acc: usize,
    /// Rows of a full tile; half a tile has half of them.
    pub rows: usize,
    /// Packed columns in a register; a full tile has two registers of columns.
    pub lanes: usize,
    /// Packed columns for each element of B, and packed steps for each along k: 2 for complex numbers.
    pub parts: usize,
    /// Elements along k in one packed step: 2 for pairs.
    pub group: usize,
    /// Packed steps along k in a block.
    pub depth: usize,
    /// Whether a panel of B ends with a row of sums ([`super::lanes::Lanes::STARTS`]).
    pub starts: bool,
    /// Whether the kernels may read A and B where they lie (for complex numbers: A only).
    pub direct: bool,
    /// Whether a large A that lies well is read there too. With AVX2 it is packed first (Zen 3, 1000³: 25 % less time).
    pub streams: bool,
    pub kernels: TileKernels,
    /// What a thread does before it calls kernels, and after.
    pub around: Option<[unsafe fn(); 2]>,
    pub packs: Packs,
    /// For products with vectors.
    pub vector: VectorKernels,
    /// From sums to elements, where they differ.
    pub finish: Option<Finish>,
}

/// The first numbers are [`Engine::elem`], [`Engine::rows`] and [`Engine::depth`].
const fn engine<V: Uniform, const PARTS: usize>(
    [elem, rows, depth]: [usize; 3],
    streams: bool,
    kernels: TileKernels,
    packs: Packs,
    lines: LineKernels,
    finish: Option<Finish>,
) -> Engine {
    // sums that are not elements came from packed elements that are not
    let direct = size_of::<V::Packed>() * PARTS == elem && elem > 1;
    Engine {
        elem,
        packed: size_of::<V::Packed>(),
        acc: size_of::<V::Acc>(),
        rows,
        lanes: V::N,
        parts: PARTS,
        group: 1,
        depth,
        starts: false,
        direct,
        streams,
        kernels,
        around: None,
        packs,
        vector: VectorKernels {
            packed: size_of::<V::Packed>(),
            parts: PARTS,
            direct,
            lines,
            packs,
            add_blocks: lines::add_blocks::<V::Acc>,
            combine: lines::combine::<V::Acc>,
            store: lines::store::<V::Acc, PARTS>,
        },
        finish,
    }
}

/// The table of one instruction set. Unsigned integers are signed ones here: wrapping products and sums are the same
/// bits. `bool` (any byte but 0 is true) is packed, so that its bytes are 0 and 1.
macro_rules! table {
    ($name:ident, $packs:ident, $finish:ident; $F32:ty, $F64:ty, $I16:ty, $I32:ty, $I64:ty, $Bool:ty) => {
        fn $name(dtype: DType) -> &'static Engine {
            use shells::$name as shell;
            const fn row<V: Uniform, S: Source, const PARTS: usize>(
                elem: usize,
                finish: Option<Finish>,
            ) -> Engine {
                engine::<V, PARTS>(
                    [elem, shell::ROWS, shell::DEPTH],
                    // of narrow elements packing takes longer than it gains
                    shell::STREAMS || size_of::<V::Packed>() < 4,
                    shell::tiles::<V>(),
                    $packs::<S>(),
                    shell::lines::<V, PARTS>(),
                    finish,
                )
            }
            match dtype {
                DType::F32 => &const { row::<$F32, Plain<f32>, 1>(4, None) },
                DType::F64 => &const { row::<$F64, Plain<f64>, 1>(8, None) },
                DType::I16 | DType::U16 => &const { row::<$I16, Plain<i16>, 1>(2, None) },
                DType::I32 | DType::U32 => &const { row::<$I32, Plain<i32>, 1>(4, None) },
                DType::I64 | DType::U64 => &const { row::<$I64, Plain<i64>, 1>(8, None) },
                DType::Bool => &const { row::<$Bool, Plain<u8>, 1>(1, None) },
                DType::I8 | DType::U8 => {
                    &const { row::<$I16, Plain<i8>, 1>(1, Some($finish::<Byte>)) }
                }
                DType::F16 => &const { row::<$F32, Plain<f16>, 1>(2, Some($finish::<Half>)) },
                DType::BF16 => &const { row::<$F32, Plain<bf16>, 1>(2, Some($finish::<Brain>)) },
                DType::F8E4M3 => &const { row::<$F32, Plain<f8e4m3>, 1>(1, Some($finish::<E4m3>)) },
                DType::F8E5M2 => &const { row::<$F32, Plain<f8e5m2>, 1>(1, Some($finish::<E5m2>)) },
                DType::C64 => &const { row::<$F32, Parts<f32>, 2>(8, None) },
                DType::C128 => &const { row::<$F64, Parts<f64>, 2>(16, None) },
            }
        }
    };
}

#[cfg(target_arch = "x86_64")]
table!(baseline, baseline_packs, finish_baseline; F32x4, F64x2, I16x8, Single<i32>, Single<i64>, Boolx16);
#[cfg(target_arch = "x86_64")]
table!(avx2, avx2_packs, finish_avx2; F32x8, F64x4, I16x16, I32x8, I64x4, Boolx32);
#[cfg(target_arch = "x86_64")]
table!(avx512, avx2_packs, finish_avx2; F32x16, F64x8, I16x32, I32x16, I64x8, Boolx64);
#[cfg(target_arch = "aarch64")]
table!(baseline, baseline_packs, finish_baseline; F32x4, F64x2, I16x8, I32x4, Single<i64>, Boolx16);
#[cfg(not(any(target_arch = "x86_64", target_arch = "aarch64")))]
table!(baseline, baseline_packs, finish_baseline;
       Single<f32>, Single<f64>, Single<i16>, Single<i32>, Single<i64>, Single<u8>);

/// Matrices of `bf16` in pairs; vectors as without them.
#[cfg(target_arch = "x86_64")]
static BF16_PAIRS: Engine = Engine {
    packed: size_of::<u32>(),
    group: 2,
    kernels: shells::avx512_bf16::TILES,
    packs: avx2_packs::<Pairs>(),
    ..engine::<F32x16, 1>(
        [2, shells::avx512::ROWS, shells::avx512::DEPTH],
        false,
        shells::avx512_bf16::TILES,
        avx2_packs::<Plain<bf16>>(),
        shells::avx512::lines::<F32x16, 1>(),
        Some(finish_avx2::<Brain>),
    )
};

/// Matrices of `bf16` in tiles; vectors as without them.
#[cfg(target_arch = "x86_64")]
static BF16_AMX: Engine = in_tiles(
    2,
    engine::<F32x16, 1>(
        [2, amx::SIDE, 0],
        false,
        amx::bf16::TILES,
        avx2_packs::<Plain<bf16>>(),
        shells::avx512::lines::<F32x16, 1>(),
        Some(finish_avx2::<Brain>),
    ),
    avx2_packs::<amx::Steps<u16>>(),
);

/// The engine with panels of AMX, for elements of so many bytes.
#[cfg(target_arch = "x86_64")]
const fn in_tiles(elem: usize, engine: Engine, packs: Packs) -> Engine {
    Engine {
        elem,
        packed: amx::STEP,
        group: amx::STEP / elem,
        depth: 16,
        direct: false,
        around: Some([amx::begin, amx::end]),
        packs,
        ..engine
    }
}

impl Engine {
    /// Bytes of an element of C.
    pub fn result(&self) -> usize {
        match self.finish {
            Some(_) => self.elem,
            None => self.acc * self.parts,
        }
    }
}

/// Products of `i8` with sums of `i32`. Vectors are not multiplied so.
#[cfg(target_arch = "x86_64")]
macro_rules! widening {
    ($($name:ident: $Lanes:ty, group $group:literal, starts $starts:literal, rows $rows:expr, tiles $tiles:expr, packs $packs:expr;)*) => { $(
        static $name: Engine = Engine {
            elem: 1,
            packed: size_of::<u32>(),
            group: $group,
            starts: $starts,
            direct: false,
            kernels: $tiles,
            packs: $packs,
            ..engine::<$Lanes, 1>([4, $rows, shells::avx512::DEPTH], false, $tiles, $packs, shells::avx2::lines::<I32x8, 1>(), None)
        };
    )* };
}
#[cfg(target_arch = "x86_64")]
widening! {
    I8_AVX2: I32x8, group 2, starts false, rows shells::avx2::ROWS, tiles shells::avx2::tiles::<I16Pairsx8>(),
        packs avx2_packs::<WidePairs>();
    I8_AVX512: I32x16, group 2, starts false, rows shells::avx512::ROWS, tiles shells::avx512::tiles::<I16Pairsx16>(),
        packs avx2_packs::<WidePairs>();
    I8_VNNI: I32x16, group 4, starts true, rows shells::avx512::ROWS, tiles shells::avx512_vnni::TILES,
        packs avx2_packs::<Quads>();
}

#[cfg(target_arch = "x86_64")]
static I8_AMX: Engine = in_tiles(
    1,
    engine::<I32x16, 1>(
        [4, amx::SIDE, 0],
        false,
        amx::int8::TILES,
        avx2_packs::<amx::Steps<u8>>(),
        shells::avx2::lines::<I32x8, 1>(),
        None,
    ),
    avx2_packs::<amx::Steps<u8>>(),
);

/// The engines for matrices of `i8` with sums of `i32` that are faster than products of `i32`, the fastest first.
pub(super) fn widening_engines(level: Level) -> impl Iterator<Item = &'static Engine> {
    #[cfg(target_arch = "x86_64")]
    let engines = [
        (level == Level::Avx512 && amx::available().int8).then_some(&I8_AMX),
        (level == Level::Avx512 && is_x86_feature_detected!("avx512vnni")).then_some(&I8_VNNI),
        (level == Level::Avx512).then_some(&I8_AVX512),
        (level == Level::Avx2).then_some(&I8_AVX2),
    ];
    #[cfg(not(target_arch = "x86_64"))]
    let engines = {
        _ = level;
        [None]
    };
    engines.into_iter().flatten()
}

/// The engines for a dtype on an instruction set, the fastest first.
pub(super) fn engines_for(dtype: DType, level: Level) -> impl Iterator<Item = &'static Engine> {
    #[cfg(target_arch = "x86_64")]
    let of_processors = {
        let pairs = level == Level::Avx512 && dtype == DType::BF16;
        [
            (pairs && amx::available().bf16).then_some(&BF16_AMX),
            (pairs && is_x86_feature_detected!("avx512bf16")).then_some(&BF16_PAIRS),
        ]
    };
    #[cfg(not(target_arch = "x86_64"))]
    let of_processors = [None];
    let of_all = match level {
        #[cfg(target_arch = "x86_64")]
        Level::Avx512 => avx512(dtype),
        #[cfg(target_arch = "x86_64")]
        Level::Avx2 => avx2(dtype),
        _ => baseline(dtype),
    };
    of_processors.into_iter().flatten().chain([of_all])
}
