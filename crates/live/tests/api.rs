//! What a caller of a live API relies on.
#![expect(clippy::unwrap_used, reason = "a test that cannot go on must fail")]

use aether_live::{Answer, Api, Memory, Request};
use chrono::DateTime;
use serde_json::{Value, json};

/// An API and what it holds.
struct Site {
    api: Api,
    records: Memory,
    seed: u64,
}

impl Site {
    fn new(document: &Value) -> Self {
        let api = Api::compile(document).map_err(|findings| format!("{findings:?}")).unwrap();
        Self { api, records: Memory::new(1000), seed: 0 }
    }

    async fn ask(&mut self, method: &str, url: &str, headers: &[(&str, &str)], body: &[u8]) -> Answer {
        let (path, query) = url.split_once('?').unwrap_or((url, ""));
        self.seed += 100;
        let headers: Vec<(String, String)> =
            headers.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect();
        let now = DateTime::from_timestamp(1_800_000_000, 0).unwrap();
        let request = Request { method, path, query, headers: &headers, body, now, seed: self.seed };
        self.api.answer(&request, &mut self.records).await.unwrap()
    }

    async fn json(&mut self, method: &str, url: &str, body: Value) -> (u16, Value) {
        let body = if body.is_null() { Vec::new() } else { body.to_string().into_bytes() };
        let answer = self.ask(method, url, &[("content-type", "application/json")], &body).await;
        (answer.status, read(&answer))
    }

    async fn get(&mut self, url: &str) -> (u16, Value) {
        self.json("GET", url, Value::Null).await
    }
}

fn read(answer: &Answer) -> Value {
    if answer.body.is_empty() { Value::Null } else { serde_json::from_slice(&answer.body).unwrap() }
}

fn fields(problem: &Value) -> Vec<&str> {
    problem["errors"].as_array().unwrap().iter().map(|one| one["field"].as_str().unwrap()).collect()
}

fn content(schema: Value) -> Value {
    json!({ "application/json": { "schema": schema } })
}

fn answer(schema: Value) -> Value {
    json!({ "description": "yes", "content": content(schema) })
}

fn of(name: &str) -> Value {
    json!({ "$ref": format!("#/components/schemas/{name}") })
}

