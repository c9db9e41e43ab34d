//! Every function that Java calls. The other half is `dev.kelda.executor.bridge.NativeEngine`.
//!
//! Arguments are protobuf bytes and handles; handles are ids in a registry, so a use after close is an error. Every
//! entry goes through [`entry`], which turns errors and panics into a `NativeException`.

use crate::engine::Engine;
use crate::errors::Failure;
use crate::proto;
use crate::query::{self, Query};
use crate::upcall::JavaUpcalls;
use datafusion::arrow::ffi_stream::FFI_ArrowArrayStream;
use jni::errors::Error as JniError;
use jni::objects::{JByteArray, JClass, JObject, JString};
use jni::strings::JNIString;
use jni::sys::{jboolean, jlong};
use jni::{Env, EnvUnowned, Outcome, jni_str};
use prost::Message;
use std::collections::HashMap;
use std::sync::atomic::{AtomicI64, Ordering};
use std::sync::{Arc, LazyLock, Mutex};
use tokio_util::sync::CancellationToken;

static ENGINES: LazyLock<Registry<Engine>> = LazyLock::new(Registry::default);
static QUERIES: LazyLock<Registry<Query>> = LazyLock::new(Registry::default);
/// Tokens of queries being planned or run, by engine and query id.
static TOKENS: LazyLock<Mutex<HashMap<(jlong, String), CancellationToken>>> =
    LazyLock::new(Mutex::default);
static NEXT_HANDLE: AtomicI64 = AtomicI64::new(1);

struct Registry<T>(Mutex<HashMap<jlong, Arc<T>>>);

impl<T> Default for Registry<T> {
    fn default() -> Self {
        Self(Mutex::default())
    }
}

impl<T> Registry<T> {
    fn add(&self, value: Arc<T>) -> jlong {
        let handle = NEXT_HANDLE.fetch_add(1, Ordering::Relaxed);
        self.0.lock().expect("registry").insert(handle, value);
        handle
    }

    fn find(&self, handle: jlong, what: &str) -> Result<Arc<T>, Failure> {
        let found = self.0.lock().expect("registry").get(&handle).cloned();
        found.ok_or_else(|| Failure::internal(format!("the {what} is closed")))
    }

    fn remove(&self, handle: jlong) -> Option<Arc<T>> {
        self.0.lock().expect("registry").remove(&handle)
    }
}

/// What an entry may fail with: our failure, or a JNI call's.
enum Fault {
    Ours(Failure),
    Jni(JniError),
}

impl From<Failure> for Fault {
    fn from(failure: Failure) -> Self {
        Self::Ours(failure)
    }
}

impl From<JniError> for Fault {
    fn from(error: JniError) -> Self {
        Self::Jni(error)
    }
}

impl From<datafusion::common::DataFusionError> for Fault {
    fn from(error: datafusion::common::DataFusionError) -> Self {
        Self::Ours(Failure::from(&error))
    }
}

/// Runs an entry; on failure or panic throws a `NativeException` and returns a default that Java never sees.
fn entry<'local, T: Default>(
    mut env: EnvUnowned<'local>,
    work: impl FnOnce(&mut Env<'local>) -> Result<T, Fault>,
) -> T {
    let failure = match env.with_env(work).into_outcome() {
        Outcome::Ok(value) => return value,
        Outcome::Err(Fault::Ours(failure)) => failure,
        Outcome::Err(Fault::Jni(error)) => Failure::internal(error.to_string()),
        Outcome::Panic(payload) => Failure::panic(payload.as_ref()),
    };
    let thrown = env.with_env(|env| {
        let class = jni_str!("dev/kelda/executor/bridge/NativeException");
        env.throw_new(class, JNIString::from(failure.encode()))
    });
    // Throwing reports itself as a pending exception; there is nobody else to tell.
    drop(thrown.into_outcome());
    T::default()
}

fn bytes(env: &Env, array: &JByteArray) -> Result<Vec<u8>, Fault> {
    Ok(env.convert_byte_array(array)?)
}

fn unreadable(what: &str, error: prost::DecodeError) -> Failure {
    Failure::internal(format!("the {what} cannot be read: {error}"))
}

#[unsafe(no_mangle)]
extern "system" fn Java_dev_kelda_executor_bridge_NativeEngine_openEngine<'local>(
    env: EnvUnowned<'local>,
    _class: JClass<'local>,
    config: JByteArray<'local>,
    upcalls: JObject<'local>,
) -> jlong {
    entry(env, |env| {
        let config = proto::EngineConfig::decode(bytes(env, &config)?.as_slice())
            .map_err(|e| unreadable("configuration", e))?;
        let upcalls = Arc::new(JavaUpcalls::new(env, &upcalls)?);
        let engine = Engine::open(&config, Some(upcalls))?;
        Ok(ENGINES.add(Arc::new(engine)))
    })
}

