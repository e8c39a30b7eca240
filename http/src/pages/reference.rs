//! The API reference: the OpenAPI document as a page.

use maud::{Markup, html};
use serde_json::{Map, Value};

use super::page;

const METHODS: [&str; 3] = ["get", "post", "delete"];

pub(super) fn render(document: &Value) -> Markup {
    let tags: Vec<&Value> = items(&document["tags"]).collect();
    let body = html! {
        h1 { (text(&document["info"]["title"])) " API" }
        p.lead { (prose(text(&document["info"]["description"]))) }
        p { "Server: " code { (text(&document["servers"][0]["url"])) } " · "
            a href="/v1/openapi.json" { "OpenAPI document" } }
        (example(text(&document["servers"][0]["url"])))
        nav aria-label="Sections" { ul {
            @for tag in &tags { li { a href={ "#" (text(&tag["name"])) } { (text(&tag["name"])) } } }
            li { a href="#Keys" { "Keys" } }
        } }
        @for tag in &tags {
            section aria-labelledby=(text(&tag["name"])) {
                h2 id=(text(&tag["name"])) { (text(&tag["name"])) }
                p.muted { (prose(text(&tag["description"]))) }
                @for (path, method, operation) in operations(document) {
                    @if operation["tags"][0] == tag["name"] { (article(document, path, method, operation)) }
                }
            }
        }
        section aria-labelledby="Keys" {
            h2 id="Keys" { "Keys" }
            @for (name, scheme) in entries(&document["components"]["securitySchemes"]) {
                p { strong { (name) } " — header " code { (text(&scheme["name"])) } ": " (prose(text(&scheme["description"]))) }
            }
        }
    };
    page("API reference", &body, &html! {})
}

fn example(server: &str) -> Markup {
    let command = format!(
        "curl -N {server}/v1/chat/stream \\\n  -H 'content-type: application/json' -H 'x-api-key: YOUR_WIDGET_API_KEY' \\\n  \
         -d '{{\"sessionId\": \"visitor-1\", \"message\": \"Hello\", \"messageId\": \"1\"}}'"
    );
    html! { pre tabindex="0" aria-label="Example" { code { (command) } } }
}

fn article(document: &Value, path: &str, method: &str, operation: &Value) -> Markup {
    let request = &operation["requestBody"]["content"]["application/json"]["schema"];
    html! {
        article id=(text(&operation["operationId"])) {
            header {
                span.method { (method.to_uppercase()) }
                h3 { code { (path) } }
                @for key in items(&operation["security"]).filter_map(Value::as_object).flat_map(Map::keys) {
                    a.muted href="#Keys" { (key) }
                }
            }
            p { (prose(text(&operation["summary"]))) }
            @if operation["parameters"].is_array() {
                (table("Parameters", items(&operation["parameters"]).map(|parameter| {
                    let shape = shape(document, &parameter["schema"]);
                    (text(&parameter["name"]), shape, text(&parameter["description"]))
                })))
            }
            @if !request.is_null() { (fields(document, "Request body", request)) }
            @for (status, response) in entries(&operation["responses"]).filter(|(status, _)| status.starts_with('2')) {
                @for (media, content) in entries(&response["content"]) {
                    (fields(document, &format!("{status} · {media}"), &content["schema"]))
                }
            }
            (table("Statuses", entries(&operation["responses"]).map(|(status, response)| {
                (status, String::new(), text(&response["description"]))
            })))
        }
    }
}

/// The fields of an object, or of each of several objects.
fn fields(document: &Value, caption: &str, schema: &Value) -> Markup {
    let schema = resolve(document, schema);
    html! {
        @for variant in items(&schema["oneOf"]) {
            (fields(document, &format!("{caption} · {}", text(&variant["properties"]["type"]["enum"][0])), variant))
        }
        @if schema["properties"].is_object() {
            (table(caption, entries(&schema["properties"]).map(|(name, property)| {
                let described = text(&property["description"]);
                (name, shape(document, property), described)
            })))
        }
    }
}

fn table<'a>(caption: &str, rows: impl Iterator<Item = (&'a str, String, &'a str)>) -> Markup {
    html! {
        div.table { table {
            caption.muted { (caption) }
            tbody { @for (name, shape, described) in rows {
                tr {
                    td { code { (name) } }
                    @if !shape.is_empty() { td.muted { (shape) } }
                    td { (prose(described)) }
                }
            } }
        } }
    }
}

/// A schema in a word or two: `string`, `integer`, `array of Summary`…
fn shape(document: &Value, schema: &Value) -> String {
    if let Some(reference) = schema["$ref"].as_str() {
        let target = resolve(document, schema);
        let named = ["properties", "oneOf", "allOf"].iter().any(|composition| !target[composition].is_null());
        let name = reference.rsplit('/').next().unwrap_or_default();
        return if named { name.to_owned() } else { shape(document, target) };
    }
    if let Some(values) = schema["enum"].as_array() {
        return values.iter().map(|value| format!("\"{}\"", text(value))).collect::<Vec<_>>().join(" or ");
    }
    match &schema["type"] {
        Value::String(kind) if kind == "array" => format!("array of {}", shape(document, &schema["items"])),
        Value::String(kind) => kind.clone(),
        Value::Array(kinds) => kinds.iter().map(text).collect::<Vec<_>>().join(" or "),
        _ => items(&schema["oneOf"])
            .map(|variant| shape(document, variant))
            .filter(|shape| !shape.is_empty())
            .collect::<Vec<_>>()
            .join(" or "),
    }
}

fn resolve<'a>(document: &'a Value, schema: &'a Value) -> &'a Value {
    let pointer = schema["$ref"].as_str().and_then(|reference| reference.strip_prefix('#'));
    pointer.and_then(|pointer| document.pointer(pointer)).unwrap_or(schema)
}

/// Every operation of the document, with its path and method.
fn operations(document: &Value) -> impl Iterator<Item = (&str, &'static str, &Value)> {
    entries(&document["paths"])
        .flat_map(|(path, item)| METHODS.into_iter().filter_map(move |method| Some((path, method, item.get(method)?))))
}

/// Text with its `code` marked as such.
fn prose(text: &str) -> Markup {
    html! {
        @for (index, part) in text.split('`').enumerate() {
            @if index % 2 == 1 { code { (part) } } @else { (part) }
        }
    }
}

fn text(value: &Value) -> &str {
    value.as_str().unwrap_or_default()
}

fn items(value: &Value) -> impl Iterator<Item = &Value> {
    value.as_array().into_iter().flatten()
}

fn entries(value: &Value) -> impl Iterator<Item = (&str, &Value)> {
    value.as_object().into_iter().flatten().map(|(key, value)| (key.as_str(), value))
}
