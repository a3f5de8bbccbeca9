//! JSON Web Signature, Key and Token: from bytes to a verdict. No policy.
