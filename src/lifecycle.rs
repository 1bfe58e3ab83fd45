//! How the program lives and ends: signals, cancellation, and tasks whose death nobody may overlook.

use std::fmt::Display;
use std::future::Future;
use std::time::Duration;

use tokio::signal::unix::{Signal, SignalKind, signal};
use tokio::task::JoinSet;
use tokio_util::sync::CancellationToken;

/// How long tasks may take to finish once the program is asked to stop. With the closing of the database the
/// whole stop stays under 20 seconds.
pub const GRACE: Duration = Duration::from_secs(17);

/// Why the program stopped though nobody asked it to.
#[derive(Debug, thiserror::Error)]
pub enum Failure {
    /// A task that should run for ever ended.
    #[error("the {name} stopped: {reason}")]
    TaskEnded {
        /// The task, as in "the worker stopped".
        name: &'static str,
        /// What it said, or that it said nothing.
        reason: String,
    },
    /// Signals cannot be listened to.
    #[error("the program cannot listen to signals: {0}")]
    Signals(#[from] std::io::Error),
}

/// Runs the long-lived tasks of the program together: when one dies, or a signal comes, all are asked to stop.
#[derive(Debug)]
pub struct Supervisor {
    token: CancellationToken,
    tasks: JoinSet<(&'static str, Result<(), String>)>,
    interrupt: Signal,
    terminate: Signal,
    grace: Duration,
}

impl Supervisor {
    /// Listens to SIGINT and SIGTERM from now on.
    ///
    /// # Errors
    /// The system does not let us.
    pub fn new() -> Result<Self, Failure> {
        Ok(Self {
            token: CancellationToken::new(),
            tasks: JoinSet::new(),
            interrupt: signal(SignalKind::interrupt())?,
            terminate: signal(SignalKind::terminate())?,
            grace: GRACE,
        })
    }

    /// Gives tasks another time to finish in.
    #[must_use]
    pub const fn with_grace(mut self, grace: Duration) -> Self {
        self.grace = grace;
        self
    }

    /// Cancelled when the program is to stop; every task must watch it.
    #[must_use]
    pub fn token(&self) -> CancellationToken {
        self.token.clone()
    }

    /// Runs a task that should only end once the token is cancelled. `name` follows "the".
    pub fn spawn<E: Display>(
        &mut self,
        name: &'static str,
        task: impl Future<Output = Result<(), E>> + Send + 'static,
    ) {
        self.tasks.spawn(async move { (name, task.await.map_err(|error| error.to_string())) });
    }

    /// Waits for a signal or the death of a task, then for all tasks to finish, at most for the time of grace.
    /// A second signal ends the wait.
    ///
    /// # Errors
    /// A task ended though nobody asked it to.
    pub async fn run(mut self) -> Result<(), Failure> {
        let outcome = tokio::select! {
            () = next_signal(&mut self.interrupt, &mut self.terminate) => {
                tracing::info!("stopping");
                Ok(())
            }
            () = self.token.cancelled() => Ok(()),
            Some(ended) = self.tasks.join_next() => Err(failure(ended)),
        };
        self.token.cancel();
        let outcome = tokio::select! {
            others = finish(&mut self.tasks) => outcome.and(others),
            () = tokio::time::sleep(self.grace) => {
                tracing::warn!("what was still running after {} seconds is cut off", self.grace.as_secs());
                outcome
            }
            () = next_signal(&mut self.interrupt, &mut self.terminate) => outcome,
        };
        self.tasks.shutdown().await;
        outcome
    }
}

type Ended = Result<(&'static str, Result<(), String>), tokio::task::JoinError>;

async fn next_signal(interrupt: &mut Signal, terminate: &mut Signal) {
    tokio::select! {
        _ = interrupt.recv() => {}
        _ = terminate.recv() => {}
    }
}

/// Waits for all tasks; a task that fails while it stops is a failure too.
async fn finish(tasks: &mut JoinSet<(&'static str, Result<(), String>)>) -> Result<(), Failure> {
    let mut outcome = Ok(());
    while let Some(ended) = tasks.join_next().await {
        if !matches!(ended, Ok((_, Ok(())))) {
            outcome = outcome.and(Err(failure(ended)));
        }
    }
    outcome
}

fn failure(ended: Ended) -> Failure {
    let (name, reason) = match ended {
        Ok((name, Ok(()))) => (name, "it ended by itself".to_owned()),
        Ok((name, Err(reason))) => (name, reason),
        Err(error) => ("program", error.to_string()),
    };
    Failure::TaskEnded { name, reason }
}

#[cfg(test)]
mod tests {
    use super::*;

    async fn until(token: CancellationToken) -> Result<(), String> {
        token.cancelled().await;
        Ok(())
    }

    #[tokio::test]
    async fn the_death_of_a_task_stops_the_others_and_is_reported() {
        let mut supervisor = Supervisor::new().unwrap();
        supervisor.spawn("web server", until(supervisor.token()));
        supervisor.spawn("worker", async { Err("no more tables") });
        let failure = supervisor.run().await.unwrap_err().to_string();
        assert_eq!(failure, "the worker stopped: no more tables");
    }

    #[tokio::test]
    async fn a_panic_and_a_quiet_end_count_as_death() {
        let mut supervisor = Supervisor::new().unwrap();
        supervisor.spawn("worker", async {
            if true {
                panic!("on purpose");
            }
            Ok::<(), String>(())
        });
        assert!(supervisor.run().await.unwrap_err().to_string().contains("panic"));
        let mut supervisor = Supervisor::new().unwrap();
        supervisor.spawn("worker", async { Ok::<(), String>(()) });
        assert!(supervisor.run().await.unwrap_err().to_string().contains("ended by itself"));
    }

    #[tokio::test]
    async fn asked_to_stop_everything_finishes_and_nothing_failed() {
        let mut supervisor = Supervisor::new().unwrap();
        let token = supervisor.token();
        supervisor.spawn("web server", until(token.clone()));
        token.cancel();
        assert!(supervisor.run().await.is_ok());
    }

    #[tokio::test]
    async fn what_does_not_stop_is_cut_off() {
        let mut supervisor = Supervisor::new().unwrap().with_grace(Duration::from_millis(50));
        supervisor.spawn("worker", std::future::pending::<Result<(), String>>());
        supervisor.token().cancel();
        let stop = tokio::time::timeout(Duration::from_secs(5), supervisor.run());
        assert!(stop.await.unwrap().is_ok());
    }
}
