//! What a layer does: only read, or capture as well.

use std::sync::Arc;

use crate::referral::{capture::Settings, sources::Sources};

/// A layer that reads the cookies, and a header, and nothing more. It hands on the future of the service within.
#[derive(Clone, Debug, Default)]
pub struct Reading(pub(super) Sources);

/// A layer that also captures keys from links, asks for consent, or keeps a cookie.
///
/// It looks at responses, so the service within must answer with an HTTP response.
#[derive(Clone, Debug)]
pub struct Capturing(pub(super) Arc<Settings>);

/// What a [`ReferralLayer`](crate::ReferralLayer) does: [`Reading`] or [`Capturing`]. Sealed.
pub trait Mode: sealed::Sealed {}

impl Mode for Reading {}
impl Mode for Capturing {}

pub(super) mod sealed {
    use super::{Arc, Capturing, Reading, Settings, Sources};

    pub trait Sealed {
        fn sources(&mut self) -> &mut Sources;
        fn capturing(self) -> Capturing;
    }

    impl Sealed for Reading {
        fn sources(&mut self) -> &mut Sources {
            &mut self.0
        }

        fn capturing(self) -> Capturing {
            Capturing(Arc::new(Settings::new(self.0)))
        }
    }

    impl Sealed for Capturing {
        fn sources(&mut self) -> &mut Sources {
            &mut Arc::make_mut(&mut self.0).sources
        }

        fn capturing(self) -> Capturing {
            self
        }
    }
}
