//! Logs and metrics. A log line is readable text on a terminal and a JSON object elsewhere (`logline`).

use std::io::IsTerminal;

use metrics_exporter_prometheus::{PrometheusBuilder, PrometheusHandle};
use tracing_subscriber::{EnvFilter, layer::SubscriberExt, util::SubscriberInitExt};

use crate::{
    config::{LogFormat, Settings},
    deps::StartError,
    logline::JsonLine,
};

/// Starts the log of this process. `RUST_LOG` narrows or widens it; the default is `info`.
pub fn start_log(settings: &Settings) {
    let filter =
        EnvFilter::try_from_default_env().unwrap_or_else(|_| EnvFilter::new("info,sqlx=warn,tower=warn"));
    let terminal = std::io::stdout().is_terminal();
    let format = settings.log.unwrap_or(if terminal { LogFormat::Text } else { LogFormat::Json });
    let registry = tracing_subscriber::registry().with(filter);
    // A second start in one process (tests) keeps the first one's log.
    let _ = match format {
        LogFormat::Text => {
            registry.with(tracing_subscriber::fmt::layer().compact().with_ansi(terminal)).try_init()
        }
        LogFormat::Json => registry.with(JsonLine::new(settings.process.service())).try_init(),
    };
}

/// Starts collecting metrics; the handle renders them for `/metrics`.
pub fn start_metrics() -> Result<PrometheusHandle, StartError> {
    PrometheusBuilder::new()
        .set_buckets(&[0.001, 0.005, 0.01, 0.05, 0.1, 0.5, 1.0, 5.0, 30.0, 120.0])
        .and_then(PrometheusBuilder::install_recorder)
        .map_err(|error| StartError::Other(format!("metrics: {error}")))
}
