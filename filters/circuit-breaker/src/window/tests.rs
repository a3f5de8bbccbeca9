use std::collections::VecDeque;

use proptest::prelude::*;

use super::*;

const SECOND: u64 = 1_000_000_000;

fn call(bits: u8) -> Call {
    Call { failed: bits & 1 != 0, slow: bits & 2 != 0 }
}

fn total(calls: impl IntoIterator<Item = Call>) -> Totals {
    let mut all = Totals::default();
    calls.into_iter().for_each(|call| all.add(call));
    all
}

fn of(shape: fn(NonZeroU32) -> Shape, size: u32) -> Window {
    Window::new(shape(NonZeroU32::new(size).unwrap()))
}

fn copy_of(window: &Window) -> Window {
    let mut bytes = bytes_of(window);
    bytes.push(9);
    let mut from = bytes.as_slice();
    let read = Window::read(&mut from).unwrap();
    assert_eq!(from, [9], "what is behind is left");
    read
}

fn bytes_of(window: &Window) -> Vec<u8> {
    let mut bytes = Vec::new();
    window.write(&mut bytes);
    bytes
}

/// Whatever is read of bytes is written as it was, and counts.
fn use_up(bytes: &[u8], now: Nanos, call: Call) {
    let mut rest = bytes;
    let Some(mut window) = Window::read(&mut rest) else { return };
    assert_eq!([bytes_of(&window).as_slice(), rest].concat(), bytes);
    let before = window.totals(now);
    window.add(call, now);
    let after = window.totals(now);
    assert!(before.failed <= before.calls && before.slow <= before.calls, "{before:?}");
    assert!(after.failed <= after.calls && after.slow <= after.calls && after.calls >= 1, "{after:?}");
}

/// A time window that keeps every call.
struct Seconds {
    buckets: u64,
    length: u64,
    newest: u64,
    first: Option<u64>,
    calls: Vec<(u64, Call)>,
}

impl Seconds {
    fn new(size: u32) -> Self {
        let buckets = u64::from(size.min(60));
        Self { buckets, length: u64::from(size) * SECOND / buckets, newest: 0, first: None, calls: Vec::new() }
    }

    fn turn(&mut self, now: u64) {
        let number = now / self.length;
        if self.newest > number + self.buckets {
            self.calls.clear();
            (self.newest, self.first) = (number, None);
        }
        self.newest = self.newest.max(number);
    }

    fn totals(&self) -> Totals {
        total(self.calls.iter().filter(|(number, _)| number + self.buckets > self.newest).map(|(_, call)| *call))
    }

    fn is_full(&self) -> bool {
        self.first.is_some_and(|first| first + self.buckets <= self.newest)
    }
}

proptest! {
    #[test]
    fn a_count_window_is_the_last_calls(size in 1u32..40, calls in prop::collection::vec(0u8..4, 0..120)) {
        let mut window = of(Shape::Count, size);
        let mut model = VecDeque::new();
        for bits in calls {
            prop_assert_eq!(window.is_full(Nanos(0)), model.len() == size as usize);
            window.add(call(bits), Nanos(0));
            model.push_back(call(bits));
            if model.len() > size as usize {
                model.pop_front();
            }
            window = copy_of(&window);
            prop_assert_eq!(window.totals(Nanos(0)), total(model.iter().copied()));
        }
    }

    #[test]
    fn a_time_window_is_the_calls_of_its_buckets(
        size in prop_oneof![1u32..=60, 61u32..=3_600],
        calls in prop::collection::vec((-30_000i64..90_000, 0u8..4), 1..80),
    ) {
        let mut window = of(Shape::Time, size);
        let mut model = Seconds::new(size);
        let mut now = 1_000_000 * SECOND;
        for (millis, bits) in calls {
            now = now.saturating_add_signed(millis * 1_000_000);
            model.turn(now);
            prop_assert_eq!(window.totals(Nanos(now)), model.totals(), "before the call");
            window.add(call(bits), Nanos(now));
            model.calls.push((model.newest, call(bits)));
            model.first.get_or_insert(model.newest);
            window = copy_of(&window);
            prop_assert_eq!(window.totals(Nanos(now)), model.totals());
            prop_assert_eq!(window.is_full(Nanos(now)), model.is_full());
        }
    }

    #[test]
    fn strangers_never_trap(bytes in prop::collection::vec(any::<u8>(), 0..200), now in any::<u64>(), bits in 0u8..4) {
        use_up(&bytes, Nanos(now), call(bits));
    }

    #[test]
    fn forgeries_never_trap(
        shape in prop_oneof![(1u32..40).prop_map(|n| (true, n)), (1u32..=3_600).prop_map(|n| (false, n))],
        calls in prop::collection::vec(0u8..4, 0..60),
        forged in prop::collection::vec((any::<prop::sample::Index>(), any::<u8>()), 1..4),
        now in any::<u64>(),
    ) {
        let mut window = of(if shape.0 { Shape::Count } else { Shape::Time }, shape.1);
        calls.iter().for_each(|bits| window.add(call(*bits), Nanos(now)));
        let mut bytes = bytes_of(&window);
        for (place, byte) in forged {
            let place = place.index(bytes.len());
            bytes[place] = byte;
        }
        use_up(&bytes, Nanos(now), call(3));
    }

    #[test]
    fn no_time_traps(times in prop::collection::vec(any::<u64>(), 1..20), size in 1u32..=3_600) {
        let mut window = of(Shape::Time, size);
        for now in times {
            window.add(Call { failed: true, slow: true }, Nanos(now));
            prop_assert!(window.totals(Nanos(now)).calls >= 1, "a call that just ended is there");
        }
    }
}

