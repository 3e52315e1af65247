//! What an operator sets about Modal. The tokens are never shown.

use std::fmt;

/// What Modal is to be used with.
#[derive(Clone, PartialEq, Eq)]
pub struct ModalSettings {
    pub token_id: String,
    pub token_secret: String,
    /// Another server than Modal's.
    pub server_url: Option<String>,
    /// The environment of the workspace, when it is not its default one.
    pub environment: Option<String>,
    /// Of all servers that share it.
    pub app: String,
    /// The volume of sessions; those of other kinds begin with its name.
    pub volume: String,
    /// What a sandbox gets that asks for any GPU; one of [`super::gpu_types`].
    pub gpu: String,
    pub network: Network,
}

/// What programs may reach.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Network {
    Blocked,
    Open,
}

impl ModalSettings {
    pub fn new(token_id: impl Into<String>, token_secret: impl Into<String>) -> Self {
        Self {
            token_id: token_id.into(),
            token_secret: token_secret.into(),
            server_url: None,
            environment: None,
            app: "trainable".into(),
            volume: "trainable-data".into(),
            gpu: "T4".into(),
            network: Network::Blocked,
        }
    }
}

impl fmt::Debug for ModalSettings {
    /// Never shows the tokens.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self {
            token_id: _,
            token_secret: _,
            server_url,
            environment,
            app,
            volume,
            gpu,
            network,
        } = self;
        f.debug_struct("ModalSettings")
            .field("server_url", server_url)
            .field("environment", environment)
            .field("app", app)
            .field("volume", volume)
            .field("gpu", gpu)
            .field("network", network)
            .finish_non_exhaustive()
    }
}
