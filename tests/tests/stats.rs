//! The statistics: page, CSV and JSON, and who may see them.

use portero_tests::{Origin, Proxy, eventually};

const CONFIG: &str = "
    defaults
        mode http
        timeout client 5s
        timeout server 5s
        timeout connect 1s
    frontend front
        bind ${front}
        stats enable
        stats uri /stats
        ${stats}
        default_backend app
    backend app
        server s1 ${origin}
    ";

/// HAProxy's names (management guide, 9.1), in its order.
const FIRST_COLUMNS: &str = "# pxname,svname,qcur,qmax,scur,smax,slim,stot,bin,bout,dreq,dresp,ereq,econ,eresp,wretr,\
    wredis,status,weight,act,bck,chkfail,chkdown,lastchg,downtime,qlimit,pid,iid,sid,throttle,lbtot,tracked,type,rate,\
    rate_lim,rate_max,check_status,check_code,check_duration,hrsp_1xx,hrsp_2xx,hrsp_3xx,hrsp_4xx,hrsp_5xx,hrsp_other,";

fn proxy(stats: &str, origin: &Origin) -> Proxy {
    Proxy::with(CONFIG).set("stats", stats).set("origin", origin.address()).start()
}

#[test]
fn csv_has_the_columns_of_haproxy_and_counts() {
    let origin = Origin::answering("hello");
    let proxy = proxy("", &origin);
    for _ in 0..5 {
        proxy.get("/");
    }
    let page = proxy.get("/stats;csv");
    assert!(page.header("content-type").is_some_and(|kind| kind.starts_with("text/plain")));
    assert!(page.text().starts_with(FIRST_COLUMNS), "{}", page.text());
    // an exchange is counted when it has ended: the client may have its answer a moment before
    let stats = eventually("five requests counted", || {
        let stats = proxy.stats();
        (stats.number("app", "BACKEND", "hrsp_2xx") == 5).then_some(stats)
    });
    assert_eq!(stats.number("app", "s1", "stot"), 5);
    assert_eq!(stats.number("app", "s1", "hrsp_2xx"), 5);
    assert!(stats.number("front", "FRONTEND", "hrsp_2xx") >= 5);
    assert!(stats.number("app", "s1", "bout") >= 5 * "hello".len() as u64);
    assert_eq!(stats.field("front", "FRONTEND", "status"), "OPEN");
    assert_eq!(stats.field("app", "s1", "status"), "no check");
}

#[test]
fn json_is_json() {
    let origin = Origin::answering("hello");
    let proxy = proxy("", &origin);
    let page = proxy.get("/stats;json");
    let object: serde_json::Value = serde_json::from_slice(&page.body).expect("JSON");
    let text = object.to_string();
    for name in ["pxname", "svname", "front", "app", "s1", "stot"] {
        assert!(text.contains(name), "{name}");
    }
}

#[test]
fn a_password_keeps_others_out() {
    let origin = Origin::answering("hello");
    let proxy = proxy("stats auth admin:secret", &origin);
    let refused = proxy.get("/stats");
    assert_eq!(refused.status(), 401);
    assert!(refused.header("www-authenticate").is_some_and(|value| value.starts_with("Basic")));
    let ask = |password: &str| {
        let request = format!("GET /stats HTTP/1.1\r\nHost: a\r\nAuthorization: Basic {password}\r\n\r\n");
        proxy.connect().send(request).response().status()
    };
    assert_eq!(ask("YWRtaW46c2VjcmV0"), 200); // admin:secret
    assert_eq!(ask("YWRtaW46d3Jvbmc="), 401); // admin:wrong
}

#[test]
fn the_page_keeps_itself_up_to_date_at_the_pace_that_was_asked_for() {
    let origin = Origin::answering("hello");
    let page = proxy("stats refresh 7s", &origin).get("/stats");
    assert_eq!(page.status(), 200);
    // for a browser without scripts, as HAProxy's page does it: a header, or its equal in the page
    let page_says = page.text().contains("http-equiv=\"refresh\" content=\"7");
    assert!(page.header("refresh") == Some("7") || page_says, "{}", page.text());
}

#[test]
fn the_version_is_shown_when_it_is_asked_for() {
    let origin = Origin::answering("hello");
    let version = env!("CARGO_PKG_VERSION");
    assert!(proxy("stats show-version", &origin).get("/stats").text().contains(version));
    assert!(!proxy("stats hide-version", &origin).get("/stats").text().contains(version));
}

#[test]
fn prometheus_scrapes_the_same_figures() {
    let proxy = Proxy::with(
        "defaults
             mode http
             timeout client 5s
         frontend front
             bind ${front}
             http-request use-service prometheus-exporter if { path /metrics }
             http-response set-header x-rule 1
             http-request return status 404",
    )
    .start();
    assert_eq!(proxy.get("/").status(), 404);
    let page = proxy.get("/metrics?scope=frontend");
    assert_eq!(page.header("content-type"), Some("text/plain; version=0.0.4"));
    assert_eq!(page.header("x-rule"), Some("1"), "rules for responses see it");
    let line = "haproxy_frontend_http_responses_total{proxy=\"front\",code=\"4xx\"} 1";
    // a request is counted behind its answer
    let counted =
        || proxy.get("/metrics?scope=frontend").text().lines().any(|other| other == line).then_some(());
    eventually("the request is counted", counted);
    assert_eq!(proxy.get("/metrics?scope").status(), 400);
}
