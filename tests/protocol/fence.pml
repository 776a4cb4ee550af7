/* Two control planes and a worker: leases, epochs, take-over, heartbeats and sweeps, by clocks that
 * are off and drift. The journal is one order of operations here, as commit.pml shows it to be: an
 * operation is decided and recorded in one step. What a plane knows is as old as it likes.
 *
 * What is checked, at every step of every run:
 *   - an epoch is given once, and an operation of a lease takes effect for the holder of the latest
 *     alone, whatever was sent before;
 *   - nobody takes a worker over that changed hands since he looked;
 *   - an orphan is retired only if its owner is not live and has done nothing since it was listed;
 *   - a plane whose heartbeats are on time is never expired, as long as clocks are off by no more
 *     than SKEW, and the limit is what it must be: no less than the time between two heartbeats and
 *     twice that.
 *
 * README.md says which line of the code each step stands for.
 */

#ifndef TICKS
#define TICKS 7
#endif
#ifndef EPOCHS
#define EPOCHS 4
#endif

#define SKEW 1
#define BEAT 1 /* ticks between two heartbeats of a plane that is well, at most */
#ifdef LIMIT_TOO_SHORT
#define LIMIT (BEAT + 2 * SKEW - 1)
#else
#define LIMIT (BEAT + 2 * SKEW)
#endif
#define GRACE 1
#define PLANES 2
#define NOBODY 9

/* --- the journal's world */
byte at;                /* time of the last event; never goes back */
byte owner, epoch = 1;  /* of the worker; plane 0 has spawned it */
bool serving = 1;
byte heard_at[PLANES], expired_at[PLANES];
bool live[PLANES];

/* --- clocks */
byte now = SKEW, clock[PLANES];
byte silent[PLANES]; /* true ticks since its last heartbeat; no more than BEAT + 1 */

/* --- what each plane believes */
byte lease[PLANES];  /* the epoch that it holds; 0: none */
byte sent[PLANES];   /* an operation that is on its way, and its lease */
byte saw[PLANES];    /* an epoch that it may take over */
bool took[PLANES];   /* is it still so? never seen by a plane */
byte listed[PLANES] = NOBODY; /* the owner of the orphan in a snapshot that it took */
byte listed_epoch[PLANES];
bool moved_on[PLANES]; /* the record's version is another since */

/* --- what is true */
byte latest = 1, holder; /* the last epoch that was given, and to whom */

#ifdef NO_VERSION_FENCE
#define version_fence(me) true
#else
#define version_fence(me) (!moved_on[me])
#endif
#ifdef NO_LIVE_FENCE
#define owner_not_live_fence true
#else
#define owner_not_live_fence (!live[owner])
#endif

#define later(one, other) ((one) > (other) -> (one) : (other))

/* StoreCore::now, and the time of an event */
inline happens(me) {
    at = later(clock[me], at)
}

/* Every event on the record: each snapshot of it is old. */
inline touch() {
    moved_on[0] = (listed[0] != NOBODY); moved_on[1] = (listed[1] != NOBODY)
}

inline give(me) {
    epoch++;
    assert(epoch == latest + 1); /* once */
    latest = epoch; holder = me;
    lease[me] = epoch;
    took[0] = (saw[0] > 0); took[1] = (saw[1] > 0);
    touch()
}

proctype plane(byte me) {
end:
    do
    /* --- cp_heartbeat: registers or revives */
    :: d_step { silent[me] > 0 || !live[me] || heard_at[me] < clock[me] ->
        happens(me);
        heard_at[me] = at; live[me] = 1; expired_at[me] = 0;
        silent[me] = 0
    }

    /* --- an operation of a lease: sent at some time, decided at a later one */
    :: d_step { lease[me] > 0 && sent[me] == 0 -> sent[me] = lease[me] }
    :: d_step { sent[me] > 0 ->
        happens(me);
        if
#ifdef NO_EPOCH_FENCE
        :: serving && owner == me ->
#else
        :: serving && owner == me && epoch == sent[me] ->
#endif
            /* nobody else, and no older lease of his own */
            assert(holder == me && sent[me] == latest);
            touch()
        :: else
        fi;
        sent[me] = 0
    }

    /* --- refresh_lease */
    :: d_step { lease[me] > 0 && epoch < EPOCHS ->
        happens(me);
        if
        :: serving && owner == me && epoch == lease[me] -> give(me)
        :: else -> lease[me] = 0
        fi
    }

    /* --- take_over: of the epoch that it saw */
    :: d_step { saw[me] == 0 && serving && epoch < EPOCHS -> saw[me] = epoch; took[me] = 0 }
    :: d_step { saw[me] > 0 ->
        happens(me);
        if
#ifdef NO_EPOCH_SEEN
        :: serving && epoch < EPOCHS ->
#else
        :: serving && epoch < EPOCHS && epoch == saw[me] ->
#endif
            assert(!took[me]);
            owner = me;
            give(me)
        :: else
        fi;
        saw[me] = 0; took[me] = 0
    }

    /* --- the sweep: cp_expire_stale, by the judge's clock */
    :: d_step { live[1 - me] && clock[me] >= LIMIT && heard_at[1 - me] < clock[me] - LIMIT ->
        assert(silent[1 - me] > BEAT);
        happens(me);
        live[1 - me] = 0; expired_at[1 - me] = at
    }
    /* orphaned(): rows as they are now */
    :: d_step { serving && listed[me] == NOBODY && !live[owner] && clock[me] >= GRACE &&
                expired_at[owner] <= clock[me] - GRACE ->
        listed[me] = owner; listed_epoch[me] = epoch; moved_on[me] = 0
    }
    /* retire_orphan_from_snapshot, a moment later */
    :: d_step { listed[me] != NOBODY ->
        happens(me);
        if
        :: serving && owner == listed[me] && epoch == listed_epoch[me] && version_fence(me) &&
           owner_not_live_fence ->
            assert(!live[owner] && !moved_on[me]);
            serving = 0;
            touch()
        :: else
        fi;
        listed[me] = NOBODY; listed_epoch[me] = 0; moved_on[me] = 0
    }
    od
}

/* Time goes on; each clock goes on with it, a little less or a little more. */
proctype time() {
end:
    do
    :: atomic { now < TICKS + SKEW ->
        d_step {
            now++;
            if
            :: silent[0] <= BEAT -> silent[0]++
            :: else
            fi;
            if
            :: silent[1] <= BEAT -> silent[1]++
            :: else
            fi
        }
        if
        :: clock[0] + SKEW >= now
        :: clock[0] + 1 <= now + SKEW -> clock[0] = clock[0] + 1
        :: clock[0] + 2 <= now + SKEW -> clock[0] = clock[0] + 2
        fi;
        if
        :: clock[1] + SKEW >= now
        :: clock[1] + 1 <= now + SKEW -> clock[1] = clock[1] + 1
        :: clock[1] + 2 <= now + SKEW -> clock[1] = clock[1] + 2
        fi
    }
    od
}

init {
    atomic {
        if
        :: clock[0] = 0
        :: clock[0] = 1
        :: clock[0] = 2
        fi;
        if
        :: clock[1] = 0
        :: clock[1] = 1
        :: clock[1] = 2
        fi;
        lease[0] = 1; /* as of its spawn */
        live[0] = 1; live[1] = 1;
        at = later(clock[0], clock[1]);
        heard_at[0] = at; heard_at[1] = at;
        run plane(0); run plane(1); run time()
    }
}
