//! Which plan holds, and what is wrong with plans.

use serde_json::{Value as Json, json};
use sluicegate_common::config::{Env, Object};
use sluicegate_common::filter::Setup;

use crate::config::Config;

fn errors(plans: &Json) -> Vec<String> {
    let config: Object = json!({"plans": plans}).as_object().cloned().unwrap();
    match Config::parse(config, &Setup::new(&Env::default()), None) {
        Ok(_) => Vec::new(),
        Err(errors) => errors.iter().map(ToString::to_string).collect(),
    }
}

#[test]
fn plans_are_read() {
    struct Case {
        name: &'static str,
        plans: Json,
        /// What each error begins with.
        want: &'static [&'static str],
    }
    let gold = json!({"throttle": {"requests": 10}, "quota": {"requests": 100, "per": "month", "offset": "48h"}});
    let cases = [
        Case { name: "by group", plans: json!({"by": "group", "table": {"gold": gold}, "default": "gold"}), want: &[] },
        Case { name: "by claim", plans: json!({"by": "claim:/plan", "table": {"gold": gold}}), want: &[] },
        Case { name: "a consumer's id", plans: json!({"by": "consumer", "table": {"idp:ada": gold}}), want: &[] },
        Case {
            name: "what no client may choose",
            plans: json!({"by": "header:x-plan", "table": {}}),
            want: &["plans.by: expected \"consumer\""],
        },
        Case {
            name: "no such plan",
            plans: json!({"by": "group", "table": {"gold": gold}, "default": "silver"}),
            want: &["plans.default: there is no plan \"silver\""],
        },
        Case {
            name: "what cannot be counted",
            plans: json!({"by": "group", "table": {
                "a": {"throttle": {"requests": 1, "per": "0s"}, "quota": {"requests": 1, "per": "day", "offset": "24h"}},
            }}),
            want: &["plans.table.a.throttle.per: ", "plans.table.a.quota.offset: "],
        },
        Case {
            name: "all at once",
            plans: json!({"by": "group", "default": "b", "table": {"a": {"throttle": {"requests": 1, "per": "0s"}}}}),
            want: &["plans.table.a.throttle.per: ", "plans.default: "],
        },
        Case {
            name: "a period that is none",
            plans: json!({"by": "group", "table": {"a": {"quota": {"requests": 1, "per": "1d"}}}}),
            want: &["plans.table.a.quota.per: expected"],
        },
    ];
    for Case { name, plans, want } in cases {
        let found = errors(&plans);
        assert_eq!(found.len(), want.len(), "{name}: {found:?}");
        assert!(found.iter().zip(want).all(|(found, want)| found.starts_with(want)), "{name}: {found:?}");
    }
}

#[test]
fn too_many_limits_with_the_key_of_plans() {
    let limit = |number| json!({"name": format!("limit-{number}"), "requests": 1, "per": "1s", "key": ["consumer"]});
    let plan = json!({"throttle": {"requests": 1}, "quota": {"requests": 1, "per": "day"}});
    let config = json!({
        "limits": (0..16).map(limit).collect::<Vec<_>>(),
        "plans": {"by": "group", "table": {"a": plan, "b": plan}},
    });
    let refused = Config::parse(config.as_object().cloned().unwrap(), &Setup::new(&Env::default()), None);
    let want = "plans.key: 16 limits of other names have this key already";
    assert_eq!(refused.unwrap_err().to_string(), want);
}

#[test]
fn a_limit_beside_plans_has_another_name() {
    let config = json!({
        "limits": [{"name": "plan-quota", "requests": 1, "per": "1s"}],
        "plans": {"by": "group", "table": {}},
    });
    let refused = Config::parse(config.as_object().cloned().unwrap(), &Setup::new(&Env::default()), None);
    assert_eq!(refused.unwrap_err().to_string(), "limits[0].name: the name is taken by \"plans\"");
}
