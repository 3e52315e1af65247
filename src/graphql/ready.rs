//! Objects whose fields are there already, and lists of them.

use async_graphql::{
    ContainerType, ContextSelectionSet, OutputType, Positioned, ServerResult, Value,
    indexmap::IndexMap,
    parser::types::{Field, Selection, SelectionSet},
    registry::Registry,
};
use futures::{FutureExt, future::join_all};
use std::{borrow::Cow, pin::pin};

/// An object, most of whose fields need no waiting. The executor makes a task for each field of an
/// object, so that all can wait side by side, which costs many times what such a field does. Here
/// fields without fields of their own are resolved one after the other, and then the others side by
/// side. What asks for more than plain fields is left to the executor.
pub struct Ready<T>(pub T);

impl<T: ContainerType> OutputType for Ready<T> {
    fn type_name() -> Cow<'static, str> {
        T::type_name()
    }

    fn qualified_type_name() -> String {
        T::qualified_type_name()
    }

    fn create_type_info(registry: &mut Registry) -> String {
        T::create_type_info(registry)
    }

    async fn resolve(
        &self,
        context: &ContextSelectionSet<'_>,
        field: &Positioned<Field>,
    ) -> ServerResult<Value> {
        match plain(&context.item.node) {
            Some(fields) => Ok(object(&self.0, context, &fields).await),
            None => self.0.resolve(context, field).await,
        }
    }
}

/// A list of such objects: one after the other for as long as nothing waits, and the others side by
/// side.
pub struct ReadyList<T>(pub Vec<T>);

impl<T: ContainerType> OutputType for ReadyList<T> {
    fn type_name() -> Cow<'static, str> {
        Vec::<T>::type_name()
    }

    fn qualified_type_name() -> String {
        Vec::<T>::qualified_type_name()
    }

    fn create_type_info(registry: &mut Registry) -> String {
        Vec::<T>::create_type_info(registry)
    }

    async fn resolve(
        &self,
        context: &ContextSelectionSet<'_>,
        field: &Positioned<Field>,
    ) -> ServerResult<Value> {
        let Some(fields) = plain(&context.item.node) else {
            return self.0.resolve(context, field).await;
        };
        let mut list = Vec::with_capacity(self.0.len());
        let one = async |at| object(&self.0[at], &context.with_index(at), &fields).await;
        if fields.iter().all(|field| is_leaf(field)) {
            while list.len() < self.0.len() {
                let Some(value) = pin!(one(list.len())).now_or_never() else { break };
                list.push(value);
            }
        }
        // The first one that had to wait is asked again.
        list.extend(join_all((list.len()..self.0.len()).map(one)).await);
        Ok(Value::List(list))
    }
}

async fn object<T: ContainerType>(
    object: &T,
    context: &ContextSelectionSet<'_>,
    fields: &[&Positioned<Field>],
) -> Value {
    let value = async |field| object.resolve_field(&context.with_field(field)).await;
    let mut found: Vec<Option<ServerResult<Option<Value>>>> = Vec::with_capacity(fields.len());
    let mut others = Vec::new();
    for (at, field) in fields.iter().copied().enumerate() {
        if is_leaf(field) {
            found.push(Some(value(field).await));
        } else {
            found.push(None);
            others.push(async move { (at, value(field).await) });
        }
    }
    for (at, value) in join_all(others).await {
        found[at] = Some(value);
    }
    let mut resolved = IndexMap::with_capacity(fields.len());
    for (field, value) in fields.iter().zip(found.into_iter().flatten()) {
        match value {
            Ok(value) => {
                let key = field.node.response_key().node.clone();
                resolved.entry(key).or_insert(value.unwrap_or_default());
            }
            Err(error) => context.add_error(error),
        }
    }
    if resolved.is_empty() { Value::Null } else { Value::Object(resolved) }
}

