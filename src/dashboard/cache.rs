//! Keeps dashboards for a minute, and in need for ten more.

use std::{
    fmt::Display,
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering},
    },
    time::Duration,
};

use moka::future::Cache;

use crate::{
    CustomerKey, Partnero,
    api::ApiClient,
    dashboard::{
        Dashboard,
        budget::Budget,
        read::{DEADLINE, read},
    },
    delivery::{Clock, Companion, Forgetting},
};

/// One of which all came.
const FRESH: Duration = Duration::from_secs(60);
/// One of which a part failed.
const FRESH_IN_PART: Duration = Duration::from_secs(10);
/// Of someone who isn't known yet: the sign-up is under way.
const FRESH_UNREGISTERED: Duration = Duration::from_secs(2);
/// From when on a part is rather left out than shown as it was.
const TOO_OLD: Duration = Duration::from_secs(10 * 60);
/// Bytes that dashboards may take, about.
const CAPACITY: u64 = 32 << 20;
/// Whoever waits for another's reads has to hear what came of them.
const PATIENCE: Duration = DEADLINE.saturating_add(Duration::from_millis(500));

/// What a handle keeps for dashboards.
struct Dashboards {
    api: ApiClient,
    budget: Budget,
    cache: Cache<CustomerKey, Arc<Kept>>,
    /// How often a customer was forgotten. What was being read then may be theirs, and isn't kept.
    forgotten: AtomicU64,
}

struct Kept {
    dashboard: Dashboard,
    all_came: bool,
    read_at: Duration,
    /// Since when it has parts that couldn't be had anew.
    stale_since: Option<Duration>,
}

impl Partnero {
    /// What a customer of a refer-a-friend program wants to see: the own link, what came of it, and whom it brought. The
    /// customer is whoever is signed in: your own id of them, **never one out of the request**.
    ///
    /// It waits for Partnero, 2.5 seconds at most, and never fails: what can't be had is [`Part::Unavailable`]. A
    /// dashboard is kept for a minute, ten seconds if a part failed, and two if Partnero doesn't know the customer.
    /// Whoever asks while it is read waits for the same reads. A part that can't be had anew is shown as it was, for ten
    /// minutes. See [the module](crate::dashboard) for all of it.
    ///
    /// A key that can't be one is a customer whom Partnero doesn't know; a handle that is
    /// [disabled](Partnero::disabled) has nothing.
    ///
    /// [`Part::Unavailable`]: crate::dashboard::Part::Unavailable
    ///
    /// ```
    /// use axum_partnero::{NewCustomer, sandbox::Sandbox};
    ///
    /// # #[tokio::main(flavor = "current_thread")] async fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// let sandbox = Sandbox::refer_a_friend().customer("anna").referred_customer("mia", "anna").spawn().await?;
    /// let partnero = sandbox.partnero()?;
    /// # // However slow the machine.
    /// # let clock = axum_partnero::Clock::manual();
    /// # let partnero = sandbox.partnero_builder().clock(clock).build()?;
    ///
    /// let dashboard = partnero.dashboard("anna").await;
    /// assert!(dashboard.link.loaded().is_some_and(|link| link.starts_with("https://")));
    /// assert_eq!(dashboard.friends.loaded().map(|friends| friends.list.len()), Some(1));
    /// # Ok(())
    /// # }
    /// ```
    pub async fn dashboard(&self, customer: impl Display) -> Dashboard {
        let Ok(key) = CustomerKey::new(customer) else { return Dashboard::unregistered() };
        match self.companion(|api, clock| Arc::new(Dashboards::new(api, clock))) {
            Some(dashboards) => dashboards.get(key).await,
            None => Dashboard::unavailable(),
        }
    }
}

impl Dashboards {
    fn new(api: &ApiClient, clock: &Clock) -> Self {
        let cache = Cache::builder()
            .max_capacity(CAPACITY)
            .weigher(|_, kept: &Arc<Kept>| kept.weight())
            // Later it is shown to nobody. It goes when next anybody asks for a dashboard: moka has no thread for that.
            .time_to_live(TOO_OLD)
            .build();
        Self { api: api.clone(), budget: Budget::new(clock.clone()), cache, forgotten: AtomicU64::new(0) }
    }

