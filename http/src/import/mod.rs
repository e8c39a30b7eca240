//! `open-chat import`: conversations of another product as events with their original times.
//!
//! Architecture invariant: nothing is written before all of an export was read and understood; importing it again, or a later one of
//! the same deployment, writes only what is not there yet; no conversation that has gone on here is touched.

mod convex;
mod documents;
mod export;
mod report;
mod story;

pub(crate) use convex::{Arguments as Convex, import as import_convex};
