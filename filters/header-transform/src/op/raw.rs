//! An op as the config says it.

use sluicegate_common::config::{ConfigError, ConfigErrorKind, ConfigErrors, FromConfig, Statuses, quoted};
use sluicegate_common::matcher::{Match, MatchOptions, RawMatch, anchored};
use sluicegate_common::pairs::Names;
use sluicegate_common::template::{Source, Template};

use super::literal::Said;
use super::selector::{Kind, RawSelector};
use super::{
    Action, Change, OnMissing, Rename, RequestEdit, RequestOp, ResponseEdit, ResponseOp, Rewrite, Value, literal,
};
use crate::headers::X_FORWARDED_PROTO;
use crate::substitution::Substitution;

/// An op as written.
#[derive(Debug, FromConfig)]
#[cfg_attr(not(target_family = "wasm"), derive(sluicegate_common::describe::Described))]
pub struct RawOp {
    /// What is done.
    op: Verb,
    /// To what. Responses have the targets `header` and `status`, requests all but `status`.
    target: Target,
    /// The `header`, `query` parameter or `cookie`: these need one of `name`, `name_prefix` and `name_regex`. Names of
    /// headers have no case, others do.
    #[config(default)]
    name: Option<String>,
    /// All whose names begin so.
    #[config(default)]
    name_prefix: Option<String>,
    /// All whose whole names this regex ([regex-lite](https://docs.rs/regex-lite), linear time) matches.
    #[config(default)]
    name_regex: Option<String>,
    /// What is written. Required for `set`, `set_if_absent`, `replace_if_exists`, `append`.
    #[config(default)]
    value: Option<Template>,
    /// The new name; with `name_prefix` the new prefix; with `name_regex` a substitution. Required for `rename`.
    #[config(default)]
    to: Option<String>,
    /// The regex must match the whole value. Required for `rewrite`.
    #[config(default)]
    regex: Option<String>,
    /// What the value becomes: `$1`, `${1}` and `${name}` are groups of `regex`, `$0` the whole, `$$` a dollar sign.
    /// Required for `rewrite`.
    #[config(default)]
    substitution: Option<String>,
    /// A source of `value` has none: the op is left out; nothing stands in its place; the request is answered 400
    /// `missing_value`.
    #[config(default, shown = "\"skip\"")]
    on_missing: Option<OnMissing>,
    /// When it is done, by `match`, that of rules, and for responses alone `statuses` (`"404"`, `"5xx"`): both must
    /// hold. Absent: always.
    #[config(default)]
    when: Option<RawWhen>,
}

#[derive(Debug, FromConfig)]
#[cfg_attr(not(target_family = "wasm"), derive(sluicegate_common::describe::Described))]
struct RawWhen {
    /// Requests, as `match` of a rule.
    #[config(default, rename = "match")]
    matches: Option<RawMatch>,
    /// Statuses, `"404"` or `"5xx"`, for responses alone.
    #[config(default)]
    statuses: Option<Statuses>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, FromConfig)]
#[cfg_attr(not(target_family = "wasm"), derive(sluicegate_common::describe::Described))]
enum Verb {
    #[config(rename = "remove")]
    Remove,
    #[config(rename = "rename")]
    Rename,
    #[config(rename = "set")]
    Set,
    #[config(rename = "set_if_absent")]
    SetIfAbsent,
    #[config(rename = "replace_if_exists")]
    ReplaceIfExists,
    #[config(rename = "append")]
    Append,
    #[config(rename = "rewrite")]
    Rewrite,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, FromConfig)]
#[cfg_attr(not(target_family = "wasm"), derive(sluicegate_common::describe::Described))]
enum Target {
    Header,
    Query,
    Cookie,
    Path,
    Method,
    Host,
    Status,
}

impl RawOp {
    /// Compiles an entry of `request`.
    ///
    /// # Errors
    /// Everything that is wrong with it.
    pub fn for_request(mut self, paths: MatchOptions) -> Result<RequestOp, ConfigErrors> {
        let mut errors = self.check_fields();
        let when = self.when.take();
        if when.as_ref().is_some_and(|when| when.statuses.is_some()) {
            errors.push(ConfigError::invalid("when.statuses", "a request has no status: only responses have"));
        }
        let when = errors.take(compile_when(when, paths)).flatten();
        let does = match self.target {
            Target::Header => self.action(Kind::Header).map(|(names, action)| RequestEdit::Header(names, action)),
            Target::Query => self.action(Kind::Query).map(|(names, action)| RequestEdit::Query(names, action)),
            Target::Cookie => self.action(Kind::Cookie).map(|(names, action)| RequestEdit::Cookie(names, action)),
            Target::Path => self.change(literal::check_path).map(RequestEdit::Path),
            Target::Method => self.change(literal::check_method).map(RequestEdit::Method),
            Target::Host => self.change(literal::check_host).map(RequestEdit::Host),
            Target::Status => Err(not_a_target("a request", "status", "header, query, cookie, path, method or host")),
        };
        match errors.take(does) {
            Some(does) if errors.is_empty() => Ok(RequestOp { when: when.and_then(|(when, _)| when), does }),
            _ => Err(errors),
        }
    }

