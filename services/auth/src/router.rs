//! Every path of the service on one screen.

use aether_boot::{Deps, Service, serve};
use aether_web::{
    layers::{REQUEST_TIMEOUT, timed},
    limits::Class,
    openapi::{self, Access},
};
use axum::Router;
use utoipa::OpenApi;
use utoipa_axum::{router::OpenApiRouter, routes};

use crate::{
    handlers::{
        account, api_keys, audit, capabilities, email, identities, jwks, login, logout, mfa, mfa_challenge,
        oauth, password, process_state, profile, providers, refresh, register, sessions, step_up, users,
    },
    state::AppState,
};

const NAME: &str = "auth-service";
const PREFIX: &str = "/api/auth";

#[derive(OpenApi)]
#[openapi(info(
    title = "AetherOS auth",
    description = "Accounts, sign-ins and the keys that sign access tokens."
))]
struct Document;

pub(crate) fn service(state: AppState, deps: &Deps) -> Service {
    let limits = serve::limits(deps, &state.verifier);
    // What takes a password, a code or a token that came by mail or from a provider, and so could be guessed at.
    let credentials = OpenApiRouter::new()
        .routes(routes!(register::register))
        .routes(routes!(login::login))
        .routes(routes!(mfa_challenge::answer_challenge))
        .routes(routes!(step_up::step_up))
        .routes(routes!(refresh::refresh))
        .routes(routes!(oauth::begin_oauth, oauth::finish_oauth))
        .routes(routes!(password::put_password))
        .routes(routes!(password::forgot_password))
        .routes(routes!(password::reset_password))
        .routes(routes!(email::put_email))
        .routes(routes!(email::verify_email))
        .routes(routes!(email::resend_email))
        .layer(limits.layer(Class::Credentials));
    let rest = OpenApiRouter::new()
        .routes(routes!(logout::logout))
        .routes(routes!(profile::get_profile, profile::put_profile))
        .routes(routes!(providers::get_providers))
        .routes(routes!(identities::list_identities))
        .routes(routes!(identities::delete_identity))
        .routes(routes!(sessions::list_sessions, sessions::delete_other_sessions))
        .routes(routes!(sessions::delete_session))
        .routes(routes!(api_keys::list_api_keys, api_keys::create_api_key))
        .routes(routes!(api_keys::delete_api_key))
        .routes(routes!(mfa::get_mfa))
        .routes(routes!(mfa::begin_totp, mfa::delete_totp))
        .routes(routes!(mfa::verify_totp))
        .routes(routes!(mfa::renew_recovery_codes))
        .routes(routes!(account::delete_account))
        .routes(routes!(account::export_account, account::list_exports))
        .routes(routes!(account::get_export))
        .routes(routes!(users::list_users))
        .routes(routes!(users::get_user, users::update_user, users::delete_user))
        .routes(routes!(users::delete_user_sessions))
        .routes(routes!(audit::list_audit))
        .routes(routes!(audit::export_audit))
        .routes(routes!(capabilities::get_capabilities))
        .routes(routes!(process_state::get_state))
        .layer(limits.layer(Class::Api));
    let (router, mut document) = OpenApiRouter::with_openapi(Document::openapi())
        .merge(credentials)
        .merge(rest)
        // Every service asks for the keys, all from one address.
        .routes(routes!(jwks::get_jwks))
        .with_state(state)
        .split_for_parts();
    openapi::complete(&mut document, Access::Public);
    let health = serve::health(NAME, deps);
    let router = router.merge(health.clone().routes()).merge(openapi::routes(&document));
    Service {
        name: NAME,
        prefix: PREFIX,
        router: timed(router, REQUEST_TIMEOUT),
        absolute: Router::new(),
        openapi: document,
        health,
    }
}
