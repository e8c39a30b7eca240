//! Why a request brought nothing, and what an operator is told about it.

use chat_schema::ErrorBody;

/// Why a request brought nothing.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Failure {
    /// The server cannot be reached.
    Offline,
    /// There is no session, or no longer.
    SignedOut,
    /// What was asked for is not there.
    NotFound,
    /// The server said no.
    Refused {
        /// HTTP status.
        status: u16,
        /// For programs.
        code: String,
        /// For people.
        message: String,
        /// Seconds to wait, if it said so.
        retry_after: Option<u32>,
    },
    /// The answer is not what this version of the dashboard knows.
    Unreadable(String),
}

impl Failure {
    /// What an error's status and body say.
    pub(super) fn refused(status: u16, body: Option<ErrorBody>, retry_after: Option<u32>) -> Self {
        match (status, body) {
            (401, _) => Self::SignedOut,
            (404, _) => Self::NotFound,
            (_, Some(body)) => Self::Refused { status, code: body.code, message: body.error, retry_after },
            (_, None) => {
                Self::Refused { status, code: String::new(), message: "Unexpected answer".into(), retry_after }
            }
        }
    }

    /// A sentence for people.
    pub(crate) fn sentence(&self) -> String {
        match self {
            Self::Offline => "Couldn’t reach the server.".into(),
            Self::SignedOut => "Your session has ended.".into(),
            Self::NotFound => "It is not there (any more).".into(),
            Self::Refused { message, status, .. } => format!("{message} ({status})."),
            Self::Unreadable(_) => "The server answered in a way this page does not know. Reload it.".into(),
        }
    }
}

impl From<gloo_net::Error> for Failure {
    fn from(error: gloo_net::Error) -> Self {
        match error {
            gloo_net::Error::JsError(_) => Self::Offline,
            other => Self::Unreadable(other.to_string()),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn body(code: &str, error: &str) -> Option<ErrorBody> {
        let (code, error) = (code.to_owned(), error.to_owned());
        Some(ErrorBody { error, code, request_id: "1".into(), details: vec![] })
    }

    #[test]
    fn an_ended_session_and_what_is_gone_are_told_apart_from_other_refusals() {
        assert_eq!(Failure::refused(401, None, None), Failure::SignedOut);
        assert_eq!(Failure::refused(404, body("not-found", "Not found"), None), Failure::NotFound);
        let refused = Failure::refused(503, body("log-unavailable", "The log is away"), Some(2));
        assert_eq!(refused.sentence(), "The log is away (503).");
    }

    #[test]
    fn an_error_page_of_a_proxy_is_a_refusal_too() {
        assert_eq!(Failure::refused(502, None, None).sentence(), "Unexpected answer (502).");
    }
}