/// The fields of a selection, when they are plain: no fragments, no directives, and nothing that would
/// have to be merged.
fn plain(selection: &SelectionSet) -> Option<Vec<&Positioned<Field>>> {
    let mut fields: Vec<&Positioned<Field>> = Vec::with_capacity(selection.items.len());
    for part in &selection.items {
        let Selection::Field(field) = &part.node else { return None };
        let key = &field.node.response_key().node;
        // What two leaves of one key have is the same.
        let merged =
            !is_leaf(field) && fields.iter().any(|other| other.node.response_key().node == *key);
        if merged || !field.node.directives.is_empty() || field.node.name.node.starts_with("__") {
            return None;
        }
        fields.push(field);
    }
    Some(fields)
}

fn is_leaf(field: &Positioned<Field>) -> bool {
    field.node.selection_set.node.items.is_empty()
}

#[cfg(test)]
mod tests {
    use super::*;
    use async_graphql::{EmptyMutation, EmptySubscription, Object, Schema, SimpleObject};

    #[derive(SimpleObject, Clone)]
    struct Point {
        x: i32,
        y: i32,
        next: Option<Box<Point>>,
    }

    struct Refusing;

    /// Something of which a field waits and another fails.
    #[Object]
    impl Refusing {
        async fn good(&self) -> i32 {
            1
        }

        async fn slow(&self) -> i32 {
            tokio::task::yield_now().await;
            2
        }

        async fn bad(&self) -> async_graphql::Result<Option<i32>> {
            Err("refused".into())
        }
    }

    fn point() -> Point {
        Point { x: 1, y: 2, next: Some(Box::new(Point { x: 3, y: 4, next: None })) }
    }

    struct Query;

    #[Object]
    impl Query {
        async fn tasks(&self) -> Vec<Point> {
            vec![point(), point()]
        }

        async fn ready(&self) -> Vec<Ready<Point>> {
            vec![Ready(point()), Ready(point())]
        }

        async fn list(&self) -> ReadyList<Point> {
            ReadyList(vec![point(), point()])
        }

        async fn refusing_tasks(&self) -> Vec<Refusing> {
            vec![Refusing, Refusing]
        }

        async fn refusing_ready(&self) -> Vec<Ready<Refusing>> {
            vec![Ready(Refusing), Ready(Refusing)]
        }

        async fn refusing_list(&self) -> ReadyList<Refusing> {
            ReadyList(vec![Refusing, Refusing])
        }
    }

    async fn same(tasks: &str, ready: &str, fields: &str) {
        let schema = Schema::new(Query, EmptyMutation, EmptySubscription);
        let ask = async |root: &str| {
            let query = format!(
                "query($no: Boolean! = false) {{ it: {root} {fields} }} \
                 fragment P on Point {{ y next {{ x }} }}"
            );
            let response = schema.execute(query).await;
            let mut text = serde_json::to_string(&response).expect("JSON");
            // Columns differ with the length of the name.
            while let Some(at) = text.find("\"column\":") {
                let end = at + text[at..].find('}').expect("an end");
                text.replace_range(at..end, "");
            }
            text
        };
        assert_eq!(ask(ready).await, ask(tasks).await, "{fields}");
    }

    #[tokio::test]
    async fn answers_what_the_executor_does() {
        for fields in [
            "{ x }",
            "{ y x }",
            "{ x x a: x }",
            "{ __typename x }",
            "{ x next { y next { x } } }",
            "{ next { x } y other: next { y } x }",
            "{ next { x } x next { y } }",
            "{ x ...P }",
            "{ ... on Point { x } y }",
            "{ x @include(if: $no) y @skip(if: $no) }",
        ] {
            same("tasks", "ready", fields).await;
            same("tasks", "list", fields).await;
        }
        for fields in ["{ good }", "{ good slow }", "{ slow bad }", "{ bad }"] {
            same("refusingTasks", "refusingReady", fields).await;
            same("refusingTasks", "refusingList", fields).await;
        }
    }
}
