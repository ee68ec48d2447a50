/* AppendEntries on their way in: what a follower may take from them. */
#include "raft/guard/append.h"

#include "raft/guard/configuration.h"
#include "raft/guard/disk.h"
#include "raft/guard/hold.h"
#include "raft/guard/view.h"

void guard_verify(struct guard *guard, raft_term term, raft_index index)
{
    if (guard->verified_term != term) {
        guard->verified_term = term;
        guard->verified = 0;
    }
    if (index > guard->verified) {
        guard->verified = index;
    }
}

void guard_deliver_blank(struct guard *guard, struct raft_message *message)
{
    struct raft_message blank = *message;

    blank.type = RAFT_IO_APPEND_ENTRIES;
    blank.append_entries = (struct raft_append_entries){
        .term = message->type == RAFT_IO_APPEND_ENTRIES
                    ? message->append_entries.term
                    : message->install_snapshot.term};
    guard_discard(message);
    guard->heard_term = blank.append_entries.term;
    guard->reply_blank = true;
    guard_deliver(guard, &blank);
    guard->reply_blank = false;
}

/* Whether the entry before the message's is ours too, so that
 * checkLogMatchingProperty will accept it. */
static bool matches(const struct guard *guard,
                    const struct raft_append_entries *args)
{
    return args->prev_log_index == 0 ||
           guard_term_of(guard, args->prev_log_index) == args->prev_log_term;
}

/* The first index at which the message has another entry than we; 0 if none. */
static raft_index conflict_of(const struct guard *guard,
                              const struct raft_append_entries *args)
{
    for (unsigned i = 0; i < args->n_entries; i++) {
        raft_index index = args->prev_log_index + 1 + i;
        raft_term ours = guard_term_of(guard, index);

        if (ours == 0) {
            return 0;
        }
        if (ours != args->entries[i].term) {
            return index;
        }
    }
    return 0;
}

static void drop_prefix(struct raft_append_entries *args, raft_index n)
{
    if (n < args->n_entries) {
        args->n_entries -= (unsigned)n;
        /* The batch is found through what is now the first entry. */
        for (unsigned i = 0; i < args->n_entries; i++) {
            args->entries[i] = args->entries[i + n];
        }
        return;
    }
    raft_free(args->entries[0].batch);
    raft_free(args->entries);
    args->entries = NULL;
    args->n_entries = 0;
}

/* Rule TRIM: entries that our snapshot covers are no longer in the log.
 * checkLogMatchingProperty refuses such a message each time it comes, and when
 * it begins at index 1, deleteConflictingEntries takes the first entry for new
 * and the node stops. All that is covered is committed, so the leader has the
 * same: the message is as good when it begins at the snapshot.
 *
 * Returns false when it contradicts the snapshot. */
static bool trim(struct guard *guard, struct raft_append_entries *args)
{
    const struct raft_log *log = &guard_raft(guard)->log;
    raft_index snapshot = log->snapshot.last_index;
    raft_term term = log->snapshot.last_term;
    raft_index prev = args->prev_log_index;
    bool known = prev == 0 ? log->offset == 0 : guard_term_of(guard, prev) != 0;
    raft_index covered;

    if (!guard_on(guard, GUARD_TRIM) || known || prev >= snapshot) {
        return true;
    }
    covered = snapshot - prev;
    if (covered <= args->n_entries && args->entries[covered - 1].term != term) {
        return false;
    }
    guard_acted(guard, GUARD_TRIM);
    if (args->n_entries > 0) {
        drop_prefix(args, covered);
    }
    args->prev_log_index = snapshot;
    args->prev_log_term = term;
    return true;
}

/* Rule ACKCLAMP, the incoming half: replicationAppend and appendFollowerCb
 * commit up to what is stored, also entries an older leader left behind. */
static void clamp_commit(struct guard *guard, struct raft_append_entries *args,
                         bool matched)
{
    raft_index limit =
        matched ? guard->verified : guard_raft(guard)->commit_index;

    if (guard_on(guard, GUARD_ACKCLAMP) && args->leader_commit > limit) {
        args->leader_commit = limit;
        guard_acted(guard, GUARD_ACKCLAMP);
    }
}

/* Whether the message contradicts what is committed: the core would stop. */
static bool contradicts(const struct guard *guard,
                        const struct raft_append_entries *args,
                        raft_index conflict)
{
    raft_index commit = guard_raft(guard)->commit_index;
    raft_term ours = guard_term_of(guard, args->prev_log_index);

    return (conflict != 0 && conflict <= commit) ||
           (args->prev_log_index <= commit && ours != 0 &&
            ours != args->prev_log_term);
}

/* A message of this term or a newer one, to a log that nothing older is being
 * written to. */
static void take(struct guard *guard, struct raft_message *message)
{
    struct raft *raft = guard_raft(guard);
    struct raft_append_entries *args = &message->append_entries;
    bool fits = trim(guard, args);
    raft_index conflict = conflict_of(guard, args);
    bool matched = matches(guard, args);

    if (!fits || contradicts(guard, args, conflict)) {
        guard_fatal(guard, GUARD_FATAL_CONFLICT,
                    "leader %llu of term %llu contradicts what is committed up "
                    "to %llu",
                    message->server_id, args->term, raft->commit_index);
        guard_discard(message);
        return;
    }
    /* Rule TRUNCBUSY: raft/uv loses a truncate asked for while a snapshot is
     * being written (deleteConflictingEntries asks all the same). */
    if (matched && conflict != 0 && guard_on(guard, GUARD_TRUNCBUSY) &&
        raft->snapshot.put.data != NULL) {
        guard_acted(guard, GUARD_TRUNCBUSY);
        guard_deliver_blank(guard, message);
        return;
    }
    if (matched && conflict != 0 && guard_cuts_configuration(guard, conflict)) {
        guard_discard(message);
        guard_cut(guard, GUARD_CONF, conflict);
        return;
    }
    if (matched) {
        guard_verify(guard, args->term, args->prev_log_index + args->n_entries);
    }
    clamp_commit(guard, args, matched);
    guard->heard_term = args->term;
    guard_deliver(guard, message);
}

void guard_receive_append(struct guard *guard, struct raft_message *message)
{
    struct raft *raft = guard_raft(guard);
    raft_term term = message->append_entries.term;

    if (term < raft->current_term) {
        guard_deliver(guard, message); /* The core refuses it. */
        return;
    }
    if (term == raft->current_term && raft->state == RAFT_LEADER) {
        guard_fatal(guard, GUARD_FATAL_CONFLICT,
                    "server %llu leads term %llu, which is ours",
                    message->server_id, term);
        guard_discard(message);
        return;
    }
    if (term > raft->current_term) {
        guard_release_all(guard);
    }
    /* Rule TERMINFL: deleteConflictingEntries may cut entries whose write is
     * under way, and a later leader bring the very same ones back: two writes
     * of one (index, term), which log.c cannot tell apart. */
    if (guard_on(guard, GUARD_TERMINFL) && guard_writing_before(guard, term)) {
        guard_acted(guard, GUARD_TERMINFL);
        guard_deliver_blank(guard, message);
        return;
    }
    take(guard, message);
}
