//! `experiments`.

use super::StoreError;
use entity::{experiments, ids::ExperimentId};
use sea_orm::{ConnectionTrait, EntityTrait};

/// One experiment.
pub async fn find(
    db: &impl ConnectionTrait,
    id: ExperimentId,
) -> Result<Option<experiments::Model>, StoreError> {
    Ok(experiments::Entity::find_by_id(id).one(db).await?)
}
