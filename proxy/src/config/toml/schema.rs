//! The JSON Schema of `portero.toml`, for editors, made from the rows that the file is read by.

use serde_json::{Map, Value, json};

use super::checks;
use super::records::{ALL as RECORDS, CHECK, PLUGIN};
use super::vocabulary::{Field, Form, Key, Kind, Record, Shape, is_proxy, keys, own_keys};

/// The schema (JSON Schema, draft 7, which editors know best).
pub fn schema() -> Value {
    let mut definitions: Map<String, Value> =
        RECORDS.iter().map(|record| (record.name.to_owned(), self::record(record))).collect();
    definitions.extend([
        ("global".to_owned(), section("global")),
        ("proxy".to_owned(), section("proxy")),
        ("http_errors".to_owned(), section("http-errors")),
        ("userlist".to_owned(), section("userlist")),
        ("policy".to_owned(), section("policy")),
        ("applied".to_owned(), applied()),
        ("peers".to_owned(), section("peers")),
        ("table".to_owned(), section("table")),
        ("checked".to_owned(), any([json!({ "type": "boolean" }), object(check_fields())])),
        ("word".to_owned(), json!({ "type": ["string", "integer"] })),
        ("line".to_owned(), any([reference("word"), list("word")])),
        (
            "lines".to_owned(),
            any([json!({ "type": "string" }), json!({ "type": "array", "items": { "type": "string" } })]),
        ),
    ]);
    let named = |kind: &str| json!({ "type": "object", "additionalProperties": { "$ref": format!("#/definitions/{kind}") } });
    json!({
        "$schema": "http://json-schema.org/draft-07/schema#",
        "title": "portero.toml",
        "description": "The configuration of Portero. See docs/toml.md.",
        "type": "object",
        "additionalProperties": false,
        "properties": {
            "global": { "$ref": "#/definitions/global" },
            "defaults": {
                "description": "Settings of all proxies; tables in it are defaults that proxies name with 'from'.",
                "type": "object",
                "properties": same_as_proxy(),
                "additionalProperties": { "$ref": "#/definitions/proxy" },
            },
            "frontend": named("proxy"),
            "backend": named("proxy"),
            "listen": named("proxy"),
            "http_errors": named("http_errors"),
            "userlist": named("userlist"),
            "policy": named("policy"),
            "peers": named("peers"),
            "table": named("table"),
            "plugin": {
                "description": "WASM modules by name: 'wasm-load' of haproxy.cfg. See docs/wasm.md.",
                "type": "object",
                "additionalProperties": any([reference("line"), reference(PLUGIN.name)]),
            },
        },
        "definitions": definitions,
    })
}

/// The keys of a proxy, as they stand in `[defaults]`.
fn same_as_proxy() -> Value {
    let section = section("proxy");
    let keys = section["properties"].as_object().into_iter().flat_map(Map::keys);
    keys.map(|key| (key.clone(), reference(&format!("proxy/properties/{key}")))).collect::<Map<_, _>>().into()
}

fn section(kind: &str) -> Value {
    let mut properties = Map::new();
    for key in keys(kind) {
        put(&mut properties, &key.path(), shape(key));
    }
    properties
        .insert("lines".to_owned(), about(reference("lines"), "Lines of haproxy.cfg, as they stand there."));
    if is_proxy(kind) {
        let one = any([json!({ "type": "string" }), reference("applied")]);
        let apply = any([one.clone(), json!({ "type": "array", "items": one, "minItems": 1 })]);
        properties.insert("apply".to_owned(), about(apply, "Policies, applied before the rules."));
        properties.insert("check".to_owned(), check());
        properties
            .insert("from".to_owned(), about(json!({ "type": "string" }), "The defaults to start from."));
        properties.insert(
            "options".to_owned(),
            about(reference("lines"), "What stands behind 'option', 'no' in front turns off."),
        );
    }
    if own_keys(kind).contains(&"rules") {
        let file = object([("file".to_owned(), json!({ "type": "string" }))].into_iter().collect());
        let rules = any([json!({ "type": "string" }), file]);
        properties.insert("rules".to_owned(), about(rules, "Lines of the rule language."));
    }
    object(properties)
}

/// Puts a schema under a path of tables.
fn put(properties: &mut Map<String, Value>, path: &str, schema: Value) {
    let Some((table, rest)) = path.split_once('.') else {
        properties.insert(path.to_owned(), schema);
        return;
    };
    let inner = properties.entry(table).or_insert_with(|| object(Map::new()));
    if let Some(inner) = inner["properties"].as_object_mut() {
        put(inner, rest, schema);
    }
}

