//! The open connections, so that the one that has been idle longest makes room for a new one. If none is idle, it is the
//! oldest of those that still wait for their client's body: clients that stop in the middle keep nobody out.

use std::collections::BTreeMap;
use std::pin::Pin;
use std::sync::atomic::{AtomicU64, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::task::{Context, Poll};

use hyper::body::{Body, Bytes, Frame, Incoming, SizeHint};
use tokio::sync::Notify;

/// A connection: the numbers of its requests that are being answered, whose body is still arriving, and that have begun, and
/// the sign to close it.
#[derive(Debug, Default)]
pub(crate) struct Connection {
    n_active: AtomicUsize,
    n_arriving: AtomicUsize,
    /// The number of all its requests.
    n_begun: AtomicUsize,
    pub(crate) close: Notify,
}

impl Connection {
    /// Returns true if none of its requests is being answered.
    pub(crate) fn is_idle(&self) -> bool {
        self.n_active.load(Ordering::SeqCst) == 0
    }

    /// The number of requests whose head has arrived.
    pub(crate) fn n_begun(&self) -> usize {
        self.n_begun.load(Ordering::SeqCst)
    }

    fn is_arriving(&self) -> bool {
        self.n_arriving.load(Ordering::SeqCst) > 0
    }
}

/// The body of a request, which counts as arriving until its end was read or nobody reads it any more.
pub(crate) struct Arriving {
    body: Incoming,
    connection: Option<Arc<Connection>>,
}

impl Arriving {
    pub(crate) fn of(connection: &Arc<Connection>, body: Incoming) -> Self {
        let connection = Some(connection).filter(|_| !body.is_end_stream()).cloned();
        if let Some(connection) = &connection {
            connection.n_arriving.fetch_add(1, Ordering::SeqCst);
        }
        Arriving { body, connection }
    }

    fn end(&mut self) {
        if let Some(connection) = self.connection.take() {
            connection.n_arriving.fetch_sub(1, Ordering::SeqCst);
        }
    }
}

impl Drop for Arriving {
    fn drop(&mut self) {
        self.end();
    }
}

impl Body for Arriving {
    type Data = Bytes;
    type Error = hyper::Error;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, hyper::Error>>> {
        let frame = Pin::new(&mut self.body).poll_frame(context);
        if matches!(frame, Poll::Ready(None)) {
            self.end();
        }
        frame
    }

    fn is_end_stream(&self) -> bool {
        self.body.is_end_stream()
    }

    fn size_hint(&self) -> SizeHint {
        self.body.size_hint()
    }
}

/// Counts a request of a connection until it is dropped.
pub(crate) struct Active(Arc<Connection>);

impl Active {
    pub(crate) fn of(connection: &Arc<Connection>) -> Self {
        connection.n_active.fetch_add(1, Ordering::SeqCst);
        connection.n_begun.fetch_add(1, Ordering::SeqCst);
        Active(connection.clone())
    }
}

impl Drop for Active {
    fn drop(&mut self) {
        self.0.n_active.fetch_sub(1, Ordering::SeqCst);
    }
}

/// All open connections, the oldest first.
#[derive(Debug, Default)]
pub(crate) struct Connections {
    open: Mutex<BTreeMap<u64, Arc<Connection>>>,
    n_accepted: AtomicU64,
}

/// Removes a connection from the list when it is dropped.
pub(crate) struct Open {
    connections: Arc<Connections>,
    id: u64,
    pub(crate) connection: Arc<Connection>,
}

impl Drop for Open {
    fn drop(&mut self) {
        self.connections.lock().remove(&self.id);
    }
}

impl Connections {
    fn lock(&self) -> MutexGuard<'_, BTreeMap<u64, Arc<Connection>>> {
        self.open.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Adds a connection.
    pub(crate) fn add(self: &Arc<Self>) -> Open {
        let id = self.n_accepted.fetch_add(1, Ordering::SeqCst);
        let connection = Arc::new(Connection::default());
        self.lock().insert(id, connection.clone());
        Open { connections: self.clone(), id, connection }
    }

    pub(crate) fn len(&self) -> usize {
        self.lock().len()
    }

    /// Closes the oldest connection without a request, or the oldest whose request has not arrived; returns false if there
    /// is none.
    pub(crate) fn close_waiting(&self) -> bool {
        let mut open = self.lock();
        let idle = open.iter().find(|(_, connection)| connection.is_idle());
        let waiting = idle.or_else(|| open.iter().find(|(_, connection)| connection.is_arriving()));
        let Some(id) = waiting.map(|(&id, _)| id) else { return false };
        open.remove(&id).is_some_and(|connection| {
            connection.close.notify_one();
            true
        })
    }
}
