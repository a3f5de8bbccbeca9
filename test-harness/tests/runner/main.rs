//! Tests of the scenario runner itself: its schema, its matching, its ledger, both its backends.

mod backends;
mod budget;
mod cli;
mod hello;
mod interleave;
mod keep;
mod ledger;
mod matching;
mod play;
mod readme;
mod schema;
