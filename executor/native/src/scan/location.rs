//! Data file URLs: `scheme://authority/raw path`. The path is the file's name as it is, never percent-encoded: Iceberg
//! and the file system both hold such names, and decoding `%2F` would name another file.

use crate::errors::{self, failure};
use datafusion::common::Result;
use datafusion::execution::object_store::ObjectStoreUrl;
use object_store::path::Path;
use url::Url;

/// Where a file is: its store and its key in that store.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Location {
    /// `file://`, `s3://bucket`, `gs://bucket` or `abfss://container@account.dfs.core.windows.net`.
    pub store: String,
    /// Without a leading slash.
    pub key: String,
}

impl Location {
    /// Understands `file:///p`, `file:/p`, `/p` and `s3://bucket/key` (also `s3a`, `s3n`).
    pub fn parse(url: &str) -> Result<Self> {
        let invalid = || {
            failure(
                errors::INVALID_ARGUMENT,
                format!("not a file URL: \"{url}\""),
            )
        };
        let (store, key) = if let Some(rest) = url.strip_prefix("file:") {
            let path = match rest.strip_prefix("//") {
                Some(path) if path.starts_with('/') => path,
                Some(path) => path.strip_prefix("localhost").ok_or_else(invalid)?,
                None => rest,
            };
            ("file://".to_owned(), path)
        } else if url.starts_with('/') {
            ("file://".to_owned(), url)
        } else {
            let (scheme, rest) = url.split_once("://").ok_or_else(invalid)?;
            let (authority, key) = rest.split_once('/').unwrap_or((rest, ""));
            if scheme.is_empty() || authority.is_empty() {
                return Err(invalid());
            }
            (format!("{scheme}://{authority}"), key)
        };
        let key = key.trim_start_matches('/').to_owned();
        Ok(Self { store, key })
    }

    pub fn is_local(&self) -> bool {
        self.store == "file://"
    }

    /// The URL again, in its one normal form.
    pub fn url(&self) -> String {
        format!("{}/{}", self.store, self.key)
    }

    pub fn store_url(&self) -> Result<Url> {
        Url::parse(&format!("{}/", self.store)).map_err(|e| {
            failure(
                errors::INVALID_ARGUMENT,
                format!("not a file URL: \"{}\": {e}", self.url()),
            )
        })
    }

    pub fn object_store_url(&self) -> Result<ObjectStoreUrl> {
        ObjectStoreUrl::parse(format!("{}/", self.store))
    }

    pub fn object_path(&self) -> Result<Path> {
        Path::parse(&self.key).map_err(|e| {
            failure(
                errors::INVALID_ARGUMENT,
                format!("not a file URL: \"{}\": {e}", self.url()),
            )
        })
    }
}

/// A store's URL with the scheme that we have for it: engines write `s3a://b/p` and `s3://b/p` side by side.
pub fn normal_store(url: &str) -> String {
    let Some((scheme, rest)) = url.split_once("://") else {
        return url.to_owned();
    };
    match scheme {
        "s3a" | "s3n" => format!("s3://{rest}"),
        "abfs" | "wasb" | "wasbs" => format!("abfss://{}", rest.replacen(".blob.", ".dfs.", 1)),
        _ => url.to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::Location;

    #[test]
    fn every_form_of_a_local_path_is_one_location() {
        for url in [
            "file:///a/b c%20.parquet",
            "file:/a/b c%20.parquet",
            "/a/b c%20.parquet",
        ] {
            let location = Location::parse(url).unwrap();
            assert_eq!(location.url(), "file:///a/b c%20.parquet");
            assert!(location.is_local());
        }
    }

    #[test]
    fn buckets_are_stores() {
        let location = Location::parse("s3://bucket/a/b=c%2Fd/e.parquet").unwrap();
        assert_eq!(location.store, "s3://bucket");
        assert_eq!(
            location.object_path().unwrap().as_ref(),
            "a/b=c%2Fd/e.parquet"
        );
        assert!(Location::parse("nowhere").is_err());
    }
}
