//! Access tokens: JWT (RFC 7519, profile RFC 9068) signed with RS256. Who signs and who verifies share these types;
//! where keys come from is a [`KeySource`] (in process, or the auth service's JWKS over HTTP).

use std::{collections::HashMap, future::Future, pin::Pin, sync::Arc};

use aws_lc_rs::{
    encoding::{AsDer, Pkcs8V1Der},
    rsa::{KeyPair, KeySize},
    signature::KeyPair as _,
};
use base64::{Engine, engine::general_purpose::STANDARD, engine::general_purpose::URL_SAFE_NO_PAD};
use chrono::TimeDelta;
use jsonwebtoken::{Algorithm, DecodingKey, EncodingKey, Header, Validation};
use secrecy::{ExposeSecret, SecretString};
use serde::{Deserialize, Serialize};

use crate::{
    clock::Clock,
    id::{SessionId, UserId},
    model::{scope::Access, user::Role},
};

/// The audience of every access token.
pub const AUDIENCE: &str = "aether";
/// The `typ` of an access token (RFC 9068 section 2.1): no other token of ours passes for one.
pub const TOKEN_TYPE: &str = "at+jwt";
/// How long an access token is good.
pub const ACCESS_LIFETIME: TimeDelta = TimeDelta::minutes(15);
/// How far two machines' clocks may differ, in seconds.
const LEEWAY_SECONDS: i64 = 5;
/// A longer token is refused before it is read.
const MAX_TOKEN_BYTES: usize = 8 * 1024;

/// What an access token says.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Claims {
    /// Issuer: the product's public URL.
    pub iss: String,
    /// Audience: [`AUDIENCE`].
    pub aud: String,
    /// The user.
    pub sub: UserId,
    /// The session that it was made from.
    pub sid: SessionId,
    /// What the user may do.
    pub role: Role,
    /// The user's name.
    pub name: String,
    /// Issued at, in seconds since 1970.
    pub iat: i64,
    /// Valid before, in seconds since 1970.
    pub exp: i64,
    /// Identity of this token.
    pub jti: uuid::Uuid,
}

/// A public key as JWKS carries it (RFC 7517).
#[derive(Clone, Debug, Serialize, Deserialize, utoipa::ToSchema)]
pub struct Jwk {
    /// `RSA`.
    pub kty: String,
    /// `sig`.
    #[serde(rename = "use")]
    pub usage: String,
    /// `RS256`.
    pub alg: String,
    /// The key's name.
    pub kid: String,
    /// Modulus, base64url.
    pub n: String,
    /// Exponent, base64url.
    pub e: String,
}

/// A set of public keys.
#[derive(Clone, Debug, Default, Serialize, Deserialize, utoipa::ToSchema)]
pub struct JwkSet {
    /// The keys.
    pub keys: Vec<Jwk>,
}

/// An RSA key pair that signs tokens.
#[derive(Clone)]
pub struct SigningKey {
    kid: String,
    pem: SecretString,
    encoding: EncodingKey,
    jwk: Jwk,
}

/// The verifying half of a key.
#[derive(Clone)]
pub struct VerifyingKey(DecodingKey);

/// A key could not be made or read. The text holds no key material.
#[derive(Debug, thiserror::Error)]
#[error("signing key: {0}")]
pub struct KeyError(&'static str);

/// Why a token was refused. Clients see none of it: every refusal looks the same.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum TokenError {
    /// Not a token of ours: form, algorithm, type, signature, issuer or audience.
    #[error("invalid token")]
    Invalid,
    /// Its time is over, or has not come.
    #[error("expired token")]
    Expired,
    /// No key of that name.
    #[error("unknown key")]
    UnknownKey,
    /// Its session has ended, its user is shut out, or its key was withdrawn.
    #[error("revoked token")]
    Revoked,
    /// A sign-in that waits for its second factor.
    #[error("half a sign-in")]
    Unfinished,
    /// Whether it is good cannot be told now: what keeps API keys, or the signing keys, does not answer.
    #[error("cannot be checked now: {0}")]
    Unavailable(String),
}

