use std::cell::RefCell;

use proptest::prelude::*;

use super::*;

/// A host's header map that logs what is read of it.
struct Fake {
    fields: Vec<(&'static str, &'static [u8])>,
    calls: RefCell<Vec<String>>,
    broken: bool,
}

impl Fake {
    fn of(fields: &[(&'static str, &'static [u8])]) -> Self {
        Self { fields: fields.to_vec(), calls: RefCell::default(), broken: false }
    }
}

impl HeaderSource for Fake {
    fn first(&self, name: &str) -> Result<Option<Vec<u8>>, Status> {
        self.calls.borrow_mut().push(format!("get {name}"));
        if self.broken {
            return Err(Status::BadArgument);
        }
        Ok(self.fields.iter().find(|(found, _)| *found == name).map(|(_, value)| value.to_vec()))
    }

    fn all(&self) -> Result<HeaderMap, Status> {
        self.calls.borrow_mut().push("all".into());
        if self.broken { Err(Status::BadArgument) } else { HeaderMap::parse(HeaderMap::serialize(&self.fields)) }
    }
}

#[derive(Default)]
struct Written(RefCell<Vec<String>>);

impl HeaderSink for Written {
    fn replace(&self, name: &str, value: &[u8]) {
        self.0.borrow_mut().push(format!("replace {name} {}", value.escape_ascii()));
    }
    fn add(&self, name: &str, value: &[u8]) {
        self.0.borrow_mut().push(format!("add {name} {}", value.escape_ascii()));
    }
    fn remove(&self, name: &str) {
        self.0.borrow_mut().push(format!("remove {name}"));
    }
}

#[test]
fn reads_cost_as_few_host_calls_as_they_can() {
    let cases: [(&str, &[&str], &[&str]); 4] = [
        ("a miss is one cheap call", &["origin"], &["get origin"]),
        ("misses do not fetch the map", &["origin", "x-none"], &["get origin", "get x-none"]),
        ("a header asked for again is remembered", &["a", "a"], &["get a"]),
        ("a second one fetches all, once", &["a", "b", "x-none", "a"], &["get a", "all"]),
    ];
    for (name, asked, want) in cases {
        let source = Fake::of(&[("a", b"1"), ("b", b"2")]);
        let mut state = HeadState::default();
        let head = Head::new(&source, &mut state);
        for header in asked {
            let want = source.fields.iter().find(|(name, _)| name == header).map(|(_, value)| *value);
            assert_eq!(head.get(header), want, "{name}");
        }
        assert_eq!(*source.calls.borrow(), want, "{name}");
    }
}

#[test]
fn likely_misses_do_not_read_the_map() {
    let source = Fake::of(&[("a", b"1"), ("b", b"2")]);
    let mut state = HeadState::default();
    let mut head = Head::new(&source, &mut state);
    assert_eq!(head.get("a"), Some(&b"1"[..]));
    assert!(head.has("b") && !head.has("c") && !head.is_read());
    head.remove("b").unwrap();
    head.append("c", *b"3").unwrap();
    assert!(!head.has("b") && head.has("c") && !head.is_edited("a") && head.is_edited("c"));
    assert_eq!(*source.calls.borrow(), ["get a", "get b", "get c"]);
    assert_eq!(head.values("a").count(), 1);
    assert!(head.is_read());
}

#[test]
fn edits_stand_over_what_the_host_sent() {
    let source = Fake::of(&[("a", b"1"), ("a", b"\xff"), ("b", b"2")]);
    let mut state = HeadState::default();
    let mut head = Head::new(&source, &mut state);
    head.append("a", *b"3").unwrap();
    assert_eq!(head.values("A").collect::<Vec<_>>(), [&b"1"[..], b"\xff", b"3"]);
    assert_eq!(head.get("a"), Some(&b"1"[..]));
    head.set("a", *b"4").unwrap();
    head.append("a", *b"5").unwrap();
    assert_eq!(head.values("a").collect::<Vec<_>>(), [b"4", b"5"]);
    head.remove("b").unwrap();
    assert_eq!(head.get("b"), None);
    assert_eq!(head.iter().collect::<Vec<_>>(), [(&b"a"[..], &b"4"[..]), (b"a", b"5")]);
    head.append("b", *b"6").unwrap();
    assert_eq!(head.get("b"), Some(&b"6"[..]));
}

