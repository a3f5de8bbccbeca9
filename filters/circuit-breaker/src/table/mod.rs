//! The breakers of a process: a fixed number of values in shared data, one per breaker.
