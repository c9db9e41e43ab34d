//! One query from its request to its stream.
//!
//! ```text
//! bytes -> proto -> LogicalPlan -> ExecutionPlan -> root task --channel(2)--> FFI_ArrowArrayStream -> Java
//!          '----------- deep stack ------------'   '-- runtime worker --'
//! ```
//! Closing cancels, then waits until the root task, every Java reader and every batch that Java lent have been let go.

use crate::common::Part;
use crate::engine::{Engine, QueryPool};
use crate::errors::{self, Failure};
use crate::interruptible;
use crate::live::{self, Live};
use crate::metrics;
use crate::output::{self, RootReader};
use crate::plan::{self, PlanContext};
use crate::proto;
use crate::session;
use datafusion::arrow::ffi_stream::FFI_ArrowArrayStream;
use datafusion::common::{DataFusionError, Result};
use datafusion::execution::SessionState;
use datafusion::execution::memory_pool::MemoryPool;
use datafusion::physical_plan::{ExecutionPlan, displayable, execute_stream};
use prost::Message;
use std::pin::Pin;
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};
use tokio::sync::mpsc;
use tokio_util::sync::CancellationToken;

/// A plan of so few bytes is at most some hundred levels deep: it is dropped on the caller's stack.
const SMALL_PLAN: usize = 2048;
/// Batches that wait between the engine and Java.
const CHANNEL: usize = 2;
/// Memory is freed only when the work has ended: when each thread is through with the batch that it is working on.
const CLOSE_TIMEOUT: Duration = Duration::from_secs(120);

/// A query that was started and not yet closed. Thread-safe.
pub struct Query {
    id: String,
    engine: Arc<Engine>,
    cancel: CancellationToken,
    live: Arc<Live>,
    pool: Arc<QueryPool>,
    physical: Mutex<Option<Arc<dyn ExecutionPlan>>>,
    small: bool,
}

/// A request that is planned but not running.
struct Planned {
    state: SessionState,
    common: Vec<Arc<Part>>,
    physical: Arc<dyn ExecutionPlan>,
    output_names: Vec<String>,
}

impl Query {
    /// Plans the request and starts its execution. `cancel` also ends the planning.
    pub fn start(
        engine: &Arc<Engine>,
        request: Vec<u8>,
        cancel: CancellationToken,
    ) -> std::result::Result<(Arc<Self>, FFI_ArrowArrayStream), Failure> {
        let shared = Arc::clone(engine);
        engine.on_deep_stack(move || Self::start_here(&shared, &request, cancel))
    }

    fn start_here(
        engine: &Arc<Engine>,
        bytes: &[u8],
        cancel: CancellationToken,
    ) -> std::result::Result<(Arc<Self>, FFI_ArrowArrayStream), Failure> {
        let request = decode(bytes)?;
        let live = Live::new();
        let memory = request.settings.as_ref().map_or(0, |s| s.memory_bytes);
        let memory = usize::try_from(memory).unwrap_or(usize::MAX);
        let pool = Arc::new(QueryPool::new(Arc::clone(engine.budget()), memory));
        let work = async {
            let planned = plan_request(engine, &request, &pool, &live, &cancel);
            let planned = tokio::select! {
                biased;
                () = cancel.cancelled() => return Err(cancelled()),
                planned = planned => planned?,
            };
            let physical = planned.physical;
            let (sender, receiver) = mpsc::channel(CHANNEL);
            let schema = output::schema(&physical.schema(), &planned.output_names)?;
            let stream = execute_stream(Arc::clone(&physical), planned.state.task_ctx())?;
            let root = output::pump(stream, Arc::clone(&schema), sender, cancel.clone());
            run(Box::pin(root), live.token()).await;
            Ok((physical, RootReader::new(schema, receiver)))
        };
        let (physical, reader) = engine.handle().block_on(work)?;
        engine.query_started();
        let query = Arc::new(Self {
            id: request.query_id.clone(),
            engine: Arc::clone(engine),
            cancel,
            live,
            pool,
            physical: Mutex::new(Some(physical)),
            small: bytes.len() <= SMALL_PLAN,
        });
        Ok((query, FFI_ArrowArrayStream::new(Box::new(reader))))
    }

    pub fn id(&self) -> &str {
        &self.id
    }

    pub fn cancel(&self) {
        self.cancel.cancel();
    }

