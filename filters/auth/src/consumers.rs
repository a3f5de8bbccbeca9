//! The registry of consumers.
