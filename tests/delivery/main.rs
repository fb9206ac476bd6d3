//! Deliveries over real sockets, against the sandbox.

mod first;
