//! Functions of functions: gradients, Jacobians and products with them, in JAX's style. They nest with each other, with
//! `vmap` and with `trace`, in any order.

use smallvec::SmallVec;

use super::{OpenScope, Randomness, jvp, vmap_with};
use crate::dtype::Scalar;
use crate::error::{Error, Result};
use crate::graph::{Keep, gradients};
use crate::primitive::{Gradients, Tangents};
use crate::raw::Raw;

type Map<'a> = &'a dyn Fn(&[Raw]) -> Result<Vec<Raw>>;

/// The inputs with those at `argnums` as leaves of this scope, and these leaves.
fn leaves(
    op: &'static str,
    scope: &OpenScope,
    x: &[Raw],
    argnums: &[usize],
) -> Result<(Vec<Raw>, Vec<Raw>)> {
    let mut all = x.to_vec();
    let mut leaves = Vec::with_capacity(argnums.len());
    for &i in argnums {
        let Some(x) = x.get(i) else {
            return Err(Error::value(
                op,
                format!("argnums names input {i} of {}", x.len()),
            ));
        };
        if !x.dtype().is_differentiable() {
            return Err(
                Error::gradient(op, format!("input {i} of {} has no gradient", x.dtype()))
                    .dtypes(&[x.dtype()])
                    .rule("only floats and complex numbers can require gradients"),
            );
        }
        if i < all.len() {
            all[i] = x.leaf(scope.level);
            leaves.push(all[i].clone());
        }
    }
    Ok((all, leaves))
}

fn zeros_where_none(found: Vec<Option<Raw>>, like: &[Raw]) -> Result<Vec<Raw>> {
    found
        .into_iter()
        .zip(like)
        .map(|(g, x)| g.map_or_else(|| x.like(x.shape(), x.dtype(), Scalar::Bool(false)), Ok))
        .collect()
}

/// `f(x)`, and the gradients of its first output, which is one number, with respect to the inputs at `argnums`. Any
/// transformation outside can differentiate, batch or trace both.
///
/// # Errors
/// When `f` fails, its first output is not one real number, or an input cannot have a gradient.
pub fn value_and_grad(f: Map<'_>, x: &[Raw], argnums: &[usize]) -> Result<(Vec<Raw>, Vec<Raw>)> {
    const OP: &str = "grad";
    let scope = OpenScope::open();
    let (all, leaves) = leaves(OP, &scope, x, argnums)?;
    let outputs = f(&all)?;
    let Some(y) = outputs.first() else {
        return Err(Error::value(OP, "the function returns nothing"));
    };
    if y.len() != 1 || !y.dtype().is_float() {
        return Err(Error::shape(
            OP,
            format!(
                "the function returns {} of shape {}, which has no gradient by itself",
                y.dtype(),
                crate::error::shape_text(y.shape())
            ),
        )
        .rule("`grad` takes functions that return one real number")
        .hint("reduce the result, for example by `sum`; or take `jacrev`"));
    }
    let found = gradients(
        &[(y, None)],
        &leaves.iter().collect::<Vec<_>>(),
        Keep::Nothing,
    )?;
    let found = zeros_where_none(found, &leaves)?;
    let values = outputs
        .iter()
        .map(|y| Ok(scope.leave(OP, y)?.0))
        .collect::<Result<_>>()?;
    Ok((values, found))
}

/// As [`value_and_grad`], of which only the gradients.
///
/// # Errors
/// As there.
pub fn grad(f: Map<'_>, x: &[Raw], argnums: &[usize]) -> Result<Vec<Raw>> {
    Ok(value_and_grad(f, x, argnums)?.1)
}

/// A function's outputs with the way back: see [`vjp`].
pub struct Pullback {
    outputs: Vec<Raw>,
    leaves: Vec<Raw>,
}

impl Pullback {
    /// The gradients of the inputs from those of the outputs: `vᵀ J`. May be called again.
    ///
    /// # Errors
    /// When the number or shapes differ from those of the outputs.
    pub fn call(&self, cotangents: &[Raw]) -> Result<Vec<Raw>> {
        if cotangents.len() != self.outputs.len() {
            return Err(Error::value(
                "vjp",
                format!(
                    "{} cotangents for {} outputs",
                    cotangents.len(),
                    self.outputs.len()
                ),
            ));
        }
        let pairs: Vec<(&Raw, Option<&Raw>)> = self
            .outputs
            .iter()
            .zip(cotangents)
            .map(|(y, g)| (y, Some(g)))
            .collect();
        let leaves: Vec<&Raw> = self.leaves.iter().collect();
        zeros_where_none(gradients(&pairs, &leaves, Keep::Graph)?, &self.leaves)
    }
}

