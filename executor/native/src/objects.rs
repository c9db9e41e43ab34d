//! Objects for Java: what the catalogs of a lakehouse keep beside the data. Metadata files are small; data files never
//! come this way.

use crate::engine::Engine;
use crate::errors::{self, Failure};
use crate::proto::object_request::Call;
use crate::proto::{ObjectRequest, ObjectResponse, StoredObject};
use crate::scan::{Location, store_failure};
use datafusion::common::Result;
use futures::TryStreamExt;
use object_store::path::Path;
use object_store::{Error, ObjectMeta, ObjectStore, ObjectStoreExt, PutPayload};
use std::sync::Arc;
use std::time::{Duration, UNIX_EPOCH};

/// # Errors
/// FILE_NOT_FOUND for a read of what is not there, STORAGE_ERROR with the URL.
pub async fn call(engine: &Engine, request: ObjectRequest) -> Result<ObjectResponse> {
    let call = request
        .call
        .ok_or_else(|| errors::internal("an object request without a call"))?;
    let object = Object::at(engine, &request.url)?;
    let mut response = ObjectResponse::default();
    match call {
        Call::Find(_) => response.objects.extend(object.find().await?),
        Call::Read(range) => {
            let bytes = object.store.get_range(&object.path, range.from..range.to);
            let read = bytes.await.map_err(|e| object.failure("read", &e))?;
            response.content = read.into();
        }
        Call::Write(content) => {
            let put = object.store.put(&object.path, PutPayload::from(content));
            put.await.map_err(|e| object.failure("write", &e))?;
        }
        Call::Delete(_) => match object.store.delete(&object.path).await {
            Ok(()) | Err(Error::NotFound { .. }) => {}
            Err(e) => return Err(object.failure("delete", &e).into()),
        },
        Call::List(_) => response.objects = object.list().await?,
        Call::Lend(loan) => {
            let until = loan.until_millis.map(Duration::from_millis);
            let until = until.and_then(|since| UNIX_EPOCH.checked_add(since));
            engine.lend(&request.url, &loan.options, until)?;
        }
    }
    Ok(response)
}

struct Object {
    location: Location,
    store: Arc<dyn ObjectStore>,
    path: Path,
}

impl Object {
    fn at(engine: &Engine, url: &str) -> Result<Self> {
        let location = Location::parse(url)?;
        Ok(Self {
            store: engine.object_store(&location.store_url()?)?,
            path: location.object_path()?,
            location,
        })
    }

    async fn find(&self) -> Result<Option<StoredObject>> {
        match self.store.head(&self.path).await {
            Ok(meta) => Ok(Some(self.stored(&meta))),
            Err(Error::NotFound { .. }) => Ok(None),
            Err(e) => Err(self.failure("read", &e).into()),
        }
    }

    /// Stores list folders; a prefix may end within a name.
    async fn list(&self) -> Result<Vec<StoredObject>> {
        let prefix = &self.location.key;
        let folder = prefix.rsplit_once('/').map_or("", |(folder, _)| folder);
        let folder = Path::parse(folder).map_err(|e| self.failure("list", &e.into()))?;
        let folder = Some(&folder).filter(|folder| !folder.as_ref().is_empty());
        self.store
            .list(folder)
            .try_filter(|meta| {
                let fits = meta.location.as_ref().starts_with(prefix);
                std::future::ready(fits)
            })
            .map_ok(|meta| self.stored(&meta))
            .try_collect()
            .await
            .map_err(|e| self.failure("list", &e).into())
    }

    fn stored(&self, meta: &ObjectMeta) -> StoredObject {
        let location = Location {
            store: self.location.store.clone(),
            key: meta.location.to_string(),
        };
        StoredObject {
            url: location.url(),
            bytes: meta.size,
            modified_millis: meta.last_modified.timestamp_millis(),
        }
    }

    fn failure(&self, what: &str, error: &Error) -> Failure {
        store_failure(what, &self.location.url(), error)
    }
}
