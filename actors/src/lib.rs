//! The conversation actor, its registry, and the assistants that answer.

pub mod assistant;
