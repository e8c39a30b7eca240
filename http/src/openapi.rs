//! The OpenAPI document, generated from the handlers.

use actix_web::http::header;
use actix_web::HttpResponse;
use utoipa::openapi::security::{ApiKey, ApiKeyValue, SecurityScheme};
use utoipa::openapi::{OpenApi as Document, ServerBuilder};
use utoipa::{Modify, OpenApi};

use crate::app::State;
use crate::{admin, chat, health, widget};

#[derive(OpenApi)]
#[openapi(
    info(
        title = "Open Chat Widget",
        description = "Headless chat and conversation API. Clients ignore JSON fields and stream line types they do not know."
    ),
    tags(
        (name = "Chat", description = "Talk in a conversation. `POST /chat` is the same as `POST /v1/chat/stream`."),
        (name = "Admin", description = "Read every conversation."),
        (name = "Widget", description = "The script tag's bundle."),
        (name = "Operations", description = "Probes and this document."),
    ),
    paths(chat::stream, chat::whole, admin::list, admin::thread, widget::bundle, health::health, health::ready, document),
    modifiers(&Keys)
)]
struct Api;

struct Keys;

impl Modify for Keys {
    fn modify(&self, document: &mut Document) {
        let components = document.components.get_or_insert_default();
        for (name, header, description) in [
            ("WidgetKey", "x-api-key", "`WIDGET_API_KEY`; also taken from `x-widget-api-key`."),
            ("AdminKey", "x-admin-api-key", "`ADMIN_API_KEY`."),
        ] {
            let key = ApiKeyValue::with_description(header, description);
            components.add_security_scheme(name, SecurityScheme::ApiKey(ApiKey::Header(key)));
        }
        if let Some(mut stream) = document.paths.paths.get("/v1/chat/stream").cloned() {
            if let Some(post) = &mut stream.post {
                post.operation_id = Some("streamChatShort".into());
                post.summary = Some("Same as `/v1/chat/stream`, at the path of the script tag.".into());
            }
            document.paths.paths.insert("/chat".into(), stream);
        }
    }
}

/// The document of the server at `public_url`. It never depends on a request, so it cannot reflect a forged `Host`.
pub(crate) fn api(public_url: &str) -> Document {
    let mut document = Api::openapi();
    document.servers = Some(vec![ServerBuilder::new().url(public_url).build()]);
    document
}

/// This document.
#[utoipa::path(get, path = "/v1/openapi.json", tag = "Operations", operation_id = "openapi",
    responses((status = 200, body = Object, content_type = "application/json", description = "OpenAPI 3.1")))]
pub(crate) async fn document(app: State) -> HttpResponse {
    HttpResponse::Ok()
        .insert_header((header::CONTENT_TYPE, "application/json"))
        .insert_header((header::CACHE_CONTROL, "no-store"))
        .body(app.pages.openapi.clone())
}
