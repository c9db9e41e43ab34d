//! CSV, JSON-lines and Arrow IPC files: bytes in order, decompressed, decoded to the columns that the query needs.
//!
//! A file is one piece: a quoted field may hold a line break, so a file cannot be cut at any line. Files are read in
//! parallel.

mod bytes;
mod csv;
mod ipc;
mod json;

pub use bytes::{Compression, chunks};
pub use csv::{dialect, names, without_mark};
pub use ipc::Messages;

use super::failures;
use super::table::{FileIndex, ScanContext};
use crate::errors::internal;
use crate::proto::{FileFormat, FormatOptions};
use datafusion::arrow::array::RecordBatch;
use datafusion::arrow::datatypes::SchemaRef;
use datafusion::common::Result;
use datafusion::common::tree_node::TreeNodeRecursion;
use datafusion::datasource::listing::PartitionedFile;
use datafusion::datasource::physical_plan::{
    FileOpenFuture, FileOpener, FileScanConfig, FileSource,
};
use datafusion::datasource::table_schema::TableSchema;
use datafusion::physical_expr::PhysicalExpr;
use datafusion::physical_plan::metrics::ExecutionPlanMetricsSet;
use futures::{StreamExt, TryStreamExt};
use object_store::{ObjectStore, ObjectStoreExt};
use std::sync::Arc;

/// Turns the text of one file into batches of the wanted columns.
trait Decoder: Send {
    /// Consumes `text`; hands out the batches that became full.
    fn push(&mut self, text: &[u8], out: &mut Vec<RecordBatch>) -> Result<()>;
    /// The text has ended.
    fn finish(&mut self, out: &mut Vec<RecordBatch>) -> Result<()>;
}

#[derive(Clone)]
pub struct TextSource {
    context: Arc<ScanContext>,
    format: FileFormat,
    projection: Option<Vec<usize>>,
    table: TableSchema,
    batch_size: usize,
    metrics: ExecutionPlanMetricsSet,
}

impl TextSource {
    /// Reads exactly `schema`, which is `projection` of the table's row.
    pub fn new(
        context: Arc<ScanContext>,
        format: FileFormat,
        projection: Option<Vec<usize>>,
        schema: SchemaRef,
    ) -> Self {
        Self {
            context,
            format,
            projection,
            table: TableSchema::from(schema),
            batch_size: 8192,
            metrics: ExecutionPlanMetricsSet::new(),
        }
    }
}

impl FileSource for TextSource {
    fn create_file_opener(
        &self,
        store: Arc<dyn ObjectStore>,
        _config: &FileScanConfig,
        _partition: usize,
    ) -> Result<Arc<dyn FileOpener>> {
        Ok(Arc::new(TextOpener {
            source: self.clone(),
            store,
        }))
    }

    fn table_schema(&self) -> &TableSchema {
        &self.table
    }

    fn with_batch_size(&self, batch_size: usize) -> Arc<dyn FileSource> {
        Arc::new(Self {
            batch_size,
            ..self.clone()
        })
    }

    fn metrics(&self) -> &ExecutionPlanMetricsSet {
        &self.metrics
    }

    fn file_type(&self) -> &str {
        match self.format {
            FileFormat::Csv => "csv",
            FileFormat::Arrow => "arrow",
            _ => "json",
        }
    }

    fn supports_repartitioning(&self) -> bool {
        false
    }

    fn apply_expressions(
        &self,
        _f: &mut dyn FnMut(&Arc<dyn PhysicalExpr>) -> Result<TreeNodeRecursion>,
    ) -> Result<TreeNodeRecursion> {
        Ok(TreeNodeRecursion::Continue)
    }
}

struct TextOpener {
    source: TextSource,
    store: Arc<dyn ObjectStore>,
}

impl FileOpener for TextOpener {
    fn open(&self, piece: PartitionedFile) -> Result<FileOpenFuture> {
        let source = self.source.clone();
        let store = Arc::clone(&self.store);
        let index = piece.extension::<FileIndex>().copied();
        let file = index
            .and_then(|index| source.context.scan.files.get(index.0))
            .cloned();
        let file = file.ok_or_else(|| internal("a piece of no file of the scan"))?;
        Ok(Box::pin(async move {
            let path = &piece.object_meta.location;
            let meta = store
                .head(path)
                .await
                .map_err(|e| failures::of_store(&file.path, &e))?;
            let options = source.context.scan.options.clone().unwrap_or_default();
            let compression = Compression::of(&options.compression, &file.path)?;
            let url: Arc<str> = file.path.as_str().into();
            let decoder = source.decoder(&options, Arc::clone(&url))?;
            let text = chunks(store, meta, compression, Arc::clone(&url)).map_ok(Some);
            let text = text.chain(futures::stream::once(async { Ok(None) }));
            let batches = text.scan(decoder, |decoder, chunk| {
                let mut out = Vec::new();
                let done = chunk.and_then(|chunk| match chunk {
                    Some(text) => decoder.push(&text, &mut out),
                    None => decoder.finish(&mut out),
                });
                let mut out: Vec<Result<RecordBatch>> = out.into_iter().map(Ok).collect();
                out.extend(done.err().map(Err));
                futures::future::ready(Some(futures::stream::iter(out)))
            });
            let batches = batches.flatten();
            Ok(batches
                .map_err(move |e| failures::in_file(&url, "text", e))
                .boxed())
        }))
    }
}

impl TextSource {
    fn decoder(&self, options: &FormatOptions, url: Arc<str>) -> Result<Box<dyn Decoder>> {
        let schema = Arc::clone(self.table.file_schema());
        let all = || (0..self.context.columns.len()).collect();
        let columns: Vec<usize> = self.projection.clone().unwrap_or_else(all);
        let name = |column: &usize| self.context.columns[*column].own_name();
        let names: Vec<&str> = columns.iter().map(name).collect();
        Ok(match self.format {
            FileFormat::Csv => Box::new(csv::CsvDecoder::new(csv::Csv {
                url,
                options: options.clone(),
                table: self
                    .context
                    .columns
                    .iter()
                    .map(|c| c.name.clone())
                    .collect(),
                columns,
                schema,
                batch_size: self.batch_size,
            })?),
            FileFormat::Arrow => Box::new(ipc::IpcDecoder::new(url, schema, &names)),
            _ => {
                let decoder = json::JsonDecoder::new(url, schema, &names, self.batch_size)?;
                Box::new(decoder)
            }
        })
    }
}
