//! Append and follow: the order of steps by which a follower misses nothing and never sleeps over
//! something that is there.
//!
//! A writer commits, then wakes. A follower follows, then reads; before each read it marks what it has
//! heard, so that an append during the read wakes the next wait. Nothing else of the log relies on an
//! order between tasks. `tests/append_and_follow.rs` runs these very lines under a model checker, in
//! every order that threads can take.

/// The hearing end of wakes.
pub trait Wake {
    /// Takes in what was said until now; only what is said later wakes. Answers the last sequence
    /// that was said, and 0 where none was since the first follower came.
    fn mark(&mut self) -> i64;

    /// Waits until something is said after the mark.
    fn changed(&mut self) -> impl Future<Output = Result<(), Closed>> + Send;
}

/// Nobody will ever say anything again.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Closed;

/// Commits, then wakes.
///
/// *Errors*: nothing is committed, and nobody is woken.
pub async fn append<T, E>(
    commit: impl Future<Output = Result<T, E>>,
    wake: impl FnOnce(&T),
) -> Result<T, E> {
    let written = commit.await?;
    wake(&written);
    Ok(written)
}

/// One who reads what is appended, as it is appended.
pub struct Follower<W> {
    wake: W,
}

impl<W: Wake> Follower<W> {
    /// Follows. Whatever is read after this is either there or will wake.
    pub fn new(follow: impl FnOnce() -> W) -> Self {
        Self { wake: follow() }
    }

    /// What was appended after a sequence as far as was said; marks it as heard.
    pub fn news(&mut self, after: i64) -> News {
        match self.wake.mark() {
            0 => News::Unknown,
            last if last > after => News::Until(last),
            _ => News::Nothing,
        }
    }

    /// Waits for more than was there at the last [`Self::news`].
    pub async fn changed(&mut self) -> Result<(), Closed> {
        self.wake.changed().await
    }
}

/// What a follower knows of the log beyond its place without reading it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum News {
    /// Nothing was said yet: only reading tells.
    Unknown,
    /// Nothing is there beyond the place.
    Nothing,
    /// At least this sequence is there.
    Until(i64),
}
