//! Decompositions of tensors: Tucker and the higher-order singular value decomposition, CP, tensor trains.
//!
//! The unfolding of a tensor along a mode is the matrix whose rows are its slices along that axis, each flattened in C order. Source:
//! Kolda and Bader, "Tensor decompositions and applications" (2009); Oseledets, "Tensor-train decomposition" (2011).

use civita_core::dtype::DType;
use civita_core::error::{Error, Result, shape_text};
use civita_core::layout::KeepDims;
use civita_core::raw::Raw;

use crate::checks::compute_dtype;
use crate::ops::{adjoint, sum, times_columns, transposed};
use crate::spectra::svd;
use crate::svd::Vectors;
use crate::systems::{number, pinv};

/// The slices along an axis as rows.
fn unfolded(x: &Raw, axis: usize) -> Result<Raw> {
    let rows = x.shape()[axis];
    let moved = x.move_axis(axis as isize, 0)?;
    moved.reshape(&[rows, x.len() / rows.max(1)])
}

/// The product of a matrix with each column along an axis.
fn mode_product(x: &Raw, matrix: &Raw, axis: usize) -> Result<Raw> {
    let product = matrix.matmul(&unfolded(x, axis)?)?;
    let mut shape = vec![matrix.shape()[0]];
    shape.extend((0..x.rank()).filter(|&i| i != axis).map(|i| x.shape()[i]));
    product.reshape(&shape)?.move_axis(0, axis as isize)
}

/// The columns `(a_r ⊗ b_r)` of two matrices with the same number of columns.
fn khatri_rao(a: &Raw, b: &Raw) -> Result<Raw> {
    let (m, n, r) = (a.shape()[0], b.shape()[0], a.shape()[1]);
    let all = a.expand_dims(&[1])?.mul(&b.expand_dims(&[0])?)?;
    all.reshape(&[m * n, r])
}

/// A tensor with at least one axis and no empty one, in a dtype that is computed in.
fn checked(op: &'static str, x: &Raw) -> Result<Raw> {
    if x.rank() == 0 || x.is_empty() {
        return Err(Error::shape(
            op,
            format!(
                "takes a tensor with axes, none of them empty, not {}",
                shape_text(x.shape())
            ),
        )
        .shapes(&[x.shape()]));
    }
    x.cast(compute_dtype(op, [x.dtype()])?)
}

/// One rank for each axis: as given, at most the length of the axis; the length where none are given.
fn ranks_of(op: &'static str, x: &Raw, ranks: Option<&[usize]>) -> Result<Vec<usize>> {
    let Some(ranks) = ranks else {
        return Ok(x.shape().to_vec());
    };
    if ranks.len() != x.rank() || ranks.contains(&0) {
        return Err(Error::value(
            op,
            format!(
                "takes one positive rank for each of the {} axes, not {ranks:?}",
                x.rank()
            ),
        ));
    }
    Ok(ranks
        .iter()
        .zip(x.shape())
        .map(|(&r, &n)| r.min(n))
        .collect())
}

/// The first `rank` left singular vectors of a matrix.
fn leading(matrix: &Raw, rank: usize) -> Result<Raw> {
    let [u, _, _] = svd(matrix, Vectors::Thin)?;
    let known = u.shape()[1];
    match known >= rank {
        true => u.narrow(-1, 0, rank),
        // fewer columns than rows: any orthonormal ones beside them
        false => {
            let [u, _, _] = svd(matrix, Vectors::Full)?;
            u.narrow(-1, 0, rank)
        }
    }
}

/// Whether what is computed may depend on values. Where they cannot be read, as under `vmap`, it does not for the tolerance 0.
fn reads_values(op: &'static str, x: &Raw, tolerance: f64) -> Result<bool> {
    match x.opaque() {
        None => Ok(true),
        Some(_) if tolerance == 0.0 => Ok(false),
        Some(_) => Err(Error::value(
            op,
            "with a tolerance the values say how many steps or ranks there are, which `vmap` and `trace` cannot ask",
        )
        .rule("the tolerance is 0 there: all iterations run, and ranks are the largest allowed")
        .hint_in("call it with the tolerance 0", "call it with `tol=0`")),
    }
}

