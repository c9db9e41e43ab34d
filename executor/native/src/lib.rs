//! Kelda's execution core: `plan.proto` -> DataFusion -> one Arrow C stream per query.
//!
//! ```text
//! border (JNI) -> query -> plan (proto -> LogicalPlan) -> DataFusion -> FFI_ArrowArrayStream
//!      |                     |-- scan, write, point_in_time, search, functions
//!      '-> engine (runtime, memory, stores)       upcall -> Java: open a scan, evaluate a function
//! ```
//! Invariants: every `extern` function stands in `border`; no panic leaves this library; Java is
//! called on blocking threads only; a plan that is not understood is an error, never a default.

#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

pub mod arithmetic;
mod border;
pub mod common;
pub mod dynamic_filter;
pub mod engine;
pub mod errors;
pub mod foreign;
pub mod functions;
pub mod interruptible;
pub mod java_function;
pub mod java_scan;
pub mod join_condition;
pub mod live;
pub mod metrics;
pub mod namesakes;
pub mod objects;
pub mod orderings;
pub mod output;
pub mod plan;
pub mod planner;
pub mod point_in_time;
pub mod proto;
pub mod query;
pub mod scan;
pub mod search;
pub mod session;
pub mod short_circuit;
pub mod spill;
pub mod upcall;
pub mod vectors;
pub mod write;
