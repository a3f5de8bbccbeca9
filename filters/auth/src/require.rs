//! Which authenticators a request must satisfy.
