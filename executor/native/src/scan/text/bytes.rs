//! A file's bytes in order, some read ahead, decompressed.

use crate::errors::{self, failure};
use crate::scan::failures;
use bytes::Bytes;
use datafusion::common::{DataFusionError, Result};
use flate2::write::MultiGzDecoder;
use futures::{Stream, StreamExt};
use object_store::{ObjectMeta, ObjectStore, ObjectStoreExt};
use std::io::Write;
use std::sync::Arc;

const CHUNK: u64 = 2 << 20;
const READ_AHEAD: usize = 2;

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Compression {
    None,
    Gzip,
    Zstd,
}

impl Compression {
    /// As told, else as the file's name says.
    pub fn of(name: &str, url: &str) -> Result<Self> {
        let name = name.to_ascii_lowercase();
        let found = match name.as_str() {
            "" | "auto" => url.rsplit_once('.').map_or("", |(_, extension)| extension),
            other => other,
        };
        match (found.to_ascii_lowercase().as_str(), name.as_str()) {
            ("gz" | "gzip", _) => Ok(Self::Gzip),
            ("zst" | "zstd", _) => Ok(Self::Zstd),
            ("bz2" | "bzip2" | "xz", _) => Err(failure(
                errors::NOT_SUPPORTED,
                format!("{found} compression (\"{url}\"); gzip and zstd are read"),
            )),
            (_, "" | "auto" | "none" | "uncompressed") => Ok(Self::None),
            _ => Err(failure(
                errors::INVALID_ARGUMENT,
                format!("unknown compression \"{name}\""),
            )),
        }
    }
}

/// The plain text of the file. Ends after the first error.
pub fn chunks(
    store: Arc<dyn ObjectStore>,
    meta: ObjectMeta,
    compression: Compression,
    url: Arc<str>,
) -> impl Stream<Item = Result<Bytes>> + Send {
    let starts = (0..meta.size).step_by(CHUNK as usize);
    let name = Arc::clone(&url);
    let raw = futures::stream::iter(starts)
        .map(move |start| {
            let (store, path) = (Arc::clone(&store), meta.location.clone());
            let (range, url) = (start..(start + CHUNK).min(meta.size), Arc::clone(&url));
            async move {
                let read = store.get_range(&path, range).await;
                read.map_err(|e| DataFusionError::from(failures::of_store(&url, &e)))
            }
        })
        .buffered(READ_AHEAD);
    let state = Inflater::new(compression);
    raw.map(Some)
        .chain(futures::stream::once(async { None }))
        .scan(state, move |state, chunk| {
            let Some(mut inflater) = state.take() else {
                return futures::future::ready(None);
            };
            let out = match chunk {
                Some(Ok(bytes)) => inflater.push(bytes),
                Some(Err(e)) => return futures::future::ready(Some(Err(e))),
                None => inflater.finish(),
            };
            let out = out.map_err(|e| {
                failure(
                    errors::INVALID_FILE,
                    format!("\"{name}\" cannot be decompressed: {e}"),
                )
            });
            if out.is_ok() {
                *state = Some(inflater);
            }
            futures::future::ready(Some(out))
        })
}

enum Inflater {
    None,
    Gzip(Box<MultiGzDecoder<Vec<u8>>>),
    Zstd(Box<zstd::stream::write::Decoder<'static, Vec<u8>>>),
}

impl Inflater {
    fn new(compression: Compression) -> Option<Self> {
        Some(match compression {
            Compression::None => Self::None,
            Compression::Gzip => Self::Gzip(Box::new(MultiGzDecoder::new(Vec::new()))),
            Compression::Zstd => Self::Zstd(Box::new(
                zstd::stream::write::Decoder::new(Vec::new()).ok()?,
            )),
        })
    }

    fn push(&mut self, bytes: Bytes) -> std::io::Result<Bytes> {
        match self {
            Self::None => Ok(bytes),
            Self::Gzip(gzip) => {
                gzip.write_all(&bytes)?;
                Ok(std::mem::take(gzip.get_mut()).into())
            }
            Self::Zstd(zstd) => {
                zstd.write_all(&bytes)?;
                Ok(std::mem::take(zstd.get_mut()).into())
            }
        }
    }

    fn finish(&mut self) -> std::io::Result<Bytes> {
        match self {
            Self::None => Ok(Bytes::new()),
            Self::Gzip(gzip) => {
                gzip.try_finish()?;
                Ok(std::mem::take(gzip.get_mut()).into())
            }
            Self::Zstd(zstd) => {
                zstd.flush()?;
                Ok(std::mem::take(zstd.get_mut()).into())
            }
        }
    }
}
