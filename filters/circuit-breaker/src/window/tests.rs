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
    let mut bytes = Vec::new();
    window.write(&mut bytes);
    bytes.push(9);
    let mut from = bytes.as_slice();
    let read = Window::read(&mut from).unwrap();
    assert_eq!(from, [9], "what is behind is left");
    read
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
    fn a_time_window_is_the_calls_of_its_seconds(size in 1u32..=60, calls in prop::collection::vec((0u64..9_000, 0u8..4), 0..60)) {
        let mut window = of(Shape::Time, size);
        let (mut now, mut model) = (1_000 * SECOND, Vec::new());
        for (millis, bits) in calls {
            now += millis * 1_000_000;
            window.add(call(bits), Nanos(now));
            model.push((now / SECOND, call(bits)));
            window = copy_of(&window);
            let since = now / SECOND + 1 - u64::from(size);
            let want = total(model.iter().filter(|(second, _)| *second >= since).map(|(_, call)| *call));
            prop_assert_eq!(window.totals(Nanos(now)), want);
        }
    }

    #[test]
    fn strangers_never_trap(bytes in prop::collection::vec(any::<u8>(), 0..200), now in any::<u64>(), bits in 0u8..4) {
        if let Some(mut window) = Window::read(&mut bytes.as_slice()) {
            window.add(call(bits), Nanos(now));
            let totals = window.totals(Nanos(now));
            prop_assert!(totals.failed <= totals.calls && totals.slow <= totals.calls);
        }
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
    let bytes = |window: Window| {
        let mut bytes = Vec::new();
        window.write(&mut bytes);
        bytes.len()
    };
    assert_eq!(bytes(of(Shape::Count, u32::MAX)), 1 + 12 + 2_500);
    assert_eq!(bytes(of(Shape::Time, u32::MAX)), 1 + 20 + 60 * 12);
    assert_eq!(of(Shape::Count, u32::MAX).shape(), Shape::Count(NonZeroU32::new(MOST_CALLS).unwrap()));
}