#[test]
fn each_name_is_written_once() {
    let source = Fake::of(&[]);
    let mut state = HeadState::default();
    let mut head = Head::new(&source, &mut state);
    head.set("a", *b"lost").unwrap();
    head.set("a", *b"1").unwrap();
    head.append("a", *b"2").unwrap();
    head.append("b", *b"3").unwrap();
    head.remove("c").unwrap();
    let sink = Written::default();
    state.edits.write(&sink);
    assert_eq!(*sink.0.borrow(), ["replace a 1", "add a 2", "add b 3", "remove c"]);
    assert!(state.edits.is_empty(), "edits are forgotten once written");
}

#[test]
fn removing_what_is_known_to_be_absent_writes_nothing() {
    // Whether the map was read, whether it can be, and what is written.
    let cases: [(bool, bool, &[&str]); 3] = [
        (false, false, &["remove x-none", "remove a"]),
        (true, false, &["remove a"]),
        (true, true, &["remove x-none", "remove a"]),
    ];
    for (read, broken, want) in cases {
        let source = Fake { broken, ..Fake::of(&[("a", b"1")]) };
        let mut state = HeadState::default();
        let mut head = Head::new(&source, &mut state);
        if read {
            head.prefetch();
        }
        head.append("x-none", "set before").unwrap();
        head.remove("X-None").unwrap();
        head.remove("a").unwrap();
        assert_eq!(head.get("x-none"), None);
        let written = Written::default();
        state.edits.write(&written);
        let written: Vec<String> = written.0.take().iter().map(|call| call.to_lowercase()).collect();
        assert_eq!(written, want, "read: {read}, broken: {broken}");
    }
}

#[test]
fn what_cannot_stand_in_a_header_is_refused() {
    let source = Fake::of(&[]);
    let mut state = HeadState::default();
    let mut head = Head::new(&source, &mut state);
    for value in [&b"a\r\nb"[..], b"\n", b"a\0"] {
        assert_eq!(head.set("x", value), Err(EditError::Value("x".into())));
        assert_eq!(head.append("x", value), Err(EditError::Value("x".into())));
    }
    for name in ["", ":", "a b", "a:", "a\r\nb", "ü"] {
        assert_eq!(head.set(name, *b"1"), Err(EditError::Name(name.into())));
    }
    assert_eq!(head.remove(":path"), Err(EditError::Pseudo(":path".into())));
    assert_eq!(head.append(":path", *b"/"), Err(EditError::Pseudo(":path".into())));
    assert!(head.edits().is_empty());
    assert_eq!(head.set(":path", *b"/"), Ok(()));
    assert_eq!(head.set("x", *b"any \x01\x7f\xff\t"), Ok(()));
}

#[test]
fn a_failing_host_is_no_missing_header() {
    let source = Fake { broken: true, ..Fake::of(&[("a", b"1")]) };
    let mut state = HeadState::default();
    let head = Head::new(&source, &mut state);
    assert_eq!(head.failure(), None);
    assert_eq!(head.get("a"), None);
    assert_eq!(head.failure(), Some(Status::BadArgument));
}

#[test]
fn the_host_a_client_asked_for_is_read_from_either_header() {
    for (fields, want) in [
        (&[(":authority", &b"envoy.example"[..])][..], "envoy.example"),
        (&[(":authority", b"_"), ("Host", b"kong.example")], "kong.example"),
        (&[], ""),
    ] {
        let source = Fake::of(fields);
        let mut state = HeadState::default();
        let head = RequestHead::new(&source, &mut state);
        head.prefetch();
        assert_eq!(head.host(), want.as_bytes());
    }
}

