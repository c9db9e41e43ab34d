//! The logical node and its translation to [`PointInTimeJoinExec`].
use super::exec::{FeatureInput, PointInTimeJoinExec};
use super::{Build, Direction, FeatureSpec, Matching, time};
use crate::proto::point_in_time_join::feature::Match;
use async_trait::async_trait;
use datafusion::arrow::datatypes::{FieldRef, Schema};
use datafusion::catalog::Session;
use datafusion::common::{DFSchema, DFSchemaRef, Result, internal_err, plan_err};
use datafusion::logical_expr::physical_planning_context::PhysicalPlanningContext;
use datafusion::logical_expr::{
    Expr, ExprSchemable, LogicalPlan, UserDefinedLogicalNode, UserDefinedLogicalNodeCore,
};
use datafusion::physical_plan::ExecutionPlan;
use datafusion::physical_planner::{ExtensionPlanner, PhysicalPlanner};
use std::cmp::Ordering;
use std::fmt;
use std::sync::Arc;

#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct PointInTimeJoinNode {
    spine: LogicalPlan,
    features: Vec<FeatureNode>,
    build: Build,
    schema: DFSchemaRef,
}

#[derive(Clone, Debug, PartialEq, Eq, Hash)]
struct FeatureNode {
    input: LogicalPlan,
    spine_keys: Vec<Expr>,
    feature_keys: Vec<Expr>,
    spine_time: Expr,
    feature_time: Expr,
    known_at: Option<Expr>,
    output: Vec<usize>,
    matching: Matching,
}

impl PointInTimeJoinNode {
    pub fn try_new(spine: LogicalPlan, features: Vec<FeatureSpec>, build: Build) -> Result<Self> {
        let features = features
            .into_iter()
            .map(FeatureNode::try_new)
            .collect::<Result<Vec<_>>>()?;
        for feature in &features {
            feature.check(&spine)?;
        }
        let schema = output_schema(&spine, &features)?;
        Ok(Self {
            spine,
            features,
            build,
            schema,
        })
    }
}

impl FeatureNode {
    fn try_new(spec: FeatureSpec) -> Result<Self> {
        let (direction, strict) = match spec.matching {
            Match::GreaterOrEqual => (Direction::Backward, false),
            Match::Greater => (Direction::Backward, true),
            Match::LessOrEqual => (Direction::Forward, false),
            Match::Less => (Direction::Forward, true),
            Match::Unspecified => {
                return internal_err!("a point-in-time join without a match condition");
            }
        };
        if direction == Direction::Forward && spec.known_at.is_some() {
            return plan_err!("a known-at time needs a match condition that looks back (>= or >)");
        }
        Ok(Self {
            input: spec.input,
            spine_keys: spec.spine_keys,
            feature_keys: spec.feature_keys,
            spine_time: spec.spine_time,
            feature_time: spec.feature_time,
            known_at: spec.known_at,
            output: spec.output,
            matching: Matching {
                direction,
                strict,
                tolerance: spec
                    .tolerance
                    .map(|distance| (distance, spec.tolerance_exclusive)),
                inner: spec.inner,
            },
        })
    }

    fn check(&self, spine: &LogicalPlan) -> Result<()> {
        if self.spine_keys.len() != self.feature_keys.len() {
            return internal_err!(
                "{} spine keys for {} feature keys",
                self.spine_keys.len(),
                self.feature_keys.len()
            );
        }
        let (spine, feature) = (spine.schema().as_ref(), self.input.schema().as_ref());
        for (left, right) in self.spine_keys.iter().zip(&self.feature_keys) {
            same_type(left, spine, right, feature)?;
        }
        time::check_type(&self.spine_time.get_type(spine)?)?;
        if let Some(known_at) = &self.known_at {
            same_type(&self.spine_time, spine, known_at, feature)?;
        }
        same_type(&self.spine_time, spine, &self.feature_time, feature)
    }

    fn expressions(&self) -> impl Iterator<Item = &Expr> {
        let times = [&self.spine_time, &self.feature_time];
        self.spine_keys
            .iter()
            .chain(&self.feature_keys)
            .chain(times)
            .chain(&self.known_at)
    }

    fn with(
        &self,
        input: LogicalPlan,
        expressions: &mut impl Iterator<Item = Expr>,
    ) -> Result<Self> {
        let mut next = || match expressions.next() {
            Some(expression) => Ok(expression),
            None => internal_err!("too few expressions for a point-in-time join"),
        };
        Ok(Self {
            input,
            spine_keys: self
                .spine_keys
                .iter()
                .map(|_| next())
                .collect::<Result<_>>()?,
            feature_keys: self
                .feature_keys
                .iter()
                .map(|_| next())
                .collect::<Result<_>>()?,
            spine_time: next()?,
            feature_time: next()?,
            known_at: self.known_at.as_ref().map(|_| next()).transpose()?,
            output: self.output.clone(),
            matching: self.matching.clone(),
        })
    }
}