/// How an API key begins: it is no JWT, and is looked up at each use.
pub const API_KEY_PREFIX: &str = "aek_";
/// How the token of a sign-in that waits for its second factor begins.
pub const MFA_TOKEN_PREFIX: &str = "aem_";

/// Who a token stands for, and what may be done with it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Authenticated {
    /// What an access token says. For an API key: `sid` is the key's id, `iat` the present, `exp` the key's end.
    pub claims: Claims,
    /// What may be done.
    pub access: Access,
    /// The name of the key that the access token is signed with.
    pub key: Option<Arc<str>>,
}

/// A future that a [`KeySource`] answers with.
pub type KeyFuture<'a> = Pin<Box<dyn Future<Output = Result<VerifyingKey, TokenError>> + Send + 'a>>;

/// Where verifying keys come from.
pub trait KeySource: Send + Sync {
    /// The key of this name: [`TokenError::UnknownKey`] when there is none, [`TokenError::Unavailable`] when that cannot be
    /// told now.
    fn find<'a>(&'a self, kid: &'a str) -> KeyFuture<'a>;

    /// Whether there are keys, fetched if need be: without any, no token can be verified.
    fn warm(&self) -> Pin<Box<dyn Future<Output = bool> + Send + '_>> {
        Box::pin(std::future::ready(true))
    }
}

/// Knows which tokens are dead before their time. Asked at every request: it answers from memory.
pub trait Revocations: Send + Sync {
    /// Whether a token of this user and session (or API key), made at `issued_at` (its `iat`, in seconds since 1970), is
    /// good no more.
    fn is_revoked(&self, user: UserId, session: SessionId, issued_at: i64) -> bool;

    /// Whether the signing key of this name was withdrawn, with all that it has signed.
    fn is_key_revoked(&self, kid: &str) -> bool;
}

/// A future that [`ApiKeys`] answers with.
pub type ApiKeyFuture<'a> = Pin<Box<dyn Future<Output = Result<Authenticated, TokenError>> + Send + 'a>>;

/// Where API keys are looked up.
pub trait ApiKeys: Send + Sync {
    /// Who holds this key, if it is good now.
    fn find<'a>(&'a self, key: &'a str) -> ApiKeyFuture<'a>;
}

/// Keys that do not change: a snapshot of a JWKS.
#[derive(Clone, Default)]
pub struct StaticKeys(HashMap<String, VerifyingKey>);

/// Checks access tokens.
#[derive(Clone)]
pub struct Verifier {
    keys: Arc<dyn KeySource>,
    issuer: Arc<str>,
    clock: Clock,
    revocations: Option<Arc<dyn Revocations>>,
    api_keys: Option<Arc<dyn ApiKeys>>,
}

impl SigningKey {
    /// Makes a key of 2048 bits. Takes some 100 ms of CPU: call it on a blocking thread.
    pub fn generate(kid: String) -> Result<Self, KeyError> {
        let pair = KeyPair::generate(KeySize::Rsa2048).map_err(|_| KeyError("cannot be generated"))?;
        let der: Pkcs8V1Der<'_> = pair.as_der().map_err(|_| KeyError("cannot be encoded"))?;
        let mut pem = String::from("-----BEGIN PRIVATE KEY-----\n");
        for line in STANDARD.encode(der.as_ref()).as_bytes().chunks(64) {
            pem.push_str(&String::from_utf8_lossy(line));
            pem.push('\n');
        }
        pem.push_str("-----END PRIVATE KEY-----\n");
        Self::from_pem(kid, pem.into())
    }

