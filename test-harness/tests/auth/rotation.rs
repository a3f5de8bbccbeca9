//! An issuer rotates its keys twice, and dies.

use std::time::{Duration, Instant};
use std::{io, thread};

use libtest_mimic::Failed;
use serde_json::json;

use crate::client::Client;
use crate::gateway::{Clock, Gateway, Install, prepare};
use crate::issuer::Issuer;
use crate::load::{Load, Record};
use crate::mint::Key;

const CACHE_TTL: Duration = Duration::from_secs(60);
const STALE_TTL: Duration = Duration::from_secs(180);
const MIN_REFRESH: Duration = Duration::from_secs(30);
const TIMEOUT: Duration = Duration::from_secs(5);

/// For what lies between a worker's reading of the clock and this test's: a step, and a busy machine.
const SLACK: Duration = Duration::from_secs(20);

struct Play<'a> {
    clock: Clock,
    issuer: &'a Issuer,
    load: &'a Load,
    keys: &'a [Key; 3],
    began: Duration,
}

pub fn rotated_under_load(install: &Install) -> Result<(), Failed> {
    let keys = ["one", "two", "three"].map(Key::new);
    let tokens = keys.iter().map(|key| (0..32).map(|n| key.token(&format!("user-{n}"))).collect()).collect();
    let (folder, clock) = prepare()?;
    let issuer = Issuer::start(clock.clone(), &[&keys[0]], false)?;
    let remote = json!({
        "uri": "http://idp/jwks.json", "cluster": "idp",
        "cache_ttl": "60s", "stale_ttl": "180s", "min_refresh": "30s", "timeout": "5s",
    });
    let began = clock.now();
    let gateway = Gateway::start(install, folder, issuer.port(), &remote)?;
    let load = Load::new(clock.clone(), tokens, 2);
    // One connection for each worker.
    let mut clients = [gateway.connect()?, gateway.connect()?];
    let mut stranger = gateway.connect()?;
    let play = Play { clock, issuer: &issuer, load: &load, keys: &keys, began };
    thread::scope(|scope| {
        for (number, client) in clients.iter_mut().enumerate() {
            let load = &load;
            scope.spawn(move || load.send(number, client));
        }
        let played = play.all(&mut stranger);
        load.end();
        played
    })
    .map_err(|failed| {
        Failed::from(format!("{}\nEnvoy's log:\n{}", failed.message().unwrap_or_default(), gateway.log()))
    })
}

