//! What holds of every answer.

use reqwest::Response;
use reqwest::header::HeaderMap;
use serde_json::{Value, json};

use super::client::body_of;

pub fn header<'a>(headers: &'a HeaderMap, name: &str) -> &'a str {
    headers.get(name).unwrap_or_else(|| panic!("{name} is missing in {headers:?}")).to_str().unwrap()
}

pub fn assert_security_headers(response: &Response) {
    let headers = response.headers();
    assert_eq!(header(headers, "x-content-type-options"), "nosniff");
    assert_eq!(header(headers, "x-frame-options"), "DENY");
    assert_eq!(header(headers, "referrer-policy"), "no-referrer");
    assert_eq!(header(headers, "permissions-policy"), "camera=(), microphone=(), geolocation=()");
    assert!(!header(headers, "x-request-id").is_empty());
}

pub async fn assert_error(response: Response, status: u16, text: &str, code: &str) -> Value {
    assert_security_headers(&response);
    let request_id = header(response.headers(), "x-request-id").to_owned();
    let (got, body) = body_of(response).await;
    assert_eq!((got, body["error"].as_str(), body["code"].as_str()), (status, Some(text), Some(code)), "{body}");
    assert_eq!(body["requestId"], json!(request_id));
    body
}

/// The body of a good chat request.
pub fn valid() -> Value {
    json!({"sessionId": "visitor-1", "message": "hello"})
}
