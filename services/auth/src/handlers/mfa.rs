//! `GET /mfa`, `POST` and `DELETE /mfa/totp`, `POST /mfa/totp/verify`, `POST /mfa/recovery-codes`: one's own second factor.

use aether_common::{id::UserId, problem::Problem};
use aether_store::{Tx, second_factor, sessions::EndReason, users};
use aether_web::{
    client_ip::ClientIp,
    extract::Json,
    respond::{ProblemBody, Result},
};
use axum::{
    extract::State,
    http::{HeaderMap, StatusCode},
};
use secrecy::{ExposeSecret, SecretString};
use serde::{Deserialize, Serialize};
use serde_json::json;

use crate::{
    domain::{
        attempts::Guess,
        audit::{Action, Entry},
        mail::{Mail, Occasion, Recipient},
        qr,
        session::Place,
    },
    handlers::place,
    state::{AppState, SignedIn, SteppedUp},
};

/// One's own second factor.
#[derive(Serialize, utoipa::ToSchema)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Mfa {
    /// Whether an authenticator app is asked for at sign-in.
    totp: bool,
    /// How many recovery codes are left.
    recovery_codes_left: i64,
}

/// What an authenticator app needs. Shown once.
#[derive(Serialize, utoipa::ToSchema)]
#[serde(rename_all = "camelCase")]
pub(crate) struct TotpEnrolment {
    /// For typing: base32.
    secret: String,
    /// The same and all else that an app asks for (`otpauth://`).
    otpauth_url: String,
    /// The URL as a QR code: a PNG as a `data:` URL.
    qr_code: String,
}

/// A code, as the app shows it.
#[derive(Deserialize, utoipa::ToSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(crate) struct CodeBody {
    /// Six digits.
    #[schema(value_type = String, example = "123456")]
    code: SecretString,
}

/// Each opens the account once in place of a code of the app. Shown once.
#[derive(Serialize, utoipa::ToSchema)]
#[serde(rename_all = "camelCase")]
pub(crate) struct RecoveryCodes {
    recovery_codes: Vec<String>,
}

/// One's own second factor.
#[utoipa::path(
    get, path = "/mfa", operation_id = "getMfa", security(("bearer" = [])),
    responses(
        (status = 200, body = Mfa),
        (status = 401, body = ProblemBody, content_type = "application/problem+json"),
    )
)]
pub(crate) async fn get_mfa(State(state): State<AppState>, caller: SignedIn) -> Result<Json<Mfa>> {
    let left = second_factor::count_codes(&mut state.store.conn().await?, caller.user.id).await?;
    Ok(Json(Mfa { totp: caller.user.mfa_enabled, recovery_codes_left: left }))
}

/// Begins with an authenticator app: its secret, in place of one that was never confirmed. It counts once
/// `POST /mfa/totp/verify` has seen a code of it. Asks for a fresh sign-in or a step-up.
#[utoipa::path(
    post, path = "/mfa/totp", operation_id = "beginTotp", security(("bearer" = [])),
    params(("X-Step-Up" = Option<String>, Header, description = "From `POST /step-up`")),
    responses(
        (status = 200, body = TotpEnrolment),
        (status = 401, body = ProblemBody, content_type = "application/problem+json"),
        (status = 403, description = "`step_up_required`", body = ProblemBody,
            content_type = "application/problem+json"),
        (status = 409, description = "`mfa_enabled`", body = ProblemBody, content_type = "application/problem+json"),
    )
)]
pub(crate) async fn begin_totp(
    State(state): State<AppState>,
    SteppedUp(caller): SteppedUp,
    ip: ClientIp,
    headers: HeaderMap,
) -> Result<Json<TotpEnrolment>> {
    let mut tx = state.store.begin().await?;
    let enrolment = state.second_factor.begin(&mut tx, &caller.user).await?;
    let place = place(ip, &headers);
    state.audit.record(&mut tx, Entry::own(Action::TOTP_BEGUN, caller.user.id, &place)).await?;
    tx.save().await?;
    Ok(Json(TotpEnrolment {
        secret: enrolment.secret.expose_secret().to_owned(),
        qr_code: qr::data_url(enrolment.url.expose_secret())?,
        otpauth_url: enrolment.url.expose_secret().to_owned(),
    }))
}

