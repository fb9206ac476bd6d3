//! Random histories: calls are tracked, claimed, sent to a naive Partnero with every kind of mishap, retried,
//! discarded; in the end every key must have what its calls, in their order, add up to.

mod histories;
mod known;
mod oracle;
mod partnero;
mod steps;
mod world;
