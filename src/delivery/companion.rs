//! What another folder keeps with a handle, for as long as that lives. That folder uses this one, never the other way
//! round, so nothing is known of it here but that it forgets customers.

use std::{any::Any, pin::Pin, sync::Arc};

use crate::{
    CustomerKey,
    api::ApiClient,
    delivery::{Clock, Partnero},
};

pub(crate) type Forgetting = Pin<Box<dyn Future<Output = ()> + Send>>;

pub(crate) trait Companion: Any + Send + Sync {
    /// Drops what it holds of a customer.
    fn forget(self: Arc<Self>, customer: CustomerKey) -> Forgetting;
}

impl Partnero {
    /// The handle's companion, which is made when it is first asked for. `None` where the handle is disabled.
    pub(crate) fn companion<T: Companion>(&self, make: impl FnOnce(&ApiClient, &Clock) -> Arc<T>) -> Option<Arc<T>> {
        let live = self.as_live()?;
        let companion = live.companion.get_or_init(|| make(&live.shared.api, &live.shared.clock));
        Arc::downcast(Arc::clone(companion) as Arc<dyn Any + Send + Sync>).ok()
    }
}
