//! What `check` knows of modules, by the names of their files.
//!
//! What a plugin accepts is asked of the plugin itself: the harness depends on no filter. But no module says what
//! depends on it, so a few facts about Sluicegate's own modules stand here: whether requests that pass one by are unsafe,
//! whether it keeps something in shared data, and where its configuration holds edits of requests and breakers.

/// What is known of a module.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Facts {
    /// It keeps strangers out.
    pub guards: bool,
    /// It keeps something in shared data.
    pub shares: bool,
    /// Its configuration holds lists of edits (`request`): at this member, or at the top where this is empty.
    pub edits: Option<&'static str>,
    /// Its configuration says whose its breakers are (`id`), in the same way.
    pub breakers: Option<&'static str>,
}

const MODULES: [(&str, Facts); 5] = [
    ("auth", Facts { guards: true, shares: true, edits: None, breakers: None }),
    ("rate-limit", Facts { guards: false, shares: true, edits: None, breakers: None }),
    ("circuit-breaker", Facts { guards: false, shares: true, edits: None, breakers: Some("") }),
    ("header-transform", Facts { guards: false, shares: false, edits: Some(""), breakers: None }),
    (
        "gateway",
        Facts { guards: true, shares: true, edits: Some("header_transform"), breakers: Some("circuit_breaker") },
    ),
];

impl Facts {
    /// Of the module of this name ([`stem`]), with a version behind it or without.
    pub fn of(stem: &str) -> Facts {
        MODULES.into_iter().find(|(name, _)| *name == without_version(stem)).map(|(_, facts)| facts).unwrap_or_default()
    }
}

/// The name of a module by the file or URL it comes from: `auth` of `/etc/envoy/auth.wasm` and of
/// `oci://registry.example.com/sluicegate/auth:0.1.0`.
pub fn stem(reference: &str) -> &str {
    let file = reference.rsplit('/').next().unwrap_or(reference);
    let file = file.split(['@', ':', '?']).next().unwrap_or(file);
    let file = file.strip_suffix(".wasm").unwrap_or(file);
    file.strip_prefix("sluicegate-").unwrap_or(file)
}

/// A name without the version behind it: `auth` of `auth-0.1.0` and of `auth_v2`.
pub fn without_version(stem: &str) -> &str {
    let is_version = |text: &str| text.trim_start_matches('v').starts_with(|letter: char| letter.is_ascii_digit());
    let end = stem.match_indices(['-', '_']).find(|(at, _)| is_version(&stem[at + 1..]));
    end.map_or(stem, |(at, _)| &stem[..at])
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_module_is_known_wherever_it_comes_from() {
        for reference in [
            "dist/auth.wasm",
            "/etc/envoy/sluicegate-auth.wasm",
            "oci://registry.example.com:5000/sluicegate/auth:0.1.0",
            "registry.example.com/auth@sha256:0123",
            "https://example.com/auth.wasm?v=2",
        ] {
            assert_eq!(stem(reference), "auth", "{reference}");
        }
        assert!(Facts::of("auth").guards && !Facts::of("cors").guards);
        assert!(Facts::of("auth-0.1.0").guards && Facts::of("auth_v2").guards && !Facts::of("auth-two").guards);
    }
}
