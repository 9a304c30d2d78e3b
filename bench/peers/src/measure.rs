//! The stop watch: subjects take turns, a sample each, and the median of a subject's samples is its time.

use std::hint::black_box;
use std::time::{Duration, Instant};

/// Runs one library's side of a cell so many times and says how long that took.
pub type Run = Box<dyn FnMut(u32) -> Duration>;

/// Makes a `Run` of a closure; results are dropped inside the time, as they are in a program.
pub fn timed<R>(mut work: impl FnMut() -> R + 'static) -> Option<Run> {
    Some(Box::new(move |times| {
        let start = Instant::now();
        for _ in 0..times {
            black_box(work());
        }
        start.elapsed()
    }))
}

/// The same for work that can fail; none, and a word about it, when it does.
pub fn timed_try<R, E: std::fmt::Debug>(
    library: &str,
    mut work: impl FnMut() -> Result<R, E> + 'static,
) -> Option<Run> {
    if let Err(error) = work() {
        eprintln!("{library}: {error:?}");
        return None;
    }
    timed(move || work().ok())
}

/// What a sample lasts, about. With 1 ms, rows of some MB timed how much of a cache the others had left.
const SAMPLE: f64 = 0.005;

/// The median seconds of one run of each subject.
pub fn time_cell(mut subjects: Vec<(&'static str, Run)>, budget: f64) -> Vec<(&'static str, f64)> {
    let mut round = 0.0;
    let counts: Vec<(u32, f64)> = subjects
        .iter_mut()
        .map(|(_, run)| {
            run(1);
            let (mut n, mut seconds) = (1, run(1).as_secs_f64());
            while seconds < SAMPLE / 4.0 && n < 1 << 24 {
                n *= 4;
                seconds = run(n).as_secs_f64();
            }
            let each = seconds / f64::from(n);
            round += each.max(SAMPLE);
            ((SAMPLE / each).round().clamp(1.0, 1e8) as u32, each)
        })
        .collect();
    let rounds = ((budget / round) as usize).clamp(if round > 0.5 { 3 } else { 5 }, 60);
    let mut samples = vec![Vec::with_capacity(rounds); subjects.len()];
    for turn in 0..rounds {
        for i in 0..subjects.len() {
            let i = (i + turn) % subjects.len();
            let (n, each) = counts[i];
            if each < 2.0 * SAMPLE {
                subjects[i].1(1); // wakes this library's threads and fills the caches
            }
            samples[i].push(subjects[i].1(n).as_secs_f64() / f64::from(n));
        }
    }
    subjects
        .iter()
        .map(|s| s.0)
        .zip(samples.into_iter().map(median))
        .collect()
}

fn median(mut values: Vec<f64>) -> f64 {
    values.sort_by(f64::total_cmp);
    values[values.len() / 2]
}

/// Which measurement.
pub struct Cell {
    pub row: &'static str,
    pub size: &'static str,
    pub dtype: &'static str,
    pub threads: usize,
}

impl Cell {
    /// One line: the cell and the nanoseconds of each library.
    pub fn json(&self, times: &[(&str, f64)]) -> String {
        let Self {
            row,
            size,
            dtype,
            threads,
        } = self;
        let times: Vec<String> = times
            .iter()
            .map(|(n, s)| format!("\"{n}\":{:.1}", s * 1e9))
            .collect();
        format!(
            "{{\"row\":\"{row}\",\"size\":\"{size}\",\"dtype\":\"{dtype}\",\"threads\":{threads},\"ns\":{{{}}}}}",
            times.join(",")
        )
    }
}

/// A value out of one of our own lines.
fn field<'a>(line: &'a str, name: &str) -> Option<&'a str> {
    let (_, rest) = line.split_once(&format!("\"{name}\":"))?;
    match rest.strip_prefix('"') {
        Some(text) => text.split('"').next(),
        None => rest.split([',', '}']).next(),
    }
}

fn nanoseconds(line: &str, library: &str) -> Option<f64> {
    field(line, library)?.parse().ok()
}

fn ratios(line: &str) -> Vec<f64> {
    let ours = nanoseconds(line, "civita");
    let peers = ["ndarray", "numr"]
        .into_iter()
        .filter_map(|p| nanoseconds(line, p));
    let mut ratios: Vec<f64> = peers.filter_map(|p| Some(p / ours?)).collect();
    ratios.sort_by(|a, b| b.total_cmp(a));
    ratios
}

/// Whether a peer was faster, by more than the two digits we print.
pub fn is_behind(line: &str) -> bool {
    ratios(line).iter().any(|r| *r < 0.995)
}

/// The line for people.
pub fn table_line(line: &str) -> String {
    let get = |name| field(line, name).unwrap_or("?");
    let what = format!(
        "{} {} {}, {} thread(s)",
        get("row"),
        get("size"),
        get("dtype"),
        get("threads")
    );
    let time = |library| nanoseconds(line, library).map_or("–".to_string(), duration);
    let ratios: Vec<String> = ratios(line).iter().map(|r| format!("{r:.2}")).collect();
    let flag = if is_behind(line) { "  BEHIND" } else { "" };
    format!(
        "{what:<44} {:>11} {:>11} {:>11}   {}{flag}",
        time("civita"),
        time("ndarray"),
        time("numr"),
        ratios.join(" ... ")
    )
}

fn duration(ns: f64) -> String {
    match ns {
        ns if ns < 1e3 => format!("{ns:.1} ns"),
        ns if ns < 1e6 => format!("{:.2} µs", ns / 1e3),
        ns => format!("{:.2} ms", ns / 1e6),
    }
}
