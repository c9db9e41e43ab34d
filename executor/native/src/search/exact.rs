//! Every row compared with every query.

use super::best::Best;
use crate::errors::{INVALID_ARGUMENT, failure};
use crate::vectors::{Metric, Vectors, norm};
use datafusion::arrow::array::{Array, ArrayRef, AsArray};
use datafusion::arrow::datatypes::{Float32Type, Int64Type};
use datafusion::common::Result;

/// Rows that are compared with all queries while they are in the processor's cache.
const BLOCK: usize = 32;

/// The vectors of all queries.
#[derive(Debug, Default)]
pub struct Queries {
    values: Vec<f32>,
    /// Where each query's elements end.
    ends: Vec<usize>,
    /// 0 for a query that is NULL, which finds nothing.
    norms: Vec<f64>,
    missing: Vec<bool>,
}

impl Queries {
    /// NaN and infinite elements are an error: nothing is near them.
    pub fn add(&mut self, column: &ArrayRef) -> Result<()> {
        let vectors = Vectors::<Float32Type>::of(column)?;
        for row in 0..column.len() {
            let query = vectors.at(row)?;
            let elements = query.unwrap_or_default();
            if let Some(odd) = elements.iter().find(|v| !v.is_finite()) {
                let message = format!("a query vector has the element {odd}");
                return Err(failure(INVALID_ARGUMENT, message));
            }
            self.values.extend(elements);
            self.ends.push(self.values.len());
            self.norms.push(norm(elements));
            self.missing.push(query.is_none());
        }
        Ok(())
    }

    pub fn len(&self) -> usize {
        self.ends.len()
    }

    pub fn bytes(&self) -> usize {
        self.values.capacity() * 4 + self.ends.capacity() * 17
    }

    fn at(&self, query: usize) -> &[f32] {
        let start = match query {
            0 => 0,
            _ => self.ends[query - 1],
        };
        &self.values[start..self.ends[query]]
    }
}

/// What one thread has seen of the rows.
pub struct Compared {
    pub best: Best,
    metric: Metric,
    /// Rows with a vector, and the length of one that no query has.
    compared: usize,
    other_length: Option<usize>,
}

impl Compared {
    pub fn new(queries: usize, count: usize, metric: Metric) -> Self {
        Self {
            best: Best::new(queries, count),
            metric,
            compared: 0,
            other_length: None,
        }
    }

    /// `output` are the columns handed upwards.
    pub fn add(&mut self, queries: &Queries, column: &ArrayRef, output: &[ArrayRef]) -> Result<()> {
        let vectors = Vectors::<Float32Type>::of(column)?;
        let ties = output
            .first()
            .and_then(|first| first.as_primitive_opt::<Int64Type>());
        let mut block: Vec<(usize, &[f32], f64)> = Vec::with_capacity(BLOCK);
        for row in 0..column.len() {
            if let Some(vector) = vectors.whole_at(row) {
                let length = match self.metric {
                    Metric::Cosine => norm(vector),
                    _ => 0.0,
                };
                block.push((row, vector, length));
            }
            if block.len() == BLOCK || row + 1 == column.len() {
                self.block(queries, &block, ties);
                block.clear();
            }
        }
        self.best.keep(output)
    }

    fn block(
        &mut self,
        queries: &Queries,
        block: &[(usize, &[f32], f64)],
        ties: Option<&datafusion::arrow::array::Int64Array>,
    ) {
        for query in 0..queries.len() {
            if queries.missing[query] {
                continue;
            }
            let (wanted, query_norm) = (queries.at(query), queries.norms[query]);
            for (row, vector, row_norm) in block {
                if vector.len() != wanted.len() {
                    self.other_length = Some(vector.len());
                    continue;
                }
                self.compared += 1;
                let value = self.metric.distance(wanted, vector, query_norm * row_norm);
                if value <= self.best.bound(query) {
                    let tie = ties.map_or(0, |t| t.value(*row));
                    self.best.offer(query, value, tie, *row);
                }
            }
        }
    }
}

/// The queries fit none of the rows: they are of another length.
pub fn check_lengths(queries: &Queries, parts: &[Compared]) -> Result<()> {
    let compared: usize = parts.iter().map(|part| part.compared).sum();
    let other = parts.iter().find_map(|part| part.other_length);
    let query = (0..queries.len()).find(|query| !queries.missing[*query]);
    match (compared, other, query) {
        (0, Some(length), Some(query)) => {
            let message = format!(
                "the query vector has {} elements, the vectors have {length}",
                queries.at(query).len()
            );
            Err(failure(INVALID_ARGUMENT, message))
        }
        _ => Ok(()),
    }
}
