//! Where in the life of an exchange something is evaluated, and what is there to look at.

use portero_grammar::rules::Family;

use crate::vocabulary::Needs;

/// The moment that an expression, a condition or a format is evaluated at.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Stage {
    /// In a rule of that family.
    Rule(Family),
    /// While a request is placed: `balance`, `unique-id-format`, `monitor fail` and their kin.
    Request,
    /// In a health check: there is a server and what it said, and no client.
    Check,
    /// At the end, when all is known.
    Log,
}

impl Stage {
    /// What messages call it.
    pub fn name(self) -> &'static str {
        match self {
            Stage::Rule(family) => family_name(family),
            Stage::Request => "the choice of a server",
            Stage::Check => "health checks",
            Stage::Log => "log formats",
        }
    }

    /// True when a fetch with these needs can have a value here (HAProxy manual, section 7.3).
    pub fn has(self, needs: Needs) -> bool {
        use Needs::{
            Connection, Nothing, RequestBody, RequestBytes, RequestKept, Response, ResponseBytes, Server,
        };
        match self.moment() {
            Moment::Session => matches!(needs, Nothing | Connection),
            Moment::Request => !matches!(needs, Server | Response | ResponseBytes | Needs::Log),
            Moment::Response => {
                matches!(needs, Nothing | Connection | RequestKept | Server | Response | ResponseBytes)
            }
            Moment::TcpResponse => {
                matches!(needs, Nothing | Connection | RequestKept | Server | ResponseBytes)
            }
            Moment::Check => matches!(needs, Nothing | Server | Response | ResponseBytes),
            Moment::End => !matches!(needs, RequestBytes | RequestBody | ResponseBytes),
        }
    }

    fn moment(self) -> Moment {
        use Family::{
            HttpAfterResponse, HttpResponse, StickStoreResponse, TcpRequestConnection, TcpRequestSession,
            TcpResponseContent,
        };
        match self {
            Stage::Rule(TcpRequestConnection | TcpRequestSession) => Moment::Session,
            Stage::Rule(HttpResponse | HttpAfterResponse | StickStoreResponse) => Moment::Response,
            Stage::Rule(TcpResponseContent) => Moment::TcpResponse,
            Stage::Rule(_) | Stage::Request => Moment::Request,
            Stage::Check => Moment::Check,
            Stage::Log => Moment::End,
        }
    }
}

enum Moment {
    Session,
    Request,
    Response,
    TcpResponse,
    Check,
    End,
}

/// What scripts call the rules of a family (HAProxy's Lua manual, "core.register_action"); empty for others.
pub(crate) fn script_name(family: Family) -> &'static str {
    match family {
        Family::TcpRequestConnection => "tcp-req-conn",
        Family::TcpRequestSession => "tcp-req-sess",
        Family::TcpRequestContent => "tcp-req",
        Family::TcpResponseContent => "tcp-res",
        Family::HttpRequest => "http-req",
        Family::HttpResponse => "http-res",
        Family::HttpAfterResponse => "http-after-res",
        _ => "",
    }
}

/// How a family is written.
pub(crate) fn family_name(family: Family) -> &'static str {
    match family {
        Family::TcpRequestConnection => "tcp-request connection",
        Family::TcpRequestSession => "tcp-request session",
        Family::TcpRequestContent => "tcp-request content",
        Family::TcpResponseContent => "tcp-response content",
        Family::HttpRequest => "http-request",
        Family::HttpResponse => "http-response",
        Family::HttpAfterResponse => "http-after-response",
        Family::UseBackend => "use_backend",
        Family::UseServer => "use-server",
        Family::Redirect => "redirect",
        Family::StickOn => "stick on",
        Family::StickMatch => "stick match",
        Family::StickStoreRequest => "stick store-request",
        Family::StickStoreResponse => "stick store-response",
        Family::HttpCheck => "http-check",
        Family::TcpCheck => "tcp-check",
        Family::MonitorFail => "monitor fail",
        Family::ForcePersist => "force-persist",
        Family::IgnorePersist => "ignore-persist",
        Family::ForceBeSwitch => "force-be-switch",
    }
}
