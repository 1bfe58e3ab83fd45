//! What the words of a tracker most likely mean here.

use std::collections::BTreeMap;

use crate::app::AppState;
use crate::domain::import::plan::Ground;
use crate::domain::import::{Field, Value, value};
use crate::domain::member::Role;
use crate::store::{SystemTx, TenantTx, member, system};
use crate::workflow::Done;

/// What the words most likely mean.
pub(super) async fn guesses(
    app: &AppState,
    tx: &mut TenantTx,
    ground: &Ground,
    found: &BTreeMap<Field, Vec<Value>>,
) -> Done<BTreeMap<String, BTreeMap<String, String>>> {
    let people = member::all(tx).await?;
    let mut meanings: BTreeMap<String, BTreeMap<String, String>> = BTreeMap::new();
    for (field, values) in found {
        for value in values {
            let text = value.shown.as_str();
            let ours = match field {
                Field::Status => value::progress(text).map(|p| p.as_str().to_owned()),
                Field::Risk => value::risk(text).map(|r| r.as_str().to_owned()),
                Field::Topic => value::topic(text).map(|t| t.as_str().to_owned()),
                Field::Service => {
                    value::place(text, &ground.places, |p| p.name.as_str()).map(|p| p.id.to_string())
                }
                Field::Owner if text.contains('@') => by_email(app, tx, text).await?,
                Field::Owner => {
                    value::person(text, &people, |m| m.name.as_str(), |m| (m.job_title.as_str(), m.role))
                        .filter(|m| m.role != Role::ExternalReader)
                        .map(|m| m.id.to_string())
                }
                _ => None,
            };
            let place = meanings.entry(field.as_str().to_owned()).or_default();
            place.insert(value.key.clone(), ours.unwrap_or_default());
        }
    }
    Ok(meanings)
}

/// The member with this mail address, if there is one here.
async fn by_email(app: &AppState, tx: &mut TenantTx, text: &str) -> Done<Option<String>> {
    let email = text.trim().to_lowercase();
    let mut system = SystemTx::begin(&app.db, None, app.clock.now()).await?;
    let account = system::account_by_email(&mut system, &email).await?;
    drop(system);
    let Some(account) = account else { return Ok(None) };
    Ok(member::of_person(tx, account.user).await?.map(|id| id.to_string()))
}
