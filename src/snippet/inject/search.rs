//! The search for the end of a page's head, and the tag put before it.

use std::{
    borrow::Cow,
    fmt,
    sync::{Arc, LazyLock, Mutex, MutexGuard, PoisonError},
};

use bytes::{Bytes, BytesMut};
use lol_html::{
    HandlerResult, MemorySettings, OutputSink, Selector,
    html_content::Doctype,
    send::{DocumentContentHandlers, Element, ElementContentHandlers, HtmlRewriter, Settings},
};

use super::needle::Needle;

/// The rewriter gets pieces of this size, so that little of what follows the head is copied.
const PIECE: usize = 4 * 1024;

/// What comes with the head in one frame, and isn't longer, goes on with it in one, though it takes a copy.
const SHORT: usize = 16 * 1024;

/// The most that the rewriter keeps, of a tag that isn't over for instance. Beyond, the page stays as it is.
const MAX_MEMORY: usize = 256 * 1024;

/// Any element. No text ever fails to be this selector.
static ANY: LazyLock<Option<Selector>> = LazyLock::new(|| "*".parse().ok());

/// Reads the beginning of a page, and writes it again, with the tag if there is a place for it.
pub(super) struct Search {
    /// None once it gave up.
    rewriter: Option<HtmlRewriter<'static, Sink>>,
    seen: Arc<Mutex<Seen>>,
    tag: Arc<str>,
    /// Bytes of the page that it was given.
    read: u64,
}

/// What was seen of the page so far.
#[derive(Default)]
struct Seen {
    /// What goes on to the visitor.
    written: BytesMut,
    /// Bytes of the page in all that was written.
    passed: u64,
    /// It is a whole page: there is a doctype, `<html>`, `<head>` or `<body>`. A fragment has none of them.
    is_page: bool,
    /// Open `<template>`s. What is in them is no part of the page.
    templates: usize,
    /// Within a script: whether it is ours.
    script: Option<Needle>,
    is_tagged: bool,
}

/// Ends the search. The rewriter writes the rest of its piece as it is, and is done.
#[derive(Debug, thiserror::Error)]
#[error("the place of the tag is found, or there is none")]
struct Over;

impl Seen {
    /// All that comes before the place was written: it is the tag's turn.
    fn end(&mut self, tag: &str) -> HandlerResult {
        if self.is_page && !self.is_tagged {
            self.written.extend_from_slice(tag.as_bytes());
        }
        Err(Over.into())
    }
}

