//! `stick-table`: the table of a proxy.

use portero_grammar::Diagnostic;

use super::super::{Call, MANY, Row, row, table};
use super::PROXY;
use crate::config::draft::Draft;
use crate::config::tables::TableDraft;

pub(super) const ROWS: &[Row<Draft>] = &[row("stick-table", PROXY, (2, MANY), stick_table)];

fn stick_table(c: &mut Call<'_, Draft>) -> Result<(), Diagnostic> {
    if c.target.table.is_some() {
        return Err(c.error(format!("'{}' has a table already", c.target.name())));
    }
    let mut draft = TableDraft::new(c.target.name().to_owned(), c.line);
    table::words(&mut draft, c.args, c.reading);
    c.target.table = Some(draft);
    Ok(())
}
