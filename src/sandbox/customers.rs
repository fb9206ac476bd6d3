//! Creating a customer: `POST /customers`, and a transaction with `options.create_customer`.

use crate::sandbox::{
    call::{Call, person},
    customer_body,
    envelope::{Errors, Failure, Outcome, Reply, check},
    events,
    input::Input,
    switches::{DuplicateCustomer, RafIdentity, UnknownReferrer},
    world::{By, World},
};

/// `POST /customers`.
pub(super) fn create(world: &mut World, call: &Call) -> Outcome {
    let mut errors = Errors::new();
    // The older form has the customer's fields in `customer`.
    let nested = if call.body.has("key") { None } else { call.body.object("customer", &mut errors) };
    check(errors)?;
    let Some(index) = register(world, nested.as_ref().unwrap_or(&call.body), &call.body)? else {
        return Ok(Reply::done());
    };
    events::customer(world, "customer.created", index);
    let status = world.created();
    Ok(customer_body::reply(world, index, status))
}

/// Stores a customer whose fields are in `fields` and whose referrer is in `source`. `None` if it is silently ignored.
pub(super) fn register(world: &mut World, fields: &Input, source: &Input) -> Result<Option<usize>, Failure> {
    let mut errors = Errors::new();
    let raf = world.is_raf();
    let key = if raf { fields.text("key", &mut errors) } else { fields.required_text("key", &mut errors) };
    let id = if raf { fields.text("id", &mut errors) } else { None };
    let email = fields.email("email", &mut errors);
    if raf && world.switches.raf_email_required && !fields.has("email") {
        fields.complain("email", "is required", &mut errors);
    }
    let name = fields.text("name", &mut errors);
    let surname = fields.text("surname", &mut errors);
    let tags = fields.texts("tags", &mut errors);
    let date_of_birth = fields.object("metadata", &mut errors).and_then(|metadata| metadata.value("date_of_birth"));
    let referrer = referrer(world, source, &mut errors);
    let referral_url =
        source.object("options", &mut errors).and_then(|options| options.text("referral_url", &mut errors));
    check(errors)?;

    let (id, key) = match (id, key, world.switches.raf_identity) {
        (None, Some(key), RafIdentity::Same) if raf => (Some(key.clone()), key),
        (Some(id), None, RafIdentity::Same) => (Some(id.clone()), id),
        (id, Some(key), _) => (id, key),
        (id, None, _) => {
            let key = world.fresh(12);
            (id.or_else(|| (world.switches.raf_identity == RafIdentity::Same).then(|| key.clone())), key)
        }
    };
    unique(world, fields, &key, id.as_deref(), email.as_deref())?;
    let Verdict::Store(referrer) = judge(world, referrer)? else {
        return Ok(None);
    };
    if let (Some(url), Some(referrer)) = (referral_url, &referrer)
        && url.trim_end_matches('/') != world.link(referrer)
    {
        return Err(Failure::field("options.referral_url", "The referral URL is not one of the partner's."));
    }

    let index = world.add_customer(id, key, referrer);
    let row = &mut world.ledger.customers[index];
    (row.email, row.name, row.surname) = (email, name, surname);
    row.tags = tags.unwrap_or_default();
    row.date_of_birth = date_of_birth;
    Ok(Some(index))
}

/// 422, or 409, if another customer has the key, the id or the e-mail.
fn unique(world: &World, fields: &Input, key: &str, id: Option<&str>, email: Option<&str>) -> Result<(), Failure> {
    let taken = |by, value: Option<&str>| value.is_some_and(|value| world.customer(by, value).is_some());
    let repeated = taken(By::Key, Some(key)) || taken(By::Id, id);
    if repeated && world.switches.duplicate_customer == DuplicateCustomer::Conflict409 {
        return Err(Failure::conflict("The customer already exists."));
    }
    let mut errors = Errors::new();
    if repeated {
        fields.complain("key", "has already been taken", &mut errors);
    }
    if world.switches.unique_emails && taken(By::Email, email) {
        fields.complain("email", "has already been taken", &mut errors);
    }
    check(errors)
}

enum Referrer {
    Nobody,
    /// The path of the field that named somebody who isn't there.
    Unknown(String),
    /// The key of a partner or a customer.
    Known(String),
}

enum Verdict {
    Store(Option<String>),
    Ignore,
}

fn referrer(world: &World, source: &Input, errors: &mut Errors) -> Referrer {
    let field = if world.is_raf() { "referring_customer" } else { "partner" };
    let Some(object) = source.object(field, errors) else {
        return Referrer::Nobody;
    };
    let Some((by, value, path)) = person(&object, errors) else {
        return Referrer::Nobody;
    };
    let found = if world.is_raf() {
        world.customer(by, &value).map(|index| world.ledger.customers[index].key.clone())
    } else {
        world.partner(by, &value).map(|partner| partner.key.clone())
    };
    found.map_or(Referrer::Unknown(path), Referrer::Known)
}

fn judge(world: &World, referrer: Referrer) -> Result<Verdict, Failure> {
    let raf = world.is_raf();
    let switch = if raf { world.switches.unknown_referring_customer } else { world.switches.unknown_partner };
    match (referrer, switch) {
        (Referrer::Known(key), _) => Ok(Verdict::Store(Some(key))),
        (Referrer::Nobody, _) | (Referrer::Unknown(_), UnknownReferrer::Ignore) if raf => Ok(Verdict::Store(None)),
        (_, UnknownReferrer::Ignore) => Ok(Verdict::Ignore),
        (Referrer::Nobody, _) => Err(Failure::field("partner", "The partner field is required.")),
        (Referrer::Unknown(_), UnknownReferrer::Reject400) if raf => {
            Err(Failure::bad_request("Invalid referring customer."))
        }
        (Referrer::Unknown(_), UnknownReferrer::Reject400) => Err(Failure::bad_request("Invalid partner key.")),
        (Referrer::Unknown(path), UnknownReferrer::Reject422) => {
            Err(Failure::field(&path, &format!("The selected {path} is invalid.")))
        }
    }
}
