//! The page as it streams by.

use std::{
    pin::Pin,
    task::{Context, Poll, ready},
};

use bytes::{Buf, Bytes};
use http_body::{Body, Frame, SizeHint};
use pin_project_lite::pin_project;

use crate::snippet::{Snippet, inject::search::Search};

pin_project! {
    /// The body of a response that went through a [`SnippetService`](crate::snippet::SnippetService).
    ///
    /// A page's head is searched for the place of the tag, piece by piece. What comes after it, and any other body, goes
    /// through as it is, and isn't copied where its data is [`Bytes`] (but for a short rest that came with the head). So do
    /// trailers and errors.
    #[derive(Debug)]
    pub struct SnippetBody<B> {
        #[pin]
        inner: B,
        state: State,
        // What was read and is to be given next, in this order.
        head: Option<Bytes>,
        after: Option<Frame<Bytes>>,
    }
}

#[derive(Debug)]
enum State {
    Searching(Box<Search>),
    /// The search is over, or there never was one.
    Passing,
    Ended,
}

impl State {
    /// Ends the search. What it has still to give.
    fn search_ends(&mut self, next: Self) -> Option<Bytes> {
        match std::mem::replace(self, next) {
            Self::Searching(search) => Some(search.end()).filter(|bytes| !bytes.is_empty()),
            Self::Passing | Self::Ended => None,
        }
    }
}

impl<B: Body> SnippetBody<B> {
    pub(super) fn as_it_is(inner: B) -> Self {
        Self { inner, state: State::Passing, head: None, after: None }
    }

    pub(super) fn with_tag(inner: B, tag: &Snippet) -> Self {
        // The answer to a HEAD request, for instance.
        if inner.is_end_stream() {
            return Self::as_it_is(inner);
        }
        match Search::new(&tag.to_string()) {
            Some(search) => Self { state: State::Searching(Box::new(search)), ..Self::as_it_is(inner) },
            None => Self::as_it_is(inner),
        }
    }
}

impl<B: Body> Body for SnippetBody<B> {
    type Data = Bytes;
    type Error = B::Error;

    fn poll_frame(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<Result<Frame<Bytes>, B::Error>>> {
        let mut this = self.project();
        loop {
            if let Some(head) = this.head.take() {
                return Poll::Ready(Some(Ok(Frame::data(head))));
            }
            if let Some(after) = this.after.take() {
                return Poll::Ready(Some(Ok(after)));
            }
            let search = match this.state {
                State::Searching(search) => search,
                State::Passing => {
                    let frame = ready!(this.inner.poll_frame(cx));
                    if frame.is_none() {
                        *this.state = State::Ended;
                    }
                    return Poll::Ready(frame.map(|frame| frame.map(|frame| frame.map_data(bytes))));
                }
                State::Ended => return Poll::Ready(None),
            };
            match ready!(this.inner.as_mut().poll_frame(cx)) {
                Some(Ok(frame)) => match frame.into_data() {
                    Ok(data) => {
                        let mut page = bytes(data);
                        if search.read(&mut page) {
                            *this.head = this.state.search_ends(State::Passing);
                            *this.after = Some(page).filter(|page| !page.is_empty()).map(Frame::data);
                        } else {
                            *this.head = Some(search.written()).filter(|bytes| !bytes.is_empty());
                        }
                    }
                    // Trailers: the page is over.
                    Err(other) => {
                        *this.head = this.state.search_ends(State::Passing);
                        *this.after = Some(other.map_data(bytes));
                    }
                },
                Some(Err(error)) => {
                    *this.state = State::Ended;
                    return Poll::Ready(Some(Err(error)));
                }
                None => *this.head = this.state.search_ends(State::Ended),
            }
        }
    }

    fn is_end_stream(&self) -> bool {
        let is_over = match &self.state {
            State::Searching(search) => search.kept() == 0 && self.inner.is_end_stream(),
            State::Passing => self.inner.is_end_stream(),
            State::Ended => true,
        };
        is_over && self.head.is_none() && self.after.is_none()
    }

    fn size_hint(&self) -> SizeHint {
        let (mut hint, more) = match &self.state {
            State::Searching(search) => (self.inner.size_hint(), search.kept()..=search.kept() + search.adds()),
            State::Passing => (self.inner.size_hint(), 0..=0),
            State::Ended => (SizeHint::with_exact(0), 0..=0),
        };
        let after = self.after.as_ref().and_then(Frame::data_ref);
        let ready = (self.head.as_ref().map_or(0, Bytes::len) + after.map_or(0, Bytes::len)) as u64;
        if let Some(upper) = hint.upper() {
            hint.set_upper(upper.saturating_add(ready + more.end()));
        }
        hint.set_lower(hint.lower().saturating_add(ready + more.start()));
        hint
    }
}

fn bytes(mut data: impl Buf) -> Bytes {
    data.copy_to_bytes(data.remaining())
}