    /// Compiles an entry of `response`.
    ///
    /// # Errors
    /// Everything that is wrong with it.
    pub fn for_response(mut self, paths: MatchOptions) -> Result<ResponseOp, ConfigErrors> {
        let mut errors = self.check_fields();
        let when = errors.take(compile_when(self.when.take(), paths)).flatten();
        let does = match self.target {
            Target::Header => self.action(Kind::Header).map(|(names, action)| ResponseEdit::Header(names, action)),
            Target::Status => self.status().map(ResponseEdit::Status),
            other => Err(not_a_target("a response", &format!("{other:?}").to_lowercase(), "header or status")),
        };
        match errors.take(does) {
            Some(does) if errors.is_empty() => {
                let (when, statuses) = when.unwrap_or_default();
                Ok(ResponseOp { when, statuses, does })
            }
            _ => Err(errors),
        }
    }

    /// Each op has the fields it needs and no other.
    fn check_fields(&self) -> ConfigErrors {
        let writes = matches!(self.op, Verb::Set | Verb::SetIfAbsent | Verb::ReplaceIfExists | Verb::Append);
        let (renames, rewrites) = (self.op == Verb::Rename, self.op == Verb::Rewrite);
        let fields = [
            ("value", self.value.is_some(), writes),
            ("to", self.to.is_some(), renames),
            ("regex", self.regex.is_some(), rewrites),
            ("substitution", self.substitution.is_some(), rewrites),
            ("on_missing", self.on_missing.is_some(), writes && self.on_missing.is_some()),
        ];
        let wrong = fields.into_iter().filter(|(_, given, wanted)| given != wanted);
        wrong
            .map(|(field, _, wanted)| match wanted {
                true => ConfigError::new(field, ConfigErrorKind::MissingField),
                false => ConfigError::invalid(field, format!("the op {:?} has none", self.op.word())),
            })
            .collect()
    }

    fn action(self, kind: Kind) -> Result<(Names, Action), ConfigErrors> {
        let creates = matches!(self.op, Verb::Set | Verb::SetIfAbsent | Verb::Append);
        let verb = self.op.word();
        let selector = RawSelector { name: self.name, prefix: self.name_prefix, regex: self.name_regex };
        let names = selector.compile(kind, creates.then_some(verb))?;
        let value = |value: Option<Template>| {
            let template = value.ok_or_else(ConfigErrors::new)?;
            kind.check(&Said::by_value(&template))?;
            Ok::<_, ConfigErrors>(Value { template, on_missing: self.on_missing.unwrap_or_default() })
        };
        let literal = self.value.as_ref().and_then(Template::literal);
        let is_scheme = self.op == Verb::Set && matches!(literal, Some("http" | "https"));
        if kind == Kind::Header && names.exact() == Some(X_FORWARDED_PROTO) && !is_scheme {
            let message = "x-forwarded-proto can only be set to \"http\" or \"https\": Envoy routes by it";
            return Err(ConfigError::invalid("name", message).into());
        }
        let tells_identity = self.value.as_ref().is_some_and(|value| value.sources().any(Source::is_identity));
        if self.op == Verb::ReplaceIfExists && tells_identity {
            let message =
                "\"replace_if_exists\" tells nothing where the client sends nothing: \"set\" tells who is calling";
            return Err(ConfigError::invalid("op", message).into());
        }
        let action = match self.op {
            Verb::Remove => Action::Remove,
            Verb::Set => Action::Set(value(self.value)?),
            Verb::SetIfAbsent => Action::SetIfAbsent(value(self.value)?),
            Verb::ReplaceIfExists => Action::ReplaceIfExists(value(self.value)?),
            Verb::Append => Action::Append(value(self.value)?),
            Verb::Rename => Action::Rename(rename(kind, &names, self.to.ok_or_else(ConfigErrors::new)?)?),
            Verb::Rewrite => Action::Rewrite(rewrite(self.regex, self.substitution, |said| kind.check(said))?),
        };
        Ok((names, action))
    }

