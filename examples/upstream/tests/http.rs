//! The services over real connections.

use std::net::{Ipv4Addr, SocketAddr};

use reqwest::header::HeaderValue;
use reqwest::{Client, Method, Response, StatusCode};
use serde_json::{Value, json};
use tokio::time::{Duration, Instant};
use upstream::{Addresses, Service, Upstream};

const ANY_PORT: SocketAddr = SocketAddr::new(std::net::IpAddr::V4(Ipv4Addr::LOCALHOST), 0);

async fn start(services: Vec<(Service, SocketAddr)>) -> Addresses {
    let upstream = Upstream { listen: ANY_PORT, control: ANY_PORT, services };
    upstream.start().await.expect("free ports")
}

async fn get(url: String) -> (StatusCode, Value) {
    status_and_json(Client::new().get(url).send().await.expect("an answer")).await
}

async fn status_and_json(response: Response) -> (StatusCode, Value) {
    (response.status(), response.json().await.expect("a JSON body"))
}

async fn set_mode(upstream: &Addresses, service: &str, mode: Value) -> (StatusCode, Value) {
    let url = format!("http://{}/__control/{service}", upstream.control);
    status_and_json(Client::new().put(url).json(&mode).send().await.expect("an answer")).await
}

#[tokio::test]
async fn every_service_serves_its_collection_under_its_name() {
    struct Case {
        path: &'static str,
        pointer: &'static str,
        want: Value,
    }
    let cases = [
        Case { path: "/user-service/users", pointer: "/count", want: json!(3) },
        Case { path: "/user-service/users/2", pointer: "/role", want: json!("user") },
        Case { path: "/user-service/users/2/preferences", pointer: "/userId", want: json!(2) },
        Case { path: "/order-service/orders/1", pointer: "/status", want: json!("shipped") },
        Case { path: "/order-service/users/2/orders", pointer: "/count", want: json!(2) },
        Case { path: "/product-service/products", pointer: "/count", want: json!(20) },
        Case { path: "/product-service/products/100", pointer: "/id", want: json!(100) },
        Case { path: "/payment-service/payments", pointer: "/count", want: json!(2) },
        Case { path: "/payment-service/health", pointer: "/status", want: json!("healthy") },
        Case { path: "/health", pointer: "/services/0", want: json!("user-service") },
    ];
    let upstream = start(vec![]).await;
    for Case { path, pointer, want } in cases {
        let (status, body) = get(format!("http://{}{path}", upstream.listen)).await;
        assert_eq!(status, StatusCode::OK, "{path}");
        assert_eq!(body.pointer(pointer), Some(&want), "{path}: {body}");
    }
}

#[tokio::test]
async fn a_service_with_a_listener_of_its_own_serves_the_same_data_at_its_root() {
    let upstream = start(vec![(Service::User, ANY_PORT)]).await;
    let own = upstream.services["user-service"];
    let new = json!({ "name": "Nia", "email": "nia@example.com" });
    let url = format!("http://{own}/users");
    let created = Client::new().post(url).json(&new).send().await.expect("an answer");
    let (status, created) = status_and_json(created).await;
    assert_eq!(status, StatusCode::CREATED);

    let url = format!("http://{}/user-service/users/{}", upstream.listen, created["id"]);
    assert_eq!(get(url).await, (StatusCode::OK, created));
}

#[tokio::test]
async fn an_object_lives_from_post_to_delete() {
    let upstream = start(vec![]).await;
    let all = format!("http://{}/order-service/orders", upstream.listen);
    let client = Client::new();
    let order = json!({ "userId": 1, "status": "open" });
    let created = client.post(&all).json(&order).send().await.expect("an answer");
    let (_, created) = status_and_json(created).await;
    let one = format!("{all}/{}", created["id"]);

    let changes = json!({ "id": 99, "status": "paid" });
    let updated = client.put(&one).json(&changes).send().await.expect("an answer");
    let (status, updated) = status_and_json(updated).await;
    assert_eq!((status, &updated["status"]), (StatusCode::OK, &json!("paid")));
    assert_eq!(updated["id"], created["id"], "an id never changes");

    let deleted = client.delete(&one).send().await.expect("an answer");
    assert_eq!(deleted.status(), StatusCode::NO_CONTENT);
    assert_eq!(get(one).await, (StatusCode::NOT_FOUND, json!({ "error": "order not found" })));
}

