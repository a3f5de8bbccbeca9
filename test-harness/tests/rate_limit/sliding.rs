//! A sliding window beside an exact log of what it admitted.
//!
//! The filter's documentation bounds what two counters may admit too much: fewer than `requests * (1 + d / per)` in any
//! time `d` up to `per`, and never more than `requests` in one of its windows.

use std::collections::{BTreeMap, VecDeque};
use std::time::Duration;

use libtest_mimic::Failed;
use serde_json::json;
use test_harness::scenario::Jump;

use crate::client::{Answer, Client, request};
use crate::gateway::{Gateway, Install};
use crate::load::wave;

const LIMIT: usize = 100;
const PER: Duration = Duration::from_secs(3600);

/// As many requests at once, then time goes by.
struct Burst {
    requests: usize,
    then: Duration,
}

/// What one client does from ten minutes after a boundary on.
struct Script {
    what: &'static str,
    bursts: Vec<Burst>,
}

/// What came of a script.
#[derive(Default)]
struct Log {
    /// When something was admitted.
    admitted: Vec<Duration>,
    /// How many an exact log of the last `per` would have admitted of the same requests.
    exact: usize,
    exact_log: VecDeque<Duration>,
    sent: usize,
    /// The most between the sending of a request and its answer: so far the times in `admitted` are off.
    blur: Duration,
}

pub fn stays_within_its_bound(install: &Install) -> Result<(), Failed> {
    let limit = json!({
        "name": "hourly", "algorithm": "sliding_window", "requests": LIMIT, "per": "1h", "key": ["header:x-client"],
    });
    let gateway = Gateway::start(install, &json!({"limits": [limit]}))?;
    let mut connections = gateway.connect(8)?;
    println!("sliding window, {LIMIT} per 1h");
    println!(
        "  {:48} {:>5} {:>8} {:>9}  most in 15m, 30m, 45m, 1h, a window",
        "script", "sent", "admitted", "exact log"
    );
    println!("  {:48} {:>5} {:>8} {:>9}  {:?} {LIMIT}", "(bound)", "", "", "", parts().map(bound));
    let mut wrong = Vec::new();
    for script in scripts() {
        let log = script.play(&gateway, &mut connections)?;
        let most = parts().map(|part| log.most_in(part));
        let in_window = log.most_in_window();
        let (what, sent, admitted, exact) = (script.what, log.sent, log.admitted.len(), log.exact);
        println!("  {what:48} {sent:5} {admitted:8} {exact:9}  {most:?} {in_window}");
        let holds = most.iter().zip(parts()).all(|(most, part)| *most <= bound(part)) && in_window <= LIMIT;
        if !holds || admitted < LIMIT {
            wrong.push(script.what);
        }
    }
    gateway.check()?;
    Ok(crate::expect(wrong, Vec::new(), "scripts out of bounds")?)
}

fn parts() -> [Duration; 4] {
    [1, 2, 3, 4].map(|quarters| PER / 4 * quarters)
}

/// The most that the documentation allows in any time of that length.
fn bound(length: Duration) -> usize {
    let share = length.as_secs_f64() / PER.as_secs_f64();
    (LIMIT as f64 * (1.0 + share)).ceil() as usize - 1
}

fn scripts() -> Vec<Script> {
    let seconds = Duration::from_secs;
    let bursts = |requests, then, times: usize| (0..times).map(move |_| Burst { requests, then });
    let pause = |then| Burst { requests: 0, then };
    let mut random = fastrand::Rng::with_seed(1);
    let mut by_chance = |_| Burst { requests: random.usize(0..60), then: seconds(random.u64(1..600)) };
    vec![
        Script {
            what: "all before the boundary, then as fast as it lets",
            bursts: std::iter::once(pause(seconds(50 * 60 - 5)))
                .chain(bursts(2 * LIMIT, seconds(5 + 36), 1))
                .chain(bursts(8, seconds(36), 220))
                .collect(),
        },
        Script {
            what: "a burst before the boundary, one behind it",
            bursts: std::iter::once(pause(seconds(50 * 60 - 5)))
                .chain(bursts(2 * LIMIT, seconds(10), 1))
                .chain(bursts(2 * LIMIT, seconds(1800), 4))
                .collect(),
        },
        Script { what: "a burst behind each boundary", bursts: bursts(2 * LIMIT, PER, 4).collect() },
        Script { what: "a request each second for two hours", bursts: bursts(8, seconds(8), 900).collect() },
        Script { what: "bursts of any size at any time", bursts: (0..150).map(&mut by_chance).collect() },
        Script { what: "others of the kind", bursts: (0..150).map(&mut by_chance).collect() },
    ]
}

impl Script {
    /// Plays it for a client of its own.
    fn play(&self, gateway: &Gateway, connections: &mut [Client]) -> Result<Log, Failed> {
        let requests = [request(&[("x-client", &self.what.replace(' ', "-"))])];
        let mut log = Log::default();
        let begin = gateway.now()?.as_secs();
        // Scripts begin ten minutes after a boundary.
        let offset = (begin + 3600 - 600) % 3600;
        gateway.jump(Jump::Forward(Duration::from_secs(3600 - offset)))?;
        for burst in &self.bursts {
            let mut left = burst.requests;
            while left > 0 {
                let some = left.min(connections.len());
                for record in wave(&mut connections[..some], &requests, |_| 0)? {
                    log.blur = log.blur.max(record.received - record.sent);
                    log.note(gateway.now()?, record.answer == Answer::Admitted);
                }
                left -= some;
            }
            gateway.jump(Jump::Forward(burst.then))?;
        }
        Ok(log)
    }
}

impl Log {
    fn note(&mut self, now: Duration, admitted: bool) {
        self.sent += 1;
        if admitted {
            self.admitted.push(now);
        }
        while self.exact_log.front().is_some_and(|first| *first + PER <= now) {
            self.exact_log.pop_front();
        }
        if self.exact_log.len() < LIMIT {
            self.exact_log.push_back(now);
            self.exact += 1;
        }
    }

    /// The most that was admitted in any time of that length.
    fn most_in(&self, length: Duration) -> usize {
        let length = length.saturating_sub(self.blur);
        let from = |(index, first): (usize, &Duration)| {
            self.admitted[index..].iter().take_while(|time| **time - *first < length).count()
        };
        self.admitted.iter().enumerate().map(from).max().unwrap_or_default()
    }

    /// The most that was admitted in one of the filter's own windows.
    fn most_in_window(&self) -> usize {
        let mut windows = BTreeMap::<u64, usize>::new();
        self.admitted.iter().for_each(|time| *windows.entry(time.as_secs() / PER.as_secs()).or_default() += 1);
        windows.into_values().max().unwrap_or_default()
    }
}
