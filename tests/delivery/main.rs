//! Deliveries over real sockets, against the sandbox.

mod answers_to_refunds;
mod answers_to_sales;
mod answers_to_sign_ups;
mod faults;
mod first;
mod sequences;
mod support;
mod uncertainty;
