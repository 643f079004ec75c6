//! The OpenAPI document is what the routes are, and what is committed.

use std::collections::BTreeSet;

use gc_api::{Plane, document, routes};
use serde_json::Value;

#[test]
fn routes_and_document_match() {
    let document: Value = serde_json::from_str(&document()).unwrap();
    assert!(document["openapi"].as_str().unwrap().starts_with("3.1"));
    let mut described = BTreeSet::new();
    for (path, operations) in document["paths"].as_object().unwrap() {
        for (method, operation) in operations.as_object().unwrap() {
            let secured: BTreeSet<&str> = operation["security"]
                .as_array()
                .into_iter()
                .flatten()
                .flat_map(|one| one.as_object().unwrap().keys().map(String::as_str))
                .collect();
            described.insert((method.to_uppercase(), path.clone(), format!("{secured:?}")));
        }
    }
    let written = routes().into_iter().map(|(method, path, plane)| {
        let secured: BTreeSet<&str> = match plane {
            Plane::Public | Plane::Local | Plane::Viewer => BTreeSet::new(),
            Plane::User => ["access_token"].into(),
            Plane::Refresh => ["refresh_cookie"].into(),
            Plane::UserOrRefresh => ["access_token", "refresh_cookie"].into(),
            Plane::Agent => ["agent_key"].into(),
        };
        (method.to_string(), path.to_owned(), format!("{secured:?}"))
    });
    assert_eq!(described, written.collect());
}

#[test]
fn every_operation_has_an_id_of_its_own() {
    let document: Value = serde_json::from_str(&document()).unwrap();
    let mut seen = BTreeSet::new();
    for (path, operations) in document["paths"].as_object().unwrap() {
        for (method, operation) in operations.as_object().unwrap() {
            let id = operation["operationId"].as_str().unwrap_or_default();
            // Generators make a name of it: `resource_action`.
            assert!(
                id.contains('_') && id.chars().all(|c| c.is_ascii_lowercase() || c == '_'),
                "{method} {path} has the id {id:?}"
            );
            assert!(seen.insert(id), "{method} {path} shares the id {id:?}");
        }
    }
    assert_eq!(seen.len(), routes().len());
}

#[test]
fn the_committed_document_is_the_generated_one() {
    let path = concat!(env!("CARGO_MANIFEST_DIR"), "/../../docs/api/openapi.json");
    if gc_runtime::env("UPDATE").is_some() {
        std::fs::write(path, document()).unwrap();
    }
    let committed = std::fs::read_to_string(path).unwrap_or_default();
    assert!(committed == document(), "docs/api/openapi.json is out of date: run with UPDATE=1");
}
