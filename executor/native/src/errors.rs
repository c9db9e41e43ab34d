//! Every failure in this library becomes a [`Failure`]: the name of an `ErrorCode` of the Java SPI and a clean message.
//!
//! ```text
//! DataFusionError | ArrowError | ParquetError | object_store | io | panic  ->  Failure  ->  "\u{1}CODE\u{1}message"
//! ```
//! A failure crosses the border as text (an exception's message, an Arrow stream's last error), so it is framed by
//! U+0001, which survives whatever prefixes the libraries in between add.

use datafusion::arrow::error::ArrowError;
use datafusion::common::DataFusionError;
use datafusion::parquet::errors::ParquetError;
use std::any::Any;
use std::error::Error;
use std::fmt;

mod clean;

pub const CANCELLED: &str = "CANCELLED";
pub const CATALOG_ERROR: &str = "CATALOG_ERROR";
pub const DISK_FULL: &str = "DISK_FULL";
pub const DIVISION_BY_ZERO: &str = "DIVISION_BY_ZERO";
pub const FILE_NOT_FOUND: &str = "FILE_NOT_FOUND";
pub const INTERNAL_ERROR: &str = "INTERNAL_ERROR";
pub const INVALID_ARGUMENT: &str = "INVALID_ARGUMENT";
pub const INVALID_CAST: &str = "INVALID_CAST";
pub const INVALID_CONFIGURATION: &str = "INVALID_CONFIGURATION";
pub const INVALID_FILE: &str = "INVALID_FILE";
pub const MEMORY_LIMIT_EXCEEDED: &str = "MEMORY_LIMIT_EXCEEDED";
pub const MORE_THAN_ONE_ROW: &str = "MORE_THAN_ONE_ROW";
pub const NOT_SUPPORTED: &str = "NOT_SUPPORTED";
pub const NUMBER_OUT_OF_RANGE: &str = "NUMBER_OUT_OF_RANGE";
pub const SPILL_LIMIT_EXCEEDED: &str = "SPILL_LIMIT_EXCEEDED";
pub const STATEMENT_TOO_COMPLEX: &str = "STATEMENT_TOO_COMPLEX";
pub const STORAGE_ERROR: &str = "STORAGE_ERROR";
pub const WRONG_PARAMETERS: &str = "WRONG_PARAMETERS";

const MARK: char = '\u{1}';

/// An error as users see it. `code` is the name of a `dev.kelda.spi.error.ErrorCode`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Failure {
    pub code: String,
    pub message: String,
}

impl Failure {
    pub fn new(code: &str, message: impl Into<String>) -> Self {
        Self {
            code: code.to_owned(),
            message: message.into(),
        }
    }

    pub fn internal(message: impl Into<String>) -> Self {
        Self::new(INTERNAL_ERROR, message)
    }

    /// The framed text that crosses the border.
    pub fn encode(&self) -> String {
        let message = clean::without_signatures(&self.message).replace(['\0', MARK], " ");
        format!("{MARK}{}{MARK}{message}{MARK}", self.code)
    }

    /// Finds a framed failure inside `text`, whatever stands before it.
    pub fn decode(text: &str) -> Option<Self> {
        let (_, rest) = text.split_once(MARK)?;
        let (code, message) = rest.split_once(MARK)?;
        let end = message.find(MARK).unwrap_or(message.len());
        Some(Self::new(code, message[..end].trim_end()))
    }

    /// What a caught panic says.
    pub fn panic(payload: &(dyn Any + Send)) -> Self {
        let text = payload
            .downcast_ref::<&str>()
            .map(|s| (*s).to_owned())
            .or_else(|| payload.downcast_ref::<String>().cloned())
            .unwrap_or_else(|| "unknown panic".to_owned());
        match Self::decode(&text) {
            Some(failure) => failure,
            None => Self::internal(clean::message(&text)),
        }
    }
}

impl fmt::Display for Failure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.encode())
    }
}

impl Error for Failure {}