/// Boards with cards, as a model might write it.
fn boards() -> Value {
    let id = |name: &str, kind: &str| json!({ "name": name, "in": "path", "required": true, "schema": { "type": kind } });
    json!({
        "openapi": "3.1.0", "info": { "title": "Boards", "version": "1" },
        "paths": {
            "/boards": {
                "get": {
                    "parameters": [
                        { "name": "limit", "in": "query", "schema": { "type": "integer", "minimum": 1, "maximum": 50 } },
                        { "name": "page", "in": "query", "schema": { "type": "integer", "minimum": 1 } },
                        { "name": "colour", "in": "query", "schema": { "enum": ["red", "green"] } },
                        { "name": "sort", "in": "query", "schema": { "type": "string" } },
                        { "name": "q", "in": "query", "schema": { "type": "string" } }
                    ],
                    "responses": { "200": {
                        "description": "all",
                        "headers": { "X-Total-Count": { "schema": { "type": "integer" } }, "Set-Cookie": { "schema": { "type": "string" } } },
                        "content": content(json!({ "type": "array", "items": of("Board") }))
                    } }
                },
                "post": { "requestBody": { "required": true, "content": content(of("Board")) }, "responses": { "201": answer(of("Board")) } }
            },
            "/boards/{boardId}": {
                "parameters": [id("boardId", "integer")],
                "get": { "responses": { "200": answer(of("Board")), "404": answer(of("Error")) } },
                "put": { "requestBody": { "required": true, "content": content(of("Board")) }, "responses": { "200": answer(of("Board")) } },
                "patch": { "requestBody": { "required": true, "content": { "application/merge-patch+json": { "schema": { "type": "object" } } } }, "responses": { "200": answer(of("Board")) } },
                "delete": { "responses": { "204": { "description": "gone" } } }
            },
            "/boards/{boardId}/cards": {
                "parameters": [id("boardId", "integer")],
                "get": { "responses": { "200": answer(json!({
                    "type": "object", "required": ["data", "meta"],
                    "properties": {
                        "data": { "type": "array", "items": of("Card") },
                        "meta": { "type": "object", "required": ["total"], "properties": { "total": { "type": "integer" }, "hasMore": { "type": "boolean" } } }
                    }
                })) } },
                "post": { "requestBody": { "required": true, "content": content(of("NewCard")) }, "responses": { "201": answer(json!({
                    "type": "object", "required": ["data"], "properties": { "data": of("Card") }
                })) } }
            },
            "/cards/{cardId}": {
                "parameters": [id("cardId", "string")],
                "get": { "responses": { "200": answer(of("Card")) } }
            },
            "/boards/{boardId}/archive": {
                "parameters": [id("boardId", "integer")],
                "post": { "responses": { "202": answer(json!({ "type": "object", "required": ["state"], "properties": { "state": { "const": "queued" } } })) } }
            },
            "/stats": { "get": { "responses": { "200": { "description": "numbers", "content": { "application/json": {
                "schema": { "type": "object", "properties": { "boards": { "type": "integer" } } },
                "examples": { "few": { "value": { "boards": 2 } }, "many": { "value": { "boards": 900 } } }
            } } }, "503": { "description": "down", "content": { "text/html": { "schema": { "type": "string" } } } } } } },
            "/secret": { "get": { "security": [{ "key": [] }, { "token": [] }], "responses": { "204": { "description": "yes" } } } }
        },
        "components": {
            "securitySchemes": {
                "key": { "type": "apiKey", "in": "header", "name": "X-Key" },
                "token": { "type": "http", "scheme": "bearer" }
            },
            "schemas": {
                "Board": {
                    "type": "object", "required": ["id", "name", "createdAt"],
                    "properties": {
                        "id": { "type": "integer", "readOnly": true },
                        "name": { "type": "string", "minLength": 1, "maxLength": 40 },
                        "colour": { "enum": ["red", "green"], "default": "green" },
                        "secret": { "type": "string", "writeOnly": true },
                        "createdAt": { "type": "string", "format": "date-time", "readOnly": true }
                    },
                    "additionalProperties": false
                },
                "NewCard": { "type": "object", "required": ["text"], "properties": { "text": { "type": "string" } } },
                "Card": { "allOf": [of("NewCard"), { "type": "object", "required": ["id", "boardId"], "properties": {
                    "id": { "type": "string", "format": "uuid" }, "boardId": { "type": "integer" },
                    "parts": { "type": "array", "items": of("Card") }
                } }] },
                "Error": { "type": "object", "required": ["code", "message"], "additionalProperties": false,
                    "properties": { "code": { "type": "integer" }, "message": { "type": "string" } } }
            }
        }
    })
}

#[tokio::test]
async fn a_thing_is_made_read_changed_and_removed() {
    let mut site = Site::new(&boards());
    assert_eq!(site.get("/boards").await, (200, json!([])));
    let (status, board) =
        site.json("POST", "/boards", json!({ "name": "Home", "id": 77, "secret": "s" })).await;
    let expected =
        json!({ "id": 1, "name": "Home", "colour": "green", "createdAt": "2027-01-15T08:00:00.000Z" });
    assert_eq!(
        (status, &board),
        (201, &expected),
        "the id is the server's, the default is there, no secret is told"
    );
    assert_eq!(site.get("/boards/1").await, (200, expected.clone()));
    let (status, board) = site.json("PATCH", "/boards/1", json!({ "colour": "red" })).await;
    assert_eq!((status, &board["colour"], &board["name"]), (200, &json!("red"), &json!("Home")));
    let (status, board) = site.json("PUT", "/boards/1", json!({ "name": "Work" })).await;
    assert_eq!(
        (status, &board["name"], &board["colour"]),
        (200, &json!("Work"), &json!("green")),
        "with its default again"
    );
    assert_eq!(board["createdAt"], expected["createdAt"], "what the server wrote stays");
    assert_eq!(site.json("DELETE", "/boards/1", Value::Null).await, (204, Value::Null));
    assert_eq!(site.get("/boards/1").await.0, 404);
    assert_eq!(site.json("DELETE", "/boards/1", Value::Null).await.0, 404);
    let (_, board) = site.json("POST", "/boards", json!({ "name": "Next" })).await;
    assert_eq!(board["id"], 2, "no id comes twice");
}

