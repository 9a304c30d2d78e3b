//! Traces: functions as data.

use std::collections::{HashMap, HashSet};
use std::fmt::{self, Display};
use std::sync::atomic::{AtomicUsize, Ordering::Relaxed};
use std::sync::{Arc, Mutex};

use super::draw::{Frame, Within, lock};
use super::{Kind, Level, OpenScope, Tag, Tags, refs};
use crate::error::{Error, Result, shape_text};
use crate::layout::Dims;
use crate::primitive::{Outputs, Primitive, Recorded, Spec, Touches, UNKNOWN, bind, bind_into};
use crate::raw::Raw;
use crate::storage::{Access, Storage};

/// Where a trace under way is written.
#[derive(Default)]
pub(crate) struct Recorder {
    variables: AtomicUsize,
    equations: Mutex<Vec<Equation>>,
    read_lengths: Mutex<Vec<ReadLength>>,
    /// Variables that were computed from lengths which values decide, and may have theirs from the trace: a run checks these lengths if
    /// it computes the variables.
    guarded: Mutex<HashSet<usize>>,
}

/// A length that values decide, of which a function made a constant of the trace.
struct ReadLength {
    variable: usize,
    axis: usize,
    length: usize,
    /// Whether only that it is 0, or is not, was read.
    emptiness: bool,
    by: &'static str,
}

impl ReadLength {
    fn allows(&self, length: usize) -> bool {
        match self.emptiness {
            true => (length == 0) == (self.length == 0),
            false => length == self.length,
        }
    }
}

impl Recorder {
    fn variable(&self) -> usize {
        self.variables.fetch_add(1, Relaxed)
    }

    /// Whether values decide a length of a variable, which it shows or has from the trace.
    fn is_decided(&self, variable: usize, spec: &Spec, axis: usize) -> bool {
        spec.shape.get(axis) == Some(&UNKNOWN) || lock(&self.guarded).contains(&variable)
    }
}

struct Equation {
    primitive: Recorded,
    inputs: Vec<Atom>,
    outputs: Vec<(usize, Spec)>,
    /// Shapes of the inputs in the trace, where nothing can be said of others: a length that values decide met a fixed one.
    fixed: Option<Vec<Dims>>,
    /// Shapes of the outputs in the trace.
    traced: Vec<Dims>,
}

/// What an equation reads.
enum Atom {
    Variable(usize),
    Constant(Raw),
}

/// A function as data: the list of primitives that it bound, with attributes, shapes and dtypes. It prints like a jaxpr and
/// runs again.
pub struct Graph {
    inputs: Vec<(usize, Spec)>,
    equations: Vec<Equation>,
    outputs: Vec<Atom>,
    /// After which equation each variable is read for the last time.
    last: HashMap<usize, usize>,
    read_lengths: Vec<ReadLength>,
}

impl Raw {
    /// To be called before a function of this name computes with the length of an axis. Inside a trace, where values decide the length,
    /// the graph then runs with this one alone, and is an error with others.
    pub fn length_is_read(&self, by: &'static str, axis: usize) {
        if self.tag().is_some() {
            self.read_length(by, axis, false);
        }
    }

    /// As [`Raw::length_is_read`], where all that matters is whether there are elements.
    #[cold]
    pub(crate) fn emptiness_is_read(&self) {
        (0..self.rank()).for_each(|axis| self.read_length("size == 0", axis, true));
    }

    /// As [`Raw::length_is_read`], of a function that is undefined where one of these axes has no elements.
    #[cold]
    pub(crate) fn elements_are_needed(&self, by: &'static str, axes: &[usize]) {
        (axes.iter()).for_each(|&axis| self.read_length(by, axis, true));
    }

    fn read_length(&self, by: &'static str, mut axis: usize, emptiness: bool) {
        let (mut next, length) = (self.tag(), self.shape().get(axis).copied());
        while let Some(tag) = next {
            match &tag.kind {
                Kind::Variable(recorder, variable, spec)
                    if recorder.is_decided(*variable, spec, axis) =>
                {
                    let read = ReadLength {
                        variable: *variable,
                        axis,
                        length: length.unwrap_or(0),
                        emptiness,
                        by,
                    };
                    lock(&recorder.read_lengths).push(read);
                }
                // what lies under it has the batch in front
                Kind::Batch => axis += 1,
                _ => {}
            }
            next = tag.below.as_ref();
        }
    }

