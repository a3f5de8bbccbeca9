//! The environment variables the host gives to the VM.

use std::fmt;

/// Environment variables, passed in: Envoy `environment_variables`, Istio `vmConfig.env`.
#[derive(Clone, Default, PartialEq, Eq)]
pub struct Env {
    /// Few: a search is as quick as a map.
    vars: Vec<(String, Vec<u8>)>,
}

impl Env {
    /// The bytes of a variable.
    #[must_use]
    pub fn get(&self, name: &str) -> Option<&[u8]> {
        self.vars.iter().find(|(known, _)| known == name).map(|(_, value)| value.as_slice())
    }
}

impl<K: Into<String>, V: Into<Vec<u8>>> FromIterator<(K, V)> for Env {
    fn from_iter<I: IntoIterator<Item = (K, V)>>(vars: I) -> Self {
        Self { vars: vars.into_iter().map(|(name, value)| (name.into(), value.into())).collect() }
    }
}

/// Names only: values may be secrets.
impl fmt::Debug for Env {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_set().entries(self.vars.iter().map(|(name, _)| name)).finish()
    }
}