/// `f(x)`, and the map from gradients of the outputs to gradients of the inputs.
///
/// # Errors
/// When `f` fails or an input cannot have a gradient.
pub fn vjp(f: Map<'_>, x: &[Raw]) -> Result<(Vec<Raw>, Pullback)> {
    let scope = OpenScope::open();
    let (all, leaves) = leaves("vjp", &scope, x, &(0..x.len()).collect::<Vec<_>>())?;
    let outputs = f(&all)?;
    let values = outputs
        .iter()
        .map(|y| Ok(scope.leave("vjp", y)?.0))
        .collect::<Result<_>>()?;
    Ok((values, Pullback { outputs, leaves }))
}

/// The gradients of the inputs of `f`, which runs for them, from those of its outputs; `None` for zero.
pub(crate) fn pulled_back(f: Map<'_>, x: &[Raw], g: &[Option<Raw>]) -> Result<Vec<Option<Raw>>> {
    let scope = OpenScope::open();
    let (all, leaves) = leaves("vjp", &scope, x, &(0..x.len()).collect::<Vec<_>>())?;
    let outputs = f(&all)?;
    let pairs: Vec<(&Raw, Option<&Raw>)> = outputs
        .iter()
        .zip(g)
        .filter_map(|(y, g)| Some((y, Some(g.as_ref()?))))
        .collect();
    gradients(&pairs, &leaves.iter().collect::<Vec<_>>(), Keep::Nothing)
}

/// Each element of `x` by itself: a batch of tensors that are 1 at one element and 0 elsewhere.
fn basis(op: &'static str, x: &Raw) -> Result<Raw> {
    if !x.dtype().is_float() {
        return Err(Error::gradient(
            op,
            format!(
                "a Jacobian with respect to {} is not defined here",
                x.dtype()
            ),
        )
        .dtypes(&[x.dtype()])
        .rule("Jacobians are of real numbers; a complex function has two"));
    }
    let n = x.len();
    let mut shape = vec![n];
    shape.extend_from_slice(x.shape());
    Raw::eye(n, n, 0, x.dtype())?.reshape(&shape)
}

fn joined(a: &[usize], b: &[usize]) -> Vec<usize> {
    [a, b].concat()
}

/// The Jacobians of the outputs with respect to input `argnum`, column by column: a batch of tangents, one for each element
/// of the input. Each has the shape of the output followed by that of the input.
///
/// # Errors
/// When `f` fails or the input is not of floats.
pub fn jacfwd(f: Map<'_>, x: &[Raw], argnum: usize) -> Result<Vec<Raw>> {
    const OP: &str = "jacfwd";
    let Some(input) = x.get(argnum) else {
        return Err(Error::value(OP, format!("there is no input {argnum}")));
    };
    let shapes = std::cell::RefCell::new(Vec::new());
    let columns = vmap_with(
        |t| {
            let with = |some: &[Raw]| {
                let mut all = x.to_vec();
                all[argnum] = some[0].clone();
                f(&all)
            };
            let (y, moved) = jvp(with, std::slice::from_ref(input), t)?;
            *shapes.borrow_mut() = y.iter().map(|y| y.shape().to_vec()).collect();
            Ok(moved)
        },
        &[basis(OP, input)?],
        &[Some(0)],
        &|_| Some(-1),
        // the function is one, its directions are many
        Randomness::Same,
    )?;
    columns
        .iter()
        .zip(shapes.into_inner())
        .map(|(c, y)| c.reshape(&joined(&y, input.shape())))
        .collect()
}