fn norm(x: &Raw) -> Result<f64> {
    let size = x.detach().abs()?;
    Ok(size.mul(&size)?.sum_all()?.item()?.as_f64().sqrt())
}

/// A core tensor, and for each axis a matrix with orthonormal columns that it is multiplied by.
#[derive(Clone, Debug)]
pub struct Tucker {
    /// The core.
    pub core: Raw,
    /// For each axis a matrix of its length times the rank.
    pub factors: Vec<Raw>,
}

impl Tucker {
    fn detached(&self) -> Tucker {
        Tucker {
            core: self.core.detach(),
            factors: self.factors.iter().map(Raw::detach).collect(),
        }
    }

    /// The tensor: the core times each factor along its axis.
    ///
    /// # Errors
    /// When shapes do not fit.
    pub fn reconstruct(&self) -> Result<Raw> {
        if self.factors.len() != self.core.rank() {
            return Err(Error::shape(
                "tucker",
                "there is one factor for each axis of the core",
            ));
        }
        let mut x = self.core.clone();
        for (axis, factor) in self.factors.iter().enumerate() {
            if factor.rank() != 2 || factor.shape()[1] != x.shape()[axis] {
                return Err(Error::shape(
                    "tucker",
                    "factors are matrices with as many columns as the core is long along their axis",
                )
                .shapes(&[self.core.shape(), factor.shape()]));
            }
            x = mode_product(&x, factor, axis)?;
        }
        Ok(x)
    }
}

/// The core that belongs to orthonormal factors.
fn projected(x: &Raw, factors: &[Raw], without: Option<usize>) -> Result<Raw> {
    let mut core = x.clone();
    for (axis, factor) in factors.iter().enumerate() {
        if Some(axis) != without {
            core = mode_product(&core, &adjoint(factor)?, axis)?;
        }
    }
    Ok(core)
}

/// The higher-order singular value decomposition: factors are the leading left singular vectors of each unfolding, and the core the
/// tensor multiplied by their adjoints. Exact for full ranks (`None`); with smaller ones the error is at most `√d` times the least.
/// De Lathauwer, De Moor and Vandewalle (2000).
///
/// ```
/// use civita_core::raw::Raw;
/// let x = Raw::from_vec((0..24).map(f64::from).collect::<Vec<f64>>(), &[2, 3, 4])?;
/// let tucker = civita_linalg::hosvd(&x, Some(&[2, 2, 2]))?; // the ranks of this tensor
/// assert_eq!(tucker.core.shape(), [2, 2, 2]);
/// let gap = tucker.reconstruct()?.sub(&x)?.abs()?.sum_all()?.item()?.as_f64();
/// assert!(gap < 1e-12);
/// # Ok::<(), civita_core::error::Error>(())
/// ```
///
/// # Errors
/// When there is no axis or an empty one, the number of ranks is another, an element is not finite, or there is no linear algebra of the
/// dtype. Gradients do not exist where two singular values of an unfolding are equal.
pub fn hosvd(x: &Raw, ranks: Option<&[usize]>) -> Result<Tucker> {
    let x = checked("hosvd", x)?;
    let ranks = ranks_of("hosvd", &x, ranks)?;
    let factors = (0..x.rank())
        .map(|axis| leading(&unfolded(&x, axis)?, ranks[axis]))
        .collect::<Result<Vec<Raw>>>()?;
    let core = projected(&x, &factors, None)?;
    Ok(Tucker { core, factors })
}

