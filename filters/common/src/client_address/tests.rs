use std::path::Path;

use proptest::prelude::*;
use serde_json::{Value, json};

use super::*;
use crate::config::{ConfigErrors, Text};

fn config(value: Value) -> Result<ClientIp, ConfigErrors> {
    deserr::deserialize(value)
}

fn ip(text: &str) -> IpAddr {
    text.parse().unwrap()
}

#[test]
fn addresses_that_are_read() {
    let cases = [
        ("10.0.0.1", "10.0.0.1"),
        (" 10.0.0.1\t", "10.0.0.1"),
        ("10.0.0.1:0", "10.0.0.1"),
        ("10.0.0.1:65535", "10.0.0.1"),
        ("2001:DB8::1", "2001:db8::1"),
        ("2001:db8::1:443", "2001:db8::1:443"),
        ("[2001:db8::1]", "2001:db8::1"),
        ("[2001:db8::1]:443", "2001:db8::1"),
        ("::ffff:10.0.0.1", "10.0.0.1"),
        ("[::ffff:a00:1]:80", "10.0.0.1"),
        ("::10.0.0.1", "10.0.0.1"),
        ("::", "::"),
        ("::1", "::1"),
        ("::2", "0.0.0.2"),
    ];
    for (given, want) in cases {
        assert_eq!(parse_address(given.as_bytes()), Some(ip(want)), "{given:?}");
    }
}

#[test]
fn addresses_that_are_none() {
    for given in [
        "",
        " ",
        "unknown",
        "_hidden",
        "10.0.0",
        "10.0.0.256",
        "010.0.0.1",
        "10.0.0.1.",
        "0x0a000001",
        "167772161",
        "10.0.0.1:",
        "10.0.0.1:65536",
        "10.0.0.1:+8",
        "10.0.0.1:8a",
        "10.0.0.1/8",
        "[10.0.0.1]",
        "[10.0.0.1]:80",
        "fe80::1%eth0",
        "fe80::1%1",
        "[fe80::1%1]:80",
        "[::1",
        "::1]",
        "[::1]80",
        "[::1]:",
        "[::1]:80:90",
        "\"10.0.0.1\"",
        "10.0.0.1, 10.0.0.2",
        "for=10.0.0.1",
        "/var/run/socket",
        "１0.0.0.1",
    ] {
        assert_eq!(parse_address(given.as_bytes()), None, "{given:?}");
    }
    assert_eq!(parse_address(b"10.0.0.1\xff"), None);
}

#[test]
fn port_0_tells_that_the_host_read_a_header() {
    let cases = [
        ("6.6.6.6:0", Some(("6.6.6.6", true))),
        ("[2001:db8::1]:0", Some(("2001:db8::1", true))),
        ("10.0.0.1:51234", Some(("10.0.0.1", false))),
        ("10.0.0.1", Some(("10.0.0.1", false))),
        ("[::ffff:10.0.0.1]:1", Some(("10.0.0.1", false))),
        ("@envoy", None),
        ("", None),
    ];
    for (given, want) in cases {
        let want = want.map(|(text, from_header)| HostAddress { ip: ip(text), from_header });
        assert_eq!(HostAddress::parse(given.as_bytes()), want, "{given:?}");
    }
}

#[test]
fn blocks() {
    let holds = [
        ("10.0.0.0/8", "10.255.0.1", true),
        ("10.0.0.0/8", "11.0.0.0", false),
        ("10.0.0.1", "10.0.0.1", true),
        ("10.0.0.1", "10.0.0.2", false),
        ("0.0.0.0/0", "203.0.113.7", true),
        ("0.0.0.0/0", "2001:db8::1", false),
        ("::/0", "2001:db8::1", true),
        ("::/0", "10.0.0.1", false),
        ("2001:db8::/33", "2001:db8:7fff::1", true),
        ("2001:db8::/33", "2001:db8:8000::1", false),
        ("::ffff:10.0.0.0/104", "10.1.2.3", true),
        ("::ffff:0.0.0.0/96", "10.1.2.3", true),
        ("::1", "::1", true),
    ];
    for (block, address, want) in holds {
        assert_eq!(Cidr::parse(block).unwrap().contains(ip(address)), want, "{block} {address}");
    }
    for text in [
        "",
        "10.0.0.1/8",
        "10.0.0.0/33",
        "10.0.0.0/08",
        "10.0.0.0/+8",
        "10.0.0.0/",
        "/8",
        "10.0.0.0/8/8",
        "2001:db8::1/64",
        "::/129",
        "10.0.0.0/256",
        "10.0.0.0/-1",
        "localhost",
        "10.*",
        " 10.0.0.0/8",
    ] {
        assert_eq!(Cidr::parse(text), None, "{text:?}");
    }
}

