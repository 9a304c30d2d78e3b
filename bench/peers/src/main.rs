//! Civita, ndarray and numr on the same numbers, in turn, in one run; medians, as JSON and as a table.
//!
//! ```text
//! cargo run --release                          everything, a few minutes
//! cargo run --release -- --only matmul         rows whose name contains the word
//! cargo run --release -- --quick --json FILE   shorter samples, fewer sizes; where the JSON goes
//! ```
//!
//! Thread counts are read when a library starts, so the program starts itself once for each: `--threads N` is such a
//! run, which prints one JSON line a cell.

mod measure;
mod numbers;
mod rows;

#[cfg(feature = "civita")]
mod civita_rows;
mod ndarray_rows;
mod numr_rows;

use std::io::{BufRead, BufReader, Write};
use std::process::{Command, ExitCode, Stdio};

use measure::{Cell, time_cell};
use rows::ROWS;

struct Options {
    only: String,
    quick: bool,
    json: Option<String>,
    threads: Option<usize>,
}

fn options() -> Result<Options, String> {
    let mut found = Options {
        only: String::new(),
        quick: false,
        json: None,
        threads: None,
    };
    let mut words = std::env::args().skip(1);
    while let Some(word) = words.next() {
        let mut value = || words.next().ok_or(format!("{word} needs a value"));
        match word.as_str() {
            "--quick" => found.quick = true,
            "--only" => found.only = value()?,
            "--json" => found.json = Some(value()?),
            "--threads" => {
                found.threads = Some(value()?.parse().map_err(|e| format!("--threads: {e}"))?)
            }
            _ => {
                return Err(format!(
                    "unknown option {word}; there are --only, --quick, --json, --threads"
                ));
            }
        }
    }
    Ok(found)
}

fn main() -> ExitCode {
    let done = options().and_then(|options| match options.threads {
        Some(threads) => {
            work(&options, threads);
            Ok(())
        }
        None => conduct(&options),
    });
    match done {
        Ok(()) => ExitCode::SUCCESS,
        Err(message) => {
            eprintln!("{message}");
            ExitCode::FAILURE
        }
    }
}

/// Times every chosen cell with the thread count this process was started with.
fn work(options: &Options, threads: usize) {
    let budget = if options.quick { 0.06 } else { 0.2 };
    for row in ROWS.iter().filter(|r| r.name.contains(&options.only)) {
        for size in row.sizes {
            if options.quick && row.sizes.len() > 4 && !["1", "10K", "1M"].contains(&size.label) {
                continue;
            }
            for real in row.reals {
                let cell = Cell {
                    row: row.name,
                    size: size.label,
                    dtype: real.name(),
                    threads,
                };
                let subjects = [
                    #[cfg(feature = "civita")]
                    ("civita", civita_rows::subject(*real, row.name, size.shape)),
                    (
                        "ndarray",
                        ndarray_rows::subject(*real, row.name, size.shape),
                    ),
                    ("numr", numr_rows::subject(*real, row.name, size.shape)),
                ];
                let subjects = subjects
                    .into_iter()
                    .filter_map(|(n, run)| Some((n, run?)))
                    .collect();
                println!("{}", cell.json(&time_cell(subjects, budget)));
                std::io::stdout().flush().ok();
            }
        }
    }
}

/// Starts a worker for one thread and one for two, shows their results as they come, writes the JSON.
fn conduct(options: &Options) -> Result<(), String> {
    let program = std::env::current_exe().map_err(|e| e.to_string())?;
    let mut lines = Vec::new();
    println!(
        "{:<44} {:>11} {:>11} {:>11}   peers ÷ civita, slowest first",
        "", "civita", "ndarray", "numr"
    );
    for threads in ["1", "2"] {
        let mut command = Command::new(&program);
        command
            .args(["--threads", threads, "--only", &options.only])
            .stdout(Stdio::piped());
        if options.quick {
            command.arg("--quick");
        }
        for name in [
            "CIVITA_NUM_THREADS",
            "RAYON_NUM_THREADS",
            "MATMUL_NUM_THREADS",
            "OMP_NUM_THREADS",
        ] {
            command.env(name, threads);
        }
        let mut child = command.spawn().map_err(|e| e.to_string())?;
        let output = child.stdout.take().ok_or("the worker has no output")?;
        for line in BufReader::new(output).lines() {
            let line = line.map_err(|e| e.to_string())?;
            println!("{}", measure::table_line(&line));
            lines.push(line);
        }
        let status = child.wait().map_err(|e| e.to_string())?;
        if !status.success() {
            return Err(format!(
                "the worker with {threads} thread(s) ended with {status}"
            ));
        }
    }
    let behind = lines.iter().filter(|l| measure::is_behind(l)).count();
    println!("{} cells; Civita is behind a peer in {behind}", lines.len());
    if let Some(path) = &options.json {
        if let Some(folder) = std::path::Path::new(path).parent() {
            std::fs::create_dir_all(folder).map_err(|e| format!("{}: {e}", folder.display()))?;
        }
        let text = format!("[\n{}\n]\n", lines.join(",\n"));
        std::fs::write(path, text).map_err(|e| format!("{path}: {e}"))?;
    }
    Ok(())
}
