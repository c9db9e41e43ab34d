//! What all queries of one server share: threads, memory budget, spill folder, stores, caches.

use crate::errors::{self, Failure};
use crate::proto;
use crate::upcall::Upcalls;
use datafusion::common::{DataFusionError, Result};
use datafusion::execution::cache::cache_manager::{CacheManager, CacheManagerConfig};
use datafusion::execution::disk_manager::{DiskManager, DiskManagerBuilder, DiskManagerMode};
use datafusion::execution::object_store::ObjectStoreRegistry;
use datafusion::execution::runtime_env::RuntimeEnv;
use object_store::ObjectStore;
use std::collections::HashMap;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::PathBuf;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::time::{Duration, SystemTime};
use tokio::runtime::{Builder, Handle, Runtime};
use url::Url;

mod memory;
mod stores;

pub use memory::{Budget, QueryPool};
pub use stores::Stores;

/// Deep expressions recurse while they are evaluated.
const WORKER_STACK: usize = 64 << 20;
/// Decoding and planning recurse deepest of all; pages that are not touched cost nothing.
const PLANNING_STACK: usize = 64 << 20;
/// A thread with so much of its stack left needs no other for planning. Java's streams have such threads.
const ROOM_TO_PLAN: usize = 48 << 20;
/// More wait for a thread; the server admits fewer queries than this at a time.
const MOST_PLANNING: usize = 512;
const IDLE_PLANNING: Duration = Duration::from_secs(30);
const METADATA_CACHE_SHARE: usize = 20;

/// Thread-safe; lives until every query that uses it is closed.
pub struct Engine {
    runtime: Mutex<Option<Runtime>>,
    handle: Handle,
    /// Only its blocking threads are used: they have the deep stacks, and wait for the next query.
    planning: Mutex<Option<Runtime>>,
    planning_handle: Handle,
    budget: Arc<Budget>,
    disk: Arc<DiskManager>,
    cache: Arc<CacheManager>,
    stores: Arc<Stores>,
    upcalls: Option<Arc<dyn Upcalls>>,
    running: AtomicUsize,
}

impl Engine {
    /// `upcalls` is absent in tests that need no Java.
    pub fn open(config: &proto::EngineConfig, upcalls: Option<Arc<dyn Upcalls>>) -> Result<Self> {
        if config.worker_threads == 0 || config.memory_bytes == 0 {
            let message = "the engine needs at least one thread and some memory";
            return Err(errors::failure(errors::INVALID_CONFIGURATION, message));
        }
        memory::keep_freed_memory();
        let runtime = Builder::new_multi_thread()
            .worker_threads(config.worker_threads as usize)
            .thread_stack_size(WORKER_STACK)
            .thread_name("kelda-native")
            .enable_all()
            .build()?;
        let planning = Builder::new_current_thread()
            .max_blocking_threads(MOST_PLANNING)
            .thread_stack_size(PLANNING_STACK)
            .thread_keep_alive(IDLE_PLANNING)
            .thread_name("kelda-planning")
            .build()?;
        let memory = usize::try_from(config.memory_bytes).unwrap_or(usize::MAX);
        let cache = CacheManagerConfig {
            metadata_cache_limit: (memory / METADATA_CACHE_SHARE).clamp(8 << 20, 512 << 20),
            list_files_cache_limit: 0,
            ..CacheManagerConfig::default()
        };
        Ok(Self {
            handle: runtime.handle().clone(),
            runtime: Mutex::new(Some(runtime)),
            planning_handle: planning.handle().clone(),
            planning: Mutex::new(Some(planning)),
            budget: Arc::new(Budget::new(memory)),
            disk: Arc::new(disk_manager(config)?),
            cache: CacheManager::try_new(&cache)?,
            stores: Arc::new(Stores::new(&config.stores)),
            upcalls,
            running: AtomicUsize::new(0),
        })
    }

    pub fn handle(&self) -> &Handle {
        &self.handle
    }

    pub fn budget(&self) -> &Arc<Budget> {
        &self.budget
    }

    pub fn cache(&self) -> &Arc<CacheManager> {
        &self.cache
    }

