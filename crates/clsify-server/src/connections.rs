//! Accepts connections, and ends them: those of slow and idle clients, and all when the server stops.

use std::io;
use std::pin::pin;
use std::sync::Arc;
use std::time::Duration;

use axum::Router;
use axum::body::Body;
use axum::http::{Request, Response};
use hyper::body::Incoming;
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper_util::rt::{TokioIo, TokioTimer};
use hyper_util::service::TowerToHyperService;
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::net::TcpListener;
#[cfg(unix)]
use tokio::net::UnixListener;
use tokio::sync::watch;
use tokio::task::JoinSet;

use crate::idle::{Active, Arriving, Connection, Connections};
use crate::stream::Timed;

/// The time after which an idle connection is closed: longer than reverse proxies keep theirs, so that none of them sends a
/// request into a connection that is being closed. A head that has begun has the time of a request, if that is less.
const IDLE_TIMEOUT: Duration = Duration::from_secs(75);

/// The time in which requests still begin on a connection that was accepted before the stop.
const LINGER: Duration = Duration::from_millis(500);

/// The maximum number of connections that are accepted after the stop because the system had accepted them before it.
const MAX_BACKLOG: usize = 4096;

/// The maximum size of the head of a request.
const MAX_HEAD_BYTES: usize = 32 * 1024;

/// The pause after a failure to accept, such as for lack of file descriptors.
const PAUSE: Duration = Duration::from_millis(20);

/// The limits of connections.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Limits {
    pub(crate) max_connections: usize,
    /// The time after which a client that takes nothing of its answer is given up, or one that has not sent a whole head.
    pub(crate) patience: Duration,
    /// The time for accepted requests after the server was asked to stop.
    pub(crate) grace: Duration,
}

/// A socket that listens.
#[derive(Debug)]
pub(crate) enum Listener {
    Tcp(TcpListener),
    #[cfg(unix)]
    Unix(UnixListener),
}

/// Serves until `stop` is true, then finishes the requests that were accepted.
pub(crate) async fn serve(listener: Listener, router: Router, limits: Limits, stop: watch::Receiver<bool>) {
    let mut accepting =
        Accepting { tasks: JoinSet::new(), connections: Arc::default(), router, limits, stop };
    let mut stopping = accepting.stop.clone();
    loop {
        tokio::select! {
            biased;
            _ = stopping.wait_for(|stops| *stops) => break,
            accepted = accept(&listener) => accepting.take(accepted).await,
        }
    }
    for stream in backlog(listener) {
        accepting.take(Ok(stream)).await;
    }
    let Accepting { mut tasks, .. } = accepting;
    let all = async { while tasks.join_next().await.is_some() {} };
    if tokio::time::timeout(limits.grace, all).await.is_err() {
        tracing::warn!("the time to finish requests is over: the remaining ones are dropped");
    }
}

/// The connections that were accepted.
struct Accepting {
    tasks: JoinSet<()>,
    connections: Arc<Connections>,
    router: Router,
    limits: Limits,
    stop: watch::Receiver<bool>,
}

impl Accepting {
    /// Answers a new connection in a task of its own.
    async fn take(&mut self, accepted: io::Result<Stream>) {
        // Finished tasks leave no trace.
        while self.tasks.try_join_next().is_some() {}
        let stream = match accepted {
            Ok(stream) => stream,
            Err(error) => {
                tracing::warn!(%error, "a connection was not accepted");
                self.connections.close_waiting();
                tokio::time::sleep(PAUSE).await;
                return;
            }
        };
        if self.connections.len() >= self.limits.max_connections && !self.connections.close_waiting() {
            // All of them are being answered: the new one is closed, because its request could only wait.
            return;
        }
        let (open, router, stop) = (self.connections.add(), self.router.clone(), self.stop.clone());
        let limits = self.limits;
        self.tasks.spawn(async move {
            let connection = &open.connection;
            match stream {
                Stream::Tcp(stream) => converse(stream, router, limits, connection, stop).await,
                #[cfg(unix)]
                Stream::Unix(stream) => converse(stream, router, limits, connection, stop).await,
            }
        });
    }
}

