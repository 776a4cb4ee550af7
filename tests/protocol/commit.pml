/* Two stores on one journal: lock, catch up, decide, append, give the lock on, sync, answer; with
 * retries, queries, checkpoints of the fold, processes that die and power cuts.
 *
 * What is checked, at every step of every run:
 *   - who was told of something (an answer, a retry's answer, a query's) finds it in the journal
 *     for ever: asserts in lose_unsynced();
 *   - an operation is in the journal once: assert in write_record();
 *   - a retry gives the first answer, and no lease is given twice: asserts in answer_request();
 *   - a commit is there whole or not at all: assert in recover();
 *   - a fold is the fold of the events up to its position: assert in check_fold().
 *
 * A record stands for an event, a position for the number of events before and with it. README.md
 * says which line of the code each step stands for.
 */

#ifndef ASKS
#define ASKS 4 /* altogether; each request twice at most */
#endif
#ifndef DEATHS
#define DEATHS 1 /* of a single process */
#endif
#ifndef CUTS
#define CUTS 1 /* of the power */
#endif
#ifndef QUERIES
#define QUERIES 1
#endif

#define STORES 2
#define WORKERS 2
#define REQUESTS 3 /* 0 and 1 claim a worker that is free; 2 takes worker 0 over, as of epoch 1 */
#define LENGTH 4   /* of the log; one more than there are requests, so that a second is seen */
#define NOBODY 9

typedef Record { byte request; byte worker; byte epoch; bit seal } /* epoch 0: it was refused */
typedef Fold { byte position; byte epoch[WORKERS]; byte known } /* known: a bit for each request */

/* --- the log's file, and the index that all processes share */
Record log[LENGTH];
byte tail;   /* written so far: what a dead process left behind the head is written over */
byte head;   /* what others see (SQLite's index of the log) */
byte synced; /* the disk has it */
byte hint;   /* what somebody said is synced: the page of the lock file */
byte lock_owner = NOBODY;

/* the latest checkpoint of a fold, a row like others behind the events that were there */
bool saved, saved_synced;
byte saved_behind; /* the head when it was written */
Fold saved_fold;

/* --- the memory of each store */
mtype = { dead, opened, loading, ready, begun, half, written, shown, flushed, answering,
          repeating, querying, saving };
mtype step[STORES] = dead;
bool started; /* store 0 comes first: the two are alike */
Fold fold[STORES];
byte told[STORES], known_synced[STORES];
typedef Batch {
    byte wanted[2]; /* requests; NOBODY: none */
    byte count;     /* of records staged */
    Record staged[2];
    byte seen; /* the head as it will be told */
    bool late;
};
Batch batch[STORES];

/* --- what callers know: never seen by a store */
bool answered[REQUESTS];
Record answer[REQUESTS];
byte told_to_callers; /* nothing up to here may ever be gone */
byte asked_so_far, asks[REQUESTS], queries, deaths, cuts;

byte i, j, k, x, y; /* within d_steps alone; 0 between them */

inline apply(f, record) {
    if
    :: record.epoch > 0 -> f.epoch[record.worker] = record.epoch
    :: else
    fi;
    f.known = f.known | (1 << record.request);
    f.position++
}

inline clear_fold(f) {
    f.position = 0; f.epoch[0] = 0; f.epoch[1] = 0; f.known = 0
}

/* StoreCore::fold_in: the events between */
inline fold_up_to(f, end) {
    i = f.position;
    do
    :: i < end -> apply(f, log[i]); i++
    :: else -> break
    od;
    i = 0
}

inline check_fold(f) {
    i = 0; j = 0; k = 0;
    do
    :: i < f.position ->
        if
        :: log[i].epoch > 0 && log[i].worker == 0 -> j = log[i].epoch
        :: log[i].epoch > 0 && log[i].worker == 1 -> k = log[i].epoch
        :: else
        fi;
        i++
    :: else -> break
    od;
    assert(f.epoch[0] == j && f.epoch[1] == k);
    i = 0; j = 0; k = 0
}

inline clear_record(record) {
    record.request = 0; record.worker = 0; record.epoch = 0; record.seal = 0
}

