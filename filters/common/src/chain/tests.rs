use std::cell::Cell;
use std::time::Duration;

use serde_json::json;

use super::*;
use crate::facts::Facts;
use crate::facts::fake::FakeHost;
use crate::filter::{CalloutAnswer, Decision, End, Filter, RootCx, Setup};
use crate::head::HeadState;
use crate::module::Module;
use crate::settings::Settings;
use crate::single::Single;
use crate::time::Nanos;

/// Counts requests of all rules in one place, and ends.
#[derive(Debug)]
struct Counting {
    seen: Rc<Cell<u32>>,
    ended: Rc<Cell<u32>>,
}

impl Filter for Counting {
    const NAME: &'static str = "counting";
    const CODES: &'static [&'static str] = &[];
    type Stream = ();

    fn configure(_: Object, _: &Setup<'_>, top: Option<&Self>) -> Result<Self, ConfigErrors> {
        let own = || Self { seen: Rc::default(), ended: Rc::default() };
        Ok(top.map_or_else(own, |top| Self { seen: Rc::clone(&top.seen), ended: Rc::clone(&top.ended) }))
    }

    fn on_request(&self, (): &mut (), _: &mut RequestHead<'_>, _: &mut Cx<'_>) -> Decision {
        self.seen.set(self.seen.get() + 1);
        Decision::Continue
    }

    fn on_end(&self, (): (), _: &End<'_>, _: &mut Cx<'_>) {
        self.ended.set(self.ended.get() + 1);
    }

    fn background(&self) -> Option<Rc<dyn Background>> {
        Some(Rc::new(Idle))
    }
}

struct Idle;

impl Background for Idle {
    fn period(&self) -> Duration {
        Duration::from_secs(1)
    }

    fn on_tick(&self, _: &mut RootCx<'_>) {}

    fn on_answer(&self, _: &CalloutAnswer, _: &mut RootCx<'_>) {}
}

type Three = (Option<Single<Counting>>, (Option<Single<Counting>>, (Single<Counting>, ())));

fn counting() -> Single<Counting> {
    Single::build(Object::new(), "default", &Env::default(), true, None).unwrap()
}

fn on_request<W: Walk>(walk: &W, at: usize, stream: &mut W::Stream) {
    let (mut state, mut facts, settings) = (HeadState::default(), Facts::default(), Settings::default());
    let host = FakeHost::default();
    let mut cx = Cx::new(Nanos::default(), &host, &mut facts, &settings);
    let step = walk.on_request(at, stream, &mut RequestHead::new(&host, &mut state), &mut cx);
    assert!(matches!(step, Step::Continue), "{step:?}");
}

#[test]
fn an_absent_filter_keeps_its_position() {
    let chain: Three = (None, (Some(counting()), (counting(), ())));
    assert_eq!(Three::LEN, 3);
    let working: Vec<bool> = (0..Three::LEN).map(|at| chain.background(at).is_some()).collect();
    assert_eq!(working, [false, true, true]);
    let counted = |at: usize| {
        let chain: Three = (None, (Some(counting()), (counting(), ())));
        on_request(&chain, at, &mut Default::default());
        let (second, third) = (chain.1.0.as_ref().unwrap(), &chain.1.1.0);
        (second.filter().seen.get(), third.filter().seen.get())
    };
    assert_eq!((0..Three::LEN).map(counted).collect::<Vec<_>>(), [(0, 0), (1, 0), (0, 1)]);
}

#[test]
fn the_end_is_told_to_those_that_were_reached() {
    for (reached, want) in [(0, (0, 0)), (1, (0, 0)), (2, (1, 0)), (3, (1, 1))] {
        let chain: Three = (None, (Some(counting()), (counting(), ())));
        let (host, mut facts, settings) = (FakeHost::default(), Facts::default(), Settings::default());
        let mut cx = Cx::new(Nanos::default(), &host, &mut facts, &settings);
        chain.on_end(reached, &mut Default::default(), &End { trailers: &host }, &mut cx);
        let (second, third) = (chain.1.0.as_ref().unwrap(), &chain.1.1.0);
        assert_eq!((second.filter().ended.get(), third.filter().ended.get()), want, "{reached} reached");
    }
}

#[test]
fn rules_share_what_the_top_has() {
    let rule = |name: &str| json!({"name": name, "match": {"paths": [{"prefix": format!("/{name}")}]}, "config": {}});
    let config = json!({"rules": [rule("a"), rule("b")]});
    let module = Module::<Single<Counting>>::configure(config.to_string().as_bytes(), &Env::default()).unwrap();
    for path in ["/a", "/b", "/c"] {
        let (mut state, mut facts) = (HeadState::default(), Facts::default());
        let host = FakeHost::new(&[(":path", path)]);
        let mut cx = Cx::new(Nanos::default(), &host, &mut facts, module.settings());
        let chosen = module.choose(&mut RequestHead::new(&host, &mut state), &mut cx).unwrap();
        assert_eq!(Rc::ptr_eq(&chosen, &module.top()), path == "/c");
        on_request(&*chosen, 0, &mut ());
    }
    assert_eq!(module.top().filter().seen.get(), 3);
}