fn same_type(
    left: &Expr,
    left_schema: &DFSchema,
    right: &Expr,
    right_schema: &DFSchema,
) -> Result<()> {
    let (left, right) = (left.get_type(left_schema)?, right.get_type(right_schema)?);
    if left != right {
        return internal_err!("a point-in-time join compares {left} with {right}");
    }
    Ok(())
}

fn output_schema(spine: &LogicalPlan, features: &[FeatureNode]) -> Result<DFSchemaRef> {
    let mut fields: Vec<(_, FieldRef)> = spine
        .schema()
        .iter()
        .map(|(qualifier, field)| (qualifier.cloned(), Arc::clone(field)))
        .collect();
    for feature in features {
        let schema = feature.input.schema();
        for ordinal in &feature.output {
            let (qualifier, field) = schema.qualified_field(*ordinal);
            fields.push((
                qualifier.cloned(),
                Arc::new(field.as_ref().clone().with_nullable(true)),
            ));
        }
    }
    Ok(Arc::new(DFSchema::new_with_metadata(
        fields,
        Default::default(),
    )?))
}

impl PartialOrd for PointInTimeJoinNode {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        self.spine.partial_cmp(&other.spine)
    }
}

impl UserDefinedLogicalNodeCore for PointInTimeJoinNode {
    fn name(&self) -> &str {
        "PointInTimeJoin"
    }

    fn inputs(&self) -> Vec<&LogicalPlan> {
        std::iter::once(&self.spine)
            .chain(self.features.iter().map(|feature| &feature.input))
            .collect()
    }

    fn schema(&self) -> &DFSchemaRef {
        &self.schema
    }

    fn expressions(&self) -> Vec<Expr> {
        self.features
            .iter()
            .flat_map(FeatureNode::expressions)
            .cloned()
            .collect()
    }

    fn fmt_for_explain(&self, f: &mut fmt::Formatter) -> fmt::Result {
        write!(f, "PointInTimeJoin: build={}, ", self.build.name())?;
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
        }
        Ok(())
    }

    fn with_exprs_and_inputs(&self, exprs: Vec<Expr>, inputs: Vec<LogicalPlan>) -> Result<Self> {
        let (mut exprs, mut inputs) = (exprs.into_iter(), inputs.into_iter());
        let Some(spine) = inputs.next() else {
            return internal_err!("a point-in-time join without a spine");
        };
        let features = self
            .features
            .iter()
            .zip(inputs)
            .map(|(feature, input)| feature.with(input, &mut exprs))
            .collect::<Result<Vec<_>>>()?;
        let schema = output_schema(&spine, &features)?;
        Ok(Self {
            spine,
            features,
            build: self.build,
            schema,
        })
    }

    // Calcite has trimmed the inputs already; naming every column lets the rule go on below them.
    fn necessary_children_exprs(&self, _output_columns: &[usize]) -> Option<Vec<Vec<usize>>> {
        let inputs = UserDefinedLogicalNodeCore::inputs(self);
        Some(
            inputs
                .iter()
                .map(|input| (0..input.schema().fields().len()).collect())
                .collect(),
        )
    }
}

pub struct PointInTimeJoinPlanner;

#[async_trait]
impl ExtensionPlanner for PointInTimeJoinPlanner {
    async fn plan_extension(
        &self,
        planner: &dyn PhysicalPlanner,
        node: &dyn UserDefinedLogicalNode,
        _logical_inputs: &[&LogicalPlan],
        physical_inputs: &[Arc<dyn ExecutionPlan>],
        session: &dyn Session,
        context: &PhysicalPlanningContext,
    ) -> Result<Option<Arc<dyn ExecutionPlan>>> {
        let Some(node) = node.as_any().downcast_ref::<PointInTimeJoinNode>() else {
            return Ok(None);
        };
        let physical = |expr: &Expr, schema: &DFSchema| {
            planner.create_physical_expr(expr, schema, session, context)
        };
        let all = |exprs: &[Expr], schema: &DFSchema| {
            exprs
                .iter()
                .map(|expr| physical(expr, schema))
                .collect::<Result<Vec<_>>>()
        };
        let spine = node.spine.schema().as_ref();
        let mut features = Vec::new();
        for (feature, input) in node.features.iter().zip(&physical_inputs[1..]) {
            let schema = feature.input.schema().as_ref();
            features.push(FeatureInput {
                input: Arc::clone(input),
                spine_keys: all(&feature.spine_keys, spine)?,
                feature_keys: all(&feature.feature_keys, schema)?,
                spine_time: physical(&feature.spine_time, spine)?,
                feature_time: physical(&feature.feature_time, schema)?,
                known_at: feature
                    .known_at
                    .as_ref()
                    .map(|expr| physical(expr, schema))
                    .transpose()?,
                output: feature.output.clone(),
                filter: None,
                matching: feature.matching.clone(),
            });
        }
        let schema: &Schema = node.schema.as_arrow();
        let partitions = session.config().target_partitions();
        let exec = PointInTimeJoinExec::new(
            Arc::clone(&physical_inputs[0]),
            features,
            node.build,
            Arc::new(schema.clone()),
            partitions,
        );
        Ok(Some(Arc::new(exec)))
    }
}
