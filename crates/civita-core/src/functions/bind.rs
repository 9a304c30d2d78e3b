//! Arguments to parameters, by Python's rules and with Python's messages.

use std::fmt;

use super::{Form, FunctionRow, Param, Value};

/// What a parameter got.
#[derive(Clone, Debug, PartialEq)]
pub enum Given<V> {
    /// Nothing: its default counts.
    Default,
    /// An argument.
    One(V),
    /// All positional arguments that were left.
    Rest(Vec<V>),
}

/// Why arguments do not fit the parameters; the text is that of CPython's `TypeError`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct BindError(String);

impl fmt::Display for BindError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}
impl std::error::Error for BindError {}

impl Param {
    fn takes_the_rest(&self) -> bool {
        matches!(
            self.form,
            Form::EachArray | Form::EachIndices | Form::Each | Form::Subscripts
        )
    }
}

impl FunctionRow {
    /// Whether so many positional arguments alone give every parameter what it needs, one to one. Most calls are like that, and
    /// need no binding.
    pub fn takes_by_position(&self, given: usize) -> bool {
        given <= self.positional
            && !self.params.iter().any(Param::takes_the_rest)
            && self.params[given..].iter().all(|p| p.default.is_some())
    }

    /// The parameter of this name. Functions that NumPy does not have know PyTorch's names of an axis, too.
    fn place_of(&self, keyword: &str) -> Option<usize> {
        let named = |name: &str| self.params.iter().position(|p| p.name == name);
        let place = named(keyword);
        if place.is_some() || self.oracle.is_none() {
            return place;
        }
        match keyword {
            "dim" => named("axis"),
            "axis" => named("dim"),
            "keepdim" => named("keepdims"),
            _ => None,
        }
    }

    /// What each parameter gets.
    ///
    /// # Errors
    /// When an argument is missing, given twice, or has no parameter.
    pub fn bind<V>(
        &self,
        positional: impl ExactSizeIterator<Item = V>,
        keywords: impl IntoIterator<Item = (impl AsRef<str>, V)>,
    ) -> Result<Vec<Given<V>>, BindError> {
        let given = positional.len();
        let mut bound: Vec<Given<V>> = self.params.iter().map(|_| Given::Default).collect();
        let mut surplus = 0;
        let mut rest = Vec::new();
        let variadic = self.params.iter().position(Param::takes_the_rest);
        for (i, value) in positional.enumerate() {
            match variadic {
                Some(at) if i >= at => rest.push(value),
                _ if i < self.positional => bound[i] = Given::One(value),
                _ => surplus += 1,
            }
        }
        if let Some(at) = variadic {
            bound[at] = Given::Rest(rest);
        }
        let mut by_position_only = Vec::new();
        let mut by_name_only = 0;
        for (keyword, value) in keywords {
            let keyword = keyword.as_ref();
            match self.place_of(keyword) {
                Some(i) if Some(i) == variadic => return Err(self.unexpected(keyword)),
                None => return Err(self.unexpected(keyword)),
                Some(i) if i < self.positional_only => by_position_only.push(i),
                Some(i) if matches!(bound[i], Given::One(_)) => {
                    return Err(self.wrong(format!("got multiple values for argument '{keyword}'")));
                }
                Some(i) => {
                    by_name_only += usize::from(i >= self.positional);
                    bound[i] = Given::One(value);
                }
            }
        }
        if !by_position_only.is_empty() {
            by_position_only.sort_unstable();
            let names: Vec<&str> = by_position_only
                .iter()
                .map(|&i| self.params[i].name)
                .collect();
            return Err(self.wrong(format!(
                "got some positional-only arguments passed as keyword arguments: '{}'",
                names.join(", ")
            )));
        }
        if surplus > 0 {
            return Err(self.too_many(given, by_name_only));
        }
        let is_missing =
            |i: &usize| matches!(bound[*i], Given::Default) && self.params[*i].default.is_none();
        let missing: Vec<usize> = (0..bound.len()).filter(is_missing).collect();
        if missing.is_empty() {
            Ok(bound)
        } else {
            Err(self.missing(&missing))
        }
    }

    #[cold]
    fn wrong(&self, text: impl fmt::Display) -> BindError {
        BindError(format!("{}() {text}", self.name))
    }

