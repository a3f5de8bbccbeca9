//! User names and passwords (RFC 7617).
