//! ID tokens (OpenID Connect Core, section 3.1.3.7): RS256 and nothing else, made by the provider, for us, for this sign-in,
//! now. URLs and keys in the token's header are never used.

use aws_lc_rs::constant_time::verify_slices_are_equal;
use chrono::{DateTime, Utc};
use jsonwebtoken::{Algorithm, DecodingKey, Validation};
use serde::Deserialize;

/// How far the provider's clock may be from ours, in seconds.
const LEEWAY: i64 = 60;
/// A longer token is refused before it is read.
const MAX_BYTES: usize = 16 * 1024;
/// The longest subject that the standard allows.
const MAX_SUBJECT: usize = 255;

/// What must stand in the token.
pub(super) struct Expected<'a> {
    pub issuer: &'a str,
    /// Our client id.
    pub audience: &'a str,
    pub nonce: &'a str,
    pub now: DateTime<Utc>,
}

/// What a good token says.
#[derive(Clone, Debug, Deserialize)]
pub(super) struct Claims {
    pub sub: String,
    #[serde(flatten)]
    pub person: Person,
    iss: String,
    aud: Audience,
    azp: Option<String>,
    exp: i64,
    iat: i64,
    nbf: Option<i64>,
    nonce: Option<String>,
}

/// What may be said of somebody (section 5.1), as far as we ask.
#[derive(Clone, Debug, Deserialize)]
pub(super) struct Person {
    pub email: Option<String>,
    email_verified: Option<Flag>,
    pub name: Option<String>,
}

#[derive(Clone, Debug, Deserialize)]
#[serde(untagged)]
enum Audience {
    One(String),
    Many(Vec<String>),
}

/// Some providers write `"true"`.
#[derive(Clone, Debug, Deserialize)]
#[serde(untagged)]
enum Flag {
    Bool(bool),
    Word(String),
}