    /// The store that serves `url` (its scheme and host).
    pub fn object_store(&self, url: &Url) -> Result<Arc<dyn ObjectStore>> {
        self.stores.get_store(url)
    }

    /// See [`Stores::lend`].
    pub fn lend(
        &self,
        prefix: &str,
        options: &HashMap<String, String>,
        until: Option<SystemTime>,
    ) -> std::result::Result<(), Failure> {
        self.stores.lend(prefix, options, until)
    }

    pub fn upcalls(&self) -> Result<Arc<dyn Upcalls>> {
        self.upcalls
            .clone()
            .ok_or_else(|| errors::internal("this engine has no Java side"))
    }

    /// What one query runs in: its own pool, everything else shared.
    pub fn runtime_env(&self, pool: Arc<QueryPool>) -> Arc<RuntimeEnv> {
        Arc::new(RuntimeEnv {
            memory_pool: pool,
            disk_manager: Arc::clone(&self.disk),
            cache_manager: Arc::clone(&self.cache),
            object_store_registry: Arc::clone(&self.stores) as Arc<dyn ObjectStoreRegistry>,
        })
    }

    /// Runs `work` on a deep stack: this thread's, or else that of another, for which it waits: two thread switches, a
    /// fifth of the time of a small query. Panics become errors. Not from a runtime's worker.
    pub fn on_deep_stack<T: Send + 'static>(
        &self,
        work: impl FnOnce() -> std::result::Result<T, Failure> + Send + 'static,
    ) -> std::result::Result<T, Failure> {
        if stacker::remaining_stack().is_some_and(|left| left >= ROOM_TO_PLAN) {
            return match self.is_open() {
                true => catch_unwind(AssertUnwindSafe(work))
                    .unwrap_or_else(|panic| Err(Failure::panic(panic.as_ref()))),
                false => Err(Failure::internal("the engine is closed")),
            };
        }
        let done = self.planning_handle.spawn_blocking(work);
        self.handle.block_on(done).unwrap_or_else(|e| {
            Err(match e.try_into_panic() {
                Ok(panic) => Failure::panic(panic.as_ref()),
                Err(_) => Failure::internal("the engine is closed"),
            })
        })
    }

    fn is_open(&self) -> bool {
        self.runtime.lock().expect("runtime lock").is_some()
    }

    pub fn query_started(&self) {
        self.running.fetch_add(1, Ordering::Relaxed);
    }

    pub fn query_ended(&self) {
        self.running.fetch_sub(1, Ordering::Relaxed);
    }

    pub fn metrics(&self) -> proto::EngineMetrics {
        proto::EngineMetrics {
            memory_reserved_bytes: self.budget.reserved() as u64,
            memory_limit_bytes: self.budget.limit() as u64,
            running_queries: self.running.load(Ordering::Relaxed) as u64,
        }
    }

    /// Ends the threads. Queries must have been closed.
    pub fn shut_down(&self) {
        for runtime in [&self.runtime, &self.planning] {
            let runtime = runtime.lock().expect("runtime lock").take();
            if let Some(runtime) = runtime {
                runtime.shutdown_timeout(Duration::from_secs(5));
            }
        }
    }
}

impl Drop for Engine {
    fn drop(&mut self) {
        for runtime in [&mut self.runtime, &mut self.planning] {
            if let Some(runtime) = runtime.get_mut().ok().and_then(Option::take) {
                runtime.shutdown_background();
            }
        }
    }
}

fn disk_manager(config: &proto::EngineConfig) -> Result<DiskManager> {
    if config.spill_directory.is_empty() {
        return DiskManagerBuilder::default()
            .with_mode(DiskManagerMode::Disabled)
            .build();
    }
    let folder = PathBuf::from(&config.spill_directory);
    std::fs::create_dir_all(&folder).map_err(|e| {
        DataFusionError::from(Failure::new(
            errors::INVALID_CONFIGURATION,
            format!(
                "cannot create the spill folder \"{}\": {e}",
                folder.display()
            ),
        ))
    })?;
    DiskManagerBuilder::default()
        .with_mode(DiskManagerMode::Directories(vec![folder]))
        .with_max_temp_directory_size(config.spill_bytes)
        .build()
}

#[cfg(test)]
mod tests;
