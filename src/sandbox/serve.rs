//! The socket: accepting connections, cutting them, and being down.

use std::{convert::Infallible, io, net::SocketAddr, sync::Arc, time::Duration};

use axum::body::Body;
use hyper::{body::Incoming, server::conn::http1, service::service_fn};
use hyper_util::rt::TokioIo;
use tokio::{
    net::{TcpListener, TcpSocket, TcpStream},
    task::{JoinHandle, JoinSet},
};
use tokio_util::sync::CancellationToken;

use crate::sandbox::{
    core::{Core, Cut},
    web_page,
};

/// The sandbox's port, and whether anybody listens on it.
#[derive(Debug)]
pub(super) struct Server {
    address: SocketAddr,
    socket: Socket,
}

#[derive(Debug)]
enum Socket {
    Up {
        stop: CancellationToken,
        accepting: JoinHandle<()>,
    },
    /// The port is kept, bound but not listening, so that it refuses connections and nobody else takes it.
    Down(Option<TcpSocket>),
}

impl Server {
    pub(super) fn start(core: &Arc<Core>, listener: TcpListener) -> io::Result<Self> {
        let address = listener.local_addr()?;
        Ok(Self { address, socket: up(core, listener) })
    }

    pub(super) fn address(&self) -> SocketAddr {
        self.address
    }

    /// Closes the listening socket and cuts all connections, before it returns.
    pub(super) async fn stop(&mut self) {
        let Socket::Up { stop, accepting } = &mut self.socket else {
            return;
        };
        stop.cancel();
        // An error would mean that the task is gone already.
        let _ = accepting.await;
        self.socket = Socket::Down(bind(self.address).ok());
    }

    /// Listens on the same port again.
    pub(super) fn resume(&mut self, core: &Arc<Core>) -> io::Result<()> {
        let Socket::Down(kept) = &mut self.socket else {
            return Ok(());
        };
        let socket = match kept.take() {
            Some(socket) => socket,
            None => bind(self.address)?,
        };
        self.socket = up(core, socket.listen(1024)?);
        Ok(())
    }

    /// Gives up the port.
    pub(super) async fn end(&mut self) {
        self.stop().await;
        self.socket = Socket::Down(None);
    }
}

fn up(core: &Arc<Core>, listener: TcpListener) -> Socket {
    let stop = core.end.child_token();
    let accepting = tokio::spawn(accept(Arc::clone(core), listener, stop.clone()));
    Socket::Up { stop, accepting }
}

fn bind(address: SocketAddr) -> io::Result<TcpSocket> {
    let socket = if address.is_ipv4() { TcpSocket::new_v4() } else { TcpSocket::new_v6() }?;
    #[cfg(not(windows))]
    socket.set_reuseaddr(true)?;
    socket.bind(address)?;
    Ok(socket)
}

async fn accept(core: Arc<Core>, listener: TcpListener, stop: CancellationToken) {
    let mut connections = JoinSet::new();
    loop {
        tokio::select! {
            biased;
            () = stop.cancelled() => break,
            accepted = listener.accept() => match accepted {
                Ok((stream, peer)) => drop(connections.spawn(connection(Arc::clone(&core), stream, peer))),
                // Out of file descriptors, or a connection that was gone at once.
                Err(_) => tokio::time::sleep(Duration::from_millis(20)).await,
            },
            Some(_) = connections.join_next() => {}
        }
    }
    drop(listener);
    connections.shutdown().await;
}

/// Ends when the client leaves, or when the service's `Err` makes hyper drop the socket without an answer.
async fn connection(core: Arc<Core>, stream: TcpStream, peer: SocketAddr) {
    let _ = stream.set_nodelay(true);
    let service = service_fn(|request: hyper::Request<Incoming>| {
        let core = Arc::clone(&core);
        async move {
            let request = request.map(Body::new);
            if web_page::is_for(&request) {
                return Ok::<_, Cut>(web_page::answer(&core, peer, request).await);
            }
            core.exchange(request).await
        }
    });
    // Its errors are the client's leaving and our own cuts.
    let _ = http1::Builder::new().serve_connection(TokioIo::new(stream), service).await;
}

/// The same in process, where there is no connection to cut: then the answer is a proxy's empty 502.
pub(super) async fn in_process(
    core: Arc<Core>,
    request: axum::extract::Request,
) -> Result<axum::response::Response, Infallible> {
    Ok(core.exchange(request).await.unwrap_or_else(|_cut| {
        let mut response = axum::response::Response::default();
        *response.status_mut() = http::StatusCode::BAD_GATEWAY;
        response
    }))
}
