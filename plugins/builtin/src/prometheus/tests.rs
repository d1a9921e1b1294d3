use std::sync::Arc;

use portero_api::{Address, Common, Counter, Kind, ProxyState, ServerState};
use portero_conformance::rig::{Bench, exchange};
use portero_conformance::{Serving, service};

use super::plugin;

/// A backend with a server without checks and a frontend.
fn bench() -> Bench {
    let common = Common::default();
    let front = ProxyState::new("front", 1, Kind::Frontend, true);
    front.front.add(Counter::Requests, 7);
    front.front.inc(Counter::of_status(404));
    front.set_description("the \"shop\"");
    let back = ProxyState::new("back", 2, Kind::Backend, true);
    let server = ServerState::new(&back, "s1", 1, Address::Unresolved("x".into()));
    server.set_max_queue(10);
    back.set_servers(vec![Arc::new(server)]);
    let figure = common.figures.of("wasm.gate");
    figure.worked(std::time::Duration::from_micros(1500));
    figure.renewed();
    common.directory.insert(Arc::new(front));
    common.directory.insert(Arc::new(back));
    let mut bench = Bench::default();
    bench.common = Arc::new(common);
    bench
}

fn scraped(query: &str) -> (u16, String) {
    let service = bench().service(&plugin()).expect("it takes no argument");
    let served = service.serve(&mut exchange(&format!("/metrics?{query}"))).reply().expect("an answer");
    let portero_api::Body::Whole(body) = served.body else { panic!("a whole body") };
    (served.head.status, String::from_utf8(body.to_vec()).expect("text"))
}

#[test]
fn the_exporter_keeps_to_the_hook() {
    service(&Serving {
        plugin: &plugin(),
        bench: bench(),
        target: "/metrics",
        answered: &|status, body| {
            assert_eq!(status, 200);
            assert!(body.starts_with(b"# HELP haproxy_process_"));
        },
    });
}

#[test]
fn figures_stand_under_haproxys_names() {
    let (_, page) = scraped("");
    for line in [
        "haproxy_frontend_http_requests_total{proxy=\"front\"} 7",
        "haproxy_frontend_http_responses_total{proxy=\"front\",code=\"4xx\"} 1",
        "haproxy_frontend_status{proxy=\"front\",state=\"UP\"} 1",
        "haproxy_backend_agg_server_status{proxy=\"back\",state=\"UP\"} 1",
        "haproxy_server_status{proxy=\"back\",server=\"s1\",state=\"DOWN\"} 0",
        "haproxy_server_check_failures_total{proxy=\"back\",server=\"s1\"} NaN",
        "haproxy_server_queue_limit{proxy=\"back\",server=\"s1\"} 10",
        "haproxy_server_max_total_time_seconds{proxy=\"back\",server=\"s1\"} 0.000000",
    ] {
        assert!(page.lines().any(|other| other == line), "{line} is missing in\n{page}");
    }
    assert!(!page.contains("haproxy_server_check_status{proxy=\"back\",server=\"s1\""), "it has no checks");
}

#[test]
fn every_metric_is_told_about_once() {
    let (_, page) = scraped("");
    let mut names: Vec<_> = page.lines().filter_map(|line| line.strip_prefix("# TYPE ")).collect();
    let all = names.len();
    names.sort_unstable();
    names.dedup();
    assert_eq!(names.len(), all, "one group of lines for each metric");
}

#[test]
fn plugins_have_metrics_of_their_own() {
    let (_, page) = scraped("scope=plugin");
    for line in [
        "# TYPE portero_plugin_memory_bytes gauge",
        "portero_plugin_seconds_total{plugin=\"wasm.gate\"} 0.001500",
        "portero_plugin_restarts_total{plugin=\"wasm.gate\"} 1",
    ] {
        assert!(page.lines().any(|other| other == line), "{line} is missing in\n{page}");
    }
}

#[test]
fn the_query_chooses() {
    let (_, servers) = scraped("scope=server");
    assert!(servers.contains("haproxy_server_") && !servers.contains("haproxy_backend_"));
    let (_, one) = scraped("metrics=haproxy_frontend_http_requests_total");
    assert_eq!(one.lines().count(), 3, "{one}");
    assert_eq!(scraped("scope="), (200, String::new()));
    assert_eq!(scraped("scope").0, 400);
    let (_, described) = scraped("scope=frontend&desc-labels");
    assert!(described.contains("{proxy=\"front\",desc=\"the \\\"shop\\\"\"}"), "{described}");
}

#[test]
fn it_takes_no_argument_and_no_session() {
    assert!(Bench::new("now").service(&plugin()).is_err());
}