    /// Reads a key in PKCS #8 PEM.
    pub fn from_pem(kid: String, pem: SecretString) -> Result<Self, KeyError> {
        let encoding = EncodingKey::from_rsa_pem(pem.expose_secret().as_bytes())
            .map_err(|_| KeyError("is not an RSA key in PEM"))?;
        let body: String = pem.expose_secret().lines().filter(|line| !line.starts_with("-----")).collect();
        let der = STANDARD.decode(body).map_err(|_| KeyError("is not PEM"))?;
        let pair = KeyPair::from_pkcs8(&der).map_err(|_| KeyError("is not an RSA key in PKCS #8"))?;
        let public = pair.public_key();
        let jwk = Jwk {
            kty: "RSA".into(),
            usage: "sig".into(),
            alg: "RS256".into(),
            kid: kid.clone(),
            n: URL_SAFE_NO_PAD.encode(public.modulus().big_endian_without_leading_zero()),
            e: URL_SAFE_NO_PAD.encode(public.exponent().big_endian_without_leading_zero()),
        };
        Ok(Self { kid, pem, encoding, jwk })
    }

    /// The key's name.
    pub fn kid(&self) -> &str {
        &self.kid
    }

    /// The private key in PEM, to be kept encrypted.
    pub fn pem(&self) -> &SecretString {
        &self.pem
    }

    /// The public half, as JWKS carries it.
    pub fn jwk(&self) -> &Jwk {
        &self.jwk
    }

    /// Signs the claims.
    pub fn sign(&self, claims: &Claims) -> Result<String, KeyError> {
        let mut header = Header::new(Algorithm::RS256);
        header.typ = Some(TOKEN_TYPE.into());
        header.kid = Some(self.kid.clone());
        jsonwebtoken::encode(&header, claims, &self.encoding).map_err(|_| KeyError("cannot sign"))
    }
}

impl Jwk {
    /// The key, ready to verify; `None` for a key that is not RS256.
    pub fn verifying_key(&self) -> Option<VerifyingKey> {
        (self.kty == "RSA" && self.alg == "RS256")
            .then(|| DecodingKey::from_rsa_components(&self.n, &self.e).ok().map(VerifyingKey))?
    }
}

impl StaticKeys {
    /// The keys of a set; those that are not RS256 are left out.
    pub fn new(set: &JwkSet) -> Self {
        Self(set.keys.iter().filter_map(|jwk| Some((jwk.kid.clone(), jwk.verifying_key()?))).collect())
    }

    /// The key of this name.
    pub fn get(&self, kid: &str) -> Option<&VerifyingKey> {
        self.0.get(kid)
    }

    /// The names.
    pub fn names(&self) -> impl Iterator<Item = &str> {
        self.0.keys().map(String::as_str)
    }

    /// Whether there is none.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }
}

impl KeySource for StaticKeys {
    fn find<'a>(&'a self, kid: &'a str) -> KeyFuture<'a> {
        Box::pin(async move { self.0.get(kid).cloned().ok_or(TokenError::UnknownKey) })
    }
}

impl Verifier {
    /// Checks tokens of `issuer` against `keys`.
    pub fn new(keys: Arc<dyn KeySource>, issuer: &str, clock: Clock) -> Self {
        Self { keys, issuer: issuer.into(), clock, revocations: None, api_keys: None }
    }

    /// The same, and refuses tokens that were revoked. Without this a token is good until it expires.
    #[must_use]
    pub fn with_revocations(mut self, revocations: Arc<dyn Revocations>) -> Self {
        self.revocations = Some(revocations);
        self
    }

    /// The same, and takes API keys. Without this they are no tokens.
    #[must_use]
    pub fn with_api_keys(mut self, api_keys: Arc<dyn ApiKeys>) -> Self {
        self.api_keys = Some(api_keys);
        self
    }

    /// Whether there are keys to verify with, fetched if need be: for health checks.
    pub async fn is_ready(&self) -> bool {
        self.keys.warm().await
    }

    /// Whether the signing key of this name is gone, with all that it has signed.
    pub fn is_key_revoked(&self, kid: &str) -> bool {
        self.revocations.as_ref().is_some_and(|known| known.is_key_revoked(kid))
    }

    /// Whether a token of this user and session, made at `issued_at` (its `iat`), is good no more: for whoever verified one
    /// and goes on with it, as a socket does.
    pub fn is_revoked(&self, user: UserId, session: SessionId, issued_at: i64) -> bool {
        self.revocations.as_ref().is_some_and(|known| known.is_revoked(user, session, issued_at))
    }

