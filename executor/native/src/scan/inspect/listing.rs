//! Files that paths name. Links are followed only while they stay inside the folder that is listed.

use super::glob;
use crate::engine::Engine;
use crate::errors::{self, failure};
use crate::proto::{self, FileFormat};
use crate::scan::failures;
use crate::scan::location::Location;
use datafusion::common::{DataFusionError, Result};
use futures::TryStreamExt;
use object_store::{ObjectMeta, ObjectStore, ObjectStoreExt};
use std::collections::HashSet;
use std::path::{Path, PathBuf};
use std::sync::Arc;

const MAX_FILES: usize = 1_000_000;

pub struct Listed {
    pub url: String,
    pub meta: ObjectMeta,
    pub store: Arc<dyn ObjectStore>,
}

impl Listed {
    pub fn version(&self) -> String {
        let tag = self.meta.e_tag.as_deref().unwrap_or_default();
        format!(
            "{}-{}-{tag}",
            self.meta.last_modified.timestamp_micros(),
            self.meta.size
        )
    }

    pub fn data_file(&self, rows: i64) -> proto::DataFile {
        proto::DataFile {
            path: self.url.clone(),
            bytes: self.meta.size,
            rows,
            ..Default::default()
        }
    }

    /// A file of which only the name is known.
    pub fn unread(self) -> super::Inspected {
        super::Inspected {
            fields: Vec::new(),
            file: self.data_file(-1),
            bounds: Vec::new(),
        }
    }
}

pub async fn list(engine: &Engine, format: FileFormat, paths: &[String]) -> Result<Vec<Listed>> {
    let mut all = Vec::new();
    for path in paths {
        let location = Location::parse(path)?;
        let store = engine.object_store(&location.store_url()?)?;
        let before = all.len();
        let found = if location.is_local() {
            let path = PathBuf::from(format!("/{}", location.key));
            let found = tokio::task::spawn_blocking(move || local(&path, format)).await;
            found.map_err(|e| DataFusionError::External(Box::new(e)))??
        } else {
            remote(&store, &location, format).await?
        };
        for meta in found {
            let key = meta.location.to_string();
            let url = Location {
                store: location.store.clone(),
                key,
            }
            .url();
            all.push(Listed {
                url,
                meta,
                store: Arc::clone(&store),
            });
        }
        if all.len() == before {
            let what = if glob::is_pattern(path) {
                "no file matches"
            } else {
                "no data file in"
            };
            return Err(failure(
                errors::FILE_NOT_FOUND,
                format!("{what} \"{path}\""),
            ));
        }
        if all.len() > MAX_FILES {
            let message = format!("\"{path}\" names more than {MAX_FILES} files");
            return Err(failure(errors::INVALID_ARGUMENT, message));
        }
    }
    Ok(all)
}

/// Whether a file in a listed folder belongs to the table.
fn is_data(name: &str, format: FileFormat) -> bool {
    let name = name.to_ascii_lowercase();
    let plain = [".gz", ".zst", ".bz2", ".xz"]
        .iter()
        .find_map(|end| name.strip_suffix(end));
    let plain = plain.unwrap_or(&name);
    let ends: &[&str] = match format {
        FileFormat::Parquet => &[".parquet", ".parq", ".pq"],
        FileFormat::Csv => &[".csv", ".tsv", ".txt"],
        FileFormat::Json => &[".json", ".jsonl", ".ndjson"],
        FileFormat::Arrow => &[".arrow", ".feather", ".arrows", ".ipc"],
        _ => &[],
    };
    !name.starts_with(['.', '_']) && ends.iter().any(|end| plain.ends_with(end))
}

fn local(path: &Path, format: FileFormat) -> Result<Vec<ObjectMeta>> {
    let mut found = Vec::new();
    match std::fs::metadata(path) {
        Ok(meta) if meta.is_dir() => {
            let mut walk = Walk::new(path);
            walk.all(
                path,
                &mut |file| is_data(&file_name(file), format),
                &mut found,
            )?;
        }
        Ok(meta) => found.push(object(path, &meta)?),
        Err(_) if !glob::is_pattern(&path.to_string_lossy()) => {
            return Err(failures::missing(&format!("file://{}", path.display())).into());
        }
        Err(_) => {
            // Nothing beyond the part without a pattern was checked by the location policy: walk from there.
            let text = path.to_string_lossy();
            let fixed = fixed(&text);
            for pattern in glob::alternatives(&text) {
                let segments: Vec<&str> = segments(&pattern).collect();
                let base = PathBuf::from(format!("/{}", segments[..fixed].join("/")));
                if base.is_dir() {
                    Walk::new(&base).glob(&base, &segments[fixed..], &mut found)?;
                }
            }
        }
    }
    Ok(found)
}

fn segments(path: &str) -> impl Iterator<Item = &str> {
    path.split('/').filter(|s| !s.is_empty())
}

/// How many leading segments are plain names.
fn fixed(path: &str) -> usize {
    segments(path).take_while(|s| !glob::is_pattern(s)).count()
}

/// A walk below one folder.
struct Walk {
    root: Option<PathBuf>,
    seen: HashSet<PathBuf>,
}

