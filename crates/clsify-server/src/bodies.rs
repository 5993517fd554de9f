//! The memory for bodies of requests: one budget for all of them, from their arrival until their texts are tokenized.
//!
//! The first bytes of a body are free, so that large requests never keep small ones out. A body takes its share as its
//! bytes arrive, whatever length its head announces: a client that sends nothing holds nothing. If the budget is spent,
//! the next body is refused, except that a body which has been arriving for too long is given up for it.

use std::collections::BTreeMap;
use std::future::pending;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use tokio::sync::Notify;

/// The bytes of each body that are free. All connections together have at most as many times this.
const FREE_BYTES: usize = 16_384;

/// The budget is that of so many bodies of the largest size.
const LARGEST_BODIES: usize = 32;

/// The time after which a body that is still arriving is given up if others need its share.
const ARRIVAL: Duration = Duration::from_secs(5);

/// The shares of bodies that have more than the free bytes, the oldest first.
#[derive(Debug)]
struct Shares {
    left: usize,
    n_begun: u64,
    held: BTreeMap<u64, Share>,
}

#[derive(Debug)]
struct Share {
    n_bytes: usize,
    began: Instant,
    is_arriving: bool,
    give_up: Arc<Notify>,
}

/// The budget.
#[derive(Debug)]
pub(crate) struct Bodies {
    shares: Mutex<Shares>,
    arrival: Duration,
}

/// What one body holds of the budget; dropping it gives the share back.
#[derive(Debug)]
pub(crate) struct Held {
    bodies: Arc<Bodies>,
    began: Instant,
    /// The number of its share, and the sign to give up; `None` while it has only free bytes.
    share: Option<(u64, Arc<Notify>)>,
}

impl Bodies {
    pub(crate) fn new(largest_bytes: usize) -> Self {
        Bodies::of(largest_bytes.saturating_mul(LARGEST_BODIES), ARRIVAL)
    }

    fn of(left: usize, arrival: Duration) -> Self {
        Bodies { shares: Mutex::new(Shares { left, n_begun: 0, held: BTreeMap::new() }), arrival }
    }

    fn lock(&self) -> MutexGuard<'_, Shares> {
        self.shares.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// A body that begins to arrive.
    pub(crate) fn begin(self: &Arc<Self>) -> Held {
        Held { bodies: self.clone(), began: Instant::now(), share: None }
    }
}

impl Held {
    /// Takes the share of a body that needs so many bytes of memory; false if the budget has not enough left, or if the
    /// body was given up.
    pub(crate) fn grow(&mut self, n_bytes: usize) -> bool {
        let needed = n_bytes.saturating_sub(FREE_BYTES);
        if needed == 0 {
            return true;
        }
        let mut shares = self.bodies.lock();
        let id = match &self.share {
            Some((id, _)) => *id,
            None => {
                shares.n_begun += 1;
                let (id, give_up) = (shares.n_begun, Arc::<Notify>::default());
                self.share = Some((id, give_up.clone()));
                let share = Share { n_bytes: 0, began: self.began, is_arriving: true, give_up };
                shares.held.insert(id, share);
                id
            }
        };
        let Some(own) = shares.held.get(&id).map(|share| share.n_bytes) else { return false };
        let more = needed.saturating_sub(own);
        while shares.left < more {
            let is_late = |share: &Share| share.is_arriving && share.began.elapsed() >= self.bodies.arrival;
            let late = shares.held.iter().find(|(other, share)| **other != id && is_late(share));
            let Some(late) = late.map(|(&late, _)| late) else { return false };
            if let Some(share) = shares.held.remove(&late) {
                shares.left += share.n_bytes;
                share.give_up.notify_one();
            }
        }
        shares.left -= more;
        if let Some(share) = shares.held.get_mut(&id) {
            share.n_bytes += more;
        }
        true
    }

    /// Waits until the body is given up for others.
    pub(crate) async fn given_up(&self) {
        match &self.share {
            Some((_, give_up)) => give_up.notified().await,
            None => pending().await,
        }
    }

    /// The whole body is there: it is not given up any more.
    pub(crate) fn arrived(&self) {
        if let Some((id, _)) = &self.share
            && let Some(share) = self.bodies.lock().held.get_mut(id)
        {
            share.is_arriving = false;
        }
    }

    /// Gives the share back.
    pub(crate) fn release(&mut self) {
        if let Some((id, _)) = self.share.take() {
            let mut shares = self.bodies.lock();
            let n_bytes = shares.held.remove(&id).map_or(0, |share| share.n_bytes);
            shares.left += n_bytes;
        }
    }
}

impl Drop for Held {
    fn drop(&mut self) {
        self.release();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const BYTES: usize = FREE_BYTES + 100;

    #[test]
    fn small_bodies_are_free_and_others_share_the_budget() {
        let bodies = Arc::new(Bodies::of(250, Duration::from_secs(3600)));
        let (mut first, mut second, mut third) = (bodies.begin(), bodies.begin(), bodies.begin());
        assert!(first.grow(BYTES) && second.grow(BYTES));
        assert!(first.grow(BYTES), "a share that it has");
        assert!(!third.grow(BYTES) && third.grow(FREE_BYTES));
        assert!(third.grow(FREE_BYTES + 50), "all that is left");
        drop(second);
        assert!(third.grow(BYTES + 50));
        assert!(!first.grow(BYTES + 1));
        drop((first, third));
        assert_eq!(bodies.lock().left, 250);
        assert!(bodies.lock().held.is_empty());
    }

    #[test]
    fn a_late_body_is_given_up_for_others_and_one_that_has_arrived_is_not() {
        let bodies = Arc::new(Bodies::of(200, Duration::ZERO));
        let (mut arrived, mut late, mut next) = (bodies.begin(), bodies.begin(), bodies.begin());
        assert!(arrived.grow(BYTES) && late.grow(BYTES));
        arrived.arrived();
        assert!(next.grow(BYTES));
        assert!(!late.grow(BYTES + 1), "its share is gone");
        next.arrived();
        assert!(!bodies.begin().grow(BYTES));
        drop((arrived, late));
        assert_eq!(bodies.lock().left, 100);
        drop(next);
        assert_eq!(bodies.lock().left, 200);
    }
}
