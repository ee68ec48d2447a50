#include "node/session/recording.h"

#include <stdlib.h>

#include "node/session/hub.h"
#include "proto/base/check.h"

/* A record on its way. It outlives whoever has lost patience with it. */
struct recording {
    TAILQ_ENTRY(recording) link;
    struct sessions *hub;
    struct proposal proposal;
    uint64_t asked_us;
    struct recorded *recorded; /* NULL: nobody waits for it any more. */
};

void recordings_init(struct recordings *recordings)
{
    TAILQ_INIT(&recordings->list);
    recordings->n = 0;
}

static void drop(struct recordings *recordings, struct recording *recording)
{
    CHECK(recordings->n > 0);
    TAILQ_REMOVE(&recordings->list, recording, link);
    recordings->n -= 1;
    free(recording);
}

void recordings_deinit(struct recordings *recordings)
{
    while (!TAILQ_EMPTY(&recordings->list)) {
        drop(recordings, TAILQ_FIRST(&recordings->list));
    }
}

bool recording_rooms(struct recorded *recorded, struct arena *arena,
                     const struct guid *guids, size_t n)
{
    recorded->rooms = arena_alloc(arena, (n + 1) * sizeof(*recorded->rooms));
    for (size_t i = 0; recorded->rooms != NULL && i < n; i++) {
        recorded->rooms[i] = codec_bytes(
            arena_copy_slice(arena, slice_of(guids[i].bytes, GUID_BYTES)));
        if (recorded->rooms[i].len == 0) {
            return false;
        }
    }
    recorded->n_rooms = n;
    return recorded->rooms != NULL;
}

/* It no longer waits for the log. */
static void part(struct recorded *recorded)
{
    recorded->recording->recorded = NULL;
    recorded->recording = NULL;
}

void recordings_tick(struct sessions *hub, uint64_t now_us)
{
    struct recording *recording = TAILQ_FIRST(&hub->recordings.list), *next;

    for (; recording != NULL &&
           now_us - recording->asked_us >= RECORDING_PATIENCE_MS * 1000ull;
         recording = next) {
        struct recorded *recorded = recording->recorded;

        next = TAILQ_NEXT(recording, link);
        if (recorded != NULL) {
            part(recorded);
            recorded->tell(recorded, ERROR_TIMED_OUT);
        }
    }
}

static struct recorded *recorded_of(struct read *read)
{
    return (struct recorded *)((char *)read - offsetof(struct recorded, read));
}

static void stored(struct read *read, enum error error)
{
    struct recorded *recorded = recorded_of(read);

    recorded->tell(recorded, error);
}

/* A session that could not be opened says why. */
static enum outcome judge(const struct recorded *recorded, enum outcome outcome)
{
    enum outcome open_refusal = recorded->caller->open_refusal;

    if (outcome_is_success(outcome)) {
        return OUTCOME_DONE;
    }
    return outcome == OUTCOME_SESSION_UNKNOWN && open_refusal != OUTCOME_DONE
               ? open_refusal
               : outcome;
}

/* What is read now is as the entry left it, once that is in the store. */
static void settle(struct sessions *hub, struct recorded *recorded,
                   enum outcome outcome)
{
    enum error error;

    recorded->outcome = judge(recorded, outcome);
    recorded->read.tell = stored;
    error = reads_await(hub->reads, &recorded->read, hub->entry_index);
    if (error != ERROR_NONE) {
        recorded->tell(recorded, error);
    }
}

static void told(struct proposal *proposal, enum proposal_fate fate,
                 const struct applied *applied, const struct effects *effects)
{
    struct recording *recording =
        (struct recording *)((char *)proposal -
                             offsetof(struct recording, proposal));
    struct sessions *hub = recording->hub;
    struct recorded *recorded = recording->recorded;

    (void)effects;
    if (recorded != NULL) {
        part(recorded);
    }
    drop(&hub->recordings, recording);
    if (recorded == NULL) {
        return;
    }
    if (fate == PROPOSAL_APPLIED) {
        settle(hub, recorded, applied->outcome);
    } else {
        recorded->tell(recorded, fate == PROPOSAL_WITHDRAWN ? ERROR_NO_LEADER
                                                            : ERROR_TIMED_OUT);
    }
}

static void fill_history(const struct recorded *recorded,
                         Perch__HistoryRead *history_read)
{
    history_read->n_rooms = recorded->n_rooms;
    history_read->rooms = recorded->rooms;
    CODEC_SET_BYTES(history_read, what, recorded->what);
}

static void fill_searched(const struct recorded *recorded,
                          Perch__Searched *searched)
{
    searched->n_rooms = recorded->n_rooms;
    searched->rooms = recorded->rooms;
    CODEC_SET_BYTES(searched, words, recorded->words);
    CODEC_SET_BYTES(searched, what, recorded->what);
}

/* The record names the session that reads. */
static enum error propose(struct recording *recording)
{
    const struct recorded *recorded = recording->recorded;
    struct caller *caller = recorded->caller;
    Perch__Command command = PERCH__COMMAND__INIT;
    Perch__HistoryRead history_read = PERCH__HISTORY_READ__INIT;
    Perch__Searched searched = PERCH__SEARCHED__INIT;

    if (recorded->is_search) {
        fill_searched(recorded, &searched);
        command.kind_case = PERCH__COMMAND__KIND_SEARCHED;
        command.searched = &searched;
    } else {
        fill_history(recorded, &history_read);
        command.kind_case = PERCH__COMMAND__KIND_HISTORY_READ;
        command.history_read = &history_read;
    }
    TRY(caller_open(caller));
    CODEC_SET_BYTES(&command, user, caller->user_uri);
    CODEC_SET(&command, session, caller->serial);
    recording->proposal =
        (struct proposal){.tell = told, .patience_ms = READ_PATIENCE_MS};
    return proposer_propose(recording->hub->proposer, &recording->proposal,
                            &command);
}

static enum error record(struct sessions *hub, struct recorded *recorded)
{
    struct recordings *recordings = &hub->recordings;
    struct recording *recording;
    enum error error;

    if (recordings->n >= RECORDINGS_WAITING_MAX) {
        return ERROR_BUSY;
    }
    recording = calloc(1, sizeof(*recording));
    CHECK(recording != NULL);
    recording->hub = hub;
    recording->asked_us = loop_now_us(hub->settings.loop);
    recording->recorded = recorded;
    error = propose(recording);
    if (error != ERROR_NONE) {
        free(recording);
        return error;
    }
    recorded->recording = recording;
    TAILQ_INSERT_TAIL(&recordings->list, recording, link);
    recordings->n += 1;
    return ERROR_NONE;
}

/* An archive that was switched on meanwhile is to have this read, too. */
static void index_told(struct read *read, enum error error)
{
    struct recorded *recorded = recorded_of(read);
    struct sessions *hub = recorded->caller->hub;

    if (error == ERROR_NONE && hub_keeps_archive(hub)) {
        error = record(hub, recorded);
        if (error == ERROR_NONE) {
            return;
        }
    }
    recorded->tell(recorded, error);
}

enum error recording_ask(struct recorded *recorded)
{
    struct sessions *hub = recorded->caller->hub;

    CHECK(recorded->tell != NULL && recorded->recording == NULL);
    recorded->outcome = OUTCOME_DONE;
    if (hub_keeps_archive(hub)) {
        return record(hub, recorded);
    }
    recorded->read.tell = index_told;
    return reads_ask(hub->reads, &recorded->read);
}
