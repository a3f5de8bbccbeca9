//! Hostile input harms nobody: every module in `dist/`, in wasmtime and in Envoy, under bytes, sizes and
//! names that no honest peer sends.
//!
//! What must hold of each request stands in [`check`]. After each batch the same worker answers honest
//! requests as a fresh one does: the modules run under `FAIL_CLOSED`, so a trap is never recovered from.

mod bytes;
mod catches;
mod check;
mod form;
mod fuzz;
mod message;
mod module;
mod names;
mod player;
mod preflights;
mod responses;
mod sizes;

use std::sync::Arc;
use std::time::Instant;

use libtest_mimic::{Arguments, Failed, Trial};
use test_harness::backend::Backend;
use test_harness::backend::envoy::{Envoy, Install};
use test_harness::backend::wasmtime::Wasmtime;

use crate::module::{Module, OnAmbiguousPath};
use crate::player::Player;

/// One trial per module and backend.
struct Chapter {
    name: &'static str,
    on_ambiguous_path: OnAmbiguousPath,
    play: fn(&mut Player<'_>) -> Result<(), Failed>,
}

const CHAPTERS: &[Chapter] = &[
    Chapter { name: "header-bytes", on_ambiguous_path: OnAmbiguousPath::Reject, play: bytes::headers },
    Chapter { name: "target-bytes", on_ambiguous_path: OnAmbiguousPath::Reject, play: bytes::targets },
    Chapter { name: "raw-path-bytes", on_ambiguous_path: OnAmbiguousPath::MatchRaw, play: bytes::paths },
    Chapter { name: "sizes", on_ambiguous_path: OnAmbiguousPath::Reject, play: sizes::play },
    Chapter { name: "names", on_ambiguous_path: OnAmbiguousPath::Reject, play: names::play },
    Chapter { name: "preflights", on_ambiguous_path: OnAmbiguousPath::Reject, play: preflights::play },
    Chapter { name: "responses", on_ambiguous_path: OnAmbiguousPath::Reject, play: responses::play },
    Chapter { name: "fuzz", on_ambiguous_path: OnAmbiguousPath::MatchRaw, play: fuzz::play },
];

fn main() {
    let arguments = Arguments::from_args();
    let install = Install::find();
    if let Err(why) = &install {
        eprintln!("hostile input in Envoy is skipped: {why}");
    }
    let envoy = install.ok().map(|install| Arc::new(Envoy::new(install)));
    let modules: Vec<Arc<Module>> = module::discover().into_iter().map(Arc::new).collect();
    let missing = modules.is_empty();
    let mut trials = vec![
        Trial::test("modules are there", move || {
            if missing { Err("no module in dist/: run `make build`".into()) } else { Ok(()) }
        }),
        Trial::test("wrong answers are found", catches::wrong_answers),
        trial("wasmtime::a-trap-is-found".to_owned(), Some(Arc::new(Wasmtime::default())), catches::a_trap),
        trial("envoy::a-trap-is-found".to_owned(), envoy.clone(), catches::a_trap),
    ];
    for module in &modules {
        for chapter in CHAPTERS {
            trials.push(chapter.trial("wasmtime", Some(Arc::new(Wasmtime::default())), module));
            trials.push(chapter.trial("envoy", envoy.clone(), module));
        }
    }
    let conclusion = libtest_mimic::run(&arguments, trials);
    drop(envoy); // ends the processes: `exit` runs no destructors
    conclusion.exit();
}

impl Chapter {
    fn trial<B>(&'static self, backend_name: &str, backend: Option<Arc<B>>, module: &Arc<Module>) -> Trial
    where
        B: Backend + Send + 'static,
    {
        let name = format!("{backend_name}::{}::{}", module.name, self.name);
        let (module, title) = (Arc::clone(module), name.clone());
        trial(name, backend, move |backend| {
            let start = Instant::now();
            let scenario = module.scenario(self.on_ambiguous_path)?;
            let mut player = Player::start(backend, &scenario, module.speaks_cors()?)?;
            (self.play)(&mut player)?;
            eprintln!("{title}: {}, {:.1} s", player.counts(), start.elapsed().as_secs_f64());
            Ok(())
        })
    }
}

/// A trial in a backend; ignored where that is missing.
fn trial<B>(
    name: String,
    backend: Option<Arc<B>>,
    play: impl FnOnce(&dyn Backend) -> Result<(), Failed> + Send + 'static,
) -> Trial
where
    B: Backend + Send + 'static,
{
    match backend {
        Some(backend) => Trial::test(name, move || play(&*backend)),
        None => Trial::test(name, || Ok(())).with_ignored_flag(true),
    }
}