#[test]
fn a_clock_that_is_set_back_does_not_stop_the_window() {
    let failed = Call { failed: true, slow: false };
    let calls_after = |back: u64| {
        let mut window = of(Shape::Time, 10);
        window.add(failed, Nanos(10_000 * SECOND));
        window.add(Call::default(), Nanos((10_000 - back) * SECOND));
        window.totals(Nanos((10_000 - back) * SECOND))
    };
    assert_eq!(calls_after(1), Totals { calls: 2, failed: 1, slow: 0 }, "in the newest bucket");
    assert_eq!(calls_after(3_600), Totals { calls: 1, failed: 0, slow: 0 }, "begins anew");
}

#[test]
fn a_time_window_is_full_when_it_is_over_once() {
    for (size, length) in [(10, 1), (60, 1), (120, 2), (3_600, 60)] {
        let mut window = of(Shape::Time, size);
        let start = 7_200 * SECOND;
        assert!(!window.is_full(Nanos(start)));
        window.add(Call::default(), Nanos(start));
        let after = |seconds: u32| Nanos(start + u64::from(seconds) * SECOND);
        assert!(!window.is_full(after(size - length)), "{size}");
        assert!(window.is_full(after(size)), "{size}");
    }
}

#[test]
fn windows_are_bounded() {
    let bytes = |window: Window| bytes_of(&window).len();
    assert_eq!(bytes(of(Shape::Count, u32::MAX)), 1 + 12 + 2_500);
    assert_eq!(bytes(of(Shape::Time, u32::MAX)), 1 + 20 + 60 * 12);
    assert_eq!(of(Shape::Count, u32::MAX).shape(), Shape::Count(NonZeroU32::new(MOST_CALLS).unwrap()));
}

#[test]
fn bytes_that_no_window_has_are_refused() {
    const HEAD: usize = 1 + 12;
    const FIRST: usize = 1 + 4 + 8;
    let failed = Call { failed: true, slow: false };
    let window = |shape: fn(NonZeroU32) -> Shape, size, calls| {
        let mut window = of(shape, size);
        (0..calls).for_each(|_| window.add(failed, Nanos(7 * SECOND)));
        bytes_of(&window)
    };
    let (begun, full, time) = (window(Shape::Count, 6, 3), window(Shape::Count, 6, 7), window(Shape::Time, 2, 1));
    let bucket = FIRST + 8 + 12;
    let cases: [(&str, &[u8], usize, &[u8]); 12] = [
        ("a kind that is none", &begun, 0, &[2]),
        ("no calls to keep", &begun, 1, &[0]),
        ("more calls than the most", &begun, 1, &10_001_u32.to_le_bytes()),
        ("a next place that is none", &full, 5, &[6]),
        ("fewer calls than were added", &begun, 9, &[2]),
        ("a call that never was", &begun, HEAD, &[0b0101_0101]),
        ("calls behind the last byte in use", &begun, HEAD + 1, &[1]),
        ("a seventh call of six", &full, HEAD + 1, &[0b0001_0101]),
        ("no seconds", &time, 1, &[0]),
        ("calls without a first", &time, FIRST, &[0xff; 8]),
        ("a first after the newest", &time, FIRST, &[8]),
        ("more failed than there were calls", &time, bucket + 4, &[2]),
    ];
    for (name, sound, place, put) in cases {
        assert!(Window::read(&mut &*sound).is_some(), "{name}");
        let mut bytes = sound.to_vec();
        bytes[place..place + put.len()].copy_from_slice(put);
        assert_ne!(bytes, sound, "{name}");
        assert_eq!(Window::read(&mut bytes.as_slice()), None, "{name}");
    }
}
