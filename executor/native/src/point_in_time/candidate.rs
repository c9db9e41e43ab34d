//! What decides about a feature row: its key, when it happened, from when on it is visible.
use super::exec::FeatureInput;
use super::keys::{BatchKeys, KeyEncoder};
use super::time::Times;
use super::{Direction, Matching};
use datafusion::arrow::array::{ArrayRef, RecordBatch};
use datafusion::arrow::buffer::{BooleanBuffer, NullBuffer, ScalarBuffer};
use datafusion::arrow::datatypes::Schema;
use datafusion::common::Result;
use datafusion::physical_expr::PhysicalExpr;
use std::sync::Arc;

/// One batch of a feature input.
pub struct FeatureBatch {
    pub input: RecordBatch,
    pub keys: BatchKeys,
    pub event: ScalarBuffer<i64>,
    pub known: Option<ScalarBuffer<i64>>,
    /// A spine row sees the feature row from this time on.
    pub visible: ScalarBuffer<i64>,
    /// Unset: some key or time is NULL, or the row is never visible.
    pub valid: Option<NullBuffer>,
    /// The columns handed upwards.
    pub output: Vec<ArrayRef>,
    pub rows: usize,
}

impl FeatureBatch {
    pub fn of(feature: &FeatureInput, encoder: &KeyEncoder, input: RecordBatch) -> Result<Self> {
        let rows = input.num_rows();
        let array = |e: &Arc<dyn PhysicalExpr>| e.evaluate(&input)?.into_array(rows);
        let keys = feature
            .feature_keys
            .iter()
            .map(array)
            .collect::<Result<Vec<_>>>()?;
        let keys = encoder.encode(&keys, rows)?;
        let Matching {
            direction, strict, ..
        } = feature.matching;
        let event = Times::of(&array(&feature.feature_time)?, direction)?;
        let known = match &feature.known_at {
            Some(known) => Some(Times::of(&array(known)?, Direction::Backward)?),
            None => None,
        };
        let mut valid = NullBuffer::union(keys.valid.as_ref(), event.valid.as_ref());
        let mut visible = event.values.clone();
        if strict {
            // The greatest time comes before none.
            let last = BooleanBuffer::collect_bool(rows, |row| visible[row] != i64::MAX);
            valid = NullBuffer::union(valid.as_ref(), Some(&NullBuffer::new(last)));
            visible = visible.iter().map(|time| time.saturating_add(1)).collect();
        }
        if let Some(known) = &known {
            valid = NullBuffer::union(valid.as_ref(), known.valid.as_ref());
            let both = visible.iter().zip(known.values.iter());
            visible = both.map(|(event, known)| *event.max(known)).collect();
        }
        let output = feature.output.iter();
        Ok(Self {
            keys,
            event: event.values,
            known: known.map(|known| known.values),
            visible,
            valid: valid.filter(|valid| valid.null_count() > 0),
            output: output.map(|o| Arc::clone(input.column(*o))).collect(),
            rows,
            input,
        })
    }
}

/// The encoder of a feature's keys; that of its spine keys is the same.
pub fn key_encoder(keys: &[Arc<dyn PhysicalExpr>], schema: &Schema) -> Result<KeyEncoder> {
    let types = keys
        .iter()
        .map(|key| key.data_type(schema))
        .collect::<Result<Vec<_>>>()?;
    KeyEncoder::new(&types)
}

/// The greatest allowed distance between the two times.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Tolerance {
    pub distance: i64,
    /// Whether the distance itself is too far.
    pub exclusive: bool,
}

impl Tolerance {
    pub fn allows(self, later: i64, earlier: i64) -> bool {
        let distance = i128::from(later) - i128::from(earlier);
        match self.exclusive {
            true => distance < i128::from(self.distance),
            false => distance <= i128::from(self.distance),
        }
    }
}
