//! Pages of a list: a part after or before a key, never an offset.

use sea_orm::{
    ColumnTrait, ConnectionTrait, DbErr, EntityTrait, FromQueryResult, Order, QueryFilter,
    QueryOrder, QuerySelect, QueryTrait, Select, Value,
    sea_query::{Asterisk, Query, SelectStatement, UnionType},
};
use std::{collections::HashMap, hash::Hash};

/// Pages of one statement; a database has a bound for those.
const TOGETHER: usize = 100;

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
    E: EntityTrait<Model = M>,
    M: FromQueryResult + Send + Sync,
    K: Into<Value>,
{
    let limit = page.limit;
    let from_end = page.from_end;
    let rows = part(select, key, order, page).all(db).await?;
    Ok(slice(rows, limit, from_end))
}

/// Reads the same page of the lists of several parents, with one statement for all of them. Each
/// list costs what of it is shown; those without rows are left out.
pub(super) async fn read_each<E, M, K, P>(
    db: &impl ConnectionTrait,
    parents: &[P],
    list: impl Fn(&P) -> Select<E>,
    parent: impl Fn(&M) -> P,
    (key, order): (E::Column, Order),
    page: Page<K>,
) -> Result<HashMap<P, Slice<M>>, DbErr>
where
    E: EntityTrait<Model = M>,
    M: FromQueryResult + Send + Sync,
    K: Into<Value> + Copy,
    P: Eq + Hash,
{
    let mut lists: HashMap<P, Vec<M>> = HashMap::new();
    for parents in parents.chunks(TOGETHER) {
        let each = |of: &P| inner(part(list(of), key, order.clone(), page).into_query());
        let mut parts = parents.iter().map(each);
        let Some(mut all) = parts.next() else { break };
        all.unions(parts.map(|part| (UnionType::All, part)));
        // The parts may come in any order, and each of them in any.
        all.order_by(key, direction(&order, page.from_end));
        let rows = M::find_by_statement(db.get_database_backend().build(&all)).all(db).await?;
        for row in rows {
            lists.entry(parent(&row)).or_default().push(row);
        }
    }
    let cut = |(of, rows)| (of, slice(rows, page.limit, page.from_end));
    Ok(lists.into_iter().map(cut).collect())
}

/// A part of a union may only have an order and a limit inside.
fn inner(part: SelectStatement) -> SelectStatement {
    Query::select().column(Asterisk).from_subquery(part, "part").to_owned()
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