    #[cold]
    fn missing(&self, missing: &[usize]) -> BindError {
        // those that may go by position come first; Python tells of the others only when none of these is missing
        let (by_position, by_name): (Vec<usize>, Vec<usize>) =
            missing.iter().partition(|&&i| i < self.positional);
        let (how, which) = match by_position[..] {
            [] => ("keyword-only", by_name),
            _ => ("positional", by_position),
        };
        let names: Vec<String> = which
            .iter()
            .map(|&i| format!("'{}'", self.params[i].name))
            .collect();
        let list = match &names[..] {
            [one] => one.clone(),
            [one, two] => format!("{one} and {two}"),
            [most @ .., last] => format!("{}, and {last}", most.join(", ")),
            [] => String::new(),
        };
        let s = if names.len() == 1 { "" } else { "s" };
        self.wrong(format!(
            "missing {} required {how} argument{s}: {list}",
            names.len()
        ))
    }

    #[cold]
    fn too_many(&self, given: usize, by_name_only: usize) -> BindError {
        let most = self.positional;
        let fewest = self.params[..most]
            .iter()
            .filter(|p| p.default.is_none())
            .count();
        let plural = |n: usize| if n == 1 { "" } else { "s" };
        let takes = match fewest == most {
            true => format!("{most} positional argument{}", plural(most)),
            false => format!("from {fewest} to {most} positional arguments"),
        };
        let were = if given == 1 && by_name_only == 0 {
            "was"
        } else {
            "were"
        };
        let given = match by_name_only {
            0 => format!("{given} {were} given"),
            n => format!(
                "{given} positional argument{} (and {n} keyword-only argument{}) {were} given",
                plural(given),
                plural(n)
            ),
        };
        self.wrong(format!("takes {takes} but {given}"))
    }

    #[cold]
    fn unexpected(&self, keyword: &str) -> BindError {
        let near = self
            .params
            .iter()
            .map(|p| (distance(p.name, keyword), p.name))
            .min_by_key(|(distance, _)| *distance)
            .filter(|(distance, name)| 6 * distance <= name.len() + keyword.len() + 3)
            .map_or(String::new(), |(_, name)| {
                format!(". Did you mean '{name}'?")
            });
        self.wrong(format!(
            "got an unexpected keyword argument '{keyword}'{near}"
        ))
    }

    /// What `inspect.signature` shows; with types, what a stub says.
    pub fn signature(&self, types: bool) -> String {
        self.signature_from(0, types)
    }

    /// As [`FunctionRow::signature`], of the method: the first parameter is `self`.
    pub fn method_signature(&self, types: bool) -> String {
        self.signature_from(1, types)
    }

    fn signature_from(&self, first: usize, types: bool) -> String {
        let mut texts = Vec::new();
        if first > 0 {
            texts.push(if types { "self" } else { "$self" }.to_owned());
        }
        let mut starred = false;
        for (i, param) in self.params.iter().enumerate().skip(first) {
            starred |= param.takes_the_rest();
            if i >= self.positional && !starred {
                texts.push("*".to_owned());
                starred = true;
            }
            texts.push(param.text(types));
            if i + 1 == self.positional_only {
                texts.push("/".to_owned());
            }
        }
        format!("({})", texts.join(", "))
    }
}

impl Param {
    fn text(&self, types: bool) -> String {
        let star = if self.takes_the_rest() { "*" } else { "" };
        let (stub, equals) = match types {
            true => (format!(": {}", self.stub), " = "),
            false => (String::new(), "="),
        };
        let default = self.default.filter(|_| star.is_empty());
        let default = default.map_or(String::new(), |default| format!("{equals}{}", default()));
        format!("{star}{}{stub}{default}", self.name)
    }

    /// Its default as a value; nothing for a parameter that takes the rest.
    pub fn default_value(&self) -> Value<'static> {
        match self.default {
            Some(default) => default(),
            None => Value::List(Vec::new()),
        }
    }
}

/// Insertions, deletions and substitutions from one word to another (Levenshtein).
fn distance(a: &str, b: &str) -> usize {
    let mut row: Vec<usize> = (0..=b.len()).collect();
    for (i, x) in a.bytes().enumerate() {
        let mut diagonal = std::mem::replace(&mut row[0], i + 1);
        for (j, y) in b.bytes().enumerate() {
            let swap = diagonal + usize::from(x != y);
            diagonal = row[j + 1];
            row[j + 1] = swap.min(row[j] + 1).min(diagonal + 1);
        }
    }
    row[b.len()]
}
