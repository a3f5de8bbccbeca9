use super::reason_phrase;

#[test]
fn phrases_are_the_standard_s() {
    let cases = [
        (200, "OK"),
        (204, "No Content"),
        (401, "Unauthorized"),
        (413, "Content Too Large"),
        (422, "Unprocessable Content"),
        (429, "Too Many Requests"),
        (503, "Service Unavailable"),
        // Not named by a standard: the class.
        (299, "Success"),
        (399, "Redirection"),
        (418, "Client Error"),
        (499, "Client Error"),
        (599, "Server Error"),
    ];
    for (status, want) in cases {
        assert_eq!(reason_phrase(status), want, "{status}");
    }
}
