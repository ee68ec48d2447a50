#include "tests/sim/owner.h"

#include <bsd/sys/queue.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "proto/base/check.h"
#include "raft/device.h"

enum {
    PATH_BYTES = 1024,
    WAITING_MAX = 65536,
    COMMAND_BYTES_MAX = 4096,
    SWITCH_MS = 30, /* To another's state. */
};

/* A word that was proposed, or is to be. */
struct word {
    STAILQ_ENTRY(word) link;
    uint64_t word, number; /* Number 0: not yet proposed. */
    bool taken_back;
};

STAILQ_HEAD(word_list, word);

/* A read that waits for its index to be applied. */
struct waiting_read {
    STAILQ_ENTRY(waiting_read) link;
    uint64_t token, index;
};

/* What came while paused. */
struct held_entry {
    STAILQ_ENTRY(held_entry) link;
    struct replica_entry entry;
    uint8_t bytes[];
};

struct owner {
    struct owner_settings settings;
    char directory[PATH_BYTES]; /* Of the state. */
    struct replica *replica;
    struct tally tally;
    uint64_t durable_index;
    uint64_t start_id, epoch, next; /* Epoch 0: none yet. */
    struct word_list proposed, held;
    size_t n_words;
    STAILQ_HEAD(, waiting_read) reads;
    STAILQ_HEAD(, held_entry) entries;
    bool paused;
    struct timer *switcher;
    char restore_from[PATH_BYTES];
    uint64_t restore_index;
    uint64_t forbidden;    /* A raft id; 0: none. */
    uint64_t answered;     /* To be told; 0: nothing. */
    uint64_t flush_wanted; /* Not yet applied up to there; 0: none. */
};

static void on_switch(void *context);

struct owner *owner_new(const struct owner_settings *settings)
{
    struct owner *owner = calloc(1, sizeof(*owner));

    CHECK(owner != NULL && settings->node < TALLY_NODES);
    owner->settings = *settings;
    if (owner->settings.command_bytes == 0) {
        owner->settings.command_bytes = TALLY_COMMAND_BYTES_MIN;
    }
    CHECK(owner->settings.command_bytes <= COMMAND_BYTES_MAX);
    snprintf(owner->directory, sizeof(owner->directory), "%s/state",
             settings->directory);
    owner->switcher = timer_new(settings->loop, on_switch, owner);
    CHECK(owner->switcher != NULL);
    STAILQ_INIT(&owner->proposed);
    STAILQ_INIT(&owner->held);
    STAILQ_INIT(&owner->reads);
    STAILQ_INIT(&owner->entries);
    return owner;
}

static void word_free(struct owner *owner, struct word_list *list,
                      struct word *word)
{
    STAILQ_REMOVE(list, word, word, link);
    owner->n_words--;
    free(word);
}

void owner_free(struct owner *owner)
{
    struct waiting_read *read;
    struct held_entry *entry;

    if (owner == NULL) {
        return;
    }
    timer_free(owner->switcher);
    while (!STAILQ_EMPTY(&owner->proposed)) {
        word_free(owner, &owner->proposed, STAILQ_FIRST(&owner->proposed));
    }
    while (!STAILQ_EMPTY(&owner->held)) {
        word_free(owner, &owner->held, STAILQ_FIRST(&owner->held));
    }
    while ((read = STAILQ_FIRST(&owner->reads)) != NULL) {
        STAILQ_REMOVE_HEAD(&owner->reads, link);
        free(read);
    }
    while ((entry = STAILQ_FIRST(&owner->entries)) != NULL) {
        STAILQ_REMOVE_HEAD(&owner->entries, link);
        free(entry);
    }
    free(owner);
}

/* --- The state on disk --- */

static enum error write_file(const char *directory, const char *name,
                             const uint8_t bytes[TALLY_BYTES])
{
    struct device_file *file = NULL;
    struct device *device = NULL;
    enum error error;

    TRY(device_open(directory, &device));
    (void)device_remove(device, "new");
    error =
        device_file_open(device, "new", DEVICE_WRITE | DEVICE_CREATE, &file);
    if (error == ERROR_NONE) {
        error = device_file_write(file, 0, bytes, TALLY_BYTES);
    }
    if (error == ERROR_NONE) {
        error = device_file_sync(file);
    }
    device_file_close(file);
    if (error == ERROR_NONE) {
        error = device_rename(device, "new", name);
    }
    if (error == ERROR_NONE) {
        error = device_sync(device);
    }
    device_close(device);
    return error;
}

static enum error save(struct owner *owner, const char *directory)
{
    uint8_t bytes[TALLY_BYTES];

