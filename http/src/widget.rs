//! What `widget/` makes, as built into the binary: the bundle of the script tag, or a configured one in its place, the client module for
//! front ends of one's own, and the types of both.

use std::borrow::Cow;
use std::path::Path;

use actix_web::http::header::{self, AcceptEncoding, ContentEncoding, Encoding, EntityTag, Header, IfNoneMatch};
use actix_web::{HttpRequest, HttpResponse};
use bytes::Bytes;
use chat_schema::ErrorBody;
use rust_embed::RustEmbed;
use sha2::{Digest, Sha256};

use crate::app::{App, State};
use crate::error::ApiError;

/// What `cargo xtask build` made of the widget, each file with its compressed forms.
#[derive(RustEmbed)]
#[folder = "../widget/dist"]
struct BuiltIn;

const SCRIPT: &str = "application/javascript; charset=utf-8";
/// Declarations are read by people and by compilers, never run.
const DECLARATIONS: &str = "text/plain; charset=utf-8";

/// The files that are served.
pub(crate) struct Bundles {
    widget: Option<Bundle>,
    client: Option<Bundle>,
    widget_types: Option<Bundle>,
    client_types: Option<Bundle>,
}

impl Bundles {
    /// With the widget at `path` instead of the built-in one, if there is a path and a file.
    pub(crate) fn load(path: Option<&Path>) -> Self {
        Self {
            widget: path.and_then(Bundle::read).or_else(|| Bundle::built_in("chat-widget.js", SCRIPT)),
            client: Bundle::built_in("chat-client.js", SCRIPT),
            widget_types: Bundle::built_in("chat-widget.d.ts", DECLARATIONS),
            client_types: Bundle::built_in("chat-client.d.ts", DECLARATIONS),
        }
    }

    /// Whether the binary was built with the widget, or one is configured.
    pub(crate) fn has_widget(&self) -> bool {
        self.widget.is_some()
    }
}

/// A file and its compressed forms.
struct Bundle {
    content_type: &'static str,
    plain: Bytes,
    brotli: Option<Bytes>,
    gzip: Option<Bytes>,
    etag: EntityTag,
}

impl Bundle {
    fn read(path: &Path) -> Option<Self> {
        match std::fs::read(path) {
            Ok(script) => Some(Self::new(SCRIPT, script.into(), None, None)),
            Err(error) => {
                tracing::warn!(
                    path = %path.display(), %error,
                    "WIDGET_BUNDLE_PATH cannot be read, serving the built-in widget"
                );
                None
            }
        }
    }

    /// `None` if the binary was built without.
    fn built_in(name: &str, content_type: &'static str) -> Option<Self> {
        let file = |extension: &str| {
            BuiltIn::get(&format!("{name}{extension}")).map(|file| match file.data {
                Cow::Borrowed(bytes) => Bytes::from_static(bytes),
                Cow::Owned(bytes) => bytes.into(),
            })
        };
        Some(Self::new(content_type, file("")?, file(".br"), file(".gz")))
    }

    fn new(content_type: &'static str, plain: Bytes, brotli: Option<Bytes>, gzip: Option<Bytes>) -> Self {
        let digest = Sha256::digest(&plain);
        // Weak, because the compressed forms share it.
        let etag = EntityTag::new_weak(digest[..12].iter().map(|byte| format!("{byte:02x}")).collect());
        Self { content_type, plain, brotli, gzip, etag }
    }

    fn negotiate(&self, request: &HttpRequest) -> (Bytes, Option<ContentEncoding>) {
        let accepted = AcceptEncoding::parse(request).ok();
        let available = [(ContentEncoding::Brotli, &self.brotli), (ContentEncoding::Gzip, &self.gzip)];
        available
            .into_iter()
            .filter_map(|(encoding, form)| Some((encoding, form.clone()?)))
            .find(|(encoding, _)| accepts(accepted.as_ref(), *encoding))
            .map_or_else(|| (self.plain.clone(), None), |(encoding, form)| (form, Some(encoding)))
    }
}

fn accepts(accepted: Option<&AcceptEncoding>, encoding: ContentEncoding) -> bool {
    let encoding = Encoding::Known(encoding);
    accepted.is_some_and(|accepted| accepted.negotiate([&encoding].into_iter()).as_ref() == Some(&encoding))
}

/// The script of the embed tag.
#[utoipa::path(get, path = "/widget/chat-widget.js", tag = "Widget", operation_id = "widget",
    responses(
        (status = 200, content_type = "application/javascript", body = String, description = "The bundle"),
        (status = 304, description = "The bundle named by `If-None-Match` is still the current one"),
        (status = 404, body = ErrorBody, description = "The server was built without the widget"),
    ))]
pub(crate) async fn widget(app: State, request: HttpRequest) -> Result<HttpResponse, ApiError> {
    respond(app.bundles.widget.as_ref(), &app, &request)
}

/// The client module for front ends of one's own, an ES module.
#[utoipa::path(get, path = "/widget/chat-client.js", tag = "Widget", operation_id = "client",
    responses(
        (status = 200, content_type = "application/javascript", body = String, description = "The module"),
        (status = 304, description = "The module named by `If-None-Match` is still the current one"),
        (status = 404, body = ErrorBody, description = "The server was built without the widget"),
    ))]
pub(crate) async fn client(app: State, request: HttpRequest) -> Result<HttpResponse, ApiError> {
    respond(app.bundles.client.as_ref(), &app, &request)
}

/// TypeScript's declarations of `window.OpenChat`.
#[utoipa::path(get, path = "/widget/chat-widget.d.ts", tag = "Widget", operation_id = "widgetTypes",
    responses((status = 200, content_type = "text/plain", body = String, description = "The declarations")))]
pub(crate) async fn widget_types(app: State, request: HttpRequest) -> Result<HttpResponse, ApiError> {
    respond(app.bundles.widget_types.as_ref(), &app, &request)
}

/// TypeScript's declarations of the client module.
#[utoipa::path(get, path = "/widget/chat-client.d.ts", tag = "Widget", operation_id = "clientTypes",
    responses((status = 200, content_type = "text/plain", body = String, description = "The declarations")))]
pub(crate) async fn client_types(app: State, request: HttpRequest) -> Result<HttpResponse, ApiError> {
    respond(app.bundles.client_types.as_ref(), &app, &request)
}

fn respond(bundle: Option<&Bundle>, app: &App, request: &HttpRequest) -> Result<HttpResponse, ApiError> {
    let bundle = bundle.ok_or(ApiError::NotFound)?;
    let current = match IfNoneMatch::parse(request) {
        Ok(IfNoneMatch::Any) => true,
        Ok(IfNoneMatch::Items(tags)) => tags.iter().any(|tag| tag.weak_eq(&bundle.etag)),
        Err(_) => false,
    };
    let mut response = if current { HttpResponse::NotModified() } else { HttpResponse::Ok() };
    response
        .insert_header((header::CACHE_CONTROL, if app.production { "public, max-age=300" } else { "no-store" }))
        .insert_header(header::ETag(bundle.etag.clone()))
        .insert_header((header::VARY, "Accept-Encoding"))
        // Pages that isolate themselves may still load it: it is public.
        .insert_header(("cross-origin-resource-policy", "cross-origin"));
    if current {
        return Ok(response.finish());
    }
    let (form, encoding) = bundle.negotiate(request);
    if let Some(encoding) = encoding {
        response.insert_header(encoding);
    }
    Ok(response.insert_header((header::CONTENT_TYPE, bundle.content_type)).body(form))
}
