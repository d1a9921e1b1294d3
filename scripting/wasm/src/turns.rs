//! Which server of a backend a call-out asks: one after the other, by their weights.

use std::collections::HashMap;
use std::sync::Arc;

use portero_api::{Address, Candidates, ProxyState, ServerState};

/// How far the servers of each backend are behind their shares, as one instance has asked them.
///
/// Each time a server's credit grows by its weight; the one with the most is asked, and pays for all. So two servers of
/// one weight take turns, and one of weight 3 is not asked three times in a row.
#[derive(Default)]
pub(crate) struct Turns(HashMap<Arc<str>, HashMap<Arc<str>, i64>>);

impl Turns {
    /// The server of a backend whose turn it is, among those that can take a request; none when there is none. Backup
    /// servers have their turn when there is no other.
    pub(crate) fn next(&mut self, backend: &ProxyState) -> Option<Arc<ServerState>> {
        let servers = backend.servers();
        let candidates = Candidates::new(&servers, &[], backend.version());
        let usable = candidates.usable().filter(|(_, server)| is_known(&server.address()));
        let before = self.0.remove(&backend.name).unwrap_or_default();
        let (mut credits, mut total, mut best) = (HashMap::new(), 0, None);
        for (place, server) in usable {
            let weight = i64::from(server.weight());
            let credit = before.get(&server.name).copied().unwrap_or_default() + weight;
            total += weight;
            credits.insert(server.name.clone(), credit);
            if best.is_none_or(|(_, most)| credit > most) {
                best = Some((place, credit));
            }
        }
        let chosen = servers[best?.0].clone();
        credits.entry(chosen.name.clone()).and_modify(|credit| *credit -= total);
        self.0.insert(backend.name.clone(), credits);
        Some(chosen)
    }
}

fn is_known(address: &Address) -> bool {
    !matches!(address, Address::Unresolved(_))
}

#[cfg(test)]
mod tests {
    use super::*;
    use portero_api::Oper;
    use portero_conformance::rig::Farm;

    fn asked(turns: &mut Turns, farm: &Farm, times: usize) -> String {
        let name =
            |_| turns.next(&farm.backend).map_or('-', |server| server.name.chars().last().unwrap_or('-'));
        (0..times).map(name).collect()
    }

    #[test]
    fn servers_take_turns_by_their_weights() {
        let mut turns = Turns::default();
        assert_eq!(asked(&mut turns, &Farm::new(&[1, 1]), 4), "1212");
        assert_eq!(asked(&mut Turns::default(), &Farm::new(&[3, 1]), 8), "11211121");
        assert_eq!(asked(&mut Turns::default(), &Farm::new(&[0, 1]), 2), "22");
    }

    #[test]
    fn a_server_that_is_down_is_left_out_and_a_backup_stands_in() {
        let (mut turns, farm) = (Turns::default(), Farm::with_backups(&[1, 1], &[1]));
        farm.servers[0].set_oper(Oper::Down);
        assert_eq!(asked(&mut turns, &farm, 2), "22");
        farm.servers[1].set_oper(Oper::Down);
        assert_eq!(asked(&mut turns, &farm, 2), "33");
        farm.servers[2].set_oper(Oper::Down);
        assert_eq!(asked(&mut turns, &farm, 1), "-");
        farm.servers[0].set_oper(Oper::Up);
        assert_eq!(asked(&mut turns, &farm, 2), "11");
    }
}
