//! YAML and JSON with the place of every value.

use std::collections::HashMap;
use std::collections::hash_map::Entry;
use std::fmt;

use serde::de::{Deserialize, Deserializer, MapAccess, SeqAccess, Visitor};
use serde_json::{Map, Number, Value};
use serde_saphyr::options::MergeKeyPolicy;
use serde_saphyr::{DuplicateKeyPolicy, Error, Location, Spanned};

/// A place in a file. Lines and columns count from 1; columns are characters.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Position {
    /// The line.
    pub line: usize,
    /// The column.
    pub column: usize,
}

impl Position {
    /// The beginning of a file.
    pub const START: Position = Position { line: 1, column: 1 };

    fn of(location: Location) -> Self {
        let number = |number: u64| usize::try_from(number).unwrap_or(usize::MAX).max(1);
        Position { line: number(location.line()), column: number(location.column()) }
    }
}

impl fmt::Display for Position {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}:{}", self.line, self.column)
    }
}

/// A value and where it stands. What an alias stands for is where it was written.
#[derive(Clone, Debug)]
pub struct Node {
    pub at: Position,
    pub content: Content,
}

/// A value. As in Envoy and Kubernetes, `off`, `no`, `on` and `yes` without quotes are booleans.
#[derive(Clone, Debug)]
pub enum Content {
    Null,
    Bool(bool),
    Number(Number),
    Text(String),
    List(Vec<Node>),
    Object(Vec<Member>),
}

/// A member of an object.
#[derive(Clone, Debug)]
pub struct Member {
    /// Where its name stands.
    pub at: Position,
    pub name: String,
    pub value: Node,
}

/// Where a text is no YAML, and why.
#[derive(Clone, Debug)]
pub struct SyntaxError {
    pub at: Position,
    pub message: String,
}

/// Reads the documents of a YAML text, or the one of a JSON text.
pub fn parse(text: &str) -> Result<Vec<Node>, SyntaxError> {
    parse_with(text, DuplicateKeyPolicy::Error, MergeKeyPolicy::Merge)
}

/// The same; of names that stand twice the last one counts.
pub fn parse_leniently(text: &str) -> Option<Vec<Node>> {
    parse_with(text, DuplicateKeyPolicy::LastWins, MergeKeyPolicy::Merge).ok()
}

/// Where a text merges an object into another, with `<<`.
pub fn merge(text: &str) -> Option<Position> {
    parse_with(text, DuplicateKeyPolicy::LastWins, MergeKeyPolicy::Error).err().map(|error| error.at)
}

fn parse_with(text: &str, twice: DuplicateKeyPolicy, merge: MergeKeyPolicy) -> Result<Vec<Node>, SyntaxError> {
    // No budget: bootstraps with all clusters of a company are large. What aliases may grow to is limited all the same.
    let options = serde_saphyr::options! { budget: None, duplicate_keys: twice, merge_keys: merge };
    let documents: Vec<Spanned<Content>> =
        serde_saphyr::from_multiple_with_options(text, options).map_err(|error| SyntaxError {
            at: error.location().map_or(Position::START, Position::of),
            message: message(&error),
        })?;
    Ok(documents.into_iter().map(Node::from).collect())
}

fn message(error: &Error) -> String {
    match error.without_snippet() {
        Error::DuplicateMappingKey { key: Some(key), .. } => format!("{key:?} stands twice in its object"),
        error => error.to_string(),
    }
}

impl From<Spanned<Content>> for Node {
    fn from(spanned: Spanned<Content>) -> Self {
        Node { at: Position::of(spanned.defined), content: spanned.value }
    }
}

impl Node {
    /// The members of an object; of anything else none.
    pub fn members(&self) -> &[Member] {
        match &self.content {
            Content::Object(members) => members,
            _ => &[],
        }
    }

    /// The elements of a list; of anything else none.
    pub fn elements(&self) -> &[Node] {
        match &self.content {
            Content::List(elements) => elements,
            _ => &[],
        }
    }

    /// The text, if it is one.
    pub fn text(&self) -> Option<&str> {
        match &self.content {
            Content::Text(text) => Some(text),
            _ => None,
        }
    }

    /// Whether it is `true`.
    pub fn is_true(&self) -> bool {
        matches!(self.content, Content::Bool(true))
    }