#[tokio::test]
async fn a_refusal_has_the_form_that_the_document_gives_it() {
    let mut site = Site::new(&boards());
    let (status, gone) = site.get("/boards/9").await;
    assert_eq!(status, 404);
    assert_eq!(gone, json!({ "code": 404, "message": "There is no such thing." }));
    let answer = site.ask("GET", "/cards/9", &[], b"").await;
    assert_eq!((answer.status, answer.media), (404, Some("application/problem+json")));
    assert_eq!(read(&answer)["code"], "not_found");
}

#[tokio::test]
async fn what_does_not_keep_the_document_is_pointed_at() {
    let mut site = Site::new(&boards());
    let (status, problem) = site.json("POST", "/boards", json!({ "name": "", "colour": "blue" })).await;
    assert_eq!((status, &problem["code"]), (422, &json!("validation_failed")));
    let mut found = fields(&problem);
    found.sort_unstable();
    assert_eq!(found, ["/colour", "/name"]);
    assert_eq!(fields(&site.json("POST", "/boards", json!({})).await.1), ["/name"]);
    assert_eq!(fields(&site.json("POST", "/boards", Value::Null).await.1), [""]);
    assert_eq!(fields(&site.get("/boards?limit=0&page=x").await.1), ["/query/limit", "/query/page"]);
    assert_eq!(fields(&site.get("/boards/one").await.1), ["/path/boardId"]);
    assert_eq!(fields(&site.json("POST", "/boards", json!({ "name": "a", "more": 1 })).await.1), [""]);
    let broken = site.ask("POST", "/boards", &[("content-type", "application/json")], b"{").await;
    assert_eq!((broken.status, &read(&broken)["code"]), (400, &json!("invalid_json")));
    let xml = site.ask("POST", "/boards", &[("content-type", "application/xml")], b"<a/>").await;
    assert_eq!(xml.status, 415);
    assert_eq!(site.get("/nowhere").await.0, 404);
    let method = site.ask("DELETE", "/boards", &[], b"").await;
    assert_eq!((method.status, &method.headers), (405, &vec![("allow".to_owned(), "GET, POST".to_owned())]));
    site.json("POST", "/boards", json!({ "name": "a" })).await;
    let (status, problem) = site.json("PATCH", "/boards/1", json!({ "name": null })).await;
    assert_eq!((status, fields(&problem)), (422, vec!["/name"]), "a change may not break what it changes");
    assert_eq!(site.get("/boards/1").await.1["name"], "a");
}

#[tokio::test]
async fn a_list_is_filtered_sorted_and_paged() {
    let mut site = Site::new(&boards());
    for (name, colour) in [("Cherry", "red"), ("Apple", "green"), ("Berry", "red")] {
        site.json("POST", "/boards", json!({ "name": name, "colour": colour })).await;
    }
    let names = |(_, list): (u16, Value)| -> Vec<String> {
        list.as_array().unwrap().iter().map(|one| one["name"].as_str().unwrap().to_owned()).collect()
    };
    assert_eq!(names(site.get("/boards").await), ["Cherry", "Apple", "Berry"]);
    assert_eq!(names(site.get("/boards?colour=red").await), ["Cherry", "Berry"]);
    assert_eq!(names(site.get("/boards?sort=-name&limit=2").await), ["Cherry", "Berry"]);
    assert_eq!(names(site.get("/boards?sort=name&limit=2&page=2").await), ["Cherry"]);
    assert_eq!(names(site.get("/boards?q=BERR").await), ["Berry"]);
    let answer = site.ask("GET", "/boards?limit=1", &[], b"").await;
    assert_eq!(answer.headers, [("x-total-count".to_owned(), "3".to_owned())], "and no cookie");
    let head = site.ask("HEAD", "/boards", &[], b"").await;
    assert_eq!((head.status, head.body.len()), (200, 0));
}

