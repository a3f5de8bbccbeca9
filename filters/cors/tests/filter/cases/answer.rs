//! What came of a request.

/// Header lines.
pub type Lines = Vec<(String, Vec<u8>)>;

/// What came of a request.
#[derive(Debug)]
pub struct Answer {
    /// Whether the upstream saw the request.
    pub reached: bool,
    /// The reason code of the filter's own reply, where the player knows it.
    pub code: Option<&'static str>,
    /// The status.
    pub status: u16,
    /// All header lines.
    pub headers: Lines,
}

impl Answer {
    /// Every value of a header, as text.
    pub fn values(&self, name: &str) -> Vec<&str> {
        let values = self.headers.iter().filter(|(found, _)| found.eq_ignore_ascii_case(name));
        values.map(|(_, value)| std::str::from_utf8(value).unwrap()).collect()
    }

    /// The lines of a header joined; `None` without it.
    pub fn get(&self, name: &str) -> Option<String> {
        let values = self.values(name);
        (!values.is_empty()).then(|| values.join(", "))
    }

    /// The CORS headers and Vary, sorted, `name: value` each.
    pub fn said(&self) -> Vec<String> {
        let told = |name: &str| name.starts_with("access-control-") || name == "vary" || name == "timing-allow-origin";
        let lines = self.headers.iter().map(|(name, value)| (name.to_ascii_lowercase(), value.escape_ascii()));
        let mut said: Vec<String> =
            lines.filter(|(name, _)| told(name)).map(|(name, value)| format!("{name}: {value}")).collect();
        said.sort();
        said
    }
}
