//! The one place where the sandbox knows the crate that it is a stand-in for.

use crate::{Partnero, delivery::PartneroBuilder, sandbox::Sandbox};

impl Sandbox {
    /// A handle to this sandbox, with its API key and default settings.
    ///
    /// # Errors
    /// Outside a tokio runtime, or before the sandbox is served.
    pub fn partnero(&self) -> Result<Partnero, crate::delivery::BuildError> {
        self.partnero_builder().build()
    }

    /// The same with settings of your own.
    pub fn partnero_builder(&self) -> PartneroBuilder {
        Partnero::builder(self.api_key()).base_url(self.url())
    }
}