/// The Jacobians of the outputs with respect to the inputs at `argnums`, row by row: a batch of gradients, one for each
/// element of an output. `[output][input]`, each of the shape of the output followed by that of the input.
///
/// # Errors
/// When `f` fails or an output is not of floats.
pub fn jacrev(f: Map<'_>, x: &[Raw], argnums: &[usize]) -> Result<Vec<Vec<Raw>>> {
    const OP: &str = "jacrev";
    let scope = OpenScope::open();
    let (all, leaves) = leaves(OP, &scope, x, argnums)?;
    let outputs = f(&all)?;
    let leaf_refs: Vec<&Raw> = leaves.iter().collect();
    outputs
        .iter()
        .map(|y| {
            let rows = vmap_with(
                |g| {
                    let found = gradients(&[(y, Some(&g[0]))], &leaf_refs, Keep::Graph)?;
                    zeros_where_none(found, &leaves)
                },
                &[basis(OP, &scope.leave(OP, y)?.0)?],
                &[Some(0)],
                &|_| Some(0),
                Randomness::Same,
            )?;
            rows.iter()
                .zip(&leaves)
                .map(|(row, x)| row.reshape(&joined(y.shape(), x.shape())))
                .collect()
        })
        .collect()
}

/// The second derivatives of a function of one real number with respect to input `argnum`: forward mode over reverse mode.
///
/// # Errors
/// As [`grad`].
pub fn hessian(f: Map<'_>, x: &[Raw], argnum: usize) -> Result<Raw> {
    let mut found = jacfwd(&|x| grad(f, x, &[argnum]), x, argnum)?;
    Ok(found.remove(0))
}

/// The Hessian of a function of one real number times `v`, without the Hessian: forward mode over reverse mode. One product
/// for each input.
///
/// # Errors
/// As [`grad`], and when `v` has other shapes than `x`.
pub fn hvp(f: Map<'_>, x: &[Raw], v: &[Raw]) -> Result<Vec<Raw>> {
    let all: Vec<usize> = (0..x.len()).collect();
    Ok(jvp(|x| grad(f, x, &all), x, v)?.1)
}

type Linear<'a> = dyn Fn(&[Option<Raw>]) -> Result<SmallVec<[Option<Raw>; 1]>> + 'a;

/// The transpose of a linear map: it is recorded once, at zero, and walked backwards. `None` where a map does not reach.
///
/// # Errors
/// When the map fails.
pub fn linear_transpose(
    map: &Linear<'_>,
    like: &[&Raw],
    seeds: &[Option<Raw>],
) -> Result<Vec<Option<Raw>>> {
    let scope = OpenScope::open();
    let zero = |x: &&Raw| Ok(x.filled(Scalar::Bool(false))?.leaf(scope.level));
    let zeros = like.iter().map(zero).collect::<Result<Vec<_>>>()?;
    let y = map(&zeros.iter().cloned().map(Some).collect::<Vec<_>>())?;
    let pairs: Vec<(Raw, Raw)> = y
        .iter()
        .zip(seeds)
        .filter_map(|(y, seed)| Some((y.clone()?, seed.clone()?)))
        .map(|(y, seed)| {
            // a tangent may be wider or of another dtype than its output: the walk brings the seed to it
            let seed = seed.broadcast_to(y.shape())?.cast(y.dtype())?;
            Ok((y, seed))
        })
        .collect::<Result<_>>()?;
    let pairs: Vec<(&Raw, Option<&Raw>)> = pairs.iter().map(|(y, seed)| (y, Some(seed))).collect();
    gradients(&pairs, &zeros.iter().collect::<Vec<_>>(), Keep::Nothing)
}

/// Reverse mode from forward mode: `vjp` where none is written, at the price of running the tangent map once.
///
/// # Errors
/// As the tangent map, and when it is not written with ops.
pub fn transposed_jvp(
    jvp: &dyn Fn(&[Option<Raw>]) -> Result<Tangents>,
    x: &[Raw],
    g: &[Option<Raw>],
    wanted: &[bool],
) -> Result<Gradients> {
    let moving: Vec<usize> = (0..x.len()).filter(|&i| wanted[i]).collect();
    let spread = |some: &[Option<Raw>]| {
        let mut all: Gradients = SmallVec::from_elem(None, x.len());
        for (&i, t) in moving.iter().zip(some) {
            all[i] = t.clone();
        }
        all
    };
    let like: Vec<&Raw> = moving.iter().map(|&i| &x[i]).collect();
    let found = linear_transpose(&|t| jvp(&spread(t)), &like, g)?;
    Ok(spread(&found))
}
