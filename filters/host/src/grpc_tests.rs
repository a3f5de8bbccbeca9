//! gRPC call-outs: sent by streams and by background work, answered by a message or a status, or not sent at all.

use std::cell::Cell;
use std::rc::Rc;
use std::time::Duration;

use sluicegate_common::config::{ConfigErrors, Object};
use sluicegate_common::filter::{
    Background, Callout, CalloutAnswer, CalloutError, CalloutRequest, Cx, Decision, Filter, RootCx, Setup, Topic, Wait,
    Wake,
};
use sluicegate_common::head::RequestHead;
use sluicegate_common::proxy::Status;
use sluicegate_common::reply::LocalReply;

use crate::abi::Action;
use crate::worker::{Worker, calls};

const SECOND: Duration = Duration::from_secs(1);
const NEWS: Topic = Topic(1);

fn callout(upstream: &str) -> Callout {
    let request =
        CalloutRequest::Grpc { authority: String::new(), service: "a.B", method: "Ask", message: b"?".to_vec() };
    Callout { id: 3, upstream: upstream.into(), request, timeout: SECOND }
}

/// How a question ended, as a reply's status; 200 for "yes".
fn judged(answer: &CalloutAnswer) -> u16 {
    match &answer.outcome {
        Ok(answer) if answer.status == 200 && answer.body == b"yes" => 200,
        Ok(_) => 403,
        Err(CalloutError::Grpc(14)) => 503,
        Err(CalloutError::NotSent(Status::Unimplemented)) => 501,
        Err(_) => 500,
    }
}

/// Asks at once, or when there is news; "yes" lets the request pass.
#[derive(Debug)]
struct Asker {
    news: Option<Rc<News>>,
}

/// Asks on the first tick, and remembers how that ended.
#[derive(Debug, Default)]
struct News(Cell<u16>);

thread_local!(static NEWS_OF_TEST: Rc<News> = Rc::default());

impl Filter for Asker {
    const NAME: &'static str = "asker";
    const CODES: &'static [&'static str] = &["refused"];
    type Stream = ();

    fn configure(config: Object, _: &Setup<'_>, _: Option<&Self>) -> Result<Self, ConfigErrors> {
        Ok(Self { news: config.contains_key("news").then(|| NEWS_OF_TEST.with(Rc::clone)) })
    }

    fn on_request(&self, (): &mut (), _: &mut RequestHead<'_>, cx: &mut Cx<'_>) -> Decision {
        Decision::Wait(match &self.news {
            Some(_) => Wait::Background { topic: NEWS, until: cx.now.plus(SECOND) },
            None => Wait::Callouts(vec![callout("own")]),
        })
    }

    fn on_wake(&self, (): &mut (), why: &Wake<'_>, _: &mut RequestHead<'_>, _: &mut Cx<'_>) -> Decision {
        match why {
            Wake::Answer(answer) => match judged(answer) {
                200 => Decision::Continue,
                status => Decision::Respond(LocalReply::new(status, "refused", "")),
            },
            Wake::Background => Decision::Wait(Wait::Callouts(vec![callout("own")])),
            Wake::Timeout => Decision::Respond(LocalReply::new(504, "refused", "")),
        }
    }

    fn background(&self) -> Option<Rc<dyn Background>> {
        Some(Rc::clone(self.news.as_ref()?) as Rc<dyn Background>)
    }
}

impl Background for News {
    fn period(&self) -> Duration {
        SECOND * 3600
    }

    fn on_tick(&self, cx: &mut RootCx<'_>) {
        cx.callouts.push(callout("news"));
    }

    fn on_answer(&self, answer: &CalloutAnswer, cx: &mut RootCx<'_>) {
        self.0.set(judged(answer));
        cx.topics.push(NEWS);
    }
}

#[test]
fn how_a_call_ended_is_told_to_who_asked() {
    for (name, end, want) in [
        ("a message", Ok("yes"), "10: continue"),
        ("another message", Ok("no"), "10: reply 403"),
        ("an empty message", Ok(""), "10: reply 403"),
        ("a failure on the way", Err(14), "10: reply 503"),
        ("the service's own status", Err(7), "10: reply 500"),
    ] {
        let mut worker = Worker::<Asker>::new(true, "{}");
        assert_eq!(worker.open(10), Action::PauseAll, "{name}");
        assert_eq!(calls(), ["10: ask own as 1"], "{name}");
        worker.message(1, end);
        assert_eq!(calls(), [want], "{name}");
        worker.message(1, end);
        assert_eq!(calls(), [""; 0], "{name}: told twice");
    }
}

#[test]
fn where_the_host_knows_no_grpc_nothing_is_sent() {
    let mut worker = Worker::<Asker>::new(false, "{}");
    assert_eq!(worker.open(10), Action::Pause);
    assert_eq!(calls(), ["10: reply 501"]);
}

#[test]
fn what_the_root_sent_comes_back_to_the_root_and_goes_on_to_the_stream() {
    let mut worker = Worker::<Asker>::new(true, r#"{"news": true}"#);
    worker.open(10);
    worker.open(11);
    worker.tick(Duration::ZERO);
    assert_eq!(calls(), ["1: ask news as 1"]);
    worker.message(1, Err(14));
    assert_eq!(NEWS_OF_TEST.with(|news| news.0.get()), 503);
    assert_eq!(calls(), ["10: ask own as 2", "11: ask own as 3"]);
    worker.message(3, Ok("yes"));
    assert_eq!(calls(), ["11: continue"]);
    worker.message(2, Err(14));
    assert_eq!(calls(), ["10: reply 503"]);
    worker.message(9, Ok("yes"));
    assert_eq!(calls(), [""; 0], "nobody asked");
}

#[test]
fn an_answer_after_the_end_is_nobodys() {
    let mut worker = Worker::<Asker>::new(true, "{}");
    worker.open(10);
    worker.close(10, true);
    calls();
    worker.message(1, Ok("yes"));
    assert_eq!(calls(), [""; 0]);
}
