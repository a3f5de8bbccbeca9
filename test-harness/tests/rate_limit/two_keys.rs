//! Two limits with two keys: a request takes from both or from neither.
//!
//! Each account has two devices. In a race a request may be refused although it would have fitted, since another one
//! has taken from the one limit what the other limit then makes it give back. What is given up in that way must be there
//! afterwards: requests that come alone take it, and then exactly the limits are used up.

use std::time::Instant;

use libtest_mimic::Failed;
use serde_json::json;

use crate::client::{Answer, request};
use crate::gateway::{Gateway, Install};
use crate::load::{AT_ONCE, Crowd, Record, Tally};
use crate::{expect, runs};

/// Accounts, and what each of their devices may send. The account may send as much as both.
struct Race {
    what: &'static str,
    accounts: usize,
    each: usize,
}

const RACES: [Race; 2] = [Race { what: "one", accounts: 1, each: 250 }, Race { what: "many", accounts: 50, each: 3 }];

/// How many times its limit each device sends.
const TIMES: usize = 4;

pub fn two_keys(install: &Install) -> Result<(), Failed> {
    RACES.iter().try_for_each(|race| race.run(install))
}

impl Race {
    fn run(&self, install: &Install) -> Result<(), Failed> {
        let Self { what, accounts, each } = *self;
        let limit = |name: &str, requests: usize| {
            json!({
                "name": name, "algorithm": "fixed_window", "align": "first_request", "requests": requests, "per": "1h",
                "key": [format!("header:x-{name}")],
            })
        };
        let limits = json!([limit("account", 2 * each), limit("device", each)]);
        let gateway = Gateway::start(install, &json!({"limits": limits, "store": {"buckets": 4096, "ways": 16}}))?;
        let mut crowd = Crowd::connect(&gateway)?;
        println!("{what} account(s), {each} per device in 1h, {} per account", 2 * each);
        println!("  run   sent admitted refused contention too early, then alone");
        for run in 0..runs() {
            let requests: Vec<Vec<u8>> = (0..2 * accounts).map(|device| of_device(run, device)).collect();
            let waves = (TIMES * 2 * each).div_ceil(AT_ONCE);
            let records =
                crowd.race(&requests, waves * accounts, |wave, seat| 2 * (wave / waves) + (wave + seat) % 2)?;
            let tally: Tally = records.iter().map(|record| record.answer).collect();
            let early: usize = (0..requests.len()).map(|device| refused_early(&records, device)).sum();
            let mut used = vec![0; requests.len()];
            let admitted = records.iter().filter(|record| record.answer == Answer::Admitted);
            admitted.for_each(|record| used[record.request] += 1);
            let more = used.iter().filter(|used| **used > each).count();
            let alone = use_up(&mut crowd, &requests, &mut used)?;
            let Tally { admitted, refused, contended } = tally;
            println!("  {run:3} {:6} {admitted:8} {refused:7} {contended:10} {early:9} {alone:11}", records.len());
            expect(more, 0, "devices that were admitted more than their limit")?;
            expect(used, vec![each; requests.len()], "admitted of each device in the end")?;
        }
        Ok(gateway.check()?)
    }
}

fn of_device(run: usize, device: usize) -> Vec<u8> {
    let account = device / 2;
    request(&[("x-account", &format!("{run}-{account}")), ("x-device", &format!("{run}-{device}"))])
}

/// Requests that were refused before one of the same device was sent that was admitted.
fn refused_early(records: &[Record], device: usize) -> usize {
    let of_device = || records.iter().filter(|record| record.request == device);
    let last: Option<Instant> =
        of_device().filter(|record| record.answer == Answer::Admitted).map(|record| record.sent).max();
    let early = |record: &&Record| record.answer == Answer::Refused && Some(record.received) < last;
    of_device().filter(early).count()
}

/// Sends one request at a time until each device is refused. Says how many were admitted.
fn use_up(crowd: &mut Crowd, requests: &[Vec<u8>], used: &mut [usize]) -> Result<usize, Failed> {
    let client = crowd.clients().next().and_then(|client| client.first_mut()).ok_or("no client")?;
    let before: usize = used.iter().sum();
    for (request, used) in requests.iter().zip(&mut *used) {
        while client.ask(request)? == Answer::Admitted {
            *used += 1;
        }
    }
    Ok(used.iter().sum::<usize>() - before)
}