    /// As [`Raw::length_is_read`], of all axes.
    #[inline]
    pub fn lengths_are_read(&self, by: &'static str) {
        if self.tag().is_some() {
            (0..self.rank()).for_each(|axis| self.length_is_read(by, axis));
        }
    }
}

fn variable_of(tag: Option<&Tag>) -> Option<(usize, &Spec)> {
    match &tag?.kind {
        Kind::Variable(_, number, spec) => Some((*number, spec)),
        _ => None,
    }
}

/// A constant is kept as it is now: memory that others may write is copied.
fn constant(x: &Raw) -> Result<Raw> {
    match x.storage().access() {
        Access::Owned => Ok(x.clone()),
        _ => x.copied(),
    }
}

fn atom(x: &Raw, tag: Option<&Tag>) -> Result<Atom> {
    match variable_of(tag) {
        Some((number, _)) => Ok(Atom::Variable(number)),
        None => constant(x).map(Atom::Constant),
    }
}

/// Runs a primitive on the values under the tags, and writes down what was bound.
pub(crate) fn append(
    recorder: &Arc<Recorder>,
    p: &dyn Primitive,
    level: Level,
    x: &[Raw],
    tags: &Tags<'_>,
) -> Result<Outputs<Raw>> {
    // before it runs: a primitive may write into the memory of its first operand, of which a constant keeps what was there
    let writes = p.access() == Touches::WritesFirst;
    let inputs = x
        .iter()
        .zip(tags)
        .enumerate()
        .map(|(i, (x, tag))| match variable_of(*tag) {
            None if writes && i == 0 => x.copied().map(Atom::Constant),
            _ => atom(x, *tag),
        })
        .collect::<Result<Vec<_>>>()?;
    let y = bind(p, &refs(x))?;
    // what can be said without values, where anything can: a length that they decide stays unknown
    let known: Vec<Spec> = x
        .iter()
        .zip(tags)
        .map(|(x, tag)| variable_of(*tag).map_or_else(|| Spec::of(x), |(_, spec)| spec.clone()))
        .collect();
    let inferred = p.infer(&known.iter().collect::<Vec<_>>());
    let decided = known.iter().any(|spec| spec.shape.contains(&UNKNOWN));
    let shapes = |x: &[Raw]| x.iter().map(|x| Dims::from_slice(x.shape())).collect();
    // a length that is broadcast fits as 1, too
    let meets = x.len() > 1 || p.name() == "broadcast_to";
    let fixed = (decided && meets && inferred.is_err()).then(|| shapes(x));
    let traced = shapes(y.as_slice());
    let of_guarded = |tag: &Option<&Tag>| {
        variable_of(*tag).is_some_and(|(number, _)| lock(&recorder.guarded).contains(&number))
    };
    let guarded = decided || tags.iter().any(of_guarded);
    let specs = match inferred {
        Ok(specs) if specs.as_slice().len() == y.as_slice().len() => specs.into_vec(),
        _ => y.as_slice().iter().map(Spec::of).collect(),
    };
    let outputs: Vec<(usize, Spec)> = specs
        .into_iter()
        .map(|spec| (recorder.variable(), spec))
        .collect();
    if guarded {
        lock(&recorder.guarded).extend(outputs.iter().map(|(number, _)| *number));
    }
    let y = y.map(|i, y| {
        let (number, spec) = &outputs[i];
        y.push(
            level,
            Kind::Variable(recorder.clone(), *number, spec.clone()),
        )
    });
    lock(&recorder.equations).push(Equation {
        primitive: p.shared(),
        inputs,
        outputs,
        fixed,
        traced,
    });
    Ok(y)
}

