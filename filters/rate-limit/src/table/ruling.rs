//! One decision about one key, by the rules of its bucket. No host.
//!
//! 1. A key that has an entry has its levels; any other has those of the rest.
//! 2. A cost that is taken stands in an entry. Where all entries are in use, `overflow` says what happens.
//! 3. `inherit`: the newcomer displaces the entry of which least is used: of the limit of which most is, counted when it
//!    was last taken from; of equal ones that which is fresh soonest. Its levels are joined into the rest, and the
//!    newcomer begins there (Space-Saving: Metwally, Agrawal, El Abbadi, 2005). Not just the one that is fresh soonest: a
//!    client that used up its window would go first, since its window began first, and would leave all newcomers a rest
//!    that is used up.
//! 4. What began as another's level ends no sooner than if it had begun with the request: a window that the key itself
//!    began is never cut short.
//! 5. A clock up to a second behind the last write stands still, and who is refused waits that much longer. Further back
//!    the request may have been overtaken, and looks again: what the clock says after the bucket was read is later than
//!    the last write, or else the clock was set back. Then all levels go with it. That is written down even where a request is refused, as is the clipping of a
//!    level that lies too far ahead: found anew by each request, neither would ever pass. Windows that went with the
//!    clock have boundaries of their own until they are over; what a newcomer inherits of a sliding window may err by a
//!    part of that window then.
//! 6. What counts as used of the rest is never taken apart: a cost is given back to an entry, or to the rest where all
//!    newcomers share it.

use std::time::Duration;

use sluicegate_common::time::Nanos;

use super::Overflow;
use super::bucket::{Bucket, Fingerprint, Held, REST, is_fresh};
use crate::admit::Charge;
use crate::quota::{Judged, Level, Standing};

/// How far clocks of workers may be apart. Further back, and the clock was set.
pub(crate) const CLOCK_ERROR: Duration = Duration::from_secs(1);

/// What is asked of a bucket.
#[derive(Clone, Copy)]
pub(super) struct Question<'a> {
    pub(super) key: Fingerprint,
    pub(super) charges: &'a [Charge<'a>],
    pub(super) overflow: Overflow,
    /// The most keys with an entry.
    pub(super) ways: usize,
    pub(super) now: Nanos,
    /// Whether what fits is taken, or only looked at.
    pub(super) take: bool,
}

/// What a bucket answers, beside what each limit says.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Ruling {
    /// Whether all limits that bind have room.
    pub fits: bool,
    /// Whether the key has no entry and there was none for it.
    pub overflowed: bool,
    /// The time by the bucket's clock.
    pub at: Nanos,
    /// Whether the bucket must be written.
    pub(super) changed: bool,
}

/// Where a key stands.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Place {
    Entry(usize),
    /// None yet, and there is room.
    Room,
    /// None, and none is free.
    NoRoom,
}

impl Place {
    fn row(self) -> usize {
        match self {
            Self::Entry(row) => row,
            Self::Room | Self::NoRoom => REST,
        }
    }
}

