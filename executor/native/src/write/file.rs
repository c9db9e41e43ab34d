//! The files of one execution.

use super::text::{Format, TextWriter};
use crate::engine::Engine;
use crate::errors::{self, failure};
use crate::proto;
use crate::scan::{Location, store_failure};
use bytes::Bytes;
use datafusion::arrow::array::RecordBatch;
use datafusion::arrow::datatypes::SchemaRef;
use datafusion::common::{DataFusionError, Result};
use datafusion::execution::memory_pool::MemoryReservation;
use datafusion::parquet::arrow::AsyncArrowWriter;
use datafusion::parquet::arrow::arrow_writer::ArrowWriterOptions;
use datafusion::parquet::arrow::async_writer::AsyncFileWriter;
use datafusion::parquet::basic::{Compression, GzipLevel, ZstdLevel};
use datafusion::parquet::errors::ParquetError;
use datafusion::parquet::file::properties::WriterProperties;
use futures::FutureExt;
use futures::future::{BoxFuture, poll_fn};
use object_store::buffered::BufWriter;
use object_store::{ObjectStore, ObjectStoreExt};
use std::error::Error;
use std::io::{self, ErrorKind};
use std::pin::Pin;
use std::sync::atomic::{AtomicU64, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use tokio::io::AsyncWrite;

const DEFAULT_FILE_BYTES: u64 = 512 << 20;
const DEFAULT_GROUP_ROWS: usize = 1 << 20;
/// Buffers of open columns are written out as a row group of their own beyond this.
const GROUP_BYTES: usize = 256 << 20;

#[derive(Debug, Clone)]
pub struct Settings {
    format: Format,
    one_file: bool,
    file_bytes: u64,
    group_rows: usize,
    compression: Compression,
}

impl Settings {
    pub fn of(target: &proto::WriteTarget) -> Result<Self> {
        let compression = match target.compression.to_ascii_lowercase().as_str() {
            "" | "zstd" => Compression::ZSTD(ZstdLevel::default()),
            "snappy" => Compression::SNAPPY,
            "gzip" => Compression::GZIP(GzipLevel::default()),
            "lz4" => Compression::LZ4_RAW,
            "uncompressed" | "none" => Compression::UNCOMPRESSED,
            other => {
                let message = format!(
                    "unknown compression \"{other}\"; zstd, snappy, gzip, lz4 and uncompressed are written"
                );
                return Err(failure(errors::INVALID_ARGUMENT, message));
            }
        };
        let or = |value: u64, default: u64| if value == 0 { default } else { value };
        Ok(Self {
            format: Format::of(target)?,
            one_file: !target.file_name.is_empty(),
            file_bytes: or(target.target_file_bytes, DEFAULT_FILE_BYTES),
            group_rows: or(u64::from(target.row_group_rows), DEFAULT_GROUP_ROWS as u64) as usize,
            compression,
        })
    }

    fn properties(&self) -> WriterProperties {
        WriterProperties::builder()
            .set_compression(self.compression)
            .set_max_row_group_row_count(Some(self.group_rows))
            .set_created_by(concat!("kelda version ", env!("CARGO_PKG_VERSION")).to_owned())
            .build()
    }
}

/// Names the files and removes them when an execution ends before all its partitions did.
pub struct Files {
    engine: Arc<Engine>,
    store: Arc<dyn ObjectStore>,
    location: String,
    prefix: String,
    /// The name of the only file.
    only: Option<String>,
    next: AtomicU64,
    unfinished: AtomicUsize,
    written: Mutex<Vec<String>>,
}

impl Files {
    pub fn open(
        engine: &Arc<Engine>,
        target: &proto::WriteTarget,
        partitions: usize,
    ) -> Result<Self> {
        let location = target.location.trim_end_matches('/').to_owned();
        let store = engine.object_store(&Location::parse(&location)?.store_url()?)?;
        Ok(Self {
            engine: Arc::clone(engine),
            store,
            location,
            prefix: target.file_prefix.clone(),
            only: Some(target.file_name.clone()).filter(|name| !name.is_empty()),
            next: AtomicU64::new(0),
            unfinished: AtomicUsize::new(partitions),
            written: Mutex::default(),
        })
    }

    /// The URL of a new file, in the form of the target's location. A file with a name of its own may have been there
    /// before, and is replaced when the new one is complete: it is not one to remove.
    fn name(&self) -> String {
        if let Some(only) = &self.only {
            return format!("{}/{only}", self.location);
        }
        let n = self.next.fetch_add(1, Ordering::Relaxed);
        let url = format!("{}/{}-{n:05}.parquet", self.location, self.prefix);
        self.written.lock().expect("files").push(url.clone());
        url
    }
}

impl Drop for Files {
    fn drop(&mut self) {
        let written = std::mem::take(self.written.get_mut().expect("files"));
        if self.unfinished.load(Ordering::Acquire) == 0 || written.is_empty() {
            return;
        }
        let paths = written.iter().filter_map(|url| Location::parse(url).ok());
        let (local, remote): (Vec<_>, Vec<_>) = paths.partition(Location::is_local);
        for path in local {
            let _ = std::fs::remove_file(format!("/{}", path.key));
        }
        if !remote.is_empty() {
            let store = Arc::clone(&self.store);
            self.engine.handle().spawn(async move {
                for path in remote.iter().filter_map(|path| path.object_path().ok()) {
                    let _ = store.delete(&path).await;
                }
            });
        }
    }
}

/// A finished file.
pub struct Written {
    pub url: String,
    pub rows: i64,
    pub bytes: i64,
    pub partition: Partition,
}

/// The partition's values, serialised.
pub type Partition = Vec<Option<Vec<u8>>>;

struct Open {
    url: String,
    rows: i64,
    partition: Partition,
    writer: Writer,
}

enum Writer {
    Parquet(Box<AsyncArrowWriter<Upload>>),
    Text(Box<TextWriter<Upload>>),
}

impl Writer {
    async fn write(&mut self, batch: &RecordBatch) -> std::result::Result<(), ParquetError> {
        match self {
            Self::Parquet(writer) => writer.write(batch).await,
            Self::Text(writer) => writer.write(batch).await,
        }
    }

    async fn flush(&mut self) -> std::result::Result<(), ParquetError> {
        match self {
            Self::Parquet(writer) => writer.flush().await,
            Self::Text(_) => Ok(()),
        }
    }

    /// Held in memory.
    fn memory_size(&self) -> usize {
        match self {
            Self::Parquet(writer) => writer.memory_size(),
            Self::Text(_) => 0,
        }
    }

    /// What the file would have, ended now.
    fn file_bytes(&self) -> usize {
        match self {
            Self::Parquet(writer) => writer.bytes_written() + writer.in_progress_size(),
            Self::Text(writer) => writer.bytes_written(),
        }
    }

    async fn finish(&mut self) -> std::result::Result<usize, ParquetError> {
        match self {
            Self::Parquet(writer) => writer.finish().await.map(|_| writer.bytes_written()),
            Self::Text(writer) => writer.finish().await.map(|()| writer.bytes_written()),
        }
    }

    async fn abort(self) {
        let mut upload = match self {
            Self::Parquet(writer) => writer.into_inner(),
            Self::Text(writer) => writer.into_inner(),
        };
        upload.abort().await;
    }
}

/// Writes what comes, a file after the other.
pub struct PartitionWriter {
    files: Arc<Files>,
    settings: Arc<Settings>,
    schema: SchemaRef,
    memory: MemoryReservation,
    open: Option<Open>,
    written: Vec<Written>,
}

impl PartitionWriter {
    pub fn new(
        files: Arc<Files>,
        settings: Arc<Settings>,
        schema: SchemaRef,
        memory: MemoryReservation,
    ) -> Self {
        Self {
            files,
            settings,
            schema,
            memory,
            open: None,
            written: Vec::new(),
        }
    }

    /// Rows of one partition; another one's begin another file.
    pub async fn write(&mut self, batch: &RecordBatch, partition: Partition) -> Result<()> {
        if batch.num_rows() == 0 {
            return Ok(());
        }
        if self
            .open
            .as_ref()
            .is_some_and(|open| open.partition != partition)
        {
            self.close().await?;
        }
        if self.open.is_none() {
            self.open = Some(self.create(partition)?);
        }
        let open = self.open.as_mut().expect("an open file");
        open.writer
            .write(batch)
            .await
            .map_err(|e| broken(&open.url, e))?;
        open.rows += batch.num_rows() as i64;
        let held = open.writer.memory_size();
        if held > GROUP_BYTES || self.memory.try_resize(held).is_err() {
            open.writer
                .flush()
                .await
                .map_err(|e| broken(&open.url, e))?;
            self.memory.try_resize(open.writer.memory_size())?;
        }
        if !self.settings.one_file && open.writer.file_bytes() as u64 >= self.settings.file_bytes {
            self.close().await?;
        }
        Ok(())
    }

    /// All rows have come.
    pub async fn finish(&mut self) -> Result<()> {
        if self.settings.one_file && self.open.is_none() {
            self.open = Some(self.create(Vec::new())?);
        }
        self.close().await?;
        self.files.unfinished.fetch_sub(1, Ordering::AcqRel);
        Ok(())
    }

    pub fn into_written(self) -> Vec<Written> {
        self.written
    }

    /// Gives up the open file; its finished ones go with the execution.
    pub async fn abort(mut self) {
        if let Some(open) = self.open.take() {
            open.writer.abort().await;
        }
    }

    fn create(&self, partition: Partition) -> Result<Open> {
        let url = self.files.name();
        let path = Location::parse(&url)?.object_path()?;
        let upload = Upload::new(BufWriter::new(Arc::clone(&self.files.store), path));
        let schema = Arc::clone(&self.schema);
        let writer = match &self.settings.format {
            Format::Parquet => {
                let options = ArrowWriterOptions::new()
                    .with_properties(self.settings.properties())
                    .with_skip_arrow_metadata(true);
                let writer = AsyncArrowWriter::try_new_with_options(upload, schema, options);
                Writer::Parquet(Box::new(writer.map_err(|e| unwritable(&e))?))
            }
            text => Writer::Text(Box::new(TextWriter::new(upload, text, &schema)?)),
        };
        Ok(Open {
            url,
            rows: 0,
            partition,
            writer,
        })
    }

    async fn close(&mut self) -> Result<()> {
        let Some(mut open) = self.open.take() else {
            return Ok(());
        };
        let bytes = match open.writer.finish().await {
            Ok(bytes) => bytes as i64,
            Err(e) => {
                let error = broken(&open.url, e);
                open.writer.abort().await;
                return Err(error);
            }
        };
        self.written.push(Written {
            url: open.url,
            rows: open.rows,
            bytes,
            partition: open.partition,
        });
        self.memory.free();
        Ok(())
    }
}

fn unwritable(error: &ParquetError) -> DataFusionError {
    failure(
        errors::NOT_SUPPORTED,
        format!("a column's type cannot be written to Parquet: {error}"),
    )
}

/// What kept the file at `url` from being written.
fn broken(url: &str, error: ParquetError) -> DataFusionError {
    let cause = match error {
        ParquetError::External(cause) => cause,
        other => return DataFusionError::ParquetError(Box::new(other)),
    };
    match cause.downcast_ref::<object_store::Error>() {
        Some(store) if disk_full(store) => failure(
            errors::DISK_FULL,
            format!(
                "cannot write \"{url}\": no space is left on the disk; free some and run again"
            ),
        ),
        Some(store) => store_failure("write", url, store).into(),
        None => DataFusionError::ParquetError(Box::new(ParquetError::External(cause))),
    }
}

fn disk_full(error: &object_store::Error) -> bool {
    let mut at: Option<&(dyn Error + 'static)> = Some(error);
    while let Some(e) = at {
        if let Some(io) = e.downcast_ref::<io::Error>() {
            return matches!(io.kind(), ErrorKind::StorageFull | ErrorKind::QuotaExceeded);
        }
        at = e.source();
    }
    false
}

/// An object that appears when it is complete.
struct Upload {
    writer: BufWriter,
    ended: bool,
}

impl Upload {
    fn new(writer: BufWriter) -> Self {
        Self {
            writer,
            ended: false,
        }
    }

    /// Takes back what is not complete. An end that failed, as on a full disk, leaves nothing to take back.
    async fn abort(&mut self) {
        if !self.ended {
            let _ = self.writer.abort().await;
        }
    }
}

impl AsyncFileWriter for Upload {
    fn write(&mut self, bytes: Bytes) -> BoxFuture<'_, std::result::Result<(), ParquetError>> {
        let put = self.writer.put(bytes);
        async move { put.await.map_err(|e| ParquetError::External(Box::new(e))) }.boxed()
    }

    fn complete(&mut self) -> BoxFuture<'_, std::result::Result<(), ParquetError>> {
        self.ended = true;
        poll_fn(|cx| Pin::new(&mut self.writer).poll_shutdown(cx))
            .map(|done| done.map_err(|e| ParquetError::External(cause(e))))
            .boxed()
    }
}

/// What the store said, which the writer puts into an error of its own.
fn cause(error: io::Error) -> Box<dyn Error + Send + Sync> {
    match error.downcast::<object_store::Error>() {
        Ok(store) => Box::new(store),
        Err(other) => Box::new(other),
    }
}
