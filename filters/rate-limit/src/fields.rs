//! What clients are told of limits: `RateLimit` and its older relatives.