#[test]
fn configs() {
    let accepted = [
        (json!({}), ClientIp::default()),
        (json!({"from": "host", "ipv6_prefix": 56}), ClientIp { from: Source::Host, ipv6_prefix: 56 }),
        (
            json!({"from": "x_forwarded_for", "trusted_hops": 2, "peer_appended": true}),
            ClientIp { from: Source::ForwardedFor { trust: Trust::Hops(2), peer_appended: true }, ipv6_prefix: 64 },
        ),
        (
            json!({"from": "x_forwarded_for", "trusted_proxies": ["10.0.0.0/8"]}),
            ClientIp {
                from: Source::ForwardedFor {
                    trust: Trust::Proxies(vec![Cidr::parse("10.0.0.0/8").unwrap()]),
                    peer_appended: false,
                },
                ipv6_prefix: 64,
            },
        ),
    ];
    for (given, want) in accepted {
        assert_eq!(config(given.clone()), Ok(want), "{given}");
    }
}

#[test]
fn configs_that_are_refused() {
    let refused = [
        (json!({"from": "peer"}), r#"from: expected "host" or "x_forwarded_for", found "peer""#),
        (
            json!({"from": "x_forwarded_for"}),
            "from: \"x_forwarded_for\" needs \"trusted_hops\" or \"trusted_proxies\": clients can write the header",
        ),
        (
            json!({"trusted_hops": 1, "peer_appended": true}),
            "trusted_hops: goes with \"from\": \"x_forwarded_for\" alone\n\
             peer_appended: goes with \"from\": \"x_forwarded_for\" alone",
        ),
        (
            json!({"from": "x_forwarded_for", "trusted_hops": 1, "trusted_proxies": ["10.0.0.0/8"]}),
            "trusted_proxies: stands beside \"trusted_hops\": choose one",
        ),
        (
            json!({"from": "x_forwarded_for", "trusted_proxies": []}),
            "trusted_proxies: expected at least one block, found none",
        ),
        (
            json!({"from": "x_forwarded_for", "trusted_proxies": ["10.0.0.1/8"]}),
            "trusted_proxies[0]: expected an address, or a block such as \"10.0.0.0/8\" or \"2001:db8::/32\" with no \
             bit set behind the prefix, found \"10.0.0.1/8\"",
        ),
        (json!({"ipv6_prefix": 0}), "ipv6_prefix: expected a whole number from 1 to 128, found 0"),
        (json!({"trusted_hop": 1}), "trusted_hop: unknown field, did you mean \"trusted_hops\"?"),
    ];
    for (given, want) in refused {
        assert_eq!(config(given.clone()).unwrap_err().to_string(), want, "{given}");
    }
}

#[test]
fn the_list_is_walked_from_its_end() {
    let hops = |hops: u8| json!({"from": "x_forwarded_for", "trusted_hops": hops});
    let behind_peer = |hops: u8| json!({"from": "x_forwarded_for", "trusted_hops": hops, "peer_appended": true});
    let proxies = json!({"from": "x_forwarded_for", "trusted_proxies": ["10.0.0.0/8", "192.0.2.1"]});
    let appended = json!({"from": "x_forwarded_for", "trusted_proxies": ["10.0.0.0/8"], "peer_appended": true});
    let trusted_peer = "10.0.0.9";
    let cases: [(&str, Value, &str, &[&str], &str); 20] = [
        ("the host's word", json!({}), trusted_peer, &["1.1.1.1"], trusted_peer),
        ("nobody is trusted", hops(0), trusted_peer, &["1.1.1.1"], trusted_peer),
        ("one proxy", hops(1), trusted_peer, &["6.6.6.6, 203.0.113.7"], "203.0.113.7"),
        ("two proxies", hops(2), trusted_peer, &["6.6.6.6, 203.0.113.7,10.0.0.1"], "203.0.113.7"),
        ("lines are one list", hops(2), trusted_peer, &["6.6.6.6, 203.0.113.7", "10.0.0.1"], "203.0.113.7"),
        ("too short", hops(2), trusted_peer, &["203.0.113.7"], trusted_peer),
        ("no header", hops(1), trusted_peer, &[], trusted_peer),
        ("empty entry", hops(1), trusted_peer, &["203.0.113.7,"], trusted_peer),
        ("no address", hops(1), trusted_peer, &["203.0.113.7, me"], trusted_peer),
        ("the peer stands last", behind_peer(1), trusted_peer, &["6.6.6.6, 203.0.113.7, 10.0.0.9"], "203.0.113.7"),
        ("only the peer", behind_peer(1), trusted_peer, &["10.0.0.9"], trusted_peer),
        ("first unknown", proxies.clone(), trusted_peer, &["6.6.6.6, 203.0.113.7, 192.0.2.1"], "203.0.113.7"),
        ("a peer who is no proxy", proxies.clone(), "203.0.113.9", &["6.6.6.6"], "203.0.113.9"),
        ("mapped addresses", proxies.clone(), trusted_peer, &["203.0.113.7, ::ffff:10.0.0.1"], "203.0.113.7"),
        ("all are proxies", proxies.clone(), trusted_peer, &["10.0.0.1, 10.0.0.2"], "10.0.0.1"),
        ("proxies and no header", proxies.clone(), trusted_peer, &[], trusted_peer),
        ("nothing behind the unreadable", proxies.clone(), trusted_peer, &["6.6.6.6, x, 10.0.0.1"], trusted_peer),
        ("the unreadable is not reached", proxies, trusted_peer, &["x, 203.0.113.7, 10.0.0.1"], "203.0.113.7"),
        ("proxies, the peer last", appended.clone(), trusted_peer, &["6.6.6.6, 203.0.113.7, 10.0.0.9"], "203.0.113.7"),
        ("unknown peer, appended", appended, "203.0.113.9", &["6.6.6.6, 203.0.113.9"], "203.0.113.9"),
    ];
    for (name, given, host, lines, want) in cases {
        let lines: Vec<&[u8]> = lines.iter().map(|line| line.as_bytes()).collect();
        assert_eq!(config(given).unwrap().choose(Some(ip(host)), &lines), Some(ip(want)), "{name}");
    }
}

#[test]
fn without_a_host_address_only_hops_find_one() {
    let hops = config(json!({"from": "x_forwarded_for", "trusted_hops": 1})).unwrap();
    assert_eq!(hops.choose(None, &[b"203.0.113.7"]), Some(ip("203.0.113.7")));
    let proxies = config(json!({"from": "x_forwarded_for", "trusted_proxies": ["0.0.0.0/0"]})).unwrap();
    assert_eq!(proxies.choose(None, &[b"203.0.113.7"]), None);
    assert_eq!(ClientIp::default().choose(None, &[b"203.0.113.7"]), None);
}

fn cases(file: &str) -> Option<Value> {
    let Some(folder) = std::env::var_os("SLUICEGATE_CASES") else {
        println!("skipped: SLUICEGATE_CASES is not set");
        return None;
    };
    Some(serde_json::from_slice(&std::fs::read(Path::new(&folder).join(file)).unwrap()).unwrap())
}

#[test]
fn forwarded_for_cases() {
    let Some(file) = cases("ratelimit/key_derivation.json") else { return };
    let mut passed = std::collections::BTreeMap::new();
    let forwarded = |case: &&Value| case.get("effective_client_ip").is_some();
    for case in file.as_array().unwrap().iter().filter(forwarded) {
        let mut given = case["config"].clone();
        given["from"] = "x_forwarded_for".into();
        let client_ip = config(given).unwrap();
        let header = case["headers"].get("x-forwarded-for").and_then(Value::as_str);
        let peer = Some(ip(case["peer"].as_str().unwrap()));
        let want = ip(case["effective_client_ip"].as_str().unwrap().trim_end_matches("/64"));
        for random in ["1:2:3:4", "a:b:c:d", "9:9:9:9"] {
            let header = header.map(|header| header.replace("RANDOM", random));
            let lines: Vec<&[u8]> = header.iter().map(String::as_bytes).collect();
            let found = client_ip.key(client_ip.choose(peer, &lines).unwrap());
            assert_eq!(found, want, "{} {}", case["id"], case["name"]);
        }
        *passed.entry(case["strength"].as_str().unwrap().to_owned()).or_insert(0) += 1;
    }
    println!("X-Forwarded-For cases passed: {passed:?}");
    assert!(!passed.is_empty());
}

#[test]
fn key_cases() {
    let Some(file) = cases("ratelimit/ip_key_table.json") else { return };
    let mut passed = 0;
    for case in file.as_array().unwrap() {
        let given = parse_address(case["ip"].as_str().unwrap().as_bytes()).unwrap();
        // 0 means "whole address" there; here that is 128, and 0 is refused.
        let bits = case["ipv6_subnet"].as_u64().filter(|bits| *bits > 0).unwrap_or(128);
        let key = config(json!({"ipv6_prefix": bits})).unwrap().key(given);
        let want = case["key"].as_str().unwrap().split('/').next().unwrap();
        assert_eq!(key, ip(want), "{}", case["id"]);
        passed += 1;
    }
    println!("key cases passed: {passed}");
    assert!(passed > 0);
}

proptest! {
    /// A client writes the front of the list; a proxy behind it appends what it sees.
    #[test]
    fn what_clients_write_decides_nothing(
        forged in proptest::collection::vec("[ -~]{0,24}", 0..4),
        client: std::net::Ipv4Addr,
        hops in 1u8..4,
    ) {
        prop_assume!(!client.is_loopback() && client.octets()[0] != 10);
        let mut line = forged.join(",");
        for entry in std::iter::once(client.to_string()).chain((1..hops).map(|n| format!("10.0.0.{n}"))) {
            line = if line.is_empty() { entry } else { format!("{line}, {entry}") };
        }
        let lines: [&[u8]; 1] = [line.as_bytes()];
        let peer = Some(ip("10.0.0.9"));
        let by_hops = config(json!({"from": "x_forwarded_for", "trusted_hops": hops})).unwrap();
        prop_assert_eq!(by_hops.choose(peer, &lines), Some(client.into()));
        let by_proxies = config(json!({"from": "x_forwarded_for", "trusted_proxies": ["10.0.0.0/8"]})).unwrap();
        prop_assert_eq!(by_proxies.choose(peer, &lines), Some(client.into()));
    }

    #[test]
    fn any_bytes_are_read(text in proptest::collection::vec(any::<u8>(), 0..48)) {
        let client_ip = config(json!({"from": "x_forwarded_for", "trusted_hops": 1})).unwrap();
        if parse_address(&text).is_none() && !text.contains(&b',') {
            prop_assert_eq!(client_ip.choose(None, &[&text]), None);
        }
    }

    #[test]
    fn addresses_come_back_from_every_spelling(address: std::net::Ipv6Addr, four: std::net::Ipv4Addr, port: u16) {
        prop_assert_eq!(parse_address(format!("[{address}]:{port}").as_bytes()), Some(canonical(address.into())));
        prop_assert_eq!(parse_address(address.to_string().as_bytes()), Some(canonical(address.into())));
        prop_assert_eq!(parse_address(format!("{four}:{port}").as_bytes()), Some(four.into()));
        prop_assert_eq!(parse_address(four.to_ipv6_mapped().to_string().as_bytes()), Some(four.into()));
    }
}
