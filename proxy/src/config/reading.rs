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
    /// The name of this process among its peers, unless the configuration says another.
    pub(super) local_peer: String,
    /// Where files that the configuration names are looked for.
    pub(super) default_path: DefaultPath,
    /// `unix-bind`: what unix sockets have unless they say otherwise.
    pub(super) unix: UnixSockets,
}

/// The settings of `unix-bind`.
#[derive(Clone, Debug, Default)]
pub(super) struct UnixSockets {
    /// Stands in front of every path.
    pub(super) prefix: String,
    pub(super) mode: Option<u32>,
    pub(super) uid: Option<u32>,
    pub(super) gid: Option<u32>,
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
