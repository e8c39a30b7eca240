//! The OpenAPI document, generated from the handlers.

use actix_web::HttpResponse;
use actix_web::http::header;
use chat_schema::ErrorBody;
use utoipa::openapi::security::{ApiKey, ApiKeyValue, SecurityScheme};
use utoipa::openapi::{OpenApi as Document, ServerBuilder};
use utoipa::{Modify, OpenApi};

use crate::app::State;
use crate::{admin, chat, health, sessions, widget};

#[derive(OpenApi)]
#[openapi(
    info(
        title = "Open Chat Widget",
        description = "Headless chat and conversation API. Clients ignore JSON fields and stream line types they do not know."
    ),
    tags(
        (name = "Chat", description = "Talk in a conversation. `POST /chat` is the same as `POST /v1/chat/stream`."),
        (name = "Visitor", description = "A visitor's own conversation, for session ids that are version 4 UUIDs: nobody can guess \
            one, so who knows it may. All calls of a client share a limit with its repeated messages, four times that of new messages."),
        (name = "Admin", description = "Read every conversation."),
        (name = "Audit", description = "What is stored, event by event; exports, erasures, and what operators did."),
        (name = "Widget", description = "The script tag's bundle, and the client module."),
        (name = "Operations", description = "Probes and this document."),
    ),
    paths(
        chat::stream, chat::whole, sessions::history, sessions::stop, sessions::rate, admin::list, admin::thread, admin::statistics,
        admin::events, admin::export_conversation, admin::erase, admin::export, admin::operator_events, admin::feed,
        admin::chart, admin::sign_in, admin::who, admin::sign_out, admin::system,
        widget::widget,
        widget::widget_types,
        widget::client,
        widget::client_types,
        health::health, health::ready, document
    ),
    modifiers(&Keys)
)]
struct Api;

/// What the chat routes may answer instead.
#[derive(utoipa::IntoResponses)]
#[allow(dead_code, reason = "only described, never made: the answers are made from `ApiError`")]
pub(crate) enum ChatErrors {
    /// `Invalid request payload`
    #[response(status = 400)]
    InvalidPayload(ErrorBody),
    /// `Unauthorized`
    #[response(status = 401)]
    Unauthorized(ErrorBody),
    /// `Origin not allowed`
    #[response(status = 403)]
    OriginNotAllowed(ErrorBody),
    /// `Request timeout`: the body did not arrive in time
    #[response(status = 408)]
    RequestTimeout(ErrorBody),
    /// `Message id already used` or `Conversation busy`
    #[response(status = 409)]
    Conflict(ErrorBody),
    /// `Payload too large`: over 64 KiB
    #[response(status = 413)]
    PayloadTooLarge(ErrorBody),
    /// `Unsupported media type`
    #[response(status = 415)]
    UnsupportedMediaType(ErrorBody),
    /// `Too many requests`, with `Retry-After` and `RateLimit-*` headers
    #[response(status = 429)]
    TooManyRequests(ErrorBody),
    /// `Internal server error`
    #[response(status = 500)]
    Internal(ErrorBody),
    /// `Service unavailable`: the message was not stored, except with code `storage-unknown`, where only sending the same `messageId` again tells
    #[response(status = 503)]
    ServiceUnavailable(ErrorBody),
}

/// What the visitor's own routes may answer instead.
#[derive(utoipa::IntoResponses)]
#[allow(dead_code, reason = "only described, never made: the answers are made from `ApiError`")]
pub(crate) enum VisitorErrors {
    /// `Unauthorized`
    #[response(status = 401)]
    Unauthorized(ErrorBody),
    /// `Session is not private`: its id is not a version 4 UUID; or `Origin not allowed`
    #[response(status = 403)]
    Forbidden(ErrorBody),
    /// `Too many requests`, with `Retry-After` and `RateLimit-*` headers
    #[response(status = 429)]
    TooManyRequests(ErrorBody),
    /// `Internal server error`
    #[response(status = 500)]
    Internal(ErrorBody),
    /// `Service unavailable`: nothing was stored, except perhaps with code `storage-unknown`; the same call may be repeated
    #[response(status = 503)]
    ServiceUnavailable(ErrorBody),
}

/// What the admin routes may answer instead.
#[derive(utoipa::IntoResponses)]
#[allow(dead_code, reason = "only described, never made: the answers are made from `ApiError`")]
pub(crate) enum AdminErrors {
    /// `Unauthorized`
    #[response(status = 401)]
    Unauthorized(ErrorBody),
    /// `Origin not allowed`, or `Cross-site request`: a session was used by a page of another site
    #[response(status = 403)]
    OriginNotAllowed(ErrorBody),
    /// `Too many requests`: too many wrong keys
    #[response(status = 429)]
    TooManyRequests(ErrorBody),
    /// `ADMIN_API_KEY is not configured on this deployment`, or `Catching up` while the read models are first built
    #[response(status = 503)]
    Unavailable(ErrorBody),
}

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
        let cookie = ApiKeyValue::with_description(
            "open-chat-session",
            "The session of the dashboard, from `POST /v1/admin/session`; \
            over https its name begins with `__Host-`. Only for pages of the server itself.",
        );
        components.add_security_scheme("Session", SecurityScheme::ApiKey(ApiKey::Cookie(cookie)));
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
        .body(app.pages.openapi().to_owned())
}