impl Search {
    pub(super) fn new(tag: &str) -> Option<Self> {
        let any = ANY.as_ref()?;
        let (seen, tag) = (Arc::new(Mutex::new(Seen::default())), Arc::<str>::from(tag));
        let on_element = {
            let (seen, tag) = (Arc::clone(&seen), Arc::clone(&tag));
            move |element: &mut Element<'_, '_>| meet(element, &seen, &tag)
        };
        let on_doctype = {
            let seen = Arc::clone(&seen);
            move |_: &mut Doctype<'_>| {
                lock(&seen).is_page = true;
                HandlerResult::Ok(())
            }
        };
        let memory = MemorySettings::new()
            .with_preallocated_parsing_buffer_size(0)
            .with_max_allowed_memory_usage(MAX_MEMORY)
            .with_graceful_bail_out_on_memory_limit_exceeded(true);
        let settings = Settings::new_send()
            .with_memory_settings(memory)
            .with_strict(false)
            .with_graceful_bail_out_on_content_handler_error(true)
            .append_document_content_handler(DocumentContentHandlers::default().doctype(on_doctype))
            .append_element_content_handler((
                Cow::Borrowed(any),
                ElementContentHandlers::default().element(on_element),
            ));
        let rewriter = Some(HtmlRewriter::new(settings, Sink(Arc::clone(&seen))));
        Some(Self { rewriter, seen, tag, read: 0 })
    }

    /// Reads the page on, and leaves what comes after the end of the search. Whether it is over.
    pub(super) fn read(&mut self, page: &mut Bytes) -> bool {
        while let Some(rewriter) = &mut self.rewriter
            && !page.is_empty()
        {
            let piece = page.split_to(page.len().min(PIECE));
            self.read += piece.len() as u64;
            lock(&self.seen).written.reserve(piece.len() + self.tag.len());
            // The search is over, or the limit of memory is reached. It has written all that it had.
            if rewriter.write(&piece).is_err() {
                self.rewriter = None;
            }
        }
        if self.rewriter.is_none() && page.len() <= SHORT {
            let mut seen = lock(&self.seen);
            seen.written.extend_from_slice(page);
            seen.passed += page.len() as u64;
            self.read += page.len() as u64;
            page.clear();
        }
        self.rewriter.is_none()
    }

    /// What was written since.
    pub(super) fn written(&mut self) -> Bytes {
        lock(&self.seen).written.split().freeze()
    }

    /// What is left to write, at the end of the page or of the search.
    pub(super) fn end(mut self) -> Bytes {
        if let Some(rewriter) = self.rewriter.take() {
            // Also with an error, all was written.
            let _ = rewriter.end();
        }
        self.written()
    }

    /// How many bytes of the page it has and hasn't written.
    pub(super) fn kept(&self) -> u64 {
        self.read.saturating_sub(lock(&self.seen).passed)
    }

    /// How many bytes the page may get longer.
    pub(super) fn adds(&self) -> u64 {
        self.tag.len() as u64
    }
}

/// What an element says about the place of the tag.
///
/// As in a browser, the head ends with `</head>` or before the first element that can't be in it.
fn meet(element: &mut Element<'_, '_>, seen: &Arc<Mutex<Seen>>, tag: &Arc<str>) -> HandlerResult {
    let mut so_far = lock(seen);
    match element.tag_name().as_str() {
        "template" => {
            so_far.templates += 1;
            at_end(element, seen, |so_far| {
                so_far.templates = so_far.templates.saturating_sub(1);
                Ok(())
            });
        }
        _ if so_far.templates > 0 => {}
        "html" => so_far.is_page = true,
        "head" => {
            so_far.is_page = true;
            let tag = Arc::clone(tag);
            at_end(element, seen, move |so_far| if so_far.templates == 0 { so_far.end(&tag) } else { Ok(()) });
        }
        "script" => {
            so_far.script = Some(Needle::default());
            at_end(element, seen, |so_far| {
                so_far.script = None;
                Ok(())
            });
        }
        "base" | "basefont" | "bgsound" | "link" | "meta" | "noframes" | "noscript" | "style" | "title" => {}
        other => {
            so_far.is_page |= matches!(other, "body" | "frameset");
            return so_far.end(tag);
        }
    }
    Ok(())
}

fn at_end(
    element: &mut Element<'_, '_>,
    seen: &Arc<Mutex<Seen>>,
    then: impl FnOnce(&mut Seen) -> HandlerResult + Send + 'static,
) {
    let seen = Arc::clone(seen);
    if let Some(handlers) = element.end_tag_handlers() {
        handlers.push(Box::new(move |_| then(&mut lock(&seen))));
    }
}

/// Where the rewriter writes.
struct Sink(Arc<Mutex<Seen>>);

impl OutputSink for Sink {
    fn handle_chunk(&mut self, chunk: &[u8]) {
        let mut seen = lock(&self.0);
        seen.written.extend_from_slice(chunk);
        seen.passed += chunk.len() as u64;
        if let Some(script) = &mut seen.script
            && script.is_found_by(chunk)
        {
            seen.is_tagged = true;
        }
    }
}

/// Nothing panics while it is held.
fn lock(seen: &Mutex<Seen>) -> MutexGuard<'_, Seen> {
    seen.lock().unwrap_or_else(PoisonError::into_inner)
}

impl fmt::Debug for Search {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Search").field("read", &self.read).finish_non_exhaustive()
    }
}
