//! The whole filter, with heads in memory in the place of a proxy.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    clippy::arithmetic_side_effects
)]

mod actual;
mod cases;
mod exchange;
mod preflight;

#[test]
fn cases_of_others() {
    cases::play_all(&mut exchange::Pure);
}
