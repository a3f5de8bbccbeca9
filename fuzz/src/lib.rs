//! What the fuzz targets share: keys, an oracle for signatures, requests, a proxy process, mutations of JSON.

pub mod mutate;
pub mod oracle;
pub mod process;
pub mod request;
pub mod signer;
