//! The plugins that Portero ships.
