//! `envoy.service.ratelimit.v3.RateLimitService`.

use std::convert::Infallible;
use std::future::Future;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};
use std::time::{SystemTime, UNIX_EPOCH};

use tonic::body::Body;
use tonic::server::{Grpc, NamedService};
use tonic::{Request, Response, Status};
use tonic_prost::ProstCodec;
use tower::{Service, service_fn};

use crate::counters::Counters;
use crate::limits::{Limit, Limits};
use crate::protocol::{
    Code, DescriptorStatus, Duration, RateLimit, RateLimitDescriptor, RateLimitRequest, RateLimitResponse,
};

/// The service.
#[derive(Clone)]
pub struct RateLimitService {
    limits: Arc<Limits>,
    counters: Counters,
    now: Option<u64>,
}

impl RateLimitService {
    /// `now`: the time, in seconds since 1970, if it is to stand still.
    pub fn new(limits: Limits, counters: Counters, now: Option<u64>) -> Self {
        Self { limits: Arc::new(limits), counters, now }
    }

    fn now(&self) -> u64 {
        self.now.unwrap_or_else(|| SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default().as_secs())
    }

    /// A descriptor is counted and judged for itself; the request is over the limit if one of them is.
    async fn should_rate_limit(&self, request: RateLimitRequest) -> Result<RateLimitResponse, Status> {
        let mut statuses = Vec::with_capacity(request.descriptors.len());
        for descriptor in &request.descriptors {
            statuses.push(self.judge(&request, descriptor).await?);
        }
        let over = statuses.iter().any(|status| status.code == Code::OverLimit as i32);
        let overall_code = if over { Code::OverLimit } else { Code::Ok };
        Ok(RateLimitResponse { overall_code: overall_code.into(), statuses })
    }

    async fn judge(
        &self,
        request: &RateLimitRequest,
        descriptor: &RateLimitDescriptor,
    ) -> Result<DescriptorStatus, Status> {
        let own_limit =
            || (request.domain == self.limits.domain).then(|| self.limits.of(&descriptor.entries)).flatten();
        let Some(limit) = own_limit() else {
            return Ok(DescriptorStatus { code: Code::Ok.into(), ..DescriptorStatus::default() });
        };
        let of_request = u64::from(request.hits_addend.max(1));
        let cost = descriptor.hits_addend.as_ref().map_or(of_request, |cost| cost.value);
        let counted = self.counters.count(&request.domain, &descriptor.entries, limit, cost, self.now()).await;
        let counted = counted.map_err(|error| Status::unavailable(error.to_string()))?;
        let remaining = u64::from(limit.requests_per_unit).checked_sub(counted.after);
        Ok(DescriptorStatus {
            code: if remaining.is_some() { Code::Ok } else { Code::OverLimit }.into(),
            current_limit: Some(limit.into()),
            limit_remaining: remaining.and_then(|remaining| remaining.try_into().ok()).unwrap_or_default(),
            duration_until_reset: Some(Duration { seconds: counted.reset.try_into().unwrap_or(i64::MAX) }),
        })
    }
}

impl From<Limit> for RateLimit {
    fn from(limit: Limit) -> Self {
        Self { requests_per_unit: limit.requests_per_unit, unit: limit.unit.into() }
    }
}

impl NamedService for RateLimitService {
    const NAME: &'static str = "envoy.service.ratelimit.v3.RateLimitService";
}

impl Service<http::Request<Body>> for RateLimitService {
    type Response = http::Response<Body>;
    type Error = Infallible;
    type Future = Pin<Box<dyn Future<Output = Result<Self::Response, Infallible>> + Send>>;

    fn poll_ready(&mut self, _: &mut Context<'_>) -> Poll<Result<(), Infallible>> {
        Poll::Ready(Ok(()))
    }

    fn call(&mut self, request: http::Request<Body>) -> Self::Future {
        let service = self.clone();
        Box::pin(async move {
            if request.uri().path() != "/envoy.service.ratelimit.v3.RateLimitService/ShouldRateLimit" {
                return Ok(Status::unimplemented(request.uri().path()).into_http());
            }
            let method = service_fn(|request: Request<RateLimitRequest>| {
                let service = service.clone();
                async move { service.should_rate_limit(request.into_inner()).await.map(Response::new) }
            });
            Ok(Grpc::new(ProstCodec::default()).unary(method, request).await)
        })
    }
}
