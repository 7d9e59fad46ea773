//! How much Azure takes in one template. A nested or linked template has its own count.
//!
//! Not here: what a loop or an expression may be, which the evaluator itself keeps to (`node.rs`, `parser.rs`), and how much
//! is expanded at all, which is our own bound (`engine.rs`). Source: "Azure subscription and service limits", template limits.

/// Parameters of a template.
pub const PARAMETERS_MAX: usize = 256;
/// Variables of a template, those that loops make included.
pub const VARIABLES_MAX: usize = 256;
/// Resources of one deployment, loops unrolled.
pub const DEPLOYMENT_RESOURCES_MAX: usize = 800;
/// Outputs of a template.
pub const OUTPUTS_MAX: usize = 64;
/// 4 MB: a template, and everything that is sent with it.
pub const REQUEST_BYTES_MAX: usize = 4 * 1024 * 1024;
