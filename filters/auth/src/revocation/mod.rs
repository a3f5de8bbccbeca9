//! Tokens that are refused before their time.
