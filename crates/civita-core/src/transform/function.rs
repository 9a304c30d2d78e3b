//! Functions with derivatives of their own: the user's ([`Function`]), and those that run again
//! ([`checkpoint`](super::checkpoint())).

use std::fmt;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering::Relaxed};

use super::draw::{batched_level, randomness_of};
use super::functional::{linear_transpose, pulled_back};
use super::{Level, batch, jvp};
use crate::backend::Backend;
use crate::dtype::Scalar;
use crate::error::{Error, Result, shape_text};
use crate::graph::fits;
use crate::primitive::{Gradients, Outputs, Primitive, Reads, Spec, Tangents, Touches, bind};
use crate::raw::Raw;

/// From the inputs to the outputs.
pub type Forward = Arc<dyn Fn(&[Raw]) -> Result<Vec<Raw>> + Send + Sync>;
/// From inputs, outputs and the outputs' gradients to the inputs' gradients, `None` for zero.
pub type Backward = Arc<dyn Fn(&[Raw], &[Raw], &[Raw]) -> Result<Vec<Option<Raw>>> + Send + Sync>;
/// From inputs, outputs and the inputs' tangents to the outputs' tangents.
pub type Tangent = Arc<dyn Fn(&[Raw], &[Raw], &[Raw]) -> Result<Vec<Raw>> + Send + Sync>;

/// What a function with derivatives of its own does. It holds no tensor that tracks a gradient; those are inputs.
pub trait Rule: Send + Sync {
    /// The outputs, and what the derivatives want to keep beside inputs and outputs.
    fn forward(&self, x: &[Raw]) -> Result<(Vec<Raw>, Vec<Raw>)>;

    /// The gradients of the inputs, `None` for zero. `y` is the outputs followed by what was kept, `g` belongs to the
    /// outputs alone.
    fn backward(
        &self,
        x: &[Raw],
        y: &[Raw],
        g: &[Option<Raw>],
        wanted: &[bool],
    ) -> Result<Vec<Option<Raw>>>;

    /// The tangents of the outputs from those of the inputs; `None` where the function has no such map, which is then the
    /// transpose of [`Rule::backward`].
    fn tangent(&self, x: &[Raw], y: &[Raw], t: &[Option<Raw>]) -> Result<Option<Vec<Option<Raw>>>>;

    /// Which values the derivatives read, once [`Rule::forward`] has run.
    fn reads(&self) -> Reads {
        Reads::ALL
    }

    /// Whether what [`Rule::forward`] keeps depends on the inputs in a way that a derivative of the derivative needs.
    fn kept_moves(&self) -> bool {
        true
    }

    /// Whether a complex gradient of a real input is an error, as it is where users write the maps; else its real part counts.
    fn is_strict(&self) -> bool {
        false
    }
}

/// A function with derivatives of its own. It is a primitive like any other: forward mode comes from its backward map
/// where no tangent map is given, batches from mapping all of them.
#[derive(Clone)]
pub struct Function {
    name: &'static str,
    rule: Arc<dyn Rule>,
    /// How many outputs the caller sees; what follows was kept for the derivatives. Known once it has run.
    visible: Arc<AtomicUsize>,
}

impl Function {
    /// A function with its backward map. Neither holds tensors that track gradients; those are inputs.
    pub fn new(
        name: &'static str,
        forward: impl Fn(&[Raw]) -> Result<Vec<Raw>> + Send + Sync + 'static,
        backward: impl Fn(&[Raw], &[Raw], &[Raw]) -> Result<Vec<Option<Raw>>> + Send + Sync + 'static,
    ) -> Function {
        Function::of(
            name,
            Maps {
                forward: Arc::new(forward),
                backward: Arc::new(backward),
                tangent: None,
            },
        )
    }

    /// As [`Function::new`], with a tangent map too.
    pub fn with_tangent(
        name: &'static str,
        forward: impl Fn(&[Raw]) -> Result<Vec<Raw>> + Send + Sync + 'static,
        backward: impl Fn(&[Raw], &[Raw], &[Raw]) -> Result<Vec<Option<Raw>>> + Send + Sync + 'static,
        tangent: impl Fn(&[Raw], &[Raw], &[Raw]) -> Result<Vec<Raw>> + Send + Sync + 'static,
    ) -> Function {
        Function::of(
            name,
            Maps {
                forward: Arc::new(forward),
                backward: Arc::new(backward),
                tangent: Some(Arc::new(tangent)),
            },
        )
    }

