//! The admin API. The browser sends the session cookie by itself; nothing here knows a key.

mod failure;

use std::pin::Pin;

use chat_schema::ErrorBody;
use gloo_net::http::Request;
use serde::Serialize;
use serde::de::DeserializeOwned;

pub(crate) use failure::Failure;

/// Characters that stand for themselves in a query's value are letters, digits and few more; everything else is escaped.
pub(crate) fn escape(value: &str) -> String {
    js_sys::encode_uri_component(value).into()
}

/// Reads something.
///
/// # Errors
/// See [`Failure`].
pub(crate) async fn get<T: DeserializeOwned>(path: &str) -> Result<T, Failure> {
    parsed(&text(Request::get(path).build()).await?)
}

/// Asks for something to be done.
///
/// # Errors
/// See [`Failure`].
pub(crate) async fn post<T: DeserializeOwned>(path: &str, body: &impl Serialize) -> Result<T, Failure> {
    let body = serde_json::to_string(body).map_err(|error| Failure::Unreadable(error.to_string()))?;
    let request = Request::post(path).header("content-type", "application/json").body(body);
    parsed(&text(request).await?)
}

/// Takes something away.
///
/// # Errors
/// See [`Failure`].
pub(crate) async fn delete(path: &str) -> Result<(), Failure> {
    text(Request::delete(path).build()).await.map(drop)
}

/// Everything that does not depend on what is read, and boxed, so that it is in the program once.
fn text(request: Result<Request, gloo_net::Error>) -> Pin<Box<dyn Future<Output = Result<String, Failure>>>> {
    Box::pin(async {
        let response = request?.send().await?;
        let body = response.text().await?;
        if response.ok() {
            return Ok(body);
        }
        let retry_after = response.headers().get("retry-after").and_then(|seconds| seconds.parse().ok());
        Err(Failure::refused(response.status(), serde_json::from_str::<ErrorBody>(&body).ok(), retry_after))
    })
}

fn parsed<T: DeserializeOwned>(body: &str) -> Result<T, Failure> {
    serde_json::from_str(body).map_err(|error| Failure::Unreadable(error.to_string()))
}
