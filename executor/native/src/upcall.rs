//! Native calls up to Java: open a scan, evaluate a function. Nothing else.
//!
//! Both block, so callers run them on blocking threads ([`crate::java_scan`], [`crate::java_function`]), never on a
//! worker. Java answers with a framed error text or null; no exception crosses the border.

use crate::errors::{self, Failure};
use crate::proto;
use datafusion::arrow::array::{Array, ArrayRef, RecordBatch, StructArray, make_array};
use datafusion::arrow::ffi::{FFI_ArrowArray, FFI_ArrowSchema, from_ffi};
use datafusion::arrow::ffi_stream::FFI_ArrowArrayStream;
use datafusion::common::Result;
use jni::errors::Error as JniError;
use jni::objects::{JObject, JString, JValue};
use jni::refs::Global;
use jni::{Env, JavaVM, jni_sig, jni_str};
use prost::Message;

const FRAME_CAPACITY: usize = 8;

/// What Java does for a running query. Implemented by [`JavaUpcalls`], and by tests.
pub trait Upcalls: Send + Sync {
    /// Blocks until the partition is open. The stream's rows are exactly `request.projection`.
    fn open_scan(&self, request: &proto::OpenScan) -> Result<FFI_ArrowArrayStream>;

    /// Blocks until the result is there: as many values as `arguments` has rows.
    fn evaluate(&self, call: &proto::EvaluateFunction, arguments: RecordBatch) -> Result<ArrayRef>;
}

/// `dev.kelda.executor.bridge.UpcallBridge`.
pub struct JavaUpcalls {
    vm: JavaVM,
    bridge: Global<JObject<'static>>,
}

impl JavaUpcalls {
    pub fn new(env: &Env, bridge: &JObject) -> std::result::Result<Self, JniError> {
        Ok(Self {
            vm: env.get_java_vm()?,
            bridge: env.new_global_ref(bridge)?,
        })
    }

    /// Attaches the thread once for its life and runs `call` in a frame of its own for local references.
    fn in_java(
        &self,
        call: impl FnOnce(&mut Env, &JObject) -> std::result::Result<Option<String>, JniError>,
    ) -> Result<()> {
        let answer = self
            .vm
            .attach_current_thread(|env| {
                env.with_local_frame(FRAME_CAPACITY, |env| call(env, self.bridge.as_obj()))
            })
            .map_err(|e: JniError| errors::internal(format!("call into Java failed: {e}")))?;
        match answer {
            None => Ok(()),
            Some(text) => Err(Failure::decode(&text)
                .unwrap_or_else(|| Failure::internal(text))
                .into()),
        }
    }
}

impl Upcalls for JavaUpcalls {
    fn open_scan(&self, request: &proto::OpenScan) -> Result<FFI_ArrowArrayStream> {
        let mut stream = FFI_ArrowArrayStream::empty();
        let address = &raw mut stream as i64;
        let bytes = request.encode_to_vec();
        self.in_java(|env, bridge| {
            let bytes = env.byte_array_from_slice(&bytes)?;
            let answer = env.call_method(
                bridge,
                jni_str!("openScan"),
                jni_sig!("([BJ)Ljava/lang/String;"),
                &[JValue::Object(&bytes), JValue::Long(address)],
            )?;
            text(env, answer.l()?)
        })?;
        Ok(stream)
    }

    fn evaluate(&self, call: &proto::EvaluateFunction, arguments: RecordBatch) -> Result<ArrayRef> {
        let data = StructArray::from(arguments).into_data();
        let mut in_array = FFI_ArrowArray::new(&data);
        let mut in_schema = FFI_ArrowSchema::try_from(data.data_type())?;
        let mut out_array = FFI_ArrowArray::empty();
        let mut out_schema = FFI_ArrowSchema::empty();
        let addresses = [
            &raw mut in_array as i64,
            &raw mut in_schema as i64,
            &raw mut out_array as i64,
            &raw mut out_schema as i64,
        ];
        let bytes = call.encode_to_vec();
        self.in_java(|env, bridge| {
            let bytes = env.byte_array_from_slice(&bytes)?;
            let [a, b, c, d] = addresses.map(JValue::Long);
            let answer = env.call_method(
                bridge,
                jni_str!("evaluate"),
                jni_sig!("([BJJJJ)Ljava/lang/String;"),
                &[JValue::Object(&bytes), a, b, c, d],
            )?;
            text(env, answer.l()?)
        })?;
        // SAFETY: Java exported both structs and reported success.
        let mut data = unsafe { from_ffi(out_array, &out_schema) }?;
        data.align_buffers();
        data.validate_full()?;
        Ok(make_array(data))
    }
}

fn text(env: &mut Env, object: JObject) -> std::result::Result<Option<String>, JniError> {
    if object.is_null() {
        return Ok(None);
    }
    let string = env.cast_local::<JString>(object)?;
    Ok(Some(string.try_to_string(env)?))
}
