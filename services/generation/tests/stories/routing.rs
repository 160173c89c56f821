//! Which model writes it, and why.

use serde_json::json;

use crate::site::{Setup, sites_with};

#[tokio::test]
async fn a_model_that_the_router_chose_and_nobody_takes_is_replaced_by_the_other() {
    let setup = Setup {
        settings: &[
            // Any model may be named once a provider is set; the site has its own.
            ("OPENAI_BASE_URL", "http://127.0.0.1:9/v1"),
            ("AETHER_MODEL_COMPLEX", "no-such-model"),
            ("AETHER_MODEL_SIMPLE", "speed-max"),
        ],
        listed: Vec::new(),
    };
    for site in sites_with(setup).await {
        let ana = site.people.join("Ana").await;
        let prompt = "a kanban board with drag and drop, filters, a chart, sign-in and tests for all of it";
        let id = site.begin(&ana, "ui", json!({"prompt": prompt})).await;
        let made = site.ended(&ana, &id).await;
        let metadata = &made["metadata"];
        assert_eq!(
            (made["status"].as_str(), metadata["model"].as_str()),
            (Some("completed"), Some("speed-max"))
        );
        assert_eq!(metadata["routing"]["choice"], "fallback", "{}", site.name);
        assert!(metadata["routing"]["reason"].as_str().unwrap().contains("no-such-model"), "{}", site.name);
        // A model that a person asked for is not replaced by another one.
        let id = site.begin(&ana, "ui", json!({"prompt": prompt, "model": "no-such-model"})).await;
        let made = site.ended(&ana, &id).await;
        assert_eq!(made["error"]["code"], "model_unavailable", "{}", site.name);
    }
}
