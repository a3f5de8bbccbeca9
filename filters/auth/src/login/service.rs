//! Whether it was the credential service that answered, and with which status.
//!
//! Filters and routes of the proxy answer as well, with a status and a text that config chooses and clients may fill in, and
//! filters change the status of what the service said. No token is made of what the service did not say, and nothing of
//! what it said with 200 is let through because it bears another status now.
//!
//! Source: Envoy, `source/common/router/router.cc` (`onUpstreamHeaders` notes the details and the code); nginx,
//! `$upstream_header_time`.

use sluicegate_common::proxy::Proxy;

/// Who answered.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Said {
    /// The service, with this status.
    Status(u16),
    /// Somebody else.
    Nothing,
    /// The host does not tell.
    Unknown,
}

/// Asked when the response's head is there. `status` is the head's before any filter of this module changed it.
pub fn said(proxy: &dyn Proxy, status: Option<u16>) -> Said {
    if proxy.is_envoy() { in_envoy(proxy, status) } else { in_kong(proxy, status) }
}

fn in_envoy(proxy: &dyn Proxy, status: Option<u16>) -> Said {
    match property(proxy, &["response", "code_details"]).as_deref() {
        None => Said::Unknown,
        Some(b"via_upstream") => {
            // Other modules may have changed the head's.
            let code =
                property(proxy, &["response", "code"]).and_then(|bytes| bytes.try_into().ok().map(u64::from_le_bytes));
            code.and_then(|code| code.try_into().ok()).or(status).map_or(Said::Unknown, Said::Status)
        }
        Some(_) => Said::Nothing,
    }
}

/// nginx lists the tries with commas, and those after an internal redirect behind a colon; `-` is one without answer.
fn in_kong(proxy: &dyn Proxy, status: Option<u16>) -> Said {
    let Some(times) = property(proxy, &["ngx", "upstream_header_time"]) else { return Said::Nothing };
    let last = times.rsplit(|byte| b",:".contains(byte)).next().unwrap_or_default().trim_ascii();
    match status {
        Some(status) if last.first().is_some_and(u8::is_ascii_digit) => Said::Status(status),
        _ => Said::Nothing,
    }
}

fn property(proxy: &dyn Proxy, path: &[&str]) -> Option<Vec<u8>> {
    proxy.property(path).unwrap_or_else(|status| {
        log::debug!("auth: login: property {}: {status}", path.join("."));
        None
    })
}

#[cfg(test)]
mod tests {
    use sluicegate_common::proxy::Status;

    use super::*;

    #[derive(Default)]
    struct Host {
        kong: bool,
        details: Option<&'static str>,
        code: Option<u64>,
        times: Option<&'static str>,
    }

    impl Proxy for Host {
        fn property(&self, path: &[&str]) -> Result<Option<Vec<u8>>, Status> {
            Ok(match path {
                ["response", "code_details"] => self.details.map(Into::into),
                ["response", "code"] => self.code.map(|code| code.to_le_bytes().to_vec()),
                ["ngx", "upstream_header_time"] => self.times.map(Into::into),
                _ => return Err(Status::NotFound),
            })
        }

        fn set_property(&self, _: &[&str], _: &[u8]) -> Result<(), Status> {
            Ok(())
        }

        fn random(&self, _: &mut [u8]) -> Result<(), Status> {
            Ok(())
        }

        fn define_counter(&self, _: &str) -> Result<u32, Status> {
            Ok(0)
        }

        fn increment(&self, _: u32, _: u32) -> Result<(), Status> {
            Ok(())
        }

        fn is_envoy(&self) -> bool {
            !self.kong
        }
    }

    #[test]
    fn in_envoy() {
        let via = Some("via_upstream");
        let cases = [
            (via, Some(200), Some(200), Said::Status(200)),
            (via, Some(401), Some(200), Said::Status(401)),
            (via, Some(200), Some(202), Said::Status(200)),
            (via, None, Some(200), Said::Status(200)),
            (via, None, None, Said::Unknown),
            (Some("direct_response"), None, Some(200), Said::Nothing),
            (Some("via_upstream_"), Some(200), Some(200), Said::Nothing),
            (Some(""), Some(200), Some(200), Said::Nothing),
            (None, Some(200), Some(200), Said::Unknown),
        ];
        for (details, code, status, want) in cases {
            let host = Host { details, code, ..Host::default() };
            assert_eq!(said(&host, status), want, "{details:?} {code:?} {status:?}");
        }
    }

    #[test]
    fn in_kongs_engine() {
        let cases = [
            (Some("0.012"), Some(200), Said::Status(200)),
            (Some("-, 0.012"), Some(401), Said::Status(401)),
            (Some("0.012, -"), Some(200), Said::Nothing),
            (Some("0.012 : -"), Some(200), Said::Nothing),
            (Some("- : 0.012"), Some(200), Said::Status(200)),
            (Some("0.012"), None, Said::Nothing),
            (Some("-"), Some(200), Said::Nothing),
            (Some(""), Some(200), Said::Nothing),
            (None, Some(200), Said::Nothing),
        ];
        for (times, status, want) in cases {
            let host = Host { kong: true, times, ..Host::default() };
            assert_eq!(said(&host, status), want, "{times:?} {status:?}");
        }
    }
}
