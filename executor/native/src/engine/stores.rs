//! Object stores by URL: the local file system, and the buckets and containers of S3, Google Cloud Storage and Azure, each
//! opened on first use with the configured options. A catalog may lend options for what lies below one of its prefixes.

use crate::errors::{self, Failure};
use crate::proto;
use crate::scan::normal_store;
use bucket::Bucket;
use datafusion::common::Result;
use datafusion::execution::object_store::ObjectStoreRegistry;
use object_store::ObjectStore;
use object_store::local::LocalFileSystem;
use std::collections::HashMap;
use std::fmt;
use std::sync::{Arc, RwLock};
use std::time::SystemTime;
use url::Url;

mod bucket;
mod clients;

/// Thread-safe. Credentials in the options are never printed.
pub struct Stores {
    configured: Vec<proto::ObjectStore>,
    open: RwLock<HashMap<String, Arc<Bucket>>>,
}

/// Names and values as object_store has them.
type Options = HashMap<String, String>;

impl Stores {
    pub fn new(configured: &[proto::ObjectStore]) -> Self {
        let mut configured = configured.to_vec();
        for store in &mut configured {
            store.prefix = normal_store(&store.prefix);
        }
        configured.sort_by_key(|store| std::cmp::Reverse(store.prefix.len()));
        Self {
            configured,
            open: RwLock::new(HashMap::new()),
        }
    }

    /// From now on, and until the time has come, what lies at `prefix` or below it is reached with these options in place
    /// of the configured ones of the same name.
    pub fn lend(
        &self,
        prefix: &str,
        options: &Options,
        until: Option<SystemTime>,
    ) -> std::result::Result<(), Failure> {
        let invalid = |reason: String| {
            let message = format!("the catalog lends credentials for \"{prefix}\": {reason}");
            Failure::new(errors::CATALOG_ERROR, message)
        };
        let url = Url::parse(prefix).map_err(|e| invalid(e.to_string()))?;
        let bucket = self.bucket(&url).map_err(|e| Failure::from(&e))?;
        if bucket.has(url.path(), options, until) {
            return Ok(());
        }
        let configured = self.options(&key(&url));
        let client = clients::open(&url, &[&configured, options]).map_err(invalid)?;
        bucket.lend(url.path(), options, until, client);
        Ok(())
    }

    fn bucket(&self, url: &Url) -> Result<Arc<Bucket>> {
        let key = key(url);
        if let Some(found) = self.open.read().expect("stores").get(&key) {
            return Ok(Arc::clone(found));
        }
        let client: Arc<dyn ObjectStore> = match url.scheme() {
            "file" => Arc::new(LocalFileSystem::new()),
            scheme if clients::is_known(scheme) => clients::open(url, &[&self.options(&key)])
                .map_err(|e| {
                    errors::failure(errors::INVALID_CONFIGURATION, format!("{key}: {e}"))
                })?,
            other => {
                return Err(errors::failure(
                    errors::NOT_SUPPORTED,
                    format!(
                        "URLs that begin with \"{other}://\"; file://, s3://, gs:// and abfss:// are read"
                    ),
                ));
            }
        };
        let mut open = self.open.write().expect("stores");
        let bucket = open
            .entry(key)
            .or_insert_with(|| Arc::new(Bucket::new(client)));
        Ok(Arc::clone(bucket))
    }

    /// What is configured for a bucket; of several prefixes the longest counts.
    fn options(&self, bucket: &str) -> Options {
        let fitting = self.configured.iter().find(|store| {
            let prefix = store.prefix.trim_end_matches('/');
            bucket == prefix || prefix.ends_with(':') && bucket.starts_with(prefix)
        });
        fitting
            .map(|store| store.options.clone())
            .unwrap_or_default()
    }
}

impl fmt::Debug for Stores {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let prefixes = self.configured.iter().map(|store| &store.prefix);
        f.debug_list().entries(prefixes).finish()
    }
}

impl ObjectStoreRegistry for Stores {
    fn register_store(
        &self,
        url: &Url,
        store: Arc<dyn ObjectStore>,
    ) -> Option<Arc<dyn ObjectStore>> {
        let bucket = Arc::new(Bucket::new(store));
        let before = self.open.write().expect("stores").insert(key(url), bucket);
        before.map(|bucket| bucket as Arc<dyn ObjectStore>)
    }

    fn get_store(&self, url: &Url) -> Result<Arc<dyn ObjectStore>> {
        Ok(self.bucket(url)?)
    }
}

/// The bucket of a URL: `s3://bucket`, `gs://bucket`, `abfss://container@account.dfs.core.windows.net`.
fn key(url: &Url) -> String {
    normal_store(&url[..url::Position::AfterPort])
}

#[cfg(test)]
mod tests;