    /// Who this access token or API key stands for.
    pub async fn authenticate(&self, token: &str) -> Result<Authenticated, TokenError> {
        if token.starts_with(MFA_TOKEN_PREFIX) {
            return Err(TokenError::Unfinished);
        }
        if !token.starts_with(API_KEY_PREFIX) {
            let (claims, kid) = self.check(token).await?;
            return Ok(Authenticated { claims, access: Access::Session, key: Some(kid.into()) });
        }
        match &self.api_keys {
            Some(keys) if token.len() <= MAX_TOKEN_BYTES => keys.find(token).await,
            _ => Err(TokenError::Invalid),
        }
    }

    /// The token's claims, when every check of RFC 8725 section 3 passes: fixed algorithm, type, signature by a key of
    /// ours (a header that names another source of keys, or anything else beside ours, is refused), issuer, audience and times; and when its session has not ended, where
    /// that is known.
    pub async fn verify(&self, token: &str) -> Result<Claims, TokenError> {
        Ok(self.check(token).await?.0)
    }

    /// The same, with the name of the key that it is signed with.
    async fn check(&self, token: &str) -> Result<(Claims, String), TokenError> {
        if token.len() > MAX_TOKEN_BYTES {
            return Err(TokenError::Invalid);
        }
        let TokenHeader { alg, typ, kid } = TokenHeader::read(token).ok_or(TokenError::Invalid)?;
        if alg != "RS256" || typ != TOKEN_TYPE {
            return Err(TokenError::Invalid);
        }
        if self.is_key_revoked(&kid) {
            return Err(TokenError::Revoked);
        }
        let key = self.keys.find(&kid).await?;
        let mut validation = Validation::new(Algorithm::RS256);
        validation.set_issuer(&[&*self.issuer]);
        validation.set_audience(&[AUDIENCE]);
        // Times are checked below, against our clock and not the machine's.
        validation.validate_exp = false;
        validation.validate_nbf = false;
        validation.required_spec_claims.clear();
        let claims = jsonwebtoken::decode::<TimedClaims>(token, &key.0, &validation)
            .map_err(|_| TokenError::Invalid)?
            .claims;
        let now = self.clock.now().timestamp();
        let not_before = claims.nbf.unwrap_or(claims.claims.iat).max(claims.claims.iat);
        if now >= claims.claims.exp.saturating_add(LEEWAY_SECONDS) || now + LEEWAY_SECONDS < not_before {
            return Err(TokenError::Expired);
        }
        let claims = claims.claims;
        if self.is_revoked(claims.sub, claims.sid, claims.iat) {
            return Err(TokenError::Revoked);
        }
        Ok((claims, kid))
    }
}

/// What we write into the header of a token, and nothing else: `crit`, `jku`, `jwk`, `x5u` and `x5c` are not ours.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct TokenHeader {
    alg: String,
    typ: String,
    kid: String,
}

impl TokenHeader {
    fn read(token: &str) -> Option<Self> {
        let header = URL_SAFE_NO_PAD.decode(token.split('.').next()?).ok()?;
        serde_json::from_slice(&header).ok()
    }
}

#[derive(Clone, Deserialize)]
struct TimedClaims {
    #[serde(flatten)]
    claims: Claims,
    nbf: Option<i64>,
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::clock::ManualClock;
    use chrono::DateTime;
    use uuid::Uuid;

    const ISSUER: &str = "http://localhost:8080";

    fn claims(at: i64) -> Claims {
        Claims {
            iss: ISSUER.into(),
            aud: AUDIENCE.into(),
            sub: UserId(Uuid::nil()),
            sid: SessionId(Uuid::nil()),
            role: Role::User,
            name: "Ana".into(),
            iat: at,
            exp: at + 900,
            jti: Uuid::nil(),
        }
    }

