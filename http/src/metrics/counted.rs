//! What the HTTP side counts while it happens. Counts are of the whole process, whichever worker serves a request.

use std::sync::LazyLock;

use actix_web::http::{Method, StatusCode};
use prometheus::{IntCounterVec, Opts, default_registry};

static LIMITED: LazyLock<IntCounterVec> = LazyLock::new(|| {
    let limited = counters(
        "open_chat_rate_limited_total",
        "Requests refused with 429, by the limit: a client's messages, its attaches and other calls, its wrong passwords and keys",
        &["what"],
    );
    for what in [Limited::Message, Limited::Attach, Limited::SignIn] {
        limited.with_label_values(&[what.name()]);
    }
    limited
});

static REQUESTS: LazyLock<IntCounterVec> = LazyLock::new(|| {
    counters(
        "open_chat_http_requests_total",
        "Requests answered, by the pattern of their path, method and status",
        &["route", "method", "status"],
    )
});

/// Which limit a request met.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Limited {
    /// Messages of a client.
    Message,
    /// Its attaches to known messages, and calls of the visitor's own routes.
    Attach,
    /// Its wrong passwords and admin keys.
    SignIn,
}

impl Limited {
    fn name(self) -> &'static str {
        match self {
            Self::Message => "message",
            Self::Attach => "attach",
            Self::SignIn => "sign_in",
        }
    }
}

/// Makes the names show from now on. A request names itself when it comes.
pub(super) fn register() {
    LazyLock::force(&LIMITED);
    LazyLock::force(&REQUESTS);
}

/// Counts a request that a limit refused.
pub(crate) fn count_limited(what: Limited) {
    LIMITED.with_label_values(&[what.name()]).inc();
}

/// Counts a request that was answered; `route` is a pattern, never a path.
pub(crate) fn count_request(route: &str, method: &Method, status: StatusCode) {
    REQUESTS.with_label_values(&[route, known(method), status.as_str()]).inc();
}

/// Clients may send any word as a method.
fn known(method: &Method) -> &'static str {
    match *method {
        Method::GET => "GET",
        Method::HEAD => "HEAD",
        Method::POST => "POST",
        Method::PUT => "PUT",
        Method::PATCH => "PATCH",
        Method::DELETE => "DELETE",
        Method::OPTIONS => "OPTIONS",
        _ => "other",
    }
}

fn counters(name: &str, help: &str, labels: &[&str]) -> IntCounterVec {
    let counters = IntCounterVec::new(Opts::new(name, help), labels).expect("the names above are valid");
    default_registry().register(Box::new(counters.clone())).expect("each name is registered once");
    counters
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_made_up_method_makes_no_label_of_its_own() {
        assert_eq!(known(&Method::from_bytes(b"BREW").unwrap()), "other");
        assert_eq!(known(&Method::DELETE), "DELETE");
    }
}
