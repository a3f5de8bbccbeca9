//! Levels that stand in shared data, and decisions over them.
//!
//! Input: what a bucket holds (any bytes, with or without the frame that shared values have, or any levels in the form
//! that a bucket has), limits, and requests. They come by a clock that may be a little behind.
//!
//! 1. A request passes if no limit that binds says that it exceeds, and every limit says something.
//! 2. Another worker reads what was written: it is told of no less than the one that wrote it was.
//! 3. A value is no longer than the places of its bucket, or of what stood there, make it.
//! 4. Whatever levels stood there, from then on no key passes more than its limits say, less what is given back: a
//!    token bucket `burst` and what flows in; a window `requests` at once, and three windows in any `per`: the one that
//!    was found may end anywhere, behind it begins one, and at most one more.
//! 5. Whoever is refused by one limit, has a place, and waits as long as it said passes.

#![no_main]

use std::collections::{BTreeMap, BTreeSet};
use std::num::NonZeroU32;
use std::time::Duration;

use libfuzzer_sys::arbitrary::{self, Arbitrary};
use libfuzzer_sys::fuzz_target;
use sluicegate_common::proxy::Proxy;
use sluicegate_common::store::{SharedData, SharedStore, digest};
use sluicegate_common::time::Nanos;
use sluicegate_fuzz::process::{Process, RANDOM};
use sluicegate_rate_limit::admit::{Admission, Charge, Demand};
use sluicegate_rate_limit::quota::{Align, Judged, Level, Quota};
use sluicegate_rate_limit::table::{Overflow, Shape, Table, Tag};

const START: u64 = 1_700_000_000_000_000_000;
const MILLI: u64 = 1_000_000;
/// How far clocks of workers may be apart.
const CLOCK_ERROR: u64 = 1_000 * MILLI;
const MAX_REQUESTS: usize = 48;
/// The most tags that a value has, and the bytes of a key's row of so many.
const ROW: usize = 16 + 32 * (Level::SIZE + 1);
const HEAD: usize = 9 + 32 * 8;
/// More than the frame of a shared value takes.
const FRAME: usize = 64;

#[derive(Debug, Arbitrary)]
struct Input {
    stored: Stored,
    ways: u8,
    overflow: u8,
    limit: Limit,
    second: Option<Limit>,
    requests: Vec<Request>,
}

/// What a bucket holds.
#[derive(Debug, Arbitrary)]
enum Stored {
    Raw(Vec<u8>),
    Framed(Vec<u8>),
    Levels { last_ms: i32, with_second: bool, unknown: Option<u64>, rest: [Held; 3], keys: Vec<(u8, [Held; 3])> },
}

#[derive(Debug, Clone, Copy, Arbitrary)]
struct Held {
    /// From the start.
    until_ms: i32,
    used: [u32; 2],
    mark: u8,
}

#[derive(Debug, Arbitrary)]
struct Limit {
    algorithm: u8,
    requests: u8,
    per_ms: u16,
    burst: u8,
    binding: bool,
    count_rejected: bool,
}

#[derive(Debug, Arbitrary)]
struct Request {
    key: u8,
    cost: u8,
    after_ms: u16,
    behind_ms: u16,
    given_back: bool,
}

/// What was taken of a limit under a key: when by the bucket's clock, and how much.
type Taken = BTreeMap<(u8, usize), Vec<(u64, u64)>>;

