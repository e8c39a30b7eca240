//! Which handler answers what.

use actix_web::body::MessageBody;
use actix_web::dev::{ServiceFactory, ServiceRequest, ServiceResponse};
use actix_web::guard::{Any, Get, Head};
use actix_web::middleware::{Compress, from_fn};
use actix_web::{App as Server, Resource, Route, web};

use crate::app::App;
use crate::envelope::envelope;
use crate::error::ApiError;
use crate::{admin, chat, dashboard, health, openapi, origin, pages, sessions, widget};

/// A server of all routes. The middleware that is wrapped last runs first.
pub(crate) fn server(
    app: App,
) -> Server<
    impl ServiceFactory<
        ServiceRequest,
        Config = (),
        Response = ServiceResponse<impl MessageBody>,
        Error = actix_web::Error,
        InitError = (),
    >,
> {
    let (development, cors) = (app.development, origin::cors(&app));
    Server::new()
        .app_data(web::ThinData(app))
        .service(post("/chat", web::post().to(chat::stream)))
        .service(post("/v1/chat/stream", web::post().to(chat::stream)))
        .service(post("/v1/chat", web::post().to(chat::whole)))
        .service(get("/v1/admin/events", web::route().to(admin::feed)))
        .service(
            // Everything but the streams, which compression would hold back.
            web::scope("")
                .wrap(Compress::default())
                .service(get("/health", web::route().to(health::health)))
                .service(get("/ready", web::route().to(health::ready)))
                .service(get("/widget/chat-widget.js", web::route().to(widget::widget)))
                .service(get("/widget/chat-widget.d.ts", web::route().to(widget::widget_types)))
                .service(get("/widget/chat-client.js", web::route().to(widget::client)))
                .service(get("/widget/chat-client.d.ts", web::route().to(widget::client_types)))
                .service(get("/v1/openapi.json", web::route().to(openapi::document)))
                .service(get("/docs", web::route().to(pages::docs)))
                .service(get("/assets/page.css", web::route().to(pages::style)))
                .service(get("/v1/sessions/{sessionId}/messages", web::route().to(sessions::history)))
                .service(post("/v1/sessions/{sessionId}/messages/{messageId}/stop", web::post().to(sessions::stop)))
                .service(post("/v1/sessions/{sessionId}/messages/{messageId}/rating", web::post().to(sessions::rate)))
                .service(get("/v1/admin/conversations", web::route().to(admin::list)))
                .service(get("/v1/admin/conversations/{id}", web::route().to(admin::thread)))
                .service(get("/v1/admin/conversations/{id}/events", web::route().to(admin::events)))
                .service(get("/v1/admin/conversations/{id}/export", web::route().to(admin::export_conversation)))
                .service(post("/v1/admin/conversations/{id}/erase", web::post().to(admin::erase)))
                .service(get("/v1/admin/export", web::route().to(admin::export)))
                .service(get("/v1/admin/operators/events", web::route().to(admin::operator_events)))
                .service(get("/v1/admin/statistics", web::route().to(admin::statistics)))
                .service(get("/v1/admin/statistics/chart", web::route().to(admin::chart)))
                .service(get("/v1/admin/system", web::route().to(admin::system)))
                .service(
                    web::resource("/v1/admin/session")
                        .route(web::get().to(admin::who))
                        .route(web::post().to(admin::sign_in))
                        .route(web::delete().to(admin::sign_out))
                        .default_service(web::to(async || {
                            Err::<&str, _>(ApiError::MethodNotAllowed("GET, POST, DELETE"))
                        })),
                )
                .service(get("/dashboard", web::route().to(dashboard::root)))
                .service(get("/dashboard/preview", web::route().to(dashboard::preview)))
                .service(get("/dashboard/{path:.*}", web::route().to(dashboard::serve)))
                .configure(move |scope| {
                    if development {
                        scope.service(get("/demo", web::route().to(pages::demo)));
                    }
                })
                .default_service(web::to(async || Err::<&str, _>(ApiError::NotFound))),
        )
        .wrap(cors)
        .wrap(from_fn(origin::guard))
        .wrap(from_fn(envelope))
}

fn get(path: &str, route: Route) -> Resource {
    web::resource(path)
        .route(route.guard(Any(Get()).or(Head())))
        .default_service(web::to(async || Err::<&str, _>(ApiError::MethodNotAllowed("GET, HEAD"))))
}

fn post(path: &str, route: Route) -> Resource {
    web::resource(path)
        .route(route)
        .default_service(web::to(async || Err::<&str, _>(ApiError::MethodNotAllowed("POST"))))
}
