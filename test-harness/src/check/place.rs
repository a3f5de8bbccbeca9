//! From the path of an error to a line: `auth.rules[2].config.require`, `errors["a.b"]`.

use std::borrow::Cow;

use super::document::{Node, Position, parse_leniently};

/// One step of a path.
#[derive(Debug, PartialEq, Eq)]
enum Step<'p> {
    Name(Cow<'p, str>),
    Index(usize),
}

/// The place that a path names, or of the innermost value on the way to it; None: not even its first step is there.
pub fn of_path(root: &Node, path: &str) -> Option<Position> {
    let mut node = root;
    let mut found = None;
    for step in steps(path)? {
        let next = match &step {
            Step::Name(name) => {
                let member = node.members().iter().find(|member| member.name == **name);
                member.map(|member| (member.at, &member.value))
            }
            Step::Index(index) => node.elements().get(*index).map(|element| (element.at, element)),
        };
        let Some((at, value)) = next else { break };
        (found, node) = (Some(at), value);
    }
    found
}

/// The steps of a path; None: it is none.
fn steps(path: &str) -> Option<Vec<Step<'_>>> {
    let mut steps = Vec::new();
    let mut rest = path;
    while !rest.is_empty() {
        if let Some(quoted) = rest.strip_prefix("[\"") {
            let end = quoted.find("\"]")?;
            steps.push(Step::Name(serde_json::from_str(&rest[1..end + 3]).ok()?));
            rest = &quoted[end + 2..];
        } else if let Some(index) = rest.strip_prefix('[') {
            let (index, after) = index.split_once(']')?;
            steps.push(Step::Index(index.parse().ok()?));
            rest = after;
        } else {
            let name = rest.strip_prefix('.').unwrap_or(rest);
            let end = name.find(['.', '[']).unwrap_or(name.len());
            if end == 0 || name[..end].contains(char::is_whitespace) {
                return None;
            }
            steps.push(Step::Name(Cow::Borrowed(&name[..end])));
            rest = &name[end..];
        }
    }
    Some(steps)
}

/// A path from the name of a member of the object at `path`.
pub fn child(path: &str, name: &str) -> String {
    if path.is_empty() { name.to_owned() } else { format!("{path}.{name}") }
}

/// The value in a JSON text that is itself a text of a file, with its places in the file.
pub fn inside(text: &Node, source: &str) -> Option<Node> {
    let node = parse_leniently(text.text()?)?.into_iter().next()?;
    let places = Places::of(text, source);
    Some(node.moved(&|at| places.in_file(at)))
}

/// Where the lines of a text stand in the file that holds it.
pub struct Places {
    /// Where the text begins.
    start: Position,
    /// Of each line of the text: the line in the file, and the columns before it. None: it is written otherwise there,
    /// with escapes or folded.
    lines: Vec<Option<(usize, usize)>>,
}

impl Places {
    /// Looks for each line of the text in the file, from where the text begins.
    pub fn of(text: &Node, source: &str) -> Self {
        let start = text.at;
        let content = text.text().unwrap_or_default();
        let file: Vec<&str> = source.lines().collect();
        // The parser tells where a block's first line with something in it stands.
        let blank = content.lines().take_while(|line| line.trim().is_empty()).count();
        let first = start.line.saturating_sub(1 + blank);
        let find = |(index, line): (usize, &str)| {
            let (line, number) = (line.trim_end(), first + index);
            let column = file.get(number)?.find(line)?;
            Some((number + 1, file[number][..column].chars().count()))
        };
        Places { start, lines: content.lines().enumerate().map(find).collect() }
    }

    /// The place in the file of a place in the text; of one that cannot be told, where the text begins.
    pub fn in_file(&self, at: Position) -> Position {
        match at.line.checked_sub(1).and_then(|index| self.lines.get(index)).copied().flatten() {
            Some((line, before)) => Position { line, column: before + at.column },
            None => self.start,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::check::document::parse;

    fn place(yaml: &str, path: &str) -> Option<(usize, usize)> {
        let document = parse(yaml).expect("YAML").remove(0);
        let text = document.get("text").expect("a member \"text\"");
        let node = inside(text, yaml)?;
        of_path(&node, path).map(|at| (at.line, at.column))
    }

    #[test]
    fn a_path_leads_to_its_line() {
        let block = "# c\ntext: |\n  {\n    \"a\": [1, {\"b.c\": 2}],\n    \"d\": {\"e\": 1}\n  }\n";
        assert_eq!(place(block, "a[1]"), Some((4, 14)));
        assert_eq!(place(block, "a[1][\"b.c\"]"), Some((4, 15)));
        assert_eq!(place(block, "d.f.g"), Some((5, 5)), "the innermost there is");
        assert_eq!(place(block, "nothing"), None);
        assert_eq!(place(block, "no path at all"), None);
        assert_eq!(place("text: '{\"a\": {\"b\": 1}}'", "a.b"), Some((1, 15)));
        assert_eq!(place("x: 1\ntext: \"{\\\"a\\\":\\n 1}\"", "a"), Some((2, 7)), "escapes: where the text begins");
        assert_eq!(place("text: |-\n\n  {\"a\": 1,\n\n   \"b\": 1}", "b"), Some((5, 4)));
    }
}
