//! What is printed: to stdout, aligned, in colours only on a terminal. The log goes to stderr.

use std::{
    env,
    fmt::{Arguments, Display},
    io::{self, IsTerminal, Write},
};

use axum_partnero::sandbox::Sandbox;
use rust_decimal::Decimal;

use crate::{
    books::{COMMISSION, PARTNER},
    outbox,
    walk::Off,
};

/// Not `println!`: that panics when nobody reads any more (`… | head`).
pub fn line(text: Arguments<'_>) {
    let _ = writeln!(io::stdout(), "{text}");
}

pub struct Printer {
    colours: bool,
}

impl Printer {
    pub fn new() -> Self {
        let asked_not_to = env::var_os("NO_COLOR").is_some_and(|value| !value.is_empty());
        Self { colours: io::stdout().is_terminal() && !asked_not_to }
    }

    #[expect(clippy::unused_self, reason = "all printing of the stage goes through the printer")]
    pub fn line(&self, text: Arguments<'_>) {
        line(text);
    }

    fn paint(&self, code: u8, text: impl Display) -> String {
        if self.colours { format!("\x1b[{code}m{text}\x1b[0m") } else { text.to_string() }
    }

    fn bold(&self, text: impl Display) -> String {
        self.paint(1, text)
    }

    pub fn heads(&self) {
        self.line(format_args!("{PARTNER} is a partner: {COMMISSION} % of what those whom she refers pay is hers.\n"));
        let heads = format!("    {:<33} {:<28} {:>9}", "", "Partnero", format!("owes {PARTNER}"));
        self.line(format_args!("{}", self.paint(2, heads)));
    }

    pub fn visitor(&self, who: &str) {
        self.line(format_args!("{}", self.bold(who)));
    }

    pub fn step(&self, is_right: bool, what: &str, news: &str, owed: Decimal) {
        let mark = if is_right { self.paint(32, "✓") } else { self.paint(31, "✗") };
        self.line(format_args!("  {mark} {what:<33} {news:<28} {owed:>9.2}"));
    }

    /// A line of explanation below a step.
    pub fn remark(&self, text: Arguments<'_>) {
        self.line(format_args!("    {}", self.paint(2, text)));
    }

    pub fn off(&self, off: &Off) {
        self.line(format_args!("\n{}", self.paint(31, "This is off:")));
        for line in off.to_string().lines() {
            self.line(format_args!("    {line}"));
        }
    }

    pub fn open(&self, shop: &str, sandbox: &Sandbox, place: &str, name: &str) {
        let (url, key) = (sandbox.url(), sandbox.api_key());
        let (outbox, arguments) = if outbox::is_postgres(place) {
            (format!("in PostgreSQL, under the name {name}"), format!("URL --name {name}"))
        } else {
            (format!("{place}, kept until the next start"), place.to_owned())
        };
        self.line(format_args!("\n{}", self.bold("The shop is open, until Ctrl-C:\n")));
        self.line(format_args!("  by {PARTNER}'s link   {shop}/?aff={PARTNER}"));
        self.line(format_args!("  by yourself      {shop}/"));
        self.line(format_args!("  your orders      {shop}/orders"));
        self.line(format_args!("  the sandbox      {url}"));
        self.line(format_args!("  its page         {}", sandbox.page_url().unwrap_or_default()));
        self.line(format_args!("  the outbox       {outbox}\n"));
        self.line(format_args!("  curl -H 'Authorization: Bearer {key}' {url}customers"));
        self.line(format_args!("  curl -H 'Authorization: Bearer {key}' {url}transactions"));
        self.line(format_args!("  cargo run --example outbox -- {arguments} status\n"));
    }

    pub fn report(&self, report: &str, owed: Decimal) {
        self.line(format_args!(
            "
Shut down: {report}; {owed:.2} owed to {PARTNER}"
        ));
    }
}