    tally_write(&owner->tally, bytes);
    return write_file(directory, "tally", bytes);
}

static enum error load(const char *directory, struct tally *tally_out)
{
    uint8_t bytes[TALLY_BYTES];
    struct device_file *file = NULL;
    struct device *device = NULL;
    size_t got = 0;
    enum error error;

    TRY(device_open(directory, &device));
    error = device_file_open(device, "tally", DEVICE_READ, &file);
    if (error == ERROR_NONE) {
        error = device_file_read(file, 0, bytes, sizeof(bytes), &got);
    }
    device_file_close(file);
    device_close(device);
    TRY(error);
    return tally_read(slice_of(bytes, got), tally_out) ? ERROR_NONE
                                                       : ERROR_ROTTEN;
}

static void fail(struct owner *owner, enum error error, const char *reason)
{
    if (owner->settings.watch.fatal != NULL) {
        owner->settings.watch.fatal(owner->settings.watch.context, owner, error,
                                    reason);
    }
}

enum error owner_open(struct owner *owner)
{
    enum error error = load(owner->directory, &owner->tally);

    if (error == ERROR_NOT_FOUND) {
        owner->tally = (struct tally){.index = 0};
        error = ERROR_NONE;
    }
    owner->durable_index = owner->tally.index;
    return error;
}

static void flush_to(struct owner *owner, uint64_t log_index)
{
    enum error error;

    if (owner->tally.index < log_index) {
        owner->flush_wanted = log_index;
        return;
    }
    owner->flush_wanted = 0;
    error = save(owner, owner->directory);
    if (error != ERROR_NONE) {
        fail(owner, error, "the state cannot be written");
        return;
    }
    owner->durable_index = owner->tally.index;
    replica_flushed(owner->replica, owner->durable_index);
}

/* --- Proposing --- */

static void begin_epoch(struct owner *owner)
{
    uint8_t command[TALLY_COMMAND_BYTES_MIN];

    owner->epoch = 0;
    owner->answered = 0;
    loop_random(owner->settings.loop, &owner->start_id,
                sizeof(owner->start_id));
    tally_command(TALLY_START, owner->start_id, command, sizeof(command));
    CHECK(replica_begin_epoch(owner->replica,
                              slice_of(command, sizeof(command))) ==
          ERROR_NONE);
}

static void send_held(struct owner *owner)
{
    uint8_t command[COMMAND_BYTES_MAX];
    size_t bytes = owner->settings.command_bytes;
    struct word *word;

    while (owner->epoch != 0 && (word = STAILQ_FIRST(&owner->held)) != NULL) {
        tally_command(TALLY_COMMAND, word->word, command, bytes);
        if (replica_propose(owner->replica, owner->epoch, owner->next,
                            slice_of(command, bytes)) != ERROR_NONE) {
            return;
        }
        word->number = owner->next++;
        STAILQ_REMOVE_HEAD(&owner->held, link);
        STAILQ_INSERT_TAIL(&owner->proposed, word, link);
    }
}

static void tell_lost(struct owner *owner, uint64_t word, bool unknown)
{
    if (owner->settings.watch.lost != NULL) {
        owner->settings.watch.lost(owner->settings.watch.context, owner, word,
                                   unknown);
    }
}

static void acknowledge_until(struct owner *owner, uint64_t number,
                              uint64_t index)
{
    struct owner_watch *watch = &owner->settings.watch;
    struct word *word;

    while ((word = STAILQ_FIRST(&owner->proposed)) != NULL &&
           word->number <= number) {
        if (!word->taken_back && watch->acknowledged != NULL) {
            watch->acknowledged(watch->context, owner, word->word, index);
        }
        word_free(owner, &owner->proposed, word);
    }
}

/* Another life of this node has begun an epoch, or so it looks. */
static void lose_epoch(struct owner *owner)
{
    struct word *word;

    while ((word = STAILQ_FIRST(&owner->proposed)) != NULL) {
        tell_lost(owner, word->word, true);
        word_free(owner, &owner->proposed, word);
    }
    begin_epoch(owner);
}

static void on_start(struct owner *owner, const struct tally_result *result)
{
    if (result->word == owner->start_id) {
        if (owner->epoch == 0) {
            owner->epoch = owner->tally.nodes[result->node].epoch;
            owner->next = 1;
            replica_answered(owner->replica, 0);
        }
    } else if (owner->epoch != 0 && result->outcome == TALLY_ACCEPTED) {
        lose_epoch(owner);
    }
}

