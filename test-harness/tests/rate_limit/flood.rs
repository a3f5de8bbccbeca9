//! More clients than there are places: who is limited stays limited, and Envoy's memory stays as it was.

use std::io;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::thread;
use std::time::Instant;

use libtest_mimic::Failed;
use serde_json::json;

use crate::client::{Answer, Client, request};
use crate::gateway::{Gateway, Install, Memory};
use crate::load::{Crowd, Tally};
use crate::{expect, setting};

const LIMIT: usize = 50;

/// The heavy client asks again once so many others have.
const BETWEEN: usize = 1000;

/// How much memory may grow, in bytes. The levels of all places are below 1 MiB; the rest are Envoy's own buffers.
const MAY_GROW: u64 = 8 << 20;

/// What the threads share.
struct Flood {
    heavy: Vec<u8>,
    clients: usize,
    next: AtomicUsize,
}

pub fn flood(install: &Install) -> Result<(), Failed> {
    let limit = json!({
        "name": "hourly", "algorithm": "fixed_window", "align": "first_request", "requests": LIMIT, "per": "1h",
        "key": ["header:x-client"],
    });
    let gateway = Gateway::start(install, &json!({"limits": [limit]}))?;
    let mut crowd = Crowd::connect(&gateway)?;
    let heavy = request(&[("x-client", "heavy")]);
    let used: Tally = crowd.race(std::slice::from_ref(&heavy), 4 * LIMIT, |_, _| 0)?.iter().map(|r| r.answer).collect();
    expect(used.admitted, LIMIT, "the heavy client, before")?;

    let before = gateway.memory()?;
    let began = Instant::now();
    let clients = setting("SLUICEGATE_RATE_LIMIT_FLOOD", 20_000);
    let flood = Flood { heavy, clients, next: AtomicUsize::new(0) };
    let [others, heavy] = flood.run(&mut crowd)?;
    let rate = clients as f64 / began.elapsed().as_secs_f64();
    let after = gateway.memory()?;

    println!("{clients} clients, one request each, {rate:.0}/s: {others:?}; the heavy one meanwhile: {heavy:?}");
    report(&before, &after);
    expect(others.sent(), clients, "requests")?;
    expect(heavy.admitted, 0, "the heavy client, during the flood")?;
    for connection in crowd.clients().flatten() {
        expect(connection.ask(&flood.heavy)?, Answer::Refused, "the heavy client, after the flood")?;
    }
    for (grown, what) in [
        (after.allocated.saturating_sub(before.allocated), "allocated"),
        (after.heap.saturating_sub(before.heap), "heap"),
        (after.resident.saturating_sub(before.resident), "resident"),
    ] {
        expect(grown <= MAY_GROW, true, format!("{what} memory grows by at most {MAY_GROW} bytes, not {grown}"))?;
    }
    Ok(gateway.check()?)
}

impl Flood {
    /// What the clients were answered, and the heavy one meanwhile.
    fn run(&self, crowd: &mut Crowd) -> io::Result<[Tally; 2]> {
        thread::scope(|scope| {
            let threads: Vec<_> = crowd.clients().map(|client| scope.spawn(|| self.send(client))).collect();
            let mut sum = [Tally::default(); 2];
            for thread in threads {
                let tallies = thread.join().map_err(|_| io::Error::other("a client panicked"))??;
                sum.iter_mut().zip(tallies).for_each(|(sum, tally)| *sum = sum.plus(tally));
            }
            Ok(sum)
        })
    }

    fn send(&self, connections: &mut [Client]) -> io::Result<[Tally; 2]> {
        let [mut others, mut heavy] = [Tally::default(); 2];
        loop {
            let first = self.next.fetch_add(connections.len(), Ordering::Relaxed);
            let numbers = first..self.clients.min(first + connections.len());
            if numbers.is_empty() {
                return Ok([others, heavy]);
            }
            let count = numbers.len();
            let due = numbers.clone().any(|number| number % BETWEEN == 0);
            for (connection, number) in connections.iter_mut().zip(numbers) {
                connection.send(&request(&[("x-client", &format!("client-{number}"))]))?;
            }
            for connection in connections.iter_mut().take(count) {
                others.add(connection.receive()?);
            }
            if due {
                for connection in &mut *connections {
                    heavy.add(connection.ask(&self.heavy)?);
                }
            }
        }
    }
}

fn report(before: &Memory, after: &Memory) {
    let line = |what: &str, before: u64, after: u64| {
        let grown = i128::from(after) - i128::from(before);
        println!("  {what:10} {:7} KiB before, {:7} KiB after: {:+} KiB", before >> 10, after >> 10, grown / 1024);
    };
    line("allocated", before.allocated, after.allocated);
    line("heap", before.heap, after.heap);
    line("resident", before.resident, after.resident);
}