/// Runs `f` once and writes down which primitives it bound to what.
///
/// # Errors
/// When `f` fails, or reads the value of one of its variables.
pub fn trace(f: impl FnOnce(&[Raw]) -> Result<Vec<Raw>>, x: &[Raw]) -> Result<Graph> {
    let (scope, _draws) = (OpenScope::open(), Within::new(Frame::Trace));
    let recorder = Arc::new(Recorder::default());
    let inputs: Vec<(usize, Spec)> = x
        .iter()
        .map(|x| (recorder.variable(), Spec::of(x)))
        .collect();
    let named: Vec<Raw> = x
        .iter()
        .zip(&inputs)
        .map(|(x, (number, spec))| {
            let kind = Kind::Variable(recorder.clone(), *number, spec.clone());
            x.clone().push(scope.level, kind)
        })
        .collect();
    let y = f(&named)?;
    let outputs = y
        .iter()
        .map(|y| {
            let (y, tag) = scope.leave("trace", y)?;
            atom(&y, tag.as_deref())
        })
        .collect::<Result<Vec<_>>>()?;
    let equations = std::mem::take(&mut *lock(&recorder.equations));
    let read_lengths = std::mem::take(&mut *lock(&recorder.read_lengths));
    Ok(Graph::new(inputs, equations, outputs, read_lengths))
}

impl Graph {
    /// Equations that nothing reads are left out.
    fn new(
        inputs: Vec<(usize, Spec)>,
        equations: Vec<Equation>,
        outputs: Vec<Atom>,
        read_lengths: Vec<ReadLength>,
    ) -> Graph {
        let mut read: HashSet<usize> = outputs.iter().filter_map(variable).collect();
        read.extend(read_lengths.iter().map(|read| read.variable));
        let mut kept = Vec::with_capacity(equations.len());
        for equation in equations.into_iter().rev() {
            let writes = equation.primitive.access() == Touches::WritesFirst;
            if !writes
                && !equation
                    .outputs
                    .iter()
                    .any(|(number, _)| read.contains(number))
            {
                continue;
            }
            for atom in &equation.inputs {
                if let Atom::Variable(number) = atom {
                    read.insert(*number);
                }
            }
            kept.push(equation);
        }
        kept.reverse();
        let mut last = HashMap::new();
        for (i, equation) in kept.iter().enumerate() {
            for atom in &equation.inputs {
                if let Atom::Variable(number) = atom {
                    last.insert(*number, i);
                }
            }
        }
        for atom in &outputs {
            if let Atom::Variable(number) = atom {
                last.insert(*number, usize::MAX);
            }
        }
        Graph {
            inputs,
            equations: kept,
            outputs,
            last,
            read_lengths,
        }
    }

    /// How many primitives it runs.
    pub fn len(&self) -> usize {
        self.equations.len()
    }

    /// Returns true where it runs no primitives: it is the identity, or constant.
    pub fn is_empty(&self) -> bool {
        self.equations.is_empty()
    }

    /// Shapes and dtypes of the inputs.
    pub fn inputs(&self) -> impl Iterator<Item = &Spec> {
        self.inputs.iter().map(|(_, spec)| spec)
    }

    /// Runs it again, on inputs of the same shapes and dtypes.
    ///
    /// # Errors
    /// When the number of inputs, a shape or a dtype is another than in the trace.
    pub fn run(&self, x: &[Raw]) -> Result<Vec<Raw>> {
        let all = self.evaluated(x, &HashMap::new(), &mut [])?;
        let result = |atom: &Atom| match atom {
            // the graph's own memory is not for others to write
            Atom::Constant(x) if x.storage().access() != Access::Owned => x.copied(),
            _ => value(&all, atom),
        };
        self.outputs.iter().map(result).collect()
    }

