//! Pages of a list: a part after or before a key, never an offset.

use sea_orm::{
    ColumnTrait, ConnectionTrait, DbErr, EntityTrait, FromQueryResult, Order, QueryFilter,
    QueryOrder, QuerySelect, Select, Value,
};

/// Which part of a list is wanted, in the list's own order.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
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

/// Reads one page of a select that has no order yet. `order` is that of the list.
pub(super) async fn read<E, M, K>(
    db: &impl ConnectionTrait,
    mut select: Select<E>,
    key: E::Column,
    order: Order,
    page: Page<K>,
) -> Result<Slice<M>, DbErr>
where
    E: EntityTrait<Model = M>,
    M: FromQueryResult + Send + Sync,
    K: Into<Value>,
{
    let rising = order == Order::Asc;
    if let Some(after) = page.after {
        select = select.filter(if rising { key.gt(after) } else { key.lt(after) });
    }
    if let Some(before) = page.before {
        select = select.filter(if rising { key.lt(before) } else { key.gt(before) });
    }
    let order = if rising == page.from_end { Order::Desc } else { Order::Asc };
    let mut rows = select.order_by(key, order).limit(page.limit + 1).all(db).await?;
    let more = rows.len() as u64 > page.limit;
    rows.truncate(page.limit as usize);
    if page.from_end {
        rows.reverse();
    }
    Ok(Slice { rows, more })
}
