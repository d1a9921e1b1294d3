//! The hook `Balance`.

use portero_api::{Admin, Oper, Plugin};

use crate::rig::{Bench, Farm, exchange};

/// A balancer under test: the plugin and how it is named in a configuration.
pub struct Balancer<'a> {
    /// The plugin.
    pub plugin: &'a Plugin,
    /// Its arguments.
    pub args: &'a str,
    /// Further lines of the backend.
    pub lines: &'a [&'a str],
    /// True when the weights of now count, false for those of the configuration or none.
    pub live: bool,
}

impl Balancer<'_> {
    fn bench(&self) -> Bench {
        self.lines.iter().fold(Bench::new(self.args), |bench, line| bench.line(line))
    }
}

/// What every balancer keeps to.
pub fn balance(balancer: &Balancer<'_>) {
    nobody_is_picked_from_an_empty_farm(balancer);
    unusable_servers_are_left_out(balancer);
    tried_servers_are_left_out(balancer);
    backups_wait_for_the_last_of_the_others(balancer);
    the_list_of_servers_may_change(balancer);
    if balancer.live {
        a_weight_of_zero_takes_a_server_out_at_once(balancer);
    }
}

/// What balancers that spread evenly keep to: each server's share is that of its weight, give or take `slack` of a
/// thousand requests; requests stay under way when `held`.
pub fn fair(balancer: &Balancer<'_>, slack: usize, held: bool) {
    let bench = balancer.bench();
    for weights in [&[1, 1, 1, 1, 1][..], &[1, 2, 7], &[256, 128, 128]] {
        let farm = Farm::new(weights);
        let made = bench.balancer(balancer.plugin).expect("the arguments are good");
        let shares = farm.shares(&*made, 1000, held);
        let total: u32 = weights.iter().sum();
        for (server, (&share, &weight)) in shares.iter().zip(weights).enumerate() {
            let due = weight as usize * 1000 / total as usize;
            assert!(share.abs_diff(due) <= slack, "server {server} of {weights:?} got {share}, not {due}");
        }
    }
}

/// What balancers that take turns keep to: the first request goes to the first server, and nine requests over three
/// servers are three for each, whatever worker takes them.
pub fn turns_are_common(balancer: &Balancer<'_>) {
    let bench = balancer.bench();
    let farm = Farm::new(&[1, 1, 1]);
    let make = || bench.balancer(balancer.plugin).expect("the arguments are good");
    let workers = [make(), make()];
    let picks: Vec<_> = [0, 1, 1, 0, 0, 0, 1, 0, 1]
        .iter()
        .map(|&worker: &usize| farm.pick(&*workers[worker], &exchange("/"), &[]))
        .collect();
    assert_eq!(picks, [0, 1, 2, 0, 1, 2, 0, 1, 2].map(Some));
}

fn picks(balancer: &Balancer<'_>, farm: &Farm, tried: &[usize]) -> Vec<Option<usize>> {
    let made = balancer.bench().balancer(balancer.plugin).expect("the arguments are good");
    let pick = |i| farm.pick(&*made, &exchange(&format!("/{i}")), tried);
    let mut picks: Vec<_> = (0..60).map(pick).collect();
    picks.sort_unstable();
    picks.dedup();
    picks
}

fn nobody_is_picked_from_an_empty_farm(balancer: &Balancer<'_>) {
    assert_eq!(picks(balancer, &Farm::new(&[]), &[]), [None]);
    let farm = Farm::new(&[1, 1]);
    farm.servers.iter().for_each(|s| _ = s.set_oper(Oper::Down));
    assert_eq!(picks(balancer, &farm, &[]), [None], "picked a server that is down");
}

fn unusable_servers_are_left_out(balancer: &Balancer<'_>) {
    let farm = Farm::new(&[1, 1, 1, 1]);
    farm.servers[0].set_oper(Oper::Down);
    farm.servers[1].set_admin(Admin::Drain);
    farm.servers[3].set_admin(Admin::Maint);
    assert_eq!(picks(balancer, &farm, &[]), [Some(2)]);
}

fn tried_servers_are_left_out(balancer: &Balancer<'_>) {
    let farm = Farm::new(&[1, 1, 1]);
    assert_eq!(picks(balancer, &farm, &[0, 2]), [Some(1)]);
    assert_eq!(picks(balancer, &farm, &[0, 1, 2]), [None], "picked a server that was tried");
}

fn backups_wait_for_the_last_of_the_others(balancer: &Balancer<'_>) {
    let farm = Farm::with_backups(&[1, 1], &[1]);
    assert!(!picks(balancer, &farm, &[]).contains(&Some(2)));
    farm.servers[0].set_oper(Oper::Down);
    assert_eq!(picks(balancer, &farm, &[]), [Some(1)]);
    farm.servers[1].set_oper(Oper::Down);
    assert_eq!(picks(balancer, &farm, &[]), [Some(2)]);
}

fn the_list_of_servers_may_change(balancer: &Balancer<'_>) {
    let made = balancer.bench().balancer(balancer.plugin).expect("the arguments are good");
    let mut farm = Farm::new(&[1, 1, 1]);
    farm.shares(&*made, 20, false);
    farm.backend.set_servers(farm.servers[..1].to_vec());
    farm.servers = farm.backend.servers();
    assert_eq!(farm.shares(&*made, 20, false), [20]);
}

fn a_weight_of_zero_takes_a_server_out_at_once(balancer: &Balancer<'_>) {
    let made = balancer.bench().balancer(balancer.plugin).expect("the arguments are good");
    let farm = Farm::new(&[1, 1]);
    farm.shares(&*made, 5, false);
    farm.servers[0].set_weight(0);
    assert_eq!(farm.shares(&*made, 10, false), [0, 10]);
    farm.servers[0].set_weight(256);
    assert!(farm.shares(&*made, 2000, false)[0] > 1000, "the new weight does not count");
}
