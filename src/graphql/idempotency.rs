//! Mutations that are asked twice and done once.

use super::{
    context::{Api, Caller},
    error::{ApiError, Failure, UserError},
    vocab::UserErrorCode,
};
use crate::store::idempotency::{self, Claim, Keyed};
use async_graphql::{InputType, Value};
use chrono::Utc;
use sha2::{Digest, Sha256};
use std::future::Future;
use uuid::Uuid;

const MAX_KEY: usize = 200;

/// Does `work` once per key, and answers what the first call came to.
///
/// The work is finished even when its caller goes away: a retry with the key finds the result.
/// `work` is given the id of what it is to make, if it makes anything that has one: the same id as long
/// as the key is held, so that a server that comes after a crash knows whether it was made. It answers
/// what has to be kept to build the payload again; a failure keeps nothing, so that the same key may
/// try again.
pub async fn once<W, F>(
    api: &Api,
    caller: &Caller,
    operation: &'static str,
    key: Option<String>,
    input: &impl InputType,
    work: W,
) -> Result<String, Failure>
where
    W: FnOnce(Uuid) -> F,
    F: Future<Output = Result<String, Failure>> + Send + 'static,
{
    let Some(key) = key else {
        return finished(tokio::spawn(work(Uuid::now_v7())).await);
    };
    if key.is_empty() || key.len() > MAX_KEY {
        let message = format!("an idempotency key has 1 to {MAX_KEY} bytes");
        return Err(UserError::invalid(&["idempotencyKey"], message).into());
    }
    let keyed = Keyed {
        principal: &caller.principal,
        key: &key,
        operation,
        input_digest: digest(&input.to_value()),
    };
    match idempotency::claim(&api.store, &keyed, Utc::now()).await? {
        Claim::Earlier { same: false, .. } => Err(UserError::new(
            UserErrorCode::IdempotencyMismatch,
            &["idempotencyKey"],
            "this idempotency key was used with another input; take a new one",
        )
        .into()),
        Claim::Earlier { same: true, result: Some(result) } => Ok(result),
        Claim::Earlier { same: true, result: None } => Err(UserError::new(
            UserErrorCode::Conflict,
            &["idempotencyKey"],
            "the first call with this idempotency key is still at work; ask again in a moment",
        )
        .into()),
        Claim::Mine(id) => {
            let work = work(id);
            let (store, principal, input_digest) =
                (api.store.clone(), caller.principal.clone(), keyed.input_digest);
            let worked = tokio::spawn(async move {
                let keyed = Keyed { principal: &principal, key: &key, operation, input_digest };
                // A panic must give the key back too, so the work has a task of its own.
                let worked = finished(tokio::spawn(work).await);
                match &worked {
                    Ok(result) => idempotency::finish(store.write(), &keyed, result).await?,
                    Err(_) => idempotency::forget(store.write(), &keyed).await?,
                }
                worked
            });
            finished(worked.await)
        }
    }
}

fn finished(
    joined: Result<Result<String, Failure>, tokio::task::JoinError>,
) -> Result<String, Failure> {
    joined.unwrap_or_else(|error| Err(ApiError::internal(&error).into()))
}

/// A digest of the input without its key. The input's fields come in the order of its type.
fn digest(input: &Value) -> String {
    let mut input = input.clone();
    if let Value::Object(fields) = &mut input {
        fields.shift_remove("idempotencyKey");
    }
    let digest = Sha256::digest(input.to_string().as_bytes());
    digest.iter().map(|byte| format!("{byte:02x}")).collect()
}
