//! The statistics as pictures. Drawn here, since a charting library would be a quarter of what the dashboard's browser downloads.

mod draw;
mod series;

use actix_web::http::header;
use actix_web::{HttpRequest, HttpResponse};
use chat_schema::{ErrorBody, StatisticsStep};
use serde::Deserialize;

use super::{catch_up, query};
use crate::app::State;
use crate::error::ApiError;
use crate::keys::AdminCaller;
use crate::openapi::AdminErrors;

use self::series::{Metric, Step};

/// Query of a chart.
#[derive(Deserialize, utoipa::IntoParams)]
#[into_params(parameter_in = Query)]
pub(crate) struct ChartQuery {
    /// What is drawn; default `messages`.
    #[param(inline)]
    metric: Option<Metric>,
    /// Begin, in milliseconds since the Unix epoch; default 30 days before the end, or 48 hours by hour.
    from: Option<u64>,
    /// End; default now. At most 366 days after the begin, or 31 days by hour.
    to: Option<u64>,
    /// How far apart the figures are: `hour`, `day` (default), or `week`, the sum of seven days.
    #[param(inline)]
    by: Option<Step>,
    /// `light` (default) or `dark`.
    #[param(inline)]
    theme: Option<Theme>,
    /// Width in pixels, 240 to 1600; default 640.
    #[param(minimum = 240, maximum = 1600)]
    width: Option<u32>,
    /// Minutes that the reader's clock is ahead of UTC: days begin at midnight of it, or within the hour after; default 0.
    #[param(minimum = -1080, maximum = 1080)]
    offset: Option<i32>,
}

/// Colours to stand out on.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Deserialize, utoipa::ToSchema)]
#[serde(rename_all = "kebab-case")]
pub(crate) enum Theme {
    #[default]
    Light,
    Dark,
}

/// Draws the statistics of a time.
#[utoipa::path(
    get, path = "/v1/admin/statistics/chart", tag = "Admin", operation_id = "getChart",
    params(ChartQuery), security(("AdminKey" = []), ("Session" = [])),
    responses(
        (status = 200, body = String, content_type = "image/svg+xml", description = "The picture"),
        (status = 400, body = ErrorBody, description = "`Invalid query parameters`: also an empty period, or one that is too long"),
        AdminErrors,
    )
)]
pub(crate) async fn chart(app: State, _caller: AdminCaller, request: HttpRequest) -> Result<HttpResponse, ApiError> {
    let asked: ChartQuery = query(&request)?;
    let width = asked.width.unwrap_or(640);
    if !(240..=1600).contains(&width) {
        return Err(ApiError::InvalidQuery);
    }
    let step = asked.by.unwrap_or(Step::Day);
    let by = if step == Step::Hour { StatisticsStep::Hour } else { StatisticsStep::Day };
    let period = super::statistics::period(asked.from, asked.to, by, asked.offset)?;
    catch_up(&app).await;
    let statistics = app.models.statistics(period).await?;
    let plot = series::plot(asked.metric.unwrap_or(Metric::Messages), step, &statistics.steps);
    let picture =
        draw::svg(&plot, width, asked.offset.unwrap_or(0), asked.theme.unwrap_or_default()).map_err(|error| {
            tracing::error!(%error, "a chart cannot be drawn");
            ApiError::Internal
        })?;
    Ok(HttpResponse::Ok()
        .insert_header((header::CONTENT_TYPE, "image/svg+xml"))
        .insert_header((header::CACHE_CONTROL, "no-store"))
        .body(picture))
}
