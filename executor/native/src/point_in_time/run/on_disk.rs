//! What the memory has no room for: the spine, joined so far, and the features left go to disk, are sorted and merged.
use super::super::joined::Joined;
use super::super::lookup::Lookup;
use super::super::merge;
use super::{Output, Run};
use crate::spill::SpillWriter;
use datafusion::arrow::array::{RecordBatch, RecordBatchOptions};
use datafusion::common::Result;
use datafusion::execution::SendableRecordBatchStream;
use datafusion::physical_plan::stream::RecordBatchStreamAdapter;
use futures::{StreamExt, TryStreamExt, stream};
use std::sync::{Arc, Mutex};

const SPILLED: &str = "a point-in-time join";

impl Run {
    /// The spine goes to disk with what the features before `first` give it, and so does feature `first`.
    pub(super) async fn merge_after(
        self,
        first: usize,
        before: Lookup,
        batches: Vec<RecordBatch>,
        rest: Vec<SendableRecordBatchStream>,
    ) -> Result<Output> {
        let schema = self.inputs.features[first].input.schema();
        let mut writer = self.spill.writer(&schema, SPILLED)?;
        for batch in batches {
            writer.write(&batch)?;
            tokio::task::consume_budget().await;
        }
        let mut feature = vec![writer.finish()?.read()?];
        feature.extend(rest);
        let mut writer = self.spill.writer(before.schema(), SPILLED)?;
        for mut stream in self.streams(&self.inputs.spine)? {
            while let Some(batch) = stream.try_next().await? {
                self.metrics.spine_rows.add(batch.num_rows());
                writer.write(&before.join(&batch)?)?;
                tokio::task::consume_budget().await;
            }
        }
        drop(before);
        self.merge(first, writer.finish()?.read()?, Some(feature))
            .await
    }

    /// Goes on from feature `first`: what has been joined so far, and the rows of that feature, go to disk and are merged.
    pub(super) async fn merge_rest(
        self,
        first: usize,
        joined: Joined,
        winners: Vec<RecordBatch>,
        rest: Vec<SendableRecordBatchStream>,
    ) -> Result<Output> {
        let schema = self.inputs.features[first].input.schema();
        let mut writer = self.spill.writer(&schema, SPILLED)?;
        for batch in winners {
            // Taken from several batches: the schema has lost what cannot be NULL.
            let columns = batch.columns().to_vec();
            writer.write(&RecordBatch::try_new(Arc::clone(&schema), columns)?)?;
        }
        let mut feature = vec![writer.finish()?.read()?];
        feature.extend(rest);
        let schema = Arc::new(self.inputs.schema.project(&self.width_of(first))?);
        let mut writer = self.spill.writer(&schema, SPILLED)?;
        let joined = Arc::new(joined.with_schema(schema));
        for batch in Arc::clone(&joined).all(self.context.session_config().batch_size()) {
            writer.write(&batch?)?;
            tokio::task::consume_budget().await;
        }
        drop(joined);
        self.merge(first, writer.finish()?.read()?, Some(feature))
            .await
    }

    /// Brings the spine to disk, then merges it with the features from the first on.
    pub(super) async fn merge_from(
        self,
        first: usize,
        batches: Vec<RecordBatch>,
        rest: Vec<SendableRecordBatchStream>,
        feature: Option<Vec<SendableRecordBatchStream>>,
    ) -> Result<Output> {
        let mut writer = self.spill.writer(&self.inputs.spine.schema(), SPILLED)?;
        for batch in batches {
            writer.write(&batch)?;
            self.reservation
                .try_shrink(batch.get_array_memory_size().min(self.reservation.size()))?;
            tokio::task::consume_budget().await;
        }
        self.reservation.free();
        write_all(&mut writer, rest).await?;
        self.merge(first, writer.finish()?.read()?, feature).await
    }

    async fn merge(
        self,
        first: usize,
        spine: SendableRecordBatchStream,
        mut feature: Option<Vec<SendableRecordBatchStream>>,
    ) -> Result<Output> {
        let mut spine = spine;
        let features = &self.inputs.features[first..];
        for (number, input) in features.iter().enumerate() {
            let streams = match feature.take() {
                Some(streams) => streams,
                None => self.streams(&input.input)?,
            };
            let schema = input.input.schema();
            let all = RecordBatchStreamAdapter::new(schema, stream::select_all(streams));
            spine = merge::join(spine, Box::pin(all), input, &self.context, &self.spill)?;
            if number + 1 < features.len() {
                // One pair of sorts at a time.
                let mut writer = self.spill.writer(&spine.schema(), SPILLED)?;
                write_all(&mut writer, vec![spine]).await?;
                spine = writer.finish()?.read()?;
            }
        }
        let schema = Arc::clone(&self.inputs.schema);
        let named = spine.map(move |batch| {
            let batch = batch?;
            let options = RecordBatchOptions::new().with_row_count(Some(batch.num_rows()));
            let columns = batch.columns().to_vec();
            let schema = Arc::clone(&schema);
            Ok(RecordBatch::try_new_with_options(
                schema, columns, &options,
            )?)
        });
        let stream = RecordBatchStreamAdapter::new(Arc::clone(&self.inputs.schema), named);
        Ok(Output::Merged(Mutex::new(Some(Box::pin(stream)))))
    }
}

async fn write_all(
    writer: &mut SpillWriter,
    streams: Vec<SendableRecordBatchStream>,
) -> Result<()> {
    for mut stream in streams {
        while let Some(batch) = stream.try_next().await? {
            writer.write(&batch)?;
            tokio::task::consume_budget().await;
        }
    }
    Ok(())
}
