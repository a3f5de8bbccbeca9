use super::fake::FakeHost;
use super::*;
use crate::head::HeadState;

fn forwarded() -> Settings {
    let config = serde_json::json!({"client_ip": {"from": "x_forwarded_for", "trusted_hops": 1}});
    deserr::deserialize::<Settings, _, _>(config).unwrap()
}

#[test]
fn a_fact_is_found_once() {
    let host = FakeHost::new(&[(":path", "/a"), (X_FORWARDED_FOR, "6.6.6.6, 203.0.113.7")])
        .property("source.address", Ok("10.0.0.9:51234"))
        .property("xds.route_name", Ok("r1"));
    let mut state = HeadState::default();
    let head = RequestHead::new(&host, &mut state);
    let facts = Facts::default();
    for _ in 0..2 {
        assert_eq!(facts.path(&head).text(), b"/a");
        assert_eq!(facts.client_ip(&head, &host, &forwarded()), Some("203.0.113.7".parse().unwrap()));
        let ip = "10.0.0.9".parse().unwrap();
        assert_eq!(facts.host_address(&host), Some(HostAddress { ip, from_header: false }));
        assert_eq!(facts.route_name(&host), Some(&b"r1"[..]));
    }
    assert_eq!(*host.asked.borrow(), [":path", "source.address", "all", "xds.route_name"]);
    assert_eq!(facts.failure(), None);
}

#[test]
fn parameters_and_cookies_are_parsed_once_for_all_rules() {
    let host = FakeHost::new(&[(":path", "/a?b=1&c=%32&b=+"), ("cookie", "d=3; e"), ("cookie", "d=\"4\"")]);
    let (mut state, mut later) = (HeadState::default(), HeadState::default());
    let head = RequestHead::new(&host, &mut state);
    let facts = Facts::default();
    assert_eq!(facts.parameter(&head, "b"), [b"1", b" "]);
    assert_eq!(facts.cookie(&head, "d"), [b"3", b"4"]);
    let other = FakeHost::new(&[(":path", "/a?c=5"), ("cookie", "d=6")]);
    let later = RequestHead::new(&other, &mut later);
    assert_eq!(facts.parameter(&later, "c"), [b"2"]);
    assert!(facts.cookie(&later, "e").is_empty(), "a part without = is none");
    assert!(other.asked.borrow().is_empty());
}

#[test]
fn nothing_is_read_before_it_is_asked_for() {
    let host = FakeHost::new(&[(X_FORWARDED_FOR, "6.6.6.6")]).property("source.address", Ok("10.0.0.9:51234"));
    let mut state = HeadState::default();
    let head = RequestHead::new(&host, &mut state);
    let facts = Facts::default();
    assert!(host.asked.borrow().is_empty());
    assert_eq!(facts.client_ip(&head, &host, &Settings::default()), Some("10.0.0.9".parse().unwrap()));
    assert_eq!(*host.asked.borrow(), ["source.address"], "the header is not looked at");
}

#[test]
fn edits_do_not_change_a_fact() {
    let host = FakeHost::new(&[(":path", "/admin?a")]);
    let mut state = HeadState::default();
    let mut head = RequestHead::new(&host, &mut state);
    let facts = Facts::default();
    assert_eq!(facts.path(&head).text(), b"/admin");
    head.set(":path", *b"/public").unwrap();
    assert_eq!(facts.path(&head).text(), b"/admin");
}

#[test]
fn a_failed_read_is_no_fact_and_remembered() {
    let host = FakeHost::new::<&str>(&[])
        .property("source.address", Err(Status::BadArgument))
        .property("xds.route_name", Err(Status::Other(99)));
    let facts = Facts::default();
    assert_eq!(facts.route_metadata(&host, "sluicegate", "plan"), None);
    assert_eq!(facts.failure(), None, "a property that is not there is no failure");
    assert_eq!(facts.host_address(&host), None);
    assert_eq!(facts.route_name(&host), None);
    assert_eq!(facts.failure(), Some(Status::BadArgument), "the first one");
}

