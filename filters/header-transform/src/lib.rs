//! Edits of request and response.