#[tokio::test]
async fn pages_follow_each_other_without_gap_or_repeat() {
    let upstream = start(vec![]).await;
    let mut ids = Vec::new();
    let mut query = "limit=33".to_owned();
    loop {
        let path = format!("/product-service/products?{query}");
        let (_, page) = get(format!("http://{}{path}", upstream.listen)).await;
        let products = page["products"].as_array().expect("a list");
        ids.extend(products.iter().filter_map(|product| product["id"].as_u64()));
        let Some(last) = page["lastKey"].as_u64() else { break };
        query = format!("limit=33&lastKey={last}");
    }
    assert_eq!(ids, (1..=100).collect::<Vec<u64>>());
}

#[tokio::test]
async fn a_login_answers_the_user_and_never_the_password() {
    struct Case {
        name: &'static str,
        body: &'static str,
        want: (u16, Value),
    }
    let refused = json!({ "error": "Invalid credentials" });
    let cases = [
        Case {
            name: "known user",
            body: r#"{"email":"test@example.com","password":"password123"}"#,
            want: (200, json!({ "id": 3, "email": "test@example.com", "role": "user" })),
        },
        Case {
            name: "wrong password",
            body: r#"{"email":"test@example.com","password":"wrongpassword"}"#,
            want: (401, refused.clone()),
        },
        Case {
            name: "another user's password",
            body: r#"{"email":"test@example.com","password":"admin123"}"#,
            want: (401, refused),
        },
    ];
    let upstream = start(vec![]).await;
    let url = format!("http://{}/auth/login", upstream.listen);
    for Case { name, body, want } in cases {
        let request = Client::new().post(&url).header("content-type", "application/json");
        let answer = status_and_json(request.body(body).send().await.expect("an answer")).await;
        assert_eq!((answer.0.as_u16(), answer.1), want, "{name}");
    }
}

#[tokio::test]
async fn what_is_not_there_is_a_json_error() {
    struct Case {
        name: &'static str,
        given: (Method, &'static str, &'static str),
        want: u16,
    }
    let case = |name, method, path, body, want| Case { name, given: (method, path, body), want };
    let cases = [
        case("no such service", Method::GET, "/nonexistent-service/test", "", 404),
        case("no such path", Method::GET, "/user-service/nothing", "", 404),
        case("a name that only begins alike", Method::GET, "/user-services/users", "", 404),
        case("the control listener's path", Method::GET, "/__control", "", 404),
        case("no such method", Method::PATCH, "/user-service/users", "", 405),
        case("a preflight", Method::OPTIONS, "/user-service/users", "", 405),
        case("not JSON", Method::POST, "/user-service/users", "{", 400),
        case("not an object", Method::POST, "/user-service/users", "[1]", 422),
    ];
    let upstream = start(vec![]).await;
    for Case { name, given: (method, path, body), want } in cases {
        let url = format!("http://{}{path}", upstream.listen);
        let request = Client::new().request(method, url).header("content-type", "application/json");
        let (status, body) = status_and_json(request.body(body).send().await.expect("an answer")).await;
        assert_eq!(status.as_u16(), want, "{name}");
        assert!(body["error"].is_string(), "{name}: {body}");
    }
}

