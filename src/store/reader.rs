//! Connections for reading.

use super::{connect::Doubt, silent};
use sea_orm::{
    ConnectionTrait, DatabaseConnection, DbBackend, DbErr, ExecResult, QueryResult, Statement,
};
use tokio::time::timeout;

/// Connections for reading. From a database that may be far away each answer has a limit: over a network that drops
/// what is sent, the driver would wait for as long as the kernel tries, a quarter of an hour.
#[derive(Clone, Debug)]
pub struct Reader {
    pub(super) connections: DatabaseConnection,
    /// `None` for a database that is a file.
    pub(super) doubt: Option<Doubt>,
}

impl Reader {
    /// Asks for a sign of life.
    pub async fn ping(&self) -> Result<(), DbErr> {
        self.limited(self.connections.ping()).await
    }

    /// Closes all of them: what is asked from now on fails.
    pub async fn close(&self) -> Result<(), DbErr> {
        self.connections.clone().close().await
    }

    async fn limited<T>(&self, work: impl Future<Output = Result<T, DbErr>>) -> Result<T, DbErr> {
        let Some(doubt) = &self.doubt else { return work.await };
        let mut work = std::pin::pin!(work);
        match timeout(super::ANSWER, work.as_mut()).await {
            Ok(done) => done,
            Err(_) => {
                // Before the work is dropped, and its connection goes back to the others.
                doubt.raise();
                Err(silent())
            }
        }
    }
}

#[async_trait::async_trait]
impl ConnectionTrait for Reader {
    fn get_database_backend(&self) -> DbBackend {
        self.connections.get_database_backend()
    }

    async fn execute_raw(&self, statement: Statement) -> Result<ExecResult, DbErr> {
        self.limited(self.connections.execute_raw(statement)).await
    }

    async fn execute_unprepared(&self, text: &str) -> Result<ExecResult, DbErr> {
        self.limited(self.connections.execute_unprepared(text)).await
    }

    async fn query_one_raw(&self, statement: Statement) -> Result<Option<QueryResult>, DbErr> {
        self.limited(self.connections.query_one_raw(statement)).await
    }

    async fn query_all_raw(&self, statement: Statement) -> Result<Vec<QueryResult>, DbErr> {
        self.limited(self.connections.query_all_raw(statement)).await
    }
}
