//! The route that revokes the token it is called with.
