//! Searches.

use crate::errors::{self, failure};
use crate::plan::expr::Typed;
use crate::plan::rel::{Builder, Built, row_count};
use crate::plan::{missing, types};
use crate::proto::{self, EvaluateFunction};
use crate::search::{FinderKind, FinderSpec, Function, hits_type, logical_plan};
use crate::vectors::Metric;
use datafusion::arrow::datatypes::{DataType, Field};
use datafusion::common::Result;
use std::sync::Arc;

/// Vectors are compared as FLOAT32; texts stay as they are.
fn singles(value: Typed) -> Result<Typed> {
    let element = match &value.data_type {
        DataType::List(element) | DataType::FixedSizeList(element, _) => element.data_type(),
        _ => return Ok(value),
    };
    match *element == DataType::Float32 {
        true => Ok(value),
        false => {
            let element = Field::new_list_field(DataType::Float32, true);
            value.cast_to(&DataType::List(Arc::new(element)))
        }
    }
}

impl Builder<'_> {
    pub(super) fn search(&self, message: &proto::Search) -> Result<Built> {
        let queries = self.input(message.queries.as_deref(), "Search.queries")?;
        let rows = match &message.rows {
            Some(rows) => Some(self.rel(rows)?),
            None => None,
        };
        let mut finders = Vec::with_capacity(message.finders.len());
        for finder in &message.finders {
            finders.push(self.finder(&queries, rows.as_ref(), finder)?);
        }
        let rows = rows.map(Built::into_exact_plan).transpose()?;
        let plan = logical_plan(
            queries.into_exact_plan()?,
            rows,
            message.address as usize,
            finders,
        )?;
        Ok(Built::all(plan))
    }

    fn finder(
        &self,
        queries: &Built,
        rows: Option<&Built>,
        message: &proto::search::Finder,
    ) -> Result<FinderSpec> {
        use proto::search::finder::Kind;
        let row = self.row(queries);
        let query = singles(row.required(message.query.as_ref(), "Finder.query")?)?;
        let count = row_count(row.required(message.count.as_ref(), "Finder.count")?)?;
        if count == 0 {
            let message = "top_k counts rows: it must be greater than 0";
            return Err(failure(errors::INVALID_ARGUMENT, message));
        }
        let kind = match message
            .kind
            .as_ref()
            .ok_or_else(|| missing("Finder.kind"))?
        {
            Kind::Exact(exact) => self.exact(rows, exact)?,
            Kind::Function(id) => FinderKind::Function(self.finding_function(id)?),
        };
        Ok(FinderSpec {
            query: query.expr,
            count,
            name: self.fresh_name(),
            kind,
        })
    }

    fn exact(&self, rows: Option<&Built>, message: &proto::search::Exact) -> Result<FinderKind> {
        use proto::search::Metric as M;
        let rows = rows.ok_or_else(|| missing("Search.rows"))?;
        let column = proto::Expr {
            kind: Some(proto::expr::Kind::Column(message.vector)),
        };
        let vector = singles(self.row(rows).typed(&column)?)?;
        Ok(FinderKind::Exact {
            vector: vector.expr,
            metric: match M::try_from(message.metric) {
                Ok(M::Cosine) => Metric::Cosine,
                Ok(M::Euclidean) => Metric::Euclidean,
                Ok(M::DotProduct) => Metric::DotProduct,
                Ok(M::Unspecified) | Err(_) => return Err(missing("Exact.metric")),
            },
            output: message.output.iter().map(|n| *n as usize).collect(),
        })
    }

    fn finding_function(&self, id: &str) -> Result<Function> {
        let result = hits_type(&[DataType::Int64]);
        Ok(Function {
            call: EvaluateFunction {
                query_id: self.context.request.query_id.clone(),
                function: id.to_owned(),
                r#type: types::to_proto(&result),
            },
            result,
            upcalls: self.context.engine.upcalls()?,
        })
    }
}