#[tokio::test]
async fn what_lies_under_something_is_found_from_both_sides() {
    let mut site = Site::new(&boards());
    assert_eq!(
        site.json("POST", "/boards/1/cards", json!({ "text": "x" })).await.0,
        404,
        "there is no such board"
    );
    for name in ["one", "two"] {
        site.json("POST", "/boards", json!({ "name": name })).await;
    }
    let (status, made) = site.json("POST", "/boards/1/cards", json!({ "text": "x" })).await;
    assert_eq!((status, &made["data"]["text"], &made["data"]["boardId"]), (201, &json!("x"), &json!(1)));
    let id = made["data"]["id"].as_str().unwrap().to_owned();
    assert_eq!(site.get(&format!("/cards/{id}")).await, (200, made["data"].clone()));
    let (_, list) = site.get("/boards/1/cards").await;
    assert_eq!((&list["data"], &list["meta"]["total"]), (&json!([made["data"]]), &json!(1)));
    assert_eq!(site.get("/boards/2/cards").await.1["data"], json!([]));
    site.json("DELETE", "/boards/1", Value::Null).await;
    assert_eq!(site.get(&format!("/cards/{id}")).await.0, 404, "it went with its board");
}

#[tokio::test]
async fn every_other_operation_answers_an_example_or_a_sample() {
    let mut site = Site::new(&boards());
    assert_eq!(site.get("/stats").await, (200, json!({ "boards": 2 })));
    assert_eq!(
        site.json("POST", "/boards/1/archive", Value::Null).await.0,
        404,
        "there is nothing to archive"
    );
    site.json("POST", "/boards", json!({ "name": "old" })).await;
    let queued = site.json("POST", "/boards/1/archive", Value::Null).await;
    assert_eq!(queued, (202, json!({ "state": "queued" })));
    let picked = site.ask("GET", "/stats", &[("prefer", "example=many")], b"").await;
    assert_eq!(read(&picked), json!({ "boards": 900 }));
    let picked = site.ask("GET", "/boards/x", &[("prefer", "code=404")], b"").await;
    assert_eq!((picked.status, read(&picked)["code"].is_i64()), (404, true));
    assert!(picked.headers.contains(&("preference-applied".to_owned(), "code=404".to_owned())));
    let page = site.ask("GET", "/stats", &[("prefer", "code=503")], b"").await;
    assert_eq!((page.status, page.media), (503, Some("text/plain")), "no page, whatever the document says");
    assert_eq!(site.ask("GET", "/stats", &[("prefer", "code=418")], b"").await.status, 422);
}

