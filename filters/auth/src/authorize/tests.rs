use serde_json::{Value, json};
use sluicegate_common::path::OnAmbiguousPath;

use super::*;

mod config;
mod host;

use host::Request;

fn object(value: Value) -> Object {
    let Value::Object(object) = value else { panic!("expected an object: {value}") };
    object
}

fn compile_with(list: Value, paths: MatchOptions) -> Result<Authorize, String> {
    let raw = deserr::deserialize::<Vec<RawEntry>, _, ConfigErrors>(list);
    let compiled = raw.map_err(|errors| errors.under("authorize")).and_then(|raw| Authorize::compile(raw, paths));
    compiled.map_err(|errors| errors.to_string())
}

fn compile(list: Value) -> Result<Authorize, String> {
    compile_with(list, MatchOptions::default())
}

/// The reason and the entry of the refusal.
type Found = Result<(), (Reason, String)>;

fn judge(list: Value, request: &Request, identity: Option<&Identity>, claims: Option<&Object>) -> Found {
    let authorize = compile(list).unwrap();
    let found = request.ask(|head, cx| authorize.judge(Subject { identity, claims }, head, cx));
    found.map_err(|refusal| (refusal.reason, refusal.entry.to_owned()))
}

fn alice() -> Identity {
    Identity::new("idp:alice", "idp", &["staff", "admin"], false).unwrap()
}

fn get() -> Request {
    Request::new("GET", b"/")
}

#[test]
fn fields_have_to_hold_together_and_one_element_of_each() {
    let (claims, yes) = (object(json!({"scope": "read write", "role": "editor", "mfa": true})), Ok(()));
    let no = |reason| Err((reason, "e".to_owned()));
    let (not_allowed, scope) = (no(Reason::NotAllowed), no(Reason::InsufficientScope));
    let role = |role: &str| json!({"pointer": "/role", "equals": role});
    let cases = [
        ("the consumer", json!({"consumers": ["bob", "idp:alice"]}), &yes),
        ("another consumer", json!({"consumers": ["alice", "idp"]}), &not_allowed),
        ("a group", json!({"groups": ["gold", "admin"]}), &yes),
        ("another group", json!({"groups": ["gold", "Admin", "staff admin", "adm"]}), &not_allowed),
        ("a scope", json!({"scopes": ["delete", "write"]}), &yes),
        ("another scope", json!({"scopes": ["delete", "writ"]}), &scope),
        ("a claim", json!({"claims": [role("owner"), role("editor")]}), &yes),
        ("another claim", json!({"claims": [role("owner")]}), &not_allowed),
        ("two fields", json!({"groups": ["admin"], "claims": [role("editor")]}), &yes),
        ("two fields, one holds", json!({"groups": ["admin"], "claims": [role("owner")]}), &not_allowed),
        ("only the scope is missing", json!({"groups": ["admin"], "scopes": ["delete"]}), &scope),
        ("not only the scope is", json!({"groups": ["gold"], "scopes": ["delete"]}), &not_allowed),
    ];
    for (name, conditions, allowed) in cases {
        let allow = json!([{"name": "e", "allow": conditions}]);
        assert_eq!(judge(allow, &get(), Some(&alice()), Some(&claims)), *allowed, "allow: {name}");
        let denied = if allowed.is_ok() { &not_allowed } else { &yes };
        let deny = json!([{"name": "e", "deny": conditions}]);
        assert_eq!(judge(deny, &get(), Some(&alice()), Some(&claims)), *denied, "deny: {name}");
    }
}

#[test]
fn every_entry_that_matches_is_judged() {
    let list = json!([
        {"name": "admin", "match": {"paths": [{"prefix": "/admin"}]}, "allow": {"groups": ["admin"]}},
        {"name": "not-bob", "match": {"paths": [{"prefix": "/admin"}]}, "deny": {"consumers": ["bob"]}},
        {"name": "known", "allow": {"groups": ["staff", "guests"]}},
        {"name": "staff-writes", "match": {"methods": ["POST"]}, "allow": {"groups": ["staff"]},
         "deny": {"groups": ["guests"]}},
    ]);
    let who = |id: &str, groups: &[&str]| Identity::new(id, "", groups, false).unwrap();
    let refused = |entry: &str| Err((Reason::NotAllowed, entry.to_owned()));
    let cases = [
        ("all hold", who("a", &["admin", "staff"]), "POST", "/admin/x", Ok(())),
        ("the first does not", who("a", &["staff"]), "GET", "/admin", refused("admin")),
        ("the second does not", who("bob", &["admin", "staff"]), "GET", "/admin", refused("not-bob")),
        ("no match, no judgement", who("bob", &["staff"]), "GET", "/", Ok(())),
        ("always", who("a", &["admin"]), "GET", "/admin", refused("known")),
        (
            "an allow that holds does not outweigh a deny",
            who("a", &["staff", "guests"]),
            "POST",
            "/",
            refused("staff-writes"),
        ),
        ("another path to the same place", who("a", &["staff"]), "GET", "//x/..//%61dmin/", refused("admin")),
    ];
    for (name, identity, method, path, want) in cases {
        let request = Request::new(method, path.as_bytes());
        assert_eq!(judge(list.clone(), &request, Some(&identity), None), want, "{name}");
    }
    let nothing = json!([]);
    assert_eq!(judge(nothing, &get(), None, None), Ok(()), "nothing to judge");
}

