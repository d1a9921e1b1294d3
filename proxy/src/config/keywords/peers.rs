//! The section `peers` (HAProxy manual, section 11.2), as far as its tables go: they are kept over a reload by the process itself,
//! so the local peer has nothing to do. Others are refused when the configuration is put together.

use portero_grammar::Diagnostic;

use super::{Call, MANY, Place, Row, moot, not_yet, row, table};
use crate::config::tables::{PeersDraft, TableDraft};

const ANY: Place = Place::ANY;
const ALONE: &str = "tables are not exchanged with other processes, and a reload keeps them in this one";

pub(in crate::config) const ROWS: &[Row<PeersDraft>] = &[
    moot("bind", ANY, ALONE),
    moot("default-bind", ANY, ALONE),
    moot("default-server", ANY, ALONE),
    moot("disabled", ANY, ALONE),
    moot("enabled", ANY, ALONE),
    moot("log", ANY, ALONE),
    not_yet("shards", ANY),
    row("peer", ANY, (1, MANY), peer),
    row("server", ANY, (1, MANY), peer),
    row("table", ANY, (1, MANY), |c| {
        let name = c.word(0)?;
        let full = format!("{}/{}", c.target.name.text, name.text);
        let mut draft = TableDraft::new(full, c.line);
        table::words(&mut draft, &c.args[1..], c.reading);
        c.target.tables.push(draft);
        Ok(())
    }),
];

fn peer(c: &mut Call<'_, PeersDraft>) -> Result<(), Diagnostic> {
    c.target.peers.push(c.word(0)?.clone());
    Ok(())
}
