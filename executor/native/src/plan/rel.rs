//! Relational operators: one method per message, the larger ones in files of their own.

use crate::common::PartTable;
use crate::plan::expr::{Row, Typed};
use crate::plan::recursion::WorkTable;
use crate::plan::{PlanContext, missing};
use crate::proto;
use crate::{errors, point_in_time};
use datafusion::common::{Column, Result};
use datafusion::datasource::provider_as_source;
use datafusion::logical_expr::{Expr, Filter, LogicalPlan, LogicalPlanBuilder, Projection};
use std::cell::{Cell, RefCell};
use std::collections::{HashMap, HashSet};
use std::sync::Arc;

/// A plan and the columns of it that form the message's row, in order. The plan may have more.
pub struct Built {
    pub plan: LogicalPlan,
    pub columns: Vec<Column>,
}

impl Built {
    /// The plan whose output is exactly `columns`.
    pub fn into_exact_plan(self) -> Result<LogicalPlan> {
        let exact = self.plan.schema().columns() == self.columns;
        match exact {
            true => Ok(self.plan),
            false => project(
                self.plan,
                self.columns.into_iter().map(Expr::Column).collect(),
            ),
        }
    }

    /// All of the plan's columns.
    pub fn all(plan: LogicalPlan) -> Self {
        let columns = plan.schema().columns();
        Self { plan, columns }
    }
}

/// Builds one plan; hands out the names in it.
pub struct Builder<'a> {
    pub context: &'a PlanContext<'a>,
    next_name: Cell<usize>,
    scan_names: RefCell<HashSet<String>>,
    /// Of the recursions that are being built, by id.
    pub(super) work_tables: RefCell<HashMap<u32, WorkTable>>,
}

impl<'a> Builder<'a> {
    pub fn new(context: &'a PlanContext<'a>) -> Self {
        Self {
            context,
            next_name: Cell::new(0),
            scan_names: RefCell::default(),
            work_tables: RefCell::default(),
        }
    }

    pub fn rel(&self, message: &proto::Rel) -> Result<Built> {
        use proto::rel::Kind;
        match message.kind.as_ref().ok_or_else(|| missing("Rel.kind"))? {
            Kind::Scan(scan) => self.scan(scan),
            Kind::Values(values) => self.values(values),
            Kind::Filter(filter) => self.filter(filter),
            Kind::Project(project) => self.project(project),
            Kind::Aggregate(aggregate) => self.aggregate(aggregate),
            Kind::Window(window) => self.window(window),
            Kind::Join(join) => self.join(join),
            Kind::PointInTimeJoin(join) => self.point_in_time_join(join),
            Kind::Sort(sort) => self.sort(sort),
            Kind::SetOp(set_op) => self.set_op(set_op),
            Kind::Unnest(unnest) => self.unnest(unnest),
            Kind::Write(write) => self.write(write),
            Kind::Recursion(recursion) => self.recursion(recursion),
            Kind::WorkTable(table) => self.work_table(table),
            Kind::Search(search) => self.search(search),
            Kind::Common(common) => self.common(common),
        }
    }

    pub fn input(&self, message: Option<&proto::Rel>, what: &str) -> Result<Built> {
        self.rel(message.ok_or_else(|| missing(what))?)
    }

    pub fn row<'r>(&'r self, built: &'r Built) -> Row<'r> {
        Row {
            context: self.context,
            columns: &built.columns,
            schema: built.plan.schema(),
        }
    }

    /// A column name that nothing else in the plan has.
    pub fn fresh_name(&self) -> String {
        let number = self.next_name.get();
        self.next_name.set(number + 1);
        format!("${number}")
    }

    /// The label, made unique, as the qualifier of a scan's columns.
    pub fn scan_name(&self, label: &str) -> String {
        let mut names = self.scan_names.borrow_mut();
        let mut name = label.to_owned();
        let mut number = 2;
        while !names.insert(name.clone()) {
            name = format!("{label}#{number}");
            number += 1;
        }
        name
    }

    /// The input with the expressions as its columns; plain columns keep their names.
    pub fn project_to(&self, input: LogicalPlan, exprs: Vec<Expr>) -> Result<Built> {
        let mut seen = HashSet::new();
        let exprs: Vec<Expr> = exprs
            .into_iter()
            .map(|expr| match expr {
                Expr::Column(column) if seen.insert(column.clone()) => Expr::Column(column),
                Expr::Alias(alias) => Expr::Alias(alias),
                other => other.alias(self.fresh_name()),
            })
            .collect();
        project(input, exprs).map(Built::all)
    }

    fn filter(&self, message: &proto::Filter) -> Result<Built> {
        let input = self.input(message.input.as_deref(), "Filter.input")?;
        let row = self.row(&input);
        let condition = row.required(message.condition.as_ref(), "Filter.condition")?;
        let filter = Filter::try_new(condition.expr, Arc::new(input.plan))?;
        Ok(Built {
            plan: LogicalPlan::Filter(filter),
            columns: input.columns,
        })
    }

    fn project(&self, message: &proto::Project) -> Result<Built> {
        let input = self.input(message.input.as_deref(), "Project.input")?;
        let exprs = self.row(&input).exprs(&message.expressions)?;
        self.project_to(input.plan, exprs)
    }