/* Nothing behind a point of the file. */
inline cut_log(end) {
    i = end;
    do
    :: i < LENGTH -> clear_record(log[i]); i++
    :: else -> break
    od;
    i = 0;
    tail = end;
    if
    :: synced > tail -> synced = tail
    :: else
    fi
}

/* SQLite's recovery, by the first who opens: all up to the last commit that is whole. */
inline recover() {
    i = tail;
    do
#ifdef HALF_IS_KEPT
    :: break
#endif
    :: i > 0 && log[i - 1].seal == 0 -> i--
    :: else -> break
    od;
    head = i;
    assert(head == 0 || log[head - 1].seal == 1); /* nothing half */
    cut_log(head)
}

/* StoreCore::load, from the nearest checkpoint on */
inline load(me) {
    if
    :: saved ->
        fold[me].position = saved_fold.position; fold[me].known = saved_fold.known;
        fold[me].epoch[0] = saved_fold.epoch[0]; fold[me].epoch[1] = saved_fold.epoch[1]
    :: else -> clear_fold(fold[me])
    fi;
    fold_up_to(fold[me], head);
    told[me] = head;
    check_fold(fold[me])
}

/* fsync of the log: all that is written, by whomever */
inline sync_log(me, upto) {
    synced = tail;
    if
    :: saved -> saved_synced = 1
    :: else
    fi;
    note_synced(me, upto)
}
inline note_synced(me, upto) {
    if
    :: upto > known_synced[me] -> known_synced[me] = upto
    :: else
    fi;
    if
    :: upto > hint -> hint = upto
    :: else
    fi
}

/* SqliteJournal::make_durable: what this store was told of, unless somebody has synced that much */
inline make_durable(me) {
    if
    :: told[me] > known_synced[me] && hint > known_synced[me] -> known_synced[me] = hint
    :: else
    fi;
    if
    :: told[me] > known_synced[me] -> sync_log(me, told[me])
    :: else
    fi
}

/* Between two batches, so that states that mean the same are the same. */
inline clear_batch(me) {
    batch[me].wanted[0] = NOBODY; batch[me].wanted[1] = NOBODY;
    batch[me].count = 0; batch[me].seen = 0; batch[me].late = 0;
    clear_record(batch[me].staged[0]); clear_record(batch[me].staged[1])
}

/* What a process holds ends with it: its memory, and the kernel's locks. */
inline forget(me) {
    step[me] = dead;
    clear_fold(fold[me]);
    clear_batch(me);
    told[me] = 0; known_synced[me] = 0;
    if
    :: lock_owner == me -> lock_owner = NOBODY
    :: else
    fi
}

inline tell(upto) {
    if
    :: upto > told_to_callers -> told_to_callers = upto
    :: else
    fi
}

/* The position of a request in the log, k, or LENGTH. */
inline find_request(asked) {
    k = 0;
    do
    :: k < head && log[k].request != asked -> k++
    :: else -> break
    od;
    if
    :: k >= head -> k = LENGTH
    :: else
    fi
}

/* The caller hears what the record says. */
inline answer_request(which, record, upto) {
    if
    :: answered[which] -> /* a retry: the first answer */
        assert(answer[which].epoch == record.epoch && answer[which].worker == record.worker)
    :: else ->
        i = 0;
        do
        :: i < REQUESTS -> /* nobody else has this lease */
            assert(!answered[i] || record.epoch == 0 || answer[i].epoch != record.epoch ||
                   answer[i].worker != record.worker);
            i++
        :: else -> break
        od;
        i = 0;
        answered[which] = 1;
        answer[which].request = which;
        answer[which].worker = record.worker;
        answer[which].epoch = record.epoch
    fi;
    tell(upto)
}

/* decide(), of the world as the batch has it so far: x, y are the epochs of the workers */
inline decide(asked, record) {
    clear_record(record);
    record.request = asked;
    if
    :: asked < 2 && x == 0 -> record.worker = 0; record.epoch = 1; x = 1
    :: asked < 2 && x > 0 && y == 0 -> record.worker = 1; record.epoch = 1; y = 1
    :: asked == 2 && x == 1 -> record.worker = 0; record.epoch = 2; x = 2
    :: else /* no_idle, or fence_miss_epoch */
    fi
}

