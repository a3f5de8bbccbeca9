//! Which real host is played.

use std::fmt;
use std::str::FromStr;

/// A real host whose behaviour the engine follows.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub enum Profile {
    /// Envoy 1.40, hence Istio.
    #[default]
    Envoy,
    /// Kong's engine, `ngx_wasm_module` at its last commit: Kong 3.4 to 3.9 with `wasm = on`.
    Kong,
}

impl Profile {
    /// All of them.
    pub const ALL: [Profile; 2] = [Profile::Envoy, Profile::Kong];

    /// Its name in scenario files and on the command line.
    pub fn name(self) -> &'static str {
        match self {
            Profile::Envoy => "envoy",
            Profile::Kong => "kong",
        }
    }

    /// Response callbacks run from the last filter to the first.
    pub(crate) fn reverses_responses(self) -> bool {
        self == Profile::Envoy
    }
}

impl fmt::Display for Profile {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

impl FromStr for Profile {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let found = Profile::ALL.into_iter().find(|profile| profile.name() == text);
        found.ok_or_else(|| format!("expected a profile, `envoy` or `kong`, found `{text}`"))
    }
}
