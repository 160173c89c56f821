//! Paths and queries.

use aether_common::{id::RoomId, page::Cursor};
use aether_web::{
    extract::{Json, Path, Query},
    page::PageQuery,
};
use axum::{Router, routing};
use chrono::DateTime;
use serde::Deserialize;
use uuid::Uuid;

use crate::{Answer, edge, get, send};

#[derive(Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
struct Filter {
    #[serde(flatten)]
    page: PageQuery,
    starred: Option<bool>,
    room_id: Option<RoomId>,
}

fn router() -> Router {
    edge(
        Router::new()
            .route("/rooms/{id}", routing::get(async |Path(id): Path<RoomId>| Json(id)))
            .route("/files/{*path}", routing::get(async |Path(path): Path<String>| Json(path)))
            .route("/plain", routing::get(async |page: PageQuery| Json((page.limit, page.cursor.is_some()))))
            .route(
                "/filtered",
                routing::get(async |Query(filter): Query<Filter>| {
                    Json((filter.page.limit, filter.page.cursor.is_some(), filter.starred, filter.room_id))
                }),
            ),
    )
}

async fn ask(path: &str) -> Answer {
    send(&router(), get(path).body("".into()).unwrap()).await
}

#[tokio::test]
async fn a_page_is_20_unless_it_says_1_to_100() {
    let cursor = Cursor { at: DateTime::UNIX_EPOCH, id: Uuid::nil() }.encode();
    assert_eq!(ask("/plain").await.json(), serde_json::json!([20, false]));
    assert_eq!(
        ask(&format!("/plain?limit=100&cursor={cursor}")).await.json(),
        serde_json::json!([100, true])
    );
    let filtered = ask(&format!("/filtered?limit=1&cursor={cursor}&starred=true")).await;
    assert_eq!(filtered.json(), serde_json::json!([1, true, true, null]));
}

#[tokio::test]
async fn a_bad_parameter_is_422_and_named() {
    for list in ["/plain", "/filtered"] {
        for (query, field) in [
            ("limit=0", "limit"),
            ("limit=101", "limit"),
            ("limit=-1", "limit"),
            ("limit=%2B5", "limit"),
            ("limit=1e2", "limit"),
            ("limit=99999999999999999999", "limit"),
            ("limit=", "limit"),
            ("limit=1&limit=2", "limit"),
            ("cursor=", "cursor"),
            ("cursor=forged", "cursor"),
            ("cursor=%00", "cursor"),
        ] {
            let answer = ask(&format!("{list}?{query}")).await;
            assert_eq!((answer.status.as_u16(), answer.field()), (422, field.into()), "{list} {query}");
        }
    }
    for (query, field) in [("starred=maybe", "starred"), ("roomId=5", "roomId"), ("user_id=5", "user_id")] {
        let answer = ask(&format!("/filtered?{query}")).await;
        assert_eq!(answer.status, 422, "{query}");
        // Behind `flatten` serde does not always know the place of a wrong type; an unknown name it knows.
        if field == "user_id" {
            assert_eq!(answer.field(), field);
        }
    }
}

#[tokio::test]
async fn a_path_that_names_nothing_is_404() {
    for path in ["/rooms/5", "/rooms/not-a-uuid", "/rooms/..%2f", "/rooms/", "/nowhere", "//", "/rooms/a/b"] {
        let answer = ask(path).await;
        assert_eq!((answer.status.as_u16(), &*answer.code()), (404, "not_found"), "{path}");
    }
}

#[tokio::test]
async fn a_path_or_query_that_is_not_utf8_is_400() {
    for path in ["/rooms/%ff", "/files/a%c3", "/nowhere/%ff", "/files/%zz", "/files/%", "/files/a%00b"] {
        let answer = ask(path).await;
        assert_eq!((answer.status.as_u16(), &*answer.code()), (400, "malformed_path"), "{path}");
    }
    let answer = ask("/filtered?starred=%ff").await;
    assert_eq!((answer.status.as_u16(), &*answer.code()), (400, "malformed_query"));
}
