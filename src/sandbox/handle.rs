//! The one place where the sandbox knows the crate that it is a stand-in for.

use crate::{
    Partnero, ProgramType,
    delivery::{BuildError, PartneroBuilder},
    sandbox::Sandbox,
};

impl Sandbox {
    /// A handle to this sandbox, with its API key and default settings.
    ///
    /// # Errors
    /// Outside a tokio runtime, or before the sandbox is served.
    pub fn partnero(&self) -> Result<Partnero, BuildError> {
        self.partnero_builder().build()
    }

    /// The same with settings of your own.
    pub fn partnero_builder(&self) -> PartneroBuilder {
        let program = if self.is_refer_a_friend() { ProgramType::ReferAFriend } else { ProgramType::Affiliate };
        Partnero::builder(self.api_key()).base_url(self.url()).program_type(program)
    }
}
