//! API keys: credentials by the digest of their key.
