//! Two executions of one session at once: they share files, and nothing else.

use super::{World, both, contained, ended, said, scripts::*, spec};
use crate::support::*;
use std::sync::Arc;
use trainable::sandbox::Ending;

pub(super) async fn all(world: Arc<World>) {
    const SESSION: &str = "sessions/one";
    for script in [VICTIM, ATTACKER] {
        world.save(SESSION, &script).await;
    }
    let sandbox = start(world.provider(), session(SESSION), small()).await;
    let (victim, attacker) =
        both(&*sandbox, spec(&VICTIM, None, MINUTE), spec(&ATTACKER, None, MINUTE)).await;
    ended(&attacker, Ending::Code(0));
    contained(&said(&attacker), 6);
    ended(&victim, Ending::Code(0));
    contained(&said(&victim), 4);
    drop(sandbox);
    world.forget(SESSION).await;
}