    /// As [`Graph::run`], with the results written into tensors of their shapes and dtypes: the same bits. A primitive whose result
    /// is an output writes it where it is, if the memory is none of an input's; what was there before is lost, after an error too.
    ///
    /// # Errors
    /// As [`Graph::run`], and when an output has another shape or dtype, or cannot be written.
    pub fn run_into(&self, x: &[Raw], out: &mut [&mut Raw]) -> Result<()> {
        if out.len() != self.outputs.len() {
            return Err(Error::value(
                "graph",
                format!(
                    "the graph has {} outputs, not {}",
                    self.outputs.len(),
                    out.len()
                ),
            ));
        }
        let specs: HashMap<usize, &Spec> = self
            .inputs
            .iter()
            .chain(self.equations.iter().flat_map(|e| &e.outputs))
            .map(|(number, spec)| (*number, spec))
            .collect();
        for (i, (atom, out)) in self.outputs.iter().zip(out.iter()).enumerate() {
            let constant;
            let spec = match atom {
                Atom::Variable(number) => specs.get(number).copied(),
                Atom::Constant(x) => {
                    constant = Spec::of(x);
                    Some(&constant)
                }
            };
            if let Some(spec) = spec {
                fits(&format!("output {i}"), spec, out)?;
            }
            out.may_be_output("graph")?;
        }
        let direct = self.written_at_once(x, out);
        let all = self.evaluated(x, &direct, out)?;
        let mut left = Vec::new();
        for (i, atom) in self.outputs.iter().enumerate() {
            let written =
                variable(atom).is_some_and(|n| direct.contains_key(&n) && !all.contains_key(&n));
            if written {
                continue;
            }
            let y = value(&all, atom)?;
            if y.shape() != out[i].shape() {
                fits(&format!("output {i}"), &Spec::of(&y), out[i])?;
            }
            // an input that is returned, or a part of one, may lie where another output is written
            let met = (0..out.len())
                .any(|j| j != i && Storage::same_buffer(out[j].storage(), y.storage()));
            left.push((i, if met { y.copied()? } else { y }));
        }
        left.into_iter().try_for_each(|(i, y)| out[i].assign(&y))
    }

    /// Variables that nothing but one output reads, and which of the outputs it is, where its memory is no other's.
    fn written_at_once(&self, x: &[Raw], out: &[&mut Raw]) -> HashMap<usize, usize> {
        let read: HashSet<usize> = self
            .equations
            .iter()
            .flat_map(|e| &e.inputs)
            .filter_map(variable)
            .collect();
        let mut direct = HashMap::new();
        let mut twice = HashSet::new();
        for (i, number) in self.outputs.iter().map(variable).enumerate() {
            let Some(number) = number else { continue };
            let others = out.iter().enumerate().filter(|(j, _)| *j != i);
            let met = x
                .iter()
                .chain(others.map(|(_, y)| &**y))
                .any(|y| Storage::same_buffer(y.storage(), out[i].storage()));
            if read.contains(&number) || met || direct.insert(number, i).is_some() {
                twice.insert(number);
            }
        }
        direct.retain(|number, _| {
            let alone = |e: &&Equation| e.outputs.len() == 1 && e.outputs[0].0 == *number;
            let made = self.equations.iter().find(alone);
            !twice.contains(number) && made.is_some_and(|e| e.primitive.access() == Touches::Reads)
        });
        direct
    }

    /// What this graph fixes of a variable's lengths is fixed in a trace that it runs in.
    fn hand_on(&self, number: usize, spec: &Spec, y: &Raw) {
        for (axis, length) in spec.shape.iter().enumerate() {
            if *length != UNKNOWN {
                y.length_is_read("graph", axis);
            }
        }
        for read in self
            .read_lengths
            .iter()
            .filter(|read| read.variable == number)
        {
            y.read_length(read.by, read.axis, read.emptiness);
        }
    }

