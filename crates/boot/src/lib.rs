//! What a `main` needs before it may call a service: settings, telemetry, lifecycle, dependencies and listeners.
//! Whether a process is embedded or distributed is decided here (`deps`) and nowhere above.

pub mod api_keys;
pub mod budgets;
pub mod config;
pub mod deps;
pub mod example;
pub mod lifecycle;
pub mod listener;
mod logline;
pub mod mail;
pub mod oauth;
pub mod providers;
pub mod revocations;
mod section;
pub mod serve;
pub mod telemetry;

pub use budgets::Budgets;
pub use config::{CacheSetting, Environment, Process, SettingError, Settings};
pub use deps::{Deps, StartError};
pub use lifecycle::Lifecycle;
pub use mail::MailSettings;
pub use providers::{ModelSetting, ProviderSetting};
pub use serve::{Service, run, serve};