#[test]
fn setting_what_the_host_holds_writes_nothing() {
    let cases: [(&str, &[u8], &[&str]); 4] = [
        ("a", b"1", &[]),
        ("A", b"2", &["replace a 2"]),
        ("b", b"2", &["replace b 2"]), // Two fields become one.
        ("c", b"3", &["replace c 3"]),
    ];
    for (name, value, want) in cases {
        let source = Fake::of(&[("a", b"1"), ("b", b"2"), ("b", b"2")]);
        let mut state = HeadState::default();
        let mut head = Head::new(&source, &mut state);
        head.prefetch();
        head.set(name, value).unwrap();
        assert_eq!(head.get(name), Some(value));
        let sink = Written::default();
        state.edits.write(&sink);
        let written: Vec<String> = sink.0.take().iter().map(|call| call.to_lowercase()).collect();
        assert_eq!(written, want, "{name}");
    }
}

#[test]
fn what_the_host_holds_takes_the_place_of_edits() {
    let source = Fake::of(&[("a", b"1")]);
    let mut state = HeadState::default();
    let mut head = Head::new(&source, &mut state);
    head.prefetch();
    head.set("a", "2").unwrap();
    let before = head.mark();
    head.set("a", "1").unwrap();
    assert!(head.edits().is_empty());
    head.undo(before);
    assert_eq!(head.get("a"), Some(&b"2"[..]));
}

/// Envoy tells `:authority` for `host` as well where it is asked for that one, and has no `host` in the whole map.
#[test]
fn the_host_is_found_however_it_is_read() {
    for (fields, want) in [
        (&[(":authority", &b"a.example"[..])][..], &b"a.example"[..]),
        (&[(":authority", b"server"), ("Host", b"b.example")], b"b.example"),
    ] {
        let (source, mut state) = (Fake::of(fields), HeadState::default());
        let head = Head::new(&source, &mut state);
        head.prefetch();
        assert_eq!((head.get("host"), head.probe("Host").as_deref()), (Some(want), Some(want)));
        assert_eq!(head.values("host").collect::<Vec<_>>(), [want]);
        assert_eq!(head.values(":authority").count(), 1);
    }
    let (source, mut state) = (Fake::of(&[(":authority", b"a.example")]), HeadState::default());
    let mut head = Head::new(&source, &mut state);
    head.prefetch();
    head.set("host", "other.example").unwrap();
    assert_eq!(head.values("host").collect::<Vec<_>>(), [b"other.example"]);
}

#[test]
fn a_cleared_state_is_as_new() {
    let source = Fake::of(&[("a", b"1"), ("b", b"2")]);
    let mut state = HeadState::default();
    for _ in 0..2 {
        let mut head = Head::new(&source, &mut state);
        assert_eq!((head.get("a"), head.get("b"), head.get("x")), (Some(&b"1"[..]), Some(&b"2"[..]), None));
        head.set("x", "1").unwrap();
        state.clear();
    }
    assert_eq!(*source.calls.borrow(), ["get a", "all", "get a", "all"]);
    assert!(state.edits.is_empty());
}

#[test]
fn a_name_too_long_to_be_kept_is_read_with_all() {
    const LONG: &str = "x-a-name-of-more-than-forty-bytes-in-its-full-length";
    let source = Fake::of(&[(LONG, b"1")]);
    let mut state = HeadState::default();
    let head = Head::new(&source, &mut state);
    assert_eq!((head.get(LONG), head.get(LONG)), (Some(&b"1"[..]), Some(&b"1"[..])));
    assert_eq!(*source.calls.borrow(), [format!("get {LONG}"), "all".into()]);
}

#[test]
fn tokens_are_what_the_rfc_says() {
    for byte in 0..=u8::MAX {
        let want = byte.is_ascii_alphanumeric() || b"!#$%&'*+-.^_`|~".contains(&byte);
        assert_eq!(is_token(&[b'a', byte]), want, "{byte}");
    }
}

#[test]
fn line_ends_are_found_wherever_they_stand() {
    for at in 0..20 {
        for byte in 0..=u8::MAX {
            let mut value = [0xf1; 20];
            value[at] = byte;
            let refused = Edits::default().set("x", &value).is_err();
            assert_eq!(refused, matches!(byte, b'\r' | b'\n' | 0), "{byte} at {at}");
        }
    }
}