fn shape(key: &Key) -> Value {
    let schema = match &key.shape {
        Shape::Word(kind) => word(*kind),
        Shape::Switch(_) => json!({ "type": "boolean" }),
        Shape::SwitchOr(kind) => any([json!({ "type": "boolean" }), word(*kind)]),
        Shape::Words if key.keyword == "stats admin" => any([reference("line"), json!({ "const": true })]),
        Shape::Words => reference("line"),
        Shape::Lines => reference("lines"),
        Shape::Map => json!({ "type": "object", "additionalProperties": reference("word") }),
        Shape::Record(fields) => any([reference("line"), reference(fields.name)]),
        Shape::Records(fields) => {
            let one = any([reference("line"), reference(fields.name)]);
            any([
                reference("line"),
                reference(fields.name),
                json!({ "type": "array", "items": one, "minItems": 1 }),
            ])
        }
        Shape::Named(fields) => {
            json!({ "type": "object", "additionalProperties": any([reference("line"), reference(fields.name)]) })
        }
    };
    about(schema, &format!("'{}' of haproxy.cfg", key.keyword))
}

fn record(record: &Record) -> Value {
    let all = [record.head, record.params, record.tail].into_iter().flatten();
    let mut schema = object(all.map(|field| (field.key().into_owned(), parameter(field))).collect());
    let required: Vec<_> = record.head.iter().map(Field::key).collect();
    if !required.is_empty() {
        schema["required"] = json!(required);
    }
    schema
}

fn parameter(field: &Field) -> Value {
    match field.form {
        Form::Flag(_) => json!({ "type": "boolean" }),
        Form::Value(kind) => word(kind),
        Form::Rest => any([json!({ "type": "boolean" }), reference("word"), list("word")]),
        Form::Many | Form::Joined => any([reference("word"), list("word")]),
        Form::Pairs => json!({ "type": "object", "additionalProperties": reference("word") }),
        Form::Json => json!({ "description": "A string is taken as it is, anything else becomes JSON." }),
        Form::Check => reference("checked"),
    }
}

/// A policy with its arguments.
fn applied() -> Value {
    let argument = any([json!({ "type": "boolean" }), reference("word"), list("word")]);
    let text = json!({ "type": "string" });
    json!({
        "type": "object",
        "properties": { "policy": text, "if": reference("line"), "unless": reference("line") },
        "required": ["policy"],
        "additionalProperties": argument,
    })
}

/// `check` of a proxy.
fn check() -> Value {
    let mut fields = check_fields();
    let http = checks::HTTP.iter().map(|key| ((*key).to_owned(), reference("word"))).collect();
    fields.insert(
        "http".to_owned(),
        any([json!({ "const": true }), reference("line"), list("word"), object(http)]),
    );
    fields.insert("expect".to_owned(), reference("line"));
    about(any([json!({ "type": "boolean" }), object(fields)]), "How all servers are checked.")
}

fn check_fields() -> Map<String, Value> {
    CHECK.iter().map(|field| (field.key().into_owned(), parameter(field))).collect()
}

fn word(kind: Kind) -> Value {
    match kind {
        Kind::Text => reference("word"),
        Kind::Number => json!({ "type": ["integer", "string"], "pattern": "^-?[0-9]+$" }),
        Kind::Time => json!({ "type": ["string", "integer"], "pattern": "^[0-9]+(us|ms|s|m|h|d)?$" }),
        Kind::Size => json!({ "type": ["string", "integer"], "pattern": "^[0-9]+[kKmMgG]?$" }),
        Kind::OneOf(words) => json!({ "enum": words }),
    }
}

fn reference(name: &str) -> Value {
    json!({ "$ref": format!("#/definitions/{name}") })
}

fn list(of: &str) -> Value {
    json!({ "type": "array", "items": reference(of) })
}

fn any<const N: usize>(of: [Value; N]) -> Value {
    json!({ "anyOf": of.to_vec() })
}

fn object(properties: Map<String, Value>) -> Value {
    json!({ "type": "object", "properties": properties, "additionalProperties": false })
}

/// Adds what an editor shows. Beside a reference nothing else counts, so that goes inside.
fn about(schema: Value, description: &str) -> Value {
    let mut schema = if schema.get("$ref").is_some() { json!({ "allOf": [schema] }) } else { schema };
    schema["description"] = json!(description);
    schema
}
