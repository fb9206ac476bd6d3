//! The one place where the sandbox knows the crate that it is a stand-in for.

use crate::{
    Partnero, ProgramType,
    delivery::{BuildError, PartneroBuilder},
    sandbox::Sandbox,
};

impl Sandbox {
    /// A handle to this sandbox, with its API key, its type of program and default settings.
    ///
    /// It needs the socket of [`spawn`](crate::sandbox::SandboxBuilder::spawn) or
    /// [`serve`](crate::sandbox::SandboxBuilder::serve): the handle of a sandbox that was only
    /// [built](crate::sandbox::SandboxBuilder::build) never reaches it, and what it is told waits.
    ///
    /// # Errors
    /// Outside a tokio runtime.
    pub fn partnero(&self) -> Result<Partnero, BuildError> {
        self.partnero_builder().build()
    }

    /// The same with settings of your own, such as a short
    /// [`settle_delay`](PartneroBuilder::settle_delay) or a [`Clock::manual`](crate::Clock::manual).
    pub fn partnero_builder(&self) -> PartneroBuilder {
        let program = if self.is_refer_a_friend() { ProgramType::ReferAFriend } else { ProgramType::Affiliate };
        Partnero::builder(self.api_key()).base_url(self.url()).program_type(program)
    }
}
