use super::*;

fn bytes(record: &Record) -> Vec<u8> {
    let mut bytes = Vec::new();
    record.write(&mut bytes);
    bytes
}

/// Records of all kinds.
fn records() -> Vec<Record> {
    let mut counted = Record::new("outbound|8080||reviews.default.svc.cluster.local");
    counted.shape_up(&[last(10), last(10_000), seconds(60), seconds(3_600)]);
    let rules = Rules { failure_rate: 0, ..rules() };
    let mut calls = counted.clone();
    feed(&mut calls, &rules, &[BAD, SLOW, GOOD, BAD_AND_SLOW], at(0));
    let rules = Rules { failure_rate: 1, permitted_calls: 100, ..rules };
    let mut half = half_open(&rules, at(0));
    for call in [Some(GOOD), Some(BAD), Some(SLOW), Some(BAD_AND_SLOW), None] {
        let [reported, answered] = [(); 2].map(|()| permit(&mut half, &rules, at(1)));
        if let Some(call) = call {
            assert!(half.report(&rules, reported, call, at(2), 0).counted);
            assert!(half.answered(answered, call, at(2)));
        }
    }
    vec![Record::new(""), counted, calls, opened(&rules, at(0)), half_open(&rules, at(0)), half]
}

#[test]
fn what_is_written_is_read_and_nothing_else() {
    for record in records() {
        let whole = bytes(&record);
        assert_eq!(Record::read(&whole).as_ref(), Some(&record));
        assert_eq!(Record::peek(&whole), Some(record.state()));
        for end in 0..whole.len() {
            assert_eq!(Record::read(&whole[..end]), None, "{end} of {}", whole.len());
        }
        assert_eq!(Record::read(&[&whole[..], &[0]].concat()), None);
    }
}

#[test]
fn bytes_that_no_record_has_are_refused() {
    // The head of a record with the name "ab".
    const STATE: usize = 1;
    const NAME: usize = 20;
    const REST: usize = 22;
    let rules = rules();
    let mut half = half_open(&rules, at(0));
    half.name = "ab".into();
    let reported = permit(&mut half, &rules, at(0));
    half.report(&rules, reported, BAD, at(0), 0);
    permit(&mut half, &rules, at(0));
    let mut closed = Record::new("ab");
    closed.shape_up(&[last(10)]);
    let open = Record { name: "ab".into(), ..opened(&rules, at(0)) };
    let cases: [(&str, &Record, usize, u8); 17] = [
        ("another version", &closed, 0, 2),
        ("no state", &closed, STATE, 3),
        ("another state", &closed, STATE, 2),
        ("a name that is no text", &closed, NAME, 0xff),
        ("five windows", &closed, REST + 12, 5),
        ("a window less", &closed, REST + 12, 0),
        ("more failed than there were calls", &open, REST + 8 + 4, 5),
        ("more slow than there were calls", &open, REST + 8 + 8, 5),
        ("no permits", &half, REST, 0),
        ("all reported, and half open", &half, REST, 1),
        ("more permits than there can be", &half, REST, 101),
        ("more reported and out than there are", &half, REST + 1, 2),
        ("more failed than reported", &half, REST + 2, 2),
        ("more slow than reported", &half, REST + 3, 2),
        ("a row longer than the longest", &half, REST + 5, 0),
        ("a row longer than all failures", &half, REST + 5, 2),
        ("no answer", &half, REST + 11 + 20, 3),
    ];
    for (name, record, place, byte) in cases {
        let mut bytes = bytes(record);
        assert_eq!(Record::read(&bytes).as_ref(), Some(record), "{name}");
        assert_ne!(bytes[place], byte, "{name}");
        bytes[place] = byte;
        assert_eq!(Record::read(&bytes), None, "{name}");
    }
    let mut ends_before = bytes(&half);
    ends_before[REST + 11 + 4..][..8].fill(0xff);
    assert_eq!(Record::read(&ends_before), None, "a lease that ends before it begins");
}

#[test]
fn the_largest_record_is_bounded() {
    let mut record = Record::new(&"é".repeat(40_000));
    assert_eq!(record.name().len(), 65_534, "whole characters");
    assert_eq!(reread(&record), record);
    record = Record::new("");
    record.shape_up(&[9_997, 9_998, 9_999, 10_000].map(last));
    feed(&mut record, &rules(), &[SLOW; 100], at(0));
    let closed = bytes(&record).len();
    let rules = Rules { permitted_calls: 100, ..rules() };
    let mut record = half_open(&rules, at(0));
    for _ in 0..100 {
        permit(&mut record, &rules, at(0));
    }
    let half_open = bytes(&record).len();
    assert!(closed < 11_000 && half_open < 2_200, "{closed} {half_open}");
}