static void on_own(struct owner *owner, uint64_t index,
                   const struct tally_result *result)
{
    if (result->outcome != TALLY_ACCEPTED && result->kind != TALLY_START) {
        return;
    }
    if (result->kind == TALLY_START) {
        on_start(owner, result);
    } else if (result->epoch == owner->epoch) {
        acknowledge_until(owner, result->number, index);
        owner->answered = result->number;
    }
}

/* --- Applying --- */

static void serve_reads(struct owner *owner)
{
    struct owner_watch *watch = &owner->settings.watch;
    struct waiting_read *read, *next;

    for (read = STAILQ_FIRST(&owner->reads); read != NULL; read = next) {
        next = STAILQ_NEXT(read, link);
        if (read->index <= owner->tally.index) {
            STAILQ_REMOVE(&owner->reads, read, waiting_read, link);
            watch->read(watch->context, owner, read->token, ERROR_NONE);
            free(read);
        }
    }
}

static void apply(struct owner *owner, const struct replica_entry *entry)
{
    struct owner_watch *watch = &owner->settings.watch;
    struct tally_result result;

    if (entry->index <= owner->tally.index) {
        return;
    }
    result = tally_apply(&owner->tally, entry);
    if (watch->applied != NULL) {
        watch->applied(watch->context, owner, entry->index, &result);
    }
    if (result.outcome != TALLY_NONSENSE &&
        result.node == owner->settings.node) {
        on_own(owner, entry->index, &result);
    }
}

static void after_applying(struct owner *owner, uint64_t index)
{
    replica_applied(owner->replica, index);
    if (owner->answered != 0) {
        replica_answered(owner->replica, owner->answered);
        owner->answered = 0;
    }
    if (owner->flush_wanted != 0 && owner->tally.index >= owner->flush_wanted) {
        flush_to(owner, owner->flush_wanted);
    }
    serve_reads(owner);
    send_held(owner);
}

static void hold_entry(struct owner *owner, const struct replica_entry *entry)
{
    struct held_entry *held = malloc(sizeof(*held) + entry->bytes.len);

    CHECK(held != NULL);
    held->entry = *entry;
    memcpy(held->bytes, entry->bytes.data, entry->bytes.len);
    held->entry.bytes.data = held->bytes;
    STAILQ_INSERT_TAIL(&owner->entries, held, link);
}

static void on_committed(void *context, const struct replica_entry *entries,
                         size_t n)
{
    struct owner *owner = context;

    for (size_t i = 0; i < n; i++) {
        if (owner->paused) {
            hold_entry(owner, &entries[i]);
        } else {
            apply(owner, &entries[i]);
        }
    }
    if (!owner->paused) {
        after_applying(owner, entries[n - 1].index);
    }
}

void owner_pause(struct owner *owner, bool pause)
{
    struct held_entry *held;
    uint64_t index = 0;

    owner->paused = pause;
    while (!owner->paused && (held = STAILQ_FIRST(&owner->entries)) != NULL) {
        STAILQ_REMOVE_HEAD(&owner->entries, link);
        index = held->entry.index;
        apply(owner, &held->entry);
        free(held);
    }
    if (index != 0) {
        after_applying(owner, index);
    }
}

/* --- Events --- */

static void on_changed(void *context, const struct replica_status *status)
{
    struct owner *owner = context;

    if (owner->settings.watch.changed != NULL) {
        owner->settings.watch.changed(owner->settings.watch.context, owner,
                                      status);
    }
    send_held(owner);
}

static void on_read_ready(void *context, uint64_t token, enum error error,
                          uint64_t log_index)
{
    struct owner *owner = context;
    struct owner_watch *watch = &owner->settings.watch;
    struct waiting_read *read;

    if (error != ERROR_NONE) {
        watch->read(watch->context, owner, token, error);
        return;
    }
    read = malloc(sizeof(*read));
    CHECK(read != NULL);
    *read = (struct waiting_read){.token = token, .index = log_index};
    STAILQ_INSERT_TAIL(&owner->reads, read, link);
    serve_reads(owner);
}

static void on_withdrawn(void *context, uint64_t number, bool taken_back)
{
    struct owner *owner = context;
    struct word *word;

    STAILQ_FOREACH (word, &owner->proposed, link) {
        if (word->number == number && taken_back) {
            word->taken_back = true;
            tell_lost(owner, word->word, false);
        }
    }
}

static void on_flush_wanted(void *context, uint64_t log_index)
{
    flush_to(context, log_index);
}

static void on_checkpoint_wanted(void *context, uint64_t id,
                                 const char *directory)
{
    struct owner *owner = context;

    replica_checkpoint_made(owner->replica, id, save(owner, directory),
                            owner->tally.index);
}

static void on_checkpoint_dropped(void *context, uint64_t id)
{
    (void)context;
    (void)id;
}

