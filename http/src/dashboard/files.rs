//! The dashboard's files, as built into the binary.

use std::collections::HashMap;

use actix_web::http::header;
use actix_web::{HttpRequest, HttpResponse, web};
use maud::{Markup, html};
use rust_embed::RustEmbed;

use crate::app::State;
use crate::bundle::Bundle;
use crate::error::ApiError;
use crate::pages;

/// What `cargo xtask build` made of the dashboard, each file with its compressed forms.
#[derive(RustEmbed)]
#[folder = "../dashboard/dist"]
struct BuiltIn;

const PAGE: &str = "index.html";

/// Nothing inline, nothing foreign; wasm may be compiled.
const CSP: &str = "default-src 'none'; script-src 'self' 'wasm-unsafe-eval'; style-src 'self'; img-src 'self' data:; \
                   connect-src 'self'; frame-src 'self'; base-uri 'none'; form-action 'self'; frame-ancestors 'none'";

/// Named by their content, so that what a browser has is always right.
const FOR_EVER: [(&str, &str); 1] = [("cache-control", "public, max-age=31536000, immutable")];
const AS_PAGE: [(&str, &str); 2] = [("cache-control", "no-cache"), ("content-security-policy", CSP)];

/// The files by their path below `/dashboard/`.
pub(crate) struct Files(HashMap<String, Bundle>);

impl Files {
    /// All that were built in.
    pub(crate) fn built_in() -> Self {
        let names = BuiltIn::iter().map(|name| name.into_owned());
        let files = names.filter_map(|name| {
            let file = Bundle::built_in::<BuiltIn>(&name, content_type(&name)?)?;
            Some((name, file))
        });
        Self(files.collect())
    }

    /// Whether the binary was built with the dashboard.
    pub(crate) fn has_dashboard(&self) -> bool {
        self.0.contains_key(PAGE)
    }
}

/// `None` for the compressed forms.
fn content_type(name: &str) -> Option<&'static str> {
    match name.rsplit_once('.')?.1 {
        "html" => Some("text/html; charset=utf-8"),
        "js" => Some("application/javascript; charset=utf-8"),
        "wasm" => Some("application/wasm"),
        "css" => Some("text/css; charset=utf-8"),
        _ => None,
    }
}

/// `/dashboard`, where people forget the `/`.
pub(crate) async fn root() -> HttpResponse {
    HttpResponse::PermanentRedirect().insert_header((header::LOCATION, "/dashboard/")).finish()
}

/// A file; every path that names none is a page of the dashboard's own.
pub(crate) async fn serve(app: State, path: web::Path<String>, request: HttpRequest) -> Result<HttpResponse, ApiError> {
    let (files, path) = (&app.dashboard_files, path.into_inner());
    if let Some(asset) = files.0.get(&path).filter(|_| path.starts_with("assets/")) {
        return Ok(asset.respond(&request, &FOR_EVER));
    }
    let last = path.rsplit('/').next().unwrap_or_default();
    if last.contains('.') && last != PAGE {
        return Err(ApiError::NotFound);
    }
    let page = files.0.get(PAGE).filter(|_| app.sessions.is_some());
    Ok(page.map_or_else(
        || pages::page_of("Dashboard", &absent(app.sessions.is_some())),
        |page| page.respond(&request, &AS_PAGE),
    ))
}

/// Why there is no dashboard, and what to do about it.
fn absent(is_on: bool) -> Markup {
    html! {
        h1 { "The dashboard is off" }
        @if is_on {
            p { "This binary was built without it. Build it with " code { "cargo xtask build" } "." }
        } @else {
            p { "Set " code { "DASHBOARD_PASSWORD" } ", at least 12 characters in production, and start the server again. Servers that "
                "share a log also need one " code { "SESSION_SECRET" } ", at least 32 characters, the same on all of them." }
        }
        p.muted { "The chat goes on without it." }
    }
}