enum Stream {
    Tcp(tokio::net::TcpStream),
    #[cfg(unix)]
    Unix(tokio::net::UnixStream),
}

async fn accept(listener: &Listener) -> io::Result<Stream> {
    match listener {
        Listener::Tcp(listener) => {
            let (stream, _) = listener.accept().await?;
            // Answers are written at once.
            stream.set_nodelay(true)?;
            Ok(Stream::Tcp(stream))
        }
        #[cfg(unix)]
        Listener::Unix(listener) => Ok(Stream::Unix(listener.accept().await?.0)),
    }
}

/// Closes a listener; returns the connections that the system has accepted already. They are asked for from the system
/// itself, because the runtime may not have heard of them yet.
fn backlog(listener: Listener) -> Vec<Stream> {
    let accepted = match listener {
        Listener::Tcp(listener) => listener.into_std().map(|listener| {
            accept_all(|| {
                let (stream, _) = listener.accept()?;
                stream.set_nodelay(true)?;
                stream.set_nonblocking(true)?;
                Ok(Stream::Tcp(tokio::net::TcpStream::from_std(stream)?))
            })
        }),
        #[cfg(unix)]
        Listener::Unix(listener) => listener.into_std().map(|listener| {
            accept_all(|| {
                let (stream, _) = listener.accept()?;
                stream.set_nonblocking(true)?;
                Ok(Stream::Unix(tokio::net::UnixStream::from_std(stream)?))
            })
        }),
    };
    accepted.unwrap_or_default()
}

/// Accepts until there is nothing more; a client that broke off meanwhile is none.
fn accept_all(mut accept: impl FnMut() -> io::Result<Stream>) -> Vec<Stream> {
    let mut streams = Vec::new();
    for _ in 0..MAX_BACKLOG {
        match accept() {
            Ok(stream) => streams.push(stream),
            Err(error) if error.kind() == io::ErrorKind::WouldBlock => break,
            Err(_) => {}
        }
    }
    streams
}

/// Answers the requests of one connection.
async fn converse(
    stream: impl AsyncRead + AsyncWrite + Unpin + Send + 'static,
    router: Router,
    limits: Limits,
    connection: &Arc<Connection>,
    mut stop: watch::Receiver<bool>,
) {
    let router = TowerToHyperService::new(router);
    let answer = |request: Request<Incoming>| {
        let (active, router) = (Active::of(connection), router.clone());
        let request = request.map(|body| Body::new(Arriving::of(connection, body)));
        async move {
            let response: Result<Response<Body>, std::convert::Infallible> =
                hyper::service::Service::call(&router, request).await;
            drop(active);
            response
        }
    };
    let stream = TokioIo::new(Timed::new(stream, limits.patience, connection.clone()));
    let serving = http1::Builder::new()
        .timer(TokioTimer::new())
        .header_read_timeout(IDLE_TIMEOUT)
        .max_buf_size(MAX_HEAD_BYTES)
        .serve_connection(stream, service_fn(answer));
    let mut serving = pin!(serving);
    tokio::select! {
        // A client that broke off or sent no HTTP is not worth a line in the log.
        _ = serving.as_mut() => return,
        () = connection.close.notified() => return,
        _ = stop.wait_for(|stops| *stops) => {}
    }
    // A request that has been sent, but was not read yet, was accepted before the stop. hyper would drop it.
    if tokio::time::timeout(LINGER, serving.as_mut()).await.is_ok() {
        return;
    }
    serving.as_mut().graceful_shutdown();
    // A connection on which nothing has come yet may still bring its first request.
    while tokio::time::timeout(LINGER, serving.as_mut()).await.is_err() && !connection.is_idle() {}
}