/// The Tucker decomposition with these ranks by higher-order orthogonal iteration: from [`hosvd`] on, each factor in turn becomes the
/// leading left singular vectors of the tensor projected on the others, until the tensor that the decomposition stands for moves by no
/// more than `tolerance` times the norm of `x`, `iterations` times at most; under `vmap` the tolerance is 0.
///
/// Gradients are those of the iterations, the first step among them. They come close to those of the best decomposition as fast as the
/// values do.
///
/// # Errors
/// As [`hosvd`].
pub fn tucker(x: &Raw, ranks: &[usize], iterations: usize, tolerance: f64) -> Result<Tucker> {
    let x = checked("tucker", x)?;
    let ranks = ranks_of("tucker", &x, Some(ranks))?;
    let watched = reads_values("tucker", &x, tolerance)?;
    let mut found = hosvd(&x, Some(&ranks))?;
    let mut moves = match watched {
        true => Some(Moves::new(&x, tolerance, found.reconstruct()?)?),
        false => None,
    };
    for _ in 0..iterations {
        for (axis, &rank) in ranks.iter().enumerate() {
            let rest = projected(&x, &found.factors, Some(axis))?;
            found.factors[axis] = leading(&unfolded(&rest, axis)?, rank)?;
        }
        found.core = projected(&x, &found.factors, None)?;
        if let Some(moves) = &mut moves
            && moves.end(&|| found.detached().reconstruct())?
        {
            break;
        }
    }
    Ok(found)
}

/// How far the tensor of an iterated decomposition moves from one iteration to the next. Its distance from `x` will not do: near the
/// least distance that is flat, and says little about factors, and less about their derivatives.
struct Moves {
    most: f64,
    last: Raw,
}

impl Moves {
    fn new(x: &Raw, tolerance: f64, first: Raw) -> Result<Moves> {
        Ok(Moves {
            most: tolerance * norm(x)?,
            last: first.detach(),
        })
    }

    /// Whether it has come to rest.
    fn end(&mut self, now: &dyn Fn() -> Result<Raw>) -> Result<bool> {
        let now = now()?;
        let moved = norm(&now.sub(&self.last)?)?;
        self.last = now;
        Ok(moved <= self.most)
    }
}

/// A sum of outer products: weights, and for each axis a matrix whose columns have the norm 1.
#[derive(Clone, Debug)]
pub struct Cp {
    /// A weight for each product, descending.
    pub weights: Raw,
    /// For each axis a matrix of its length times the rank.
    pub factors: Vec<Raw>,
}

impl Cp {
    /// The tensor: the sum over `r` of `weights[r]` times the outer product of the columns `r`.
    ///
    /// # Errors
    /// When shapes do not fit.
    pub fn reconstruct(&self) -> Result<Raw> {
        let rank = self.weights.len();
        let fits = |f: &Raw| f.rank() == 2 && f.shape()[1] == rank;
        let [first, rest @ ..] = &self.factors[..] else {
            return Err(Error::shape("cp", "there is at least one factor"));
        };
        if self.weights.rank() != 1 || !self.factors.iter().all(fits) {
            return Err(Error::shape(
                "cp",
                "factors are matrices with as many columns as there are weights",
            ));
        }
        let shape: Vec<usize> = self.factors.iter().map(|f| f.shape()[0]).collect();
        let mut all = unit_row(first.dtype(), rank)?;
        for factor in rest {
            all = khatri_rao(&all, factor)?;
        }
        let weighted = times_columns(first, &self.weights.cast(first.dtype())?)?;
        weighted.matmul(&transposed(&all)?)?.reshape(&shape)
    }
}

fn unit_row(dtype: DType, rank: usize) -> Result<Raw> {
    Raw::ones(&[1, rank], dtype)
}

