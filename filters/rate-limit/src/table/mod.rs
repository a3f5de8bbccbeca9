//! Limits that share a key, and their levels, in shared data: a fixed number of buckets, whatever clients send.
