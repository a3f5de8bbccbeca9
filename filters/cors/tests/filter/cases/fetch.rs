//! What a browser makes of the answers: the CORS parts of the Fetch standard, sections 4.8 (CORS-preflight fetch),
//! 4.9 (CORS check) and 2.2.2 (safelisted request headers).

use super::{Answer, Lines};

/// A request of a page.
pub struct Page {
    pub origin: String,
    pub method: String,
    pub headers: Vec<(String, String)>,
    pub credentials: bool,
    pub private_network: bool,
}

impl Page {
    /// Whether the browser asks first.
    pub fn needs_preflight(&self) -> bool {
        !is_safelisted_method(&self.method) || !self.unsafe_names().is_empty() || self.private_network
    }

    /// The preflight; its names sorted and joined without a space, as browsers do.
    pub fn preflight(&self) -> Lines {
        let mut fields = vec![
            (":method", "OPTIONS".to_owned()),
            ("origin", self.origin.clone()),
            ("access-control-request-method", self.method.clone()),
        ];
        if !self.unsafe_names().is_empty() {
            fields.push(("access-control-request-headers", self.unsafe_names().join(",")));
        }
        if self.private_network {
            fields.push(("access-control-request-private-network", "true".to_owned()));
        }
        fields.into_iter().map(|(name, value)| (name.to_owned(), value.into_bytes())).collect()
    }

    /// The request itself.
    pub fn actual(&self) -> Lines {
        let head = [(":method".to_owned(), self.method.clone()), ("origin".to_owned(), self.origin.clone())];
        let all = head.into_iter().chain(self.headers.clone());
        all.map(|(name, value)| (name, value.into_bytes())).collect()
    }

    /// Whether the page may read this answer.
    ///
    /// # Errors
    /// What the browser's console says.
    pub fn may_read(&self, answer: &Answer) -> Result<(), String> {
        let allowed = answer.get("access-control-allow-origin").ok_or("no Access-Control-Allow-Origin")?;
        if !self.credentials && allowed == "*" {
            return Ok(());
        }
        if allowed != self.origin {
            return Err(format!("Access-Control-Allow-Origin is {allowed}"));
        }
        if self.credentials && answer.get("access-control-allow-credentials").as_deref() != Some("true") {
            return Err("no credentials".to_owned());
        }
        Ok(())
    }

    /// Whether the browser goes on after this answer to the preflight.
    ///
    /// # Errors
    /// What the browser's console says.
    pub fn may_send(&self, answer: &Answer) -> Result<(), String> {
        self.may_read(answer)?;
        if !(200..=299).contains(&answer.status) {
            return Err(format!("status {}", answer.status));
        }
        let (methods, names) =
            (list(answer, "access-control-allow-methods"), list(answer, "access-control-allow-headers"));
        let star = |list: &[String]| !self.credentials && list.iter().any(|element| element == "*");
        if !methods.contains(&self.method) && !is_safelisted_method(&self.method) && !star(&methods) {
            return Err(format!("method {}", self.method));
        }
        for name in self.unsafe_names() {
            let named = names.iter().any(|allowed| allowed.eq_ignore_ascii_case(&name));
            if !named && (name == "authorization" || !star(&names)) {
                return Err(format!("header {name}"));
            }
        }
        if self.private_network && answer.get("access-control-allow-private-network").as_deref() != Some("true") {
            return Err("private network".to_owned());
        }
        Ok(())
    }

    /// "CORS-unsafe request-header names": lower-cased and sorted.
    pub fn unsafe_names(&self) -> Vec<String> {
        let names = self.headers.iter().filter(|(name, value)| !is_safelisted(name, value));
        let mut names: Vec<String> = names.map(|(name, _)| name.to_ascii_lowercase()).collect();
        names.sort();
        names.dedup();
        names
    }
}

/// "Extracting header list values".
fn list(answer: &Answer, name: &str) -> Vec<String> {
    let joined = answer.get(name).unwrap_or_default();
    let elements = joined.split(',').map(str::trim).filter(|element| !element.is_empty());
    elements.map(str::to_owned).collect()
}

fn is_safelisted_method(method: &str) -> bool {
    ["GET", "HEAD", "POST"].contains(&method)
}

fn is_safelisted(name: &str, value: &str) -> bool {
    let is_unsafe = |byte: u8| (byte < 0x20 && byte != b'\t') || b"\"():<>?@[\\]{}\x7f".contains(&byte);
    let is_language = |byte: u8| byte.is_ascii_alphanumeric() || b" *,-.;=".contains(&byte);
    value.len() <= 128
        && match name.to_ascii_lowercase().as_str() {
            "accept" => !value.bytes().any(is_unsafe),
            "accept-language" | "content-language" => value.bytes().all(is_language),
            "content-type" => {
                let essence = value.split(';').next().unwrap().trim().to_ascii_lowercase();
                let safe = ["application/x-www-form-urlencoded", "multipart/form-data", "text/plain"];
                !value.bytes().any(is_unsafe) && safe.contains(&essence.as_str())
            }
            _ => false,
        }
}
