//! Requests that a breaker lets be, and answers that it does not count.

use sluicegate_common::config::{ConfigErrors, FromConfig, Statuses, Text};
use sluicegate_common::filter::Cx;
use sluicegate_common::head::RequestHead;
use sluicegate_common::matcher::{Match, MatchOptions, Method, RawMatch, RawPath};

/// `ignore` as written.
#[derive(Debug, Default, FromConfig)]
#[cfg_attr(not(target_family = "wasm"), derive(sluicegate_common::describe::Described))]
pub struct RawIgnore {
    /// Answers that are neither success nor failure. None of `failure.statuses`.
    #[config(default, shown = "[]")]
    statuses: Option<Statuses>,
    /// Requests that pass in any state and are not counted.
    #[config(default, shown = "[\"OPTIONS\"]")]
    methods: Option<Vec<Method>>,
    /// The same, paths as in rules: health checks should not close a breaker, nor be rejected by it.
    #[config(default, shown = "[]")]
    paths: Option<Vec<RawPath>>,
}

/// Whom a breaker lets be: such a request passes whatever the state is, and is not counted.
#[derive(Debug, Clone)]
pub struct Ignore {
    methods: Vec<Method>,
    /// Whether `methods` has `OPTIONS`, and with it every preflight.
    options: bool,
    paths: Option<Match>,
}

impl RawIgnore {
    /// Compiles `methods` and `paths`; `statuses` are a matter of [`RawFailure::compile`](super::RawFailure::compile).
    ///
    /// # Errors
    /// Everything that is wrong, from `ignore` on.
    pub fn compile(self, options: MatchOptions) -> Result<Ignore, ConfigErrors> {
        let paths = self.paths.filter(|paths| !paths.is_empty());
        let paths = paths.map(|paths| RawMatch::of_paths(paths).compile(options)).transpose();
        let methods = self.methods.unwrap_or_else(|| Method::parse("OPTIONS").into_iter().collect());
        let options = methods.iter().any(|method| method.is(b"OPTIONS"));
        paths.map(|paths| Ignore { methods, options, paths }).map_err(|errors| errors.under("ignore"))
    }

    pub(super) fn statuses(&self) -> Statuses {
        self.statuses.clone().unwrap_or_default()
    }
}

impl Ignore {
    /// Whether the breaker lets this request be: by its method or its path, and every preflight. The method is read only
    /// where one is named.
    #[must_use]
    pub fn skips(&self, head: &RequestHead<'_>, cx: &Cx<'_>) -> bool {
        self.methods.iter().any(|method| method.is(head.method()))
            || (!self.options && head.is_preflight())
            || self.paths.as_ref().is_some_and(|paths| paths.matches(head, cx))
    }

    /// Whether it looks at the path: then an ambiguous one is a matter of `on_ambiguous_path`.
    #[must_use]
    pub fn uses_paths(&self) -> bool {
        self.paths.is_some()
    }
}
