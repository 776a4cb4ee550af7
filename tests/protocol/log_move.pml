/* The log of a journal and its move into the database, as SQLite does it and as stores use it: two
 * stores commit, move the log under the write lock or beside the commits, die and open again; the
 * power fails.
 *
 * What is checked: after a power cut or the death of all, the pages are those of one commit, none
 * half, and no commit that was answered is missing; and so they are for every reader meanwhile.
 *
 * A commit changes one page and is one frame of the log. README.md says which line of the code each
 * step stands for.
 */

#ifndef COMMITS
#define COMMITS 4
#endif
#ifndef MOVES
#define MOVES 3 /* begun, under the lock or beside the commits */
#endif
#ifndef DEATHS
#define DEATHS 1 /* of a single process */
#endif
#ifndef CUTS
#define CUTS 1 /* of the power */
#endif

#ifndef FAILURES
#define FAILURES 0 /* of a sync: what it should have written the kernel calls clean */
#endif

#ifndef DROPS
#define DROPS 0 /* of what a failed sync left in the kernel's memory alone */
#endif

#ifndef NEIGHBOURS
#define NEIGHBOURS 0 /* strangers that move the log, as a shell may; where no sync fails */
#endif

#define STORES 2
#define PAGES 2
#define LENGTH 4   /* of the log */
#define VERSIONS 5 /* one more than there are commits */
#define NOBODY 9

/* A frame is part of the log while its salt is the header's and it continues the frame before: its
   checksum goes on from that one's, for which `after` stands. */
typedef Frame { byte salt; byte commit; byte page; byte after }

/* --- files: what the kernel has, and what is on the disk for certain. Of what is between the two
   each single frame and page may be lost. */
byte salt, disk_salt; /* the log's header */
byte salts;            /* none is used twice */
Frame log[LENGTH], disk_log[LENGTH];
byte database[PAGES], disk_database[PAGES]; /* the commit that a page is of; 0: none */

/* After a failed sync: in the kernel's memory, not on the disk, and no later sync will write it. */
bool log_clean[LENGTH], database_clean[PAGES];
/* Each descriptor that was open hears of the failure once: those of a store, and those of its moves
   beside the commits, which are opened for the first of them. */
bool log_fails[STORES], database_fails[STORES];
bool move_files[STORES], move_log_fails[STORES], move_database_fails[STORES];
byte failures;
bool failed;  /* the last sync */
bool wrong;   /* what was looked at last; 0 between two steps */
bool unlucky; /* the next one will, if it may */

/* --- SqliteShm: the index of the log, shared by the processes that are alive */
byte frames, moved;        /* mxFrame, nBackfill */
byte keeper_at[STORES];    /* a keeper's read mark; 0: it has none */

/* --- locks of the kernel's: gone with their process */
byte write_lock = NOBODY, move_lock = NOBODY, checkpoint_lock = NOBODY;

/* --- processes */
mtype = { dead, opening, rewriting, opened, ready, writing, framed, shown, moving_now, begun,
          running, ended, doubting };
mtype step[STORES] = dead;
/* Within a checkpoint of SQLite's, whoever runs it. */
mtype = { none, looked, logged, copied };
mtype checkpoint[STORES] = none;
byte length[STORES], length_salt[STORES]; /* the index as the checkpoint looked at it */
byte safe[STORES];                        /* how far it may go */
byte mine[STORES];                        /* the commit that is being written */
bool restarts[STORES];                    /* all was in the database when its transaction began */
byte seen[PAGES];                         /* by an opening: 0, or what is moved, and one */
bool started; /* store 0 comes first: the two are alike */

/* --- what is true */
byte commits;             /* tried so far; a number is never used twice */
byte page_of[VERSIONS];   /* what each of them changes */
byte head;                /* the last that others have seen */
byte before[VERSIONS];    /* what each follows */
byte answered;            /* the last that somebody was told of */
byte moves, deaths, cuts, neighbours, drops;

