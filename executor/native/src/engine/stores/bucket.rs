//! A bucket whose parts may be reached with credentials of their own.

use super::Options;
use async_trait::async_trait;
use bytes::Bytes;
use futures::stream::{BoxStream, StreamExt};
use object_store::path::Path;
use object_store::{
    CopyOptions, GetOptions, GetResult, ListResult, MultipartUpload, ObjectMeta, ObjectStore,
    ObjectStoreExt, PutMultipartOptions, PutOptions, PutPayload, PutResult, RenameOptions, Result,
};
use std::fmt;
use std::ops::Range;
use std::sync::{Arc, RwLock};
use std::time::SystemTime;

const DELETES_AT_ONCE: usize = 10;

/// Every request looks anew for the client that serves its path: a long read goes on with credentials that were renewed.
pub struct Bucket {
    clients: Arc<Clients>,
}

struct Clients {
    own: Arc<dyn ObjectStore>,
    /// Longest prefix first.
    lent: RwLock<Vec<Lent>>,
}

struct Lent {
    /// Without slashes around it; empty for the whole bucket.
    prefix: String,
    options: Options,
    until: Option<SystemTime>,
    client: Arc<dyn ObjectStore>,
}

impl Bucket {
    pub fn new(own: Arc<dyn ObjectStore>) -> Self {
        let lent = RwLock::default();
        Self {
            clients: Arc::new(Clients { own, lent }),
        }
    }

    /// Whether exactly this is lent already.
    pub fn has(&self, prefix: &str, options: &Options, until: Option<SystemTime>) -> bool {
        let prefix = prefix.trim_matches('/');
        let lent = self.clients.lent.read().expect("lent");
        lent.iter()
            .any(|l| l.prefix == prefix && l.options == *options && l.until == until)
    }

    /// In place of what was lent for the prefix before. What has run out is forgotten.
    pub fn lend(
        &self,
        prefix: &str,
        options: &Options,
        until: Option<SystemTime>,
        client: Arc<dyn ObjectStore>,
    ) {
        let prefix = prefix.trim_matches('/').to_owned();
        let now = SystemTime::now();
        let mut lent = self.clients.lent.write().expect("lent");
        lent.retain(|l| l.prefix != prefix && l.until.is_none_or(|until| until > now));
        lent.push(Lent {
            prefix,
            options: options.clone(),
            until,
            client,
        });
        lent.sort_by_key(|l| std::cmp::Reverse(l.prefix.len()));
    }

    pub(super) fn client(&self, path: &Path) -> Arc<dyn ObjectStore> {
        self.clients.of(path)
    }

    fn client_below(&self, prefix: Option<&Path>) -> Arc<dyn ObjectStore> {
        self.clients.of(prefix.unwrap_or(&Path::default()))
    }
}

impl Clients {
    fn of(&self, path: &Path) -> Arc<dyn ObjectStore> {
        let path = path.as_ref();
        let lent = self.lent.read().expect("lent");
        let found = lent.iter().find(|l| match path.strip_prefix(&l.prefix) {
            Some(rest) => l.prefix.is_empty() || rest.is_empty() || rest.starts_with('/'),
            None => false,
        });
        Arc::clone(found.map_or(&self.own, |l| &l.client))
    }
}

impl fmt::Debug for Bucket {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

impl fmt::Display for Bucket {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(&self.clients.own, f)
    }
}

#[async_trait]
impl ObjectStore for Bucket {
    async fn put_opts(
        &self,
        location: &Path,
        payload: PutPayload,
        options: PutOptions,
    ) -> Result<PutResult> {
        let client = self.client(location);
        client.put_opts(location, payload, options).await
    }

    async fn put_multipart_opts(
        &self,
        location: &Path,
        options: PutMultipartOptions,
    ) -> Result<Box<dyn MultipartUpload>> {
        let client = self.client(location);
        client.put_multipart_opts(location, options).await
    }

    async fn get_opts(&self, location: &Path, options: GetOptions) -> Result<GetResult> {
        self.client(location).get_opts(location, options).await
    }

    async fn get_ranges(&self, location: &Path, ranges: &[Range<u64>]) -> Result<Vec<Bytes>> {
        self.client(location).get_ranges(location, ranges).await
    }

    fn delete_stream(
        &self,
        locations: BoxStream<'static, Result<Path>>,
    ) -> BoxStream<'static, Result<Path>> {
        let clients = Arc::clone(&self.clients);
        locations
            .map(move |location| {
                let clients = Arc::clone(&clients);
                async move {
                    let path = location?;
                    clients.of(&path).delete(&path).await?;
                    Ok(path)
                }
            })
            .buffered(DELETES_AT_ONCE)
            .boxed()
    }

    fn list(&self, prefix: Option<&Path>) -> BoxStream<'static, Result<ObjectMeta>> {
        self.client_below(prefix).list(prefix)
    }

    fn list_with_offset(
        &self,
        prefix: Option<&Path>,
        offset: &Path,
    ) -> BoxStream<'static, Result<ObjectMeta>> {
        self.client_below(prefix).list_with_offset(prefix, offset)
    }

    async fn list_with_delimiter(&self, prefix: Option<&Path>) -> Result<ListResult> {
        let client = self.client_below(prefix);
        client.list_with_delimiter(prefix).await
    }

    async fn copy_opts(&self, from: &Path, to: &Path, options: CopyOptions) -> Result<()> {
        self.client(from).copy_opts(from, to, options).await
    }

    async fn rename_opts(&self, from: &Path, to: &Path, options: RenameOptions) -> Result<()> {
        self.client(from).rename_opts(from, to, options).await
    }
}
