//! Work that is kept item by item, in whatever keeps it: the one loop of grids, tables and databases.
//!
//! What is done already is looked up, what is left is made, and all of it is delivered. Where delivering finds that what was kept is
//! damaged, that is taken out of what counts and made again.

use crate::error::Result;

/// Times that damaged items are made again before the disk is given up.
const MENDINGS: usize = 5;

/// A kind of work.
pub(super) trait Work {
    /// What is known of the items: those that are done and count, and those that are left.
    type State;
    /// What becomes of a damaged item.
    type Damage;
    /// What is there when all is delivered.
    type Done;

    /// Whether items are left that this process has to make.
    fn is_left(&self, state: &Self::State) -> bool;

    /// Tells how far the work is. `round` counts from 0.
    fn tell(&self, state: &Self::State, round: usize);

    /// Refuses to go on where others have left work to do, and where a stop is requested.
    fn check(&self, state: &Self::State, round: usize) -> Result<()>;

    /// Makes the items that are left, and looks up what is done then.
    fn make(&self, state: Self::State) -> Result<Self::State>;

    /// Delivers what is done.
    fn deliver(&self, state: &Self::State) -> Result<Delivery<Self::Done, Self::Damage>>;

    /// Takes what is damaged out of what counts.
    fn mend(&self, state: Self::State, damage: Self::Damage) -> Result<Self::State>;

    /// That damage comes back again and again.
    fn unsound(&self) -> crate::Error;
}

/// How delivering ended.
pub(super) enum Delivery<T, D> {
    /// All is there.
    Done(T),
    /// This is not what was kept.
    Damaged(D),
}

/// Does work to its end, from what was found of it. Returns what became of it, and what was known of its items then.
///
/// # Errors
/// Those of the work; [`Work::unsound`] where damage does not end.
pub(super) fn drive<W: Work>(work: &W, mut state: W::State) -> Result<(W::Done, W::State)> {
    work.check(&state, 0)?;
    for round in 0..MENDINGS {
        work.tell(&state, round);
        // What is left after the first round is damaged, and made again by whoever finds that.
        if work.is_left(&state) {
            state = work.make(state)?;
            work.check(&state, round + 1)?;
        }
        state = match work.deliver(&state)? {
            Delivery::Done(done) => return Ok((done, state)),
            Delivery::Damaged(damage) => work.mend(state, damage)?,
        };
    }
    Err(work.unsound())
}
