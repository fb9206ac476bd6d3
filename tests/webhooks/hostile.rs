//! Bodies that never end, and those that are too large: cut off, with memory flat.

use tokio::{
    io::{AsyncReadExt as _, AsyncWriteExt as _},
    net::TcpStream,
};

use crate::{
    child::Job,
    process::Process,
    support::{ms, sale, signature, within},
};

/// What the application may grow by, in KiB.
const FLAT: u64 = 48 * 1024;

/// Its address, and the path there.
fn place(process: &Process) -> (&str, &str) {
    process.url.trim_start_matches("http://").split_once('/').unwrap()
}

/// Opens a request with these headers, besides the host and a signature that looks like one.
async fn open(process: &Process, headers: &str) -> TcpStream {
    let (address, path) = place(process);
    let mut stream = TcpStream::connect(address).await.unwrap();
    let signature = "0".repeat(64);
    let head = format!("POST /{path} HTTP/1.1\r\nhost: {address}\r\nsignature: {signature}\r\n{headers}\r\n\r\n");
    stream.write_all(head.as_bytes()).await.unwrap();
    stream
}

/// Reads until the other side has closed the connection. The status that it answered.
async fn status(stream: &mut (impl tokio::io::AsyncRead + Unpin)) -> Option<u16> {
    let mut answer = Vec::new();
    let _ = within(stream.read_to_end(&mut answer)).await;
    String::from_utf8_lossy(&answer).split(' ').nth(1)?.parse().ok()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_gigabyte_is_cut_off_whether_it_is_announced_or_not_with_memory_flat() {
    let process = Process::up(&Job::Nothing).await;
    let before = process.memory().await;
    for headers in ["content-length: 1073741824", "transfer-encoding: chunked"] {
        let (mut reader, mut writer) = open(&process, headers).await.into_split();
        let chunk = [b"10000\r\n".as_slice(), &vec![b' '; 0x10000], b"\r\n"].concat();
        let sending = tokio::spawn(async move {
            for sent in 0..1024 * 16 {
                if writer.write_all(&chunk).await.is_err() {
                    return sent;
                }
            }
            usize::MAX
        });
        let status = status(&mut reader).await;
        assert!(matches!(status, Some(413) | None), "{headers}: {status:?}");
        drop(reader);
        let sent = within(sending).await.unwrap();
        assert!(sent < 1024, "{headers}: it took {sent} times 64 KiB");
    }
    let after = process.memory().await;
    assert!(after < before + FLAT, "it grew from {before} to {after} KiB");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_hundred_bodies_that_come_byte_by_byte_are_cut_off_and_genuine_ones_are_taken_meanwhile() {
    let process = Process::up(&Job::Nothing).await;
    let before = process.memory().await;
    let mut slow = tokio::task::JoinSet::new();
    for _ in 0..100 {
        let stream = open(&process, "content-length: 200000").await;
        slow.spawn(async move {
            let (mut reader, mut writer) = stream.into_split();
            let writing = tokio::spawn(async move {
                while writer.write_all(b" ").await.is_ok() {
                    tokio::time::sleep(ms(50)).await;
                }
            });
            let status = status(&mut reader).await;
            writing.abort();
            status
        });
    }
    let client = reqwest::Client::new();
    for number in 0..20 {
        let body = sale(&number.to_string());
        let request = client.post(&process.url).header("signature", signature(body.as_bytes())).body(body);
        assert_eq!(within(request.send()).await.unwrap().status(), 200);
    }
    while let Some(status) = within(slow.join_next()).await {
        assert!(matches!(status.unwrap(), Some(400 | 503) | None));
    }
    let after = process.memory().await;
    assert!(after < before + FLAT, "it grew from {before} to {after} KiB");
}
