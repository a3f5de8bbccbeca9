//! Conformance cases of others through the rate-limit module, in this crate's host and on its clock.
//!
//! The cases are read from the folder that `SLUICEGATE_CASES` names. Each is translated into a config of ours by rule;
//! what our config cannot say, and what no request can ask, is left out and counted. Every answer is held against the
//! rules for what clients are told ([`answer`]).

mod answer;
#[allow(dead_code, reason = "it reads fields by their names as well")]
#[path = "../../../filters/rate-limit/tests/header_syntax/draft.rs"]
mod draft;
mod keys;
mod player;
mod sequences;

use std::path::Path;

use serde_json::json;

use answer::Answer;
use player::{Asked, Player};

/// The text of a file of cases; `None`, and a word about it, where there is none.
fn cases(file: &str) -> Option<String> {
    let Some(folder) = std::env::var_os("SLUICEGATE_CASES") else {
        println!("ratelimit/{file}: SKIPPED, SLUICEGATE_CASES is not set");
        return None;
    };
    let path = Path::new(&folder).join("ratelimit").join(file);
    Some(std::fs::read_to_string(&path).unwrap_or_else(|error| panic!("{}: {error}", path.display())))
}

/// RL-8: clients are told nothing where that is the config.
#[test]
fn fields_can_be_switched_off() {
    let limit = json!({"name": "cases", "algorithm": "fixed_window", "requests": 1, "per": "1m"});
    let mut player = Player::start(&json!({"headers": [], "limits": [limit]}), 0);
    let told = [player.ask(&Asked::default()), player.ask(&Asked::default())].map(|sent| {
        let names = sent.headers.iter().map(|(name, _)| name.to_ascii_lowercase());
        (sent.status, names.filter(|name| name.starts_with(b"ratelimit")).count())
    });
    // The fields of the upstream stay its own.
    assert_eq!(told, [(200, 2), (429, 0)]);
}

/// Every answer of a player, whose one limit is named `cases`.
fn read(player: &mut Player, asked: &Asked) -> Result<Answer, String> {
    Answer::read(&player.ask(asked))
}
