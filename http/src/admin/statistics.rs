//! Figures by hour or by day.

use actix_web::{HttpRequest, HttpResponse};
use chat_projections::Period;
use chat_schema::{ErrorBody, Statistics, StatisticsStep};
use serde::Deserialize;

use super::{answer, catch_up, query};
use crate::app::State;
use crate::clock::now;
use crate::error::ApiError;
use crate::keys::AdminCaller;
use crate::openapi::AdminErrors;

/// Milliseconds.
const HOUR: u64 = 3_600_000;
const DAY: u64 = 24 * HOUR;
/// Minutes from UTC beyond which there is no clock.
const MOST_AHEAD: i32 = 1080;

/// Query of the statistics.
#[derive(Deserialize, utoipa::IntoParams)]
#[into_params(parameter_in = Query)]
pub(crate) struct StatisticsQuery {
    /// Begin, in milliseconds since the Unix epoch; default 30 days before the end, or 48 hours by hour.
    from: Option<u64>,
    /// End; default now. At most 366 days after the begin, or 31 days by hour.
    to: Option<u64>,
    /// How far apart the figures are: `hour`, or `day` (default).
    #[param(inline)]
    by: Option<StatisticsStep>,
    /// Minutes that the reader's clock is ahead of UTC: days begin at midnight of it, or within the hour after; default 0.
    #[param(minimum = -1080, maximum = 1080)]
    offset: Option<i32>,
}

/// Returns how much was said and how it was answered, hour by hour or day by day.
///
/// The period is widened to whole hours or days.
#[utoipa::path(
    get, path = "/v1/admin/statistics", tag = "Admin", operation_id = "getStatistics",
    params(StatisticsQuery), security(("AdminKey" = []), ("Session" = [])),
    responses(
        (status = 200, body = Statistics, description = "The figures"),
        (status = 400, body = ErrorBody, description = "`Invalid query parameters`: also an empty period, or one of more than \
            366 days by day or 31 days by hour"),
        AdminErrors,
    )
)]
pub(crate) async fn statistics(
    app: State,
    _caller: AdminCaller,
    request: HttpRequest,
) -> Result<HttpResponse, ApiError> {
    let asked: StatisticsQuery = query(&request)?;
    let by = asked.by.unwrap_or(StatisticsStep::Day);
    let period = period(asked.from, asked.to, by, asked.offset)?;
    catch_up(&app).await;
    Ok(answer(&app.models.statistics(period).await?))
}

/// The time that is asked for, where one end or both may be left to us.
pub(super) fn period(
    from: Option<u64>,
    to: Option<u64>,
    by: StatisticsStep,
    offset: Option<i32>,
) -> Result<Period, ApiError> {
    let offset = offset.unwrap_or(0);
    if !(-MOST_AHEAD..=MOST_AHEAD).contains(&offset) {
        return Err(ApiError::InvalidQuery);
    }
    let to = to.unwrap_or_else(now);
    let usual = match by {
        StatisticsStep::Hour => 2 * DAY,
        StatisticsStep::Day => 30 * DAY,
    };
    Period::new(from.unwrap_or(to.saturating_sub(usual)), to, by, offset).map_err(|_| ApiError::InvalidQuery)
}