/// What documents of public APIs do: unions, paths that another one fits too, large numbers, closed schemas.
fn odd() -> Value {
    let path = |name: &str, schema: Value| json!([{ "name": name, "in": "path", "required": true, "schema": schema }]);
    json!({
        "openapi": "3.0.3", "info": { "title": "Odd", "version": "1" },
        "paths": {
            "/shapes": {
                "get": { "responses": { "200": answer(json!({ "type": "array", "items": of("Shape") })) } },
                "post": { "requestBody": { "required": true, "content": content(of("Shape")) }, "responses": { "201": answer(of("Shape")) } }
            },
            "/shapes/{id}": {
                "parameters": path("id", json!({ "type": "integer", "format": "int64" })),
                "get": { "responses": { "200": answer(of("Shape")) } },
                "head": { "responses": { "200": { "description": "there" } } },
                "delete": { "responses": { "404": { "description": "not there" } } }
            },
            "/shapes/random": { "get": { "responses": { "200": answer(of("Shape")) } } },
            "/products": { "post": { "requestBody": { "required": true, "content": content(of("NewProduct")) }, "responses": { "201": answer(of("Product")) } } },
            "/products/{id}": {
                "parameters": path("id", json!({ "type": "integer" })),
                "get": { "responses": { "200": answer(of("Product")) } },
                "patch": { "requestBody": { "content": content(json!({ "type": "object" })) }, "responses": { "200": answer(of("Product")) } }
            },
            "/products/{id}/sell": { "parameters": path("id", json!({ "type": "integer" })), "post": { "responses": { "200": answer(of("Product")) } } },
            "/jobs/{id}": { "parameters": path("id", json!({ "type": "string" })), "get": { "responses": { "204": { "description": "a job" } } } },
            "/jobs/{id}:cancel": { "parameters": path("id", json!({ "type": "string" })), "post": { "responses": { "202": { "description": "soon" } } } },
            "/users/me": { "get": { "responses": { "200": answer(json!({ "type": "object", "required": ["name"], "properties": {
                "name": { "type": "string" }, "password": { "type": "string", "writeOnly": true }
            } })) } } }
        },
        "components": { "schemas": {
            "Shape": { "oneOf": [of("Circle"), of("Square")] },
            "Circle": { "type": "object", "required": ["radius"], "properties": { "id": { "type": "integer", "readOnly": true }, "radius": { "type": "integer", "format": "int32" } } },
            "Square": { "type": "object", "required": ["side"], "properties": { "id": { "type": "integer", "readOnly": true }, "side": { "type": "number" } } },
            "NewProduct": { "type": "object", "additionalProperties": false, "required": ["name"], "properties": { "name": { "type": "string" }, "days": { "type": "integer", "default": 7 } } },
            "Product": { "type": "object", "required": ["id", "name", "tags", "soldAt"], "properties": {
                "id": { "type": "integer" }, "name": { "type": "string" }, "days": { "type": "integer" },
                "tags": { "type": "array", "items": { "type": "string" } }, "soldAt": { "type": "string", "format": "date-time", "nullable": true }
            } }
        } }
    })
}

#[tokio::test]
async fn a_union_is_a_collection_and_a_path_that_is_written_out_is_meant() {
    let mut site = Site::new(&odd());
    let (status, made) = site.json("POST", "/shapes", json!({ "radius": 3 })).await;
    assert_eq!((status, &made), (201, &json!({ "id": 1, "radius": 3 })));
    assert_eq!(site.get("/shapes").await, (200, json!([made])));
    assert_eq!(site.json("POST", "/shapes", json!({ "radius": 2_147_483_648_u32 })).await.0, 422);
    assert_eq!(site.get("/shapes/9223372036854775808").await.0, 422);
    assert_eq!(site.get("/shapes/-9223372036854775809").await.0, 422);
    assert_eq!(site.ask("HEAD", "/shapes/1", &[], b"").await.status, 200);
    let other = site.ask("DELETE", "/shapes/random", &[], b"").await;
    assert_eq!((other.status, &other.headers), (405, &vec![("allow".to_owned(), "GET".to_owned())]));
    assert_eq!(site.ask("DELETE", "/shapes/1", &[], b"").await.status, 204);
    assert_eq!(
        Api::served(&odd(), "x")["paths"]["/shapes/{id}"]["delete"]["responses"]["204"]["description"],
        "Done"
    );
    assert_eq!(site.ask("HEAD", "/shapes/1", &[], b"").await.status, 404);
    assert_eq!(site.ask("POST", "/jobs/a:cancel", &[], b"").await.status, 202);
    assert_eq!(site.ask("GET", "/jobs/a", &[], b"").await.status, 204);
    assert_eq!(site.get("/users/me").await.1.get("password"), None, "what is only written is never told");
}

#[tokio::test]
async fn what_nobody_said_is_a_default_or_nothing_and_a_change_may_say_more_than_a_new_one() {
    let mut site = Site::new(&odd());
    let (_, made) = site.json("POST", "/products", json!({ "name": "Tea" })).await;
    assert_eq!(made, json!({ "id": 1, "name": "Tea", "days": 7, "tags": [], "soldAt": null }));
    let (status, changed) = site.json("PATCH", "/products/1", json!({ "name": "Mate", "more": 1 })).await;
    assert_eq!((status, &changed["name"], &changed["more"]), (200, &json!("Mate"), &json!(1)));
    assert_eq!(
        site.json("POST", "/products/1/sell", Value::Null).await.1["name"],
        "Mate",
        "the thing itself"
    );
    assert_eq!(site.json("POST", "/products/2/sell", Value::Null).await.0, 404);
}

