//! The reverse proxy of the rolling restart's tests. A machine that has none and cannot get one goes without, and the tests say so.

use std::path::PathBuf;

use anyhow::Result;

use crate::apt;

/// Tells the tests which one it is; `NGINX` alone has a meaning of its own to nginx.
pub(crate) const VARIABLE: &str = "NGINX_PROGRAM";

/// The first nginx on PATH, else one unpacked from Debian.
pub(crate) fn ensure() -> Result<Option<PathBuf>> {
    let found = apt::program("nginx", "usr/sbin/nginx")?;
    if found.is_none() {
        println!("nginx is missing: the tests behind a reverse proxy are left out until it is installed");
    }
    Ok(found)
}
