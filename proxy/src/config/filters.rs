//! `filter-sequence`: which filters see requests and which see responses, in which order.

use portero_grammar::{Diagnostic, Word};

use super::draft::Draft;
use super::reading::Reading;

/// The places of a proxy's filters in the order that requests meet them, and responses: as written, where nothing else
/// is said.
pub(super) fn order(draft: &Draft, reading: &mut Reading) -> [Vec<usize>; 2] {
    let order = &draft.filter_order;
    [&order.request, &order.response].map(|said| match said {
        None => (0..draft.filters.len()).collect(),
        Some(names) => named(draft, names, reading),
    })
}

fn named(draft: &Draft, names: &Word, reading: &mut Reading) -> Vec<usize> {
    if let Some(name) = draft.bandwidth.keys().next() {
        let message = format!("'filter-sequence' cannot order bandwidth limits, and there is '{name}'");
        reading.out.push(Diagnostic::error(names.span, message));
    }
    let mut order = Vec::new();
    for name in names.text.split(',') {
        let filters = draft.filters.iter().enumerate();
        // a filter that is there twice is meant twice
        let place = filters.filter(|(_, usage)| usage.name.text == name).map(|(place, _)| place);
        match place.into_iter().find(|place| !order.contains(place)) {
            Some(place) => order.push(place),
            None => {
                let error =
                    Diagnostic::error(names.span, format!("there is no 'filter {name}' in this proxy"));
                let known = draft.filters.iter().map(|usage| &*usage.name.text);
                reading.out.push(error.did_you_mean(name, known));
            }
        }
    }
    order
}