#[tokio::test]
async fn credentials_are_simulated() {
    let mut site = Site::new(&boards());
    assert_eq!(site.get("/secret").await.0, 401);
    assert_eq!(site.ask("GET", "/secret", &[("authorization", "Basic eA==")], b"").await.status, 401);
    assert_eq!(site.ask("GET", "/secret", &[("authorization", "Bearer x")], b"").await.status, 204);
    assert_eq!(site.ask("GET", "/secret", &[("x-key", "x")], b"").await.status, 204);
}

#[tokio::test]
async fn a_full_api_says_so_and_loses_nothing() {
    let mut site = Site::new(&boards());
    site.records = Memory::new(2);
    for name in ["a", "b"] {
        assert_eq!(site.json("POST", "/boards", json!({ "name": name })).await.0, 201);
    }
    let (status, problem) = site.json("POST", "/boards", json!({ "name": "c" })).await;
    assert_eq!((status, &problem["code"]), (429, &json!("live_quota")));
    assert_eq!(site.get("/boards").await.1.as_array().unwrap().len(), 2);
}

#[tokio::test]
async fn keys_of_the_callers_own_are_kept_and_are_one() {
    let thing = json!({ "type": "object", "required": ["slug"], "properties": { "slug": { "type": "string" }, "__proto__": {}, "constructor": { "type": "string" } } });
    let mut site = Site::new(&json!({
        "openapi": "3.0.3", "info": { "title": "Links", "version": "1" },
        "paths": {
            "/links": { "post": { "requestBody": { "content": content(thing.clone()) }, "responses": { "201": answer(thing.clone()) } } },
            "/links/{slug}": {
                "parameters": [{ "name": "slug", "in": "path", "required": true, "schema": { "type": "string" } }],
                "get": { "responses": { "200": answer(thing.clone()) } }
            },
            "/settings/{name}": {
                "parameters": [{ "name": "name", "in": "path", "required": true, "schema": { "type": "string" } }],
                "get": { "responses": { "200": answer(json!({ "type": "object", "properties": { "value": { "type": "integer" } } })) } },
                "put": { "requestBody": { "content": content(json!({ "type": "object", "properties": { "value": { "type": "integer" } } })) },
                    "responses": { "200": answer(json!({ "type": "object", "properties": { "value": { "type": "integer" } } })) } }
            },
            "/countries/{code}": {
                "parameters": [{ "name": "code", "in": "path", "required": true, "schema": { "type": "string" } }],
                "get": { "responses": { "200": answer(json!({ "type": "object", "example": { "code": "NO" } })) } }
            }
        }
    }));
    let odd = json!({ "slug": "a/b é", "__proto__": { "x": 1 }, "constructor": "c" });
    assert_eq!(site.json("POST", "/links", odd.clone()).await, (201, odd.clone()));
    assert_eq!(site.get("/links/a%2Fb%20%C3%A9").await, (200, odd.clone()));
    assert_eq!(site.json("POST", "/links", odd).await.0, 409);
    assert_eq!(site.get("/settings/size").await.0, 404);
    assert_eq!(site.json("PUT", "/settings/size", json!({ "value": 3 })).await, (200, json!({ "value": 3 })));
    assert_eq!(site.get("/settings/size").await, (200, json!({ "value": 3 })));
    assert_eq!(
        site.get("/countries/NO").await,
        (200, json!({ "code": "NO" })),
        "what nobody can make is an example"
    );
}

#[tokio::test]
async fn it_begins_with_what_its_examples_show_and_with_samples_when_asked() {
    let mut document = boards();
    document["paths"]["/boards"]["get"]["responses"]["200"]["content"]["application/json"]["example"] =
        json!([{ "id": 3, "name": "Shown", "createdAt": "2026-01-01T00:00:00Z" }]);
    let mut site = Site::new(&document);
    assert_eq!(site.api.seed(&mut site.records, 0, 1).await.unwrap(), 1);
    assert_eq!(site.get("/boards/3").await.1["name"], "Shown");
    assert_eq!(site.json("POST", "/boards", json!({ "name": "Next" })).await.1["id"], 4);
    let mut site = Site::new(&document);
    assert_eq!(site.api.seed(&mut site.records, 5, 1).await.unwrap(), 6);
    assert_eq!(site.get("/boards").await.1.as_array().unwrap().len(), 6);
}

