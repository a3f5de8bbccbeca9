//! The schema of a configuration, and the tables of the README.

use sluicegate_common::describe::{Described, Field, filter, table};

use super::{REGISTRIES, RawConfig};
use crate::api_key::RawApiKeys;
use crate::basic::RawBasic;
use crate::jwt::RawJwt;
use crate::jwt::config::RawIssuer;
use crate::jwt::remote::RawRemote;
use crate::login::RawLogin;
use crate::revocation::RawRevocation;
use crate::source::Sources;

/// The JSON Schema of a configuration.
#[must_use]
pub fn schema() -> serde_json::Value {
    filter::<RawConfig>("auth", REGISTRIES)
}

/// The README with its tables anew; `None`: it has not all markers.
#[must_use]
pub fn tables(readme: &str) -> Option<String> {
    let (registry, policy): (Vec<Field>, Vec<Field>) =
        RawConfig::fields().into_iter().partition(|field| REGISTRIES.contains(&field.name));
    let own = [
        ("registry", registry),
        ("policy", policy),
        ("issuer", RawIssuer::fields()),
        ("remote", RawRemote::fields()),
        ("login", RawLogin::fields()),
        ("revocation", RawRevocation::fields()),
    ];
    let all = authenticator_fields().into_iter().chain(own);
    all.into_iter().try_fold(readme.to_owned(), |readme, (name, fields)| table(&readme, name, &fields))
}

/// The fields of an authenticator but for `type`, by its type.
pub fn authenticator_fields() -> [(&'static str, Vec<Field>); 3] {
    let of_tokens = Field::of::<Option<Sources>>("from", "Where tokens stand, see below.", Some(None))
        .shown_as(r#"[{"header": "authorization", "prefix": "Bearer "}]"#);
    let of_keys = Field::of::<Sources>("from", "Where keys stand, see below.", None);
    let with = |from: Field, own: Vec<Field>| [from].into_iter().chain(own).collect();
    [
        ("jwt", with(of_tokens, RawJwt::fields())),
        ("api_key", with(of_keys, RawApiKeys::fields())),
        ("basic", RawBasic::fields()),
    ]
}
