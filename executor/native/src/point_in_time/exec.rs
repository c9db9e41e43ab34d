//! The physical operator: one shared run, handed out in equal slices of the spine.
use super::Matching;
use super::run::{self, Joined};
use datafusion::arrow::datatypes::SchemaRef;
use datafusion::common::tree_node::TreeNodeRecursion;
use datafusion::common::{DataFusionError, Result, internal_err};
use datafusion::execution::{SendableRecordBatchStream, TaskContext};
use datafusion::physical_expr::{EquivalenceProperties, PhysicalExpr};
use datafusion::physical_plan::execution_plan::{Boundedness, EmissionType};
use datafusion::physical_plan::metrics::{ExecutionPlanMetricsSet, MetricsSet};
use datafusion::physical_plan::stream::RecordBatchStreamAdapter;
use datafusion::physical_plan::{
    DisplayAs, DisplayFormatType, ExecutionPlan, Partitioning, PlanProperties,
};
use futures::future::{BoxFuture, FutureExt, Shared};
use futures::{StreamExt, TryStreamExt, stream};
use std::fmt;
use std::sync::{Arc, Mutex};

/// See the module's documentation. Output partition i of n has the i-th n-th of the spine rows, in spine order.
#[derive(Debug)]
pub struct PointInTimeJoinExec {
    spine: Arc<dyn ExecutionPlan>,
    features: Vec<FeatureInput>,
    schema: SchemaRef,
    properties: Arc<PlanProperties>,
    metrics: ExecutionPlanMetricsSet,
    run: Mutex<Option<SharedRun>>,
}

/// One feature input with its expressions over the physical inputs.
#[derive(Clone, Debug)]
pub struct FeatureInput {
    pub input: Arc<dyn ExecutionPlan>,
    pub spine_keys: Vec<Arc<dyn PhysicalExpr>>,
    pub feature_keys: Vec<Arc<dyn PhysicalExpr>>,
    pub spine_time: Arc<dyn PhysicalExpr>,
    pub feature_time: Arc<dyn PhysicalExpr>,
    pub known_at: Option<Arc<dyn PhysicalExpr>>,
    /// Ordinals of the input's columns handed upwards.
    pub output: Vec<usize>,
    pub(super) matching: Matching,
}

type SharedRun = Shared<BoxFuture<'static, Result<Arc<Joined>, Arc<DataFusionError>>>>;

impl PointInTimeJoinExec {
    pub fn new(
        spine: Arc<dyn ExecutionPlan>,
        features: Vec<FeatureInput>,
        schema: SchemaRef,
        partitions: usize,
    ) -> Self {
        let properties = PlanProperties::new(
            EquivalenceProperties::new(Arc::clone(&schema)),
            Partitioning::UnknownPartitioning(partitions.max(1)),
            EmissionType::Final,
            Boundedness::Bounded,
        );
        Self {
            spine,
            features,
            schema,
            properties: Arc::new(properties),
            metrics: ExecutionPlanMetricsSet::new(),
            run: Mutex::new(None),
        }
    }

    pub fn spine(&self) -> &Arc<dyn ExecutionPlan> {
        &self.spine
    }

    pub fn features(&self) -> &[FeatureInput] {
        &self.features
    }

    fn partitions(&self) -> usize {
        self.properties.partitioning.partition_count()
    }

    /// The run that all output partitions wait for; dropping the last of them ends it.
    fn shared_run(&self, context: &Arc<TaskContext>) -> SharedRun {
        let mut run = self
            .run
            .lock()
            .unwrap_or_else(|poisoned| poisoned.into_inner());
        run.get_or_insert_with(|| {
            let future = run::run(
                Arc::clone(&self.spine),
                self.features.clone(),
                Arc::clone(&self.schema),
                self.partitions(),
                Arc::clone(context),
                self.metrics.clone(),
            );
            future
                .map(|result| result.map(Arc::new).map_err(Arc::new))
                .boxed()
                .shared()
        })
        .clone()
    }
}

