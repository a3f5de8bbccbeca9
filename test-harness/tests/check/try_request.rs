//! `try`: what it prints of a request, and how it ends.

use std::process::Command;

use crate::{dist, root};

/// Tries a request to cors or header-transform with the example's configuration.
fn attempt(filter: &str, arguments: &[&str]) -> (Option<i32>, String) {
    let mut command = Command::new(env!("CARGO_BIN_EXE_test-harness"));
    command.arg("try").arg("--wasm").arg(dist().join(filter).with_extension("wasm")).args(arguments);
    let output = command.current_dir(root()).output().expect("it was built");
    (output.status.code(), String::from_utf8_lossy(&[output.stdout, output.stderr].concat()).into_owned())
}

fn has_lines(printed: &str, lines: &[&str]) {
    for line in lines {
        assert!(printed.lines().any(|printed| printed.trim_end() == *line), "no line {line:?} in\n{printed}");
    }
}

#[test]
fn a_local_reply_is_shown() {
    let (status, printed) = attempt(
        "cors",
        &[
            "--config",
            "examples/cors/config.json",
            "-X",
            "OPTIONS",
            "-H",
            "origin: https://app.example.com",
            "-H",
            "access-control-request-method: PUT",
            "/orders",
        ],
    );
    assert_eq!(status, Some(0), "{printed}");
    has_lines(
        &printed,
        &[
            "  nothing: answered before",
            "client gets (preflight_allowed)",
            "  :status: 204",
            "  access-control-allow-methods: PUT",
            "  sluicegate_cors_requests_total.outcome.answered.code.preflight_allowed.rule.default.mode.enforce +1",
        ],
    );
}

#[test]
fn what_the_upstream_gets_is_compared_with_what_was_sent() {
    let config = ["--config", "examples/header-transform/config.json"];
    let request =
        ["-d", "{}", "-H", "Host: api.example.com", "-H", "x-gateway-forged: 1", "/user-service/users?lang=de"];
    for profile in ["envoy", "kong"] {
        let more = ["--upstream", "201", "--times", "2", "--profile", profile];
        let (status, printed) = attempt("header-transform", &[&config[..], &request, &more].concat());
        assert_eq!(status, Some(0), "{printed}");
        let lines = ["  - x-gateway-forged: 1", "  + x-gateway-service: user-service", "  :status: 201", "  {}"];
        has_lines(&printed, &lines);
    }
}

#[test]
fn a_refused_configuration_and_a_missing_file_are_told_apart() {
    let (status, printed) = attempt("cors", &["--config", "examples/auth/oidc.json", "/"]);
    assert_eq!(status, Some(1), "{printed}");
    assert!(printed.contains("authenticators: unknown field"), "{printed}");
    assert_eq!(attempt("cors", &["--config", "nosuchfile.json", "/"]).0, Some(2));
    assert_eq!(attempt("cors", &["--nosuchoption", "/"]).0, Some(2));
}

#[test]
fn what_no_proxy_hands_to_a_filter_is_refused() {
    for arguments in [
        vec!["orders"],
        vec![""],
        vec!["/a b"],
        vec!["-H", ":authority: api.example.com", "/"],
        vec!["-H", "x y: 1", "/"],
        vec!["-H", "x: 1\ny: 2", "/"],
        vec!["-H", "nocolon", "/"],
        vec!["-X", "", "/"],
        vec!["-X", "GET /", "/"],
    ] {
        let (status, printed) = attempt("cors", &[&["--config", "examples/cors/config.json"], &arguments[..]].concat());
        assert_eq!(status, Some(2), "{arguments:?}\n{printed}");
    }
}
