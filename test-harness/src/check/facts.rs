//! What `check` knows of modules, by the names of their files.
//!
//! What a plugin accepts is asked of the plugin itself: the harness depends on no filter. But no module says what
//! depends on it, so two facts about Sluicegate's own modules stand here: whether requests that pass one by are unsafe,
//! and where its configuration holds edits of requests.

/// What is known of a module.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Facts {
    /// It keeps strangers out.
    pub guards: bool,
    /// Its configuration holds lists of edits (`request`): at this member, or at the top where this is empty.
    pub edits: Option<&'static str>,
}

const MODULES: [(&str, Facts); 3] = [
    ("auth", Facts { guards: true, edits: None }),
    ("header-transform", Facts { guards: false, edits: Some("") }),
    ("gateway", Facts { guards: true, edits: Some("header_transform") }),
];

impl Facts {
    /// Of the module of this name ([`stem`]).
    pub fn of(stem: &str) -> Facts {
        MODULES.into_iter().find(|(name, _)| *name == stem).map(|(_, facts)| facts).unwrap_or_default()
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
    }
}
