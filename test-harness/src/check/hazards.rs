//! What is accepted, and is nevertheless not what its author wants.

use regex::Regex;

use super::document::{Content, Node, Position};
use super::facts::Facts;
use super::mount::Mount;
use super::place;
use super::routes::{Condition, Routes};

/// A warning; its path is one of the plugin's configuration, or else of the file.
pub struct Hazard {
    pub at: Position,
    pub path: String,
    pub message: String,
}

/// The hazards of how a file mounts a plugin. `tree` is its configuration, `document` what the file says beside it.
pub fn hazards(mount: &Mount<'_>, facts: Facts, tree: Option<&Node>, document: &Node) -> Vec<Hazard> {
    let mut found = Vec::new();
    found.extend(failure(mount, facts));
    found.extend(no_vm_id(mount, facts));
    if let Some(tree) = tree {
        found.extend(client_address(mount, tree));
        found.extend(routes(mount, facts, tree, document));
    }
    found
}

fn failure(mount: &Mount<'_>, facts: Facts) -> Option<Hazard> {
    let failure = &mount.failure;
    let at = failure.setting.map_or(mount.at, |setting| setting.at);
    let message = match (failure.open && facts.guards, failure.missing) {
        (true, _) => {
            format!("when this plugin fails, requests pass, and nobody is asked who they are; better {}", failure.safe)
        }
        (false, Some(name)) => {
            format!(
                "no {name}: after a crash every request gets 503 until the proxy restarts; with {}, for a second",
                failure.safe
            )
        }
        (false, None) => return None,
    };
    Some(Hazard { at, path: String::new(), message })
}

fn no_vm_id(mount: &Mount<'_>, facts: Facts) -> Option<Hazard> {
    let is_empty = mount.vm_id.as_deref() == Some("");
    let message = "no vm_id: what this plugin keeps would stand among the data of all plugins that have none";
    (is_empty && facts.shares).then(|| Hazard { at: mount.at, path: String::new(), message: message.to_owned() })
}

/// Breakers, as a file mounts them.
pub struct Breakers {
    id: String,
    vm_id: String,
    at: Position,
}

impl Breakers {
    /// Those of a plugin whose configuration has some.
    pub fn of(mount: &Mount<'_>, facts: Facts, tree: &Node) -> Option<Breakers> {
        let section = facts.breakers?;
        let config = if section.is_empty() { tree } else { tree.get(section)? };
        matches!(config.content, Content::Object(_)).then_some(())?;
        let id = config.get("id");
        Some(Breakers {
            id: id.map_or(Some("default"), Node::text)?.to_owned(),
            vm_id: mount.vm_id.clone()?,
            at: id.map_or(mount.at, |id| id.at),
        })
    }

    /// What these and earlier ones do to each other.
    pub fn hazard(&self, earlier: &[Breakers]) -> Option<Hazard> {
        let (same, others): (Vec<_>, Vec<_>) =
            earlier.iter().filter(|other| other.id == self.id).partition(|other| other.vm_id == self.vm_id);
        let other = others.first().filter(|_| same.is_empty())?;
        let message = format!(
            "breakers of the id {:?} stand in the vm_id {:?} as well (line {}): their states are apart, but metrics are of \
             the process, so that one closes what the other has opened; give these another id",
            self.id, other.vm_id, other.at.line
        );
        Some(Hazard { at: self.at, path: String::new(), message })
    }
}

/// By default the connection manager takes the client's address from a header that the client writes.
fn client_address(mount: &Mount<'_>, tree: &Node) -> Option<Hazard> {
    let manager = mount.manager.filter(|manager| !manager.get("use_remote_address").is_some_and(Node::is_true))?;
    let (path, at) = use_of_address(tree, String::new(), false)?;
    let at = manager.get("use_remote_address").map_or(at, |setting| setting.at);
    let message =
        "looks at the client's address, which is what the client writes in X-Forwarded-For unless the connection \
                   manager has use_remote_address: true"
            .to_owned();
    Some(Hazard { at, path, message })
}

/// Where a configuration looks at addresses as the host tells them: `source_ips`, or `ip` in a `key`.
fn use_of_address(node: &Node, path: String, in_key: bool) -> Option<(String, Position)> {
    match &node.content {
        Content::Text(text) if in_key && text == "ip" => Some((path, node.at)),
        Content::List(elements) => elements
            .iter()
            .enumerate()
            .find_map(|(index, element)| use_of_address(element, format!("{path}[{index}]"), in_key)),
        Content::Object(members) => {
            let from = node.get("client_ip").and_then(|client_ip| client_ip.text_of("from"));
            if from.is_some_and(|from| from != "host") {
                return None;
            }
            members.iter().find_map(|member| {
                let path = place::child(&path, &member.name);
                match member.name.as_str() {
                    "source_ips" => Some((path, member.at)),
                    name => use_of_address(&member.value, path, name == "key"),
                }
            })
        }
        _ => None,
    }
}

