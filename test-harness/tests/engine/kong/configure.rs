//! What crashes the worker in on_configure.

use super::proxy;
use crate::probe::{Body, Probe};
use crate::support::{self, get, kinds, send};

#[test]
fn what_needs_a_request_is_fatal_in_on_configure() {
    struct Case {
        name: &'static str,
        given: fn(&mut Body<'_>),
        want: &'static str,
    }
    let cases = [
        Case { name: "name", given: |body| body.property("plugin_name"), want: "plugin_name" },
        Case { name: "header", given: |body| body.get(0, "host"), want: "header map" },
        Case { name: "headers", given: |body| body.pairs(2), want: "header map" },
        Case { name: "answer's headers", given: |body| body.pairs(6), want: "header map" },
        Case { name: "edit", given: |body| body.set(2, "x-a", b"1"), want: "header map" },
        Case { name: "reply", given: |body| body.reply(403, "no", &[]), want: "local reply" },
        Case { name: "resume", given: |body| body.resume(0), want: "resuming" },
    ];
    for Case { name, given, want } in cases {
        let probe = Probe::new().on("configure", given);
        let diagnostics = proxy(&probe).take_record().diagnostics;
        let fatal = diagnostics.iter().find(|diagnostic| kinds(&[(*diagnostic).clone()]) == ["Fatal"]);
        let told = fatal.map(ToString::to_string).unwrap_or_default();
        assert!(told.contains(want), "{name}: {diagnostics:?}");
        let envoy = support::proxy(&probe).take_record().diagnostics;
        assert!(!kinds(&envoy).contains(&"Fatal".to_owned()), "{name}: {envoy:?}");
    }
}

#[test]
fn what_needs_no_request_is_not() {
    let probe = Probe::new()
        .on("configure", |body| {
            body.property("plugin_root_id");
            body.buffer(7, 0, 99);
        })
        .on("request_headers", |body| body.property("plugin_name"));
    let mut proxy = proxy(&probe);
    let diagnostics = send(&mut proxy, get(&[])).diagnostics;
    assert_eq!(kinds(&diagnostics), Vec::<String>::new());
    assert_eq!(kinds(&proxy.take_record().diagnostics), Vec::<String>::new());
}
