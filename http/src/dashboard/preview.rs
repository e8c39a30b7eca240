//! A page with the widget on it, as somebody who chooses its looks would have it; shown in a frame of the dashboard.

use actix_web::http::header;
use actix_web::{HttpRequest, HttpResponse};
use maud::{DOCTYPE, html};
use serde::Deserialize;

use crate::admin::query;
use crate::app::State;
use crate::error::ApiError;
use crate::keys::AdminCaller;

/// Like that of the demo page, but for the dashboard to frame.
const CSP: &str = "default-src 'none'; script-src 'self'; style-src 'self'; connect-src 'self'; img-src 'self' data:; \
                   base-uri 'none'; form-action 'none'; frame-ancestors 'self'";

/// The widget's attributes, as `docs/widget.md` names them. What is absent keeps its default.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Looks {
    title: Option<String>,
    welcome_message: Option<String>,
    input_placeholder: Option<String>,
    position: Option<String>,
    accent_color: Option<String>,
    theme: Option<String>,
    lang: Option<String>,
    suggestions: Option<String>,
    open: Option<String>,
}

/// The page. Its widget talks to this server.
pub(crate) async fn preview(app: State, _caller: AdminCaller, request: HttpRequest) -> Result<HttpResponse, ApiError> {
    let looks: Looks = query(&request)?;
    let page = html! {
        (DOCTYPE)
        html lang="en" {
            head {
                meta charset="utf-8";
                meta name="viewport" content="width=device-width, initial-scale=1";
                title { "Preview" }
                link rel="stylesheet" href="/assets/page.css";
            }
            body {
                main { h1 { "Your page" } p.muted { "The chat as visitors will see it." } }
                script src="/widget/chat-widget.js" data-api-url="/chat" data-api-key=(app.widget_key_text)
                    data-title=[looks.title] data-welcome-message=[looks.welcome_message]
                    data-input-placeholder=[looks.input_placeholder] data-position=[looks.position]
                    data-accent-color=[looks.accent_color] data-theme=[looks.theme] data-lang=[looks.lang]
                    data-suggestions=[looks.suggestions] data-open=[looks.open] defer {}
            }
        }
    };
    Ok(HttpResponse::Ok()
        .insert_header((header::CONTENT_TYPE, "text/html; charset=utf-8"))
        .insert_header((header::CONTENT_SECURITY_POLICY, CSP))
        .insert_header((header::X_FRAME_OPTIONS, "SAMEORIGIN"))
        .insert_header((header::CACHE_CONTROL, "no-store"))
        .body(page.into_string()))
}