impl DisplayAs for PointInTimeJoinExec {
    fn fmt_as(&self, _type: DisplayFormatType, f: &mut fmt::Formatter) -> fmt::Result {
        write!(f, "PointInTimeJoinExec: ")?;
        for (number, feature) in self.features.iter().enumerate() {
            let separator = if number > 0 { "; " } else { "" };
            let kind = if feature.matching.inner {
                "inner"
            } else {
                "left"
            };
            let symbol = feature.matching.symbol();
            write!(
                f,
                "{separator}{kind} {} {symbol} {}",
                feature.spine_time, feature.feature_time
            )?;
            for (left, right) in feature.spine_keys.iter().zip(&feature.feature_keys) {
                write!(f, ", {left} = {right}")?;
            }
            if let Some((distance, exclusive)) = feature.matching.tolerance {
                write!(
                    f,
                    ", within {distance}{}",
                    if exclusive { " (exclusive)" } else { "" }
                )?;
            }
            if let Some(known_at) = &feature.known_at {
                write!(f, ", known at {known_at}")?;
            }
        }
        Ok(())
    }
}

impl ExecutionPlan for PointInTimeJoinExec {
    fn name(&self) -> &str {
        "PointInTimeJoinExec"
    }

    fn properties(&self) -> &Arc<PlanProperties> {
        &self.properties
    }

    fn children(&self) -> Vec<&Arc<dyn ExecutionPlan>> {
        std::iter::once(&self.spine)
            .chain(self.features.iter().map(|feature| &feature.input))
            .collect()
    }

    fn benefits_from_input_partitioning(&self) -> Vec<bool> {
        vec![false; 1 + self.features.len()]
    }

    fn apply_expressions(
        &self,
        f: &mut dyn FnMut(&Arc<dyn PhysicalExpr>) -> Result<TreeNodeRecursion>,
    ) -> Result<TreeNodeRecursion> {
        for feature in &self.features {
            let times = [&feature.spine_time, &feature.feature_time];
            let keys = feature.spine_keys.iter().chain(&feature.feature_keys);
            for expression in keys.chain(times).chain(&feature.known_at) {
                if f(expression)? == TreeNodeRecursion::Stop {
                    return Ok(TreeNodeRecursion::Stop);
                }
            }
        }
        Ok(TreeNodeRecursion::Continue)
    }

    fn with_new_children(
        self: Arc<Self>,
        children: Vec<Arc<dyn ExecutionPlan>>,
    ) -> Result<Arc<dyn ExecutionPlan>> {
        if children.len() != 1 + self.features.len() {
            return internal_err!(
                "a point-in-time join of {} inputs got {}",
                1 + self.features.len(),
                children.len()
            );
        }
        let mut children = children.into_iter();
        let spine = children.next().unwrap_or_else(|| Arc::clone(&self.spine));
        let features = self
            .features
            .iter()
            .zip(children)
            .map(|(feature, input)| FeatureInput {
                input,
                ..feature.clone()
            })
            .collect();
        Ok(Arc::new(Self::new(
            spine,
            features,
            Arc::clone(&self.schema),
            self.partitions(),
        )))
    }

    fn metrics(&self) -> Option<MetricsSet> {
        Some(self.metrics.clone_inner())
    }

    fn execute(
        &self,
        partition: usize,
        context: Arc<TaskContext>,
    ) -> Result<SendableRecordBatchStream> {
        let joined = self.shared_run(&context);
        let partitions = self.partitions();
        let batch_rows = context.session_config().batch_size();
        let metrics = self.metrics.clone();
        let batches = async move {
            let joined = joined.await.map_err(DataFusionError::Shared)?;
            let batches = joined.batches(partition, partitions, batch_rows, &metrics);
            Ok::<_, DataFusionError>(stream::iter(batches).then(async |batch| {
                tokio::task::consume_budget().await;
                batch
            }))
        };
        let stream = stream::once(batches).try_flatten();
        Ok(Box::pin(RecordBatchStreamAdapter::new(
            Arc::clone(&self.schema),
            stream,
        )))
    }
}
