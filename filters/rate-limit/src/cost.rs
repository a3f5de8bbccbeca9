//! How much a request takes of a limit.
