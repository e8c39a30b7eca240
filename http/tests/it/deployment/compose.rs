//! The container of open-chat in `deploy/compose.yaml`.

use std::collections::BTreeMap;
use std::time::Duration;

use serde_json::Value;

use super::container::Container;

const COMPOSE: &str = include_str!("../../../../deploy/compose.yaml");

/// With a `.env` of the three lines that are asked for.
pub(super) fn container(secret: &str) -> Container {
    let lines = [
        ("OPENAI_API_KEY", "sk-test-key-of-the-model"),
        ("WIDGET_API_KEY", "widget-key-of-24-letters"),
        ("SECRET", secret),
    ];
    let given = BTreeMap::from(lines);
    let compose: Value = serde_saphyr::from_str(&interpolated(COMPOSE, &given)).unwrap();
    let service = &compose["services"]["open-chat"];
    assert_eq!(service["read_only"], true);
    let texts = |field: &str| service[field].as_array().unwrap().iter().map(|value| value.as_str().unwrap());
    let tmpfs = texts("tmpfs").map(|mount| mount.split(':').next().unwrap());
    let volumes = texts("volumes").map(|mount| mount.split(':').nth(1).unwrap());
    let environment = service["environment"].as_object().unwrap().iter();
    Container {
        variables: environment.map(|(name, value)| (name.clone(), text(value))).collect(),
        mounts: volumes.chain(tmpfs).map(ToOwned::to_owned).collect(),
        user: text(&service["user"]),
        probes: vec!["/health".to_owned()],
        grace: Duration::from_secs(text(&service["stop_grace_period"]).trim_end_matches('s').parse().unwrap()),
    }
}

/// A value without quotes may be read as another type; nothing is the empty text.
fn text(value: &Value) -> String {
    match value {
        Value::String(text) => text.clone(),
        Value::Null => String::new(),
        other => other.to_string(),
    }
}

/// Replaces `${NAME}`, `${NAME:-default}` and `${NAME:?complaint}`, also in a default.
fn interpolated(text: &str, given: &BTreeMap<&str, &str>) -> String {
    let Some((before, rest)) = text.split_once("${") else { return text.to_owned() };
    let mut depth = 1;
    let end = rest.find(|c| {
        depth += match c {
            '{' => 1,
            '}' => -1,
            _ => 0,
        };
        depth == 0
    });
    let (inside, after) = rest.split_at(end.expect("a brace is not closed"));
    let name = inside.split(':').next().unwrap();
    let value = match (given.get(name), inside[name.len()..].split_at_checked(2)) {
        (Some(value), _) => (*value).to_owned(),
        (None, Some((":-", default))) => interpolated(default, given),
        (None, Some((":?", complaint))) => panic!("{name}: {complaint}"),
        (None, _) => String::new(),
    };
    format!("{before}{value}{}", interpolated(&after[1..], given))
}
