//! All that is printed, and what must not be in it.

use std::{
    error::Error,
    fmt::{Debug, Display},
    io::Write,
    sync::{Arc, Mutex, Once, OnceLock},
};

use tracing_subscriber::fmt::format::FmtSpan;

/// In every e-mail address, name, tag, body, cookie and secret of these tests, and in nothing else.
pub(crate) const MARK: &str = "qzmark";
pub(crate) const API_KEY: &str = "api-qzmarkKey-0123456789";
pub(crate) const SECRET: &str = "webhook-qzmarkSecret";
/// The address of a visitor, as a proxy tells it.
pub(crate) const IP: &str = "203.0.113.77";
/// A referral key, of a partner that was added by address.
pub(crate) const ANNA: &str = "anna@qzmark.test";

/// All threads are listened to, so the tests of this program take turns.
pub(crate) static ALONE: tokio::sync::Mutex<()> = tokio::sync::Mutex::const_new(());

/// Everything that this process prints, at every level and with every field, but for what the sandbox says, which is
/// Partnero's side of it. Panics, too.
#[derive(Clone, Default)]
pub(crate) struct Told(Arc<Mutex<Vec<u8>>>);

impl Told {
    pub(crate) fn start() -> Self {
        static ALL: OnceLock<Told> = OnceLock::new();
        static BEGUN: Once = Once::new();
        let told = ALL.get_or_init(Self::default).clone();
        BEGUN.call_once(|| {
            let writer = told.clone();
            tracing_subscriber::fmt()
                .with_env_filter("trace,axum_partnero::sandbox=off")
                .with_ansi(false)
                .with_span_events(FmtSpan::FULL)
                .with_writer(move || writer.clone())
                .init();
            let panics = told.clone();
            std::panic::set_hook(Box::new(move |panic| {
                eprintln!("{panic}");
                panics.note("a panic", &panic.to_string());
            }));
        });
        told
    }

    /// An error as it is, and with its causes.
    pub(crate) fn error(&self, error: &(dyn Error + 'static)) {
        self.shown(&error);
        let mut next = Some(error);
        while let Some(error) = next {
            self.note("an error", &error.to_string());
            next = error.source();
        }
    }

    pub(crate) fn shown<T: Debug + ?Sized>(&self, value: &T) {
        self.note(std::any::type_name::<T>(), &format!("{value:?}\n{value:#?}"));
    }

    fn note(&self, what: &str, text: &impl Display) {
        let text = format!("NOTED {what}: {text}\n");
        self.0.lock().unwrap().extend_from_slice(text.as_bytes());
    }

    pub(crate) fn text(&self) -> String {
        String::from_utf8_lossy(&self.0.lock().unwrap()).into_owned()
    }

    /// # Panics
    ///
    /// When one of these is in it, or a mark.
    pub(crate) fn is_clean_of(&self, secrets: &[&str]) {
        let text = self.text();
        let secrets: Vec<_> = secrets.iter().copied().chain([MARK, IP]).collect();
        let bad = text.lines().filter(|line| {
            let lower = line.to_lowercase();
            secrets.iter().any(|secret| line.contains(secret) || lower.contains(secret))
        });
        let bad: Vec<_> = bad.take(20).map(|line| line.chars().take(600).collect::<String>()).collect();
        assert!(bad.is_empty(), "{} lines, such as:\n{}", bad.len(), bad.join("\n"));
    }
}

impl Write for Told {
    fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
        self.0.lock().unwrap().extend_from_slice(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> std::io::Result<()> {
        Ok(())
    }
}
