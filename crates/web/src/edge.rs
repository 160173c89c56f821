//! What the edge must know of this installation. Read by every layer; built once, from the settings.

use ipnet::IpNet;
use url::Url;

/// What the edge must know.
#[derive(Clone, Debug)]
pub struct EdgeConfig {
    /// The `service` label of metrics and logs: `auth-service`, `aether`, ...
    pub service: &'static str,
    /// `AETHER_PUBLIC_URL`: its origin is ours, and its scheme decides on HSTS.
    pub public_url: Url,
    /// Other origins that may call with credentials, as `Origin` writes them.
    pub cors_origins: Vec<String>,
    /// Proxies whose `X-Forwarded-For` counts.
    pub trusted_proxies: Vec<IpNet>,
}
