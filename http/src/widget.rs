//! The widget's bundle, as built into the binary or as configured.

use std::borrow::Cow;
use std::path::Path;

use actix_web::http::header::{self, AcceptEncoding, ContentEncoding, Encoding, EntityTag, Header, IfNoneMatch};
use actix_web::{HttpRequest, HttpResponse};
use bytes::Bytes;
use chat_schema::ErrorBody;
use rust_embed::RustEmbed;
use sha2::{Digest, Sha256};

use crate::app::State;
use crate::error::ApiError;

/// What `cargo xtask build` made of the widget: the bundle and its compressed forms.
#[derive(RustEmbed)]
#[folder = "../widget/dist"]
struct BuiltIn;

const NAME: &str = "chat-widget.js";

/// The bundle and its compressed forms.
pub(crate) struct Bundle {
    plain: Bytes,
    brotli: Option<Bytes>,
    gzip: Option<Bytes>,
    etag: EntityTag,
}

impl Bundle {
    /// The bundle at `path`, else the built-in one; `None` if the binary was built without.
    pub(crate) fn load(path: Option<&Path>) -> Option<Self> {
        if let Some(path) = path {
            match std::fs::read(path) {
                Ok(script) => return Some(Self::new(script.into(), None, None)),
                Err(error) => tracing::warn!(
                    path = %path.display(), %error,
                    "WIDGET_BUNDLE_PATH cannot be read, serving the built-in widget"
                ),
            }
        }
        let file = |extension: &str| {
            BuiltIn::get(&format!("{NAME}{extension}")).map(|file| match file.data {
                Cow::Borrowed(bytes) => Bytes::from_static(bytes),
                Cow::Owned(bytes) => bytes.into(),
            })
        };
        Some(Self::new(file("")?, file(".br"), file(".gz")))
    }

    fn new(plain: Bytes, brotli: Option<Bytes>, gzip: Option<Bytes>) -> Self {
        let digest = Sha256::digest(&plain);
        // Weak, because the compressed forms share it.
        let etag = EntityTag::new_weak(digest[..12].iter().map(|byte| format!("{byte:02x}")).collect());
        Self { plain, brotli, gzip, etag }
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
pub(crate) async fn bundle(app: State, request: HttpRequest) -> Result<HttpResponse, ApiError> {
    let bundle = app.bundle.as_ref().ok_or(ApiError::NotFound)?;
    let current = match IfNoneMatch::parse(&request) {
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
    let (form, encoding) = bundle.negotiate(&request);
    if let Some(encoding) = encoding {
        response.insert_header(encoding);
    }
    Ok(response.insert_header((header::CONTENT_TYPE, "application/javascript; charset=utf-8")).body(form))
}