/// The CP decomposition (CANDECOMP/PARAFAC) with this rank by alternating least squares: each factor in turn is the best for the others,
/// until the tensor that the decomposition stands for moves by no more than `tolerance` times the norm of `x`, `iterations` times at most
/// (under `vmap` the tolerance is 0). It begins with the leading left singular vectors of each unfolding, and where there are fewer of them
/// than the rank, with fixed numbers beside them: equal calls give equal results.
///
/// Gradients are those of the fixed point, which does not depend on where the iterations begin: they are taken through as many iterations
/// from there as bring it back when it is disturbed. Where `iterations` were too few (or under `vmap`), they are those of the iterations,
/// the first step among them.
///
/// ```
/// use civita_core::raw::Raw;
/// let x = Raw::from_vec(vec![3.0, 4.0, 6.0, 8.0], &[2, 2])?; // [1, 2] ⊗ [3, 4]
/// let cp = civita_linalg::cp(&x, 1, 10, 1e-10)?;
/// assert!((cp.weights.item()?.as_f64() - 125f64.sqrt()).abs() < 1e-12);
/// # Ok::<(), civita_core::error::Error>(())
/// ```
///
/// # Errors
/// As [`hosvd`], and when the rank is zero.
pub fn cp(x: &Raw, rank: usize, iterations: usize, tolerance: f64) -> Result<Cp> {
    let x = checked("cp", x)?;
    if rank == 0 {
        return Err(Error::value("cp", "the rank must be positive"));
    }
    let watched = reads_values("cp", &x, tolerance)?;
    let (found, iterations) = match watched {
        true => {
            let plain = x.detach();
            let mut squares = Squares::new(&plain, started(&plain, rank)?)?;
            let mut moves = Moves::new(&plain, tolerance, squares.cp.reconstruct()?)?;
            let mut taken = 0;
            let mut rests = false;
            while taken < iterations.max(1) && !rests {
                squares.iterate()?;
                taken += 1;
                rests = moves.end(&|| squares.cp.reconstruct())?;
            }
            let back = match x.is_differentiated() && rests {
                true => way_back(&plain, &squares.cp, iterations, tolerance)?,
                false => None,
            };
            match (x.is_differentiated(), back) {
                (false, _) => (squares.cp, 0),
                (true, Some(back)) => (squares.cp, back),
                (true, None) => (started(&x, rank)?, taken),
            }
        }
        false => (started(&x, rank)?, iterations.max(1)),
    };
    let mut squares = Squares::new(&x, found)?;
    for _ in 0..iterations {
        squares.iterate()?;
    }
    let Cp { weights, factors } = squares.cp;
    let order = weights
        .detach()
        .argsort(-1, civita_core::primitive::Direction::Descending)?;
    let take = |x: &Raw| x.take(&order, -1, civita_core::raw::Mode::Raise);
    Ok(Cp {
        weights: take(&weights)?,
        factors: factors.iter().map(take).collect::<Result<_>>()?,
    })
}

/// Alternating least squares for a tensor.
struct Squares<'a> {
    x: &'a Raw,
    rcond: Raw,
    cp: Cp,
}

