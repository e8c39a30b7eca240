//! The listener of `/metrics`. It has no key: whoever reaches its address may read, so it belongs on a network of one's own.

use std::net::{SocketAddr, TcpListener};

use actix_web::dev::ServerHandle;
use actix_web::http::header;
use actix_web::{HttpResponse, HttpServer, web};
use anyhow::anyhow;
use prometheus::{TEXT_FORMAT, TextEncoder};

use super::{now, register};
use crate::app::{App, State};

/// Binds the address, before anything else is begun.
pub(crate) fn bind(address: SocketAddr) -> anyhow::Result<TcpListener> {
    let what =
        |error| anyhow!("METRICS_ADDRESS={address}: cannot listen there ({error}): give a free address and port");
    TcpListener::bind(address).map_err(what)
}

/// Serves until the handle stops it.
pub(crate) fn serve(app: App, listener: TcpListener) -> anyhow::Result<ServerHandle> {
    register();
    let address = listener.local_addr()?;
    let routes = move || {
        let get = web::resource("/metrics").route(web::get().to(metrics));
        actix_web::App::new().app_data(web::ThinData(app.clone())).service(get)
    };
    let server = HttpServer::new(routes).workers(1).disable_signals().shutdown_timeout(0).listen(listener)?.run();
    let handle = server.handle();
    actix_web::rt::spawn(server);
    tracing::info!(url = format!("http://{address}/metrics"), "metrics are served");
    Ok(handle)
}

async fn metrics(app: State) -> HttpResponse {
    let text = now::families(&app).await.and_then(|mut families| {
        families.extend(prometheus::gather());
        TextEncoder::new().encode_to_string(&families)
    });
    match text {
        Ok(text) => HttpResponse::Ok().insert_header((header::CONTENT_TYPE, TEXT_FORMAT)).body(text),
        Err(error) => {
            tracing::error!(%error, "metrics cannot be written");
            HttpResponse::InternalServerError().finish()
        }
    }
}
