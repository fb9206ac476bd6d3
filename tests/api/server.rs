//! A server that does exactly what a test says, byte by byte.

use std::{
    net::SocketAddr,
    sync::{Arc, Mutex},
    time::Duration,
};

use axum_partnero::{ApiClient, api::ApiClientBuilder};
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::{TcpListener, TcpStream},
};

pub(crate) const KEY: &str = "s3cret-api-key";

/// A request as it came.
#[derive(Clone, Debug, Default)]
pub(crate) struct Request {
    pub(crate) line: String,
    pub(crate) headers: Vec<(String, String)>,
    pub(crate) body: String,
    /// The number of its connection.
    pub(crate) connection: usize,
}

impl Request {
    pub(crate) fn header(&self, name: &str) -> Option<&str> {
        let mut all = self.headers.iter().filter(|(its, _)| its == name);
        let value = all.next().map(|(_, value)| value.as_str());
        assert!(all.next().is_none(), "{name} twice");
        value
    }

    /// `GET /customers`
    pub(crate) fn asked(&self) -> &str {
        self.line.strip_suffix(" HTTP/1.1").unwrap()
    }
}

/// What to do with a request.
pub(crate) enum Reply {
    /// Send this, and keep the connection.
    Bytes(Vec<u8>),
    /// Send this, and close the connection.
    Cut(Vec<u8>),
    /// Send this, and then nothing, for ever.
    Hang(Vec<u8>),
}

pub(crate) fn answer(status: u16, headers: &str, body: impl AsRef<[u8]>) -> Reply {
    let body = body.as_ref();
    let mut bytes = format!("HTTP/1.1 {status} X\r\ncontent-length: {}\r\n{headers}\r\n", body.len()).into_bytes();
    bytes.extend_from_slice(body);
    Reply::Bytes(bytes)
}

pub(crate) fn json(status: u16, body: impl ToString) -> Reply {
    answer(status, "content-type: application/json\r\n", body.to_string())
}

#[derive(Clone)]
pub(crate) struct Server {
    pub(crate) address: SocketAddr,
    requests: Arc<Mutex<Vec<Request>>>,
}

impl Server {
    pub(crate) async fn new(reply: impl Fn(&Request) -> Reply + Send + Sync + 'static) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let server = Self { address: listener.local_addr().unwrap(), requests: Arc::default() };
        let (requests, reply) = (Arc::clone(&server.requests), Arc::new(reply));
        tokio::spawn(async move {
            for connection in 0.. {
                let (stream, _) = listener.accept().await.unwrap();
                tokio::spawn(serve(stream, connection, Arc::clone(&requests), Arc::clone(&reply)));
            }
        });
        server
    }

    pub(crate) async fn always(status: u16, body: impl ToString) -> Self {
        let body = body.to_string();
        Self::new(move |_| json(status, &body)).await
    }

    pub(crate) fn builder(&self) -> ApiClientBuilder {
        ApiClient::builder(KEY).base_url(format!("http://{}/v1", self.address)).request_timeout(Duration::from_secs(5))
    }

    pub(crate) fn client(&self) -> ApiClient {
        self.builder().build().unwrap()
    }

    pub(crate) fn requests(&self) -> Vec<Request> {
        self.requests.lock().unwrap().clone()
    }

    /// The only request.
    pub(crate) fn request(&self) -> Request {
        let mut all = self.requests();
        assert_eq!(all.len(), 1, "{all:?}");
        all.remove(0)
    }
}

async fn serve(
    mut stream: TcpStream,
    connection: usize,
    requests: Arc<Mutex<Vec<Request>>>,
    reply: Arc<impl Fn(&Request) -> Reply>,
) {
    while let Some(mut request) = read(&mut stream).await {
        request.connection = connection;
        let reply = reply(&request);
        requests.lock().unwrap().push(request);
        let (Reply::Bytes(bytes) | Reply::Cut(bytes) | Reply::Hang(bytes)) = &reply;
        if stream.write_all(bytes).await.is_err() || matches!(reply, Reply::Cut(_)) {
            return;
        }
        if matches!(reply, Reply::Hang(_)) {
            std::future::pending::<()>().await;
        }
    }
}

async fn read(stream: &mut TcpStream) -> Option<Request> {
    let mut head = Vec::new();
    while !head.ends_with(b"\r\n\r\n") {
        head.push(stream.read_u8().await.ok()?);
    }
    let head = String::from_utf8(head).unwrap();
    let mut lines = head.trim_end().split("\r\n");
    let line = lines.next()?.to_owned();
    let headers = lines.map(|line| line.split_once(": ").unwrap()).map(|(n, v)| (n.to_owned(), v.to_owned())).collect();
    let mut request = Request { line, headers, ..Request::default() };
    let length = request.header("content-length").map_or(0, |length| length.parse().unwrap());
    let mut body = vec![0; length];
    stream.read_exact(&mut body).await.ok()?;
    request.body = String::from_utf8(body).unwrap();
    Some(request)
}
