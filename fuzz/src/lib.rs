//! What the fuzz targets share: keys, an oracle for signatures, mutations of JSON.

pub mod mutate;
pub mod oracle;
pub mod request;
pub mod signer;