byte i, j, k, x; /* within d_steps alone; 0 between them */

/* The page as a reader of the log's first `end` frames has it: x. */
inline read_page(page_number, end) {
    x = database[page_number];
    k = moved; /* SQLite's minFrame: those before are in the database */
    do
    :: k < end ->
        if
        :: log[k].page == page_number -> x = log[k].commit
        :: else
        fi;
        k++
    :: else -> break
    od;
    k = 0
}

/* What a page is as of a commit: x. */
inline page_as_of(page_number, of_commit) {
    x = of_commit;
    do
    :: x > 0 && page_of[x] != page_number -> x = before[x]
    :: else -> break
    od
}

/* All pages are as of the commit that others have seen last. */
inline check_pages() {
    look_at_pages();
    assert(!wrong)
}

/* Whether one of them is not: wrong. */
inline look_at_pages() {
    i = 0; wrong = 0;
    do
    :: i < PAGES ->
        read_page(i, frames);
        j = x;
        page_as_of(i, head);
        wrong = wrong || j != x;
        i++
    :: else -> break
    od;
    i = 0; j = 0; x = 0
}

/* Whether a frame that the index names is not the one that continues those before: wrong. */
inline look_at_frames() {
    i = 0; wrong = 0; x = 0;
    do
    :: i < frames ->
        wrong = wrong || log[i].salt != salt || log[i].commit == 0 ||
                (i > 0 && log[i].after != x);
        x = log[i].commit;
        i++
    :: else -> break
    od;
#ifndef LAST_SUM_NOT_LOOKED_AT
    wrong = wrong || (frames > 0 && x != head); /* the index has the last one's sum */
#endif
    i = 0; x = 0
}

inline write_log_down() {
    i = 0;
    do
    :: i < LENGTH && !log_clean[i] ->
        disk_log[i].salt = log[i].salt; disk_log[i].commit = log[i].commit;
        disk_log[i].page = log[i].page; disk_log[i].after = log[i].after;
        i++
    :: i < LENGTH && log_clean[i] -> i++
    :: else -> break
    od;
    i = 0;
    disk_salt = salt
}

inline write_database_down() {
    if
    :: !database_clean[0] -> disk_database[0] = database[0]
    :: else
    fi;
    if
    :: !database_clean[1] -> disk_database[1] = database[1]
    :: else
    fi
}

/* Whether the descriptor that is synced, of a move beside the commits or the store's own, hears of
   a failure before: x. */
inline hear_of(me, fails, move_fails) {
    if
    :: step[me] == running -> x = move_fails; move_fails = 0
    :: else -> x = fails; fails = 0
    fi
}

inline fails_for_the_other(me, fails, move_fails) {
    fails = (step[1 - me] != dead);
    move_fails = move_files[1 - me]
}

/* A failed sync ends the store's work: it dies here, and opens again. */
inline sync_log(me) {
    hear_of(me, log_fails[me], move_log_fails[me]);
    failed = x; x = 0;
    if
    :: failed -> skip
    :: !failed && unlucky && failures < FAILURES ->
        failures++; failed = 1; unlucky = 0;
        fails_for_the_other(me, log_fails[1 - me], move_log_fails[1 - me]);
        i = 0;
        do
        :: i < LENGTH ->
            log_clean[i] = log_clean[i] || log[i].commit != disk_log[i].commit ||
                           log[i].salt != disk_log[i].salt;
            i++
        :: else -> break
        od;
        i = 0
    :: else -> write_log_down()
    fi
}

inline sync_database(me) {
    hear_of(me, database_fails[me], move_database_fails[me]);
    failed = x; x = 0;
    if
    :: failed -> skip
    :: !failed && unlucky && failures < FAILURES ->
        failures++; failed = 1; unlucky = 0;
        fails_for_the_other(me, database_fails[1 - me], move_database_fails[1 - me]);
        database_clean[0] = database_clean[0] || database[0] != disk_database[0];
        database_clean[1] = database_clean[1] || database[1] != disk_database[1]
    :: else -> write_database_down()
    fi
}

