//! The service that tells what the server can do.

use tonic::{Request, Response, Status};

use crate::protocol::event_store::client::Empty;
use crate::protocol::event_store::client::server_features::{SupportedMethods, server_features_server};

/// The service, of a server that says to be of this release.
pub(crate) struct Features {
    pub(crate) release: String,
}

#[tonic::async_trait]
impl server_features_server::ServerFeatures for Features {
    async fn get_supported_methods(&self, _: Request<Empty>) -> Result<Response<SupportedMethods>, Status> {
        Ok(Response::new(SupportedMethods { methods: vec![], event_store_server_version: self.release.clone() }))
    }
}
