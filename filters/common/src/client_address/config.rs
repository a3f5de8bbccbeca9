//! `client_ip` as the config says it.

use deserr::{Deserr, IntoValue, Value, ValuePointerRef};

use super::{Cidr, ClientIp, Source, Trust};
use crate::config::{ConfigError, ConfigErrors, FromConfig, Whole, path_of};

#[derive(FromConfig)]
#[cfg_attr(not(target_family = "wasm"), derive(crate::describe::Described))]
struct RawClientIp {
    #[config(default)]
    from: RawSource,
    #[config(default)]
    trusted_hops: Option<u8>,
    #[config(default)]
    trusted_proxies: Option<Vec<Cidr>>,
    #[config(default)]
    peer_appended: Option<bool>,
    #[config(default)]
    ipv6_prefix: Option<Whole<1, 128>>,
}

#[derive(Default, PartialEq, FromConfig)]
#[cfg_attr(not(target_family = "wasm"), derive(crate::describe::Described))]
enum RawSource {
    #[default]
    #[config(rename = "host")]
    Host,
    #[config(rename = "x_forwarded_for")]
    ForwardedFor,
}

#[cfg(not(target_family = "wasm"))]
impl crate::describe::Described for ClientIp {
    fn schema() -> serde_json::Value {
        RawClientIp::schema()
    }

    fn kind() -> String {
        RawClientIp::kind()
    }
}

/// `{"from": "host" | "x_forwarded_for", "trusted_hops": n | "trusted_proxies": [..], "peer_appended": false,
/// "ipv6_prefix": 64}`. 0 hops are the host's address.
impl Deserr<ConfigErrors> for ClientIp {
    fn deserialize_from_value<V: IntoValue>(
        value: Value<V>,
        location: ValuePointerRef<'_>,
    ) -> Result<Self, ConfigErrors> {
        let raw = RawClientIp::deserialize_from_value(value, location)?;
        let ipv6_prefix = raw.ipv6_prefix.and_then(|bits| u8::try_from(bits.get()).ok());
        let from = source(raw).map_err(|error| error.under(&path_of(location)))?;
        Ok(Self { from, ipv6_prefix: ipv6_prefix.unwrap_or(Self::default().ipv6_prefix) })
    }
}

fn source(raw: RawClientIp) -> Result<Source, ConfigErrors> {
    if raw.from == RawSource::Host {
        let given = [
            ("trusted_hops", raw.trusted_hops.is_some()),
            ("trusted_proxies", raw.trusted_proxies.is_some()),
            ("peer_appended", raw.peer_appended.is_some()),
        ];
        let unused = given.into_iter().filter(|(_, given)| *given);
        let errors: ConfigErrors = unused
            .map(|(field, _)| ConfigError::invalid(field, "goes with \"from\": \"x_forwarded_for\" alone"))
            .collect();
        return errors.into_result(Source::Host);
    }
    let trust = match (raw.trusted_hops, raw.trusted_proxies) {
        (Some(hops), None) => Trust::Hops(hops),
        (None, Some(proxies)) if !proxies.is_empty() => Trust::Proxies(proxies),
        (None, Some(_)) => return Err(ConfigError::expected("trusted_proxies", "at least one block", "none").into()),
        (Some(_), Some(_)) => {
            return Err(ConfigError::invalid("trusted_proxies", "stands beside \"trusted_hops\": choose one").into());
        }
        (None, None) => {
            let message =
                "\"x_forwarded_for\" needs \"trusted_hops\" or \"trusted_proxies\": clients can write the header";
            return Err(ConfigError::invalid("from", message).into());
        }
    };
    Ok(Source::ForwardedFor { trust, peer_appended: raw.peer_appended.unwrap_or(false) })
}