impl Bucket {
    /// Decides, and notes what is taken. What each limit says is pushed to `judged`.
    pub(super) fn rule(&mut self, question: &Question<'_>, judged: &mut Vec<Judged>) -> Ruling {
        let mut ruling = self.begin(question.now);
        let place = self.place(question, ruling.at);
        ruling.overflowed = place == Place::NoRoom;
        let first = judged.len();
        let lag = ruling.at.since(question.now);
        // Of a full bucket any may be displaced; which one, all levels decide.
        let rows = match place {
            Place::NoRoom => 0..self.rows().count(),
            _ => place.row()..place.row().saturating_add(1),
        };
        for (row, charge) in rows.flat_map(|row| question.charges.iter().map(move |charge| (row, charge))) {
            ruling.changed |= self.clip(row, charge, ruling.at);
        }
        for charge in question.charges {
            judged.push(match place {
                Place::NoRoom if question.overflow == Overflow::Deny => self.no_room(ruling.at),
                _ => charge.quota.judge(self.begins(place, question, charge, ruling.at).level, charge.cost, ruling.at),
            });
        }
        let new = judged.get_mut(first..).unwrap_or_default();
        let refuses =
            |(charge, judged): (&Charge<'_>, &Judged)| charge.binding && matches!(judged, Judged::Exceeds { .. });
        ruling.fits = !question.charges.iter().zip(&*new).any(refuses);
        if !(ruling.overflowed && question.overflow == Overflow::Deny) {
            ruling.changed |= self.note(question, place, &ruling, new);
        }
        new.iter_mut().for_each(|judged| delay(judged, lag));
        ruling
    }

    /// Gives back what the ruling took: where `judged` says that it fitted. Says whether that changes anything.
    ///
    /// A key that has lost its entry since gets nothing back: what others have used stands in the rest as well. If it was
    /// counted there, it does, unless refusals count: these are added up to the limit only, and cannot be taken apart.
    pub(super) fn give_back(&mut self, question: &Question<'_>, judged: &[Judged], taken: &Ruling) -> bool {
        let Ruling { at, mut changed, .. } = self.begin(question.now);
        let shared = taken.overflowed && question.overflow == Overflow::Share;
        let Some(row) = self.find(&question.key).or(shared.then_some(REST)) else { return changed };
        for (charge, judged) in question.charges.iter().zip(judged) {
            let was_taken = matches!(judged, Judged::Fits { .. }) && taken.at <= at;
            if was_taken && !(row == REST && charge.count_rejected) {
                let held = self.held(row, charge.tag).at(at);
                let level = charge.quota.give_back(held.level, charge.cost, taken.at, at);
                changed |= level != held.level;
                self.put(row, charge.tag, Held { level, ..held });
            }
        }
        changed
    }

    /// Whether it was last written so much later that the time must be read again.
    pub(super) fn is_ahead_of(&self, now: Nanos) -> bool {
        self.last.since(now) > CLOCK_ERROR
    }

    /// Brings the bucket to the present. A clock that is behind only by a little stands still; one that was set back
    /// takes all levels with it, so that nobody waits for it and nobody gains.
    fn begin(&mut self, now: Nanos) -> Ruling {
        let behind = self.last.since(now);
        let set_back = self.is_ahead_of(now);
        if set_back {
            self.last = now;
            for held in self.levels_mut() {
                held.level.until = held.level.until.minus(behind);
            }
        }
        Ruling { fits: true, overflowed: false, at: now.max(self.last), changed: set_back }
    }

    /// A level that lies further ahead than any of its limit comes from another clock, or config. It is clipped for good:
    /// done anew by each request, it would never end.
    fn clip(&mut self, row: usize, charge: &Charge<'_>, at: Nanos) -> bool {
        let held = self.held(row, charge.tag);
        let until = held.level.until.min(at.plus(charge.ceiling));
        let clipped = until != held.level.until;
        if clipped {
            self.put(row, charge.tag, Held { level: Level { until, ..held.level }, ..held });
        }
        clipped
    }

    /// What a key has used of a limit, or counts as having used.
    fn begins(&self, place: Place, question: &Question<'_>, charge: &Charge<'_>, at: Nanos) -> Held {
        let held = self.held(place.row(), charge.tag);
        if place == Place::NoRoom && question.overflow == Overflow::Inherit {
            return held.join(self.held(self.least_used(at), charge.tag), at);
        }
        held.at(at)
    }

    fn place(&self, question: &Question<'_>, at: Nanos) -> Place {
        if let Some(row) = self.find(&question.key) {
            return Place::Entry(row);
        }
        let live = self.rows().skip(1).filter(|row| !is_fresh(row, at)).count();
        if live < question.ways { Place::Room } else { Place::NoRoom }
    }

    /// What a newcomer is told where there is no room for it.
    fn no_room(&self, at: Nanos) -> Judged {
        let until = |row: &[Held]| row.iter().map(|held| held.level.until).max().unwrap_or_default();
        let free = self.rows().skip(1).map(until).min().unwrap_or_default().since(at);
        let standing = Standing { remaining: 0, more_in: free, fresh_in: free };
        Judged::Exceeds { retry_in: Some(free), standing }
    }

    /// Writes down what is taken, or counted all the same. Says whether there is anything of the kind.
    fn note(&mut self, question: &Question<'_>, place: Place, ruling: &Ruling, judged: &mut [Judged]) -> bool {
        let mut row = None;
        for (charge, judged) in question.charges.iter().zip(judged) {
            let was = match row {
                Some(row) => self.held(row, charge.tag).at(ruling.at),
                None => self.begins(place, question, charge, ruling.at),
            };
            let new = match judged {
                Judged::Fits { after, .. } if ruling.fits && question.take => *after,
                Judged::Exceeds { .. } if charge.count_rejected && (question.take || !ruling.fits) => {
                    let punished = charge.quota.punish(was.level, charge.cost, ruling.at);
                    *judged = charge.quota.judge(punished, charge.cost, ruling.at);
                    punished
                }
                _ => continue,
            };
            let is_own = matches!(place, Place::Entry(_)) && !was.inherited;
            let level = if is_own { new } else { own(new, judged, charge, ruling.at) };
            if level != new {
                tell(judged, level, charge, ruling.at);
            }
            if level == self.held(row.unwrap_or(place.row()), charge.tag).at(ruling.at).level {
                continue;
            }
            let row = match row {
                Some(row) => row,
                None => *row.insert(self.occupy(question, place, ruling.at)),
            };
            let inherited = row == REST || self.held(row, charge.tag).inherited;
            self.put(row, charge.tag, Held { level, share: share(judged, charge), inherited });
        }
        row.is_some()
    }

    /// The row in which the key's levels are to be written.
    fn occupy(&mut self, question: &Question<'_>, place: Place, at: Nanos) -> usize {
        let row = match (place, question.overflow) {
            (Place::Entry(row), _) => return row,
            (Place::NoRoom, Overflow::Share | Overflow::Deny) => return REST,
            (Place::Room, _) => self.add(question.key),
            (Place::NoRoom, Overflow::Inherit) => self.least_used(at),
        };
        self.rename(row, question.key);
        for column in 0..self.row_mut(row).len() {
            let rest = self.row_mut(REST).get(column).copied().unwrap_or_default().at(at);
            let Some(held) = self.row_mut(row).get_mut(column) else { continue };
            let rest = rest.join(*held, at);
            *held = Held { inherited: !rest.level.is_fresh(at), ..rest };
            if let Some(held) = self.row_mut(REST).get_mut(column) {
                *held = rest;
            }
        }
        row
    }

    fn least_used(&self, at: Nanos) -> usize {
        let used = |row: &[Held]| {
            let live = row.iter().map(|held| held.at(at));
            let share = live.clone().map(|held| held.share).max();
            (share, live.map(|held| held.level.until).max())
        };
        let least = self.rows().skip(1).enumerate().min_by_key(|(_, row)| used(row));
        least.map_or(REST, |(index, _)| index.saturating_add(1))
    }
}

/// The level, and no less than if the key had begun with this request. A key that is refused although it can wait has
/// begun before.
fn own(level: Level, judged: &Judged, charge: &Charge<'_>, at: Nanos) -> Level {
    let fresh = Level::default();
    match judged {
        Judged::Fits { .. } => match charge.quota.judge(fresh, charge.cost, at) {
            Judged::Fits { after, .. } => level.join(after),
            Judged::Exceeds { .. } => level,
        },
        Judged::Exceeds { retry_in: None, .. } => level.join(charge.quota.punish(fresh, charge.cost, at)),
        Judged::Exceeds { retry_in: Some(_), .. } => level,
    }
}

/// Says what holds under a level that lies higher than the one it was judged by.
fn tell(judged: &mut Judged, level: Level, charge: &Charge<'_>, at: Nanos) {
    match judged {
        Judged::Fits { after, standing, .. } => {
            *after = level;
            if let Judged::Fits { standing: left, .. } = charge.quota.judge(level, 0, at) {
                *standing = left;
            }
        }
        Judged::Exceeds { .. } => *judged = charge.quota.judge(level, charge.cost, at),
    }
}

/// How much of the limit is used now.
fn share(judged: &Judged, charge: &Charge<'_>) -> u8 {
    let Judged::Fits { standing, .. } = judged else { return Held::ALL };
    let capacity = u64::from(charge.quota.capacity());
    let used = capacity.saturating_sub(standing.remaining.into());
    let share = used.saturating_mul(Held::ALL.into()).checked_div(capacity);
    share.and_then(|share| u8::try_from(share).ok()).unwrap_or(Held::ALL)
}

/// Counts from the caller's clock what was counted from the bucket's, which is ahead by `lag`.
fn delay(judged: &mut Judged, lag: Duration) {
    let standing = match judged {
        Judged::Fits { standing, .. } => standing,
        Judged::Exceeds { retry_in, standing } => {
            *retry_in = retry_in.map(|wait| wait.saturating_add(lag));
            standing
        }
    };
    if !standing.fresh_in.is_zero() {
        standing.more_in = standing.more_in.saturating_add(lag);
        standing.fresh_in = standing.fresh_in.saturating_add(lag);
    }
}
