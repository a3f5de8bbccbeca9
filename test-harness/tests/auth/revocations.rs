//! Logging out until there is no room.

use libtest_mimic::Failed;
use serde_json::json;

use crate::client::Response;
use crate::gateway::{Gateway, Install, prepare};
use crate::issuer::Issuer;
use crate::mint::own_token;

/// Places of the table: with so many subjects it is full for sure.
const PLACES: usize = 256 * 16;

/// Every subject logs one token out, through the two workers in turn, until one finds its bucket full.
pub fn full_table(install: &Install) -> Result<(), Failed> {
    let (folder, clock) = prepare()?;
    let issuer = Issuer::start(clock, &[], false)?;
    let remote = json!({"uri": "http://idp/jwks.json", "cluster": "idp"});
    let gateway = Gateway::start(install, folder, issuer.port(), &remote)?;
    let mut clients = [gateway.connect()?, gateway.connect()?];
    let mut revoked = Vec::new();
    let full = loop {
        let (worker, token) = (revoked.len() % 2, own_token(&format!("user-{}", revoked.len())));
        expect(&clients[1 - worker].get(&token)?, 200, "", "before its logout")?;
        let response = clients[worker].log_out(&token)?;
        if response.status != 200 {
            break (token, response);
        }
        revoked.push(token);
        if revoked.len() > PLACES {
            return Err("the table has no end".into());
        }
    };
    let (token, response) = full;
    println!("the logout number {} found its bucket full", revoked.len() + 1);
    expect(&response, 503, "revocation_unavailable", "a logout without room")?;
    if response.retry_after.is_none() {
        return Err("no retry-after".into());
    }
    for client in &mut clients {
        expect(&client.get(&token)?, 200, "", "a token that was not revoked")?;
        for token in &revoked {
            expect(&client.get(token)?, 401, "revoked", "a token that was revoked")?;
        }
    }
    Ok(())
}

fn expect(found: &Response, status: u16, code: &str, what: &str) -> Result<(), String> {
    let holds = found.status == status && found.code == code;
    if holds { Ok(()) } else { Err(format!("{what}: expected {status} {code}, found {found:?}")) }
}