#[test]
fn edits_are_found_by_the_whole_name_in_any_case() {
    for length in 1..20 {
        let (name, mut edits) = ("x".repeat(length), Edits::default());
        edits.set(&name, b"").unwrap();
        assert!(edits.of(name.to_uppercase().as_bytes()).is_some(), "{length}");
        for at in 0..length {
            let mut other = name.clone();
            other.replace_range(at..=at, "y");
            assert!(edits.of(other.as_bytes()).is_none(), "{other}");
        }
    }
}

/// Edits as they are meant: an entry a name, the one edited last at the end.
#[derive(Clone, Default)]
struct Model(Vec<(&'static str, bool, Vec<&'static str>)>);

impl Model {
    fn entry(&mut self, name: &'static str) -> &mut (&'static str, bool, Vec<&'static str>) {
        let at = self.0.iter().position(|(known, ..)| *known == name);
        let entry = at.map_or((name, false, Vec::new()), |at| self.0.remove(at));
        self.0.push(entry);
        self.0.last_mut().unwrap()
    }

    fn written(&self) -> Vec<String> {
        let mut written = Vec::new();
        for (name, replaced, values) in &self.0 {
            let mut values = values.iter();
            if *replaced {
                written.push(values.next().map_or(format!("remove {name}"), |first| format!("replace {name} {first}")));
            }
            written.extend(values.map(|value| format!("add {name} {value}")));
        }
        written
    }

    fn size(&self) -> usize {
        self.0.iter().flat_map(|(name, _, values)| [name].into_iter().chain(values)).map(|text| text.len()).sum()
    }
}

proptest! {
    #[test]
    fn edits_are_one_entry_a_name(ops in prop::collection::vec((0..6, 0..3usize, 0..3usize), 0..24)) {
        let (mut edits, mut model) = (Edits::default(), Model::default());
        let mut marked = (edits.mark(), model.clone());
        for (op, name, value) in ops {
            let (name, value) = (["a", "bb", "ccc"][name], ["", "1", "22"][value]);
            match op {
                0 => {
                    edits.set(name, value.as_bytes()).unwrap();
                    let entry = model.entry(name);
                    (entry.1, entry.2) = (true, vec![value]);
                }
                1 => {
                    edits.append(name, value.as_bytes()).unwrap();
                    model.entry(name).2.push(value);
                }
                2 | 3 => {
                    edits.remove(name, op == 3).unwrap();
                    let entry = model.entry(name);
                    (entry.1, entry.2) = (true, Vec::new());
                    if op == 3 {
                        model.0.pop();
                    }
                }
                4 => marked = (edits.mark(), model.clone()),
                _ => {
                    edits.undo(marked.0);
                    model = marked.1.clone();
                }
            }
            prop_assert_eq!(edits.size(), model.size());
            prop_assert!(!edits.exceed(model.size()));
            prop_assert!(model.size().checked_sub(1).is_none_or(|less| edits.exceed(less)));
            prop_assert_eq!(edits.is_empty(), model.0.is_empty());
            for name in ["a", "bb", "ccc"] {
                let entry = model.0.iter().find(|(known, ..)| *known == name);
                let edited = edits.of(name.as_bytes()).map(|edited| (edited.replaced, edited.first));
                prop_assert_eq!(edited, entry.map(|entry| (entry.1, entry.2.first().map(|value| value.as_bytes()))));
            }
        }
        let sink = Written::default();
        edits.write(&sink);
        prop_assert_eq!(sink.0.take(), model.written());
    }

    #[test]
    fn a_map_comes_back_as_it_was_sent(pairs: Vec<(Vec<u8>, Vec<u8>)>) {
        let map = HeaderMap::parse(HeaderMap::serialize(&pairs)).unwrap();
        let back: Vec<_> = map.iter().map(|(name, value)| (name.to_vec(), value.to_vec())).collect();
        prop_assert_eq!(back, pairs);
    }

    #[test]
    fn hostile_maps_are_refused_or_read(wire: Vec<u8>, count in 0u32..6) {
        let mut sized = count.to_le_bytes().to_vec();
        sized.extend(&wire);
        for wire in [wire, sized] {
            if let Ok(map) = HeaderMap::parse(wire) {
                prop_assert_eq!(map.iter().count(), map.len());
            }
        }
    }
}