impl Walk {
    fn new(base: &Path) -> Self {
        Self {
            root: base.canonicalize().ok(),
            seen: HashSet::new(),
        }
    }

    /// Entries with their metadata; links that lead out of the folder, or in circles, are passed over.
    fn entries(&mut self, folder: &Path) -> Result<Vec<(PathBuf, std::fs::Metadata)>> {
        let denied = |e: std::io::Error| {
            failure(
                errors::STORAGE_ERROR,
                format!("cannot list \"{}\": {e}", folder.display()),
            )
        };
        let mut out = Vec::new();
        for entry in std::fs::read_dir(folder).map_err(denied)? {
            let entry = entry.map_err(denied)?;
            let path = entry.path();
            if entry.file_type().map_err(denied)?.is_symlink() {
                let Ok(target) = path.canonicalize() else {
                    continue;
                };
                if !self
                    .root
                    .as_ref()
                    .is_some_and(|root| target.starts_with(root))
                {
                    continue;
                }
                if target.is_dir() && !self.seen.insert(target) {
                    continue;
                }
            }
            if let Ok(meta) = std::fs::metadata(&path) {
                out.push((path, meta));
            }
        }
        out.sort_by(|a, b| a.0.cmp(&b.0));
        Ok(out)
    }

    fn all(
        &mut self,
        folder: &Path,
        keep: &mut dyn FnMut(&Path) -> bool,
        out: &mut Vec<ObjectMeta>,
    ) -> Result<()> {
        for (path, meta) in self.entries(folder)? {
            if meta.is_dir() {
                if !file_name(&path).starts_with(['.', '_']) {
                    self.all(&path, keep, out)?;
                }
            } else if keep(&path) {
                out.push(object(&path, &meta)?);
            }
        }
        Ok(())
    }

    fn glob(&mut self, folder: &Path, segments: &[&str], out: &mut Vec<ObjectMeta>) -> Result<()> {
        let Some((first, rest)) = segments.split_first() else {
            return Ok(());
        };
        if *first == "**" {
            let rest_or_all: &[&str] = if rest.is_empty() { &["*"] } else { rest };
            self.glob(folder, rest_or_all, out)?;
        }
        for (path, meta) in self.entries(folder)? {
            let name = file_name(&path);
            if *first == "**" {
                if meta.is_dir() && !name.starts_with('.') {
                    self.glob(&path, segments, out)?;
                }
            } else if glob::matches(first, &name) {
                match (meta.is_dir(), rest.is_empty()) {
                    (true, false) => self.glob(&path, rest, out)?,
                    (false, true) => out.push(object(&path, &meta)?),
                    _ => {}
                }
            }
        }
        Ok(())
    }
}

fn file_name(path: &Path) -> String {
    path.file_name()
        .map(|name| name.to_string_lossy().into_owned())
        .unwrap_or_default()
}

/// As the local store would describe the file.
fn object(path: &Path, meta: &std::fs::Metadata) -> Result<ObjectMeta> {
    use std::os::unix::fs::MetadataExt;
    let text = path.to_str().ok_or_else(|| {
        let message = format!("\"{}\" is no UTF-8 name", path.display());
        failure(errors::INVALID_ARGUMENT, message)
    })?;
    let modified = meta.modified()?;
    Ok(ObjectMeta {
        location: Location::parse(text)?.object_path()?,
        last_modified: modified.into(),
        size: meta.len(),
        e_tag: Some(format!("{:x}", meta.ino())),
        version: None,
    })
}

async fn remote(
    store: &Arc<dyn ObjectStore>,
    location: &Location,
    format: FileFormat,
) -> Result<Vec<ObjectMeta>> {
    let store_error = |e| DataFusionError::from(failures::of_store(&location.url(), &e));
    if !location.key.ends_with('/') && !location.key.is_empty() {
        match store.head(&location.object_path()?).await {
            Ok(meta) => return Ok(vec![meta]),
            Err(object_store::Error::NotFound { .. }) => {}
            Err(e) => return Err(store_error(e)),
        }
    }
    let mut found = Vec::new();
    let fixed = fixed(&location.key);
    for pattern in glob::alternatives(&location.key) {
        let segments: Vec<&str> = segments(&pattern).collect();
        let prefix = object_store::path::Path::parse(segments[..fixed].join("/"))
            .map_err(|e| store_error(e.into()))?;
        let listed: Vec<ObjectMeta> = store
            .list(Some(&prefix))
            .try_collect()
            .await
            .map_err(store_error)?;
        for meta in listed {
            let key = meta.location.as_ref();
            let parts: Vec<&str> = key.split('/').skip(fixed).collect();
            let name = parts.last().copied().unwrap_or_default();
            let keep = match segments[fixed..] {
                [] => is_data(name, format) && !parts.iter().any(|p| p.starts_with(['.', '_'])),
                [.., "**"] => glob::matches_path(&[&segments[fixed..], &["*"]].concat(), &parts),
                ref rest => glob::matches_path(rest, &parts),
            };
            if keep {
                found.push(meta);
            }
        }
    }
    Ok(found)
}