/// An edit of requests that changes what routes look at.
fn routes(mount: &Mount<'_>, facts: Facts, tree: &Node, document: &Node) -> Vec<Hazard> {
    let Some(section) = facts.edits else { return Vec::new() };
    let routes = Routes::of(mount.manager.filter(|manager| manager.get("route_config").is_some()).unwrap_or(document));
    let named = rule_by_route(tree, String::new());
    let mut edits = Vec::new();
    collect_edits(tree, section, &mut edits);
    let mut found: Vec<Hazard> = Vec::new();
    for (path, edit) in edits {
        let Some((what, condition)) = changed(edit, &routes) else { continue };
        let mut message = format!(
            "changes {what}, and Envoy chooses the route anew by what it is then (line {}: {})",
            condition.at.line, condition.shown
        );
        if let Some(rule) = &named {
            message.push_str(&format!("; {rule} then names a route that may not be the one taken"));
        }
        if what == "the path" {
            message.push_str("; prefix_rewrite of the route itself needs no second choice");
        }
        found.push(Hazard { at: edit.at, path, message });
    }
    found
}

/// Where rules go by the names of routes.
fn rule_by_route(node: &Node, path: String) -> Option<String> {
    let mut elements = node.elements().iter().enumerate();
    elements.find_map(|(index, element)| rule_by_route(element, format!("{path}[{index}]"))).or_else(|| {
        node.members().iter().find_map(|member| {
            let path = place::child(&path, &member.name);
            if member.name == "route_names" { Some(path) } else { rule_by_route(&member.value, path) }
        })
    })
}

/// The edits in `request` of a section, and of what rules put in its place.
fn collect_edits<'n>(tree: &'n Node, section: &str, edits: &mut Vec<(String, &'n Node)>) {
    let mut add = |holder: Option<&'n Node>, path: &str| {
        let list = holder.and_then(|holder| holder.get("request")).map(Node::elements).unwrap_or_default();
        edits.extend(list.iter().enumerate().map(|(index, edit)| (format!("{path}[{index}]"), edit)));
    };
    let of = |node: &'n Node| if section.is_empty() { Some(node) } else { node.get(section) };
    let below = |path: &str| place::child(&place::child(path, section), "request").replace("..", ".");
    let rules =
        |node: Option<&'n Node>| node.and_then(|node| node.get("rules")).map(Node::elements).unwrap_or_default();
    add(of(tree), below("").trim_start_matches('.'));
    for (index, rule) in rules(Some(tree)).iter().enumerate() {
        add(rule.get("config").and_then(of), &below(&format!("rules[{index}].config")));
    }
    if !section.is_empty() {
        for (index, rule) in rules(of(tree)).iter().enumerate() {
            add(rule.get("config"), &format!("{section}.rules[{index}].config.request"));
        }
    }
}

/// What an edit changes that routes look at.
fn changed<'r>(edit: &Node, routes: &'r Routes) -> Option<(&'static str, &'r Condition)> {
    let edits = |name: &str| {
        let is = |field: &str| edit.text_of(field).is_some_and(|text| text.eq_ignore_ascii_case(name));
        let begins = edit.text_of("name_prefix").is_some_and(|prefix| name.starts_with(&prefix.to_ascii_lowercase()));
        let regex = edit.text_of("name_regex").and_then(|regex| Regex::new(&format!("^(?i:{regex})$")).ok());
        is("name")
            || (edit.text_of("op") == Some("rename") && is("to"))
            || begins
            || regex.is_some_and(|r| r.is_match(name))
    };
    match edit.text_of("target")? {
        "path" => routes.on_path().map(|condition| ("the path", condition)),
        "host" => routes.on_host().map(|condition| ("the host", condition)),
        "method" => routes.on_header(|name| name == ":method").map(|condition| ("the method", condition)),
        "query" => routes.on_query(edits).map(|condition| ("a parameter", condition)),
        "cookie" => routes.on_header(|name| name == "cookie").map(|condition| ("a cookie", condition)),
        _ => routes.on_header(edits).map(|condition| ("a header", condition)),
    }
}
