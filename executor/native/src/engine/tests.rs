//! What goes wrong inside ends as a failure, never as a dead process.

use super::*;
use crate::live::Live;
use crate::output;
use datafusion::arrow::datatypes::Schema;
use datafusion::physical_plan::stream::RecordBatchStreamAdapter;
use futures::stream;
use tokio::sync::mpsc;
use tokio_util::sync::CancellationToken;

fn engine() -> Engine {
    let config = proto::EngineConfig {
        worker_threads: 1,
        memory_bytes: 1 << 30,
        ..Default::default()
    };
    Engine::open(&config, None).unwrap()
}

#[test]
fn a_panic_while_planning_is_a_failure() {
    let engine = engine();
    let failed = engine.on_deep_stack(|| -> std::result::Result<(), Failure> { panic!("oh no") });
    assert!(failed.unwrap_err().encode().contains("oh no"));
    assert_eq!(engine.on_deep_stack(|| Ok(7)).unwrap(), 7);
}

#[test]
fn a_deep_stack_needs_no_other_thread() {
    let thread = std::thread::Builder::new().stack_size(PLANNING_STACK);
    let work = || {
        let engine = engine();
        let here = std::thread::current().id();
        let there = engine.on_deep_stack(|| Ok(std::thread::current().id()));
        assert_eq!(there.unwrap(), here);
        let failed =
            engine.on_deep_stack(|| -> std::result::Result<(), Failure> { panic!("oh no") });
        assert!(failed.unwrap_err().encode().contains("oh no"));
        engine.shut_down();
        assert!(engine.on_deep_stack(|| Ok(())).is_err());
    };
    thread.spawn(work).unwrap().join().unwrap();
}

#[test]
fn planning_may_recurse_deeply() {
    fn depth(n: u64) -> u64 {
        let frame = std::hint::black_box([n; 1024]);
        if n == 0 {
            0
        } else {
            depth(n - 1) + frame[7] / n
        }
    }
    assert_eq!(engine().on_deep_stack(|| Ok(depth(4000))).unwrap(), 4000);
}

#[test]
fn a_panic_while_running_is_a_failure() {
    let engine = engine();
    let schema = Arc::new(Schema::empty());
    let rows = stream::poll_fn(|_| panic!("oh no, running"));
    let rows = Box::pin(RecordBatchStreamAdapter::new(Arc::clone(&schema), rows));
    let (sender, mut receiver) = mpsc::channel(2);
    let live = Live::new();
    let token = live.token();
    engine.handle().block_on(async move {
        output::pump(rows, schema, sender, CancellationToken::new()).await;
        drop(token);
    });
    assert!(live.wait_for_none(Duration::from_secs(5)));
    let failure = receiver.blocking_recv().unwrap().unwrap_err();
    assert!(failure.encode().contains("oh no, running"));
    assert!(receiver.blocking_recv().is_none());
}

#[test]
fn a_closed_engine_plans_nothing() {
    let engine = engine();
    engine.shut_down();
    assert!(engine.on_deep_stack(|| Ok(())).is_err());
}