    fn sort(&self, message: &proto::Sort) -> Result<Built> {
        let input = self.input(message.input.as_deref(), "Sort.input")?;
        let row = self.row(&input);
        let keys = row.sort_keys(&message.keys)?;
        let bound = |m: &Option<proto::Expr>| -> Result<Option<usize>> {
            m.as_ref().map(|m| row_count(row.typed(m)?)).transpose()
        };
        let (skip, fetch) = (bound(&message.offset)?, bound(&message.fetch)?);
        let mut builder = LogicalPlanBuilder::from(input.plan);
        if !keys.is_empty() {
            builder = builder.sort(keys)?;
        }
        if skip.is_some() || fetch.is_some() {
            builder = builder.limit(skip.unwrap_or(0), fetch)?;
        }
        Ok(Built {
            plan: builder.build()?,
            columns: input.columns,
        })
    }

    fn point_in_time_join(&self, message: &proto::PointInTimeJoin) -> Result<Built> {
        let spine = self.input(message.spine.as_deref(), "PointInTimeJoin.spine")?;
        let spine_columns = spine.columns.clone();
        let mut features = Vec::with_capacity(message.features.len());
        let mut outputs = Vec::new();
        for feature in &message.features {
            let (spec, columns) = self.feature(&spine, feature)?;
            features.push(spec);
            outputs.extend(columns);
        }
        let width = spine_columns.len();
        use proto::point_in_time_join::Build;
        let build = match Build::try_from(message.build).unwrap_or(Build::Unspecified) {
            Build::Unspecified => return Err(missing("PointInTimeJoin.build")),
            Build::Spine => point_in_time::Build::Spine,
            Build::Features => point_in_time::Build::Features,
        };
        let plan = point_in_time::logical_plan(spine.into_exact_plan()?, features, build)?;
        let found = plan.schema().columns();
        if found.len() != width + outputs.len() {
            return Err(errors::internal("a point-in-time join of the wrong width"));
        }
        Ok(Built::all(plan))
    }

    fn feature(
        &self,
        spine: &Built,
        message: &proto::point_in_time_join::Feature,
    ) -> Result<(point_in_time::FeatureSpec, Vec<Column>)> {
        use proto::point_in_time_join::feature::Match;
        let input = self.input(message.input.as_ref(), "Feature.input")?;
        let (left, right) = (self.row(spine), self.row(&input));
        let matching = Match::try_from(message.r#match).unwrap_or(Match::Unspecified);
        if matching == Match::Unspecified {
            return Err(missing("Feature.match"));
        }
        let tolerance = match &message.tolerance {
            Some(tolerance) => Some(integer_literal(left.typed(tolerance)?)?),
            None => None,
        };
        let spine_time = left.required(message.spine_time.as_ref(), "Feature.spine_time")?;
        let feature_time = right.required(message.feature_time.as_ref(), "Feature.feature_time")?;
        let known_at = message
            .known_at
            .as_ref()
            .map(|m| right.expr(m))
            .transpose()?;
        let spine_keys = left.exprs(&message.spine_keys)?;
        let feature_keys = right.exprs(&message.feature_keys)?;
        let columns = message
            .output
            .iter()
            .map(|ordinal| input.columns.get(*ordinal as usize).cloned())
            .collect::<Option<Vec<Column>>>()
            .ok_or_else(|| errors::internal("plan: Feature.output beyond the feature row"))?;
        let spec = point_in_time::FeatureSpec {
            spine_keys,
            feature_keys,
            spine_time: spine_time.expr,
            feature_time: feature_time.expr,
            matching,
            tolerance,
            tolerance_exclusive: message.tolerance_exclusive,
            known_at,
            output: message.output.iter().map(|n| *n as usize).collect(),
            inner: message.inner,
            input: input.into_exact_plan()?,
        };
        Ok((spec, columns))
    }

    fn common(&self, message: &proto::Common) -> Result<Built> {
        let part = self.context.common.get(message.part as usize);
        let part = part.ok_or_else(|| missing("Common.part"))?;
        let source = provider_as_source(Arc::new(PartTable::new(part, || self.fresh_name())));
        LogicalPlanBuilder::scan(self.scan_name("common"), source, None)?
            .build()
            .map(Built::all)
    }

    fn write(&self, message: &proto::Write) -> Result<Built> {
        let input = self.input(message.input.as_deref(), "Write.input")?;
        let targets = &self.context.request.targets;
        let target = targets.iter().find(|t| t.target_id == message.target_id);
        let target = target.ok_or_else(|| missing("Write.target"))?;
        let plan =
            crate::write::logical_plan(self.context.engine, input.into_exact_plan()?, target)?;
        Ok(Built::all(plan))
    }
}

fn project(input: LogicalPlan, exprs: Vec<Expr>) -> Result<LogicalPlan> {
    Ok(LogicalPlan::Projection(Projection::try_new(
        exprs,
        Arc::new(input),
    )?))
}

fn integer_literal(value: Typed) -> Result<i64> {
    use datafusion::arrow::datatypes::DataType;
    use datafusion::scalar::ScalarValue;
    let Expr::Literal(scalar, _) = value.expr else {
        return Err(errors::internal("plan: a literal is expected"));
    };
    match scalar.cast_to(&DataType::Int64)? {
        ScalarValue::Int64(Some(number)) => Ok(number),
        _ => Err(errors::failure(
            errors::INVALID_ARGUMENT,
            "a number is expected where NULL was given",
        )),
    }
}

/// LIMIT and OFFSET, and how many rows a search finds.
pub(super) fn row_count(value: Typed) -> Result<usize> {
    let number = integer_literal(value)?;
    usize::try_from(number).map_err(|_| {
        let text = format!("LIMIT, OFFSET and top_k count rows; {number} is negative");
        errors::failure(errors::INVALID_ARGUMENT, text)
    })
}
