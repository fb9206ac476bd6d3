//! Lists, page after page.

use std::{
    collections::{HashSet, VecDeque},
    fmt,
    future::{Future, poll_fn},
    pin::Pin,
    task::{Context, Poll, ready},
};

use futures_core::Stream;
use percent_encoding::percent_decode_str;
use serde_json::Value;

use crate::api::{
    ApiClient, ApiError, Call, envelope,
    response::{FromJson, several},
};

/// A list that never ends is left after so many pages.
const MOST_PAGES: usize = 10_000;

/// A list of Partnero's: a [`Stream`] that asks for one page after the other as it is read.
///
/// ```no_run
/// # async fn f(client: axum_partnero::ApiClient) -> Result<(), axum_partnero::ApiError> {
/// let mut partners = client.partners().list().limit(50);
/// while let Some(partner) = partners.next().await {
///     println!("{:?}", partner?.referral_link);
/// }
/// # Ok(())
/// # }
/// ```
///
/// It follows Partnero's link to the next page, but nowhere out of the base URL. After an error it ends.
#[must_use = "a list asks for nothing until it is read"]
pub struct List<T> {
    client: ApiClient,
    limit: Option<u16>,
    first: String,
    next: Option<Result<Call<'static>, ApiError>>,
    fetching: Option<Fetching>,
    /// Reads a page.
    parse: fn(&Value) -> Vec<T>,
    read: VecDeque<T>,
    seen: HashSet<String>,
}

type Fetching = Pin<Box<dyn Future<Output = Result<Page, ApiError>> + Send>>;

/// The answer, and the call that it answers.
struct Page {
    answer: Value,
    call: Call<'static>,
}

impl<T> List<T> {
    /// A list whose pages can be of any size.
    pub(super) fn new(client: &ApiClient, call: Result<Call<'static>, ApiError>) -> Self
    where
        T: FromJson,
    {
        Self { limit: Some(100), ..Self::of_fixed_pages(client, call) }
    }

    /// A list that isn't known to take `limit`.
    pub(super) fn of_fixed_pages(client: &ApiClient, call: Result<Call<'static>, ApiError>) -> Self
    where
        T: FromJson,
    {
        Self {
            client: client.clone(),
            limit: None,
            first: String::new(),
            next: Some(call),
            fetching: None,
            parse: several,
            read: VecDeque::new(),
            seen: HashSet::new(),
        }
    }

    fn begin(&mut self, call: Call<'static>) -> Result<(), ApiError> {
        let call = match self.limit.take() {
            Some(limit) if self.first.is_empty() => call.query("limit", &limit.to_string()),
            _ => call,
        };
        if self.first.is_empty() {
            self.first.clone_from(&call.path);
        }
        if self.seen.len() == MOST_PAGES {
            return Err(ApiError::Page("it has more than 10,000 pages; filter it"));
        }
        if !self.seen.insert(call.path.clone()) {
            return Err(ApiError::Page("its pages lead in a circle"));
        }
        let client = self.client.clone();
        self.fetching = Some(Box::pin(async move {
            let (_, answer) = client.enveloped(call.clone()).await?;
            Ok(Page { answer: answer.unwrap_or_default(), call })
        }));
        Ok(())
    }

    fn take(&mut self, page: &Page) {
        let Some(data) = envelope::data(&page.answer) else { return };
        self.read.extend((self.parse)(data));
        // A page may be wrapped twice.
        let link = [&page.answer, data].into_iter().find_map(|it| it.get("links")?.get("next")?.as_str());
        self.next = link.filter(|link| !link.is_empty()).map(|link| {
            let path = self.client.inner.base.path_of(link, &page.call.path).map_err(|_| {
                ApiError::Page("the next page is elsewhere than the base URL, where the API key is not sent")
            })?;
            Ok(Call { path: carry_over(&self.first, path), ..page.call.clone() })
        });
    }
}

impl<T> List<T> {
    /// How many there are to a page: brought between 10 and 100, which every list of Partnero's takes. To be set
    /// before it is read. Default: 100, and for referrals and referral links Partnero's own.
    pub fn limit(mut self, limit: u16) -> Self {
        self.limit = Some(limit.clamp(10, 100));
        self
    }

    /// The next one; waits for Partnero where a page is at its end.
    pub async fn next(&mut self) -> Option<Result<T, ApiError>> {
        poll_fn(|context| Pin::new(&mut *self).poll_next(context)).await
    }

    /// All that are left, from all pages.
    ///
    /// # Errors
    /// When a page fails: then none are given.
    pub async fn collect(mut self) -> Result<Vec<T>, ApiError> {
        let mut all = Vec::new();
        while let Some(one) = self.next().await {
            all.push(one?);
        }
        Ok(all)
    }
    fn stop(&mut self) {
        self.next = None;
        self.fetching = None;
    }
}

/// Nothing in it is pinned in place.
impl<T> Unpin for List<T> {}

impl<T> Stream for List<T> {
    type Item = Result<T, ApiError>;

    fn poll_next(self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Option<Self::Item>> {
        let this = self.get_mut();
        loop {
            if let Some(one) = this.read.pop_front() {
                return Poll::Ready(Some(Ok(one)));
            }
            let failed = match &mut this.fetching {
                Some(fetching) => match ready!(fetching.as_mut().poll(context)) {
                    Ok(page) => {
                        this.fetching = None;
                        this.take(&page);
                        continue;
                    }
                    Err(error) => error,
                },
                None => match this.next.take() {
                    None => return Poll::Ready(None),
                    Some(call) => match call.and_then(|call| this.begin(call)) {
                        Ok(()) => continue,
                        Err(error) => error,
                    },
                },
            };
            this.stop();
            return Poll::Ready(Some(Err(failed)));
        }
    }
}

impl<T> fmt::Debug for List<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("List").field("pages", &self.seen.len()).finish_non_exhaustive()
    }
}

/// The filters and the limit of the first page, where the link to the next has lost them: without, it would be a page
/// of another list.
fn carry_over(first: &str, mut next: String) -> String {
    let Some((_, ours)) = first.split_once('?') else { return next };
    // PHP reads a dot in a name as an underscore, and may write it so.
    let name = |pair: &str| {
        let name = pair.split('=').next().unwrap_or_default();
        percent_decode_str(name).decode_utf8_lossy().replace('.', "_")
    };
    let theirs: Vec<String> =
        next.split_once('?').map(|(_, query)| query.split('&').map(name).collect()).unwrap_or_default();
    for pair in ours.split('&').filter(|pair| !theirs.contains(&name(pair))) {
        next.push(if next.contains('?') { '&' } else { '?' });
        next.push_str(pair);
    }
    next
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn filters_that_the_next_link_lost_are_kept() {
        for (first, next, whole) in [
            ("customers", "customers?page=2", "customers?page=2"),
            ("customers?limit=10", "customers?page=2", "customers?page=2&limit=10"),
            ("customers?limit=10", "customers?limit=15&page=2", "customers?limit=15&page=2"),
            ("t?customer.key=a&limit=10", "t?customer_key=a&page=2&limit=10", "t?customer_key=a&page=2&limit=10"),
            ("t?customer.key=a", "t?customer%2Ekey=a&page=2", "t?customer%2Ekey=a&page=2"),
            ("t?key=a%26b", "t", "t?key=a%26b"),
        ] {
            assert_eq!(carry_over(first, next.to_owned()), whole);
        }
    }
}