/* The index made anew from the log's file, as SQLite does it for the first who opens. */
inline recover() {
    frames = 0; moved = 0;
    x = 0; /* the commit before, in this log */
    do
    :: frames < LENGTH && log[frames].salt == salt && log[frames].commit > 0 &&
       (frames == 0 || log[frames].after == x) ->
        x = log[frames].commit;
        frames++
    :: else -> break
    od;
    /* The head: the latest commit that a page has. What is not of it is found by check_pages(). */
    head = x; x = 0;
    if
    :: frames == 0 ->
        head = (database[0] > database[1] -> database[0] : database[1])
    :: else
    fi;
    check_pages();
    /* What was answered is the head or came before it. */
    x = head;
    do
    :: x > answered -> x = before[x]
    :: else -> break
    od;
    assert(x == answered);
    x = 0
}

inline forget(me) {
    step[me] = dead; checkpoint[me] = none;
    length[me] = 0; length_salt[me] = 0; safe[me] = 0; mine[me] = 0; restarts[me] = 0;
    keeper_at[me] = 0; log_fails[me] = 0; database_fails[me] = 0;
    move_files[me] = 0; move_log_fails[me] = 0; move_database_fails[me] = 0;
    seen[0] = (write_lock == me -> 0 : seen[0]); seen[1] = (write_lock == me -> 0 : seen[1]);
    if
    :: write_lock == me -> write_lock = NOBODY
    :: else
    fi;
    if
    :: move_lock == me -> move_lock = NOBODY
    :: else
    fi;
    if
    :: checkpoint_lock == me -> checkpoint_lock = NOBODY
    :: else
    fi
}

/* What others see may be gone: a store says so before it dies. Where nothing is dropped it need not,
   as whoever opens writes it anew. */
#if DROPS > 0 && !defined(NOT_DOUBTED)
#define doubts(me) step[me] = doubting
#else
#define doubts(me) forget(me)
#endif

/* sqlite3WalCheckpoint, up to 3.51.2: it looks at the index, then takes it as it was. Moves no
   frame that a reader's mark does not allow. */
#define begins_checkpoint(me) (checkpoint_lock == NOBODY)

inline look(me) {
    checkpoint_lock = me;
    length[me] = frames;
    checkpoint[me] = looked
}

inline sync_before_moving(me) {
    if
    :: moved < length[me] -> /* nBackfill as it is now, mxFrame as it was looked at */
        safe[me] = length[me];
        if
        :: keeper_at[0] > 0 && keeper_at[0] < safe[me] -> safe[me] = keeper_at[0]
        :: else
        fi;
        if
        :: keeper_at[1] > 0 && keeper_at[1] < safe[me] -> safe[me] = keeper_at[1]
        :: else
        fi;
#ifndef LOG_NOT_SYNCED_BEFORE_IT_IS_MOVED
        sync_log(me);
#endif
        if
        :: failed -> failed = 0; forget(me)
        :: else -> checkpoint[me] = logged
        fi
    :: else -> checkpoint[me] = none; checkpoint_lock = NOBODY; length[me] = 0
    fi
}

inline copy_pages(me) {
    j = moved;
    do
    :: j < safe[me] ->
        database[log[j].page] = log[j].commit;
        database_clean[log[j].page] = 0;
        j++
    :: else -> break
    od;
    j = 0;
    checkpoint[me] = copied
}

inline note_moved(me) {
    if
#ifndef DATABASE_NOT_SYNCED
    :: safe[me] == frames -> sync_database(me)
#endif
    :: else /* of the rest SQLite takes no care */
    fi;
    if
    :: failed -> failed = 0; forget(me)
    :: else ->
        if
        :: safe[me] > moved -> moved = safe[me]
        :: else
        fi;
        checkpoint[me] = none; checkpoint_lock = NOBODY;
        length[me] = 0; safe[me] = 0
    fi
}

