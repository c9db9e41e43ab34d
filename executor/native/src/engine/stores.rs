//! Object stores by URL: the local file system, and S3 buckets opened on first use with the configured options.

use crate::errors;
use crate::proto;
use datafusion::common::Result;
use datafusion::execution::object_store::ObjectStoreRegistry;
use object_store::ObjectStore;
use object_store::aws::{AmazonS3Builder, AmazonS3ConfigKey};
use object_store::local::LocalFileSystem;
use std::collections::HashMap;
use std::fmt;
use std::str::FromStr;
use std::sync::{Arc, RwLock};
use url::Url;

/// Thread-safe. Credentials in the options are never printed.
pub struct Stores {
    configured: Vec<proto::ObjectStore>,
    open: RwLock<HashMap<String, Arc<dyn ObjectStore>>>,
}

impl Stores {
    pub fn new(configured: &[proto::ObjectStore]) -> Self {
        let mut configured = configured.to_vec();
        configured.sort_by_key(|store| std::cmp::Reverse(store.prefix.len()));
        Self {
            configured,
            open: RwLock::new(HashMap::new()),
        }
    }

    fn create(&self, url: &Url) -> Result<Arc<dyn ObjectStore>> {
        match url.scheme() {
            "file" => Ok(Arc::new(LocalFileSystem::new())),
            "s3" | "s3a" | "s3n" => self.create_s3(url),
            other => Err(errors::failure(
                errors::NOT_SUPPORTED,
                format!("URLs that begin with \"{other}://\"; file:// and s3:// are read"),
            )),
        }
    }

    fn create_s3(&self, url: &Url) -> Result<Arc<dyn ObjectStore>> {
        let bucket = url.host_str().unwrap_or_default();
        let text = format!("s3://{bucket}/");
        let options = self.configured.iter().find(|store| {
            let prefix = store.prefix.replacen("s3a://", "s3://", 1);
            text.starts_with(&prefix) || prefix.trim_end_matches('/') == text.trim_end_matches('/')
        });
        let mut builder = AmazonS3Builder::from_env().with_bucket_name(bucket);
        for (key, value) in options.iter().flat_map(|store| &store.options) {
            let parsed = AmazonS3ConfigKey::from_str(&key.to_ascii_lowercase()).map_err(|_| {
                let message = format!("unknown object store option \"{key}\" for {text}");
                errors::failure(errors::INVALID_CONFIGURATION, message)
            })?;
            builder = builder.with_config(parsed, value);
        }
        let plain = options
            .iter()
            .flat_map(|store| &store.options)
            .any(|(key, value)| key.ends_with("endpoint") && value.starts_with("http://"));
        if plain {
            builder = builder.with_allow_http(true);
        }
        let store = builder
            .build()
            .map_err(|e| errors::failure(errors::INVALID_CONFIGURATION, format!("{text}: {e}")))?;
        Ok(Arc::new(store))
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
        self.open.write().expect("stores").insert(key(url), store)
    }

    fn get_store(&self, url: &Url) -> Result<Arc<dyn ObjectStore>> {
        let key = key(url);
        if let Some(found) = self.open.read().expect("stores").get(&key) {
            return Ok(Arc::clone(found));
        }
        let created = self.create(url)?;
        let mut open = self.open.write().expect("stores");
        Ok(Arc::clone(open.entry(key).or_insert(created)))
    }
}

fn key(url: &Url) -> String {
    let authority = &url[url::Position::BeforeHost..url::Position::AfterPort];
    format!("{}://{authority}", url.scheme())
}
