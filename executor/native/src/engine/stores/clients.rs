//! Clients of object stores, by the scheme of a URL.

use super::Options;
use object_store::aws::{AmazonS3Builder, AmazonS3ConfigKey};
use object_store::azure::{AzureConfigKey, MicrosoftAzureBuilder};
use object_store::gcp::{GcpCredential, GoogleCloudStorageBuilder, GoogleConfigKey};
use object_store::{ObjectStore, RetryConfig, StaticCredentialProvider};
use std::str::FromStr;
use std::sync::Arc;
use std::time::Duration;
use url::Url;

/// A bearer token in place of a service account. object_store has an option of that kind for Azure alone.
const GOOGLE_TOKEN: &str = "google_token";
/// A wrong endpoint is told within seconds; a store that asks for less haste gets its time.
const MOST_RETRIES: usize = 6;
const RETRY_TIMEOUT: Duration = Duration::from_secs(60);

pub fn is_known(scheme: &str) -> bool {
    matches!(scheme, "s3" | "s3a" | "s3n" | "gs") || is_azure(scheme)
}

fn is_azure(scheme: &str) -> bool {
    matches!(scheme, "abfss" | "abfs" | "wasbs" | "wasb")
}

/// Nothing is asked of the store yet. Of two options for one thing the one in the later map counts.
///
/// # Errors
/// A reason that names no secret.
pub fn open(url: &Url, options: &[&Options]) -> Result<Arc<dyn ObjectStore>, String> {
    match url.scheme() {
        scheme if is_azure(scheme) => azure(url, options),
        "gs" => google(url, options),
        _ => s3(url, options),
    }
}

fn s3(url: &Url, options: &[&Options]) -> Result<Arc<dyn ObjectStore>, String> {
    let mut builder = AmazonS3Builder::from_env()
        .with_bucket_name(bucket(url))
        .with_retry(retries());
    if is_plain(options, "endpoint") {
        builder = builder.with_allow_http(true);
    }
    for (key, value) in options.iter().flat_map(|map| map.iter()) {
        builder = builder.with_config(parsed::<AmazonS3ConfigKey>(key)?, value);
    }
    finished(builder.build())
}

fn google(url: &Url, options: &[&Options]) -> Result<Arc<dyn ObjectStore>, String> {
    let mut builder = GoogleCloudStorageBuilder::from_env()
        .with_bucket_name(bucket(url))
        .with_retry(retries());
    if is_plain(options, "base_url") {
        builder = builder.with_config(parsed::<GoogleConfigKey>("google_allow_http")?, "true");
    }
    for (key, value) in options.iter().flat_map(|map| map.iter()) {
        if key == GOOGLE_TOKEN {
            let bearer = value.clone();
            let credential = StaticCredentialProvider::new(GcpCredential { bearer });
            builder = builder.with_credentials(Arc::new(credential));
        } else {
            builder = builder.with_config(parsed::<GoogleConfigKey>(key)?, value);
        }
    }
    finished(builder.build())
}

/// `abfss://container@account.dfs.core.windows.net`, also in another cloud than the public one.
fn azure(url: &Url, options: &[&Options]) -> Result<Arc<dyn ObjectStore>, String> {
    let host = url.host_str().unwrap_or_default();
    let (account, domain) = host.split_once('.').unwrap_or_default();
    let domain = domain
        .strip_prefix("dfs.")
        .or_else(|| domain.strip_prefix("blob."))
        .unwrap_or_default();
    if url.username().is_empty() || account.is_empty() || domain.is_empty() {
        return Err(
            "Azure URLs are abfss://CONTAINER@ACCOUNT.dfs.core.windows.net/PATH".to_owned(),
        );
    }
    let mut builder = MicrosoftAzureBuilder::from_env()
        .with_container_name(url.username())
        .with_account(account)
        .with_retry(retries());
    builder = match domain {
        "core.windows.net" => builder,
        "fabric.microsoft.com" => builder.with_use_fabric_endpoint(true),
        other => builder.with_endpoint(format!("https://{account}.blob.{other}")),
    };
    if is_plain(options, "endpoint") {
        builder = builder.with_allow_http(true);
    }
    for (key, value) in options.iter().flat_map(|map| map.iter()) {
        builder = builder.with_config(parsed::<AzureConfigKey>(key)?, value);
    }
    finished(builder.build())
}

fn bucket(url: &Url) -> &str {
    url.host_str().unwrap_or_default()
}

/// Whether the option of that name is an address without TLS.
fn is_plain(options: &[&Options], name: &str) -> bool {
    let all = options.iter().flat_map(|map| map.iter());
    let mut endpoints = all.filter(|(key, _)| key.ends_with(name));
    endpoints.any(|(_, value)| value.starts_with("http://"))
}

fn parsed<K: FromStr>(key: &str) -> Result<K, String> {
    K::from_str(&key.to_ascii_lowercase())
        .map_err(|_| format!("unknown object store option \"{key}\""))
}

fn retries() -> RetryConfig {
    RetryConfig {
        max_retries: MOST_RETRIES,
        retry_timeout: RETRY_TIMEOUT,
        ..RetryConfig::default()
    }
}

fn finished<S: ObjectStore>(
    built: object_store::Result<S>,
) -> Result<Arc<dyn ObjectStore>, String> {
    match built {
        Ok(store) => Ok(Arc::new(store)),
        Err(error) => Err(error.to_string()),
    }
}
