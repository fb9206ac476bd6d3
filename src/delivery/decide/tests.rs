//! `decide` as tables that a person can hold against the rules, and what must be so of every decision.

mod grid;
mod notation;
mod order;
mod properties;
mod rows_adjustments;
mod rows_refunds;
mod rows_sales;
mod rows_sign_ups;
