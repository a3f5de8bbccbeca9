//! The data every start begins with.

use serde_json::{Value, json};

const SEEDED: &str = "2026-01-05T09:00:00Z";

/// Those who can log in, see `credentials`.
pub fn users() -> Vec<Value> {
    [
        ("Ada Admin", "admin@example.com", "admin"),
        ("Uma User", "user@example.com", "user"),
        ("Tess Test", "test@example.com", "user"),
    ]
    .into_iter()
    .map(|(name, email, role)| {
        json!({ "name": name, "email": email, "role": role, "createdAt": SEEDED, "updatedAt": SEEDED })
    })
    .collect()
}

/// The preferences of a user.
pub fn preferences(user: u64) -> Value {
    json!({ "userId": user, "language": "en", "currency": "EUR", "newsletter": user.is_multiple_of(2) })
}

/// One hundred products, ids 1 to 100.
pub fn products() -> Vec<Value> {
    const MATERIALS: [&str; 4] = ["Oak", "Steel", "Glass", "Linen"];
    const THINGS: [&str; 5] = ["chair", "table", "lamp", "shelf", "box"];
    (0..100_u32)
        .zip(MATERIALS.iter().cycle().zip(THINGS.iter().cycle()))
        .map(|(n, (material, thing))| {
            json!({
                "name": format!("{material} {thing} no. {}", n + 1),
                "price": { "amount": 1_900 + 50 * n, "currency": "EUR" },
                "stock": n * 7 % 40,
            })
        })
        .collect()
}

/// A few orders of the seeded users.
pub fn orders() -> Vec<Value> {
    [(1, 17, "shipped"), (2, 3, "delivered"), (2, 42, "open")]
        .into_iter()
        .map(|(user, product, status)| {
            json!({
                "userId": user,
                "items": [{ "productId": product, "quantity": 1 }],
                "status": status,
                "createdAt": SEEDED,
            })
        })
        .collect()
}

/// The payments of the orders that have left.
pub fn payments() -> Vec<Value> {
    [(1, 2_700), (2, 2_000)]
        .into_iter()
        .map(|(order, amount)| {
            json!({
                "orderId": order,
                "amount": { "amount": amount, "currency": "EUR" },
                "status": "captured",
                "createdAt": SEEDED,
            })
        })
        .collect()
}
