//! Signed tokens (RFC 7519, RFC 7515 compact form), as strict as they can be: one
//! algorithm, and one key, type and audience for each kind. Nothing of a token is
//! parsed before its size is checked, and no claim before its signature is.

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use gc_types::{Entropy, UnixMillis};
use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};
use uuid::Uuid;

use crate::secrets::Key;

/// Bytes of a token at most.
const MAX_TOKEN: usize = 4096;
/// Seconds by which another node's clock may be ahead.
const SKEW_S: u64 = 60;
const ISSUER: &str = "guruconnect";
const ALGORITHM: &str = "HS256";

/// What tells one kind of token from another.
pub(crate) trait Kind: Serialize + DeserializeOwned {
    /// Header `typ`.
    const TYPE: &'static str;
    /// Claim `aud`.
    const AUDIENCE: &'static str;
    /// Lifetime in seconds; a token that claims a longer one is refused.
    const LIFETIME_S: u64;
}

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Header {
    alg: String,
    typ: String,
    kid: String,
}

#[derive(Serialize, Deserialize)]
struct Registered<T> {
    iss: String,
    aud: String,
    iat: u64,
    nbf: u64,
    exp: u64,
    jti: Uuid,
    #[serde(flatten)]
    own: T,
}

/// A token that was verified.
pub(crate) struct Verified<T> {
    /// Its own id.
    pub(crate) id: Uuid,
    /// What it says.
    pub(crate) claims: T,
}

/// A random (version 4) UUID.
pub(crate) fn random_uuid(entropy: &dyn Entropy) -> Uuid {
    let mut bytes = [0; 16];
    entropy.fill(&mut bytes);
    uuid::Builder::from_random_bytes(bytes).into_uuid()
}

/// Makes a token out, valid from now for the lifetime of its kind.
pub(crate) fn sign<T: Kind>(key: &Key, id: Uuid, claims: T, now: UnixMillis) -> Option<String> {
    let iat = now.0 / 1000;
    let header = Header { alg: ALGORITHM.into(), typ: T::TYPE.into(), kid: key.id() };
    let body = Registered {
        iss: ISSUER.into(),
        aud: T::AUDIENCE.into(),
        iat,
        nbf: iat,
        exp: iat + T::LIFETIME_S,
        jti: id,
        own: claims,
    };
    let encode = |json: Vec<u8>| URL_SAFE_NO_PAD.encode(json);
    let signed = format!(
        "{}.{}",
        encode(serde_json::to_vec(&header).ok()?),
        encode(serde_json::to_vec(&body).ok()?)
    );
    let tag = key.mac(signed.as_bytes());
    Some(format!("{signed}.{}", URL_SAFE_NO_PAD.encode(tag)))
}

/// Checks a token of kind `T`; `None` whatever is wrong with it.
pub(crate) fn verify<T: Kind>(key: &Key, token: &str, now: UnixMillis) -> Option<Verified<T>> {
    if token.len() > MAX_TOKEN {
        return None;
    }
    let (signed, tag) = token.rsplit_once('.')?;
    let (header, body) = signed.split_once('.')?;
    // A dot in the body's part is no base64, so exactly three parts are taken.
    let decode = |part: &str| URL_SAFE_NO_PAD.decode(part).ok();
    if !key.verify(signed.as_bytes(), &decode(tag)?) {
        return None;
    }
    let header: Header = serde_json::from_slice(&decode(header)?).ok()?;
    if header.alg != ALGORITHM || header.typ != T::TYPE || header.kid != key.id() {
        return None;
    }
    let body: Registered<T> = serde_json::from_slice(&decode(body)?).ok()?;
    let now_s = now.0 / 1000;
    let timely = body.exp > now_s
        && body.nbf <= now_s.saturating_add(SKEW_S)
        && body.iat <= now_s.saturating_add(SKEW_S)
        && body.exp.saturating_sub(body.iat) <= T::LIFETIME_S;
    (timely && body.iss == ISSUER && body.aud == T::AUDIENCE)
        .then(|| Verified { id: body.jti, claims: body.own })
}

#[cfg(test)]
mod tests {
    use gc_types::{Secret, SeededEntropy};
    use serde_json::{Value, json};

    use super::*;
    use crate::secrets::Keyring;

    #[derive(Serialize, Deserialize)]
    struct Test {
        sub: String,
    }

