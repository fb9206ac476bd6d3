//! What is printed: tables, times and counts, and nothing that moves a cursor.

use std::{
    fmt,
    io::{self, Write as _},
    time::{Duration, SystemTime},
};

/// Rows of cells, of which some columns are numbers.
pub(crate) fn table<const N: usize>(rows: &[[String; N]], numbers: &[usize]) {
    // A key has up to 255 characters: one that long shifts its own line alone.
    let width = |column: usize| rows.iter().map(|row| row[column].chars().count().min(48)).max().unwrap_or_default();
    let widths: [usize; N] = std::array::from_fn(width);
    for row in rows {
        let cells = row.iter().zip(widths).enumerate().map(|(column, (cell, width))| match column {
            column if numbers.contains(&column) => format!("{cell:>width$}"),
            _ => format!("{cell:<width$}"),
        });
        say(cells.collect::<Vec<_>>().join("  ").trim_end());
    }
}

pub(crate) fn ago(time: SystemTime) -> String {
    format!("{} ago", Time(SystemTime::now().duration_since(time).unwrap_or_default()))
}

/// What comes from outside moves no cursor.
pub(crate) fn printable(text: &str) -> String {
    text.chars().map(|character| if character.is_control() { '\u{fffd}' } else { character }).collect()
}

pub(crate) fn counted(count: usize, one: &str, many: &str) -> String {
    format!("{count} {}", if count == 1 { one } else { many })
}

/// How long, roughly.
pub(crate) struct Time(pub(crate) Duration);

impl fmt::Display for Time {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let seconds = self.0.as_secs();
        match seconds {
            0..60 => write!(f, "{seconds} s"),
            60..3_600 => write!(f, "{} min", seconds / 60),
            3_600..172_800 => write!(f, "{} h", seconds / 3_600),
            _ => write!(f, "{} days", seconds / 86_400),
        }
    }
}

/// Not `println!`: that panics when nobody reads any more (`… | head`).
pub(crate) fn say(text: impl fmt::Display) {
    let _ = writeln!(io::stdout(), "{text}");
}
