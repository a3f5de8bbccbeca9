//! What the tests of all algorithms draw from: quotas, and schedules of requests.
#![allow(clippy::arithmetic_side_effects)]

mod calendar;
mod fixed_window;
mod give_back;
mod level;
mod promises;
mod sliding_window;
mod token_bucket;

use std::num::NonZeroU32;
use std::time::Duration;

use proptest::prelude::*;
use sluicegate_common::time::Nanos;

use super::{Align, Judged, Level, Period, Quota, Standing};

/// Some time in 2026.
const START: Nanos = Nanos(1_790_000_000_123_456_789);

fn count(n: u32) -> NonZeroU32 {
    NonZeroU32::new(n).unwrap()
}

/// Of every algorithm, with numbers so small that everything happens.
fn any_quota() -> impl Strategy<Value = Quota> {
    let per = prop_oneof![1_u64..50, 900_u64..1_100, Just(1_000_000_007)].prop_map(Duration::from_nanos);
    let period = prop_oneof![Just(Period::Day), Just(Period::Week), Just(Period::Month)];
    let made = (1_u32..12, per, 1_u32..12, period, 0_u32..24, 0_u8..5);
    made.prop_map(|(requests, per, burst, period, hours, algorithm)| {
        match algorithm {
            0 => Quota::token_bucket(count(requests), per, count(burst)),
            1 => Quota::fixed_window(count(requests), per, Align::Epoch),
            2 => Quota::fixed_window(count(requests), per, Align::FirstRequest),
            3 => Quota::calendar(
                count(requests),
                period,
                Duration::from_hours(u64::from(hours)).saturating_sub(Duration::from_nanos(1)),
            ),
            _ => Quota::sliding_window(count(requests), per),
        }
        .unwrap()
    })
}

/// Pauses, as parts of the quota's window and nanoseconds more, and costs.
fn any_schedule() -> impl Strategy<Value = Vec<(u16, u64, u32)>> {
    let part = prop_oneof![2 => Just(0_u16), 3 => 0_u16..400, 1 => 0_u16..3_000];
    prop::collection::vec((part, 0_u64..3, 0_u32..5), 1..60)
}

/// When, and how much: a window is a thousand parts.
fn requests(quota: &Quota, schedule: &[(u16, u64, u32)]) -> Vec<(Nanos, u32)> {
    let mut now = START;
    let timed = schedule.iter().map(|&(part, nanos, cost)| {
        let pause = quota.window().as_nanos() * u128::from(part) / 1_000;
        now = now.plus(Duration::from_nanos(u64::try_from(pause).unwrap() + nanos));
        (now, cost)
    });
    timed.collect()
}

/// The level after all of them, and those that fitted.
fn play(quota: &Quota, requests: &[(Nanos, u32)]) -> (Level, Vec<(Nanos, u32)>) {
    let mut level = Level::default();
    let mut taken = Vec::new();
    for &(now, cost) in requests {
        if let Judged::Fits { after, .. } = quota.judge(level, cost, now) {
            level = after;
            taken.push((now, cost));
        }
    }
    (level, taken)
}

fn fits(quota: &Quota, level: Level, cost: u32, now: Nanos) -> bool {
    matches!(quota.judge(level, cost, now), Judged::Fits { .. })
}

fn standing(quota: &Quota, level: Level, now: Nanos) -> Standing {
    match quota.judge(level, 0, now) {
        Judged::Fits { standing, .. } | Judged::Exceeds { standing, .. } => standing,
    }
}

/// Up to the next window but two, densely at first.
fn later(quota: &Quota, now: Nanos) -> impl Iterator<Item = Nanos> {
    let window = quota.window();
    (0..60_u32).map(move |i| now.plus(if i < 10 { Duration::from_nanos(i.into()) } else { window * (i - 10) / 20 }))
}

fn sum(taken: &[(Nanos, u32)]) -> u128 {
    taken.iter().map(|&(_, cost)| u128::from(cost)).sum()
}