    /// The function of a rule.
    pub fn of(name: &'static str, rule: impl Rule + 'static) -> Function {
        Function {
            name,
            rule: Arc::new(rule),
            visible: Arc::new(AtomicUsize::new(usize::MAX)),
        }
    }

    /// The outputs.
    ///
    /// # Errors
    /// When the function fails, or reads a tensor of a graph or a transformation that is none of its inputs.
    pub fn call(&self, x: &[&Raw]) -> Result<Vec<Raw>> {
        let mut y = bind(self, x)?.into_vec();
        y.truncate(self.visible.load(Relaxed));
        Ok(y)
    }

    /// Outputs, then what was kept.
    fn all_outputs(&self, x: &[Raw]) -> Result<Vec<Raw>> {
        let (mut y, kept) = self.rule.forward(x)?;
        self.visible.store(y.len(), Relaxed);
        y.extend(kept);
        Ok(y)
    }

    fn visible(&self, all: usize) -> usize {
        self.visible.load(Relaxed).min(all)
    }
}

impl fmt::Debug for Function {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name)
    }
}

impl Primitive for Function {
    fn name(&self) -> &'static str {
        self.name
    }

    fn infer(&self, _: &[&Spec]) -> Result<Outputs<Spec>> {
        Err(Error::value(self.name, "only running it tells its shapes"))
    }

    fn run(&self, _: &dyn Backend, x: &[&Raw]) -> Result<Outputs<Raw>> {
        let x: Vec<Raw> = x.iter().map(|&x| x.clone()).collect();
        let y = self.all_outputs(&x)?;
        if y.iter().any(|y| y.tag().is_some()) {
            return Err(Error::gradient(
                self.name,
                "the function reads a tensor of a gradient graph or a transformation that is none of its inputs",
            )
            .rule("a function with a derivative of its own knows its inputs only")
            .hint("pass the tensor as an input, or `.detach()` it"));
        }
        Ok(Outputs::Several(y))
    }

    fn access(&self) -> Touches {
        Touches::Nothing
    }

    fn reads(&self, _: &[bool]) -> Reads {
        self.rule.reads()
    }

    fn jvp(&self, x: &[Raw], y: &[Raw], t: &[Option<Raw>]) -> Result<Tangents> {
        let visible = self.visible(y.len());
        let mut moved = match self.rule.tangent(x, y, t)? {
            Some(moved) => moved,
            None => {
                let wanted: Vec<bool> = t.iter().map(Option::is_some).collect();
                let map = |g: &[Option<Raw>]| {
                    let found = self.rule.backward(x, y, g, &wanted)?;
                    Ok(self.one_for_each_input(found, x)?.into_iter().collect())
                };
                linear_transpose(&map, &y[..visible].iter().collect::<Vec<_>>(), t)?
            }
        };
        if moved.len() != visible {
            return Err(Error::value(
                self.name,
                format!(
                    "the tangent map returns {} tangents for {visible} outputs",
                    moved.len()
                ),
            ));
        }
        if y.len() > visible && self.rule.kept_moves() {
            // how what was kept moves: a derivative of the derivative reads it
            let moving: Vec<usize> = (0..x.len()).filter(|&i| t[i].is_some()).collect();
            let tangents: Vec<Raw> = t.iter().flatten().cloned().collect();
            let inputs: Vec<Raw> = moving.iter().map(|&i| x[i].clone()).collect();
            let kept = jvp(|some| self.kept_of(x, &moving, some), &inputs, &tangents)?.1;
            moved.extend(kept.into_iter().map(Some));
        }
        Ok(moved.into_iter().collect())
    }

    fn vjp(&self, x: &[Raw], y: &[Raw], g: &[Option<Raw>], wanted: &[bool]) -> Result<Gradients> {
        let (seen, kept) = g.split_at(self.visible(y.len()));
        let mut found: Gradients = if seen.iter().any(Option::is_some) {
            self.one_for_each_input(self.rule.backward(x, y, seen, wanted)?, x)?
        } else {
            smallvec::smallvec![None; x.len()]
        };
        if kept.iter().any(Option::is_some) {
            // a derivative of the derivative reads what was kept
            let moving: Vec<usize> = (0..x.len()).filter(|&i| wanted[i]).collect();
            let inputs: Vec<Raw> = moving.iter().map(|&i| x[i].clone()).collect();
            let more = pulled_back(&|some| self.kept_of(x, &moving, some), &inputs, kept)?;
            for (i, more) in moving.into_iter().zip(more) {
                found[i] = match (found[i].take(), more) {
                    (Some(a), Some(b)) => Some(a.add(&b)?),
                    (a, b) => a.or(b),
                };
            }
        }
        Ok(found)
    }

    fn batch(&self, x: &[&Raw], batched: &[bool]) -> Result<Outputs<Raw>> {
        let mapped = Function {
            name: self.name,
            rule: Arc::new(Mapped {
                rule: self.rule.clone(),
                stands_for: batched_level(),
                axes: batched.iter().map(|b| b.then_some(0)).collect(),
            }),
            visible: self.visible.clone(),
        };
        bind(&mapped, x)
    }
}

