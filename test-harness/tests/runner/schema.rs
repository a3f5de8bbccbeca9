//! What a scenario file may say, and what it is told otherwise.

use test_harness::scenario::{Step, parse};

use crate::hello;

struct Case {
    name: &'static str,
    given: &'static str,
    want: &'static str,
}

const REFUSED: &[Case] = &[
    Case {
        name: "an unknown field, with its line",
        given: "name: n\nplugin: ./hello.wasm\nsteps:\n- request: {header: {}}\n",
        want: "line 4 column 13: unknown field `header`",
    },
    Case {
        name: "a number where text stands",
        given: "name: n\nplugin: ./hello.wasm\nsteps:\n- request: {headers: {x: 1}}\n",
        want: "expected text (in quotes",
    },
    Case {
        name: "a status that is none",
        given: "name: n\nplugin: ./hello.wasm\nsteps:\n- request: {}\n  expect: {status: ok}\n",
        want: "line 5 column 20",
    },
    Case {
        name: "a name given twice",
        given: "name: n\nname: m\nplugin: ./hello.wasm\nsteps: []\n",
        want: "line 2 column 1: duplicate mapping key: name",
    },
    Case {
        name: "a duration without unit",
        given: "name: n\nplugin: ./hello.wasm\nsteps: [{advance: '10'}]\n",
        want: "expected a duration like 1500ms, found 10",
    },
    Case {
        name: "a time without zone",
        given: "name: n\nplugin: ./hello.wasm\nnow: '2026'\nsteps: [{advance: 1s}]\n",
        want: "expected a time like 2026-01-01T00:00:00Z, found 2026",
    },
    Case {
        name: "an expression that is none",
        given: "name: n\nplugin: ./hello.wasm\nsteps:\n- request: {}\n  expect: {body: {matches: '('}}\n",
        want: "unclosed group",
    },
    Case {
        name: "a pattern in what is sent",
        given: "name: n\nplugin: ./hello.wasm\nsteps:\n- request: {path: {matches: /a}}\n",
        want: "describe what is expected, not what is sent",
    },
    Case {
        name: "a route that answers and fails",
        given: "name: n\nplugin: ./hello.wasm\nroute: {direct_response: {status: 200}, fails: no_route}\nsteps: [{advance: 1s}]\n",
        want: "expected `direct_response` or `fails`, found both",
    },
    Case {
        name: "a direct response that is none",
        given: "name: n\nplugin: ./hello.wasm\nroute: {direct_response: {status: 101}}\nsteps: [{advance: 1s}]\n",
        want: "expected 200 to 599, found 101",
    },
    Case {
        name: "an unknown cluster that is known",
        given: "name: n\nplugin: ./hello.wasm\nroute: {cluster: c, fails: unknown_cluster}\nclusters: {c: []}\nsteps: [{advance: 1s}]\n",
        want: "c is among the `clusters`, and hence known",
    },
    Case {
        name: "an upstream without a healthy host",
        given: "name: n\nplugin: ./hello.wasm\nsteps: [{request: {}, upstream: {fails: no_healthy_host}}]\n",
        want: "expected `route: {fails: no_healthy_host}`",
    },
    Case {
        name: "a cluster of two protocols",
        given: "name: n\nplugin: ./hello.wasm\nclusters: {c: [{answer: {}}, {grpc: {}}]}\nsteps: [{advance: 1s}]\n",
        want: "a cluster speaks one protocol",
    },
    Case {
        name: "an entry of two protocols",
        given: "name: n\nplugin: ./hello.wasm\nclusters: {c: [{answer: {}, grpc: {}}]}\nsteps: [{advance: 1s}]\n",
        want: "expected either `answer` or `grpc`",
    },
    Case {
        name: "a gRPC status that is none",
        given: "name: n\nplugin: ./hello.wasm\nclusters: {c: [{grpc: {status: 17}}]}\nsteps: [{advance: 1s}]\n",
        want: "status: expected 0 to 16, found 17",
    },
    Case {
        name: "a message of a call that failed",
        given: "name: n\nplugin: ./hello.wasm\nclusters: {c: [{grpc: {status: 5, message: m}}]}\nsteps: [{advance: 1s}]\n",
        want: "only a call with status 0 has one",
    },
    Case {
        name: "a failure with an answer",
        given: "name: n\nplugin: ./hello.wasm\nclusters: {c: [{grpc: {fails: reset, message: m}}]}\nsteps: [{advance: 1s}]\n",
        want: "expected `fails` or an answer, found both",
    },
    Case {
        name: "a step of two kinds",
        given: "name: n\nplugin: ./hello.wasm\nsteps:\n- request: {}\n  advance: 1s\n",
        want: "step 1: expected one of request, advance, clusters, await, interleave, jump, fault, found several",
    },
    Case {
        name: "a fault that can never happen: no such callback",
        given: "name: n\nplugin: ./hello.wasm\nsteps: [{fault: {kill: 0, before: proxy_on_response_header}}, {request: {}}]\n",
        want: "fault: before: expected a callback, such as proxy_on_response_headers, found proxy_on_response_header",
    },
    Case {
        name: "a fault that can never happen: no such host function",
        given: "name: n\nplugin: ./hello.wasm\nsteps: [{fault: {call: proxy_get_shared, returns: NotFound}}, {request: {}}]\n",
        want: "fault: call: no host function is named proxy_get_shared",
    },
    Case {
        name: "an expectation without a request",
        given: "name: n\nplugin: ./hello.wasm\nsteps:\n- request: {}\n- expect: {status: 200}\n",
        want: "step 2: `upstream`, `expect`, `budget` and `keep` belong to a `request`",
    },
    Case {
        name: "a response and its failure",
        given: "name: n\nplugin: ./hello.wasm\nsteps:\n- request: {}\n  upstream: {status: 200, fails: reset}\n",
        want: "step 1: upstream: expected `fails` or a response, found both",
    },
    Case {
        name: "a worker that is not there",
        given: "name: n\nplugin: ./hello.wasm\nworkers: 2\nsteps:\n- request: {worker: 2}\n",
        want: "step 1: worker: expected below `workers` (2), found 2",
    },
    Case {
        name: "a profile that is none",
        given: "name: n\nplugin: ./hello.wasm\nnot_in: {nginx: why}\nsteps: [{advance: 1s}]\n",
        want: "unknown variant `nginx`, expected one of envoy, kong",
    },
    Case {
        name: "no worker at all",
        given: "name: n\nplugin: ./hello.wasm\nworkers: 0\nsteps:\n- request: {}\n",
        want: "workers: expected 1 to 16, found 0",
    },
    Case {
        name: "raw bytes outside of a real proxy",
        given: "name: n\nplugin: ./hello.wasm\nsteps:\n- request: {raw: GET}\n",
        want: "step 1: raw: only a real proxy parses bytes",
    },
    Case {
        name: "neither plugin nor plugins",
        given: "name: n\nsteps:\n- request: {}\n",
        want: "expected either `plugin` or `plugins`",
    },
    Case {
        name: "a refusal with steps",
        given: "name: n\nplugin: ./hello.wasm\nrefused: []\nsteps:\n- request: {}\n",
        want: "steps: a scenario with `refused` never starts",
    },
    Case {
        name: "no steps",
        given: "name: n\nplugin: ./hello.wasm\n",
        want: "steps: expected at least one, or `refused`",
    },
    Case {
        name: "a module that was not built",
        given: "name: n\nplugin: nosuchplugin\nsteps:\n- request: {}\n",
        want: "plugin: dist/nosuchplugin.wasm not found",
    },
    Case {
        name: "a module that is not built says how to build it",
        given: "name: n\nplugin: nosuchplugin\nsteps:\n- request: {}\n",
        want: "run `make build`",
    },
    Case {
        name: "a configuration that is not there",
        given: "name: n\nplugin: ./hello.wasm\nconfig: no.json\nsteps:\n- request: {}\n",
        want: "config: ",
    },
    Case {
        name: "a configuration that is a list",
        given: "name: n\nplugin: ./hello.wasm\nconfig: [1]\nsteps:\n- request: {}\n",
        want: "config: expected a path or an object, found [1]",
    },
];

