//! What comes of a request at the upstream. nginx answers for an upstream that fails, with its own
//! pages, and tells filters by a variable only (`$upstream_header_time`).

use std::time::Duration;

use crate::kong::headers::error_page;
use crate::message::UpstreamFailure;
use crate::spec::RouteAction;
use crate::stream::LocalReply;

/// nginx's answer in place of an upstream that failed.
pub fn failure_page(failure: UpstreamFailure) -> LocalReply {
    match failure {
        UpstreamFailure::Timeout => error_page(504),
        UpstreamFailure::Refused | UpstreamFailure::ResetBeforeHeaders | UpstreamFailure::BadProtocol => {
            error_page(502)
        }
    }
}

/// nginx's answer where no upstream is asked. It has neither routes nor clusters that could be unknown, and looks for
/// a live host when it has the request's body.
pub fn refusal(action: &RouteAction) -> Option<LocalReply> {
    match action {
        RouteAction::Forward | RouteAction::NoRoute | RouteAction::UnknownCluster | RouteAction::NoHealthyHost => None,
        RouteAction::DirectResponse { status, body } => {
            Some(LocalReply { body: body.clone(), ..LocalReply::plain(*status, "", "") })
        }
    }
}

/// `$upstream_header_time` of an answer: seconds, to the millisecond. Of a failure it is `-`.
pub fn header_time(after: Duration) -> String {
    format!("{}.{:03}", after.as_secs(), after.subsec_millis())
}

/// `$upstream_header_time` where no header came.
pub const NO_HEADER_TIME: &str = "-";