impl Play<'_> {
    fn all(&self, stranger: &mut Client) -> Result<(), Failed> {
        let real = Instant::now();
        self.with_overlap()?;
        self.without_overlap(stranger)?;
        self.dead()?;
        println!("{:?} of the clock in {:?}", self.clock.now() - self.began, real.elapsed());
        Ok(())
    }

    /// The new key is published before its first use.
    fn with_overlap(&self) -> Result<(), Failed> {
        let [one, two, _] = self.keys;
        self.load.run()?;
        self.issuer.publish(&[one, two]);
        self.load.pass(CACHE_TTL)?;
        self.load.switch(1);
        self.load.pass(CACHE_TTL / 6)?;
        self.issuer.publish(&[two]);
        self.load.pass(CACHE_TTL)?;
        let records = self.load.take();
        self.tell("rotation with overlap", &records);
        expect(refused(&records).count() == 0, "no valid request is refused", &records)?;
        self.few_fetches()
    }

    /// The new key is used as soon as it is published, and somebody has just used up the fetch for unknown keys.
    fn without_overlap(&self, stranger: &mut Client) -> Result<(), Failed> {
        self.use_up_fetch(stranger)?;
        self.load.take();
        self.issuer.publish(&[&self.keys[2]]);
        self.load.switch(2);
        let rotated = self.clock.now();
        self.load.pass(MIN_REFRESH + TIMEOUT + SLACK)?;
        let records: Vec<Record> = self.load.take().into_iter().filter(|record| record.tokens == 2).collect();
        let last = refused(&records).map(|record| record.at - rotated).max().unwrap_or_default();
        self.tell("rotation without overlap", &records);
        println!("  the last refusal after {last:.1?}");
        let failed: Vec<Record> = records.iter().filter(|record| record.response.status >= 500).cloned().collect();
        println!("  {} answers of 5xx, the first after {:?}", failed.len(), failed.first().map(|f| f.at - rotated));
        expect(failed.is_empty(), "no 5xx", &failed)?;
        expect(last > Duration::ZERO, "new tokens are refused while nobody may ask", &records)?;
        expect(last <= MIN_REFRESH + TIMEOUT, "refusals end within min_refresh and timeout", &records)?;
        self.few_fetches()
    }

    /// After a fetch on schedule one off schedule, for keys that nobody has.
    fn use_up_fetch(&self, stranger: &mut Client) -> Result<(), Failed> {
        let before = self.issuer.fetches().len();
        while self.issuer.fetches().len() == before {
            self.load.pass(Duration::from_secs(1))?;
        }
        // The first may have waited for the fetch on schedule.
        for number in 0.. {
            if self.issuer.fetches().len() > before + 1 {
                break;
            }
            let unknown = stranger.get(&Key::new(&format!("nobody's {number}")).token("stranger"))?;
            if (unknown.status, unknown.code.as_str()) != (401, "unknown_kid") {
                return Err(format!("a key that nobody has: {unknown:?}").into());
            }
        }
        Ok(())
    }

    /// The server dies.
    fn dead(&self) -> Result<(), Failed> {
        self.issuer.die();
        let last = self.issuer.fetches().last().copied().unwrap_or_default();
        let stale = last + STALE_TTL;
        self.load.take();
        self.load.pass((stale + SLACK + TIMEOUT).saturating_sub(self.clock.now()))?;
        let records = self.load.take();
        let (before, after): (Vec<Record>, Vec<Record>) = records.into_iter().partition(|record| record.at < stale);
        self.tell("until the stale ttl", &before);
        self.tell("after it", &after);
        expect(refused(&before).count() == 0, "requests go on until the stale ttl", &before)?;
        let after: Vec<Record> = after.into_iter().filter(|record| record.at > stale + SLACK).collect();
        let unavailable = |record: &Record| {
            let response = &record.response;
            (response.status, response.code.as_str()) == (503, "jwks_unavailable") && response.retry_after.is_some()
        };
        expect(!after.is_empty() && after.iter().all(unavailable), "after it the keys serve no more", &after)
    }

    /// One on schedule per 80 % of `cache_ttl`, one off schedule per `min_refresh`, counted at the server.
    fn few_fetches(&self) -> Result<(), Failed> {
        let time = self.clock.now() - self.began;
        let per = |period: Duration| 1 + time.as_secs() / period.as_secs();
        let (most, fetches) = (per(CACHE_TTL * 4 / 5) + per(MIN_REFRESH), self.issuer.fetches());
        match fetches.len() as u64 <= most {
            true => Ok(()),
            false => Err(format!("{} fetches in {time:?}, expected at most {most}: {fetches:?}", fetches.len()).into()),
        }
    }

    fn tell(&self, phase: &str, records: &[Record]) {
        let fetches: Vec<String> =
            self.issuer.fetches().iter().map(|at| format!("{:.0}", (*at - self.began).as_secs_f64())).collect();
        let refused = refused(records).count();
        println!("{phase}: {} requests, {refused} refused; fetched at {} s", records.len(), fetches.join(" "));
    }
}

fn refused(records: &[Record]) -> impl Iterator<Item = &Record> {
    records.iter().filter(|record| record.response.status != 200)
}

fn expect(holds: bool, what: &str, records: &[Record]) -> Result<(), Failed> {
    let first: Vec<&Record> = refused(records).take(3).collect();
    if holds { Ok(()) } else { Err(io::Error::other(format!("{what}, but: {first:#?}")).into()) }
}
