//! The events that Partnero has names for.

/// Hands the table of events to a macro: the variant of [`WebhookEvent`](super::WebhookEvent), the method that takes a
/// handler for it, Partnero's name, and what its `data` is read as.
macro_rules! with_events {
    ($callback:ident) => {
        $callback! {
            PartnerCreated on_partner_created "partner.created" PartnerData,
            PartnerUpdated on_partner_updated "partner.updated" PartnerData,
            PartnerDeleted on_partner_deleted "partner.deleted" PartnerData,
            PartnerApproved on_partner_approved "partner.approved" PartnerData,
            PartnerRejected on_partner_rejected "partner.rejected" PartnerData,
            PartnerArchived on_partner_archived "partner.archived" PartnerData,
            CustomerCreated on_customer_created "customer.created" CustomerData,
            CustomerUpdated on_customer_updated "customer.updated" CustomerData,
            CustomerDeleted on_customer_deleted "customer.deleted" CustomerData,
            CustomerCredited on_customer_credited "customer.credited" CustomerData,
            CustomerRewarded on_customer_rewarded "customer.rewarded" CustomerData,
            TransactionCreated on_transaction_created "transaction.created" TransactionData,
            TransactionUpdated on_transaction_updated "transaction.updated" TransactionData,
            TransactionDeleted on_transaction_deleted "transaction.deleted" TransactionData,
            RewardCreated on_reward_created "reward.created" RewardData,
            RewardApproved on_reward_approved "reward.approved" RewardData,
            RewardPaid on_reward_paid "reward.paid" RewardData,
            LeadSubmitted on_lead_submitted "lead.submitted" LeadData,
            LeadConverted on_lead_converted "lead.converted" LeadData,
            LeadRejected on_lead_rejected "lead.rejected" LeadData,
            SubscriberCreated on_subscriber_created "subscriber.created" SubscriberData,
            SubscriberUpdated on_subscriber_updated "subscriber.updated" SubscriberData,
            SubscriberDeleted on_subscriber_deleted "subscriber.deleted" SubscriberData,
            SubscriberRewarded on_subscriber_rewarded "subscriber.rewarded" SubscriberData,
        }
    };
}

pub(crate) use with_events;
