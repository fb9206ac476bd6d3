use axum_partnero::sandbox::{Fault, Sandbox};

use axum::Router;
use axum::body::Body;
use axum::http::{Request, StatusCode};
use axum::response::Response;
use http_body_util::BodyExt;
use serde_json::{Value, json};
use tower::ServiceExt;

async fn call(router: &Router, path: &str, key: &str) -> Response {
    let request = Request::get(path).header("authorization", format!("Bearer {key}")).body(Body::empty()).unwrap();
    router.clone().oneshot(request).await.unwrap()
}

#[tokio::test]
async fn a_router_answers_without_a_socket_and_keeps_the_sandbox_alive() {
    let sandbox = Sandbox::affiliate().partner("anna").api_key("k").build();
    assert_eq!((sandbox.url().as_str(), sandbox.local_addr()), ("http://localhost/v1/", None));
    let router = sandbox.router();
    drop(sandbox);
    let response = call(&router, "/v1/customers", "k").await;
    assert_eq!(response.status(), 200);
    let body: Value = serde_json::from_slice(&response.into_body().collect().await.unwrap().to_bytes()).unwrap();
    assert_eq!((&body["data"], &body["links"]["first"]), (&json!([]), &json!("http://localhost/v1/customers?page=1")));
    assert_eq!(call(&router, "/v1/test", "wrong").await.status(), 401);
    assert_eq!(call(&router, "/test", "k").await.status(), 404);
}

#[tokio::test]
async fn in_a_router_a_cut_is_an_empty_502_and_a_hang_hangs() {
    let sandbox = Sandbox::affiliate().api_key("k").build();
    let router = Router::new().nest("/fake", sandbox.router());
    sandbox.fault(Fault::Refuse).times(1);
    let response = call(&router, "/fake/v1/test", "k").await;
    assert_eq!(response.status(), StatusCode::BAD_GATEWAY);
    assert!(response.into_body().collect().await.unwrap().to_bytes().is_empty());
    sandbox.fault(Fault::Hang).times(1);
    let hang = tokio::time::timeout(std::time::Duration::from_millis(50), call(&router, "/fake/v1/test", "k")).await;
    assert!(hang.is_err());
    assert_eq!(call(&router, "/fake/v1/test", "k").await.status(), 200);
}

#[tokio::test]
async fn without_a_socket_going_down_does_nothing() {
    let sandbox = Sandbox::affiliate().build();
    sandbox.stop_listening().await;
    sandbox.resume_listening().await.unwrap();
    sandbox.shutdown().await;
}

#[test]
fn debug_output_does_not_show_the_key() {
    let sandbox = Sandbox::affiliate().api_key("very-secret").build();
    assert!(!format!("{sandbox:?} {:?}", sandbox.fault(Fault::Hang)).contains("very-secret"));
    assert!(!format!("{:?}", Sandbox::affiliate().api_key("very-secret")).contains("very-secret"));
}
