//! Where credentials stand in a request.
