//! What the upstream is told of the consumer, and what no client may tell it.
