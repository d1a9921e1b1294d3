//! The hooks of Portero: the only crate of ours that a plugin may use.
//!
//! A [`Plugin`] is a plain struct of optional makers, one for each hook; what it does not give costs nothing.
//! A plugin is configured once and instantiated per worker: instances live on one thread and need not be `Send`.
//!
//! | hook | when |
//! |---|---|
//! | [`Action`] | named in a rule |
//! | [`Fetch`], [`Convert`] | inside any expression |
//! | [`Balance`] | each try of a server |
//! | [`Health`] | one probe of a server |
//! | [`Service`] | produces a whole response |
//!
//! What all hooks share of one request is the [`Exchange`]; what all workers share of a proxy or a server is
//! [`ProxyState`] and [`ServerState`]; what is remembered of clients is in [`tables`].

mod action;
mod balance;
pub mod clock;
mod counters;
mod dial;
mod exchange;
mod fetch;
mod headers;
mod health;
mod message;
mod plugin;
mod process;
mod room;
mod sample;
mod service;
pub mod shard;
mod socket;
mod state;
pub mod tables;
pub mod trace;
mod tuning;
mod unique_id;
mod vars;

pub use action::{Action, Answer, Close, Deed, Message, Reply, Wait};
pub use balance::{Balance, Candidates, Outcome};
pub use counters::{Averages, Counter, Counters, Rate, Timing};
pub use dial::{Dial, LocalFuture, Target, Wire};
pub use exchange::{Conn, Exchange, LogFacts, Payload, Term, Timers, Transport};
pub use fetch::{Convert, Fetch, Fetched, NotYet};
pub use headers::{Headers, Line, trim};
pub use health::{CheckStatus, Health, Verdict};
pub use message::{Framing, Method, Request, Response, Version};
pub use plugin::{BadArg, Common, Compile, Expression, Format, Make, Plugin, Setup};
pub use process::Process;
pub use room::Room;
pub use sample::{Sample, SampleType};
pub use service::{Body, Chunks, Served, Service};
pub use socket::{Measured, Socket, Sockets};
pub use state::{Address, Admin, CheckView, Directory, Door, Gauge, Kind, Oper, ProxyState, ServerState};
pub use trace::Trace;
pub use tuning::{BandwidthLimit, Packets, Priority, Timeout, Tuning};
pub use unique_id::UniqueId;
pub use vars::{Scope, Value, VarId, Vars, process_vars};
