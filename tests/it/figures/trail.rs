//! The trail as an outsider is given it: lines in their order, read as JSON.

use std::collections::BTreeMap;

use chrono::{DateTime, NaiveDate, Utc};
use serde::Deserialize;
use serde_json::Value;
use sqlx::AssertSqlSafe;
use throughline::ids::ProviderId;
use uuid::Uuid;

use crate::harness::TestDb;

/// A line.
#[derive(Clone, Debug, Deserialize)]
pub struct Line {
    pub at: DateTime<Utc>,
    pub kind: String,
    pub review: Option<Uuid>,
    pub finding: Option<Uuid>,
    pub action: Option<Uuid>,
    pub detail: Value,
    /// The texts beside it, each as the hash of what was written.
    pub texts: BTreeMap<String, String>,
}

impl Line {
    pub fn id(&self, name: &str) -> Option<Uuid> {
        self.detail.get(name)?.as_str()?.parse().ok()
    }

    pub fn day(&self, name: &str) -> Option<NaiveDate> {
        self.detail.get(name)?.as_str()?.parse().ok()
    }

    pub fn word(&self, name: &str) -> &str {
        self.detail.get(name).and_then(Value::as_str).unwrap_or_default()
    }

    pub fn number(&self, name: &str) -> i64 {
        self.detail.get(name).and_then(Value::as_i64).unwrap_or_default()
    }

    pub fn yes(&self, name: &str) -> bool {
        self.detail.get(name).and_then(Value::as_bool).unwrap_or_default()
    }
}

/// Every line of a provider's trail.
pub async fn read(db: &TestDb, provider: ProviderId) -> Vec<Line> {
    let sql = format!("SELECT line FROM events WHERE provider_id = '{provider}' ORDER BY seq");
    let lines: Vec<String> =
        sqlx::query_scalar(AssertSqlSafe(sql)).fetch_all(&mut db.administrator().await).await.unwrap();
    lines.iter().map(|line| serde_json::from_str(line).unwrap()).collect()
}
