//! Reads a dashboard: four GETs in parallel.

use std::time::Duration;

use crate::{
    CustomerKey,
    api::{ApiClient, ApiError, Balance, Customer, Stats},
    dashboard::{
        Dashboard, Friend, Friends, Money,
        budget::{Budget, Missing},
        clean, share,
    },
};

/// For all four of them.
pub(super) const DEADLINE: Duration = Duration::from_secs(2);
/// Friends that are read, whatever the size of Partnero's pages.
const MOST_FRIENDS: usize = 100;
/// Amounts of a balance.
const MOST_BALANCES: usize = 20;

/// What Partnero has of a customer now, and whether all of it came: to ask again soon may give the rest.
pub(super) async fn read(api: &ApiClient, budget: &Budget, key: &CustomerKey) -> (Dashboard, bool) {
    let deadline = budget.clock().monotonic() + DEADLINE;
    let customers = api.customers();
    let (customer, stats, balance, friends) = tokio::join!(
        budget.read("customer", deadline, customers.get(key)),
        budget.read("stats", deadline, customers.stats(key)),
        budget.read("balance", deadline, customers.balance(key)),
        friends(api, budget, key, deadline),
    );
    // The balance tells of the customer, too.
    let of_balance = || balance.as_ref().ok()?.customer.as_ref().filter(|it| it.key.is_some() || it.id.is_some());
    let whose = customer.as_ref().ok().or_else(of_balance);
    if customer == Err(Missing::NotFound) || whose.is_some_and(|whose| !is_of(whose, key)) {
        return (Dashboard::unregistered(), true);
    }
    // What there is of somebody may be another's.
    if whose.is_none() {
        return (Dashboard::unavailable(), false);
    }
    let failed = [customer.as_ref().err(), stats.as_ref().err(), balance.as_ref().err(), friends.as_ref().err()];
    let all_came = !failed.contains(&Some(&Missing::Unavailable));
    (assemble(customer.ok(), stats.ok().as_ref(), balance.ok(), friends.ok()), all_came)
}

/// Partnero also finds customers by its own id and by e-mail address. Somebody else's dashboard is shown to nobody, and
/// nor is that of someone who was removed.
fn is_of(customer: &Customer, key: &CustomerKey) -> bool {
    let is_gone = customer.deleted == Some(true)
        || customer.deleted_at.is_some()
        || customer.status.as_deref().is_some_and(|status| matches!(status, "deleted" | "archived"));
    customer.is_of(key.as_str()) && !is_gone
}

fn assemble(
    customer: Option<Customer>,
    stats: Option<&Stats>,
    balance: Option<Balance>,
    friends: Option<Friends>,
) -> Dashboard {
    let balances = balance.as_ref().map(balances);
    let customer = customer.or_else(|| balance?.customer);
    let link = customer.as_ref().and_then(|customer| customer.referral_link.as_deref()).and_then(clean::link);
    let counted = stats.and_then(|stats| stats.referrals_count);
    Dashboard {
        share: link.as_deref().map(|link| share::links(link, stats)).unwrap_or_default(),
        link: link.into(),
        clicks: stats.map(|stats| stats.clicks).into(),
        referrals: counted.or_else(|| customer?.referrals_count).into(),
        balances: balances.into(),
        friends: friends.into(),
        ..Dashboard::unavailable()
    }
}

fn balances(balance: &Balance) -> Vec<Money> {
    let amounts = balance.currency().iter().filter_map(|money| {
        Some(Money { amount: money.amount?, currency: clean::text(money.amount_units.as_deref().unwrap_or_default())? })
    });
    amounts.take(MOST_BALANCES).collect()
}

/// Page after page, as many as come in time.
async fn friends(api: &ApiClient, budget: &Budget, key: &CustomerKey, deadline: Duration) -> Result<Friends, Missing> {
    let mut found = Vec::new();
    let read = budget.read("friends", deadline, async {
        let mut pages = api.customers().referrals(key);
        while let Some(next) = pages.next().await {
            if found.len() == MOST_FRIENDS {
                return Ok::<_, ApiError>(true);
            }
            found.push(friend(&next?));
        }
        Ok(false)
    });
    match read.await {
        // The first pages are better than none.
        Err(_) if !found.is_empty() => Ok(Friends { list: found, more: true }),
        more => Ok(Friends { more: more?, list: found }),
    }
}

fn friend(customer: &Customer) -> Friend {
    Friend {
        name: clean::name(customer.name.as_deref(), customer.surname.as_deref()),
        email: customer.email.as_deref().and_then(clean::email),
        status: customer.status.as_deref().and_then(clean::text),
        since: customer.created_at.as_deref().and_then(clean::day),
    }
}
