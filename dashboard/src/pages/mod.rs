//! The pages, each in the module of its name.

pub(crate) mod audit;
pub(crate) mod inbox;
pub(crate) mod install;
pub(crate) mod overview;
pub(crate) mod sign_in;
pub(crate) mod system;
pub(crate) mod thread;
