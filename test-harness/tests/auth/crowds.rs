//! More requests than keys: kids that nobody has, and more who wait than may.

use std::time::Duration;

use libtest_mimic::Failed;
use serde_json::{Value, json};

use crate::gateway::{Gateway, Install, prepare};
use crate::issuer::Issuer;
use crate::mint::Key;

/// What may wait in one worker.
const MAY_WAIT: usize = 256;

fn remote() -> Value {
    json!({
        "uri": "http://idp/jwks.json", "cluster": "idp",
        "cache_ttl": "10h", "stale_ttl": "24h", "min_refresh": "1h", "timeout": "60s",
    })
}

/// The clock stands at the hour, and whoever asks has another key each time.
pub fn unknown_kids(install: &Install) -> Result<(), Failed> {
    const EACH: usize = 500;
    let key = Key::new("one");
    let (folder, clock) = prepare()?;
    let issuer = Issuer::start(clock.clone(), &[&key], false)?;
    let gateway = Gateway::start(install, folder, issuer.port(), &remote())?;
    let mut clients = [gateway.connect()?, gateway.connect()?];
    let good = key.token("ada");
    for client in &mut clients {
        expect(client.get(&good)?.status, 200, "a good token")?;
    }
    for round in 0..3 {
        expect(issuer.fetches().len(), 1 + round, "fetches before")?;
        clock.jump(Duration::from_secs(3600))?;
        for n in 0..EACH {
            let client = &mut clients[n % 2];
            let response = client.get(&Key::new(&format!("{round}-{n}")).token("ada"))?;
            expect((response.status, response.code.as_str()), (401, "unknown_kid"), "a key nobody has")?;
            if n % 50 < 2 {
                expect(client.get(&good)?.status, 200, "a good token meanwhile")?;
            }
        }
    }
    println!("{} requests of unknown keys in 3 times min_refresh: {} fetches", 3 * EACH, issuer.fetches().len() - 1);
    Ok(expect(issuer.fetches().len(), 4, "fetches")?)
}

/// All requests come before the first answer of the issuer.
pub fn waiting_requests(install: &Install) -> Result<(), Failed> {
    const MORE: usize = 20;
    let key = Key::new("one");
    let (folder, clock) = prepare()?;
    let issuer = Issuer::start(clock, &[&key], true)?;
    let gateway = Gateway::start(install, folder, issuer.port(), &remote())?;
    let token = key.token("ada");
    let mut clients = (0..2 * (MAY_WAIT + MORE)).map(|_| gateway.connect()).collect::<Result<Vec<_>, _>>()?;
    for client in &mut clients {
        client.send("GET", "/", &token)?;
    }
    while !matches!(gateway.requests()?, [came, waiting] if came == clients.len() && waiting <= 2 * MAY_WAIT) {}
    issuer.release();
    let mut statuses = std::collections::BTreeMap::<(u16, String), usize>::new();
    for client in &mut clients {
        let response = client.receive()?;
        *statuses.entry((response.status, response.code)).or_default() += 1;
    }
    println!("{} requests before the first key: {statuses:?}; fetches: {}", clients.len(), issuer.fetches().len());
    let want = [((200, String::new()), 2 * MAY_WAIT), ((503, "jwks_unavailable".to_owned()), 2 * MORE)];
    expect(statuses, want.into(), "answers")?;
    Ok(expect(issuer.fetches().len(), 1, "fetches")?)
}

fn expect<T: PartialEq + std::fmt::Debug>(found: T, want: T, what: &str) -> Result<(), String> {
    if found == want { Ok(()) } else { Err(format!("{what}: expected {want:?}, found {found:?}")) }
}