#[unsafe(no_mangle)]
extern "system" fn Java_dev_kelda_executor_bridge_NativeEngine_startQuery<'local>(
    env: EnvUnowned<'local>,
    _class: JClass<'local>,
    engine_handle: jlong,
    query_id: JString<'local>,
    request: JByteArray<'local>,
    stream: jlong,
) -> jlong {
    entry(env, |env| {
        let engine = ENGINES.find(engine_handle, "engine")?;
        let request = bytes(env, &request)?;
        let token = CancellationToken::new();
        let key = (engine_handle, query_id.try_to_string(env)?);
        TOKENS
            .lock()
            .expect("tokens")
            .insert(key.clone(), token.clone());
        match Query::start(&engine, request, token) {
            Ok((query, exported)) => {
                // SAFETY: Java allocated an empty ArrowArrayStream struct at this address.
                unsafe { std::ptr::write(stream as *mut FFI_ArrowArrayStream, exported) };
                Ok(QUERIES.add(query))
            }
            Err(failure) => {
                TOKENS.lock().expect("tokens").remove(&key);
                Err(failure.into())
            }
        }
    })
}

#[unsafe(no_mangle)]
extern "system" fn Java_dev_kelda_executor_bridge_NativeEngine_explainQuery<'local>(
    env: EnvUnowned<'local>,
    _class: JClass<'local>,
    engine: jlong,
    request: JByteArray<'local>,
) -> JString<'local> {
    entry(env, |env| {
        let engine = ENGINES.find(engine, "engine")?;
        let text = query::explain(&engine, bytes(env, &request)?)?;
        Ok(env.new_string(text)?)
    })
}

#[unsafe(no_mangle)]
extern "system" fn Java_dev_kelda_executor_bridge_NativeEngine_queryMetrics<'local>(
    env: EnvUnowned<'local>,
    _class: JClass<'local>,
    query: jlong,
) -> JByteArray<'local> {
    entry(env, |env| {
        let metrics = QUERIES.find(query, "query")?.metrics();
        Ok(env.byte_array_from_slice(&metrics.encode_to_vec())?)
    })
}

#[unsafe(no_mangle)]
extern "system" fn Java_dev_kelda_executor_bridge_NativeEngine_cancelQuery<'local>(
    env: EnvUnowned<'local>,
    _class: JClass<'local>,
    engine: jlong,
    query_id: JString<'local>,
) -> jboolean {
    entry(env, |env| {
        let key = (engine, query_id.try_to_string(env)?);
        let token = TOKENS.lock().expect("tokens").get(&key).cloned();
        Ok(match token {
            Some(token) => {
                token.cancel();
                true
            }
            None => false,
        })
    })
}

#[unsafe(no_mangle)]
extern "system" fn Java_dev_kelda_executor_bridge_NativeEngine_closeQuery<'local>(
    env: EnvUnowned<'local>,
    _class: JClass<'local>,
    query: jlong,
) {
    entry(env, |_| {
        if let Some(query) = QUERIES.remove(query) {
            TOKENS
                .lock()
                .expect("tokens")
                .retain(|(_, id), _| id != query.id());
            query.close()?;
        }
        Ok(())
    })
}

#[unsafe(no_mangle)]
extern "system" fn Java_dev_kelda_executor_bridge_NativeEngine_inspectFiles<'local>(
    env: EnvUnowned<'local>,
    _class: JClass<'local>,
    engine: jlong,
    request: JByteArray<'local>,
) -> JByteArray<'local> {
    entry(env, |env| {
        let engine = ENGINES.find(engine, "engine")?;
        let request = proto::InspectFilesRequest::decode(bytes(env, &request)?.as_slice())
            .map_err(|e| unreadable("request", e))?;
        let work = crate::scan::inspect::inspect(&engine, request);
        let response = engine.handle().block_on(work)?;
        Ok(env.byte_array_from_slice(&response.encode_to_vec())?)
    })
}

#[unsafe(no_mangle)]
extern "system" fn Java_dev_kelda_executor_bridge_NativeEngine_callStore<'local>(
    env: EnvUnowned<'local>,
    _class: JClass<'local>,
    engine: jlong,
    request: JByteArray<'local>,
) -> JByteArray<'local> {
    entry(env, |env| {
        let engine = ENGINES.find(engine, "engine")?;
        let request = proto::ObjectRequest::decode(bytes(env, &request)?.as_slice())
            .map_err(|e| unreadable("request", e))?;
        let work = crate::objects::call(&engine, request);
        let response = engine.handle().block_on(work)?;
        Ok(env.byte_array_from_slice(&response.encode_to_vec())?)
    })
}

#[unsafe(no_mangle)]
extern "system" fn Java_dev_kelda_executor_bridge_NativeEngine_engineMetrics<'local>(
    env: EnvUnowned<'local>,
    _class: JClass<'local>,
    engine: jlong,
) -> JByteArray<'local> {
    entry(env, |env| {
        let metrics = ENGINES.find(engine, "engine")?.metrics();
        Ok(env.byte_array_from_slice(&metrics.encode_to_vec())?)
    })
}

#[unsafe(no_mangle)]
extern "system" fn Java_dev_kelda_executor_bridge_NativeEngine_closeEngine<'local>(
    env: EnvUnowned<'local>,
    _class: JClass<'local>,
    engine: jlong,
) {
    entry(env, |_| {
        if let Some(engine) = ENGINES.remove(engine) {
            engine.shut_down();
        }
        Ok(())
    })
}
