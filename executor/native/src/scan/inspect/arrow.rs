//! Columns of one Arrow IPC file, from its first message.

use super::Inspected;
use super::listing::Listed;
use crate::errors::{self, failure};
use crate::scan::convert;
use crate::scan::text::{Compression, Messages, chunks};
use datafusion::arrow::datatypes::Field;
use datafusion::common::Result;
use futures::StreamExt;
use std::pin::pin;
use std::sync::Arc;

pub async fn inspect(listed: Listed) -> Result<Inspected> {
    let url: Arc<str> = listed.url.as_str().into();
    let (store, meta) = (Arc::clone(&listed.store), listed.meta.clone());
    let mut parts = pin!(chunks(store, meta, Compression::None, Arc::clone(&url)));
    let mut messages = Messages::new(Arc::clone(&url));
    let schema = loop {
        if let Some(schema) = messages.schema() {
            break schema;
        }
        match parts.next().await {
            Some(part) => messages.push(&part?, &mut |_| Ok(()))?,
            None => messages.finish()?,
        }
    };
    let field = |field: &Arc<Field>| {
        let kind = convert::canonical(field.data_type()).ok_or_else(|| {
            let message = format!(
                "column \"{}\" of \"{url}\" is {}, which has no SQL type here",
                field.name(),
                field.data_type()
            );
            failure(errors::NOT_SUPPORTED, message)
        })?;
        Ok(Field::new(field.name(), kind, field.is_nullable()))
    };
    Ok(Inspected {
        fields: schema.fields().iter().map(field).collect::<Result<_>>()?,
        file: listed.data_file(-1),
        bounds: Vec::new(),
    })
}
