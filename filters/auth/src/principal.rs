//! Who a request was found to come from.
