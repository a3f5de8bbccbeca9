//! The command line: plays scenario files, checks configurations, tries requests out.

mod commands {
    pub mod check;
    pub mod try_request;
}

use std::path::PathBuf;
use std::process::ExitCode;

use clap::{Parser, Subcommand, ValueEnum};
use test_harness::Profile;
use test_harness::backend::Backend;
use test_harness::backend::envoy::{Envoy, Install};
use test_harness::backend::wasmtime::Wasmtime;
use test_harness::scenario::{self, Report, Verdict};

/// Tests proxy-wasm plugins with scenario files: no Rust needed, a .wasm and a YAML file are enough.
#[derive(Parser)]
#[command(name = "test-harness", version)]
struct Arguments {
    #[command(subcommand)]
    command: Command,
}

#[derive(Subcommand)]
enum Command {
    /// Play scenarios.
    Run {
        /// Scenario files, or folders of them.
        #[arg(required = true)]
        paths: Vec<PathBuf>,
        /// Where to play them.
        #[arg(long, value_enum, default_value_t = Where::Wasmtime)]
        backend: Where,
        /// As which host wasmtime behaves: envoy or kong.
        #[arg(long, default_value_t)]
        profile: Profile,
        /// Print what happened in each request: callbacks and host calls in wasmtime, the log in Envoy.
        #[arg(long)]
        trace: bool,
    },
    /// Check configurations before they are deployed.
    Check(commands::check::Check),
    /// Show what would happen to one request.
    Try(commands::try_request::Try),
}

#[derive(Clone, Copy, ValueEnum)]
enum Where {
    /// This harness's own host: quick, with a virtual clock.
    Wasmtime,
    /// A real Envoy.
    Envoy,
}

fn main() -> ExitCode {
    match Arguments::parse().command {
        Command::Run { paths, backend, profile, trace } => play(&paths, backend, profile, trace),
        Command::Check(check) => check.run(),
        Command::Try(trial) => trial.run(),
    }
}

fn play(paths: &[PathBuf], backend: Where, profile: Profile, trace: bool) -> ExitCode {
    match find_backend(backend, profile).and_then(|backend| run(paths, backend.as_ref(), trace)) {
        Ok(true) => ExitCode::SUCCESS,
        Ok(false) => ExitCode::FAILURE,
        Err(problem) => {
            eprintln!("error: {problem}");
            ExitCode::FAILURE
        }
    }
}

fn find_backend(backend: Where, profile: Profile) -> Result<Box<dyn Backend>, String> {
    match (backend, profile) {
        (Where::Wasmtime, profile) => Ok(Box::new(Wasmtime { profile })),
        (Where::Envoy, Profile::Envoy) => Ok(Box::new(Envoy::new(Install::find()?))),
        (Where::Envoy, other) => Err(format!("--profile {other}: Envoy is Envoy; leave out `--backend envoy`")),
    }
}

/// Plays everything; whether all of it held.
fn run(paths: &[PathBuf], backend: &dyn Backend, trace: bool) -> Result<bool, String> {
    let (mut passed, mut failed, mut skipped) = (0, 0, 0);
    for path in paths {
        let files = scenario::find(path).map_err(|error| error.to_string())?;
        if files.is_empty() {
            return Err(format!("{}: no scenario file (.yaml) in it", path.display()));
        }
        for file in files {
            let verdict = match scenario::load(path, &file) {
                Ok(loaded) => {
                    let report = scenario::run(&loaded, backend);
                    print(&loaded.name, &report, trace);
                    report.verdict()
                }
                Err(error) => {
                    println!("FAILED  {error}");
                    Verdict::Failed
                }
            };
            match verdict {
                Verdict::Passed => passed += 1,
                Verdict::Failed => failed += 1,
                Verdict::Skipped(_) => skipped += 1,
            }
        }
    }
    println!("\n{passed} passed, {failed} failed, {skipped} skipped in {} as {}", backend.name(), backend.profile());
    Ok(failed == 0)
}

fn print(name: &str, report: &Report, trace: bool) {
    match report.verdict() {
        Verdict::Passed => println!("passed  {}: {name}{}", report.scenario, schedules(report)),
        Verdict::Failed => println!("FAILED  {}: {name}\n{}", report.scenario, indent(&report.to_string())),
        Verdict::Skipped(why) => println!("skipped {}: {why}", report.scenario),
    }
    for (step, timeline) in report.timelines.iter().filter(|_| trace) {
        println!("  step {step}\n{}", indent(&indent(timeline)));
    }
}

/// How many schedules there were, where it was searched for them.
fn schedules(report: &Report) -> String {
    report.schedules.map_or_else(String::new, |count| format!(" ({count})"))
}

fn indent(text: &str) -> String {
    text.lines().map(|line| format!("  {line}")).collect::<Vec<_>>().join("\n")
}
