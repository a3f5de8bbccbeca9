//! Rules: one compiled config per rule, and the first rule that matches chooses.

mod index;

use std::collections::BTreeSet;
use std::rc::Rc;

use serde_json::Value;

use crate::config::{BuiltRule, ConfigErrors, Object, Top, layers, with_only};
use crate::facts::HeaderNames;
use crate::filter::Cx;
use crate::head::RequestHead;
use crate::matcher::{Match, MatchOptions};
use crate::path::Ambiguity;

use index::{Found, Index};

/// A config as the top says, and as each rule patches it; all are compiled at configure time.
#[derive(Debug)]
pub struct Rules<T> {
    top: Rc<T>,
    /// Shared with [`Rules::with_top`].
    ruled: Rc<Ruled<T>>,
}

#[derive(Debug)]
struct Ruled<T> {
    configs: Vec<Rc<T>>,
    index: Index,
    /// All headers that rules look at.
    header_names: HeaderNames,
}

impl<T> Rules<T> {
    /// Takes the object apart and lets `build` compile the top and each patched object; it is given the rule's name, and
    /// with a rule's object the top ([`Layers::build`](crate::config::Layers::build)).
    /// `case_sensitive` holds where the object does not say.
    ///
    /// # Errors
    /// Everything that is wrong in any of them.
    pub fn configure(
        object: Value,
        registries: &[&str],
        case_sensitive: bool,
        build: impl FnMut(&str, Object, Option<Top<'_, T>>) -> Result<T, ConfigErrors>,
    ) -> Result<Self, ConfigErrors> {
        let mut errors = ConfigErrors::new();
        let paths = errors.take(MatchOptions::read(with_only(&object, MatchOptions::FIELDS), case_sensitive));
        let paths = paths.unwrap_or(MatchOptions { case_sensitive, ..MatchOptions::default() });
        let built = layers(object, registries).build(|value| Match::parse(value, paths), build);
        let Some(built) = errors.take(built) else { return Err(errors) };
        let (mut matches, mut configs) = (Vec::new(), Vec::new());
        for BuiltRule { matcher, config, .. } in built.rules {
            matches.push(matcher);
            configs.push(Rc::new(config));
        }
        // Not collected: `collect` sorts, and each type it sorts is 5 KB of code.
        let mut header_names = BTreeSet::new();
        header_names.extend(matches.iter().flat_map(Match::header_names).map(str::to_owned));
        let index = Index::compile(matches, paths.on_ambiguous_path);
        let ruled = Ruled { configs, index, header_names: Rc::new(header_names) };
        errors.into_result(Self { top: Rc::new(built.top), ruled: Rc::new(ruled) })
    }

    /// The same rules, and another config where none of them matches.
    #[must_use]
    pub fn with_top(&self, top: T) -> Self {
        Self { top: Rc::new(top), ruled: Rc::clone(&self.ruled) }
    }

    /// The config where no rule matches.
    pub fn top(&self) -> &Rc<T> {
        &self.top
    }

    /// The config of the top and of every rule.
    pub fn all(&self) -> impl Iterator<Item = &Rc<T>> {
        std::iter::once(&self.top).chain(&self.ruled.configs)
    }

    /// The same, to be changed as long as nobody else holds them.
    pub fn all_mut(&mut self) -> impl Iterator<Item = &mut T> {
        let configs = Rc::get_mut(&mut self.ruled).into_iter().flat_map(|ruled| &mut ruled.configs);
        std::iter::once(&mut self.top).chain(configs).filter_map(Rc::get_mut)
    }

    /// The config of the first rule that matches the request, or the top.
    ///
    /// # Errors
    /// The path may mean different things to different readers, and rules look at paths.
    pub fn choose(&self, head: &RequestHead<'_>, cx: &Cx<'_>) -> Result<&Rc<T>, Ambiguity> {
        let Ruled { configs, index, header_names } = &*self.ruled;
        if configs.is_empty() {
            return Ok(&self.top);
        }
        cx.facts.note_chosen_by(header_names);
        match index.find(head, cx) {
            Found::Rule(at) => {
                index.rule(at).into_iter().for_each(|chosen| cx.facts.note_chosen(chosen));
                Ok(configs.get(at).unwrap_or(&self.top))
            }
            Found::None => Ok(&self.top),
            Found::Ambiguous(why) => Err(why),
        }
    }
}
