//! What a known consumer may do: conditions on consumer, groups, scopes and claims.
