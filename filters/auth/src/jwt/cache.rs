//! Tokens verified before.
