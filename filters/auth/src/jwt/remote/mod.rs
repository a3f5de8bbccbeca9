//! Keys that an issuer publishes.
