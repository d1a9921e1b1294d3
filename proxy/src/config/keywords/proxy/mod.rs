//! The keywords of `defaults`, `frontend`, `backend` and `listen` (HAProxy manual, section 4).

mod back;
mod checks;
mod cookie;
mod errors;
mod explain;
mod filters;
mod forwarded;
mod front;
mod logging;
mod options;
mod retired;
mod stats;
mod tables;
mod timeouts;

use super::{Place, Row};
use crate::config::draft::Draft;

/// All keywords of a proxy; the rule language has its own (`portero_grammar::rules`).
pub(in crate::config) const TABLES: &[&[Row<Draft>]] = &[
    front::ROWS,
    back::ROWS,
    options::ROWS,
    timeouts::ROWS,
    checks::ROWS,
    errors::ROWS,
    filters::ROWS,
    logging::ROWS,
    stats::ROWS,
    tables::ROWS,
    retired::NOT_YET,
    retired::MOOT,
    retired::GONE,
];

/// Any proxy section, and `defaults`.
const ALL: Place = Place::DEFAULTS.and(Place::FRONTEND).and(Place::LISTEN).and(Place::BACKEND);
/// Sections with a frontend side.
const FRONT: Place = Place::FRONTEND.and(Place::LISTEN);
/// Sections with a backend side.
const BACK: Place = Place::BACKEND.and(Place::LISTEN);
/// Sections with a frontend side, and `defaults`.
const FRONT_DEF: Place = FRONT.and(Place::DEFAULTS);
/// Sections with a backend side, and `defaults`.
const BACK_DEF: Place = BACK.and(Place::DEFAULTS);
/// Any proxy section.
const PROXY: Place = FRONT.and(BACK);
/// The longest number that a setting takes.
const BIG: i64 = i32::MAX as i64;
