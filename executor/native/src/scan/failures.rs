//! Errors of readers, with the file at fault in the message.

use crate::errors::{self, Failure};
use datafusion::arrow::error::ArrowError;
use datafusion::common::DataFusionError;
use datafusion::parquet::errors::ParquetError;
use std::error::Error;

/// `error` as the user sees it who asked for the file at `url`.
pub fn in_file(url: &str, format: &str, error: DataFusionError) -> DataFusionError {
    let mut at: Option<&(dyn Error + 'static)> = Some(&error);
    while let Some(e) = at {
        if let Some(known) = e.downcast_ref::<Failure>() {
            return known.clone().into();
        }
        if let Some(store) = e.downcast_ref::<object_store::Error>() {
            return of_store(url, store).into();
        }
        if let Some(parquet) = e.downcast_ref::<ParquetError>() {
            match parquet {
                ParquetError::External(inner) => {
                    at = Some(inner.as_ref());
                    continue;
                }
                other => return of_text(url, format, &other.to_string()).into(),
            }
        }
        if let Some(ArrowError::ParquetError(text)) = e.downcast_ref::<ArrowError>() {
            return of_text(url, format, text).into();
        }
        if let Some(DataFusionError::ParquetError(inner)) = e.downcast_ref::<DataFusionError>() {
            at = Some(inner.as_ref());
            continue;
        }
        at = e.source();
    }
    error
}

fn of_text(url: &str, format: &str, text: &str) -> Failure {
    if text.contains("Object Store error") && text.contains(" not found") {
        return missing(url);
    }
    let text = text
        .rsplit_once("Parquet error: ")
        .map_or(text, |(_, tail)| tail);
    let text = text.trim_start_matches("Parquet argument error: ");
    Failure::new(
        errors::INVALID_FILE,
        format!("\"{url}\" is not a readable {format} file: {text}"),
    )
}

pub fn of_store(url: &str, error: &object_store::Error) -> Failure {
    store_failure("read", url, error)
}

/// A store's refusal to do `what` ("read", "write") with the file at `url`.
pub fn store_failure(what: &str, url: &str, error: &object_store::Error) -> Failure {
    use object_store::Error as S;
    match error {
        S::NotFound { .. } => missing(url),
        S::PermissionDenied { .. } | S::Unauthenticated { .. } => Failure::new(
            errors::STORAGE_ERROR,
            format!("the store refuses access to \"{url}\"; check its credentials"),
        ),
        other => Failure::new(
            errors::STORAGE_ERROR,
            format!("cannot {what} \"{url}\": {other}"),
        ),
    }
}

pub fn missing(url: &str) -> Failure {
    Failure::new(errors::FILE_NOT_FOUND, format!("no file \"{url}\""))
}
