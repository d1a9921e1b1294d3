//! The section `http-errors` (HAProxy manual, section 12.4), and what it shares with `errorfile` elsewhere.

use std::collections::BTreeMap;
use std::sync::Arc;

use portero_api::Message;
use portero_grammar::{Diagnostic, Word};

use super::{Call, Place, Row, row};
use crate::config::files;
use portero_policies::errorfile;

/// The statuses that a proxy makes itself, and so has pages for.
const STATUSES: &[u16] = &[
    200, 400, 401, 403, 404, 405, 407, 408, 410, 413, 414, 421, 422, 425, 429, 431, 500, 501, 502, 503, 504,
];

/// The pages of a section.
pub(in crate::config) type Pages = BTreeMap<u16, Arc<Message>>;

pub(in crate::config) const ROWS: &[Row<Pages>] = &[row("errorfile", Place::ANY, (2, 2), |c| {
    let (status, page) = file(c)?;
    c.target.insert(status, page);
    Ok(())
})];

/// `errorfile STATUS FILE`
pub(super) fn file<T>(c: &Call<'_, T>) -> Result<(u16, Arc<Message>), Diagnostic> {
    Ok((status(c, 0)?, read(c, c.word(1)?)?))
}

/// A status that has an error page.
pub(super) fn status<T>(c: &Call<'_, T>, at: usize) -> Result<u16, Diagnostic> {
    let word = c.word(at)?;
    match word.text.parse().ok().filter(|s| STATUSES.contains(s)) {
        Some(status) => Ok(status),
        None => {
            let known: Vec<_> = STATUSES.iter().map(u16::to_string).collect();
            let error = c.about(word, format!("'{}' is not a status that has an error page", word.text));
            Err(error.help(format!("one of: {}", known.join(", "))))
        }
    }
}

/// The page in a file.
pub(super) fn read<T>(c: &Call<'_, T>, path: &Word) -> Result<Arc<Message>, Diagnostic> {
    let page = errorfile(&bytes(c, path)?).map_err(|e| c.about(path, format!("'{}': {e}", path.text)))?;
    Ok(Arc::new(page))
}

/// What is in a file that the configuration names.
pub(super) fn bytes<T>(c: &Call<'_, T>, path: &Word) -> Result<Vec<u8>, Diagnostic> {
    let located = c.reading.default_path.locate(&path.text, &c.reading.sources, path.span);
    files::read(&located).map_err(|e| c.about(path, e))
}
