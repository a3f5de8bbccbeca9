//! What config says, and what it becomes.
