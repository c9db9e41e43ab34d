//! The messages of plan.proto and bridge.proto, in one namespace.
mod kelda {
    #[allow(clippy::all)]
    pub mod plan {
        include!(concat!(env!("OUT_DIR"), "/kelda.plan.rs"));
    }
    #[allow(clippy::all)]
    pub mod bridge {
        include!(concat!(env!("OUT_DIR"), "/kelda.bridge.rs"));
    }
}

pub use kelda::bridge::*;
pub use kelda::plan::*;

/// The version of plan.proto that this library was built with; both halves ship together.
pub const PLAN_VERSION: u32 = 1;
