//! Inserts of many rows.

use sea_orm::{
    ConnectionTrait, DbErr, Value,
    sea_query::{Expr, IntoIden, IntoTableRef, OnConflict, Query},
};

/// Rows of one statement; SQLite takes 32,766 variables and no row here has more than 20.
const MOST: usize = 256;

/// Where rows go.
pub(super) struct Into<'a, T, C, const N: usize> {
    pub table: T,
    pub columns: [C; N],
    /// What happens to a row whose key is there.
    pub conflict: Option<&'a OnConflict>,
}

impl<T, C, const N: usize> Into<'_, T, C, N>
where
    T: IntoTableRef + Copy,
    C: IntoIden + Copy,
{
    /// Inserts rows, in statements whose number of rows is a power of two: there are few such
    /// texts, so each is prepared once for a connection.
    pub async fn insert(
        &self,
        db: &impl ConnectionTrait,
        rows: Vec<[Value; N]>,
    ) -> Result<(), DbErr> {
        let mut rows = rows.into_iter();
        while rows.len() > 0 {
            let mut statement = Query::insert();
            statement.into_table(self.table).columns(self.columns);
            let share = share(rows.len());
            for row in rows.by_ref().take(share) {
                // Never panics: the array has a value for each column.
                statement.values_panic(row.map(Expr::Value));
            }
            if let Some(conflict) = self.conflict {
                statement.on_conflict(conflict.clone());
            }
            db.execute(&statement).await?;
        }
        Ok(())
    }
}

/// The largest power of two that is not above what is left.
pub(super) fn share(left: usize) -> usize {
    1 << left.min(MOST).ilog2()
}
