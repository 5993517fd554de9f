//! What all requests share.

use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError, RwLock};
use std::time::{SystemTime, UNIX_EPOCH};

use axum::http::StatusCode;
use clsify::error::Result;
use tokio::sync::{OwnedSemaphorePermit, Semaphore};

use crate::bodies::Bodies;
use crate::catalogue::{Catalogue, Model, ModelSource, Reloaded};
use crate::explanations::Explanations;
use crate::keys::Keys;
use crate::metrics::Metrics;
use crate::options::ServeOptions;
use crate::queue::Queue;
use crate::refusal::{Kind, Refusal};

/// Names that the examples of text-embeddings-inference use for the only model of a server.
const ANY_MODEL: [&str; 2] = ["text-embeddings-inference", "tei"];

/// The state of a server.
#[derive(Debug)]
pub(crate) struct App {
    pub(crate) options: ServeOptions,
    pub(crate) keys: Keys,
    pub(crate) metrics: Metrics,
    pub(crate) queue: Queue,
    /// The memory for bodies that are not tokenized yet.
    pub(crate) bodies: Arc<Bodies>,
    /// One permit per request that may wait or be computed.
    admission: Arc<Semaphore>,
    /// One explanation is computed at a time, beside the batches.
    pub(crate) explanations: Explanations,
    sources: Vec<ModelSource>,
    catalogue: RwLock<Arc<Catalogue>>,
    /// Held during a reload.
    reloading: Mutex<()>,
    is_draining: AtomicBool,
    first_request_id: u64,
    n_requests: AtomicU64,
}

impl App {
    /// Loads the models.
    pub(crate) fn new(options: ServeOptions, sources: Vec<ModelSource>) -> Result<Self> {
        let catalogue = RwLock::new(Arc::new(Catalogue::load(&sources)?));
        let now = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
        Ok(App {
            keys: Keys::new(&options.api_keys),
            metrics: Metrics::new(),
            queue: Queue::default(),
            bodies: Arc::new(Bodies::new(options.payload_limit_bytes)),
            admission: Arc::new(Semaphore::new(options.max_concurrent_requests)),
            explanations: Explanations::new()?,
            sources,
            catalogue,
            reloading: Mutex::new(()),
            is_draining: AtomicBool::new(false),
            first_request_id: now.as_nanos() as u64,
            n_requests: AtomicU64::new(0),
            options,
        })
    }

    /// The models as they are now; they stay in memory as long as a request uses them.
    pub(crate) fn catalogue(&self) -> Arc<Catalogue> {
        self.catalogue.read().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// The model of this name, or the first one.
    pub(crate) fn model(&self, name: Option<&str>) -> Result<Arc<Model>, Refusal> {
        let catalogue = self.catalogue();
        let known = catalogue.find(name).cloned();
        // A model of that name comes first.
        let known = known.or_else(|| {
            let is_any = catalogue.models().len() == 1 && name.is_some_and(|name| ANY_MODEL.contains(&name));
            catalogue.find(None).filter(|_| is_any).cloned()
        });
        known.ok_or_else(|| {
            let names: Vec<&str> = catalogue.models().iter().map(|model| model.name.as_str()).collect();
            let message = format!(
                "expected the name of a model that is served ({}), got {:?}",
                names.join(", "),
                name.unwrap_or_default()
            );
            Refusal::new(StatusCode::NOT_FOUND, Kind::NotFound, message).about("model")
        })
    }

    /// The model of a request, which its path or its body may name.
    pub(crate) fn model_of(&self, path: Option<&str>, body: Option<&str>) -> Result<Arc<Model>, Refusal> {
        let model = self.model(path.or(body))?;
        let is_other = |name: &str| !self.model(Some(name)).is_ok_and(|named| named.name == model.name);
        match body {
            Some(name) if path.is_some() && is_other(name) => Err(Refusal::invalid(format!(
                "expected the field `model` to be that of the path, {:?}, or to be left out, got {name:?}",
                model.name
            ))
            .about("model")),
            _ => Ok(model),
        }
    }

    /// A permit for a request, whether it has one text or many.
    pub(crate) fn admit(&self) -> Result<OwnedSemaphorePermit, Refusal> {
        self.admission.clone().try_acquire_owned().map_err(|_| Refusal::overloaded())
    }

    /// Returns true if another request would be refused.
    pub(crate) fn is_full(&self) -> bool {
        self.admission.available_permits() == 0
    }

    /// From now on the server is not ready: it finishes what it has.
    pub(crate) fn drain(&self) {
        self.is_draining.store(true, Ordering::SeqCst);
    }

    pub(crate) fn is_draining(&self) -> bool {
        self.is_draining.load(Ordering::SeqCst)
    }

    /// Loads the models whose folders have changed, and the result for each name. Requests go on meanwhile.
    pub(crate) fn reload(&self) -> Vec<(String, Reloaded)> {
        let _one_at_a_time = self.reloading.lock().unwrap_or_else(PoisonError::into_inner);
        let (new, results) = self.catalogue().reloaded(&self.sources);
        *self.catalogue.write().unwrap_or_else(PoisonError::into_inner) = Arc::new(new);
        let names = self.sources.iter().map(|source| source.name.clone());
        let results: Vec<(String, Reloaded)> = names.zip(results).collect();
        for (model, result) in &results {
            match result {
                Reloaded::Unchanged => tracing::info!(model, "unchanged"),
                Reloaded::New => tracing::info!(model, "reloaded"),
                Reloaded::Failed(error) => {
                    tracing::error!(model, %error, "not reloaded: the version before it is still served");
                }
            }
        }
        results
    }

    /// An id for a request that has none.
    pub(crate) fn request_id(&self) -> String {
        let n = self.n_requests.fetch_add(1, Ordering::Relaxed);
        format!("{:016x}", self.first_request_id.wrapping_add(n))
    }
}