    impl Kind for Test {
        const TYPE: &'static str = "test+jwt";
        const AUDIENCE: &'static str = "test";
        const LIFETIME_S: u64 = 600;
    }

    const NOW: UnixMillis = UnixMillis(1_800_000_000_000);

    fn key() -> Key {
        Keyring::new(&Secret::new("secret")).access
    }

    fn forge(key: &Key, header: &Value, body: &Value) -> String {
        let part = |value: &Value| URL_SAFE_NO_PAD.encode(value.to_string());
        let signed = format!("{}.{}", part(header), part(body));
        let tag = URL_SAFE_NO_PAD.encode(key.mac(signed.as_bytes()));
        format!("{signed}.{tag}")
    }

    fn header() -> Value {
        json!({"alg": "HS256", "typ": "test+jwt", "kid": key().id()})
    }

    fn body() -> Value {
        let now = NOW.0 / 1000;
        json!({"iss": "guruconnect", "aud": "test", "iat": now, "nbf": now, "exp": now + 600,
               "jti": "00000000-0000-4000-8000-000000000000", "sub": "me"})
    }

    fn accepted(header: &Value, body: &Value) -> bool {
        verify::<Test>(&key(), &forge(&key(), header, body), NOW).is_some()
    }

    fn with(mut value: Value, field: &str, to: Value) -> Value {
        value[field] = to;
        value
    }

    #[test]
    fn its_own_token_is_taken_until_it_expires() {
        let id = random_uuid(&SeededEntropy::new(1));
        let token = sign(&key(), id, Test { sub: "me".into() }, NOW).unwrap();
        let read = verify::<Test>(&key(), &token, NOW).unwrap();
        assert_eq!((read.id, read.claims.sub.as_str()), (id, "me"));
        assert!(verify::<Test>(&key(), &token, UnixMillis(NOW.0 + 600_000)).is_none());
        assert!(accepted(&header(), &body()));
    }

    #[test]
    fn no_other_algorithm_in_any_case() {
        for alg in ["none", "None", "NONE", "nOnE", "hs256", "HS384", "HS512", "RS256", "EdDSA"] {
            assert!(!accepted(&with(header(), "alg", json!(alg)), &body()), "{alg}");
        }
        let unsigned = forge(&key(), &with(header(), "alg", json!("none")), &body());
        let unsigned = format!("{}.", unsigned.rsplit_once('.').unwrap().0);
        assert!(verify::<Test>(&key(), &unsigned, NOW).is_none());
    }

    #[test]
    fn no_other_header() {
        for (field, value) in [
            ("typ", json!("JWT")),
            ("typ", json!("viewer+jwt")),
            ("kid", json!("other")),
            ("crit", json!(["b64"])),
            ("jwk", json!({})),
        ] {
            assert!(!accepted(&with(header(), field, value.clone()), &body()), "{field} {value}");
        }
    }

    #[test]
    fn times_hold() {
        let now = NOW.0 / 1000;
        for (field, value) in [
            ("exp", json!(now)),
            ("exp", json!(now + 315_360_000)),
            ("exp", json!(now + 601)),
            ("exp", Value::Null),
            ("exp", json!(-1)),
            ("exp", json!("9999999999")),
            ("nbf", json!(now + 61)),
            ("iat", json!(now + 61)),
            ("iat", Value::Null),
        ] {
            assert!(!accepted(&header(), &with(body(), field, value.clone())), "{field} {value}");
        }
        assert!(accepted(&header(), &with(body(), "nbf", json!(now + 60))));
    }

    #[test]
    fn issuer_audience_and_key_hold() {
        for (field, value) in
            [("iss", json!("other")), ("aud", json!("viewer")), ("aud", json!(["test"]))]
        {
            assert!(!accepted(&header(), &with(body(), field, value.clone())), "{field} {value}");
        }
        let other = Keyring::new(&Secret::new("secret")).viewer;
        assert!(verify::<Test>(&key(), &forge(&other, &header(), &body()), NOW).is_none());
    }

    #[test]
    fn broken_text_is_refused() {
        let token = forge(&key(), &header(), &body());
        for bad in [
            String::new(),
            "a.b.c".into(),
            token.replace('.', ""),
            format!("{token}="),
            format!("{token}.{token}"),
            token[..token.len() - 1].to_owned(),
            format!("{token}{}", "a".repeat(1 << 20)),
        ] {
            assert!(verify::<Test>(&key(), &bad, NOW).is_none());
        }
    }
}