/// An error with a code of its own that travels through DataFusion unharmed. Messages name the value at fault.
pub fn failure(code: &str, message: impl Into<String>) -> DataFusionError {
    DataFusionError::External(Box::new(Failure::new(code, message)))
}

/// A broken promise between the halves of Kelda: never the user's fault.
pub fn internal(message: impl Into<String>) -> DataFusionError {
    failure(INTERNAL_ERROR, message)
}

impl From<Failure> for DataFusionError {
    fn from(failure: Failure) -> Self {
        DataFusionError::External(Box::new(failure))
    }
}

impl From<&DataFusionError> for Failure {
    fn from(error: &DataFusionError) -> Self {
        use DataFusionError as E;
        match error {
            E::Context(_, inner) | E::Diagnostic(_, inner) => Failure::from(inner.as_ref()),
            E::Shared(inner) => Failure::from(inner.as_ref()),
            E::Collection(all) => match all.first() {
                Some(first) => Failure::from(first),
                None => Failure::internal("an empty list of errors"),
            },
            E::External(inner) => from_any(inner.as_ref()),
            E::ArrowError(inner, _) => Failure::from(inner.as_ref()),
            E::ParquetError(inner) => from_any(inner.as_ref()),
            E::ObjectStore(inner) => from_any(inner.as_ref()),
            E::IoError(inner) => from_any(inner),
            E::NotImplemented(text) => Failure::new(NOT_SUPPORTED, clean::message(text)),
            E::Configuration(text) => Failure::new(INVALID_CONFIGURATION, clean::message(text)),
            E::ResourcesExhausted(text) => exhausted(text),
            E::Execution(text) => by_text(INVALID_ARGUMENT, text),
            E::ExecutionJoin(join) => Failure::internal(clean::message(&join.to_string())),
            E::Plan(text) | E::Internal(text) => {
                Failure::decode(text).unwrap_or_else(|| Failure::internal(clean::plan(text)))
            }
            E::SchemaError(inner, _) => Failure::internal(clean::plan(&inner.to_string())),
            other => {
                let text = other.to_string();
                Failure::decode(&text).unwrap_or_else(|| Failure::internal(clean::plan(&text)))
            }
        }
    }
}

impl From<DataFusionError> for Failure {
    fn from(error: DataFusionError) -> Self {
        Failure::from(&error)
    }
}

impl From<&ArrowError> for Failure {
    fn from(error: &ArrowError) -> Self {
        use ArrowError as A;
        match error {
            A::ExternalError(inner) => from_any(inner.as_ref()),
            A::DivideByZero => Failure::new(DIVISION_BY_ZERO, "division by zero"),
            A::ArithmeticOverflow(text) => Failure::new(NUMBER_OUT_OF_RANGE, clean::message(text)),
            A::CastError(text) => by_text(INVALID_CAST, text),
            A::ParseError(text) => by_text(INVALID_CAST, text),
            A::ComputeError(text) | A::InvalidArgumentError(text) => {
                by_text(INVALID_ARGUMENT, text)
            }
            A::NotYetImplemented(text) => Failure::new(NOT_SUPPORTED, clean::message(text)),
            A::MemoryError(text) => Failure::new(MEMORY_LIMIT_EXCEEDED, clean::message(text)),
            A::IoError(text, inner) => match Failure::decode(text) {
                Some(failure) => failure,
                None => from_any(inner),
            },
            A::CsvError(text) | A::JsonError(text) | A::IpcError(text) | A::ParquetError(text) => {
                Failure::decode(text)
                    .unwrap_or_else(|| Failure::new(INVALID_FILE, clean::message(text)))
            }
            A::CDataInterface(text) => {
                Failure::decode(text).unwrap_or_else(|| Failure::internal(clean::message(text)))
            }
            other => {
                let text = other.to_string();
                Failure::decode(&text).unwrap_or_else(|| Failure::internal(clean::message(&text)))
            }
        }
    }
}