#[tokio::test]
async fn a_key_that_no_store_takes_is_refused() {
    let thing = json!({ "type": "object", "required": ["id"], "properties": { "id": { "type": "string" } } });
    let mut site = Site::new(&json!({
        "openapi": "3.1.0", "info": { "title": "Keys", "version": "1" },
        "paths": {
            "/things": { "post": { "requestBody": { "content": content(thing.clone()) }, "responses": { "201": answer(thing.clone()) } } },
            "/things/{id}": { "get": { "responses": { "200": answer(thing) } } }
        }
    }));
    for key in ["", "a\0b", &"x".repeat(501)] {
        let (status, problem) = site.json("POST", "/things", json!({ "id": key })).await;
        assert_eq!((status, fields(&problem)), (422, vec!["/id"]), "{key:?}");
    }
    assert_eq!(site.get("/things/a%00b").await.0, 404);
}

#[test]
fn what_cannot_be_served_is_pointed_at() {
    let document = json!({
        "openapi": "3.1.0", "info": { "title": "Bad", "version": "1" },
        "paths": { "/a": { "get": { "parameters": [{ "name": "q", "in": "query", "schema": { "type": "string", "pattern": "(" } }],
            "responses": { "200": answer(of("A")) } } } },
        "components": { "schemas": { "A": { "type": "nothing" } } }
    });
    let findings = Api::compile(&document).err().unwrap();
    let pointers: Vec<&str> = findings.iter().map(|one| one.pointer.as_str()).collect();
    assert!(pointers.contains(&"/paths/~1a/get/parameters/0/schema"), "{pointers:?}");
    assert!(
        pointers.contains(&"/paths/~1a/get/responses/200/content/application~1json/schema"),
        "{pointers:?}"
    );
}

#[test]
fn a_document_is_served_with_all_that_is_answered() {
    let mut document = boards();
    document["servers"] = json!([{ "url": "https://elsewhere.example" }]);
    let served = Api::served(&document, "http://localhost/api/live/x");
    assert_eq!(served["servers"], json!([{ "url": "http://localhost/api/live/x" }]));
    let responses = &served["paths"]["/boards"]["post"]["responses"];
    let codes: Vec<&String> = responses.as_object().unwrap().keys().collect();
    assert_eq!(codes, ["201", "400", "401", "404", "409", "413", "415", "422", "429"]);
    assert_eq!(
        served["paths"]["/boards/{boardId}"]["get"]["responses"]["404"],
        document["paths"]["/boards/{boardId}"]["get"]["responses"]["404"]
    );
    assert!(served["paths"]["/boards"]["get"]["responses"]["200"]["headers"].get("Set-Cookie").is_none());
    let page = &served["paths"]["/stats"]["get"]["responses"]["503"]["content"];
    assert_eq!(page.as_object().unwrap().keys().collect::<Vec<_>>(), ["text/plain"]);
}

#[test]
fn a_deep_and_a_circular_schema_are_served() {
    let mut deep = json!({ "type": "string" });
    for _ in 0..100 {
        deep = json!({ "type": "object", "required": ["x"], "properties": { "x": deep } });
    }
    let document = json!({
        "openapi": "3.1.0", "info": { "title": "Deep", "version": "1" },
        "paths": {
            "/deep": { "get": { "responses": { "200": answer(deep) } } },
            "/tree": { "get": { "responses": { "200": answer(of("Tree")) } } }
        },
        "components": { "schemas": { "Tree": { "type": "object", "required": ["left", "right"], "properties": {
            "left": { "oneOf": [of("Tree"), { "type": "null" }] }, "right": { "anyOf": [{ "type": "null" }, of("Tree")] }
        } } } }
    });
    assert_eq!(Api::compile(&document).unwrap().operations(), 2);
}
