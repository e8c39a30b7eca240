//! What is generated from the protocol files.

#![allow(missing_docs, dead_code, clippy::all, clippy::pedantic, clippy::unwrap_used, reason = "generated")]

/// The vendor's packages.
pub mod event_store {
    pub mod client {
        tonic::include_proto!("event_store.client");

        pub mod streams {
            tonic::include_proto!("event_store.client.streams");
        }

        pub mod server_features {
            tonic::include_proto!("event_store.client.server_features");
        }

        pub mod gossip {
            tonic::include_proto!("event_store.client.gossip");
        }
    }
}

/// What they use of others.
pub mod google {
    pub mod rpc {
        tonic::include_proto!("google.rpc");
    }
}
