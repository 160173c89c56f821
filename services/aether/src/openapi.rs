//! One OpenAPI document for the whole product, with paths as clients see them.

use aether_boot::Service;
use utoipa::{OpenApi as _, openapi::OpenApi};

#[derive(utoipa::OpenApi)]
#[openapi(info(
    title = "AetherOS",
    description = "Describe software in plain words and run it on the spot."
))]
struct Document;

/// The services' documents, joined.
pub fn merge(services: &[Service]) -> OpenApi {
    let mut whole = Document::openapi();
    for service in services {
        let own = service.openapi.clone();
        whole = whole.nest(service.prefix, own);
    }
    // Routes that stand at the same path everywhere were put below a prefix with the rest.
    let paths = std::mem::take(&mut whole.paths.paths);
    for (path, item) in paths {
        let absolute = path.find("/api/rooms").filter(|at| *at > 0).map(|at| path[at..].to_owned());
        whole.paths.paths.insert(absolute.unwrap_or(path), item);
    }
    whole
}