    /// A member by its name. Names in snake_case stand for their camelCase as well: protobuf reads both.
    pub fn member(&self, name: &str) -> Option<&Member> {
        self.members().iter().find(|member| member.name == name || member.name == camel_case(name))
    }

    /// The value of a member.
    pub fn get(&self, name: &str) -> Option<&Node> {
        self.member(name).map(|member| &member.value)
    }

    /// The value at a path of members.
    pub fn find(&self, path: &[&str]) -> Option<&Node> {
        path.iter().try_fold(self, |node, name| node.get(name))
    }

    /// The text of a member.
    pub fn text_of(&self, name: &str) -> Option<&str> {
        self.get(name)?.text()
    }

    /// The value without its places.
    pub fn to_json(&self) -> Value {
        match &self.content {
            Content::Null => Value::Null,
            Content::Bool(value) => Value::Bool(*value),
            Content::Number(number) => Value::Number(number.clone()),
            Content::Text(text) => Value::String(text.clone()),
            Content::List(elements) => Value::Array(elements.iter().map(Node::to_json).collect()),
            Content::Object(members) => {
                let pair = |member: &Member| (member.name.clone(), member.value.to_json());
                Value::Object(members.iter().map(pair).collect::<Map<_, _>>())
            }
        }
    }

    /// The same value, each place as `moved` says.
    pub fn moved(self, moved: &dyn Fn(Position) -> Position) -> Node {
        let content = match self.content {
            Content::List(elements) => Content::List(elements.into_iter().map(|node| node.moved(moved)).collect()),
            Content::Object(members) => {
                let member = |Member { at, name, value }| Member { at: moved(at), name, value: value.moved(moved) };
                Content::Object(members.into_iter().map(member).collect())
            }
            scalar => scalar,
        };
        Node { at: moved(self.at), content }
    }
}

fn camel_case(name: &str) -> String {
    let mut words = name.split('_');
    let first = words.next().unwrap_or_default().to_owned();
    words.fold(first, |name, word| {
        let (initial, rest) = word.split_at(word.len().min(1));
        name + &initial.to_ascii_uppercase() + rest
    })
}

impl<'de> Deserialize<'de> for Content {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(ContentVisitor)
    }
}

struct ContentVisitor;

impl<'de> Visitor<'de> for ContentVisitor {
    type Value = Content;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a value")
    }

    fn visit_unit<E>(self) -> Result<Content, E> {
        Ok(Content::Null)
    }

    fn visit_none<E>(self) -> Result<Content, E> {
        Ok(Content::Null)
    }

    fn visit_some<D: Deserializer<'de>>(self, deserializer: D) -> Result<Content, D::Error> {
        deserializer.deserialize_any(self)
    }

    fn visit_bool<E>(self, value: bool) -> Result<Content, E> {
        Ok(Content::Bool(value))
    }

    fn visit_i64<E>(self, value: i64) -> Result<Content, E> {
        Ok(Content::Number(value.into()))
    }

    fn visit_u64<E>(self, value: u64) -> Result<Content, E> {
        Ok(Content::Number(value.into()))
    }

    fn visit_f64<E>(self, value: f64) -> Result<Content, E> {
        Ok(Number::from_f64(value).map_or(Content::Null, Content::Number))
    }

    fn visit_str<E>(self, value: &str) -> Result<Content, E> {
        Ok(Content::Text(value.to_owned()))
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut list: A) -> Result<Content, A::Error> {
        let mut elements = Vec::new();
        while let Some(element) = list.next_element::<Spanned<Content>>()? {
            elements.push(element.into());
        }
        Ok(Content::List(elements))
    }

    fn visit_map<A: MapAccess<'de>>(self, mut object: A) -> Result<Content, A::Error> {
        let mut members: Vec<Member> = Vec::new();
        let mut places = HashMap::new();
        while let Some(name) = object.next_key::<Spanned<String>>()? {
            let value: Spanned<Content> = object.next_value()?;
            let member = Member { at: Position::of(name.defined), name: name.value, value: value.into() };
            // The parser lets duplicates pass where it is told to: the last one counts.
            match places.entry(member.name.clone()) {
                Entry::Occupied(earlier) => members[*earlier.get()] = member,
                Entry::Vacant(place) => {
                    place.insert(members.len());
                    members.push(member);
                }
            }
        }
        Ok(Content::Object(members))
    }
}
