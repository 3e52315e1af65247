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

/// The page info of a slice whose cursors are known.
pub fn page_info<K, T>(page: &Page<K>, slice: &Slice<T>, cursors: &[String]) -> PageInfo {
    // A cursor that is given stood for a row, so there is something on its other side.
    let (forward, backward) = if page.from_end {
        (page.before.is_some(), slice.more)
    } else {
        (slice.more, page.after.is_some())
    };
    PageInfo {
        has_next_page: forward,
        has_previous_page: backward,
        start_cursor: cursors.first().cloned(),
        end_cursor: cursors.last().cloned(),
    }
}

/// Defines a connection and its edge over a node type.
macro_rules! connection {
    ($(#[$doc:meta])* $connection:ident, $edge:ident, $node:ty $(, $total:ident: $ty:ty)?) => {
        $(#[$doc])*
        #[derive(async_graphql::SimpleObject)]
        pub struct $connection {
            /// The rows with their cursors.
            edges: Vec<$edge>,
            /// The rows.
            nodes: $crate::graphql::ready::ReadyList<$node>,
            /// Where this page is in the list.
            page_info: $crate::graphql::ready::Ready<$crate::graphql::connection::PageInfo>,
            $(
                /// How many rows the whole list has.
                $total: $ty,
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

        impl $connection {
            /// Makes the connection of a slice; `key` is what a row's cursor holds.
            pub fn new<K, R: Clone, C: std::fmt::Display>(
                page: &$crate::store::page::Page<K>,
                slice: $crate::store::page::Slice<R>,
                key: impl Fn(&R) -> C,
                node: impl Fn(R) -> $node,
                $($total: $ty,)?
            ) -> Self {
                let cursors: Vec<String> =
                    slice.rows.iter().map(|row| $crate::graphql::connection::cursor(key(row))).collect();
                let page_info = $crate::graphql::connection::page_info(page, &slice, &cursors);
                let page_info = $crate::graphql::ready::Ready(page_info);
                let nodes = slice.rows.iter().cloned().map(&node).collect();
                let nodes = $crate::graphql::ready::ReadyList(nodes);
                let edges = slice
                    .rows
                    .into_iter()
                    .zip(cursors)
                    .map(|(row, cursor)| $edge { cursor, node: node(row) })
                    .collect();
                Self { edges, nodes, page_info $(, $total)? }
            }
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