    /// The values of all variables that are read last by the outputs; those in `direct` are written into `out` instead.
    fn evaluated(
        &self,
        x: &[Raw],
        direct: &HashMap<usize, usize>,
        out: &mut [&mut Raw],
    ) -> Result<HashMap<usize, Raw>> {
        if x.len() != self.inputs.len() {
            return Err(Error::value(
                "graph",
                format!(
                    "the graph takes {} inputs, not {}",
                    self.inputs.len(),
                    x.len()
                ),
            ));
        }
        let mut all: HashMap<usize, Raw> = HashMap::new();
        for (i, (x, (number, spec))) in x.iter().zip(&self.inputs).enumerate() {
            fits(&format!("input {i}"), spec, x)?;
            // inside another trace it is that one's to check
            x.lengths_are_read("graph");
            all.insert(*number, x.clone());
        }
        // whether a length that values decide is another one than in the trace
        let mut moved = false;
        for (i, equation) in self.equations.iter().enumerate() {
            let name = equation.primitive.name();
            let mut inputs = equation
                .inputs
                .iter()
                .map(|atom| value(&all, atom))
                .collect::<Result<Vec<_>>>()?;
            if let Some(shapes) = &equation.fixed
                && let Some((was, is)) = shapes
                    .iter()
                    .zip(&inputs)
                    .find(|(was, is)| was[..] != *is.shape())
            {
                let (was, is) = (shape_text(was), shape_text(is.shape()));
                let problem = format!("an operand has shape {is}, in the trace it had {was}");
                return Err(other_lengths(name, &problem));
            }
            if equation.fixed.is_some() {
                inputs.iter().for_each(|x| x.lengths_are_read("graph"));
            }
            // nothing else may tell of the mask: what it keeps is left out where nothing reads it
            let differed = moved || name == "expand";
            let explained = move |error: Error| match differed {
                true => other_lengths(name, error.to_string().lines().next().unwrap_or_default()),
                false => error,
            };
            if equation.primitive.access() == Touches::WritesFirst {
                // what it writes is its own: neither an input of the caller nor a constant
                inputs[0] = inputs[0].copied()?;
            }
            if let [(number, spec)] = &equation.outputs[..]
                && let Some(&at) = direct.get(number)
                && spec.shape == Dims::from_slice(out[at].shape())
            {
                bind_into(&*equation.primitive, &refs(&inputs), out[at]).map_err(explained)?;
                continue;
            }
            let y = bind(&*equation.primitive, &refs(&inputs)).map_err(explained)?;
            for (i, y) in y.into_vec().into_iter().enumerate() {
                let (number, spec) = &equation.outputs[i];
                fits(name, spec, &y).map_err(explained)?;
                if y.tag().is_some() {
                    self.hand_on(*number, spec, &y);
                }
                if spec.shape.contains(&UNKNOWN) && equation.traced[i][..] != *y.shape() {
                    moved = true;
                    let is_fixed = |read: &&ReadLength| {
                        read.variable == *number && !read.allows(y.shape()[read.axis])
                    };
                    if let Some(read) = self.read_lengths.iter().find(is_fixed) {
                        let (is, was) = (y.shape()[read.axis], read.length);
                        return Err(read_length(read.by, is, was));
                    }
                }
                all.insert(*number, y);
            }
            // memory goes back when a value was read for the last time
            for atom in &equation.inputs {
                if let Atom::Variable(number) = atom
                    && self.last.get(number) == Some(&i)
                {
                    all.remove(number);
                }
            }
        }
        Ok(all)
    }
}

fn value(all: &HashMap<usize, Raw>, atom: &Atom) -> Result<Raw> {
    match atom {
        Atom::Constant(x) => Ok(x.clone()),
        Atom::Variable(number) => all
            .get(number)
            .cloned()
            .ok_or_else(|| Error::value("graph", "a variable has no value: a bug of the trace")),
    }
}

fn variable(atom: &Atom) -> Option<usize> {
    match atom {
        Atom::Variable(number) => Some(*number),
        Atom::Constant(_) => None,
    }
}

/// A primitive with its attributes. A derived `Debug` names the type; a graph shows the primitive's name, and the attributes in
/// brackets.
fn shown(p: &dyn Primitive) -> String {
    let text = format!("{p:?}");
    if !text.starts_with(char::is_uppercase) {
        return text;
    }
    let is_word = |c: char| c.is_alphanumeric() || c == '_';
    let attributes = text.trim_start_matches(is_word).trim();
    let inner = attributes
        .strip_prefix(['{', '('])
        .and_then(|rest| rest.strip_suffix(['}', ')']));
    match inner {
        Some(inner) => format!("{}[{}]", p.name(), inner.trim()),
        None => p.name().to_string(),
    }
}

