//! The OpenAPI document, made from the tables of fields.

use serde_json::{Map, Value, json};

use super::fields::{ACTION, FINDING, Field, Kind, MEASURE};
use super::{MOST, USUAL};
use crate::domain::text_enum::TextEnum;
use crate::store::action_list::Show;
use crate::store::finding::Progress;

/// The document; `address` is where the lists of all providers begin.
pub(super) fn document(address: &str) -> Value {
    let show = choice("show", "Which actions; all when left out.", words::<Show>());
    let state = choice("state", "Which findings; all when left out.", words::<Progress>());
    let ended = choice("ended", "yes for measures that have ended.", vec!["yes", "no"]);
    json!({
        "openapi": "3.1.0",
        "info": {
            "title": "Throughline",
            "version": "1",
            "description": "Read-only. A key is made by an administrator under Settings, Keys for other programs; it says what may be read, of which service, and until when. Lists come in pages: ask for the address in next until it is null.",
        },
        "servers": [{
            "url": format!("{address}/{{provider}}/v1"),
            "variables": { "provider": { "default": "provider", "description": "The provider's part of the address, as in the address of its pages." } },
        }],
        "security": [{ "key": [] }],
        "paths": {
            "/findings": list("findings", "Findings, newest first", "Finding", vec![state]),
            "/actions": list("actions", "Actions, by due date", "Action", vec![show]),
            "/measures": list("measures", "Measures with their readings, by name", "Measure", vec![ended]),
        },
        "components": {
            "securitySchemes": { "key": { "type": "http", "scheme": "bearer" } },
            "schemas": {
                "Finding": schema(FINDING),
                "Action": schema(ACTION),
                "Measure": schema(MEASURE),
                "Problem": {
                    "type": "object",
                    "additionalProperties": false,
                    "required": ["error"],
                    "properties": { "error": { "type": "string", "description": "What to do, in plain words." } },
                },
            },
        },
    })
}

fn words<T: TextEnum>() -> Vec<&'static str> {
    T::ALL.iter().map(|word| word.as_str()).collect()
}

fn choice(name: &str, says: &str, words: Vec<&'static str>) -> Value {
    json!({ "name": name, "in": "query", "description": says, "schema": { "type": "string", "enum": words } })
}

/// One list.
fn list(id: &str, summary: &str, row: &str, own: Vec<Value>) -> Value {
    let text = |name: &str, says: &str| json!({ "name": name, "in": "query", "description": says, "schema": { "type": "string" } });
    let mut parameters = vec![
        text("after", "Where the page before ended, as in its next."),
        json!({ "name": "limit", "in": "query", "description": "How many rows.", "schema": { "type": "integer", "minimum": 1, "maximum": MOST, "default": USUAL } }),
        text("service", "One service, by its part of the address."),
    ];
    parameters.extend(own);
    let problem = |says: &str| json!({ "description": says, "content": { "application/json": { "schema": { "$ref": "#/components/schemas/Problem" } } } });
    json!({ "get": {
        "operationId": id,
        "summary": summary,
        "parameters": parameters,
        "responses": {
            "200": { "description": "A page.", "content": { "application/json": { "schema": {
                "type": "object",
                "additionalProperties": false,
                "required": ["data", "next"],
                "properties": {
                    "data": { "type": "array", "items": { "$ref": format!("#/components/schemas/{row}") } },
                    "next": { "type": ["string", "null"], "description": "Where the page after is; null on the last." },
                },
            } } } },
            "400": problem("Something in the address is not known."),
            "401": problem("No key, or one that opens nothing here."),
            "403": problem("The key does not read this."),
        },
    } })
}

/// What an object of these fields looks like.
fn schema<T>(fields: &[Field<T>]) -> Value {
    let names: Vec<&str> = fields.iter().map(|field| field.name).collect();
    let properties: Map<String, Value> = fields
        .iter()
        .map(|field| (field.name.to_owned(), value(field.kind, field.open, field.says)))
        .collect();
    json!({ "type": "object", "additionalProperties": false, "required": names, "properties": properties })
}

fn value(kind: Kind, open: bool, says: &str) -> Value {
    let of = |name: &str| if open { json!([name, "null"]) } else { json!(name) };
    let mut schema = match kind {
        Kind::Text => json!({ "type": of("string") }),
        Kind::Day => json!({ "type": of("string"), "format": "date" }),
        Kind::Instant => json!({ "type": of("string"), "format": "date-time" }),
        Kind::Count => json!({ "type": of("integer"), "minimum": 0 }),
        Kind::Number => json!({ "type": of("number") }),
        Kind::Flag => json!({ "type": of("boolean") }),
        Kind::OneOf(words) => json!({ "type": of("string"), "enum": words() }),
        Kind::Readings => {
            let number = || json!({ "type": ["number", "null"] });
            json!({ "type": "array", "items": {
                "type": "object",
                "additionalProperties": false,
                "required": ["period", "value", "numerator", "denominator"],
                "properties": {
                    "period": { "type": "string", "format": "date", "description": "The first day of the period." },
                    "value": number(), "numerator": number(), "denominator": number(),
                },
            } })
        }
    };
    if let Some(schema) = schema.as_object_mut() {
        schema.insert("description".into(), json!(says));
    }
    schema
}
