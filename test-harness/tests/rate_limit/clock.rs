//! The clock jumps while two clients send at full speed through both workers.
//!
//! Three limits with a key each are asked in turn. A step is over when each of them has refused more than can have been
//! under way when it began: by then all that was due has been admitted. The clock jumps between two requests of each
//! client: one that had read the clock before, and decided after another that read it then, would be from the past.

use std::io;
use std::sync::{Condvar, Mutex, MutexGuard, PoisonError, RwLock};
use std::thread;
use std::time::Duration;

use libtest_mimic::Failed;
use serde_json::{Value, json};
use test_harness::scenario::Jump;

use crate::client::{Answer, Client, request};
use crate::gateway::{Gateway, Install};
use crate::load::{AT_ONCE, Crowd, Tally, wave};
use crate::{expect, runs};

const LIMIT: usize = 200;
const WINDOW: Duration = Duration::from_secs(3600);

/// Windows of an hour, that begin on the hour or with the first request of a client; and a bucket that gets one in an
/// hour, and is full again after 200.
const KINDS: [&str; 3] = ["epoch", "first", "bucket"];

/// Refusals of each limit that end a step.
const ENOUGH: usize = 10 * AT_ONCE;

const PATIENCE: Duration = Duration::from_secs(60);

/// Clients that send until the end.
struct Load {
    requests: Vec<Vec<u8>>,
    /// Read by each client while it has requests under way.
    under_way: RwLock<()>,
    state: Mutex<State>,
    changed: Condvar,
}

#[derive(Default)]
struct State {
    tallies: [Tally; 3],
    /// As it was at the end of the step before.
    before: [Tally; 3],
    over: bool,
}

pub fn jumps_under_load(install: &Install) -> Result<(), Failed> {
    let gateway = Gateway::start(install, &config())?;
    let mut crowd = Crowd::connect(&gateway)?;
    let load = Load {
        requests: requests("client"),
        under_way: RwLock::default(),
        state: Mutex::default(),
        changed: Condvar::new(),
    };
    thread::scope(|scope| {
        let threads: Vec<_> = crowd.clients().map(|client| scope.spawn(|| load.send(client))).collect();
        let played = play(&gateway, &load);
        load.lock().over = true;
        for thread in threads {
            thread.join().map_err(|_| Failed::from("a client panicked"))??;
        }
        played
    })?;
    gateway.check()?;
    locked_out(&gateway, &mut crowd)
}

fn config() -> Value {
    let limit = |name: &str, what: Value| {
        let mut limit =
            json!({"name": name, "per": "1h", "key": [format!("header:x-{name}")], "on_missing_key": "skip"});
        if let (Some(limit), Value::Object(what)) = (limit.as_object_mut(), what) {
            limit.extend(what);
        }
        limit
    };
    json!({"limits": [
        limit("epoch", json!({"algorithm": "fixed_window", "requests": LIMIT})),
        limit("first", json!({"algorithm": "fixed_window", "align": "first_request", "requests": LIMIT})),
        limit("bucket", json!({"algorithm": "token_bucket", "requests": 1, "burst": LIMIT})),
    ]})
}

/// One for each kind.
fn requests(client: &str) -> Vec<Vec<u8>> {
    KINDS.map(|kind| request(&[(&format!("x-{kind}"), client)])).into()
}

