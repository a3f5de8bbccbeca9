//! JSON Web Token, compact serialization (RFC 7515 section 7.1).