    pub fn metrics(&self) -> proto::QueryMetrics {
        let physical = self.physical.lock().expect("plan lock").clone();
        // Java calls on a thread of its own; an operator's text is as deep as its expressions.
        let collected =
            physical.map(|p| self.engine.on_deep_stack(move || Ok(metrics::collect(&p))));
        let mut found = collected.and_then(|c| c.ok()).unwrap_or_default();
        found.memory_peak_bytes = self.pool.peak() as u64;
        found
    }

    /// Cancels and waits. The stream's reader must have been released. Idempotent.
    pub fn close(&self) -> std::result::Result<(), Failure> {
        self.cancel.cancel();
        let physical = self.physical.lock().expect("plan lock").take();
        let Some(physical) = physical else {
            return Ok(());
        };
        match self.small {
            true => drop(physical),
            false => self.engine.on_deep_stack(move || {
                drop(physical);
                Ok(())
            })?,
        }
        self.engine.query_ended();
        let deadline = Instant::now() + CLOSE_TIMEOUT;
        let quiet = self.live.wait_for_none(CLOSE_TIMEOUT);
        while self.pool.reserved() > 0 && Instant::now() < deadline {
            std::thread::sleep(Duration::from_millis(1));
        }
        match quiet && self.pool.reserved() == 0 {
            true => Ok(()),
            false => Err(Failure::internal(format!(
                "query {} did not stop within {} seconds",
                self.id,
                CLOSE_TIMEOUT.as_secs()
            ))),
        }
    }
}

/// Polls the root once where it is, which is all that a result without waiting needs; the rest runs as a task.
async fn run(mut root: Pin<Box<impl Future<Output = ()> + Send + 'static>>, token: live::Token) {
    if futures::poll!(root.as_mut()).is_pending() {
        tokio::spawn(async move {
            root.await;
            drop(token);
        });
    }
}

/// The physical plan of a request, indented.
pub fn explain(engine: &Arc<Engine>, request: Vec<u8>) -> std::result::Result<String, Failure> {
    let shared = Arc::clone(engine);
    engine.on_deep_stack(move || {
        let request = decode(&request)?;
        let pool = Arc::new(QueryPool::new(Arc::clone(shared.budget()), 0));
        let cancel = CancellationToken::new();
        let live = Live::new();
        let work = plan_request(&shared, &request, &pool, &live, &cancel);
        let planned = shared.handle().block_on(work)?;
        let mut text = indented(&planned.physical)?;
        for part in &planned.common {
            text += &format!("Common part {}\n", part.number());
            for line in indented(part.input())?.lines() {
                text += &format!("  {line}\n");
            }
        }
        Ok(text)
    })
}

fn indented(plan: &Arc<dyn ExecutionPlan>) -> Result<String> {
    let plan = interruptible::unguarded(Arc::clone(plan))?;
    Ok(displayable(plan.as_ref()).indent(false).to_string())
}

fn decode(bytes: &[u8]) -> std::result::Result<proto::QueryRequest, Failure> {
    proto::QueryRequest::decode(bytes)
        .map_err(|e| Failure::internal(format!("the query request cannot be read: {e}")))
}

async fn plan_request(
    engine: &Arc<Engine>,
    request: &proto::QueryRequest,
    pool: &Arc<QueryPool>,
    live: &Arc<Live>,
    cancel: &CancellationToken,
) -> Result<Planned> {
    let settings = request
        .settings
        .as_ref()
        .ok_or_else(|| errors::internal("a query without settings"))?;
    let message = request
        .plan
        .as_ref()
        .ok_or_else(|| errors::internal("a query without a plan"))?;
    plan::check_version(message)?;
    let root = message.root.as_ref();
    let root = root.ok_or_else(|| plan::missing("Plan.root"))?;
    let mut common = Vec::new();
    loop {
        let context = PlanContext {
            common: &common,
            engine,
            request,
            settings,
            live,
            cancel,
        };
        let part = message.common.get(common.len());
        let logical = plan::build(&context, part.unwrap_or(root))?;
        let rows = output::batch_rows(&logical, settings.batch_rows as usize);
        let state = session::state(engine, settings, rows, pool)?;
        let physical = state.create_physical_plan(&logical).await?;
        let physical = interruptible::joins(physical, cancel)?;
        if part.is_none() {
            return Ok(Planned {
                state,
                common,
                physical,
                output_names: message.output_names.clone(),
            });
        }
        common.push(Arc::new(Part::new(common.len(), physical)?));
    }
}

pub fn cancelled() -> DataFusionError {
    errors::failure(errors::CANCELLED, "the query was cancelled")
}