/// Why a token was refused, for the log.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("ID token: {0}")]
pub(super) struct Wrong(&'static str);

/// The name of the key that the token says it is signed with. Called first: what is not RS256 costs no look for a key.
pub(super) fn key_name(token: &str) -> Result<String, Wrong> {
    if token.len() > MAX_BYTES {
        return Err(Wrong("too long"));
    }
    let header = jsonwebtoken::decode_header(token).map_err(|_| Wrong("no signed token"))?;
    if header.alg != Algorithm::RS256 {
        return Err(Wrong("another algorithm than RS256"));
    }
    // An access or logout token of the same provider must not pass for an ID token.
    if header.typ.is_some_and(|typ| !typ.eq_ignore_ascii_case("jwt")) {
        return Err(Wrong("another type of token"));
    }
    if header.crit.is_some() {
        return Err(Wrong("demands what is not known"));
    }
    header.kid.ok_or(Wrong("names no key"))
}

/// The claims, when every check passes.
pub(super) fn verify(token: &str, key: &DecodingKey, expected: &Expected<'_>) -> Result<Claims, Wrong> {
    let mut validation = Validation::new(Algorithm::RS256);
    // Claims are checked below, with times against our clock and not the machine's.
    validation.validate_aud = false;
    validation.validate_exp = false;
    validation.required_spec_claims.clear();
    let claims = jsonwebtoken::decode::<Claims>(token, key, &validation)
        .map_err(|_| Wrong("wrong signature or form"))?
        .claims;
    let now = expected.now.timestamp();
    let same = |a: &str, b: &str| verify_slices_are_equal(a.as_bytes(), b.as_bytes()).is_ok();
    let checks = [
        (claims.iss == expected.issuer, "another issuer"),
        (claims.aud.is_for(expected.audience), "another audience"),
        (claims.azp.is_some() || !claims.aud.is_shared(), "several audiences and no authorized party"),
        (claims.azp.as_ref().is_none_or(|azp| azp == expected.audience), "another authorized party"),
        (claims.nonce.as_ref().is_some_and(|nonce| same(nonce, expected.nonce)), "another nonce"),
        (now < claims.exp.saturating_add(LEEWAY), "expired"),
        (claims.iat <= now + LEEWAY, "from the future"),
        (claims.nbf.is_none_or(|nbf| nbf <= now + LEEWAY), "not yet good"),
        (is_subject(&claims.sub), "no subject"),
    ];
    match checks.into_iter().find(|(holds, _)| !holds) {
        Some((_, reason)) => Err(Wrong(reason)),
        None => Ok(claims),
    }
}

fn is_subject(text: &str) -> bool {
    (1..=MAX_SUBJECT).contains(&text.len()) && text.bytes().all(|byte| (b' '..=b'~').contains(&byte))
}

impl Person {
    /// Whether the provider says that the address is theirs.
    pub fn is_verified(&self) -> bool {
        match &self.email_verified {
            Some(Flag::Bool(yes)) => *yes,
            Some(Flag::Word(word)) => word == "true",
            None => false,
        }
    }
}

impl Audience {
    fn is_for(&self, client: &str) -> bool {
        match self {
            Self::One(one) => one == client,
            Self::Many(many) => many.iter().any(|one| one == client),
        }
    }

    fn is_shared(&self) -> bool {
        matches!(self, Self::Many(many) if many.len() > 1)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use aether_common::jwt::SigningKey;
    use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};
    use jsonwebtoken::{EncodingKey, Header};
    use secrecy::ExposeSecret;
    use serde_json::{Value, json};

    const NOW: i64 = 1_800_000_000;

    struct Signer {
        encoding: EncodingKey,
        decoding: DecodingKey,
    }

    impl Signer {
        fn new() -> Self {
            let key = SigningKey::generate("k1".into()).unwrap();
            Self {
                encoding: EncodingKey::from_rsa_pem(key.pem().expose_secret().as_bytes()).unwrap(),
                decoding: DecodingKey::from_rsa_components(&key.jwk().n, &key.jwk().e).unwrap(),
            }
        }

        fn sign(&self, claims: &Value) -> String {
            let header = Header { kid: Some("k1".into()), ..Header::new(Algorithm::RS256) };
            jsonwebtoken::encode(&header, claims, &self.encoding).unwrap()
        }
    }

    fn claims() -> Value {
        json!({
            "iss": "https://id.example", "sub": "1234", "aud": "client", "nonce": "n", "iat": NOW, "exp": NOW + 3600,
            "email": "ana@example.com", "email_verified": true, "name": "Ana",
        })
    }

    fn check(token: &str, signer: &Signer) -> Result<Claims, String> {
        let now = DateTime::from_timestamp(NOW, 0).unwrap();
        let expected = Expected { issuer: "https://id.example", audience: "client", nonce: "n", now };
        key_name(token)
            .and_then(|_| verify(token, &signer.decoding, &expected))
            .map_err(|reason| reason.to_string())
    }

    #[test]
    fn a_token_made_for_this_sign_in_says_who_it_is() {
        let signer = Signer::new();
        let said = check(&signer.sign(&claims()), &signer).unwrap();
        assert_eq!((&*said.sub, said.person.email.as_deref()), ("1234", Some("ana@example.com")));
        assert!(said.person.is_verified());
        for good in [
            json!({"aud": ["client"]}),
            json!({"aud": ["other", "client"], "azp": "client"}),
            json!({"aud": "client", "azp": "client"}),
            json!({"exp": NOW - LEEWAY + 1, "iat": NOW - 3600}),
            json!({"iat": NOW + LEEWAY, "nbf": NOW + LEEWAY}),
        ] {
            check(&signer.sign(&with(good.clone())), &signer)
                .unwrap_or_else(|reason| panic!("{good}: {reason}"));
        }
    }

    #[test]
    fn a_token_with_any_claim_that_is_not_so_is_refused() {
        let signer = Signer::new();
        for (change, reason) in [
            (json!({"iss": "https://id.example/"}), "another issuer"),
            (json!({"iss": "https://evil.example"}), "another issuer"),
            (json!({"aud": "other"}), "another audience"),
            (json!({"aud": []}), "another audience"),
            (json!({"aud": ["other"]}), "another audience"),
            (json!({"aud": ["client", "other"]}), "several audiences and no authorized party"),
            (json!({"aud": ["client", "other"], "azp": "other"}), "another authorized party"),
            (json!({"azp": "other"}), "another authorized party"),
            (json!({"nonce": "m"}), "another nonce"),
            (json!({"nonce": null}), "another nonce"),
            (json!({"nonce": ""}), "another nonce"),
            (json!({"exp": NOW - LEEWAY}), "expired"),
            (json!({"iat": NOW + LEEWAY + 1}), "from the future"),
            (json!({"nbf": NOW + 3600}), "not yet good"),
            (json!({"sub": ""}), "no subject"),
            (json!({"sub": "a\u{0}b"}), "no subject"),
            (json!({"sub": "a".repeat(256)}), "no subject"),
            (json!({"sub": null}), "wrong signature or form"),
            (json!({"sub": 1234}), "wrong signature or form"),
            (json!({"exp": null}), "wrong signature or form"),
            (json!({"exp": "tomorrow"}), "wrong signature or form"),
            (json!({"iat": null}), "wrong signature or form"),
            (json!({"aud": null}), "wrong signature or form"),
            (json!({"iss": null}), "wrong signature or form"),
        ] {
            let refused = check(&signer.sign(&with(change.clone())), &signer).unwrap_err();
            assert_eq!(refused, format!("ID token: {reason}"), "{change}");
        }
    }

    #[test]
    fn a_token_that_is_not_signed_with_rs256_by_the_provider_is_refused() {
        let (signer, stranger) = (Signer::new(), Signer::new());
        let good = signer.sign(&claims());
        let body = good.split('.').nth(1).unwrap();
        let signature = good.rsplit('.').next().unwrap();
        let header = |json: &str| URL_SAFE_NO_PAD.encode(json);
        let with_header = |alg: Algorithm, key: &EncodingKey| {
            let header = Header { kid: Some("k1".into()), ..Header::new(alg) };
            jsonwebtoken::encode(&header, &claims(), key).unwrap()
        };
        let typed = |typ: &str| {
            let header =
                Header { kid: Some("k1".into()), typ: Some(typ.into()), ..Header::new(Algorithm::RS256) };
            jsonwebtoken::encode(&header, &claims(), &signer.encoding).unwrap()
        };
        let forged = [
            format!("{}.{body}.", header(r#"{"alg":"none","kid":"k1"}"#)),
            format!("{}.{body}.{signature}", header(r#"{"alg":"none","kid":"k1"}"#)),
            format!("{}.{body}.", header(r#"{"alg":"nOnE","kid":"k1"}"#)),
            format!("{}.{body}.", header(r#"{"alg":"RS256","kid":"k1"}"#)),
            format!("{}.{body}.{signature}", header(r#"{"alg":"RS256"}"#)),
            with_header(Algorithm::HS256, &EncodingKey::from_secret(b"client secret")),
            with_header(Algorithm::RS512, &signer.encoding),
            with_header(Algorithm::PS256, &signer.encoding),
            typed("at+jwt"),
            typed("logout+jwt"),
            stranger.sign(&claims()),
            good.replace(body, &header(&with(json!({"sub": "another"})).to_string())),
            body.to_owned(),
            String::new(),
            "a.b.c".into(),
            "a".repeat(MAX_BYTES + 1),
        ];
        for token in forged {
            assert!(check(&token, &signer).is_err(), "{}", &token[..token.len().min(200)]);
        }
    }

    #[test]
    fn an_address_is_verified_only_when_the_provider_says_so() {
        for (said, verified) in [
            (json!(true), true),
            (json!("true"), true),
            (json!(false), false),
            (json!("false"), false),
            (json!("TRUE"), false),
            (json!(null), false),
        ] {
            let person: Person = serde_json::from_value(json!({"email_verified": said})).unwrap();
            assert_eq!(person.is_verified(), verified, "{said}");
        }
    }

    /// The claims with these in their place; null takes one away.
    fn with(change: Value) -> Value {
        let mut all = claims();
        for (name, value) in change.as_object().unwrap() {
            match value {
                Value::Null => all.as_object_mut().unwrap().remove(name),
                value => all.as_object_mut().unwrap().insert(name.clone(), value.clone()),
            };
        }
        all
    }
}
