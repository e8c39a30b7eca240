//! The pages for people: the API reference, and in development the demo. Rendered once, without scripts of their own.

mod demo;
mod reference;

use std::sync::OnceLock;

use actix_web::HttpResponse;
use actix_web::http::header;
use maud::{DOCTYPE, Markup, html};

use crate::app::State;
use crate::openapi;

/// Nothing inline, nothing foreign: the demo's only script is the widget.
const CSP: &str = "default-src 'none'; script-src 'self'; style-src 'self'; connect-src 'self'; img-src 'self' data:; \
                   base-uri 'none'; form-action 'none'; frame-ancestors 'none'";

/// The pages of one server.
pub(crate) struct Pages {
    public_url: String,
    /// Rendered when first asked for: it takes more memory than all else at start.
    reference: OnceLock<Reference>,
    demo: Option<String>,
}

/// The API's document, and as a page.
struct Reference {
    document: String,
    page: String,
}

impl Pages {
    /// The pages of the server at `public_url`; with a demo if `demo_key` is the widget key of a development server.
    pub(crate) fn new(public_url: String, demo_key: Option<&str>) -> Self {
        let demo = demo_key.map(|key| demo::render(&public_url, key).into_string());
        Self { public_url, reference: OnceLock::new(), demo }
    }

    /// The OpenAPI document, as JSON.
    pub(crate) fn openapi(&self) -> &str {
        &self.reference().document
    }

    fn reference(&self) -> &Reference {
        self.reference.get_or_init(|| {
            let document = serde_json::to_value(openapi::api(&self.public_url))
                .expect("the document has string keys only, so it is always JSON");
            Reference { document: document.to_string(), page: reference::render(&document).into_string() }
        })
    }
}

/// The script tag a site owner pastes.
pub(crate) fn script_tag(public_url: &str, key: &str) -> String {
    format!(
        "<script src=\"{public_url}/widget/chat-widget.js\"\n        data-api-url=\"{public_url}/chat\"\n        \
         data-api-key=\"{key}\" defer></script>"
    )
}

/// The frame of every page.
fn page(title: &str, body: &Markup, scripts: &Markup) -> Markup {
    html! {
        (DOCTYPE)
        html lang="en" {
            head {
                meta charset="utf-8";
                meta name="viewport" content="width=device-width, initial-scale=1";
                title { (title) " · Open Chat Widget" }
                link rel="icon" href="data:,";
                link rel="stylesheet" href="/assets/page.css";
            }
            body { main { (body) } (scripts) }
        }
    }
}

fn answer(page: String) -> HttpResponse {
    HttpResponse::Ok()
        .insert_header((header::CONTENT_TYPE, "text/html; charset=utf-8"))
        .insert_header((header::CONTENT_SECURITY_POLICY, CSP))
        .insert_header((header::CACHE_CONTROL, "no-store"))
        .body(page)
}

/// A page of its own.
pub(crate) fn page_of(title: &str, body: &Markup) -> HttpResponse {
    answer(page(title, body, &html! {}).into_string())
}

/// The API reference.
pub(crate) async fn docs(app: State) -> HttpResponse {
    answer(app.pages.reference().page.clone())
}

/// A page with the widget on it.
pub(crate) async fn demo(app: State) -> Result<HttpResponse, crate::error::ApiError> {
    Ok(answer(app.pages.demo.clone().ok_or(crate::error::ApiError::NotFound)?))
}

/// The pages' style sheet.
pub(crate) async fn style() -> HttpResponse {
    HttpResponse::Ok()
        .insert_header((header::CONTENT_TYPE, "text/css; charset=utf-8"))
        .insert_header((header::CACHE_CONTROL, "no-cache"))
        .body(include_str!("page.css"))
}