#[test]
fn route_metadata_has_the_path_that_envoy_gives_it() {
    let host = FakeHost::new::<&str>(&[]).property("xds.route_metadata.filter_metadata.sluicegate.plan", Ok("gold"));
    let facts = Facts::default();
    assert_eq!(facts.route_metadata(&host, "sluicegate", "plan"), Some(b"gold".to_vec()));
    assert_eq!(facts.route_metadata(&host, "sluicegate", "none"), None);
}

#[test]
fn the_last_chosen_rule_with_a_fitting_template_names_it() {
    use crate::matcher::MatchOptions;
    let rule = |paths: serde_json::Value| {
        let given = serde_json::json!({ "paths": paths });
        Rc::new(Match::parse(given, MatchOptions::default()).unwrap())
    };
    let outer = rule(serde_json::json!([{"template": "/a/{any}"}]));
    let inner = rule(serde_json::json!([{"exact": "/a/b"}, {"template": "/a/c"}, {"template": "/{x}/c"}]));
    let plain = rule(serde_json::json!([{"prefix": "/"}]));
    // (path, found)
    let cases = [
        ("/a/b", Some("/a/{any}")),
        ("/a/c", Some("/a/c")),
        ("/A//C?d", Some("/a/c")),
        ("/b/c", Some("/{x}/c")),
        ("/b", None),
        ("/a/c;d", None),
    ];
    for (path, want) in cases {
        let host = FakeHost::new(&[(":path", path)]);
        let mut state = HeadState::default();
        let head = RequestHead::new(&host, &mut state);
        let facts = Facts::default();
        [&outer, &inner, &plain].into_iter().for_each(|chosen| facts.note_chosen(chosen));
        assert!(host.asked.borrow().is_empty(), "noting a rule reads nothing");
        assert_eq!(facts.path_template(&head).as_deref(), want, "{path}");
    }
    let (host, facts, mut state) = (FakeHost::new(&[(":path", "/a/c")]), Facts::default(), HeadState::default());
    facts.note_chosen(&plain);
    assert_eq!(facts.path_template(&RequestHead::new(&host, &mut state)), None);
    assert!(host.asked.borrow().is_empty(), "no template, no reading");
}

#[test]
fn cleared_facts_know_nothing_of_the_request_before() {
    let host = FakeHost::new(&[(":path", "/a?x=1"), ("x-correlation-id", "id-of-a-client")])
        .property("source.address", Ok("192.0.2.1:4242"));
    let settings = Settings::default();
    let mut facts = Facts::default();
    let mut state = HeadState::default();
    let head = RequestHead::new(&host, &mut state);
    facts.set_whole();
    facts.set_breaker("b".into());
    facts.expose("x-a");
    assert_eq!(facts.path(&head).text(), b"/a");
    assert_eq!(facts.parameter(&head, "x"), [b"1"]);
    assert!(facts.client_ip(&head, &host, &settings).is_some());
    assert!(facts.request_id(&head, &settings).is_some());
    facts.assign_request_id(b"given".to_vec());
    facts.set_identity(Some(Rc::new(Identity::new("u", "", &[], false).unwrap())), None);
    facts.note_chosen_by(&Rc::new(["x-b".to_owned()].into()));
    facts.clear();

    let (other, mut state) = (FakeHost::new::<&str>(&[]), HeadState::default());
    let head = RequestHead::new(&other, &mut state);
    assert_eq!((facts.path(&head).text(), facts.parameter(&head, "x").len()), (&b"/"[..], 0));
    assert_eq!(facts.client_ip(&head, &other, &settings), None);
    assert_eq!((facts.request_id(&head, &settings), facts.assigned_request_id()), (None, None));
    assert!(facts.identity(&other).is_none() && facts.breaker().is_none() && !facts.is_whole());
    assert!(facts.exposed().is_empty() && facts.chosen_by().is_empty() && facts.take_limits().is_empty());
}
