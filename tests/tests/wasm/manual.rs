//! The configurations of docs/wasm.md, each with the module of that page in the place of its files.

use portero_tests::{Origin, Proxy, repository};

/// The examples of the page that are written in a language.
fn examples(page: &str, language: &str) -> Vec<String> {
    let fence = format!("```{language}\n");
    page.split(&fence).skip(1).map(|rest| rest.split("```\n").next().unwrap_or_default().to_owned()).collect()
}

#[test]
fn every_configuration_of_the_manual_serves_with_the_module_of_the_manual() {
    let page = std::fs::read_to_string(repository().join("docs/wasm.md")).expect("the page is there");
    let modules = examples(&page, "wat");
    let (cfg, toml) = (examples(&page, "haproxy"), examples(&page, "toml"));
    assert!(!modules.is_empty() && cfg.len() > 2 && !toml.is_empty(), "the page has examples");
    let origin = Origin::answering("hello");
    let here = |text: &str| {
        let component = repository().join("examples/04-wasm/zones.wasm");
        let text = text.replace("/etc/portero/zones.wasm", &component.display().to_string());
        let text = text.replace("/etc/portero/", "${dir}/").replace(":8080", "${front}");
        text.replace("127.0.0.1:9001", &origin.address().to_string())
    };
    let all = cfg.iter().map(|text| (text, Proxy::with(&here(text))));
    for (text, starting) in all.chain(toml.iter().map(|text| (text, Proxy::with_toml(&here(text))))) {
        let proxy = starting.file("greeting.wasm", &modules[0]).file("limits.json", "{\"limit\":5}").start();
        let response = proxy.get("/");
        assert_eq!((response.status(), response.text().as_str()), (200, "hello"));
        let greets = response.header("x-greeting").is_some();
        assert_eq!(greets, text.contains("greeting.wasm"), "{:?}", response.head);
    }
}
