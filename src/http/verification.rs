//! Verifying: the form (R16), and the queue of what waits for it (R15).

use crate::app::AppState;
use crate::http::Routes;
use crate::http::judging::Verification;
use crate::http::verb;

/// What waits for a check, for assurance or for closure.
mod queue;

/// The addresses of this feature.
pub fn routes() -> Routes<AppState> {
    verb::routes::<Verification>().merge(queue::routes())
}
