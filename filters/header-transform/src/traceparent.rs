//! The header `traceparent` (W3C Trace Context level 1, section 3.2).

/// The length of a value of version 00, in bytes.
const LENGTH: usize = 55;

/// Whether `value` is a valid `traceparent`: of version 00 exactly, of a later one at least its known beginning
/// (section 4.3: what a later version adds stands behind another `-`).
#[must_use]
pub fn is_valid(value: &[u8]) -> bool {
    let Some((known, added)) = value.split_at_checked(LENGTH) else { return false };
    let mut fields = known.split(|&byte| byte == b'-');
    let mut field = |length| fields.next().filter(|field| field.len() == length && field.iter().all(is_lower_hex));
    let (Some(version), Some(trace_id), Some(parent_id), Some(_flags)) = (field(2), field(32), field(16), field(2))
    else {
        return false;
    };
    let ends_well = match version {
        b"00" => added.is_empty(),
        b"ff" => false,
        _ => added.is_empty() || added.starts_with(b"-"),
    };
    ends_well && !is_zero(trace_id) && !is_zero(parent_id)
}

/// A new `traceparent` of version 00, sampled: the start of a trace. `None` where one of the ids would be all zeros,
/// which is none (sections 3.2.2.3 and 3.2.2.4). `random` must come from a good source, once per trace.
#[must_use]
pub fn create(random: [u8; 24]) -> Option<String> {
    let trace_id = u128::from_be_bytes(*random.first_chunk()?);
    let parent_id = u64::from_be_bytes(*random.last_chunk()?);
    (trace_id != 0 && parent_id != 0).then(|| format!("00-{trace_id:032x}-{parent_id:016x}-01"))
}

fn is_lower_hex(byte: &u8) -> bool {
    matches!(byte, b'0'..=b'9' | b'a'..=b'f')
}

fn is_zero(id: &[u8]) -> bool {
    id.iter().all(|&digit| digit == b'0')
}

#[cfg(test)]
mod tests;