#[test]
fn refuses_with_a_reason() {
    let folder = hello::folder();
    for Case { name, given, want } in REFUSED {
        let error = parse("case", given, folder.path()).expect_err(name);
        assert!(error.contains(want), "{name}: expected {want:?} in {error:?}");
    }
}

/// Everything the README lists, once.
const WHOLE: &str = r#"
name: everything
plugins:
- plugin: ./hello.wasm
  name: first
  config: {on: true, list: [y, 1, 1.5, null]}
  vm_id: vm
  env: {SECRET: s3cret}
  failure_policy: FAIL_OPEN
- plugin: ./hello.wasm
workers: 2
now: 2026-01-01T00:00:00Z
route: {name: r, cluster: orders, metadata: {ns: {k: v}}}
only: {backend: envoy, because: it sends raw bytes}
clusters:
  idp:
  - {path: /jwks.json, times: 1, answer: {body: {json: {keys: []}}}}
  - answer: {fails: refused}
steps:
- request:
    method: POST
    path: /a?b=c
    authority: api.example.com
    scheme: https
    headers: {x-one: "1", x-many: [a, b], x-odd: {bytes: 'caf\xe9'}}
    body: {chunks: [a, {bytes: '\x00'}]}
    trailers: {x-t: "1"}
    worker: 1
    from: 127.0.0.2
  upstream: {status: 503, headers: [[set-cookie, a=1], [set-cookie, b=2]], body: no, after: 2s}
  expect:
    status: 503
    headers: {x-a: "1", x-b: [{matches: "[0-9]+"}, {contains: z}]}
    absent: [x-c]
    trailers: {}
    body: {contains: no}
    json: {error: {code: x}}
    upstream: reached
    saw: {method: POST, path: /a, authority: x, headers: {}, absent: [a], trailers: {}, body: b, json: 1}
    metrics: {m.total: 1}
    logs: [line]
    unlogged: [secret]
    diagnostics: [trap]