fuzz_target!(|input: Input| {
    let ways = u32::from(input.ways % 8) + 1;
    let limits: Vec<&Limit> = [Some(&input.limit), input.second.as_ref()].into_iter().flatten().collect();
    let quotas: Vec<Quota> = limits.iter().map(|limit| limit.quota()).collect();
    let charges: Vec<Charge<'_>> = limits.iter().zip(&quotas).enumerate().map(charge).collect();
    let process = Process::new(BTreeMap::new());
    let bucket = table(ways, &process);
    let keys = input.stored.put(&process, &bucket);
    let overflow = [Overflow::Inherit, Overflow::Share, Overflow::Deny][usize::from(input.overflow % 3)];
    let worker = Worker { process: &process, ways, overflow };
    let (longest, mut taken) = (FRAME + HEAD + (1 + keys.max(ways as usize)) * ROW, Taken::new());
    let (mut clock, mut written, mut refused) = (START, 0, None);
    for request in input.requests.iter().take(MAX_REQUESTS) {
        clock += u64::from(request.after_ms) * MILLI;
        let behind = u64::from(request.behind_ms % 1_000) * MILLI;
        // Not behind what was found there at the start.
        let now = if clock > START + 2 * CLOCK_ERROR { clock - behind } else { clock };
        let charges: Vec<Charge<'_>> = charges.iter().map(|charge| request.charge(charge)).collect();
        let writes = process.writes();
        let mut admission = worker.admit(request.key, &charges, now);
        let at = now.max(written);
        if process.writes() > writes {
            written = at;
        }
        check(&worker, request, &charges, &admission, now);
        let length = process.get(&bucket).unwrap().unwrap().0.len();
        assert!(process.writes() == writes || length <= longest, "{length} bytes, more than {longest}");
        // Of a full bucket another may be displaced by then, whose levels (nobody wrote them) allow less; one that denies
        // tells when a place is free.
        refused = (!admission.passes && !admission.overflowed).then_some((request, admission.judged.clone(), now));
        if request.given_back {
            let table = worker.table();
            admission.give_back(&process, &[worker.demand(&table, &request.key, &charges)], Nanos(now));
        } else if admission.passes {
            note(&mut taken, request.key, &charges, &admission, at);
        }
    }
    assert_eq!(process.keys().len(), 2, "the seed, and a bucket");
    // Bytes that nobody wrote may name a key twice.
    if let Stored::Levels { .. } = input.stored {
        taken.iter().for_each(|((_, index), taken)| limits[*index].check(quotas[*index].capacity(), taken));
        if let (Some((request, judged, now)), [charge]) = (refused, charges.as_slice()) {
            waits(&worker, request, charge, &judged, now);
        }
    }
});

fn charge<'a>((index, (limit, quota)): (usize, (&&Limit, &'a Quota))) -> Charge<'a> {
    Charge {
        tag: tag(index),
        quota,
        ceiling: quota.ceiling(),
        cost: 1,
        binding: limit.binding,
        count_rejected: limit.count_rejected,
    }
}

fn tag(index: usize) -> Tag {
    Tag::new(["first", "second"][index], "any")
}

/// Makes a table of one bucket, and tells the bucket's key.
fn table(ways: u32, process: &Process) -> String {
    Worker { process, ways, overflow: Overflow::Inherit }.table().start(process);
    process.keys().into_iter().find(|key| !key.ends_with(":seed")).unwrap()
}

struct Worker<'a> {
    process: &'a Process,
    ways: u32,
    overflow: Overflow,
}

impl Worker<'_> {
    fn table(&self) -> Table {
        Table::new("fuzz", "ip", Shape { buckets: 1, ways: self.ways }, &mut BTreeSet::new())
    }

    fn demand<'a>(&self, table: &'a Table, key: &'a u8, charges: &'a [Charge<'a>]) -> Demand<'a> {
        Demand { table, overflow: self.overflow, key: std::slice::from_ref(key), charges }
    }

    /// As a worker that has just been started: it knows what is written, and nothing else.
    fn admit(&self, key: u8, charges: &[Charge<'_>], now: u64) -> Admission {
        let (table, mut admission) = (self.table(), Admission::default());
        admission.decide(self.process, &[self.demand(&table, &key, charges)], Nanos(now)).unwrap();
        admission
    }
}

fn check(worker: &Worker<'_>, request: &Request, charges: &[Charge<'_>], admission: &Admission, now: u64) {
    assert_eq!(admission.judged.len(), charges.len());
    let exceeds = |(charge, judged): (&Charge<'_>, &Judged)| charge.binding && matches!(judged, Judged::Exceeds { .. });
    assert_eq!(admission.passes, !charges.iter().zip(&admission.judged).any(exceeds));
    let costs: Vec<Charge<'_>> = charges.iter().map(|charge| Charge { cost: 0, ..*charge }).collect();
    let again = worker.admit(request.key, &costs, now);
    for ((charge, said), again) in charges.iter().zip(&admission.judged).zip(&again.judged) {
        if let (true, Judged::Fits { standing, .. }, 1..) = (admission.passes, said, charge.cost) {
            let Judged::Fits { standing: found, .. } = again else { panic!("{again:?} after {said:?}") };
            // Levels of a longer window are clipped once they are the key's own: then it is told of more.
            assert!(found.remaining >= standing.remaining && found.fresh_in <= standing.fresh_in, "{found:?} {said:?}");
        }
    }
}

fn note(taken: &mut Taken, key: u8, charges: &[Charge<'_>], admission: &Admission, at: u64) {
    for (index, (charge, judged)) in charges.iter().zip(&admission.judged).enumerate() {
        // What costs nothing is not written, and may be judged by a clock that is behind.
        if let (Judged::Fits { .. }, 1..) = (judged, charge.cost) {
            taken.entry((key, index)).or_default().push((at, charge.cost.into()));
        }
    }
}

/// Who waits passes, if nobody else comes and refusals do not count.
fn waits(worker: &Worker<'_>, request: &Request, charge: &Charge<'_>, judged: &[Judged], now: u64) {
    let [Judged::Exceeds { retry_in: Some(wait), .. }] = judged else { return };
    assert!(*wait <= charge.ceiling * 2 + Duration::from_nanos(CLOCK_ERROR), "{wait:?}");
    if !charge.count_rejected && !request.given_back {
        let later = now + wait.as_nanos() as u64;
        let charge = request.charge(charge);
        assert!(worker.admit(request.key, &[charge], later).passes, "waited {wait:?}");
    }
}

impl Request {
    fn charge<'a>(&self, charge: &Charge<'a>) -> Charge<'a> {
        Charge { cost: u32::from(self.cost % 8), ..*charge }
    }
}

