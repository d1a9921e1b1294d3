//! What is at hand while a configuration is read.

use std::net::IpAddr;
use std::sync::Arc;

use portero_grammar::{Diagnostic, Diagnostics, Sources};

use super::address;
use super::files::DefaultPath;
use super::resolve::{Ip, Resolve};

/// What the handlers of keywords share.
pub(super) struct Reading {
    /// What has been found so far.
    pub(super) out: Diagnostics,
    /// The texts.
    pub(super) sources: Sources,
    /// Names to addresses.
    pub(super) resolver: Arc<dyn Resolve>,
    /// `-dr`: names that cannot be resolved are no error.
    pub(super) ignore_unresolved: bool,
    /// Where files that the configuration names are looked for.
    pub(super) default_path: DefaultPath,
}

impl Reading {
    /// Adds what is wrong, when it is.
    pub(super) fn keep<T>(&mut self, result: Result<T, Diagnostic>) -> Option<T> {
        result.map_err(|error| self.out.push(error)).ok()
    }

    /// The addresses of a host.
    pub(super) fn addresses(&self, host: &str, family: Ip) -> Result<Vec<IpAddr>, String> {
        address::resolve(host, family, &*self.resolver)
    }
}
