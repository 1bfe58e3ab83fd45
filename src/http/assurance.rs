//! The nominated individual's word on an action of a high or critical finding (R18).

use crate::app::AppState;
use crate::http::Routes;
use crate::http::judging::Assurance;
use crate::http::verb;

/// The addresses of this feature.
pub fn routes() -> Routes<AppState> {
    verb::routes::<Assurance>()
}