fn from_any(error: &(dyn Error + Send + Sync + 'static)) -> Failure {
    let mut at: Option<&(dyn Error + 'static)> = Some(error);
    while let Some(e) = at {
        if let Some(found) = e.downcast_ref::<Failure>() {
            return found.clone();
        }
        if let Some(found) = e.downcast_ref::<DataFusionError>() {
            return Failure::from(found);
        }
        if let Some(found) = e.downcast_ref::<ArrowError>() {
            return Failure::from(found);
        }
        if let Some(ParquetError::External(inner)) = e.downcast_ref::<ParquetError>() {
            return from_any(inner.as_ref());
        }
        if let Some(found) = e.downcast_ref::<ParquetError>() {
            return Failure::new(INVALID_FILE, clean::message(&found.to_string()));
        }
        if let Some(found) = e.downcast_ref::<object_store::Error>() {
            return from_store(found);
        }
        if let Some(found) = e.downcast_ref::<std::io::Error>() {
            return from_io(found);
        }
        at = e.source();
    }
    let text = error.to_string();
    if let Some(at) = text.find("regex parse error") {
        return Failure::new(INVALID_ARGUMENT, one_line(&text[at..]));
    }
    Failure::decode(&text).unwrap_or_else(|| Failure::internal(clean::message(&text)))
}

// The regex crate draws the pattern and a caret on lines of their own.
fn one_line(text: &str) -> String {
    text.split_whitespace().collect::<Vec<_>>().join(" ")
}

fn from_store(error: &object_store::Error) -> Failure {
    use object_store::Error as S;
    match error {
        S::NotFound { path, .. } => Failure::new(FILE_NOT_FOUND, format!("no file \"{path}\"")),
        S::PermissionDenied { path, .. } | S::Unauthenticated { path, .. } => Failure::new(
            STORAGE_ERROR,
            format!("the store refuses access to \"{path}\"; check its credentials"),
        ),
        S::Generic { source, .. } => {
            let deep = from_any(source.as_ref());
            match deep.code.as_str() {
                INTERNAL_ERROR => Failure::new(STORAGE_ERROR, clean::message(&error.to_string())),
                _ => deep,
            }
        }
        other => Failure::new(STORAGE_ERROR, clean::message(&other.to_string())),
    }
}

fn from_io(error: &std::io::Error) -> Failure {
    use std::io::ErrorKind;
    if let Some(inner) = error.get_ref() {
        let deep = from_any(inner);
        if deep.code != INTERNAL_ERROR {
            return deep;
        }
    }
    let code = match error.kind() {
        ErrorKind::NotFound => FILE_NOT_FOUND,
        ErrorKind::StorageFull | ErrorKind::QuotaExceeded => DISK_FULL,
        _ => STORAGE_ERROR,
    };
    Failure::new(code, clean::message(&error.to_string()))
}

fn exhausted(text: &str) -> Failure {
    let lower = text.to_ascii_lowercase();
    if lower.contains("disk space") || lower.contains("temp_directory_size") {
        let message = "the query needs more spill space than the server allows; \
                       raise the spill limit or read fewer rows";
        return Failure::new(SPILL_LIMIT_EXCEEDED, message);
    }
    if let Some(failure) = Failure::decode(text) {
        return failure;
    }
    Failure::new(MEMORY_LIMIT_EXCEEDED, clean::memory(text))
}

/// Arrow and DataFusion report most run-time errors as text only.
fn by_text(otherwise: &str, text: &str) -> Failure {
    if let Some(failure) = Failure::decode(text) {
        return failure;
    }
    let message = clean::message(text);
    let lower = message.to_ascii_lowercase();
    let has = |needle: &str| lower.contains(needle);
    let code = if has("divide by zero") || has("division by zero") {
        DIVISION_BY_ZERO
    } else if has("overflow")
        || has("too large to store")
        || has("too small to store")
        || has("out of range")
        || (has("can't cast value") && otherwise == INVALID_CAST)
    {
        NUMBER_OUT_OF_RANGE
    } else if has("more than one row") || has("returned more than") {
        MORE_THAN_ONE_ROW
    } else if has("cannot cast") || has("can't cast") || has("error parsing") {
        INVALID_CAST
    } else {
        otherwise
    };
    Failure::new(code, message)
}

#[cfg(test)]
mod tests;
