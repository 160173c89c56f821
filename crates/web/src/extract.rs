//! What a handler takes from a request: `Json`, `ValidJson`, `Query` and `Path` that answer with problems as the contract
//! says. axum's own are banned (clippy.toml), because their answers are plain text.

mod fields;

use aether_common::problem::Problem;
use axum::{
    body::{Body, Bytes},
    extract::{
        FromRequest, FromRequestParts, OptionalFromRequest, RawPathParams, Request,
        path::ErrorKind,
        rejection::{BytesRejection, FailedToBufferBody, PathRejection},
    },
    http::{HeaderMap, HeaderValue, header, request::Parts},
    response::{IntoResponse, Response},
};
use garde::Validate;
use serde::{
    Serialize,
    de::{DeserializeOwned, IgnoredAny},
};

use crate::respond::{Error, Result};

/// A JSON body or answer. As `Option<Json<T>>` an empty body is `None`.
///
/// Request types carry `#[serde(rename_all = "camelCase", deny_unknown_fields)]`. Not JSON: 400 `malformed_json`; another
/// media type: 415; an array, unknown, missing or wrongly typed fields and U+0000 in any text: 422 with the field; too large: 413.
#[derive(Clone, Copy, Debug, Default)]
pub struct Json<T>(pub T);

/// A JSON body whose garde rules hold; 422 names every field at fault. As `Option<ValidJson<T>>` an empty body is `None`.
#[derive(Clone, Copy, Debug)]
pub struct ValidJson<T>(pub T);

/// The query's parameters. Unknown ones are refused when `T` carries `deny_unknown_fields`; 422 names the parameter.
#[derive(Clone, Copy, Debug)]
pub struct Query<T>(pub T);

/// The path's parameters. One that cannot be read (an id that is not a UUID) is 404: there is nothing of that name.
#[derive(Clone, Copy, Debug)]
pub struct Path<T>(pub T);

impl<T, S> FromRequest<S> for Json<T>
where
    T: DeserializeOwned,
    S: Send + Sync,
{
    type Rejection = Error;

    async fn from_request(request: Request, state: &S) -> Result<Self> {
        check_media_type(request.headers())?;
        let body = read_body(request, state).await?;
        Ok(Self(parse(&body)?))
    }
}

impl<T, S> OptionalFromRequest<S> for Json<T>
where
    T: DeserializeOwned,
    S: Send + Sync,
{
    type Rejection = Error;

    async fn from_request(request: Request, state: &S) -> Result<Option<Self>> {
        let media_type = check_media_type(request.headers());
        let body = read_body(request, state).await?;
        if body.is_empty() {
            return Ok(None);
        }
        media_type?;
        Ok(Some(Self(parse(&body)?)))
    }
}

impl<T: Serialize> IntoResponse for Json<T> {
    fn into_response(self) -> Response {
        match serde_json::to_vec(&self.0) {
            Ok(body) => {
                let mut response = Response::new(Body::from(body));
                response
                    .headers_mut()
                    .insert(header::CONTENT_TYPE, HeaderValue::from_static("application/json"));
                response
            }
            Err(error) => Error::from(Problem::internal(error)).into_response(),
        }
    }
}

impl<T, S> FromRequest<S> for ValidJson<T>
where
    T: DeserializeOwned + Validate,
    T::Context: Default,
    S: Send + Sync,
{
    type Rejection = Error;

    async fn from_request(request: Request, state: &S) -> Result<Self> {
        let Json(value) = <Json<T> as FromRequest<S>>::from_request(request, state).await?;
        validate(&value)?;
        Ok(Self(value))
    }
}

impl<T, S> OptionalFromRequest<S> for ValidJson<T>
where
    T: DeserializeOwned + Validate,
    T::Context: Default,
    S: Send + Sync,
{
    type Rejection = Error;

    async fn from_request(request: Request, state: &S) -> Result<Option<Self>> {
        let Some(Json(value)) = <Json<T> as OptionalFromRequest<S>>::from_request(request, state).await?
        else {
            return Ok(None);
        };
        validate(&value)?;
        Ok(Some(Self(value)))
    }
}

impl<T, S> FromRequestParts<S> for Query<T>
where
    T: DeserializeOwned,
    S: Send + Sync,
{
    type Rejection = Error;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self> {
        let query = parts.uri.query().unwrap_or_default();
        if let Some((name, _)) = form_urlencoded::parse(query.as_bytes())
            .find(|(name, value)| name.contains('\0') || value.contains('\0'))
        {
            return Err(Problem::invalid(vec![fields::nul(&name)]).into());
        }
        let source = serde_urlencoded::Deserializer::new(form_urlencoded::parse(query.as_bytes()));
        let value = serde_path_to_error::deserialize(source)
            .map_err(|error| Problem::invalid(vec![fields::at(error.path(), &error.inner().to_string())]))?;
        Ok(Self(value))
    }
}