    async fn get(&self, key: CustomerKey) -> Dashboard {
        let forgotten = self.forgotten.load(Ordering::SeqCst);
        let read = Box::pin(async {
            let before = self.cache.get(&key).await;
            let (dashboard, all_came) = read(&self.api, &self.budget, &key).await;
            Arc::new(Kept::after(before.as_deref(), dashboard, all_came, self.budget.clock().monotonic()))
        });
        let is_old = |kept: &Arc<Kept>| kept.is_old(self.budget.clock().monotonic());
        // One that was dropped while it was read is read by the next who waits, so a wait may become two.
        let patience = self.budget.clock().monotonic() + PATIENCE;
        tokio::select! {
            biased;
            entry = self.cache.entry(key.clone()).or_insert_with_if(read, is_old) => {
                if self.forgotten.load(Ordering::SeqCst) != forgotten {
                    self.cache.invalidate(&key).await;
                }
                entry.into_value().dashboard.clone()
            }
            () = self.budget.clock().sleep_until(patience) => match self.cache.get(&key).await {
                Some(kept) => Dashboard::unavailable().or(&kept.dashboard),
                None => Dashboard::unavailable(),
            },
        }
    }
}

impl Companion for Dashboards {
    fn forget(self: Arc<Self>, customer: CustomerKey) -> Forgetting {
        Box::pin(async move {
            self.forgotten.fetch_add(1, Ordering::SeqCst);
            self.cache.invalidate(&customer).await;
        })
    }
}

impl Kept {
    fn after(before: Option<&Self>, dashboard: Dashboard, all_came: bool, now: Duration) -> Self {
        let still_good = |kept: &&Self| {
            kept.dashboard.registered && now.saturating_sub(kept.stale_since.unwrap_or(kept.read_at)) < TOO_OLD
        };
        let Some(before) = before.filter(still_good) else {
            return Self { dashboard, all_came, read_at: now, stale_since: None };
        };
        let dashboard = dashboard.or(&before.dashboard);
        let since = before.stale_since.unwrap_or(before.read_at);
        Self { stale_since: dashboard.stale.then_some(since), dashboard, all_came, read_at: now }
    }

    fn is_old(&self, now: Duration) -> bool {
        let fresh = match self.dashboard.registered {
            false => FRESH_UNREGISTERED,
            true if !self.all_came => FRESH_IN_PART,
            true => FRESH,
        };
        now.saturating_sub(self.read_at) >= fresh
    }

    /// Bytes, about.
    fn weight(&self) -> u32 {
        let friends = self.dashboard.friends.loaded().map_or(&[][..], |friends| &friends.list);
        let texts = |friend: &crate::dashboard::Friend| {
            let texts = [&friend.name, &friend.email, &friend.status, &friend.since];
            texts.into_iter().flatten().map(String::len).sum::<usize>() + size_of_val(friend)
        };
        let links = self.dashboard.link.loaded().map_or(0, String::len)
            + self.dashboard.share.iter().map(|link| link.url.len() + 64).sum::<usize>();
        let bytes = 1024 + links + friends.iter().map(texts).sum::<usize>();
        u32::try_from(bytes).unwrap_or(u32::MAX)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::dashboard::{Friend, Friends, Part};

    #[test]
    fn a_dashboard_weighs_at_least_what_its_texts_take() {
        let weight = |dashboard: &Dashboard| {
            let dashboard = dashboard.clone();
            Kept { dashboard, all_came: true, read_at: Duration::ZERO, stale_since: None }.weight()
        };
        let mut dashboard = Dashboard::unavailable();
        let empty = weight(&dashboard);
        dashboard.link = Part::Loaded("x".repeat(2_000));
        assert!(weight(&dashboard) >= empty + 2_000);
        let text = || Some("x".repeat(80));
        let friend = Friend { name: text(), email: text(), status: text(), since: text() };
        dashboard.friends = Part::Loaded(Friends { list: vec![friend; 100], more: false });
        assert!(weight(&dashboard) >= empty + 2_000 + 100 * 4 * 80);
    }
}
