//! Requests that another website makes a browser send, with the operator's cookie on them.
//!
//! The rule is that of Go's `http.CrossOriginProtection`: browsers say where a request comes from, in `Sec-Fetch-Site` or, where
//! that is missing, in `Origin`, and no page can change either. What says neither is no browser, and carries no cookie that
//! somebody else put there.

use actix_web::HttpRequest;
use actix_web::http::header;

use crate::app::App;

/// Whether another website is behind a request.
pub(crate) fn is_forged(app: &App, request: &HttpRequest) -> bool {
    let headers = request.headers();
    if let Some(site) = headers.get("sec-fetch-site") {
        return !matches!(site.as_bytes(), b"same-origin" | b"none");
    }
    headers.get(header::ORIGIN).is_some_and(|origin| !origin.to_str().is_ok_and(|origin| is_own(app, request, origin)))
}

/// The public address, or, for whoever tries the server out under another name, the one the browser itself asked for.
fn is_own(app: &App, request: &HttpRequest, origin: &str) -> bool {
    let asked = || request.headers().get(header::HOST).and_then(|host| host.to_str().ok());
    app.own_origins.iter().any(|own| own.as_str() == origin)
        || (app.development && asked().is_some_and(|host| origin == format!("http://{host}")))
}
