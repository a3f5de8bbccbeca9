use std::num::NonZeroU32;

use super::*;

mod closed;
mod half_open;
mod interleaving;
mod properties;
mod time;
mod wait;
mod wire;

const SECOND: u64 = 1_000_000_000;
const START: u64 = 1_700_000_000 * SECOND;

const GOOD: Call = Call { failed: false, slow: false };
const BAD: Call = Call { failed: true, slow: false };
const SLOW: Call = Call { failed: false, slow: true };
const BAD_AND_SLOW: Call = Call { failed: true, slow: true };

/// So many milliseconds after the start.
fn at(milliseconds: u64) -> Nanos {
    Nanos(START + milliseconds * 1_000_000)
}

fn last(size: u32) -> Shape {
    Shape::Count(NonZeroU32::new(size).unwrap())
}

fn seconds(size: u32) -> Shape {
    Shape::Time(NonZeroU32::new(size).unwrap())
}

/// Ten calls, of which four are judged; two permits for five seconds; waits of ten seconds and up to a minute.
fn rules() -> Rules {
    Rules {
        window: last(10),
        minimum_calls: 4,
        failure_rate: 50,
        slow_call_rate: 0,
        consecutive_failures: 0,
        wait: Duration::from_secs(10),
        multiplier: 1.0,
        max_wait: Duration::from_secs(60),
        jitter: 0.0,
        permitted_calls: 2,
        permit_lease: Duration::from_secs(5),
        max_wait_in_half_open: None,
    }
}

/// Counts calls, each in a step of its own, until one changes the state.
fn feed(record: &mut Record, rules: &Rules, calls: &[Call], now: Nanos) -> Counted {
    let mut counted = Counted::default();
    for call in calls {
        counted = record.count(rules, &Batch { last: Some((*call, now)), ..Batch::default() }, now, 0);
        if counted.transition.is_some() {
            break;
        }
    }
    counted
}

/// A breaker that opened at that time, whatever the rules.
fn opened(rules: &Rules, now: Nanos) -> Record {
    let mut record = Record::new("cluster");
    let counted = feed(&mut record, rules, &[BAD_AND_SLOW; 100], now);
    assert_eq!(counted.transition.map(|transition| transition.to), Some(State::Open));
    record
}

/// A breaker that is half open from that time on, with no permit out.
fn half_open(rules: &Rules, now: Nanos) -> Record {
    let mut record = opened(rules, now.minus(rules.max_wait));
    let settled = record.observe_due(rules, now, 0);
    assert_eq!(settled.transition.map(|transition| transition.to), Some(State::HalfOpen));
    record
}

fn permit(record: &mut Record, rules: &Rules, now: Nanos) -> Permit {
    match record.ask(rules, now, 0).verdict {
        Verdict::Permit(permit) => permit,
        other => panic!("{other:?}"),
    }
}

fn rejected(record: &mut Record, rules: &Rules, now: Nanos) -> (State, Duration) {
    match record.ask(rules, now, 0).verdict {
        Verdict::Rejected { state, retry_in } => (state, retry_in),
        other => panic!("{other:?}"),
    }
}

/// As another worker reads it.
fn reread(record: &Record) -> Record {
    let mut bytes = Vec::new();
    record.write(&mut bytes);
    Record::read(&bytes).unwrap()
}