/// Confirms that the app has the secret: from now on a sign-in asks for its codes. Signs out every other session.
#[utoipa::path(
    post, path = "/mfa/totp/verify", operation_id = "verifyTotp", request_body = CodeBody, security(("bearer" = [])),
    responses(
        (status = 200, body = RecoveryCodes),
        (status = 401, body = ProblemBody, content_type = "application/problem+json"),
        (status = 409, description = "`mfa_not_begun` or `mfa_enabled`", body = ProblemBody,
            content_type = "application/problem+json"),
        (status = 422, description = "`invalid_code` when only the code is wrong, or `validation_failed`",
            body = ProblemBody, content_type = "application/problem+json"),
        (status = 429, description = "Too many wrong codes", body = ProblemBody,
            content_type = "application/problem+json"),
    )
)]
pub(crate) async fn verify_totp(
    State(state): State<AppState>,
    caller: SignedIn,
    ip: ClientIp,
    headers: HeaderMap,
    Json(body): Json<CodeBody>,
) -> Result<Json<RecoveryCodes>> {
    let user = caller.user.id;
    let attempt = state.attempts.begin(Guess::Code, user, ip.network()).await?;
    let mut tx = state.store.begin().await?;
    users::lock(&mut tx, user).await?;
    let Some(codes) = state.second_factor.confirm(&mut tx, user, &body.code).await? else {
        return Err(Problem {
            code: "invalid_code".into(),
            detail: "The code is wrong. Wait for the next one, and look at the device's clock.".into(),
            ..Problem::invalid_field("code", "is not the code that the app shows now")
        }
        .into());
    };
    settle(&state, tx, &caller, true, &place(ip, &headers)).await?;
    attempt.succeeded().await;
    Ok(Json(shown(&codes)))
}

/// Turns the second factor off, and signs out every other session. Its recovery codes are gone. Asks for a fresh sign-in or
/// a step-up.
#[utoipa::path(
    delete, path = "/mfa/totp", operation_id = "deleteTotp", security(("bearer" = [])),
    params(("X-Step-Up" = Option<String>, Header, description = "From `POST /step-up`")),
    responses(
        (status = 204),
        (status = 401, body = ProblemBody, content_type = "application/problem+json"),
        (status = 403, description = "`step_up_required`", body = ProblemBody,
            content_type = "application/problem+json"),
        (status = 404, description = "There is none", body = ProblemBody, content_type = "application/problem+json"),
    )
)]
pub(crate) async fn delete_totp(
    State(state): State<AppState>,
    SteppedUp(caller): SteppedUp,
    ip: ClientIp,
    headers: HeaderMap,
) -> Result<StatusCode> {
    let mut tx = state.store.begin().await?;
    users::lock(&mut tx, caller.user.id).await?;
    match state.second_factor.remove(&mut tx, caller.user.id).await? {
        None => return Err(Problem::not_found().into()),
        // One that never counted protected nothing.
        Some(false) => tx.save().await?,
        Some(true) => settle(&state, tx, &caller, false, &place(ip, &headers)).await?,
    }
    Ok(StatusCode::NO_CONTENT)
}

/// New recovery codes; the old ones are good no more. Asks for a fresh sign-in or a step-up.
#[utoipa::path(
    post, path = "/mfa/recovery-codes", operation_id = "renewRecoveryCodes", security(("bearer" = [])),
    params(("X-Step-Up" = Option<String>, Header, description = "From `POST /step-up`")),
    responses(
        (status = 200, body = RecoveryCodes),
        (status = 401, body = ProblemBody, content_type = "application/problem+json"),
        (status = 403, description = "`step_up_required`", body = ProblemBody,
            content_type = "application/problem+json"),
        (status = 409, description = "`mfa_not_enabled`", body = ProblemBody,
            content_type = "application/problem+json"),
    )
)]
pub(crate) async fn renew_recovery_codes(
    State(state): State<AppState>,
    SteppedUp(caller): SteppedUp,
    ip: ClientIp,
    headers: HeaderMap,
) -> Result<Json<RecoveryCodes>> {
    let user = caller.user.id;
    let mut tx = state.store.begin().await?;
    users::lock(&mut tx, user).await?;
    let codes = state.second_factor.renew_codes(&mut tx, user).await?;
    let place = place(ip, &headers);
    state.audit.record(&mut tx, Entry::own(Action::RECOVERY_CODES_RENEWED, user, &place)).await?;
    tx.save().await?;
    Ok(Json(shown(&codes)))
}

/// Saves that the second factor is on or off, and tells the owner. Sessions that began under the other rule end.
async fn settle(
    state: &AppState,
    mut tx: Tx,
    caller: &SignedIn,
    on: bool,
    place: &Place,
) -> Result<(), Problem> {
    let (user, reason): (UserId, _) = (caller.user.id, EndReason::SecondFactorChanged);
    let ended = state.sessions.end_all(&mut tx, user, Some(caller.session_id), reason).await?;
    let occasion = Occasion { at: state.clock.now(), place: place.clone() };
    let (action, mail) = if on {
        (Action::TOTP_ENABLED, Mail::SecondFactorOn(occasion))
    } else {
        (Action::TOTP_DISABLED, Mail::SecondFactorOff(occasion))
    };
    let entry = Entry::own(action, user, place).with(json!({ "endedSessionIds": ended }));
    state.audit.record(&mut tx, entry).await?;
    state.mailer.queue(&mut tx, &Recipient::owner(&caller.user), &mail).await?;
    tx.save().await?;
    state.mailer.nudge();
    state.announcer.ended(user, ended, reason);
    Ok(())
}

fn shown(codes: &[SecretString]) -> RecoveryCodes {
    RecoveryCodes { recovery_codes: codes.iter().map(|code| code.expose_secret().to_owned()).collect() }
}