/* walRestartLog: all was in the database as the transaction began, and nobody reads the log. */
#define may_restart(me) (restarts[me] && keeper_at[0] == 0 && keeper_at[1] == 0)

inline write_frame(me) {
    log[frames].salt = salt; log[frames].commit = mine[me];
    log[frames].page = page_of[mine[me]];
    log_clean[frames] = 0;
    log[frames].after = (frames == 0 -> 0 : head) /* by the index's sum, not the file's */
}

/* Each entry of the loop is one step: others, deaths and cuts come between two of them. */
proctype store(byte me) {
end:
    do
    /* --- opening: take_lock_and_files, open_database, prepare_log */
    :: d_step { step[me] == dead && write_lock == NOBODY && (me == 0 || started) ->
        started = 1;
        write_lock = me;
        if
        :: step[1 - me] == dead -> recover()
        :: else
        fi;
        step[me] = opening
    }
    /* The bytes of the log once more, the same ones, so that the next sync writes them, and what is
       counted as moved from there into the database. Nobody moves the log meanwhile. Where a frame
       is gone, it opens once all have closed it. */
#ifdef MOVED_WHILE_WRITTEN_ANEW
    :: d_step { step[me] == opening ->
#else
    :: d_step { step[me] == opening && begins_checkpoint(me) ->
        checkpoint_lock = me;
#endif
#if DROPS > 0 && !defined(LOG_NOT_LOOKED_AT)
        look_at_frames();
#endif
        if
#if DROPS > 0
        :: wrong -> wrong = 0; failed = 1
        :: !wrong && frames > 0 ->
#else
        :: frames > 0 ->
#endif
#ifndef LOG_NOT_WRITTEN_ANEW
            log_clean[0] = 0; log_clean[1] = 0; log_clean[2] = 0; log_clean[3] = 0;
#endif
            sync_log(me)
        :: else
        fi;
        if
        :: failed -> failed = 0; forget(me)
        :: else ->
#ifndef DATABASE_NOT_WRITTEN_ANEW
            i = 0;
            do
            :: i < moved -> seen[log[i].page] = log[i].commit + 1; i++
            :: else -> break
            od;
            i = 0;
#endif
            step[me] = rewriting
        fi
    }
    :: d_step { step[me] == rewriting ->
        i = 0;
        do
        :: i < PAGES && seen[i] > 0 ->
            database[i] = seen[i] - 1; database_clean[i] = 0;
            i++
        :: i < PAGES && seen[i] == 0 -> i++
        :: else -> break
        od;
        i = 0;
        if
        :: seen[0] > 0 || seen[1] > 0 -> sync_database(me)
        :: else
        fi;
        seen[0] = 0; seen[1] = 0;
        if
        :: failed -> failed = 0; forget(me)
        :: else ->
            if
            :: checkpoint_lock == me -> checkpoint_lock = NOBODY
            :: else
            fi;
            if
            :: frames > 0 && begins_checkpoint(me) -> look(me)
            :: else
            fi;
            step[me] = opened
        fi
    }
    :: d_step { step[me] == opened && checkpoint[me] == none ->
        answered = head; /* this store is told of it, and may tell */
        write_lock = NOBODY;
        step[me] = ready
    }

    /* --- a commit: begin, append */
    :: atomic { step[me] == ready && write_lock == NOBODY && commits < COMMITS &&
                (frames < LENGTH || moved == frames) ->
        write_lock = me;
        commits++;
        mine[me] = commits;
        if
        :: page_of[commits] = 0
        :: page_of[commits] = 1
        fi;
        d_step {
            before[commits] = head;
#if DROPS > 0
            /* A store knows the head that it has folded, and refuses what does not continue it. */
            look_at_pages();
            if
            :: wrong -> wrong = 0; mine[me] = 0; write_lock = NOBODY
            :: else ->
                restarts[me] = (moved == frames && frames > 0);
                step[me] = writing
            fi
#else
            check_pages();
            restarts[me] = (moved == frames && frames > 0);
            step[me] = writing
#endif
        }
    }
    :: d_step { step[me] == writing ->
        if
        :: may_restart(me) -> /* the header is on the disk before the first frame */
            salts++; salt = salts; frames = 0; moved = 0;
#ifndef HEADER_NOT_SYNCED
            disk_salt = salt;
#endif
            restarts[me] = 0
        :: !may_restart(me) && frames < LENGTH ->
            write_frame(me);
            restarts[me] = 0;
            step[me] = framed
        :: else -> /* no room in this model */
            restarts[me] = 0; mine[me] = 0;
            write_lock = NOBODY;
            step[me] = ready
        fi
    }
    :: d_step { step[me] == framed -> /* others see it, and may append */
        frames++;
        head = mine[me];
        write_lock = NOBODY;
        step[me] = shown
    }
    :: d_step { step[me] == shown -> /* the sync, with the lock or after it */
        sync_log(me);
        if
        :: failed -> failed = 0; doubts(me)
        :: else ->
            if
            :: mine[me] > answered -> answered = mine[me]
            :: else
            fi;
            mine[me] = 0;
            step[me] = ready
        fi
    }
#if DROPS > 0
    /* Once the lock is free the index is made anew, while nobody moves the log: doubt_log. */
    :: d_step { step[me] == doubting && write_lock == NOBODY && begins_checkpoint(me) ->
        recover();
#ifndef DOUBTED_LOG_NOT_WRITTEN_ANEW
        log_clean[0] = 0; log_clean[1] = 0; log_clean[2] = 0; log_clean[3] = 0;
        sync_log(me);
        failed = 0;
#endif
        forget(me)
    }
#endif

    /* --- the move under the lock: SqliteJournal::maintain, and what is left of one beside the
       commits: end_maintenance */
    :: d_step { step[me] == ready && moves < MOVES && frames > 0 && move_lock == NOBODY &&
#ifdef MOVED_WITHOUT_THE_LOCK
                begins_checkpoint(me) ->
#else
                write_lock == NOBODY && begins_checkpoint(me) ->
        write_lock = me;
#endif
        moves++;
        move_lock = me;
        look(me);
        step[me] = moving_now
    }
    :: d_step { step[me] == moving_now && checkpoint[me] == none ->
        if
        :: write_lock == me -> write_lock = NOBODY
        :: else
        fi;
        move_lock = NOBODY;
        step[me] = ready
    }

    /* --- the move beside the commits: begin_maintenance, LogMove */
#ifdef TWO_MOVE
    :: d_step { step[me] == ready && moves < MOVES && write_lock == NOBODY && moved < frames ->
#else
    :: d_step { step[me] == ready && moves < MOVES && write_lock == NOBODY && moved < frames &&
                move_lock == NOBODY ->
#endif
        moves++;
        move_lock = me;
        if
        :: !move_files[me] ->
            move_files[me] = 1;
#ifndef OLD_DESCRIPTORS_NOT_ASKED
            sync_log(me);
            if
            :: !failed -> sync_database(me)
            :: else
            fi
#endif
        :: else
        fi;
        if
        :: failed -> failed = 0; forget(me)
        :: else ->
#ifndef NO_KEEPER
            keeper_at[me] = frames;
#endif
            step[me] = begun
        fi
    }
    :: d_step { step[me] == begun && begins_checkpoint(me) -> look(me); step[me] = running }
    :: d_step { step[me] == running && checkpoint[me] == none ->
#ifndef DATABASE_NOT_SYNCED
        sync_database(me);
#endif
        if
        :: failed -> failed = 0; doubts(me)
        :: else -> step[me] = ended
        fi
    }
    :: d_step { step[me] == ended && write_lock == NOBODY ->
        keeper_at[me] = 0;
        if
        :: frames > 0 && begins_checkpoint(me) ->
            write_lock = me;
            look(me);
            step[me] = moving_now
        :: else -> move_lock = NOBODY; step[me] = ready
        fi
    }
    /* Its thread may have another commit meanwhile: that is the other store here. */

    /* --- the steps of a checkpoint, whoever runs it */
    :: d_step { checkpoint[me] == looked -> sync_before_moving(me) }
    :: d_step { checkpoint[me] == logged -> copy_pages(me) }
    :: d_step { checkpoint[me] == copied -> note_moved(me) }
    od
}

/* A process dies; or the power fails, and all do. */
proctype trouble() {
end:
    do
    :: d_step { deaths < DEATHS && step[0] != dead -> deaths++; forget(0) }
    :: d_step { deaths < DEATHS && step[1] != dead -> deaths++; forget(1) }
#if NEIGHBOURS > 0
    :: d_step { neighbours < NEIGHBOURS && moved < frames && checkpoint_lock == NOBODY ->
        neighbours++;
        write_log_down();
        j = frames;
        j = (keeper_at[0] > 0 && keeper_at[0] < j -> keeper_at[0] : j);
        j = (keeper_at[1] > 0 && keeper_at[1] < j -> keeper_at[1] : j);
        do
        :: moved < j -> database[log[moved].page] = log[moved].commit; moved++
        :: else -> break
        od;
        j = 0;
        write_database_down()
    }
#endif
#if FAILURES > 0
    :: d_step { !unlucky && failures < FAILURES -> unlucky = 1 }
#endif
#if DROPS > 0
    /* Each page of a file by itself: Btrfs drops them at once, others when they need the memory. */
    :: atomic { drops < DROPS && (log_clean[0] || log_clean[1] || log_clean[2] || log_clean[3] ||
                                  database_clean[0] || database_clean[1]) ->
        drops++;
        do
        :: i < LENGTH && log_clean[i] ->
            d_step {
                log[i].salt = disk_log[i].salt; log[i].commit = disk_log[i].commit;
                log[i].page = disk_log[i].page; log[i].after = disk_log[i].after;
                log_clean[i] = 0;
                i++
            }
        :: i < LENGTH -> i++
        :: else -> break
        od;
        i = 0;
        if
        :: database_clean[0] -> database[0] = disk_database[0]; database_clean[0] = 0
        :: true
        fi;
        if
        :: database_clean[1] -> database[1] = disk_database[1]; database_clean[1] = 0
        :: true
        fi
    }
#endif
    :: atomic { cuts < CUTS ->
        d_step { cuts++; forget(0); forget(1) };
        if
        :: salt = disk_salt
        :: salt != disk_salt -> skip
        fi;
        /* each frame as it is on the disk, or as it was written */
        do
        :: i < LENGTH ->
            if
            :: log[i].salt = disk_log[i].salt; log[i].commit = disk_log[i].commit;
               log[i].page = disk_log[i].page; log[i].after = disk_log[i].after
            :: log[i].commit != disk_log[i].commit || log[i].salt != disk_log[i].salt -> skip
            fi;
            i++
        :: else -> break
        od;
        i = 0;
        if
        :: database[0] = disk_database[0]
        :: database[0] != disk_database[0] -> skip
        fi;
        if
        :: database[1] = disk_database[1]
        :: database[1] != disk_database[1] -> skip
        fi;
        d_step {
            log_clean[0] = 0; log_clean[1] = 0; log_clean[2] = 0; log_clean[3] = 0;
            database_clean[0] = 0; database_clean[1] = 0;
            write_log_down(); write_database_down();
            recover()
        }
    }
    od
}

init {
    atomic { run store(0); run store(1); run trouble() }
}
