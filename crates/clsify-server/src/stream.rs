//! A connection's stream that gives up on clients that do not read their answers, or stop in the head of a request.

use std::future::Future;
use std::io;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};
use std::time::Duration;

use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio::time::{Sleep, sleep};

use crate::idle::Connection;

/// A stream whose writes fail if the client takes nothing for some time, and whose reads fail if a head that has begun has not
/// arrived after that time.
pub(crate) struct Timed<S> {
    stream: S,
    patience: Duration,
    /// Runs while a write waits.
    timer: Option<Pin<Box<Sleep>>>,
    connection: Arc<Connection>,
    /// Runs while a head arrives, with the number of the requests before it.
    head: Option<(usize, Pin<Box<Sleep>>)>,
}

impl<S> Timed<S> {
    pub(crate) fn new(stream: S, patience: Duration, connection: Arc<Connection>) -> Self {
        Timed { stream, patience, timer: None, connection, head: None }
    }

    /// An error once the head of a request has been arriving for too long.
    fn check_head(&mut self, context: &mut Context<'_>) -> io::Result<()> {
        let is_late = self.head.as_mut().is_some_and(|(_, timer)| timer.as_mut().poll(context).is_ready());
        if is_late { Err(io::ErrorKind::TimedOut.into()) } else { Ok(()) }
    }

    /// The result of a write, or an error once it has waited too long.
    fn timed<T>(&mut self, context: &mut Context<'_>, result: Poll<io::Result<T>>) -> Poll<io::Result<T>> {
        if result.is_ready() {
            self.timer = None;
            return result;
        }
        let patience = self.patience;
        let timer = self.timer.get_or_insert_with(|| Box::pin(sleep(patience)));
        match timer.as_mut().poll(context) {
            Poll::Ready(()) => Poll::Ready(Err(io::ErrorKind::TimedOut.into())),
            Poll::Pending => Poll::Pending,
        }
    }
}

impl<S: AsyncRead + Unpin> AsyncRead for Timed<S> {
    fn poll_read(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        let n_begun = self.connection.n_begun();
        // The head that was timed has arrived.
        self.head.take_if(|(before, _)| *before != n_begun);
        let n_before = buffer.filled().len();
        let result = Pin::new(&mut self.stream).poll_read(context, buffer);
        // Bytes that come while no request is answered belong to the head of the next one.
        if buffer.filled().len() > n_before && self.head.is_none() && self.connection.is_idle() {
            self.head = Some((n_begun, Box::pin(sleep(self.patience))));
        }
        self.check_head(context)?;
        result
    }
}

impl<S: AsyncWrite + Unpin> AsyncWrite for Timed<S> {
    fn poll_write(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        bytes: &[u8],
    ) -> Poll<io::Result<usize>> {
        let result = Pin::new(&mut self.stream).poll_write(context, bytes);
        self.timed(context, result)
    }

    fn poll_write_vectored(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        slices: &[io::IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        let result = Pin::new(&mut self.stream).poll_write_vectored(context, slices);
        self.timed(context, result)
    }

    fn is_write_vectored(&self) -> bool {
        self.stream.is_write_vectored()
    }

    fn poll_flush(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        let result = Pin::new(&mut self.stream).poll_flush(context);
        self.timed(context, result)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        let result = Pin::new(&mut self.stream).poll_shutdown(context);
        self.timed(context, result)
    }
}