impl<'a> Squares<'a> {
    fn new(x: &'a Raw, cp: Cp) -> Result<Squares<'a>> {
        let rcond = number(1e-14, x.dtype().to_real())?;
        Ok(Squares { x, rcond, cp })
    }

    /// Each factor anew.
    fn iterate(&mut self) -> Result<()> {
        let (x, dtype, rank) = (self.x, self.x.dtype(), self.cp.weights.len());
        let factors = &mut self.cp.factors;
        for axis in 0..x.rank() {
            let mut others = unit_row(dtype, rank)?;
            let mut gram = Raw::ones(&[rank, rank], dtype)?;
            for factor in (0..x.rank()).filter(|&i| i != axis).map(|i| &factors[i]) {
                others = khatri_rao(&others, factor)?;
                gram = gram.mul(&adjoint(factor)?.matmul(factor)?)?;
            }
            // min ‖X - F Kᵀ‖: F = X conj(K) (Kᵀ conj(K))⁻¹, and that Gram matrix is the conjugate of this one
            let right = unfolded(x, axis)?.matmul(&crate::ops::conjugate(&others)?)?;
            let gram = crate::ops::conjugate(&gram)?;
            let factor = right.matmul(&pinv(&gram, &self.rcond)?)?;
            let size = factor.abs()?;
            let squares = sum(&size.mul(&size)?, &[0], KeepDims::No)?;
            let zero = Raw::zeros(&[], squares.dtype())?;
            let one = Raw::ones(&[], squares.dtype())?;
            // the root of a product that is not there has no derivative, but the product has one: zero
            let none = squares.detach().eq(&zero)?;
            let divisors = none.choose(&one, &squares)?.sqrt()?;
            factors[axis] = factor.div(&divisors.cast(dtype)?)?;
            self.cp.weights = none.choose(&zero, &divisors)?;
        }
        Ok(())
    }
}

/// How many iterations bring disturbed factors back to a fixed point: they multiply what is amiss in derivatives by as much. None where they
/// are too many.
fn way_back(x: &Raw, fixed: &Cp, iterations: usize, tolerance: f64) -> Result<Option<usize>> {
    let disturbed = |f: &Raw| {
        let more = spread(f.shape(), f.dtype())?;
        f.add(&crate::ops::times(
            &more,
            0.2 / (f.shape()[0] as f64).sqrt(),
        )?)
    };
    let factors = fixed.factors.iter().map(disturbed);
    let cp = Cp {
        weights: fixed.weights.clone(),
        factors: factors.collect::<Result<_>>()?,
    };
    let mut moves = Moves::new(x, tolerance, cp.reconstruct()?)?;
    let mut squares = Squares::new(x, cp)?;
    for taken in 1..=iterations {
        squares.iterate()?;
        if moves.end(&|| squares.cp.reconstruct())? {
            return Ok(Some(taken));
        }
    }
    Ok(None)
}

/// Where the iterations begin.
fn started(x: &Raw, rank: usize) -> Result<Cp> {
    let factors = (0..x.rank()).map(|axis| start(&unfolded(x, axis)?, rank));
    Ok(Cp {
        weights: Raw::ones(&[rank], x.dtype().to_real())?,
        factors: factors.collect::<Result<_>>()?,
    })
}

/// As many columns as the rank to begin with.
fn start(unfolding: &Raw, rank: usize) -> Result<Raw> {
    let [u, _, _] = svd(unfolding, Vectors::Thin)?;
    let (m, k) = (u.shape()[0], u.shape()[1]);
    if k >= rank {
        return u.narrow(-1, 0, rank);
    }
    let more = spread(&[m, rank - k], u.dtype())?;
    Raw::concatenate(&[&u, &more], -1)
}

/// Fixed numbers between -1/2 and 1/2. Multiples of the golden ratio: spread evenly, and no two columns are parallel.
fn spread(shape: &[usize], dtype: DType) -> Result<Raw> {
    let n = shape.iter().product();
    let all = (1..=n).map(|i: usize| (i as f64 * 0.618_033_988_749_894_8).fract() - 0.5);
    Raw::from_vec(all.collect::<Vec<f64>>(), shape)?.cast(dtype)
}

/// A tensor train: for each axis a core of `rank × length × next rank`, where the first and the last rank are 1.
#[derive(Clone, Debug)]
pub struct TensorTrain {
    /// The cores.
    pub cores: Vec<Raw>,
}

impl TensorTrain {
    /// The tensor: the product of the cores over the ranks between them.
    ///
    /// # Errors
    /// When shapes do not fit.
    pub fn reconstruct(&self) -> Result<Raw> {
        let misfit = || {
            Error::shape(
                "tensor_train",
                "cores have three axes, and the last of each is as long as the first of the next",
            )
        };
        let mut x: Option<Raw> = None;
        let mut shape = Vec::new();
        for core in &self.cores {
            let &[before, n, after] = core.shape() else {
                return Err(misfit());
            };
            shape.push(n);
            let flat = core.reshape(&[before, n * after])?;
            let all = match x {
                None if before == 1 => flat,
                Some(x) if x.shape()[1] == before => x.matmul(&flat)?,
                _ => return Err(misfit()),
            };
            let rows = all.len() / after.max(1);
            x = Some(all.reshape(&[rows, after])?);
        }
        match x {
            Some(x) if x.shape()[1] == 1 => x.reshape(&shape),
            _ => Err(misfit()),
        }
    }

