//! Why the server does not start.

/// What is wrong with the configuration: a line for each problem, with the variable, what is wrong and what is accepted.
/// None ever repeats a secret, nor a line of a file that might hold one.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{}", .problems.join("\n"))]
pub(crate) struct ConfigError {
    /// At least one.
    pub(super) problems: Vec<String>,
}