impl Limit {
    fn quota(&self) -> Quota {
        let (requests, per) = (count(self.requests), Duration::from_millis(u64::from(self.per_ms) + 1));
        let quota = match self.algorithm % 4 {
            0 => Quota::token_bucket(requests, per, count(self.burst)),
            1 => Quota::fixed_window(requests, per, Align::Epoch),
            2 => Quota::fixed_window(requests, per, Align::FirstRequest),
            _ => Quota::sliding_window(requests, per),
        };
        quota.unwrap()
    }

    /// `taken` is in the order of its times.
    fn check(&self, capacity: u32, taken: &[(u64, u64)]) {
        let (capacity, per) = (u128::from(capacity), (u128::from(self.per_ms) + 1) * u128::from(MILLI));
        let flow = u128::from(count(self.requests).get());
        for (first, (from, _)) in taken.iter().enumerate() {
            let mut sum = 0;
            for (at, cost) in &taken[first..] {
                sum += u128::from(*cost);
                let time = u128::from(at - from);
                let most = match self.algorithm % 4 {
                    // In units of which a token takes `per`.
                    0 => capacity * per + flow * time,
                    _ if time == 0 => capacity * per,
                    _ if time < per => 3 * capacity * per,
                    _ => break,
                };
                assert!(sum * per <= most, "{sum} in {time} ns: {self:?}");
            }
        }
    }
}

fn count(number: u8) -> NonZeroU32 {
    NonZeroU32::new(u32::from(number % 64) + 1).unwrap()
}

impl Stored {
    /// Says how many keys there may be in it.
    fn put(&self, process: &Process, bucket: &str) -> usize {
        let framed = match self {
            Self::Raw(bytes) => {
                process.set(bucket, bytes, None).unwrap();
                return bytes.len() / 16;
            }
            Self::Framed(state) => state.clone(),
            Self::Levels { last_ms, with_second, unknown, rest, keys } => {
                let mut tags = vec![digest_of(0)];
                tags.extend(with_second.then(|| digest_of(1)));
                tags.extend(unknown.map(u64::to_le_bytes));
                levels(*last_ms, &tags, rest, keys)
            }
        };
        process.shared().update(bucket, |state| state.set(&framed)).unwrap();
        framed.len() / 16
    }
}

/// A tag as it is written.
fn digest_of(index: usize) -> [u8; 8] {
    let name = ["first", "second"][index];
    let digest = digest(b"sluicegate/limit", &[name.as_bytes(), b"any"]);
    *digest.first_chunk().unwrap()
}

fn levels(last_ms: i32, tags: &[[u8; 8]], rest: &[Held; 3], keys: &[(u8, [Held; 3])]) -> Vec<u8> {
    let mut state = after_start(last_ms).to_le_bytes().to_vec();
    state.push(tags.len() as u8);
    state.extend(tags.concat());
    let row = |row: &[Held; 3]| row.iter().take(tags.len()).flat_map(Held::bytes).collect::<Vec<u8>>();
    state.extend(row(rest));
    let mut known = BTreeSet::new();
    for (key, held) in keys.iter().take(32).filter(|(key, _)| known.insert(*key)) {
        state.extend(digest(&[RANDOM; 16], &[&[*key]]));
        state.extend(row(held));
    }
    state
}

impl Held {
    fn bytes(&self) -> Vec<u8> {
        let level = Level { until: Nanos(after_start(self.until_ms)), used: self.used };
        [&level.encode()[..], &[self.mark]].concat()
    }
}

fn after_start(milliseconds: i32) -> u64 {
    START.saturating_add_signed(i64::from(milliseconds) * MILLI as i64)
}
