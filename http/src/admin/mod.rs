//! The admin routes: what they list is answered from the read models, what auditors see from the log.

mod chart;
mod conversations;
mod erase;
mod events;
mod export;
mod feed;
mod feed_tokens;
mod operators;
mod session;
mod statistics;
mod system;

use std::time::Duration;

use actix_web::http::header;
use actix_web::{HttpRequest, HttpResponse, web};
use serde::Serialize;
use serde::de::DeserializeOwned;

pub(crate) use self::chart::{__path_chart, chart};
pub(crate) use self::conversations::{__path_list, __path_thread, list, thread};
pub(crate) use self::erase::{__path_erase, erase};
pub(crate) use self::events::{__path_events, events};
pub(crate) use self::export::{__path_export, __path_export_conversation, export, export_conversation};
pub(crate) use self::feed::{__path_feed, MAX_FEEDS, feed};
pub(crate) use self::operators::{__path_operator_events, operator_events};
pub(crate) use self::session::{__path_sign_in, __path_sign_out, __path_who, sign_in, sign_out, who};
pub(crate) use self::statistics::{__path_statistics, statistics};
pub(crate) use self::system::{__path_system, system};
use crate::app::App;
use crate::error::ApiError;

/// How long a read waits for the projection to reach what this process acknowledged; then it answers with what is there.
const PATIENCE: Duration = Duration::from_secs(1);

/// The query of a request.
pub(crate) fn query<T: DeserializeOwned>(request: &HttpRequest) -> Result<T, ApiError> {
    match web::Query::<T>::from_query(request.query_string()) {
        Ok(query) => Ok(query.into_inner()),
        Err(_) => Err(ApiError::InvalidQuery),
    }
}

/// Lets reads see what this process acknowledged before them.
async fn catch_up(app: &App) {
    app.models.caught_up(app.services.acknowledged(), PATIENCE).await;
}

fn answer(body: &impl Serialize) -> HttpResponse {
    HttpResponse::Ok().insert_header((header::CACHE_CONTROL, "no-store")).json(body)
}