/* Words that the new state holds were acknowledged unseen. */
static void look_up(struct owner *owner)
{
    const struct tally_node *node = &owner->tally.nodes[owner->settings.node];

    if (owner->epoch != 0 && node->epoch == owner->epoch) {
        acknowledge_until(owner, node->last, owner->tally.index);
        owner->answered = node->last;
    } else if (owner->epoch == 0 && node->start_id == owner->start_id) {
        owner->epoch = node->epoch;
        owner->next = 1;
        replica_answered(owner->replica, 0);
    } else if (owner->epoch != 0) {
        lose_epoch(owner);
    }
}

/* Meanwhile no entry comes, and a read that was granted waits. */
static void on_switch(void *context)
{
    struct owner *owner = context;
    struct owner_watch *watch = &owner->settings.watch;
    struct tally tally;
    enum error error = load(owner->restore_from, &tally);

    CHECK(STAILQ_EMPTY(&owner->entries) || owner->paused);
    if (error == ERROR_NONE && tally.index < owner->restore_index) {
        error = ERROR_ROTTEN;
    }
    if (error == ERROR_NONE) {
        owner->tally = tally;
        error = save(owner, owner->directory);
    }
    if (error != ERROR_NONE) {
        fail(owner, error, "a snapshot cannot be restored");
        return;
    }
    owner->durable_index = owner->tally.index;
    if (watch->restored != NULL) {
        watch->restored(watch->context, owner);
    }
    look_up(owner);
    replica_restored(owner->replica, owner->tally.index);
    after_applying(owner, owner->tally.index);
}

/* A real state takes a while to switch. */
static void on_restore(void *context, const char *directory, uint64_t log_index)
{
    struct owner *owner = context;

    if (log_index <= owner->tally.index) {
        replica_restored(owner->replica, owner->tally.index);
        return;
    }
    snprintf(owner->restore_from, sizeof(owner->restore_from), "%s", directory);
    owner->restore_index = log_index;
    timer_start(owner->switcher, SWITCH_MS, 0);
}

static bool on_may_rejoin(void *context, uint8_t node)
{
    (void)context;
    (void)node;
    return true;
}

static bool on_knows_directory(void *context, uint64_t raft_id,
                               uint64_t directory_id)
{
    const struct owner *owner = context;

    (void)directory_id;
    return raft_id != owner->forbidden;
}

static void on_fatal(void *context, enum error error, const char *reason)
{
    fail(context, error, reason);
}

struct replica_events owner_events(struct owner *owner)
{
    return (struct replica_events){.context = owner,
                                   .committed = on_committed,
                                   .changed = on_changed,
                                   .read_ready = on_read_ready,
                                   .withdrawn = on_withdrawn,
                                   .flush_wanted = on_flush_wanted,
                                   .checkpoint_wanted = on_checkpoint_wanted,
                                   .checkpoint_dropped = on_checkpoint_dropped,
                                   .restore = on_restore,
                                   .may_rejoin = on_may_rejoin,
                                   .knows_directory = on_knows_directory,
                                   .fatal = on_fatal};
}

/* --- For its watcher --- */

void owner_start(struct owner *owner, struct replica *replica)
{
    owner->replica = replica;
    begin_epoch(owner);
}

bool owner_propose(struct owner *owner, uint64_t value)
{
    struct word *word;

    if (owner->n_words >= WAITING_MAX) {
        return false;
    }
    word = calloc(1, sizeof(*word));
    CHECK(word != NULL);
    word->word = value;
    owner->n_words++;
    STAILQ_INSERT_TAIL(&owner->held, word, link);
    send_held(owner);
    return true;
}

void owner_withdraw_all(struct owner *owner)
{
    struct word *word;

    while ((word = STAILQ_FIRST(&owner->held)) != NULL) {
        tell_lost(owner, word->word, false);
        word_free(owner, &owner->held, word);
    }
    STAILQ_FOREACH (word, &owner->proposed, link) {
        if (!word->taken_back) {
            replica_withdraw(owner->replica, word->number);
        }
    }
}

enum error owner_read(struct owner *owner, uint64_t token, unsigned wait_ms)
{
    return replica_read(owner->replica, token, wait_ms);
}

void owner_forbid(struct owner *owner, uint64_t raft_id)
{
    owner->forbidden = raft_id;
}

size_t owner_waiting(const struct owner *owner)
{
    return owner->n_words;
}

const struct tally *owner_tally(const struct owner *owner)
{
    return &owner->tally;
}

struct replica *owner_replica(const struct owner *owner)
{
    return owner->replica;
}

uint8_t owner_node(const struct owner *owner)
{
    return owner->settings.node;
}
