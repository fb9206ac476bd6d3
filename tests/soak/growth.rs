//! What the application has of memory, tasks, sockets and disk, again and again; and whether its second half needed more
//! than its first.

use std::{
    fmt,
    path::{Path, PathBuf},
    time::Duration,
};

use tokio::time::Instant;

use crate::process::Process;

/// So many looks in all.
const LOOKS: u32 = 300;

/// What is measured, and by how much the second half may exceed the first: by this part of it, and by so much more. A file
/// never shrinks, and is as large as the largest backlog that its half had; what isn't pruned would double it.
const MEASURED: [(&str, u64, u64); 5] = [
    ("memory, KiB", 10, 4096),
    ("tasks", 10, 32),
    ("files and sockets", 10, 16),
    ("database, KiB", 2, 256),
    ("its log, KiB", 2, 1024),
];

pub(crate) struct Growth {
    folder: PathBuf,
    looks: Vec<[u64; MEASURED.len()]>,
    /// The most calls and events that waited at the same time.
    backlog: (u64, usize),
}

impl Growth {
    pub(crate) fn new(folder: &Path) -> Self {
        Self { folder: folder.to_owned(), looks: Vec::new(), backlog: (0, 0) }
    }

    /// Until the time is up.
    pub(crate) async fn watch(&mut self, process: &Process, time: Duration) {
        let end = Instant::now() + time;
        while Instant::now() < end {
            let vitals = process.vitals().await;
            self.backlog = (self.backlog.0.max(vitals.waiting), self.backlog.1.max(vitals.events));
            let (tasks, files) = (vitals.tasks as u64, vitals.files as u64);
            let sizes = [self.size("partnero.db"), self.size("partnero.db-wal")];
            self.looks.push([process.memory().await, tasks, files, sizes[0], sizes[1]]);
            tokio::time::sleep(time / LOOKS).await;
        }
    }

    fn size(&self, file: &str) -> u64 {
        self.folder.join(file).metadata().map_or(0, |file| file.len() / 1024)
    }

    /// The most of a half. What the start took is in the first.
    fn most(&self, measured: usize) -> [u64; 2] {
        let (first, second) = self.looks.split_at(self.looks.len() / 2);
        [first, second].map(|half| half.iter().map(|look| look[measured]).max().unwrap_or_default())
    }

    /// # Panics
    ///
    /// When it isn't.
    pub(crate) fn is_bounded(&self) {
        for (measured, (what, part, slack)) in MEASURED.iter().enumerate() {
            let [first, second] = self.most(measured);
            assert!(second <= first + first / part + slack, "{what} grew from {first} to {second}");
        }
    }
}

impl fmt::Display for Growth {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (calls, events) = self.backlog;
        write!(f, "waiting at most: {calls} calls, {events} events")?;
        for (measured, (what, ..)) in MEASURED.iter().enumerate() {
            let [first, second] = self.most(measured);
            write!(f, "\n{what}: at most {first} in the first half, {second} in the second")?;
        }
        // For whoever wants to see its course: ten looks.
        for look in self.looks.iter().step_by((self.looks.len() / 10).max(1)) {
            write!(f, "\n  {look:?}")?;
        }
        Ok(())
    }
}
