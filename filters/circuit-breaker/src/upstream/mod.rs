//! Who failed: tells the upstream's answers and failures from replies of the proxy, of other filters, and from clients
//! that went.
