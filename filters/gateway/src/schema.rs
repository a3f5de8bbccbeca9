//! The gateway's config, for editors and people.

use serde_json::Value;
use sluicegate_common::chain::Chain as _;
use sluicegate_common::describe::{Field, common_fields, config, table};
use sluicegate_common::filter::Filter;

use crate::fields::SHARED;
use crate::{Auth, CircuitBreaker, Cors, Gateway, HeaderTransform, RateLimit};

/// The JSON Schema of a configuration.
#[must_use]
pub fn schema() -> Value {
    let fields: Vec<Field> = filters().into_iter().chain(common()).collect();
    config(Gateway::NAME, &fields, Gateway::REGISTRIES)
}

/// The README with its tables anew; `None`: it lacks a marker.
#[must_use]
pub fn tables(readme: &str) -> Option<String> {
    let readme = table(readme, "filters", &filters())?;
    table(&readme, "common", &common())
}

/// A field per filter.
fn filters() -> [Field; 5] {
    [
        filter::<Cors>(
            "The config of [cors](../cors/README.md), its own `rules` included. Absent: the filter is absent and costs \
             nothing.",
            sluicegate_cors::schema(),
        ),
        filter::<Auth>(
            "The same with [auth](../auth/README.md). Its registries (`authenticators`, `consumers` ...) cannot be \
             patched by rules, and a rule that says `null` removes the guard, the cleansing of identity headers \
             included: say `{\"require\": {\"public\": {}}}`.",
            sluicegate_auth::schema(),
        ),
        filter::<RateLimit>(
            "The same with [rate-limit](../rate-limit/README.md). Its registries (`id`, `store`, `replicas`) cannot be \
             patched by rules. The `stage` of a limit says on which side of auth it is asked.",
            sluicegate_rate_limit::schema(),
        ),
        filter::<CircuitBreaker>(
            "The same with [circuit-breaker](../circuit-breaker/README.md). Its registries (`id`, `scope`, `hosts`, \
             `max_breakers`, `status_path`) cannot be patched by rules.",
            sluicegate_circuit_breaker::schema(),
        ),
        filter::<HeaderTransform>(
            "The same with [header-transform](../header-transform/README.md).",
            sluicegate_header_transform::schema(),
        ),
    ]
}

fn filter<F: Filter>(doc: &'static str, schema: Value) -> Field {
    Field { name: F::NAME, doc, kind: "object".into(), schema: inside(F::NAME, schema), default: Some(Value::Null) }
}

/// The schema of a filter's whole config as that of a field.
fn inside(field: &str, schema: Value) -> Value {
    // A reference leads from the top.
    let text = schema.to_string().replace("\"#/properties/", &format!("\"#/properties/{field}/properties/"));
    let mut schema = serde_json::from_str(&text).unwrap_or(schema);
    if let Value::Object(schema) = &mut schema {
        schema.retain(|keyword, _| !["$schema", "title"].contains(&keyword.as_str()));
        if let Some(Value::Object(fields)) = schema.get_mut("properties") {
            fields.retain(|name, _| !SHARED.contains(&name.as_str()));
        }
    }
    schema
}

/// The fields that all filters have, as the gateway has them.
fn common() -> Vec<Field> {
    let of_gateway = |field: Field| match field.name {
        "client_ip" => {
            Field { doc: "Whose address counts as the client's, for all filters. At the top alone.", ..field }
        }
        "request_id" => Field {
            doc: "Gives every request an id, as the [block of header-transform](../header-transform/README.md#config) \
                  does, before all filters. At the top alone.",
            ..field
        },
        "on_ambiguous_path" => Field {
            doc: "What becomes of a path that can be read in more than one way, where rules look at paths. At the top \
                  alone.",
            ..field
        },
        "case_sensitive" => Field {
            doc: "Whether paths in the gateway's rules compare with regard to case. At the top alone.",
            default: Some(Gateway::CASE_SENSITIVE.into()),
            ..field
        },
        _ => field,
    };
    common_fields().into_iter().map(of_gateway).collect()
}
