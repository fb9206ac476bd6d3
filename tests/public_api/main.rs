//! What is public: which types, what they are, and what the compiler says to those who use them wrongly.

mod auto_traits;
mod misuses;
mod reviewed;