inline write_record(record, seals) {
    /* Within what others see a request is there once. */
    find_request(record.request);
    assert(k == LENGTH);
    k = 0;
    log[tail].request = record.request; log[tail].worker = record.worker;
    log[tail].epoch = record.epoch; log[tail].seal = seals;
    tail++
}

/* StoreCore::stage, for each of the batch: known already, or decided */
inline stage(me) {
    x = fold[me].epoch[0]; y = fold[me].epoch[1];
    j = 0;
    do
    :: j < 2 && batch[me].wanted[j] != NOBODY ->
        if
#ifndef REQUESTS_FORGOTTEN
        :: (fold[me].known & (1 << batch[me].wanted[j])) /* StoreCore::replay */
#endif
        :: else ->
            if
            :: batch[me].count == 0 -> decide(batch[me].wanted[j], batch[me].staged[0])
            :: else -> decide(batch[me].wanted[j], batch[me].staged[1])
            fi;
            batch[me].count++
        fi;
        j++
    :: else -> break
    od;
    j = 0; x = 0; y = 0
}

/* StoreCore::answer: from the events of this commit, or of the journal; in both cases from what
   this store has folded. */
inline answer_batch(me) {
    fold_up_to(fold[me], batch[me].seen);
    j = 0;
    do
    :: j < 2 && batch[me].wanted[j] != NOBODY ->
        find_request(batch[me].wanted[j]);
        assert(k < fold[me].position);
        answer_request(batch[me].wanted[j], log[k], k + 1);
        k = 0;
        j++
    :: else -> break
    od;
    j = 0;
    clear_batch(me)
}

inline see_head(me) {
    batch[me].seen = head;
    fold_up_to(fold[me], head);
    check_fold(fold[me]);
    if
    :: head > told[me] -> told[me] = head
    :: else
    fi
}

/* Each line of the loop is one step: others, deaths and cuts come between two of them. What is done
   under the lock and in memory alone is no step of its own, as nobody could tell. */
