//! One key, more requests than it may send, from both workers at once: as many pass as the limit says.

use std::time::Instant;

use libtest_mimic::Failed;
use serde_json::{Value, json};

use crate::client::request;
use crate::gateway::{Gateway, Install};
use crate::load::{AT_ONCE, Crowd, Record, Tally};
use crate::{expect, runs};

const LIMIT: usize = 500;

/// How many times its limit each key sends.
const TIMES: usize = 4;

/// 500 in an hour that ends 50 minutes after the test begins.
pub fn fixed_window(install: &Install) -> Result<(), Failed> {
    let limit = json!({"name": "hourly", "algorithm": "fixed_window", "requests": LIMIT, "per": "1h"});
    one_key(install, "fixed window, 500 per 1h", limit)
}

/// 500 at once, then one in an hour.
pub fn token_bucket(install: &Install) -> Result<(), Failed> {
    let limit = json!({"name": "burst", "algorithm": "token_bucket", "requests": 1, "per": "1h", "burst": LIMIT});
    one_key(install, "token bucket, 1 per 1h, burst 500", limit)
}

fn one_key(install: &Install, what: &str, mut limit: Value) -> Result<(), Failed> {
    limit["key"] = json!(["header:x-client"]);
    let gateway = Gateway::start(install, &json!({"limits": [limit]}))?;
    let mut crowd = Crowd::connect(&gateway)?;
    let mut report = format!("{what}\n  run   sent admitted refused contention   1/s\n");
    let mut wrong = Vec::new();
    for run in 0..runs() {
        let began = Instant::now();
        let of_run = [request(&[("x-client", &format!("client-{run}"))])];
        let records = crowd.race(&of_run, (TIMES * LIMIT).div_ceil(AT_ONCE), |_, _| 0)?;
        let rate = records.len() as f64 / began.elapsed().as_secs_f64();
        let tally: Tally = records.iter().map(|record| record.answer).collect();
        let Tally { admitted, refused, contended } = tally;
        report += &format!("  {run:3} {:6} {admitted:8} {refused:7} {contended:10} {rate:5.0}\n", tally.sent());
        if admitted != LIMIT {
            wrong.push(admitted);
        }
    }
    println!("{report}");
    gateway.check()?;
    Ok(expect(wrong, Vec::new(), format!("{what}: admitted other than {LIMIT}"))?)
}

/// A hundred keys with a small limit each: there are more last places to fight for.
pub fn small_limits(install: &Install) -> Result<(), Failed> {
    const KEYS: usize = 100;
    const SMALL: usize = 5;
    const WAVES: usize = (TIMES * SMALL).div_ceil(AT_ONCE);
    let limit = json!({
        "name": "few", "algorithm": "fixed_window", "align": "first_request", "requests": SMALL, "per": "1h",
        "key": ["header:x-client"],
    });
    // No bucket gets full: the limits would be lower then.
    let gateway = Gateway::start(install, &json!({"limits": [limit], "store": {"buckets": 4096, "ways": 16}}))?;
    let mut crowd = Crowd::connect(&gateway)?;
    let mut report = format!("{KEYS} keys, {SMALL} per 1h each\n  run   sent admitted refused contention\n");
    let mut wrong = Vec::new();
    for run in 0..runs() {
        let requests: Vec<Vec<u8>> =
            (0..KEYS).map(|key| request(&[("x-client", &format!("client-{run}-{key}"))])).collect();
        let records = crowd.race(&requests, WAVES * KEYS, |wave, _| wave / WAVES)?;
        let mut admitted_of = [0; KEYS];
        admitted(&records).for_each(|record| admitted_of[record.request] += 1);
        wrong.extend(
            admitted_of.iter().enumerate().filter(|(_, admitted)| **admitted != SMALL).map(|(k, n)| (run, k, *n)),
        );
        let Tally { admitted, refused, contended } = records.iter().map(|record| record.answer).collect();
        report += &format!("  {run:3} {:6} {admitted:8} {refused:7} {contended:10}\n", records.len());
    }
    println!("{report}");
    gateway.check()?;
    Ok(expect(wrong, Vec::new(), format!("(run, key, admitted) other than {SMALL}"))?)
}

fn admitted(records: &[Record]) -> impl Iterator<Item = &Record> {
    records.iter().filter(|record| record.answer == crate::client::Answer::Admitted)
}
