//! One's own account.

use serde_json::json;

use crate::{OK, apps};

#[tokio::test]
async fn what_is_named_changes_and_the_rest_stays() {
    for app in apps([]).await {
        let held = app.register("ana@example.com").await;
        let put = async |body| app.call("PUT", "/profile", &held.access, Some(body)).await;
        let user =
            put(json!({"name": " Ana López ", "preferences": {"theme": "dark"}})).await.expect(OK).json();
        assert_eq!((&user["name"], &user["preferences"]), (&json!("Ana López"), &json!({"theme": "dark"})));
        let user = put(json!({"avatarUrl": "https://example.com/a.png"})).await.expect(OK).json();
        assert_eq!(
            (&user["name"], &user["avatarUrl"]),
            (&json!("Ana López"), &json!("https://example.com/a.png"))
        );
        put(json!({})).await.expect(OK);
        let user = put(json!({"avatarUrl": null, "preferences": {}})).await.expect(OK).json();
        assert_eq!((&user["avatarUrl"], &user["preferences"]), (&json!(null), &json!({})));
        assert_eq!(app.get("/profile", &held.access).await.json(), user);
    }
}

#[tokio::test]
async fn what_is_not_ones_own_to_set_is_refused() {
    for app in apps([]).await {
        let held = app.register("ana@example.com").await;
        for (body, field) in [
            (json!({"role": "admin"}), "role"),
            (json!({"email": "eve@example.com"}), "email"),
            (json!({"emailVerified": true}), "emailVerified"),
            (json!({"name": ""}), "name"),
            (json!({"name": null, "disabled": false}), "disabled"),
            (json!({"name": "a\u{0}b"}), "name"),
            (json!({"avatarUrl": "javascript:alert(1)"}), "avatarUrl"),
            (json!({"avatarUrl": "http://169.254.169.254/"}), "avatarUrl"),
            (json!({"avatarUrl": 5}), "avatarUrl"),
            (json!({"preferences": []}), "preferences"),
            (json!({"preferences": {"x": "a".repeat(17_000)}}), "preferences"),
            (json!({"preferences": {"x": "\u{0}"}}), "preferences.x"),
        ] {
            let answer = app.call("PUT", "/profile", &held.access, Some(body)).await;
            assert_eq!((answer.status, answer.fields()), (422, vec![field.to_owned()]), "{field}");
        }
        let user = app.get("/profile", &held.access).await.json();
        assert_eq!((&user["email"], &user["name"]), (&json!("ana@example.com"), &json!("Ana")));
    }
}
