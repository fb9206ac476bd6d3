//! Connections that send one webhook after the other.

use std::time::{Duration, Instant, SystemTime};

use hmac::{Hmac, KeyInit as _, Mac as _};
use sha2::Sha256;
use tokio::{
    io::{AsyncReadExt as _, AsyncWriteExt as _},
    net::TcpStream,
    task::JoinSet,
};

use crate::server::SECRET;

/// Answers with 200 a second.
pub(crate) async fn rate(address: &str, connections: usize, time: Duration, round: u64) -> f64 {
    let mut sending = JoinSet::new();
    let begin = Instant::now();
    for connection in 0..connections {
        let address = address.to_owned();
        sending.spawn(async move {
            let mut stream = TcpStream::connect(&address).await.expect("a connection");
            stream.set_nodelay(true).expect("a socket");
            let mut answers = 0_u64;
            while begin.elapsed() < time {
                let request = request(&format!("{round}-{connection}-{answers}"));
                stream.write_all(&request).await.expect("a request");
                answer(&mut stream).await;
                answers += 1;
            }
            answers
        });
    }
    let answers: u64 = sending.join_all().await.into_iter().sum();
    answers as f64 / begin.elapsed().as_secs_f64()
}

/// A webhook of 1 KB that was never sent before.
fn request(number: &str) -> Vec<u8> {
    let body = format!(
        r#"{{"event":"transaction.created","url":"https://shop.example/webhooks/partnero","webhook_key":"aB3dE6gH9jK2","created_at":"{}","data":{{"key":"order-{number}","amount":49.9,"padding":"{}"}}}}"#,
        now(),
        "x".repeat(760)
    );
    let mut hmac = Hmac::<Sha256>::new_from_slice(SECRET.as_bytes()).expect("any key");
    hmac.update(body.as_bytes());
    let signature: String = hmac.finalize().into_bytes().iter().map(|byte| format!("{byte:02x}")).collect();
    let length = body.len();
    format!(
        "POST /webhooks/partnero HTTP/1.1\r\nhost: shop\r\nsignature: {signature}\r\ncontent-length: {length}\r\n\r\n{body}"
    )
    .into_bytes()
}

/// The time of day, as Partnero writes it: on a day of one's own, for the hours are what differs.
fn now() -> String {
    let now = SystemTime::now().duration_since(SystemTime::UNIX_EPOCH).expect("a time of day");
    let (seconds, micros) = (now.as_secs() % (24 * 60 * 60), now.subsec_micros());
    format!("2026-03-04T{:02}:{:02}:{:02}.{micros:06}Z", seconds / 3600, seconds / 60 % 60, seconds % 60)
}

/// Reads an answer, which has no body.
async fn answer(stream: &mut TcpStream) {
    let (mut answer, mut read) = ([0; 1024], 0);
    while !answer[..read].ends_with(b"\r\n\r\n") {
        let more = stream.read(&mut answer[read..]).await.expect("an answer");
        assert!(more > 0, "the connection ended");
        read += more;
    }
    assert!(answer.starts_with(b"HTTP/1.1 200 "), "{}", String::from_utf8_lossy(&answer[..read]));
}
