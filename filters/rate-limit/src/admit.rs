//! One decision about all limits of a request: it passes if each has room, and takes nothing if one has not.
