//! The physical operator: one shared run, handed out in equal slices of the spine.
use super::partition::Partition;
use super::run::{self, Inputs, Output};
use super::{Build, Matching};
use datafusion::arrow::datatypes::SchemaRef;
use datafusion::common::config::ConfigOptions;
use datafusion::common::stats::Precision;
use datafusion::common::tree_node::TreeNodeRecursion;
use datafusion::common::{ColumnStatistics, DataFusionError, Result, Statistics, internal_err};
use datafusion::execution::{SendableRecordBatchStream, TaskContext};
use datafusion::physical_expr::expressions::{DynamicFilterPhysicalExpr, lit};
use datafusion::physical_expr::{EquivalenceProperties, PhysicalExpr};
use datafusion::physical_plan::execution_plan::{Boundedness, EmissionType};
use datafusion::physical_plan::filter_pushdown::{
    ChildFilterDescription, ChildPushdownResult, FilterDescription, FilterPushdownPhase,
    FilterPushdownPropagation,
};
use datafusion::physical_plan::metrics::{ExecutionPlanMetricsSet, MetricsSet};
use datafusion::physical_plan::statistics::{ChildStats, StatisticsArgs};
use datafusion::physical_plan::stream::RecordBatchStreamAdapter;
use datafusion::physical_plan::{
    DisplayAs, DisplayFormatType, ExecutionPlan, Partitioning, PlanProperties,
};
use futures::future::{BoxFuture, FutureExt, Shared};
use futures::{TryStreamExt, stream};
use std::fmt;
use std::sync::{Arc, Mutex};

/// See the module's documentation. Of an indexed spine, output partition i of n has the i-th n-th of the rows, in spine
/// order; of a streamed one, the rows of its partition i.
#[derive(Debug)]
pub struct PointInTimeJoinExec {
    spine: Arc<dyn ExecutionPlan>,
    features: Vec<FeatureInput>,
    build: Build,
    /// Of the output of an indexed spine.
    partitions: usize,
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
    /// What the scan below was told about the rows that can match.
    pub filter: Option<Arc<DynamicFilterPhysicalExpr>>,
    pub(super) matching: Matching,
}

type SharedRun = Shared<BoxFuture<'static, Result<Arc<Output>, Arc<DataFusionError>>>>;

