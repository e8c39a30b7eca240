//! What `widget/` makes, as built into the binary: the bundle of the script tag, or a configured one in its place, the client module for
//! front ends of one's own, and the types of both.

use std::path::Path;

use actix_web::{HttpRequest, HttpResponse};
use chat_schema::ErrorBody;
use rust_embed::RustEmbed;

use crate::app::{App, State};
use crate::bundle::Bundle;
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
            widget: path.and_then(configured).or_else(|| Bundle::built_in::<BuiltIn>("chat-widget.js", SCRIPT)),
            client: Bundle::built_in::<BuiltIn>("chat-client.js", SCRIPT),
            widget_types: Bundle::built_in::<BuiltIn>("chat-widget.d.ts", DECLARATIONS),
            client_types: Bundle::built_in::<BuiltIn>("chat-client.d.ts", DECLARATIONS),
        }
    }

    /// Whether the binary was built with the widget, or one is configured.
    pub(crate) fn has_widget(&self) -> bool {
        self.widget.is_some()
    }
}

/// The widget at a configured path.
fn configured(path: &Path) -> Option<Bundle> {
    match std::fs::read(path) {
        Ok(script) => Some(Bundle::of(SCRIPT, script.into())),
        Err(error) => {
            tracing::warn!(
                path = %path.display(), %error,
                "WIDGET_BUNDLE_PATH cannot be read, serving the built-in widget"
            );
            None
        }
    }
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
    let headers = [
        ("cache-control", if app.production { "public, max-age=300" } else { "no-store" }),
        // Pages that isolate themselves may still load it: it is public.
        ("cross-origin-resource-policy", "cross-origin"),
    ];
    Ok(bundle.ok_or(ApiError::NotFound)?.respond(request, &headers))
}