#[tokio::test]
async fn the_echo_shows_every_byte() {
    let upstream = start(vec![]).await;
    let method = Method::from_bytes(b"PURGE").expect("a method");
    let request = Client::new()
        .request(method, format!("http://{}/echo/a%2Fb?c=%ff", upstream.listen))
        .header("x-bytes", HeaderValue::from_bytes(b"\xff\xfe \\ \x80").expect("a value"))
        .header("x-twice", "1")
        .header("x-twice", "2")
        .body(b"\0body\xff".to_vec());
    let (status, seen) = status_and_json(request.send().await.expect("an answer")).await;
    assert_eq!(status, StatusCode::OK);
    assert_eq!(seen["method"], "PURGE");
    assert_eq!(seen["path"], "/echo/a%2Fb?c=%ff");
    assert_eq!(seen["body"], r"\x00body\xff");
    let values = |name: &str| -> Vec<&str> {
        let headers = seen["headers"].as_array().into_iter().flatten();
        headers.filter(|pair| pair[0] == name).filter_map(|pair| pair[1].as_str()).collect()
    };
    assert_eq!(values("x-bytes"), [r"\xff\xfe \x5c \x80"]);
    assert_eq!(values("x-twice"), ["1", "2"]);
}

#[tokio::test]
async fn a_mode_is_one_services_own_and_every_request_counts() {
    let upstream = start(vec![]).await;
    let failing = json!({ "mode": "failing", "status": 502 });
    let (status, state) = set_mode(&upstream, "order-service", failing).await;
    assert_eq!(status, StatusCode::OK);
    assert_eq!(state, json!({ "mode": "failing", "status": 502, "requests": 0 }));

    let orders = format!("http://{}/order-service/orders", upstream.listen);
    let users = format!("http://{}/user-service/users", upstream.listen);
    assert_eq!(get(orders.clone()).await.0, StatusCode::BAD_GATEWAY);
    assert_eq!(get(users).await.0, StatusCode::OK);

    set_mode(&upstream, "order-service", json!({ "mode": "ok" })).await;
    assert_eq!(get(orders).await.0, StatusCode::OK);
    let (_, all) = get(format!("http://{}/__control", upstream.control)).await;
    assert_eq!(all["order-service"], json!({ "mode": "ok", "requests": 2 }));
    assert_eq!(all["user-service"]["requests"], 1);
    assert_eq!(all["payment-service"]["requests"], 0);
}

#[tokio::test]
async fn reset_closes_the_connection_before_an_answer() {
    let upstream = start(vec![]).await;
    set_mode(&upstream, "echo", json!({ "mode": "reset" })).await;
    let url = format!("http://{}/echo", upstream.listen);
    let error = Client::new().get(url).send().await.expect_err("no answer");
    assert!(error.is_request() && !error.is_connect(), "{error:?}");
    let (_, state) = get(format!("http://{}/__control/echo", upstream.control)).await;
    assert_eq!(state, json!({ "mode": "reset", "requests": 1 }));
}

/// The clock stands still and jumps when all tasks wait for it, so that the hour is not waited for.
#[tokio::test(start_paused = true)]
async fn slow_waits_as_long_as_it_was_told() {
    let upstream = start(vec![]).await;
    set_mode(&upstream, "user-service", json!({ "mode": "slow", "delay_ms": 3_600_000 })).await;
    let before = Instant::now();
    let (status, _) = get(format!("http://{}/user-service/users", upstream.listen)).await;
    assert_eq!(status, StatusCode::OK);
    assert!(before.elapsed() >= Duration::from_secs(3600), "{:?}", before.elapsed());
}

#[tokio::test]
async fn a_wrong_control_request_says_what_was_expected_and_changes_nothing() {
    let cases = [
        ("echo", json!({ "mode": "broken" }), 400, "unknown variant `broken`"),
        ("echo", json!({ "mode": "slow", "delay": 5 }), 400, "unknown field `delay`"),
        ("echo", json!({ "mode": "failing", "status": 200 }), 400, "status: expected 400 to 599"),
        ("nobody", json!({ "mode": "ok" }), 404, "expected one of user-service"),
    ];
    let upstream = start(vec![]).await;
    for (service, body, want, says) in cases {
        let (status, answer) = set_mode(&upstream, service, body.clone()).await;
        assert_eq!(status.as_u16(), want, "{body}");
        let error = answer["error"].as_str().expect("an error text");
        assert!(error.contains(says), "{body}: {error}");
    }
    let (_, state) = get(format!("http://{}/__control/echo", upstream.control)).await;
    assert_eq!(state["mode"], "ok");
}
