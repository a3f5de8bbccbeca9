//! Two limits with two keys: a request takes from both or from neither.
//!
//! Accounts have several devices. In a race a request may be refused although it would have fitted, since another one
//! has taken from the one limit what the other limit then makes it give back. What is given up in that way must be there
//! afterwards: requests that come alone take it, and then exactly the limits are used up.

use std::time::Instant;

use libtest_mimic::Failed;
use serde_json::{Value, json};

use crate::client::{Answer, request};
use crate::gateway::{Gateway, Install};
use crate::load::{Crowd, Record, Tally};
use crate::{expect, runs};

/// Accounts and their devices, and what each may send.
struct Race {
    what: &'static str,
    /// In which order the limits stand. What is taken first may have to be given back.
    order: [&'static str; 2],
    accounts: usize,
    account: usize,
    devices: usize,
    each: usize,
    /// For each account.
    waves: usize,
    /// Which of its devices a wave is for, by connection.
    device: fn(usize, usize) -> usize,
}

const RACES: [Race; 2] = [
    Race {
        what: "an account of 500, two devices of 375, both on all connections",
        order: ["device", "account"],
        accounts: 1,
        account: 500,
        devices: 2,
        each: 375,
        waves: 250,
        // Each worker has every other connection.
        device: |wave, connection| (wave + connection / 2) % 2,
    },
    Race {
        what: "25 accounts of 8, 8 devices of 1 each, one after the other on all connections at once",
        order: ["account", "device"],
        accounts: 25,
        account: 8,
        devices: 8,
        each: 1,
        waves: 8,
        device: |wave, _| wave,
    },
];

pub fn two_keys(install: &Install) -> Result<(), Failed> {
    RACES.iter().try_for_each(|race| race.run(install))
}

impl Race {
    fn run(&self, install: &Install) -> Result<(), Failed> {
        let Self { what, accounts, account, devices, each, waves, device, .. } = *self;
        let gateway = Gateway::start(install, &self.config())?;
        let mut crowd = Crowd::connect(&gateway)?;
        let mut report = format!("{what}\n  run   sent admitted refused contention too early, then alone\n");
        let mut wrong = Vec::new();
        for run in 0..runs() {
            let requests: Vec<Vec<u8>> =
                (0..accounts * devices).map(|number| of_device(run, number / devices, number)).collect();
            let which = |wave: usize, seat| wave / waves * devices + device(wave % waves, seat);
            let records = crowd.race(&requests, waves * accounts, which)?;
            let Tally { admitted, refused, contended } = records.iter().map(|record| record.answer).collect();
            let mut used = vec![0; requests.len()];
            records.iter().filter(|r| r.answer == Answer::Admitted).for_each(|r| used[r.request] += 1);
            let early: usize = (0..requests.len()).map(|device| refused_early(&records, device)).sum();
            let alone = use_up(&mut crowd, &requests, &mut used)?;
            report += &format!("  {run:3} {:6} {admitted:8} {refused:7} ", records.len());
            report += &format!("{contended:10} {early:9} {alone:11}\n");
            let totals = used.chunks(devices).map(|used| used.iter().sum::<usize>()).enumerate();
            wrong.extend(totals.filter(|(_, total)| *total != account).map(|(n, total)| (run, "account", n, total)));
            let devices = used.into_iter().enumerate();
            wrong.extend(devices.filter(|(_, used)| *used > each).map(|(n, used)| (run, "device", n, used)));
        }
        println!("{report}");
        gateway.check()?;
        Ok(expect(wrong, Vec::new(), format!("admitted other than {account} of an account, above {each} of a device"))?)
    }

    fn config(&self) -> Value {
        let limit = |name: &str| {
            let requests = if name == "account" { self.account } else { self.each };
            json!({
                "name": name, "algorithm": "fixed_window", "align": "first_request", "requests": requests, "per": "1h",
                "key": [format!("header:x-{name}")],
            })
        };
        // No bucket gets full: the limits would be lower then.
        json!({"limits": self.order.map(limit), "store": {"buckets": 4096, "ways": 16}})
    }
}

fn of_device(run: usize, account: usize, device: usize) -> Vec<u8> {
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