    /// What happens to something that has no name.
    fn change(self, check: fn(&Said<'_>) -> Result<(), ConfigError>) -> Result<Change, ConfigErrors> {
        self.check_nameless()?;
        match self.op {
            Verb::Set => {
                let template = self.value.ok_or_else(ConfigErrors::new)?;
                check(&Said::by_value(&template))?;
                Ok(Change::Set(Value { template, on_missing: self.on_missing.unwrap_or_default() }))
            }
            Verb::Rewrite => rewrite(self.regex, self.substitution, check).map(Change::Rewrite),
            other => {
                Err(ConfigError::expected("op", "\"set\" or \"rewrite\" for this target", quoted(other.word())).into())
            }
        }
    }

    fn status(self) -> Result<u16, ConfigErrors> {
        self.check_nameless()?;
        if self.op != Verb::Set {
            return Err(ConfigError::expected("op", "\"set\" for this target", quoted(self.op.word())).into());
        }
        literal::status(&self.value.ok_or_else(ConfigErrors::new)?).map_err(Into::into)
    }

    fn check_nameless(&self) -> Result<(), ConfigErrors> {
        let given = [("name", &self.name), ("name_prefix", &self.name_prefix), ("name_regex", &self.name_regex)];
        let given = given.into_iter().filter(|(_, text)| text.is_some());
        let errors = given.map(|(field, _)| ConfigError::invalid(field, "this target has no names"));
        errors.collect::<ConfigErrors>().into_result(())
    }
}

impl Verb {
    fn word(self) -> &'static str {
        match self {
            Self::Remove => "remove",
            Self::Rename => "rename",
            Self::Set => "set",
            Self::SetIfAbsent => "set_if_absent",
            Self::ReplaceIfExists => "replace_if_exists",
            Self::Append => "append",
            Self::Rewrite => "rewrite",
        }
    }
}

fn not_a_target(of: &str, target: &str, targets: &'static str) -> ConfigErrors {
    ConfigError::expected("target", format!("a target of {of}: {targets}"), quoted(target)).into()
}

type When = (Option<Match>, Option<Statuses>);

fn compile_when(when: Option<RawWhen>, paths: MatchOptions) -> Result<Option<When>, ConfigErrors> {
    let Some(RawWhen { matches, statuses }) = when else { return Ok(None) };
    if matches.is_none() && statuses.is_none() {
        return Err(ConfigError::expected("when", "\"match\", \"statuses\" or both", "none").into());
    }
    if statuses.as_ref().is_some_and(Statuses::is_empty) {
        return Err(ConfigError::expected("when.statuses", "at least one entry", "none").into());
    }
    let matches = matches.map(|matches| matches.compile(paths).map_err(|errors| errors.under("when.match")));
    Ok(Some((matches.transpose()?, statuses)))
}

fn rename(kind: Kind, names: &Names, to: String) -> Result<Rename, ConfigErrors> {
    Ok(match names {
        Names::Exact(_) => Rename::To(kind.name("to", &to)?),
        Names::Prefix(old) => {
            let new = if to.is_empty() { to } else { kind.prefix("to", &to)? };
            Rename::Prefix(old.clone(), new)
        }
        Names::Regex(regex) => {
            let substitution = substitution("to", &to, regex)?;
            let said = Said::by_substitution("to", &to, &substitution);
            kind.name("to", &String::from_utf8_lossy(&said.sample))?;
            Rename::Regex(Rewrite { regex: regex.clone(), substitution })
        }
    })
}

fn rewrite(
    regex: Option<String>,
    text: Option<String>,
    check: impl Fn(&Said<'_>) -> Result<(), ConfigError>,
) -> Result<Rewrite, ConfigErrors> {
    let (Some(regex), Some(text)) = (regex, text) else { return Err(ConfigErrors::new()) };
    let compiled = anchored(&regex, true).map_err(|why| {
        let found = format!("{}: {why}", quoted(&regex));
        ConfigError::expected("regex", "a regular expression such as \"/v1(/.*)?\"", found)
    })?;
    let substitution = substitution("substitution", &text, &compiled)?;
    check(&Said::by_substitution("substitution", &text, &substitution))?;
    Ok(Rewrite { regex: compiled, substitution })
}

fn substitution(field: &'static str, text: &str, regex: &regex_lite::Regex) -> Result<Substitution, ConfigError> {
    Substitution::parse(text, regex).map_err(|why| {
        ConfigError::expected(field, "a text with groups such as \"$1\"", format!("{}: {why}", quoted(text)))
    })
}
