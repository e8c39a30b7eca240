//! The dashboard's sign-in over the HTTP API.

use serde::{Deserialize, Serialize};

/// Body of `POST /v1/admin/session`.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct SignIn {
    /// `DASHBOARD_PASSWORD`
    pub password: String,
}

/// Answer of `GET` and `POST /v1/admin/session`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(rename_all = "camelCase")]
pub struct Session {
    /// When it ends by itself, in milliseconds since the Unix epoch.
    pub expires_at: u64,
}
