//! Why a request is not let in.

/// What a refusal says: its code in metrics, replies and the decision record.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Reason {
    /// No credential was shown.
    MissingCredential,
    /// What was shown is no credential of its kind.
    Malformed,
    /// No such key, user or password.
    UnknownKey,
    /// The signature is not that of the key.
    InvalidSignature,
    /// The time of `exp`, of a credential or of a consumer is over.
    Expired,
    /// The time of `nbf`, `iat`, of a credential or of a consumer has not come.
    NotYetValid,
    /// No issuer entry takes tokens of this `iss`.
    WrongIssuer,
    /// The token is not meant for us.
    WrongAudience,
    /// The token's algorithm is not offered, or no key fits it.
    AlgNotAllowed,
    /// No key has the token's `kid`.
    UnknownKid,
    /// The keys could not be had in time.
    JwksUnavailable,
    /// The token was revoked.
    Revoked,
    /// The table of revocations could not be read, or has no room.
    RevocationUnavailable,
    /// The consumer was disabled.
    ConsumerDisabled,
    /// Too many passwords are being checked.
    TooManyAttempts,
    /// Known, but not for this.
    NotAllowed,
    /// The token's scope does not reach so far.
    InsufficientScope,
}

impl Reason {
    /// Every code, which `errors` may override: those of the reasons, and the one of a 401 that does not tell its own.
    pub const CODES: &'static [&'static str] = &[
        "missing_credential",
        "malformed",
        "unknown_key",
        "invalid_signature",
        "expired",
        "not_yet_valid",
        "wrong_issuer",
        "wrong_audience",
        "alg_not_allowed",
        "unknown_kid",
        "jwks_unavailable",
        "revoked",
        "revocation_unavailable",
        "consumer_disabled",
        "too_many_attempts",
        "not_allowed",
        "insufficient_scope",
        "unauthorized",
        crate::login::CODE,
    ];

    /// The code.
    #[must_use]
    pub fn code(self) -> &'static str {
        match self {
            Self::MissingCredential => "missing_credential",
            Self::Malformed => "malformed",
            Self::UnknownKey => "unknown_key",
            Self::InvalidSignature => "invalid_signature",
            Self::Expired => "expired",
            Self::NotYetValid => "not_yet_valid",
            Self::WrongIssuer => "wrong_issuer",
            Self::WrongAudience => "wrong_audience",
            Self::AlgNotAllowed => "alg_not_allowed",
            Self::UnknownKid => "unknown_kid",
            Self::JwksUnavailable => "jwks_unavailable",
            Self::Revoked => "revoked",
            Self::RevocationUnavailable => "revocation_unavailable",
            Self::ConsumerDisabled => "consumer_disabled",
            Self::TooManyAttempts => "too_many_attempts",
            Self::NotAllowed => "not_allowed",
            Self::InsufficientScope => "insufficient_scope",
        }
    }
}