- request: {raw: {bytes: 'GET / HTTP/1.1\r\n\r\n'}}
- advance: 1h 30m
- clusters: {idp: [{answer: {fails: timeout}}]}
- await: {cluster: idp, calls: 2}
"#;

#[test]
fn reads_every_field() {
    let folder = hello::folder();
    let scenario = parse("case", WHOLE, folder.path()).expect("valid");
    assert_eq!(scenario.now, Some(1_767_225_600_000_000_000));
    assert_eq!(scenario.plugins[0].configuration, br#"{"list":["y",1,1.5,null],"on":true}"#);
    assert_eq!(scenario.plugins[1].name, "hello");
    assert_eq!(scenario.steps.len(), 5);
    let Step::Request(step) = &scenario.steps[0] else { panic!("not a request: {:?}", scenario.steps[0]) };
    let text = |(name, value): &(Vec<u8>, Vec<u8>)| (name.clone(), value.clone());
    let headers: Vec<_> = step.request.headers.iter().map(text).collect();
    let want: &[(&[u8], &[u8])] = &[(b"x-one", b"1"), (b"x-many", b"a"), (b"x-many", b"b"), (b"x-odd", b"caf\xe9")];
    assert_eq!(headers, want.iter().map(|(n, v)| (n.to_vec(), v.to_vec())).collect::<Vec<_>>());
    assert_eq!(step.request.body, [b"a".to_vec(), b"\0".to_vec()]);
    assert_eq!(step.request.peer.ip().to_string(), "127.0.0.2");
    let Step::Request(raw) = &scenario.steps[1] else { panic!("not a request") };
    assert_eq!(raw.raw.as_deref(), Some(b"GET / HTTP/1.1\r\n\r\n".as_slice()));
}
