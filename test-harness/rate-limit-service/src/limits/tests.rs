use super::*;

const CONFIG: &str = "
domain: edge
descriptors:
- key: consumer
  rate_limit: {unit: minute, requests_per_unit: 10}
- key: consumer
  value: acme
  rate_limit: {unit: hour, requests_per_unit: 600}
  descriptors:
  - key: path
    rate_limit: {unit: second, requests_per_unit: 2}
- key: free
";

#[test]
fn entries_lead_to_a_limit() {
    let limits: Limits = serde_saphyr::from_str(CONFIG).unwrap();
    let limit = |unit, requests_per_unit| Some(Limit { unit, requests_per_unit });
    type Case = (&'static str, &'static [(&'static str, &'static str)], Option<Limit>);
    let cases: [Case; 8] = [
        ("any value", &[("consumer", "ada")], limit(Unit::Minute, 10)),
        ("a value of its own", &[("consumer", "acme")], limit(Unit::Hour, 600)),
        ("a descriptor below", &[("consumer", "acme"), ("path", "/")], limit(Unit::Second, 2)),
        ("nothing below any value", &[("consumer", "ada"), ("path", "/")], None),
        ("no such key", &[("ip", "::1")], None),
        ("not from the middle", &[("path", "/")], None),
        ("a node without a limit", &[("free", "")], None),
        ("no entries", &[], None),
    ];
    for (name, entries, want) in cases {
        let entry = |&(key, value): &(&str, &str)| Entry { key: key.into(), value: value.into() };
        assert_eq!(limits.of(&entries.iter().map(entry).collect::<Vec<_>>()), want, "{name}");
    }
}

#[test]
fn what_is_not_understood_is_refused() {
    for config in [
        "domain: edge\ndescriptors: [{key: a, rate_limit: {unit: fortnight, requests_per_unit: 1}}]",
        "domain: edge\ndescriptors: [{key: a, rate_limit: {unit: unknown, requests_per_unit: 1}}]",
        "domain: edge\ndescriptors: [{key: a, rate_limit: {unit: day, requests_per_unit: 1}, shadow_mode: true}]",
        "descriptors: []",
    ] {
        assert!(serde_saphyr::from_str::<Limits>(config).is_err(), "{config}");
    }
}
