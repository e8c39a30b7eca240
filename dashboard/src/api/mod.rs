//! The admin API. The browser sends the session cookie by itself; nothing here knows a key.

mod failure;

use chat_schema::ErrorBody;
use gloo_net::http::{Request, RequestBuilder, Response};
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
    parsed(sent(Request::get(path)).await?).await
}

/// Asks for something to be done.
///
/// # Errors
/// See [`Failure`].
pub(crate) async fn post<T: DeserializeOwned>(path: &str, body: &impl Serialize) -> Result<T, Failure> {
    let request = Request::post(path).json(body).map_err(|error| Failure::Unreadable(error.to_string()))?;
    parsed(refused_or(request.send().await?).await?).await
}

/// Takes something away.
///
/// # Errors
/// See [`Failure`].
pub(crate) async fn delete(path: &str) -> Result<(), Failure> {
    sent(Request::delete(path)).await.map(drop)
}

async fn sent(request: RequestBuilder) -> Result<Response, Failure> {
    refused_or(request.send().await?).await
}

async fn refused_or(response: Response) -> Result<Response, Failure> {
    if response.ok() {
        return Ok(response);
    }
    let (status, body) = (response.status(), response.json::<ErrorBody>().await.ok());
    let retry_after = response.headers().get("retry-after").and_then(|seconds| seconds.parse().ok());
    Err(Failure::refused(status, body, retry_after))
}

async fn parsed<T: DeserializeOwned>(response: Response) -> Result<T, Failure> {
    response.json().await.map_err(|error| Failure::Unreadable(error.to_string()))
}