#[test]
fn nobody_is_asked_to_say_who_they_are() {
    let nobody = Identity::new("", "", &[], true).unwrap();
    let guest = Identity::new("guest", "", &["guests"], true).unwrap();
    let missing = Err((Reason::MissingCredential, "e".to_owned()));
    let refused = Err((Reason::NotAllowed, "e".to_owned()));
    let cases = [
        ("groups", json!({"allow": {"groups": ["admin"]}}), &missing, &missing),
        ("consumers", json!({"allow": {"consumers": ["a"]}}), &missing, &missing),
        ("scopes", json!({"allow": {"scopes": ["read"]}}), &missing, &missing),
        ("a claim", json!({"allow": {"claims": [{"pointer": "/a", "exists": true}]}}), &missing, &missing),
        ("a group of guests", json!({"allow": {"groups": ["guests"]}}), &missing, &Ok(())),
        ("deny admins", json!({"deny": {"groups": ["admin"], "scopes": ["read"]}}), &Ok(()), &Ok(())),
        ("deny a missing claim", json!({"deny": {"claims": [{"pointer": "/a", "exists": false}]}}), &refused, &refused),
        ("deny guests", json!({"deny": {"consumers": ["guest"]}}), &Ok(()), &refused),
    ];
    for (name, mut entry, of_nobody, of_guest) in cases {
        entry["name"] = json!("e");
        let list = json!([entry]);
        assert_eq!(judge(list.clone(), &get(), None, None), *of_nobody, "{name}, without identity");
        assert_eq!(judge(list.clone(), &get(), Some(&nobody), None), *of_nobody, "{name}, as nobody");
        assert_eq!(judge(list, &get(), Some(&guest), None), *of_guest, "{name}, as guest");
    }
}

#[test]
fn what_a_match_cannot_read_is_judged() {
    let regex = json!({"paths": [{"regex": "/admin/.*"}]});
    let header = json!({"headers": [{"name": "x-tier", "regex": "gold", "invert": true}]});
    let refused = Err((Reason::NotAllowed, "e".to_owned()));
    let cases = [
        ("a path that is no text", &regex, Request::new("GET", b"/adm%ffin"), &refused),
        ("a path that does not match", &regex, Request::new("GET", b"/users/1"), &Ok(())),
        ("an ambiguous path", &regex, Request::new("GET", b"/users%2fadmin"), &refused),
        ("a header that is no text", &header, get().header("x-tier", b"gold\xff"), &refused),
        ("a header that is excepted", &header, get().header("x-tier", b"gold"), &Ok(())),
        ("no address", &json!({"source_ips": ["10.0.0.0/8"]}), get(), &refused),
    ];
    for (name, matcher, request, want) in cases {
        for judged in [json!({"allow": {"groups": ["x"]}}), json!({"deny": {"groups": ["staff"]}})] {
            let mut entry = judged.clone();
            (entry["name"], entry["match"]) = (json!("e"), matcher.clone());
            assert_eq!(judge(json!([entry]), &request, Some(&alice()), None), *want, "{name}: {judged}");
        }
    }
}

#[test]
fn paths_compare_as_they_are_told_to() {
    let list = json!([{"name": "e", "match": {"paths": [{"prefix": "/Admin"}]}, "allow": {"groups": ["x"]}}]);
    let request = Request::new("GET", b"/admin");
    for (case_sensitive, refused) in [(false, true), (true, false)] {
        let paths = MatchOptions { case_sensitive, ..MatchOptions::default() };
        let authorize = compile_with(list.clone(), paths).unwrap();
        let found = request.ask(|head, cx| authorize.judge(Subject::default(), head, cx).is_err());
        assert_eq!(found, refused, "case_sensitive: {case_sensitive}");
    }
    let raw = MatchOptions { on_ambiguous_path: OnAmbiguousPath::MatchRaw, ..MatchOptions::default() };
    let authorize = compile_with(list, raw).unwrap();
    let request = Request::new("GET", b"/x;a");
    assert!(request.ask(|head, cx| authorize.judge(Subject::default(), head, cx).is_ok()), "read as it was sent");
}

#[test]
fn the_scopes_that_would_do_are_told() {
    let list = json!([{"name": "e", "allow": {"scopes": ["notes:write", "admin"]}}]);
    let (authorize, claims) = (compile(list).unwrap(), object(json!({"scope": "notes:read"})));
    let subject = Subject { identity: Some(&alice()), claims: Some(&claims) };
    let refusal = get().ask(|head, cx| authorize.judge(subject, head, cx)).unwrap_err();
    assert_eq!(refusal.reason, Reason::InsufficientScope);
    assert_eq!(refusal.scope, Some("notes:write admin"));
}
