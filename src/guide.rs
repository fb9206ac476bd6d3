//! One page for each task, as in the folder `docs` of the repository: what you want, the few lines that do it, what happens
//! underneath, and what can go wrong.

/// Pages link to each other as files. In these docs they are modules: of two definitions of a link the first counts.
macro_rules! pages {
    ($($page:ident $file:literal)*) => {
        $(
            #[cfg_attr(not(doctest), doc = include_str!("guide/links.md"))]
            #[doc = include_str!(concat!("../docs/", $file))]
            pub mod $page {}
        )*
    };
}

pages! {
    links "links.md"
    sign_ups_only "sign-ups-only.md"
    refunds "refunds.md"
    refer_a_friend "refer-a-friend.md"
    two_programs "two-programs.md"
    mobile "mobile.md"
    webhooks "webhooks.md"
    outboxes "outboxes.md"
    migrations "migrations.md"
    many_instances "many-instances.md"
    testing "testing.md"
    key_rotation "key-rotation.md"
    partnero_down "partnero-down.md"
    telemetry "telemetry.md"
    consent_and_erasure "consent-and-erasure.md"
    moving "moving.md"
    settings "settings.md"
    scenarios "scenarios.md"
}