impl Function {
    fn one_for_each_input(&self, found: Vec<Option<Raw>>, x: &[Raw]) -> Result<Gradients> {
        if found.len() != x.len() {
            return Err(Error::value(
                self.name,
                format!(
                    "the backward map returns {} gradients for {} inputs",
                    found.len(),
                    x.len()
                ),
            ));
        }
        for (g, x) in found.iter().zip(x) {
            if let Some(g) = g
                && !fits(g.shape(), x.shape())
            {
                return Err(Error::shape(
                    self.name,
                    format!(
                        "the backward map returns a gradient of shape {} for an input of shape {}",
                        shape_text(g.shape()),
                        shape_text(x.shape())
                    ),
                )
                .shapes(&[g.shape(), x.shape()])
                .rule("a gradient has the shape of its input, or one that this was broadcast to"));
            }
            if let Some(g) = g
                && self.rule.is_strict()
                && g.dtype().is_complex()
                && !x.dtype().is_complex()
            {
                return Err(Error::dtype(
                    self.name,
                    format!(
                        "the backward map returns a gradient of {} for an input of {}",
                        g.dtype(),
                        x.dtype()
                    ),
                )
                .dtypes(&[g.dtype(), x.dtype()])
                .rule("the gradient of a real number is real")
                .hint_in(
                    "return the real part: `g.real()?`",
                    "return the real part: `g.real`",
                ));
            }
        }
        Ok(found.into_iter().collect())
    }

    /// What is kept of these inputs, of which some are others.
    fn kept_of(&self, x: &[Raw], at: &[usize], some: &[Raw]) -> Result<Vec<Raw>> {
        let mut x = x.to_vec();
        for (&i, new) in at.iter().zip(some) {
            x[i] = new.clone();
        }
        Ok(self.rule.forward(&x)?.1)
    }
}

/// A function of the user's.
struct Maps {
    forward: Forward,
    backward: Backward,
    tangent: Option<Tangent>,
}

impl Rule for Maps {
    fn forward(&self, x: &[Raw]) -> Result<(Vec<Raw>, Vec<Raw>)> {
        Ok(((self.forward)(x)?, Vec::new()))
    }

    fn backward(
        &self,
        x: &[Raw],
        y: &[Raw],
        g: &[Option<Raw>],
        _: &[bool],
    ) -> Result<Vec<Option<Raw>>> {
        (self.backward)(x, y, &or_zero(g, y)?)
    }

    fn tangent(&self, x: &[Raw], y: &[Raw], t: &[Option<Raw>]) -> Result<Option<Vec<Option<Raw>>>> {
        let Some(tangent) = &self.tangent else {
            return Ok(None);
        };
        let moved = tangent(x, y, &or_zero(t, x)?)?;
        Ok(Some(moved.into_iter().map(Some).collect()))
    }

    fn is_strict(&self) -> bool {
        true
    }
}

/// A rule under `vmap`: each of its maps is mapped. What all samples share has no axis.
struct Mapped {
    rule: Arc<dyn Rule>,
    /// The `vmap` that the function was called in: what it says of random numbers holds inside.
    stands_for: Level,
    axes: Vec<Option<isize>>,
}

const FRONT: &dyn Fn(usize) -> Option<isize> = &|_| Some(0);

