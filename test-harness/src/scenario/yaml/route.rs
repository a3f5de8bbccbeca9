//! `route:`.

use std::collections::BTreeMap;

use serde::Deserialize;

use super::text::Text;
use crate::{Route, RouteAction};

/// The one route.
#[derive(Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct RouteYaml {
    name: Option<String>,
    cluster: Option<String>,
    metadata: BTreeMap<String, BTreeMap<String, String>>,
    direct_response: Option<DirectResponseYaml>,
    fails: Option<RouteFailure>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct DirectResponseYaml {
    status: u16,
    body: Option<Text>,
}

/// Why a request goes nowhere.
#[derive(Clone, Copy, Deserialize)]
#[serde(rename_all = "snake_case")]
enum RouteFailure {
    NoRoute,
    UnknownCluster,
    NoHealthyHost,
}

impl RouteYaml {
    pub fn into_route(self) -> Result<Route, String> {
        let action = match (self.direct_response, self.fails) {
            (None, None) => RouteAction::Forward,
            (Some(direct), None) => direct.into_action()?,
            (None, Some(RouteFailure::NoRoute)) => RouteAction::NoRoute,
            (None, Some(RouteFailure::UnknownCluster)) => RouteAction::UnknownCluster,
            (None, Some(RouteFailure::NoHealthyHost)) => RouteAction::NoHealthyHost,
            (Some(_), Some(_)) => return Err("route: expected `direct_response` or `fails`, found both".to_owned()),
        };
        let default = Route::default();
        Ok(Route {
            name: self.name.unwrap_or(default.name),
            cluster: self.cluster.unwrap_or(default.cluster),
            metadata: self.metadata,
            action,
        })
    }
}

impl DirectResponseYaml {
    fn into_action(self) -> Result<RouteAction, String> {
        if !(200..600).contains(&self.status) {
            return Err(format!("route.direct_response.status: expected 200 to 599, found {}", self.status));
        }
        let body = self.body.map_or_else(Vec::new, |Text(bytes)| bytes);
        Ok(RouteAction::DirectResponse { status: self.status, body })
    }
}