    /// The ranks between the cores: one fewer than there are cores.
    pub fn ranks(&self) -> Vec<usize> {
        let inner = self.cores.iter().skip(1);
        inner
            .filter_map(|core| core.shape().first().copied())
            .collect()
    }
}

/// The tensor-train decomposition by singular value decompositions from left to right (TT-SVD): ranks are at most `max_rank`, and as
/// small as the relative error `tolerance` in the Frobenius norm allows. Exact without either (`usize::MAX`, 0). Under `vmap` the tolerance
/// is 0, and ranks are as large as shapes allow.
///
/// ```
/// use civita_core::raw::Raw;
/// let x = Raw::from_vec((0..24).map(f64::from).collect::<Vec<f64>>(), &[2, 3, 4])?;
/// let train = civita_linalg::tensor_train(&x, usize::MAX, 1e-10)?;
/// assert_eq!(train.ranks(), [2, 2]);
/// let gap = train.reconstruct()?.sub(&x)?.abs()?.sum_all()?.item()?.as_f64();
/// assert!(gap < 1e-12);
/// # Ok::<(), civita_core::error::Error>(())
/// ```
///
/// # Errors
/// As [`hosvd`], and when the largest rank is zero or the tolerance is no number of at least 0.
pub fn tensor_train(x: &Raw, max_rank: usize, tolerance: f64) -> Result<TensorTrain> {
    const OP: &str = "tensor_train";
    let x = checked(OP, x)?;
    if max_rank == 0 || tolerance.is_nan() || tolerance < 0.0 {
        return Err(Error::value(
            OP,
            "the largest rank is positive, and the tolerance at least 0",
        ));
    }
    let shape = x.shape().to_vec();
    let (mut rest, mut before) = (x.clone(), 1);
    let mut cores = Vec::new();
    // the error is shared by the decompositions
    let steps = (shape.len().max(2) - 1) as f64;
    let watched = reads_values(OP, &x, tolerance)?;
    let allowed = match watched {
        true => (tolerance * norm(&x)?).powi(2) / steps,
        false => 0.0,
    };
    for &n in &shape[..shape.len() - 1] {
        let columns = rest.len() / (before * n);
        let [u, s, vh] = svd(&rest.reshape(&[before * n, columns])?, Vectors::Thin)?;
        let mut rank = s.len();
        if watched {
            let values: Vec<f64> = s.detach().cast(DType::F64)?.to_vec()?;
            let noise = crate::systems::epsilon(x.dtype()) * values.first().copied().unwrap_or(0.0);
            let mut left_out = 0.0;
            while rank > 1 {
                left_out += values[rank - 1].powi(2);
                if left_out > allowed.max(if tolerance > 0.0 { noise * noise } else { 0.0 }) {
                    break;
                }
                rank -= 1;
            }
        }
        let rank = rank.min(max_rank);
        cores.push(u.narrow(-1, 0, rank)?.reshape(&[before, n, rank])?);
        let s = s.narrow(-1, 0, rank)?.cast(vh.dtype())?;
        rest = crate::ops::times_rows(&s, &vh.narrow(-2, 0, rank)?)?;
        before = rank;
    }
    let last = shape[shape.len() - 1];
    cores.push(rest.reshape(&[before, last, 1])?);
    Ok(TensorTrain { cores })
}
