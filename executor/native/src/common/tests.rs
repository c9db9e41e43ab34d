//! Several readers of one part: with and without memory for its rows, and when computing them fails.
use super::{Part, PartTable};
use crate::errors::{Failure, failure};
use async_trait::async_trait;
use datafusion::arrow::array::{Int64Array, RecordBatch};
use datafusion::arrow::datatypes::{DataType, Field, Schema, SchemaRef};
use datafusion::catalog::TableProvider;
use datafusion::common::Result;
use datafusion::execution::memory_pool::FairSpillPool;
use datafusion::execution::runtime_env::RuntimeEnvBuilder;
use datafusion::execution::{SendableRecordBatchStream, TaskContext};
use datafusion::physical_plan::stream::RecordBatchStreamAdapter;
use datafusion::physical_plan::streaming::{PartitionStream, StreamingTableExec};
use datafusion::physical_plan::{ExecutionPlan, collect_partitioned};
use datafusion::prelude::{SessionConfig, SessionContext};
use std::fmt;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

const BATCHES: i64 = 50;
const ROWS: i64 = 1000;

/// What comes after the batches of a partition.
#[derive(Clone, Copy, Debug)]
enum Then {
    End,
    Fail,
    Panic,
}

struct Numbers {
    schema: SchemaRef,
    then: Then,
    computed: AtomicUsize,
}

impl fmt::Debug for Numbers {
    fn fmt(&self, f: &mut fmt::Formatter) -> fmt::Result {
        write!(f, "{:?}", self.then)
    }
}

#[async_trait]
impl PartitionStream for Numbers {
    fn schema(&self) -> &SchemaRef {
        &self.schema
    }

    fn execute(&self, _: Arc<TaskContext>) -> SendableRecordBatchStream {
        self.computed.fetch_add(1, Ordering::Relaxed);
        let (schema, then) = (Arc::clone(&self.schema), self.then);
        let batches = (0..=BATCHES).filter_map(move |n| {
            if n < BATCHES {
                let numbers = Int64Array::from_iter_values(n * ROWS..(n + 1) * ROWS);
                let batch = RecordBatch::try_new(Arc::clone(&schema), vec![Arc::new(numbers)]);
                return Some(batch.map_err(Into::into));
            }
            match then {
                Then::End => None,
                Then::Fail => Some(Err(failure("DIVISION_BY_ZERO", "division by zero"))),
                Then::Panic => panic!("a broken function"),
            }
        });
        let stream = futures::stream::iter(batches);
        Box::pin(RecordBatchStreamAdapter::new(
            Arc::clone(&self.schema),
            stream,
        ))
    }
}

/// Two readers of a part of one partition, one after the other has begun; what each of them read.
fn read(then: Then, memory: usize) -> (Vec<Result<Vec<i64>>>, usize, usize) {
    let numbers = Arc::new(Numbers {
        schema: Arc::new(Schema::new(vec![Field::new("n", DataType::Int64, false)])),
        then,
        computed: AtomicUsize::new(0),
    });
    let partitions = vec![Arc::clone(&numbers) as Arc<dyn PartitionStream>];
    let input = StreamingTableExec::try_new(
        Arc::clone(&numbers.schema),
        partitions,
        None,
        vec![],
        false,
        None,
    );
    let part = Arc::new(Part::new(0, Arc::new(input.unwrap())).unwrap());
    let runtime = RuntimeEnvBuilder::new()
        .with_memory_pool(Arc::new(FairSpillPool::new(memory)))
        .build_arc();
    let session = SessionContext::new_with_config_rt(SessionConfig::new(), runtime.unwrap());
    let tokio = tokio::runtime::Builder::new_multi_thread()
        .worker_threads(2)
        .build()
        .unwrap();
    let read = tokio.block_on(async {
        let table = PartTable::new(&part, || "n".to_owned());
        let mut readers = Vec::new();
        for _ in 0..2 {
            let state = session.state();
            let exec: Arc<dyn ExecutionPlan> = table.scan(&state, None, &[], None).await.unwrap();
            readers.push(tokio::spawn(collect_partitioned(exec, session.task_ctx())));
        }
        let mut read = Vec::new();
        for reader in readers {
            read.push(reader.await.unwrap().map(|partitions| {
                let batches = partitions.into_iter().flatten();
                let columns = batches.map(|batch| Arc::clone(batch.column(0)));
                let values =
                    columns.map(|c| c.as_any().downcast_ref::<Int64Array>().unwrap().clone());
                values.flat_map(|c| c.values().to_vec()).collect()
            }));
        }
        read
    });
    let spilled = part.metrics().spilled_rows().unwrap_or(0);
    (read, numbers.computed.load(Ordering::Relaxed), spilled)
}

#[test]
fn every_reader_reads_all_rows_of_one_computation() {
    let all: Vec<i64> = (0..BATCHES * ROWS).collect();
    for (memory, spills) in [(usize::MAX, false), (100_000, true), (0, true)] {
        let (read, computed, spilled) = read(Then::End, memory);
        for rows in read {
            assert_eq!(rows.unwrap(), all);
        }
        assert_eq!(computed, 1);
        assert_eq!(
            spilled > 0,
            spills,
            "{spilled} rows spilled of {memory} bytes"
        );
    }
}

#[test]
fn every_reader_learns_of_a_failure() {
    for (then, code) in [
        (Then::Fail, "DIVISION_BY_ZERO"),
        (Then::Panic, "INTERNAL_ERROR"),
    ] {
        for rows in read(then, usize::MAX).0 {
            assert_eq!(Failure::from(&rows.unwrap_err()).code, code);
        }
    }
}
