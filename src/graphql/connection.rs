//! Relay connections: opaque cursors, `first` and `last` from 1 to 100.

use super::error::ApiError;
use crate::store::page::{Page, Slice};
use async_graphql::SimpleObject;
use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};
use std::{fmt::Display, str::FromStr};

/// Rows when neither `first` nor `last` is given.
const DEFAULT: u64 = 20;
const MAX: i32 = 100;

/// Where a page is in its list.
#[derive(Clone, Debug, PartialEq, Eq, SimpleObject)]
pub struct PageInfo {
    /// There are more after this page.
    pub has_next_page: bool,
    /// There are more before this page.
    pub has_previous_page: bool,
    /// The cursor of the first edge; null when there is none.
    pub start_cursor: Option<String>,
    /// The cursor of the last edge; null when there is none.
    pub end_cursor: Option<String>,
}

/// The four arguments of a connection, as they came.
pub struct PageArguments {
    pub first: Option<i32>,
    pub after: Option<String>,
    pub last: Option<i32>,
    pub before: Option<String>,
}

impl PageArguments {
    /// Reads the arguments; `K` is what a cursor of this list holds.
    pub fn page<K: FromStr>(&self) -> Result<Page<K>, ApiError> {
        let limit = match (self.first, self.last) {
            (Some(_), Some(_)) => {
                return Err(ApiError::bad_input("give `first` or `last`, not both"));
            }
            (Some(n), None) | (None, Some(n)) if !(1..=MAX).contains(&n) => {
                return Err(ApiError::bad_input(format!("`first` and `last` go from 1 to {MAX}")));
            }
            (Some(n), None) | (None, Some(n)) => u64::from(n.unsigned_abs()),
            (None, None) => DEFAULT,
        };
        Ok(Page {
            after: self.after.as_deref().map(read).transpose()?,
            before: self.before.as_deref().map(read).transpose()?,
            limit,
            from_end: self.last.is_some(),
        })
    }
}

/// What a page costs: each row resolves its children once.
pub fn cost(first: Option<i32>, last: Option<i32>, child: usize) -> usize {
    let rows = first.or(last).map_or(DEFAULT as usize, |n| n.clamp(1, MAX) as usize);
    rows.saturating_mul(child.max(1)).saturating_add(1)
}

/// Writes a cursor.
pub fn cursor(key: impl Display) -> String {
    URL_SAFE_NO_PAD.encode(format!("c:{key}"))
}

fn read<K: FromStr>(cursor: &str) -> Result<K, ApiError> {
    URL_SAFE_NO_PAD
        .decode(cursor)
        .ok()
        .and_then(|bytes| String::from_utf8(bytes).ok())
        .and_then(|text| text.strip_prefix("c:")?.parse().ok())
        .ok_or_else(|| ApiError::bad_input("this is no cursor of this list"))
}

/// The page info of a slice; `key` is what a row's cursor holds.
pub fn page_info<K, R, C: Display>(
    page: &Page<K>,
    slice: &Slice<R>,
    key: impl Fn(&R) -> C,
) -> PageInfo {
    // A cursor that is given stood for a row, so there is something on its other side.
    let (forward, backward) = if page.from_end {
        (page.before.is_some(), slice.more)
    } else {
        (slice.more, page.after.is_some())
    };
    PageInfo {
        has_next_page: forward,
        has_previous_page: backward,
        start_cursor: slice.rows.first().map(|row| cursor(key(row))),
        end_cursor: slice.rows.last().map(|row| cursor(key(row))),
    }
}

/// Defines a connection and its edge over a node type, which has a `new` that takes a row. `by` is the field of the
/// row that its cursor holds.
macro_rules! connection {
    (
        $(#[$doc:meta])* $connection:ident, $edge:ident, $node:ident of $row:ty, by $key:ident
        $(, $total:ident: $ty:ty)?
    ) => {
        $(#[$doc])*
        pub struct $connection {
            rows: Vec<$row>,
            page_info: $crate::graphql::connection::PageInfo,
            $($total: $ty,)?
        }

        impl $connection {
            /// Makes the connection of a slice.
            pub fn new<K>(
                page: &$crate::store::page::Page<K>,
                slice: $crate::store::page::Slice<$row>,
                $($total: $ty,)?
            ) -> Self {
                let page_info = $crate::graphql::connection::page_info(page, &slice, |row| row.$key);
                Self { rows: slice.rows, page_info $(, $total)? }
            }
        }

        // Rows become nodes, with cursors or without, when somebody asks for them.
        $(#[$doc])*
        #[async_graphql::Object]
        impl $connection {
            /// The rows with their cursors.
            async fn edges(&self) -> Vec<$edge> {
                let edge = |row: &$row| $edge {
                    cursor: $crate::graphql::connection::cursor(row.$key),
                    node: $node::new(row.clone()),
                };
                self.rows.iter().map(edge).collect()
            }

            /// The rows.
            async fn nodes(&self) -> $crate::graphql::ready::ReadyList<$node> {
                $crate::graphql::ready::ReadyList(self.rows.iter().cloned().map($node::new).collect())
            }

            /// Where this page is in the list.
            async fn page_info(
                &self,
            ) -> $crate::graphql::ready::Ready<$crate::graphql::connection::PageInfo> {
                $crate::graphql::ready::Ready(self.page_info.clone())
            }

            $(
                /// How many rows the whole list has.
                async fn $total(&self) -> $ty {
                    self.$total
                }
            )?
        }

        /// A row and its place in the list.
        #[derive(async_graphql::SimpleObject)]
        pub struct $edge {
            /// Where this row is; give it as `after` or `before`.
            cursor: String,
            /// The row.
            node: $node,
        }
    };
}
pub(super) use connection;

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(
        first: Option<i32>,
        last: Option<i32>,
        after: Option<&str>,
        expect: Option<(u64, bool)>,
    ) {
        let arguments =
            PageArguments { first, last, after: after.map(str::to_owned), before: None };
        let page = arguments.page::<i64>();
        assert_eq!(page.ok().map(|p| (p.limit, p.from_end)), expect);
    }

    #[test]
    fn arguments() {
        check(None, None, None, Some((20, false)));
        check(Some(1), None, None, Some((1, false)));
        check(None, Some(100), None, Some((100, true)));
        check(Some(0), None, None, None);
        check(Some(101), None, None, None);
        check(Some(-1), None, None, None);
        check(Some(1), Some(1), None, None);
        check(None, None, Some(&cursor(7)), Some((20, false)));
        check(None, None, Some("seven"), None);
        check(None, None, Some(&cursor("x")), None);
    }
}