impl PointInTimeJoinExec {
    pub fn new(
        spine: Arc<dyn ExecutionPlan>,
        features: Vec<FeatureInput>,
        build: Build,
        schema: SchemaRef,
        partitions: usize,
    ) -> Self {
        let (streams, emission) = match build {
            Build::Spine => (partitions.max(1), EmissionType::Final),
            Build::Features => (
                spine.properties().partitioning.partition_count(),
                EmissionType::Incremental,
            ),
        };
        let properties = PlanProperties::new(
            EquivalenceProperties::new(Arc::clone(&schema)),
            Partitioning::UnknownPartitioning(streams),
            emission,
            Boundedness::Bounded,
        );
        Self {
            spine,
            features,
            build,
            partitions,
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

    fn with_inputs(&self, spine: Arc<dyn ExecutionPlan>, features: Vec<FeatureInput>) -> Self {
        Self::new(
            spine,
            features,
            self.build,
            Arc::clone(&self.schema),
            self.partitions,
        )
    }

    /// The run that all output partitions wait for; dropping the last of them ends it.
    fn shared_run(&self, context: &Arc<TaskContext>) -> SharedRun {
        let mut run = self
            .run
            .lock()
            .unwrap_or_else(|poisoned| poisoned.into_inner());
        run.get_or_insert_with(|| {
            let inputs = Inputs {
                spine: Arc::clone(&self.spine),
                features: self.features.clone(),
                build: self.build,
                schema: Arc::clone(&self.schema),
                threads: self.partitions.max(1),
            };
            let future = run::run(inputs, Arc::clone(context), self.metrics.clone());
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
        write!(f, "PointInTimeJoinExec: build={}, ", self.build.name())?;
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
        let mut benefits = vec![false; 1 + self.features.len()];
        benefits[0] = self.build == Build::Features;
        benefits
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
        Ok(Arc::new(self.with_inputs(spine, features)))
    }

    fn dynamic_expressions_produced(&self) -> Vec<Arc<dyn PhysicalExpr>> {
        let filters = self.features.iter().filter_map(|f| f.filter.clone());
        filters
            .map(|filter| filter as Arc<dyn PhysicalExpr>)
            .collect()
    }

    /// Filters from above go to the spine when they read nothing else. Each streamed feature gets a filter of ours, filled
    /// when the spine is known.
    fn gather_filters_for_pushdown(
        &self,
        phase: FilterPushdownPhase,
        parent_filters: Vec<Arc<dyn PhysicalExpr>>,
        config: &ConfigOptions,
    ) -> Result<FilterDescription> {
        let of_spine = (0..self.spine.schema().fields().len()).collect();
        let spine = ChildFilterDescription::from_child_with_allowed_indices(
            &parent_filters,
            of_spine,
            &self.spine,
        )?;
        let mut description = FilterDescription::new().with_child(spine);
        let ours = self.build == Build::Spine
            && phase == FilterPushdownPhase::Post
            && config.optimizer.enable_join_dynamic_filter_pushdown;
        for feature in &self.features {
            let mut child = ChildFilterDescription::all_unsupported(&parent_filters);
            if ours && feature.filter.is_none() {
                let keys = feature.feature_keys.iter().cloned();
                let times = [Arc::clone(&feature.feature_time)];
                let children = keys.chain(times).chain(feature.known_at.clone()).collect();
                child = child.with_self_filter(Arc::new(DynamicFilterPhysicalExpr::new(
                    children,
                    lit(true),
                )));
            }
            description = description.with_child(child);
        }
        Ok(description)
    }

    fn handle_child_pushdown_result(
        &self,
        _phase: FilterPushdownPhase,
        result: ChildPushdownResult,
        _config: &ConfigOptions,
    ) -> Result<FilterPushdownPropagation<Arc<dyn ExecutionPlan>>> {
        let mut features = self.features.clone();
        let mut changed = false;
        for (feature, filters) in features.iter_mut().zip(result.self_filters.iter().skip(1)) {
            let Some(filter) = filters.first() else {
                continue;
            };
            let predicate = Arc::clone(&filter.predicate);
            // Also a scan that does not apply it can use it to leave out files and row groups.
            if let Ok(filter) = Arc::downcast::<DynamicFilterPhysicalExpr>(predicate) {
                feature.filter = Some(filter);
                changed = true;
            }
        }
        let propagation = FilterPushdownPropagation::if_any(result);
        Ok(match changed {
            true => {
                let spine = Arc::clone(&self.spine);
                propagation.with_updated_node(Arc::new(self.with_inputs(spine, features)))
            }
            false => propagation,
        })
    }

    fn child_stats_requests(&self, _partition: Option<usize>) -> Vec<ChildStats> {
        let skipped = self.features.iter().map(|_| ChildStats::Skip);
        std::iter::once(ChildStats::At(None))
            .chain(skipped)
            .collect()
    }

    /// As many rows as the spine; of an inner join at most.
    fn statistics_from_inputs(
        &self,
        inputs: &[Arc<Statistics>],
        args: &StatisticsArgs,
    ) -> Result<Arc<Statistics>> {
        let mut all = inputs[0].as_ref().clone();
        if args.partition().is_some() || self.features.iter().any(|f| f.matching.inner) {
            all = all.to_inexact();
        }
        if args.partition().is_some() {
            all.num_rows = match all.num_rows.get_value() {
                Some(rows) => {
                    let partitions = self.properties.partitioning.partition_count();
                    Precision::Inexact(rows.div_ceil(partitions))
                }
                None => Precision::Absent,
            };
        }
        all.total_byte_size = Precision::Absent;
        let columns = self.schema.fields().len();
        all.column_statistics
            .resize_with(columns, ColumnStatistics::new_unknown);
        Ok(Arc::new(all))
    }

    fn metrics(&self) -> Option<MetricsSet> {
        Some(self.metrics.clone_inner())
    }

    fn execute(
        &self,
        partition: usize,
        context: Arc<TaskContext>,
    ) -> Result<SendableRecordBatchStream> {
        let output = Partition {
            number: partition,
            count: self.properties.partitioning.partition_count(),
            spine: Arc::clone(&self.spine),
            context: Arc::clone(&context),
            metrics: self.metrics.clone(),
        };
        let run = self.shared_run(&context);
        let batches = async move {
            let run = run.await.map_err(DataFusionError::Shared)?;
            output.batches(&run)
        };
        let stream = stream::once(batches).try_flatten();
        Ok(Box::pin(RecordBatchStreamAdapter::new(
            Arc::clone(&self.schema),
            stream,
        )))
    }
}