proctype store(byte me) {
end:
    do
    /* --- opening: SqliteJournal::take_lock_and_files, open_database; StoreCore::load */
    :: atomic { step[me] == dead && lock_owner == NOBODY && (me == 0 || started) -> d_step {
        started = 1;
        lock_owner = me;
        if
        :: step[1 - me] == dead -> recover(); hint = 0
        :: else
        fi;
        step[me] = opened
    } }
    :: d_step { step[me] == opened -> sync_log(me, head); lock_owner = NOBODY; step[me] = loading }
    :: d_step { step[me] == loading -> load(me); step[me] = ready }

    /* --- a batch of one request or two: StoreCore::run */
#ifdef CATCH_UP_BEFORE_THE_LOCK
    :: atomic { step[me] == ready && asked_so_far < ASKS ->
#else
    :: atomic { step[me] == ready && asked_so_far < ASKS && lock_owner == NOBODY ->
#endif
        if
        :: asks[0] < 2 -> batch[me].wanted[0] = 0
        :: asks[1] < 2 -> batch[me].wanted[0] = 1
        :: asks[2] < 2 -> batch[me].wanted[0] = 2
        fi;
        asks[batch[me].wanted[0]]++;
        asked_so_far++;
        if
        :: asked_so_far < ASKS && batch[me].wanted[0] != 2 && asks[2] < 2 ->
            batch[me].wanted[1] = 2; asks[2]++; asked_so_far++
        :: skip
        fi;
#ifdef CATCH_UP_BEFORE_THE_LOCK
        d_step { see_head(me); step[me] = begun }
    }
    :: atomic { step[me] == begun && lock_owner == NOBODY ->
#endif
        if
        :: batch[me].late = 1 /* SqliteJournal::may_sync_late: somebody contends */
        :: batch[me].late = 0
        fi;
        d_step {
            lock_owner = me;
#if !defined(CATCH_UP_BEFORE_THE_LOCK) && !defined(CATCH_UP_SKIPPED)
            see_head(me);
#endif
            stage(me);
            if
            :: batch[me].count == 0 -> lock_owner = NOBODY; step[me] = repeating
            :: batch[me].count == 1 ->
                cut_log(head); /* what a dead one left there */
                write_record(batch[me].staged[0], 1);
                step[me] = written
            :: else -> cut_log(head); write_record(batch[me].staged[0], 0); step[me] = half
            fi
        }
    }
    :: d_step { step[me] == half -> write_record(batch[me].staged[1], 1); step[me] = written }

    /* --- the sync after the lock: seen by others before it is on the disk */
    :: d_step { step[me] == written && batch[me].late ->
        head = tail;
        batch[me].seen = fold[me].position + batch[me].count;
        lock_owner = NOBODY;
#ifdef SAID_BEFORE_THE_SYNC
        note_synced(me, batch[me].seen);
#endif
#ifdef ANSWER_BEFORE_THE_SYNC
        step[me] = answering
#else
        step[me] = shown
#endif
    }
    :: d_step { step[me] == shown -> sync_log(me, batch[me].seen); step[me] = answering }

    /* --- or within COMMIT: on the disk before others see it */
    :: d_step { step[me] == written && !batch[me].late -> sync_log(me, 0); step[me] = flushed }
    :: d_step { step[me] == flushed ->
        head = tail;
        batch[me].seen = fold[me].position + batch[me].count;
        note_synced(me, batch[me].seen);
        lock_owner = NOBODY;
        step[me] = answering
    }
    :: d_step { step[me] == answering -> answer_batch(me); step[me] = ready }

    /* --- all known already: nothing of ours to write */
    :: d_step { step[me] == repeating ->
#ifndef NOT_MADE_DURABLE
        make_durable(me);
#endif
        step[me] = answering
    }

    /* --- a query: StoreCore::refresh */
    :: d_step { step[me] == ready && queries < QUERIES ->
        queries++;
        see_head(me);
        step[me] = querying
    }
    :: d_step { step[me] == querying ->
#ifndef NOT_MADE_DURABLE
        make_durable(me);
#endif
        tell(fold[me].position);
        batch[me].seen = 0;
        step[me] = ready
    }

    /* --- a checkpoint of the fold: StoreCore::housekeeping, SqliteJournal::save_checkpoint */
    :: d_step { step[me] == ready && lock_owner == NOBODY && !saved && fold[me].position > 0 ->
        lock_owner = me;
        cut_log(head);
        saved = 1; saved_behind = head;
#ifdef CHECKPOINT_OF_A_STALE_FOLD
        saved_fold.position = head;
#else
        saved_fold.position = fold[me].position;
#endif
        saved_fold.known = fold[me].known;
        saved_fold.epoch[0] = fold[me].epoch[0];
        saved_fold.epoch[1] = fold[me].epoch[1];
        step[me] = saving
    }
    :: d_step { step[me] == saving -> sync_log(me, 0); lock_owner = NOBODY; step[me] = ready }
    od
}

/* Of what was not synced any prefix is left, the checkpoint being a row among the others. */
inline lose_unsynced(left) {
    if
    :: saved -> saved_synced = 1
    :: else -> saved_synced = 0; saved_behind = 0; clear_fold(saved_fold)
    fi;
    cut_log(left);
    recover();
    synced = head;
    /* Whoever was told of something finds it. */
    assert(told_to_callers <= head);
    j = 0;
    do
    :: j < REQUESTS ->
        if
        :: answered[j] ->
            find_request(j);
            assert(k < LENGTH && log[k].epoch == answer[j].epoch &&
                   log[k].worker == answer[j].worker);
            k = 0
        :: else
        fi;
        j++
    :: else -> break
    od;
    j = 0
}

/* A process dies; or the power fails, and all do. */
proctype trouble() {
    byte left;
end:
    do
    :: d_step { deaths < DEATHS && step[0] != dead -> deaths++; forget(0) }
    :: d_step { deaths < DEATHS && step[1] != dead -> deaths++; forget(1) }
    :: atomic { cuts < CUTS ->
        d_step { cuts++; forget(0); forget(1); left = synced };
        do
        :: left < tail -> left++
        :: break
        od;
        if
        :: saved && !saved_synced && left <= saved_behind -> saved = 0
        :: !saved || saved_synced || left >= saved_behind -> skip
        fi;
        d_step { lose_unsynced(left); left = 0 }
    }
    od
}

init {
    d_step { clear_batch(0); clear_batch(1) }
    atomic { run store(0); run store(1); run trouble() }
}
