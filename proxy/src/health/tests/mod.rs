//! Servers that come and go, and configurations that do.

mod reload;
mod servers;
