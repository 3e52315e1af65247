//! Who writes an upload in this process: the newest request, or the import into it. A client whose connection is dead
//! comes back before the server knows, and must find its place free.

use entity::ids::UploadId;
use std::{
    collections::HashMap,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
};
use tokio::sync::OwnedMutexGuard;
use tokio_util::sync::CancellationToken;

/// The seats of all uploads that are being written.
#[derive(Clone, Default)]
pub(super) struct Writers(Arc<Mutex<HashMap<UploadId, Place>>>);

struct Place {
    /// Cancelled by whoever comes next.
    newest: CancellationToken,
    seat: Arc<tokio::sync::Mutex<()>>,
    /// Those who sit there or wait for it.
    here: usize,
}

/// The one seat of an upload, until it is dropped.
pub(super) struct Seat {
    asked: CancellationToken,
    _seat: OwnedMutexGuard<()>,
    _here: Here,
}

/// Counts somebody as one of those who are here.
struct Here(Writers, UploadId);

impl Writers {
    fn places(&self) -> MutexGuard<'_, HashMap<UploadId, Place>> {
        // A map of tokens is whole after any panic.
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Asks whoever has the seat to leave it, and waits until they have; `None` when somebody newer came meanwhile.
    pub(super) async fn take(&self, id: UploadId) -> Option<Seat> {
        let asked = CancellationToken::new();
        let (seat, here) = {
            let mut places = self.places();
            let place = places.entry(id).or_insert_with(|| Place {
                newest: CancellationToken::new(),
                seat: Arc::default(),
                here: 0,
            });
            std::mem::replace(&mut place.newest, asked.clone()).cancel();
            place.here += 1;
            (Arc::clone(&place.seat), Here(self.clone(), id))
        };
        let seat = seat.lock_owned().await;
        (!asked.is_cancelled()).then_some(Seat { asked, _seat: seat, _here: here })
    }
}

impl Seat {
    /// Waits until somebody newer wants it.
    pub(super) async fn asked(&self) {
        self.asked.cancelled().await;
    }
}

impl Drop for Here {
    fn drop(&mut self) {
        let mut places = self.0.places();
        if let Some(place) = places.get_mut(&self.1) {
            place.here -= 1;
            if place.here == 0 {
                places.remove(&self.1);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use futures::FutureExt;

    #[tokio::test]
    async fn the_newest_sits() {
        let writers = Writers::default();
        let id = UploadId::new();
        let first = writers.take(id).await.expect("it is free");
        assert!(first.asked().now_or_never().is_none());
        // Others are nobody's business.
        drop(writers.take(UploadId::new()).await.expect("another upload"));
        let mut second = std::pin::pin!(writers.take(id));
        assert!(second.as_mut().now_or_never().is_none(), "the first one sits there still");
        first.asked().now_or_never().expect("it is asked to leave");
        let mut third = std::pin::pin!(writers.take(id));
        assert!(third.as_mut().now_or_never().is_none());
        drop(first);
        assert!(second.await.is_none(), "somebody newer waits");
        let third = third.await.expect("its turn");
        assert!(third.asked().now_or_never().is_none());
        drop(third);
        assert!(writers.places().is_empty(), "nothing is remembered");
    }
}
