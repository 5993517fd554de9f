//! The OpenAPI document, the pages and the metrics.
//!
//! Oracle: OpenAPI 3.1's own rules for references, the routes of a running server, and the names of
//! text-embeddings-inference's metrics.
#![allow(clippy::unwrap_used)]

mod common;

use std::collections::BTreeSet;

use common::{Running, options};
use serde_json::{Value, json};

/// All references of a document.
fn references<'a>(value: &'a Value, found: &mut Vec<&'a str>) {
    match value {
        Value::Object(fields) => fields.iter().for_each(|(key, value)| match value.as_str() {
            Some(reference) if key == "$ref" => found.push(reference),
            _ => references(value, found),
        }),
        Value::Array(values) => values.iter().for_each(|value| references(value, found)),
        _ => {}
    }
}

/// The operations of the document, such as `get /info`.
fn described(paths: &serde_json::Map<String, Value>) -> BTreeSet<String> {
    let of = |(path, item): (&String, &Value)| {
        let methods: Vec<&String> = item.as_object().unwrap().keys().collect();
        methods.into_iter().map(|method| format!("{method} {path}")).collect::<Vec<_>>()
    };
    paths.iter().flat_map(of).collect()
}

/// The operations that the source of the router names, without pages and the document itself. Those of the function
/// `of_texts` exist below the name of every model too.
fn routes(source: &str) -> BTreeSet<String> {
    let (of_server, of_texts) = source.split_once("fn of_texts()").unwrap();
    let named = |part: &str| {
        let mut found = Vec::new();
        for call in part.split(".route(\"").skip(1) {
            let (path, rest) = call.split_once('"').unwrap();
            let handlers = rest.split_once('\n').unwrap().0;
            for method in ["get", "post"] {
                let handler = handlers
                    .split_once(&format!("{method}("))
                    .map(|(_, rest)| rest.split(')').next().unwrap());
                if handler.is_some_and(|handler| handler != "document" && !handler.starts_with("pages::")) {
                    found.push((method, path.to_string()));
                }
            }
        }
        found
    };
    // `/info` is added below the names of models in the call that nests the others.
    let (alone, nested) = of_server.split_once(".nest(\"/models/{model}\"").unwrap();
    let below = |(method, path): &(&str, String)| format!("{method} /models/{{model}}{path}");
    let line = |(method, path): &(&str, String)| format!("{method} {path}");
    let (alone, nested, of_texts) = (named(alone), named(nested), named(of_texts));
    assert!(alone.len() > 8 && nested.len() == 1 && of_texts.len() > 9, "{alone:?} {nested:?} {of_texts:?}");
    let all = alone.iter().chain(&of_texts).map(line);
    all.chain(nested.iter().chain(&of_texts).map(below)).collect()
}

#[test]
fn the_document_describes_the_routes_that_there_are() {
    let (server, _folder) = Running::of_classes(options());
    let document = server.get("/api-doc/openapi.json").json();
    assert!(document["openapi"].as_str().unwrap().starts_with("3.1"), "{}", document["openapi"]);
    let mut found = Vec::new();
    references(&document, &mut found);
    assert!(found.len() > 30, "{}", found.len());
    for reference in found {
        let pointer = reference.strip_prefix('#').unwrap();
        assert!(document.pointer(pointer).is_some(), "{reference}");
    }
    let paths = document["paths"].as_object().unwrap();
    assert_eq!(described(paths), routes(include_str!("../src/router.rs")));
    let mut ids: Vec<&Value> = paths
        .values()
        .flat_map(|path| path.as_object().unwrap().values().map(|operation| &operation["operationId"]))
        .collect();
    ids.sort_by_key(|id| id.to_string());
    let n_operations = ids.len();
    ids.dedup();
    assert_eq!(ids.len(), n_operations, "{ids:?}");
    for route in [
        "predict",
        "embed",
        "v1/embeddings",
        "embeddings",
        "classify",
        "explain",
        "walk",
        "tokenize",
        "decode",
        "invocations",
    ] {
        let operation = &paths[&format!("/models/{{model}}/{route}")]["post"];
        assert_eq!(
            (&operation["parameters"][0]["name"], &operation["parameters"][0]["in"]),
            (&json!("model"), &json!("path"))
        );
        assert!(paths[&format!("/{route}")]["post"]["parameters"].is_null(), "{route}");
    }
    for (path, methods) in paths {
        let path = path.replace("{model}", "model");
        for (method, operation) in methods.as_object().unwrap() {
            // A wrong body, and a right one where an empty object is none.
            for body in [&b"{"[..], b"{}", b"{\"inputs\": \"a\", \"input\": \"a\", \"ids\": [5]}"] {
                let headers = "content-type: application/json\r\n";
                let response = server.request(&method.to_uppercase(), &path, headers, body);
                let status = response.status.to_string();
                let described = &operation["responses"][&status];
                assert!(described.is_object(), "{method} {path}: {status} is not described");
                assert_ne!(status, "405", "{method} {path}");
            }
            let long = format!("x-long: {}\r\n", "a".repeat(200_000));
            for headers in [long, "x-many: a\r\n".repeat(101)] {
                let response = server.request(&method.to_uppercase(), &path, &headers, b"");
                assert_eq!(response.status, 431, "{method} {path}");
                assert!(operation["responses"]["431"].is_object(), "{method} {path}");
            }
            assert!(operation["summary"].is_string(), "{method} {path}");
        }
    }
}

