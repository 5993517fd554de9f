//! The open connections, so that the one that has been idle longest makes room for a new one.

use std::collections::BTreeMap;
use std::sync::atomic::{AtomicU64, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use tokio::sync::Notify;

/// A connection: the number of its requests that are being answered, and the sign to close it.
#[derive(Debug, Default)]
pub(crate) struct Connection {
    n_active: AtomicUsize,
    pub(crate) close: Notify,
}

impl Connection {
    /// Returns true if none of its requests is being answered.
    pub(crate) fn is_idle(&self) -> bool {
        self.n_active.load(Ordering::SeqCst) == 0
    }
}

/// Counts a request of a connection until it is dropped.
pub(crate) struct Active(Arc<Connection>);

impl Active {
    pub(crate) fn of(connection: &Arc<Connection>) -> Self {
        connection.n_active.fetch_add(1, Ordering::SeqCst);
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

    /// Closes the oldest connection without a request; returns false if there is none.
    pub(crate) fn close_idle(&self) -> bool {
        let mut open = self.lock();
        let idle = open.iter().find(|(_, connection)| connection.is_idle());
        let Some(id) = idle.map(|(&id, _)| id) else { return false };
        open.remove(&id).is_some_and(|connection| {
            connection.close.notify_one();
            true
        })
    }
}