/// Those that there are, and where they were.
fn present(all: &[Option<Raw>]) -> (Vec<usize>, Vec<Raw>) {
    let there = all
        .iter()
        .enumerate()
        .filter_map(|(i, x)| Some((i, x.clone()?)));
    there.unzip()
}

fn spread(len: usize, at: &[usize], some: &[Raw]) -> Vec<Option<Raw>> {
    let mut all = vec![None; len];
    for (&i, x) in at.iter().zip(some) {
        all[i] = Some(x.clone());
    }
    all
}

/// A derivative of one sample: from inputs, outputs and gradients or tangents to what it has of the others.
type PerSample<'a> = &'a dyn Fn(&[Raw], &[Raw], &[Option<Raw>]) -> Result<Option<Vec<Option<Raw>>>>;

impl Mapped {
    fn vmap(
        &self,
        f: impl FnOnce(&[Raw]) -> Result<Vec<Raw>>,
        x: &[Raw],
        axes: &[Option<isize>],
    ) -> Result<Vec<Raw>> {
        let draws = (randomness_of(self.stands_for), Some(self.stands_for));
        batch::map(f, x, axes, FRONT, draws)
    }

    /// `f(x, y, some)` for each sample, where `some` are gradients or tangents with these axes. What `f` leaves out of its
    /// results is left out of ours.
    fn map(
        &self,
        x: &[Raw],
        y: &[Raw],
        some: &[Option<Raw>],
        axes: &[Option<isize>],
        f: PerSample<'_>,
    ) -> Result<Option<Vec<Option<Raw>>>> {
        let (at, there) = present(some);
        let all = [x, y, &there].concat();
        let mut all_axes = self.axes.clone();
        all_axes.resize(x.len() + y.len(), Some(0));
        all_axes.extend(at.iter().map(|&i| axes[i]));
        let mut places = None;
        let one = |all: &[Raw]| {
            let (x, rest) = all.split_at(x.len());
            let (y, there) = rest.split_at(y.len());
            let Some(found) = f(x, y, &spread(some.len(), &at, there))? else {
                return Ok(Vec::new());
            };
            let (at, found_there) = present(&found);
            places = Some((found.len(), at));
            Ok(found_there)
        };
        let found = self.vmap(one, &all, &all_axes)?;
        Ok(places.map(|(len, at)| spread(len, &at, &found)))
    }
}

impl Rule for Mapped {
    fn forward(&self, x: &[Raw]) -> Result<(Vec<Raw>, Vec<Raw>)> {
        let mut visible = 0;
        let one = |x: &[Raw]| {
            let (mut y, kept) = self.rule.forward(x)?;
            visible = y.len();
            y.extend(kept);
            Ok(y)
        };
        let mut y = self.vmap(one, x, &self.axes)?;
        let kept = y.split_off(visible);
        Ok((y, kept))
    }

    fn backward(
        &self,
        x: &[Raw],
        y: &[Raw],
        g: &[Option<Raw>],
        wanted: &[bool],
    ) -> Result<Vec<Option<Raw>>> {
        let one =
            |x: &[Raw], y: &[Raw], g: &[Option<Raw>]| self.rule.backward(x, y, g, wanted).map(Some);
        let found = self.map(x, y, g, &vec![Some(0); g.len()], &one)?;
        found
            .unwrap_or_default()
            .into_iter()
            .zip(&self.axes)
            .map(|(g, axis)| match (g, axis) {
                // what all samples share gets the sum of their gradients
                (Some(g), None) => g.sum_to(&g.shape()[1..]).map(Some),
                (g, _) => Ok(g),
            })
            .collect()
    }

    fn tangent(&self, x: &[Raw], y: &[Raw], t: &[Option<Raw>]) -> Result<Option<Vec<Option<Raw>>>> {
        self.map(x, y, t, &self.axes, &|x, y, t| self.rule.tangent(x, y, t))
    }

    fn reads(&self) -> Reads {
        self.rule.reads()
    }

    fn kept_moves(&self) -> bool {
        self.rule.kept_moves()
    }

    fn is_strict(&self) -> bool {
        self.rule.is_strict()
    }
}

fn or_zero(all: &[Option<Raw>], like: &[Raw]) -> Result<Vec<Raw>> {
    all.iter()
        .zip(like)
        .map(|(g, x)| match g {
            Some(g) => Ok(g.clone()),
            None => x.filled(Scalar::Bool(false)),
        })
        .collect()
}
