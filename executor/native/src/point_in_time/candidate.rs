//! What decides about a feature row: its key, when it happened, from when on it is visible.
use super::exec::FeatureInput;
use super::keys::{BatchKeys, KeyEncoder};
use super::time::Times;
use super::{Direction, Matching};
use datafusion::arrow::array::{Array, ArrayRef, RecordBatch};
use datafusion::arrow::buffer::{BooleanBuffer, NullBuffer, ScalarBuffer};
use datafusion::arrow::compute::concat;
use datafusion::arrow::datatypes::Schema;
use datafusion::common::{DataFusionError, Result};
use datafusion::physical_expr::PhysicalExpr;
use std::sync::Arc;

/// What decides about rows of a feature input.
pub struct Candidates {
    pub keys: BatchKeys,
    pub event: ScalarBuffer<i64>,
    pub known: Option<ScalarBuffer<i64>>,
    /// A spine row sees the feature row from this time on.
    pub visible: ScalarBuffer<i64>,
    /// Unset: some key or time is NULL, or the row is never visible.
    pub valid: Option<NullBuffer>,
    pub rows: usize,
}

/// One batch of a feature input.
pub struct FeatureBatch {
    pub input: RecordBatch,
    pub candidates: Candidates,
    /// The columns handed upwards.
    pub output: Vec<ArrayRef>,
}

impl FeatureBatch {
    pub fn of(feature: &FeatureInput, encoder: &KeyEncoder, input: RecordBatch) -> Result<Self> {
        let columns = DecidingColumns::of(feature, &input)?;
        let output = feature.output.iter();
        Ok(Self {
            candidates: columns.candidates(&feature.matching, encoder)?,
            output: output.map(|o| Arc::clone(input.column(*o))).collect(),
            input,
        })
    }
}

/// Keys and times of rows, as columns.
pub struct DecidingColumns {
    pub keys: Vec<ArrayRef>,
    pub time: ArrayRef,
    pub known_at: Option<ArrayRef>,
}

impl DecidingColumns {
    /// Of a feature's rows.
    pub fn of(feature: &FeatureInput, input: &RecordBatch) -> Result<Self> {
        let known_at = feature.known_at.as_ref();
        Self::evaluate(
            &feature.feature_keys,
            &feature.feature_time,
            known_at,
            input,
        )
    }

    /// Of the spine's rows, as a feature finds them.
    pub fn of_spine(feature: &FeatureInput, spine: &RecordBatch) -> Result<Self> {
        Self::evaluate(&feature.spine_keys, &feature.spine_time, None, spine)
    }

    fn evaluate(
        keys: &[Arc<dyn PhysicalExpr>],
        time: &Arc<dyn PhysicalExpr>,
        known_at: Option<&Arc<dyn PhysicalExpr>>,
        input: &RecordBatch,
    ) -> Result<Self> {
        let array = |e: &Arc<dyn PhysicalExpr>| e.evaluate(input)?.into_array(input.num_rows());
        Ok(Self {
            keys: keys.iter().map(array).collect::<Result<_>>()?,
            time: array(time)?,
            known_at: known_at.map(array).transpose()?,
        })
    }

    /// The rows of all parts (at least one), one after the other.
    pub fn whole(parts: &[Self]) -> Result<Self> {
        let all = |column: &dyn Fn(&Self) -> ArrayRef| {
            let arrays: Vec<_> = parts.iter().map(column).collect();
            let arrays: Vec<&dyn Array> = arrays.iter().map(AsRef::as_ref).collect();
            Ok::<_, DataFusionError>(concat(&arrays)?)
        };
        Ok(Self {
            keys: (0..parts[0].keys.len())
                .map(|key| all(&|part| Arc::clone(&part.keys[key])))
                .collect::<Result<_>>()?,
            time: all(&|part| Arc::clone(&part.time))?,
            known_at: match parts[0].known_at {
                Some(_) => Some(all(&|part| {
                    Arc::clone(part.known_at.as_ref().expect("all have it"))
                })?),
                None => None,
            },
        })
    }

    pub fn candidates(&self, matching: &Matching, encoder: &KeyEncoder) -> Result<Candidates> {
        let rows = self.time.len();
        let keys = encoder.encode(&self.keys, rows)?;
        let event = Times::of(&self.time, matching.direction)?;
        let known = match &self.known_at {
            Some(known) => Some(Times::of(known, Direction::Backward)?),
            None => None,
        };
        let mut valid = NullBuffer::union(keys.valid.as_ref(), event.valid.as_ref());
        let mut visible = event.values.clone();
        if matching.strict {
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
        Ok(Candidates {
            keys,
            event: event.values,
            known: known.map(|known| known.values),
            visible,
            valid: valid.filter(|valid| valid.null_count() > 0),
            rows,
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