#[test]
fn pages_load_nothing_from_elsewhere() {
    let (server, _folder) = Running::of_classes(options());
    for path in ["/", "/docs"] {
        let page = server.get(path);
        assert_eq!((page.status, page.header("content-type")), (200, Some("text/html; charset=utf-8")));
        let policy = page.header("content-security-policy").unwrap();
        assert!(policy.starts_with("default-src 'none'") && !policy.contains("unsafe"), "{policy}");
        assert_eq!(page.header("x-content-type-options"), Some("nosniff"));
        assert!(!page.text().contains("//"), "{}", page.text());
        assert!(!page.text().contains("style=") && !page.text().contains("onclick"));
        // What it names is there.
        let text = page.text();
        let named = text.split(['"']).filter(|part| part.ends_with(".js") || part.ends_with(".css"));
        for name in named.collect::<Vec<_>>() {
            assert_eq!(server.get(&format!("/{name}")).status, 200, "{name}");
        }
    }
}

#[test]
fn metrics_have_the_names_of_text_embeddings_inference() {
    let (server, _folder) = Running::of_classes(options());
    server.ask("/predict", &json!({ "inputs": "a" }));
    server.ask("/predict", &json!({ "inputs": ["a", "b"] }));
    server.ask("/embed", &json!({ "inputs": "a" }));
    server.post("/predict", &json!({ "inputs": 7 }));
    // Each request is counted once.
    for (name, value) in [
        ("te_request_count{method=\"single\"}", 2.0),
        ("te_request_count{method=\"batch\"}", 1.0),
        ("te_request_success{method=\"single\"}", 2.0),
        ("te_predict_count{method=\"single\"}", 1.0),
        ("te_predict_success{method=\"batch\"}", 1.0),
        ("te_embed_success{method=\"single\"}", 1.0),
        ("te_request_failure{err=\"validation\"}", 1.0),
        ("te_request_duration_count", 3.0),
        ("te_request_tokenization_duration_count", 3.0),
        ("te_request_queue_duration_count", 3.0),
        ("te_request_inference_duration_count", 3.0),
        ("te_request_input_length_count", 4.0),
        ("te_batch_next_size_count", 3.0),
        ("te_batch_next_tokens_count", 3.0),
        ("te_queue_size", 0.0),
    ] {
        assert_eq!(server.metric(name), value, "{name}");
    }
    let text = server.get("/metrics").text();
    for line in text.lines().filter(|line| !line.starts_with('#')) {
        let (_, value) = line.rsplit_once(' ').unwrap();
        assert!(value.parse::<f64>().is_ok(), "{line}");
    }
}

#[test]
fn other_pages_read_answers_only_if_they_may() {
    let origin = "origin: https://example.org\r\n";
    let allowed = |server: &Running, method: &str| {
        let response = server.request(method, "/info", origin, b"");
        (response.status, response.header("access-control-allow-origin").map(String::from))
    };
    let (server, _folder) = Running::of_classes(options());
    assert_eq!(allowed(&server, "GET"), (200, None));
    assert_eq!(allowed(&server, "OPTIONS"), (405, None));
    let origins = vec!["https://example.org".to_string()];
    let (server, _folder) =
        Running::of_classes(clsify_server::ServeOptions { cors_allow_origins: origins, ..options() });
    let expected = Some("https://example.org".to_string());
    assert_eq!(allowed(&server, "GET"), (200, expected.clone()));
    assert_eq!(allowed(&server, "OPTIONS"), (204, expected));
    let other = server.request("GET", "/info", "origin: https://example.com\r\n", b"");
    assert_eq!(other.header("access-control-allow-origin"), None);
}
