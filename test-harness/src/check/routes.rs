//! What the routes of a file look at, and whether an edit of requests changes it.

use super::document::{Content, Node, Position};

/// What routes look at. Envoy chooses the route anew when a filter has changed a request.
#[derive(Default)]
pub struct Routes {
    /// Conditions on the path that not every path meets, as written.
    paths: Vec<Condition>,
    /// Conditions on headers, pseudo headers among them, by name.
    headers: Vec<Condition>,
    /// Parameters of the query.
    query: Vec<Condition>,
    /// Hosts other than `*`.
    hosts: Vec<Condition>,
}

/// A condition of a route.
pub struct Condition {
    pub at: Position,
    /// What is looked at: the kind of the condition, or the name of a header or parameter.
    name: String,
    /// The condition, for people.
    pub shown: String,
}

/// Header-transform tells the path of the client in it: whoever matches on it has thought of the second choice.
const ORIGINAL_PATH: &str = "x-original-path";

impl Routes {
    /// The routes below a connection manager, or in a whole document.
    pub fn of(scope: &Node) -> Routes {
        let mut routes = Routes::default();
        routes.search(scope);
        routes
    }

    fn search(&mut self, node: &Node) {
        for host in node.get("virtual_hosts").map(Node::elements).unwrap_or_default() {
            let domains = host.get("domains").map(Node::elements).unwrap_or_default().iter();
            let named = domains.filter_map(|domain| Some((domain.at, domain.text().filter(|text| *text != "*")?)));
            let condition = |(at, text)| Condition { at, name: "domain".to_owned(), shown: format!("domain {text:?}") };
            self.hosts.extend(named.map(condition));
            for route in host.get("routes").map(Node::elements).unwrap_or_default() {
                self.add(route.get("match"));
            }
        }
        match &node.content {
            Content::List(elements) => elements.iter().for_each(|element| self.search(element)),
            Content::Object(members) => members.iter().for_each(|member| self.search(&member.value)),
            _ => {}
        }
    }

    fn add(&mut self, matched: Option<&Node>) {
        let Some(matched) = matched else { return };
        for kind in ["prefix", "path", "path_separated_prefix", "safe_regex", "path_match_policy"] {
            let Some(value) = matched.get(kind).filter(|value| value.text() != Some("/") || kind != "prefix") else {
                continue;
            };
            let text = value.text().or_else(|| value.text_of("regex")).unwrap_or_default();
            self.paths.push(Condition { at: value.at, name: kind.to_owned(), shown: format!("{kind} {text:?}") });
        }
        let named = |kind: &str| matched.get(kind).map(Node::elements).unwrap_or_default().iter();
        self.headers.extend(named("headers").filter_map(|matcher| condition("header", matcher)));
        self.query.extend(named("query_parameters").filter_map(|matcher| condition("parameter", matcher)));
    }

    /// The first condition on the path that an edit of it can change the outcome of.
    pub fn on_path(&self) -> Option<&Condition> {
        let minded = self.headers.iter().any(|header| header.name == ORIGINAL_PATH);
        self.paths.iter().chain(self.headers.iter().filter(|header| header.name == ":path")).find(|_| !minded)
    }

    /// The first condition on the host.
    pub fn on_host(&self) -> Option<&Condition> {
        self.hosts.iter().chain(self.headers.iter().filter(|header| header.name == ":authority")).next()
    }

    /// The first condition on a header of such a name.
    pub fn on_header(&self, is_edited: impl Fn(&str) -> bool) -> Option<&Condition> {
        self.headers.iter().find(|header| is_edited(&header.name))
    }

    /// The first condition on a parameter of such a name.
    pub fn on_query(&self, is_edited: impl Fn(&str) -> bool) -> Option<&Condition> {
        self.query.iter().find(|parameter| is_edited(&parameter.name))
    }
}

fn condition(kind: &str, matcher: &Node) -> Option<Condition> {
    let name = matcher.text_of("name")?.to_ascii_lowercase();
    Some(Condition { at: matcher.at, shown: format!("{kind} {name:?}"), name })
}
