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
//! | [`Filter`] | heads and bodies as they pass |
//! | [`Task`] | beside the traffic; with [`Events`] when something happens |
//! | [`Command`] | a verb of the runtime API |
//!
//! What all hooks share of one request is the [`Exchange`]; what all workers share of a proxy or a server is
//! [`ProxyState`] and [`ServerState`]; what is remembered of clients is in [`tables`].

mod action;
mod attached;
mod balance;
mod captures;
pub mod clock;
mod command;
mod conn_error;
mod control;
mod counters;
mod dial;
pub mod events;
mod exchange;
mod fetch;
mod figures;
mod filter;
mod headers;
mod health;
mod host;
mod maps;
mod message;
mod metrics;
mod plugin;
mod process;
mod room;
mod sample;
mod service;
pub mod shard;
mod socket;
mod state;
pub mod tables;
mod task;
pub mod trace;
mod tuning;
mod unique_id;
mod vars;
mod work;

pub use action::{Action, Answer, Close, Deed, Message, Reply, Wait};
pub use attached::Attached;
pub use balance::{Balance, Candidates, Outcome};
pub use captures::{Captures, Slot as CaptureSlot};
pub use command::Command;
pub use conn_error::ConnError;
pub use control::{Control, NoControl};
pub use counters::{Averages, Counter, Counters, Rate, Timing};
pub use dial::{Dial, LocalFuture, Target, Wire};
pub use events::{Event, EventKind, Events};
pub use exchange::{Conn, Exchange, LogFacts, Payload, Term, Timers, Transport};
pub use fetch::{Convert, Fetch, Fetched, NotYet};
pub use figures::{Figure, Figures, Reading, Running};
pub use filter::{Direction, Filter, Filtering, Held, Interest, Moment, Pass};
pub use headers::{FieldLine, Headers, Line, Standing, trim};
pub use health::{CheckStatus, Health, Verdict};
pub use host::{Here, Host, HttpAsk, HttpFail, HttpTold, Local};
pub use maps::{Map, MapEntry, Maps, NoMaps};
pub use message::{Framing, Method, Request, Response, Version};
pub use metrics::{BOUNDS, Metric, MetricKind, MetricReading, Metrics};
pub use plugin::{BadArg, Common, Compile, Expression, Format, Make, Plugin, Setup};
pub use process::Process;
pub use room::Room;
pub use sample::{Sample, SampleType};
pub use service::{Body, Chunks, Serve, Served, Service};
pub use socket::{Measured, Socket, Sockets};
pub use state::{Address, Admin, CheckView, Directory, Door, Gauge, Kind, Oper, ProxyState, ServerState};
pub use task::Task;
pub use trace::Trace;
pub use tuning::{BandwidthLimit, Packets, Priority, Timeout, Tuning, WantedServer};
pub use unique_id::UniqueId;
pub use vars::{Scope, Value, VarId, Vars, process_vars};
pub use work::{Client, NoClient, Work};