fn fits(what: &str, spec: &Spec, x: &Raw) -> Result<()> {
    let same = spec.shape.len() == x.rank()
        && spec
            .shape
            .iter()
            .zip(x.shape())
            .all(|(a, b)| a == b || *a == UNKNOWN);
    if same && spec.dtype == x.dtype() {
        return Ok(());
    }
    Err(Error::shape(
        "graph",
        format!(
            "{what} is {} of shape {}, in the trace it was {} of shape {}",
            x.dtype(),
            shape_text(x.shape()),
            spec.dtype,
            lengths(&spec.shape),
        ),
    )
    .rule("a graph runs on the shapes and dtypes that it was traced with")
    .hint("trace the function again for these inputs"))
}

/// An equation met a length that values decide, which was another one in the trace.
#[cold]
fn other_lengths(op: &str, problem: &str) -> Error {
    Error::shape(
        "graph",
        format!("`{op}` was traced for other lengths, which values decide: {problem}"),
    )
    .rule("a mask, `nonzero` and `unique` may keep another number of elements; fixed lengths, which derivatives have too, stay those of the trace")
    .hint("trace the function again, or trace it without its derivative and differentiate the graph")
}

/// A function has read a length that values decide, which was another one in the trace.
#[cold]
fn read_length(by: &str, is: usize, was: usize) -> Error {
    Error::shape(
        "graph",
        format!("`{by}` read a length that values decide: it is {is}, in the trace it was {was}"),
    )
    .rule("a mask, `nonzero` and `unique` may keep another number of elements; what was computed from that number is a constant of the trace")
    .hint("trace the function again for these inputs; or choose by `where`, which keeps all elements")
}

fn lengths(shape: &[usize]) -> String {
    let length = |&n: &usize| {
        if n == UNKNOWN {
            "?".to_string()
        } else {
            n.to_string()
        }
    };
    format!(
        "[{}]",
        shape.iter().map(length).collect::<Vec<_>>().join(",")
    )
}

/// `a`, …, `z`, `aa`, …
fn name(number: usize) -> String {
    let letter = |i: usize| char::from(b'a' + (i % 26) as u8).to_string();
    if number < 26 {
        letter(number)
    } else {
        name(number / 26 - 1) + &letter(number)
    }
}

impl Display for Graph {
    /// As JAX prints a jaxpr.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        // variables by the order in which they appear: those of equations that were left out have no letter
        let mut letters: HashMap<usize, usize> = HashMap::new();
        let written = self
            .inputs
            .iter()
            .chain(self.equations.iter().flat_map(|e| &e.outputs));
        for (number, _) in written {
            let next = letters.len();
            letters.entry(*number).or_insert(next);
        }
        let of = |number: &usize| letters.get(number).map_or("?".into(), |&i| name(i));
        let variable = |(number, spec): &(usize, Spec)| {
            format!("{}:{}{}", of(number), spec.dtype, lengths(&spec.shape))
        };
        let atom = |atom: &Atom| match atom {
            Atom::Variable(number) => of(number),
            Atom::Constant(x) if x.len() == 1 && x.rank() == 0 => {
                x.item().map_or("constant".into(), |v| v.to_string())
            }
            Atom::Constant(x) => format!("constant:{}{}", x.dtype(), lengths(x.shape())),
        };
        let list = |all: Vec<String>| all.join(" ");
        writeln!(
            f,
            "{{ lambda {} . let",
            list(self.inputs.iter().map(variable).collect())
        )?;
        for equation in &self.equations {
            writeln!(
                f,
                "    {} = {} {}",
                list(equation.outputs.iter().map(variable).collect()),
                shown(&*equation.primitive),
                list(equation.inputs.iter().map(atom).collect())
            )?;
        }
        let outputs: Vec<String> = self.outputs.iter().map(atom).collect();
        write!(f, "  in ({}) }}", outputs.join(", "))
    }
}

impl fmt::Debug for Graph {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        Display::fmt(self, f)
    }
}