impl<T, S> FromRequestParts<S> for Path<T>
where
    T: DeserializeOwned + Send,
    S: Send + Sync,
{
    type Rejection = Error;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self> {
        if let Ok(raw) = RawPathParams::from_request_parts(parts, state).await
            && raw.iter().any(|(_, value)| value.contains('\0'))
        {
            return Err(Problem::not_found().into());
        }
        #[expect(clippy::disallowed_types, reason = "wrapped here, with problems as answers")]
        let read = axum::extract::Path::<T>::from_request_parts(parts, state).await;
        match read {
            Ok(path) => Ok(Self(path.0)),
            Err(PathRejection::FailedToDeserializePathParams(error)) => Err(match error.into_kind() {
                ErrorKind::InvalidUtf8InPathParam { .. } => {
                    Problem::bad_request("malformed_path", "The path is not UTF-8.")
                }
                ErrorKind::WrongNumberOfParameters { .. } | ErrorKind::UnsupportedType { .. } => {
                    Problem::internal("the handler's path type does not match its route")
                }
                _ => Problem::not_found(),
            }
            .into()),
            Err(other) => Err(Problem::internal(other).into()),
        }
    }
}

/// Checks a value's garde rules; 422 names every field at fault by its JSON name.
pub fn validate<T>(value: &T) -> Result<(), Problem>
where
    T: Validate,
    T::Context: Default,
{
    value.validate().map_err(|report| Problem::invalid(fields::of_report(&report)))
}

/// Reads the whole body, within the route's limit.
async fn read_body<S: Send + Sync>(request: Request, state: &S) -> Result<Bytes, Problem> {
    Bytes::from_request(request, state).await.map_err(|rejection| match rejection {
        BytesRejection::FailedToBufferBody(FailedToBufferBody::LengthLimitError(_)) => {
            Problem::new(413, "body_too_large", "The body is larger than this route takes.")
        }
        other => Problem {
            cause: Some(other.body_text()),
            ..Problem::bad_request("unreadable_body", "The body ended early or is not what its headers say.")
        },
    })
}

fn check_media_type(headers: &HeaderMap) -> Result<(), Problem> {
    let value = headers.get(header::CONTENT_TYPE).and_then(|value| value.to_str().ok()).unwrap_or_default();
    let mut parts = value.split(';').map(str::trim);
    let essence = parts.next().unwrap_or_default().to_ascii_lowercase();
    let json =
        essence == "application/json" || (essence.starts_with("application/") && essence.ends_with("+json"));
    let utf8 = parts.filter_map(|part| part.split_once('=')).all(|(name, value)| {
        !name.trim().eq_ignore_ascii_case("charset")
            || value.trim().trim_matches('"').eq_ignore_ascii_case("utf-8")
    });
    if json && utf8 {
        Ok(())
    } else {
        Err(Problem::new(415, "unsupported_media_type", "The body must be application/json in UTF-8."))
    }
}

fn parse<T: DeserializeOwned>(body: &[u8]) -> Result<T, Problem> {
    // serde does not look into texts that it leaves out.
    if std::str::from_utf8(body).is_err() {
        return Err(Problem::bad_request("malformed_json", "The body is not UTF-8."));
    }
    let mut source = serde_json::Deserializer::from_slice(body);
    let value = serde_path_to_error::deserialize(&mut source).map_err(|error| {
        // A wrong field may come before the place where the text stops being JSON, which is the greater mistake.
        match serde_json::from_slice::<IgnoredAny>(body) {
            Err(syntax) => malformed(&syntax),
            Ok(_) if error.inner().is_data() => {
                Problem::invalid(vec![fields::at(error.path(), &error.inner().to_string())])
            }
            Ok(_) => malformed(error.inner()),
        }
    })?;
    source.end().map_err(|error| malformed(&error))?;
    // serde takes an array for a struct, field by field: a way in that no document describes.
    if body.trim_ascii_start().starts_with(b"[") {
        return Err(Problem::invalid(vec![fields::not_an_object()]));
    }
    match fields::find_nul(body) {
        Some(field) => Err(Problem::invalid(vec![fields::nul(&field)])),
        None => Ok(value),
    }
}

fn malformed(error: &serde_json::Error) -> Problem {
    Problem::bad_request("malformed_json", format!("The body is not valid JSON: {error}."))
}