    fn parts() -> (SigningKey, Verifier, ManualClock) {
        let key = SigningKey::generate("k1".into()).unwrap();
        let manual = ManualClock::new(DateTime::from_timestamp(1_000_000, 0).unwrap());
        let keys = StaticKeys::new(&JwkSet { keys: vec![key.jwk().clone()] });
        (key, Verifier::new(Arc::new(keys), ISSUER, manual.clock()), manual)
    }

    #[tokio::test]
    async fn a_token_of_ours_is_good_until_it_ends() {
        let (key, verifier, clock) = parts();
        let token = key.sign(&claims(1_000_000)).unwrap();
        assert_eq!(verifier.verify(&token).await, Ok(claims(1_000_000)));
        clock.advance(TimeDelta::seconds(900 + LEEWAY_SECONDS));
        assert_eq!(verifier.verify(&token).await, Err(TokenError::Expired));
    }

    #[tokio::test]
    async fn a_token_of_a_revoked_session_is_refused_and_others_are_not() {
        struct One(SessionId);
        impl Revocations for One {
            fn is_revoked(&self, _user: UserId, session: SessionId, _issued_at: i64) -> bool {
                session == self.0
            }

            fn is_key_revoked(&self, _kid: &str) -> bool {
                false
            }
        }
        let (key, verifier, _) = parts();
        let verifier = verifier.with_revocations(Arc::new(One(SessionId(Uuid::nil()))));
        let dead = key.sign(&claims(1_000_000)).unwrap();
        assert_eq!(verifier.verify(&dead).await, Err(TokenError::Revoked));
        let other = Claims { sid: SessionId(Uuid::from_u128(1)), ..claims(1_000_000) };
        assert_eq!(verifier.verify(&key.sign(&other).unwrap()).await, Ok(other));
    }

    #[tokio::test]
    async fn a_token_from_the_future_is_refused() {
        let (key, verifier, _) = parts();
        let token = key.sign(&claims(1_003_600)).unwrap();
        assert_eq!(verifier.verify(&token).await, Err(TokenError::Expired));
    }

    #[tokio::test]
    async fn another_issuer_audience_key_or_algorithm_is_refused() {
        let (key, verifier, _) = parts();
        let other_issuer = key.sign(&Claims { iss: "http://evil".into(), ..claims(1_000_000) }).unwrap();
        let other_audience = key.sign(&Claims { aud: "other".into(), ..claims(1_000_000) }).unwrap();
        let stranger = SigningKey::generate("k1".into()).unwrap().sign(&claims(1_000_000)).unwrap();
        let body = key.sign(&claims(1_000_000)).unwrap().split('.').nth(1).unwrap().to_owned();
        let none =
            format!("{}.{body}.", URL_SAFE_NO_PAD.encode(r#"{"alg":"none","typ":"at+jwt","kid":"k1"}"#));
        let hs256 = jsonwebtoken::encode(
            &Header { kid: Some("k1".into()), typ: Some(TOKEN_TYPE.into()), ..Header::new(Algorithm::HS256) },
            &claims(1_000_000),
            &EncodingKey::from_secret(key.jwk().n.as_bytes()),
        )
        .unwrap();
        for token in [other_issuer, other_audience, stranger, none, hs256, String::new(), "a.b.c".into()] {
            assert_eq!(verifier.verify(&token).await, Err(TokenError::Invalid), "{token}");
        }
    }

    #[tokio::test]
    async fn a_token_of_another_type_is_refused() {
        let (key, verifier, _) = parts();
        let header = Header { kid: Some("k1".into()), ..Header::new(Algorithm::RS256) };
        let token = jsonwebtoken::encode(&header, &claims(1_000_000), &key.encoding).unwrap();
        assert_eq!(verifier.verify(&token).await, Err(TokenError::Invalid));
    }

    #[test]
    fn a_key_survives_the_trip_through_pem() {
        let key = SigningKey::generate("k".into()).unwrap();
        let back = SigningKey::from_pem("k".into(), key.pem().clone()).unwrap();
        assert_eq!(back.jwk().n, key.jwk().n);
    }
}
