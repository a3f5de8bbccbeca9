//! Whose requests a limit counts together.
