use std::net::Ipv4Addr;
use std::time::Duration;

use crate::client::{affiliate, shop, start};

use axum_partnero::sandbox::{Fault, Sandbox};
use serde_json::json;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};

#[tokio::test]
async fn a_closed_port_refuses_connections_until_it_is_opened_again() {
    let client = shop().await;
    let url = client.sandbox.url();
    assert_eq!(client.get("test").await.0, 200);
    for round in 0..3 {
        client.sandbox.stop_listening().await;
        client.sandbox.stop_listening().await;
        for _ in 0..20 {
            let error = client.request("GET", "test").send().await.unwrap_err();
            assert!(error.is_connect(), "{round} {error:?}");
        }
        client.sandbox.resume_listening().await.unwrap();
        client.sandbox.resume_listening().await.unwrap();
        assert_eq!(client.get("customers/mia").await.0, 200, "the state is kept");
    }
    assert_eq!(client.sandbox.url(), url);
}

#[tokio::test]
async fn going_down_cuts_open_connections_and_requests_under_way() {
    let client = shop().await;
    let address = client.sandbox.local_addr().unwrap();
    let mut idle = TcpStream::connect(address).await.unwrap();
    idle.write_all(b"GET /v1/test HTTP/1.1\r\nhost: x\r\n\r\n").await.unwrap();
    let mut buffer = [0; 1024];
    assert!(idle.read(&mut buffer).await.unwrap() > 0);
    client.sandbox.fault(Fault::Hang);
    let hanging = tokio::spawn(client.request("GET", "test").send());
    while client.sandbox.requests().len() < 2 {
        tokio::time::sleep(Duration::from_millis(5)).await;
    }
    client.sandbox.stop_listening().await;
    assert!(matches!(idle.read(&mut buffer).await, Ok(0) | Err(_)));
    let error = hanging.await.unwrap().unwrap_err();
    assert!(!error.is_timeout(), "{error:?}");
}

#[tokio::test]
async fn shutdown_closes_the_port_for_good_and_keeps_the_ledger() {
    let client = shop().await;
    client.sandbox.shutdown().await;
    client.sandbox.shutdown().await;
    assert!(client.request("GET", "test").send().await.unwrap_err().is_connect());
    assert!(client.sandbox.resume_listening().await.is_err());
    assert!(client.sandbox.ledger().customer("mia").is_some());
    // The port is free for others.
    TcpListener::bind(client.sandbox.local_addr().unwrap()).await.unwrap();
}

#[tokio::test]
async fn dropping_the_last_handle_ends_the_server() {
    let client = affiliate().await;
    let address = client.sandbox.local_addr().unwrap();
    let clone = client.sandbox.clone();
    drop(client);
    TcpStream::connect(address).await.unwrap();
    drop(clone);
    for _ in 0..300 {
        if TcpStream::connect(address).await.is_err() {
            return;
        }
        tokio::time::sleep(Duration::from_millis(10)).await;
    }
    panic!("still listening");
}

#[tokio::test]
async fn it_serves_a_listener_of_the_users_own() {
    let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await.unwrap();
    let address = listener.local_addr().unwrap();
    let sandbox = Sandbox::affiliate().serve(listener).await.unwrap();
    assert_eq!(sandbox.url(), format!("http://{address}/v1/"));
    assert_eq!(sandbox.local_addr(), Some(address));
    assert!(address.ip().is_loopback());
}

#[tokio::test]
async fn many_clients_at_once_lose_nothing() {
    let client = start(Sandbox::affiliate().referred_customer("mia", "anna")).await;
    let sales = (0..200).map(|number| {
        client
            .request("POST", "transactions")
            .json(&json!({ "key": format!("t{number}"), "amount": 1, "customer": { "key": "mia" } }))
            .send()
    });
    let sales: Vec<_> = sales.map(tokio::spawn).collect();
    for sale in sales {
        assert!(sale.await.unwrap().unwrap().status().is_success());
    }
    let ledger = client.sandbox.ledger();
    assert_eq!((ledger.transactions().len(), ledger.owed_to("anna")), (200, crate::client::dec("60")));
}

#[tokio::test]
async fn bytes_that_are_not_http_disturb_nobody() {
    let client = affiliate().await;
    let address = client.sandbox.local_addr().unwrap();
    for bytes in
        [&b"\x16\x03\x01\x02\x00"[..], b"GET\r\n\r\n", b"POST /v1/customers HTTP/1.1\r\ncontent-length: 99\r\n\r\n{"]
    {
        let mut stream = TcpStream::connect(address).await.unwrap();
        stream.write_all(bytes).await.unwrap();
        drop(stream);
    }
    assert_eq!(client.get("test").await.0, 200);
    assert_eq!(client.sandbox.requests().len(), 1, "half a request has not arrived");
}