fn play(gateway: &Gateway, load: &Load) -> Result<(), Failed> {
    println!("the clock jumps under load; admitted of sent, by limit: {KINDS:?}");
    let step = |what: &str, want: [usize; 3]| -> Result<(), Failed> {
        let tallies = load.until_used_up()?;
        let contended = tallies.map(|tally| tally.contended);
        let (admitted, sent) = (tallies.map(|tally| tally.admitted), tallies.map(|tally| tally.sent()));
        println!("  {what:18} {admitted:3?} of {sent:?}, contention {contended:?}");
        Ok(expect(admitted, want, what)?)
    };
    step("at first", [LIMIT; 3])?;
    for _ in 0..runs() {
        load.jump(gateway, Jump::Forward(WINDOW))?;
        step("an hour forward", [LIMIT, LIMIT, 1])?;
    }
    load.jump(gateway, Jump::Forward(200 * WINDOW))?;
    step("200 hours forward", [LIMIT; 3])?;
    for _ in 0..runs() {
        load.jump(gateway, Jump::Back(2 * WINDOW))?;
        step("two hours back", [0; 3])?;
    }
    load.jump(gateway, Jump::Forward(WINDOW))?;
    step("an hour forward", [LIMIT, LIMIT, 1])
}

impl Load {
    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Lets one client send until the end.
    fn send(&self, connections: &mut [Client]) -> io::Result<()> {
        let mut number = 0;
        while !self.lock().over {
            number += 1;
            let under_way = self.under_way.read().unwrap_or_else(PoisonError::into_inner);
            let records = wave(connections, &self.requests, |seat| (number + seat) % KINDS.len());
            drop(under_way);
            let mut state = self.lock();
            state.over |= records.is_err();
            for record in records.iter().flatten() {
                state.tallies[record.request].add(record.answer);
            }
            drop(state);
            self.changed.notify_all();
            records?;
        }
        Ok(())
    }

    fn jump(&self, gateway: &Gateway, jump: Jump) -> io::Result<()> {
        let _nobody = self.under_way.write().unwrap_or_else(PoisonError::into_inner);
        gateway.jump(jump)
    }

    /// What came since the last call, once each limit is used up.
    fn until_used_up(&self) -> Result<[Tally; 3], Failed> {
        let state = self.lock();
        let begun = state.tallies;
        let goes_on = |state: &mut State| {
            let enough = |(now, begun): (&Tally, &Tally)| now.refused - begun.refused >= ENOUGH;
            !state.over && !state.tallies.iter().zip(&begun).all(enough)
        };
        let waited = self.changed.wait_timeout_while(state, PATIENCE, goes_on);
        let (mut state, waited) = waited.unwrap_or_else(PoisonError::into_inner);
        if waited.timed_out() || state.over {
            return Err(format!("nobody is refused: {:?}", state.tallies).into());
        }
        let State { tallies, before, .. } = &mut *state;
        let before = std::mem::replace(before, *tallies);
        let mut since = state.tallies;
        since.iter_mut().zip(&before).for_each(|(now, before)| *now = now.since(before));
        Ok(since)
    }
}

/// How long a client that has used all is refused after the clock was set back: minute by minute, it asks again.
fn locked_out(gateway: &Gateway, crowd: &mut Crowd) -> Result<(), Failed> {
    const MINUTE: Duration = Duration::from_secs(60);
    for back in [Duration::from_secs(10), WINDOW / 2, 2 * WINDOW, 100 * WINDOW] {
        let requests = requests(&format!("client-{}", back.as_secs()));
        let count = requests.len();
        let waves = (2 * LIMIT * count).div_ceil(AT_ONCE);
        crowd.race(&requests, waves, |wave, seat| (wave + seat) % count)?;
        let client = crowd.clients().next().and_then(|client| client.first_mut()).ok_or("no client")?;
        gateway.jump(Jump::Back(back))?;
        let mut waited = vec![None; count];
        for minutes in 0..=61 {
            for (request, waited) in requests.iter().zip(&mut waited) {
                if waited.is_none() && client.ask(request)? == Answer::Admitted {
                    *waited = Some(minutes);
                }
            }
            gateway.jump(Jump::Forward(MINUTE))?;
        }
        println!("  {back:?} back: refused for so many minutes: {waited:?}");
        let holds = waited.iter().all(|waited| waited.is_some_and(|minutes| (1..=60).contains(&minutes)));
        expect(holds, true, format!("{back:?} back: all are refused, and for an hour at most"))?;
    }
    Ok(())
}
