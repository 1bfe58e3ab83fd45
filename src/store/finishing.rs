//! Beginning a transaction so that nobody can leave in the middle of it.

use std::future::Future;
use std::pin::Pin;
use std::task::{Context, Poll};

use sqlx::{AssertSqlSafe, PgPool, Postgres, Transaction};
use tokio::runtime::Handle;

/// Work that is carried to its end even when whoever waits for it goes away: the rest is done by the runtime then, and
/// what comes of it is dropped.
struct Finishing<F: Future + Send + 'static>(Option<Pin<Box<F>>>)
where
    F::Output: Send;

impl<F> Future for Finishing<F>
where
    F: Future + Send + 'static,
    F::Output: Send,
{
    type Output = F::Output;

    fn poll(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<F::Output> {
        let Some(work) = self.0.as_mut() else { return Poll::Pending };
        let polled = work.as_mut().poll(context);
        if polled.is_ready() {
            self.0 = None;
        }
        polled
    }
}

impl<F> Drop for Finishing<F>
where
    F: Future + Send + 'static,
    F::Output: Send,
{
    fn drop(&mut self) {
        if let (Some(work), Ok(runtime)) = (self.0.take(), Handle::try_current()) {
            drop(runtime.spawn(async move { drop(work.await) }));
        }
    }
}

/// Begins a transaction with `statement` on a connection of `pool`.
///
/// A browser that goes away in the middle of a request takes the request's work with it. Between `BEGIN` and its answer
/// sqlx 0.9 does not yet know that a transaction is open, and would give the connection back to the pool inside of it,
/// with one provider entered, for the next request to stumble over. So a beginning is always finished; a transaction
/// nobody waits for any more is rolled back as any that is dropped.
pub(super) async fn begin(
    pool: &PgPool,
    statement: String,
) -> Result<Transaction<'static, Postgres>, sqlx::Error> {
    let pool = pool.clone();
    Finishing(Some(Box::pin(async move { pool.begin_with(AssertSqlSafe(statement)).await }))).await
}
