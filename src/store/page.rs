//! Pages of a list: a part after or before a key, never an offset.

use sea_orm::{
    ColumnTrait, ConnectionTrait, DbBackend, DbErr, EntityTrait, ExprTrait, FromQueryResult,
    JoinType, Order, QueryFilter, QueryOrder, QuerySelect, QueryTrait, Select, Value,
    sea_query::{Asterisk, Expr, Query},
};
use std::{collections::HashMap, hash::Hash};

/// The name of a parent's rows in a statement.
const PART: &str = "part";

/// Which part of a list is wanted, in the list's own order.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Page<K> {
    pub after: Option<K>,
    pub before: Option<K>,
    pub limit: u64,
    /// The last `limit` instead of the first.
    pub from_end: bool,
}

/// A part of a list, in the list's own order.
#[derive(Clone, Debug, PartialEq)]
pub struct Slice<T> {
    pub rows: Vec<T>,
    /// There are more beyond the end that the page grows towards.
    pub more: bool,
}

impl<T: Clone> Slice<T> {
    /// What it had been, had fewer rows been wanted.
    pub fn shortened(&self, limit: u64, from_end: bool) -> Self {
        let left_out = self.rows.len().saturating_sub(limit as usize);
        let kept = if from_end {
            &self.rows[left_out..]
        } else {
            &self.rows[..self.rows.len() - left_out]
        };
        Self { rows: kept.to_vec(), more: self.more || left_out > 0 }
    }
}

impl<T> Default for Slice<T> {
    /// That of an empty list.
    fn default() -> Self {
        Self { rows: Vec::new(), more: false }
    }
}

/// Reads one page of a select that has no order yet. `order` is that of the list.
pub(super) async fn read<E, M, K>(
    db: &impl ConnectionTrait,
    select: Select<E>,
    key: E::Column,
    order: Order,
    page: Page<K>,
) -> Result<Slice<M>, DbErr>
where
    E: EntityTrait,
    M: FromQueryResult + Send + Sync,
    K: Into<Value>,
{
    let limit = page.limit;
    let from_end = page.from_end;
    let rows = part(select, key, order, page).into_model().all(db).await?;
    Ok(slice(rows, limit, from_end))
}

/// The lists of several parents.
pub(super) struct Lists<'a, O: EntityTrait, E: EntityTrait, P> {
    /// The parents' own key, and which of them are asked for.
    pub parents: (O::Column, &'a [P]),
    /// All lists, as one select that has no order yet.
    pub rows: Select<E>,
    /// The column that names a row's parent.
    pub of: E::Column,
    pub by: (E::Column, Order),
}

/// Reads the same page of the lists of several parents, with one statement for all of them. Each
/// list costs what of it is shown; those without rows are left out.
pub(super) async fn read_each<O, E, M, K, P>(
    db: &impl ConnectionTrait,
    lists: Lists<'_, O, E, P>,
    parent: impl Fn(&M) -> P,
    page: Page<K>,
) -> Result<HashMap<P, Slice<M>>, DbErr>
where
    O: EntityTrait,
    E: EntityTrait<Model = M>,
    M: FromQueryResult + Send + Sync,
    K: Into<Value> + Copy,
    P: Into<Value> + Copy + Eq + Hash,
{
    let (parents, asked) = lists.parents;
    let (key, order) = lists.by;
    let of = Expr::col(lists.of.as_column_ref()).equals(parents.as_column_ref());
    let page_of_one = part(lists.rows.filter(of), key, order.clone(), page);
    let backend = db.get_database_backend();
    let mut all = match backend {
        // Goes through the parents and looks up the rows of each, by their keys.
        DbBackend::Sqlite => {
            let keys = page_of_one.select_only().column(key).into_query();
            let mut all = E::find().into_query();
            all.join(JoinType::InnerJoin, O::default().table_ref(), key.in_subquery(keys));
            all.order_by(key.as_column_ref(), direction(&order, page.from_end));
            all
        }
        _ => {
            let mut all = Query::select();
            all.column((PART, Asterisk)).from(O::default().table_ref());
            all.join_lateral(JoinType::InnerJoin, page_of_one.into_query(), PART, Expr::val(true));
            all.order_by((PART, key), direction(&order, page.from_end));
            all
        }
    };
    all.and_where(parents.is_in(asked.iter().copied()));
    let mut found: HashMap<P, Vec<M>> = HashMap::new();
    for row in M::find_by_statement(backend.build(&all)).all(db).await? {
        found.entry(parent(&row)).or_default().push(row);
    }
    let cut = |(of, rows)| (of, slice(rows, page.limit, page.from_end));
    Ok(found.into_iter().map(cut).collect())
}

/// The rows of a page and one more, from the end that it grows away from.
fn part<E, K>(mut select: Select<E>, key: E::Column, order: Order, page: Page<K>) -> Select<E>
where
    E: EntityTrait,
    K: Into<Value>,
{
    let rising = order == Order::Asc;
    if let Some(after) = page.after {
        select = select.filter(if rising { key.gt(after) } else { key.lt(after) });
    }
    if let Some(before) = page.before {
        select = select.filter(if rising { key.lt(before) } else { key.gt(before) });
    }
    select.order_by(key, direction(&order, page.from_end)).limit(page.limit + 1)
}

fn direction(order: &Order, from_end: bool) -> Order {
    if (*order == Order::Asc) == from_end { Order::Desc } else { Order::Asc }
}

fn slice<T>(mut rows: Vec<T>, limit: u64, from_end: bool) -> Slice<T> {
    let more = rows.len() as u64 > limit;
    rows.truncate(limit as usize);
    if from_end {
        rows.reverse();
    }
    Slice { rows, more }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(from_end: bool, all: u64, long: u64, short: u64) {
        let read = |limit: u64| {
            let mut rows: Vec<u64> = (0..all).collect();
            if from_end {
                rows.reverse();
            }
            rows.truncate(limit as usize + 1);
            slice(rows, limit, from_end)
        };
        assert_eq!(read(long).shortened(short, from_end), read(short));
    }

    #[test]
    fn a_shorter_page_is_a_part_of_a_longer_one() {
        for from_end in [false, true] {
            for all in 0..5 {
                for long in 0..5 {
                    (0..=long).for_each(|short| check(from_end, all, long, short));
                }
            }
        }
    }
}
