/* A leader's snapshot on its way in: kept until its files are here. */
#include "raft/guard/offer.h"

#include "raft/guard/append.h"
#include "raft/guard/configuration.h"
#include "raft/guard/disk.h"
#include "raft/guard/hold.h"
#include "raft/guard/snapshot.h"
#include "raft/guard/status.h"
#include "raft/guard/view.h"

static bool core_is_busy(const struct guard *guard)
{
    const struct raft *raft = guard_raft(guard);

    return raft->snapshot.pending.term != 0 || raft->snapshot.put.data != NULL;
}

/* Whether replicationInstallSnapshot will answer that it has all this. */
static bool has_already(const struct guard *guard,
                        const struct raft_install_snapshot *args)
{
    return guard_raft(guard)->log.snapshot.last_index >= args->last_index ||
           guard_term_of(guard, args->last_index) >= args->last_term;
}

/* Rule SNAPTERM: replicationInstallSnapshot takes an entry of a newer term for
 * a sign that it has what the snapshot holds. The entry is one that was never
 * committed, for the snapshot has another at its place. */
static bool holds_other(const struct guard *guard,
                        const struct raft_install_snapshot *args)
{
    return guard_on(guard, GUARD_SNAPTERM) &&
           guard_raft(guard)->log.snapshot.last_index < args->last_index &&
           guard_term_of(guard, args->last_index) > args->last_term;
}

/* What is committed has no other entry: the leader is wrong, or we are. Returns
 * whether the node stops for it. */
static bool stops_for(struct guard *guard, struct raft_message *message)
{
    const struct raft_install_snapshot *args = &message->install_snapshot;
    raft_term ours = guard_term_of(guard, args->last_index);

    if (args->last_index > guard_raft(guard)->commit_index || ours == 0 ||
        ours == args->last_term) {
        return false;
    }
    guard_fatal(guard, GUARD_FATAL_CONFLICT,
                "a snapshot of leader %llu contradicts what is committed at "
                "%llu",
                message->server_id, args->last_index);
    guard_discard(message);
    return true;
}

/* Keep the message until its files are here; the leader's presence is felt all
 * the same. One offer at a time: what it holds is committed, so it is as good
 * under any later leader. */
static void hold_offer(struct guard *guard, struct raft_message *message)
{
    struct guard_offer *offer = &guard->offer;
    struct raft_message presence = *message;

    if (offer->held) {
        guard_deliver_blank(guard, message);
        return;
    }
    *offer = (struct guard_offer){.held = true,
                                  .from = message->server_id,
                                  .args = message->install_snapshot};
    presence.type = RAFT_IO_APPEND_ENTRIES;
    presence.append_entries =
        (struct raft_append_entries){.term = offer->args.term};
    guard_deliver_blank(guard, &presence);
    if (!guard->dead) {
        guard->hooks.snapshot_offered(guard->hooks.context, &offer->args,
                                      offer->from);
    }
}

/* The message may go to the core only when nothing older is being written, and
 * never over an entry of another term. */
static void admit(struct guard *guard, struct raft_message *message)
{
    const struct raft_install_snapshot *args = &message->install_snapshot;
    raft_index index = args->last_index;

    if (stops_for(guard, message)) {
        return;
    }
    if (holds_other(guard, args)) {
        guard_discard(message);
        guard_cut(guard, GUARD_SNAPTERM, index);
        return;
    }
    if (core_is_busy(guard) && !has_already(guard, args)) {
        guard_deliver_blank(guard, message);
        return;
    }
    guard_verify(guard, args->term, index);
    guard->heard_term = args->term;
    guard_deliver(guard, message);
}

void guard_receive_snapshot(struct guard *guard, struct raft_message *message)
{
    struct raft *raft = guard_raft(guard);
    const struct raft_install_snapshot *args = &message->install_snapshot;

    if (args->term < raft->current_term) {
        guard_deliver(guard, message); /* The core refuses it. */
        return;
    }
    if (stops_for(guard, message)) {
        return;
    }
    if (args->term > raft->current_term) {
        guard_release_all(guard);
    }
    if (has_already(guard, args)) {
        admit(guard, message);
    } else if (guard_installing(guard)) {
        guard_deliver_blank(guard, message);
    } else if (guard->hooks.snapshot_offered != NULL) {
        hold_offer(guard, message);
    } else if (guard_on(guard, GUARD_TERMINFL) &&
               guard_writing_before(guard, args->term)) {
        guard_acted(guard, GUARD_TERMINFL);
        guard_deliver_blank(guard, message);
    } else {
        admit(guard, message);
    }
}

void guard_void_offer(struct guard *guard)
{
    if (guard->offer.held) {
        guard->offer.held = false;
        raft_configuration_close(&guard->offer.args.conf);
        raft_free(guard->offer.args.data.base);
    }
}

/* The log has come as far without it. */
static bool is_needless(const struct guard *guard)
{
    const struct raft_install_snapshot *args = &guard->offer.args;

    return guard_raft(guard)->log.snapshot.last_index >= args->last_index ||
           guard_term_of(guard, args->last_index) == args->last_term;
}

/* As the leader of now would send it, who may be another than the one who did.
 */
static void install_offer(struct guard *guard)
{
    struct raft *raft = guard_raft(guard);
    struct raft_message message = {
        .type = RAFT_IO_INSTALL_SNAPSHOT,
        .server_id = raft->follower_state.current_leader.id,
        .server_address = raft->follower_state.current_leader.address,
        .install_snapshot = guard->offer.args,
    };

    message.install_snapshot.term = raft->current_term;
    guard->offer.held = false;
    admit(guard, &message);
    guard->step_again = true;
}

void guard_offer_step(struct guard *guard)
{
    const struct raft *raft = guard_raft(guard);

    if (!guard->offer.held) {
        return;
    }
    if (is_needless(guard)) {
        guard_void_offer(guard);
        guard->hooks.snapshot_dropped(guard->hooks.context);
        return;
    }
    if (guard->offer.ready && raft->state == RAFT_FOLLOWER &&
        guard_leader(guard) != 0 && !core_is_busy(guard) &&
        !guard_writing(guard)) {
        install_offer(guard);
    }
}

void guard_snapshot_ready(struct guard *guard)
{
    if (!guard->dead) {
        guard->offer.ready = guard->offer.held;
        guard_step(guard);
    }
}

void guard_snapshot_failed(struct guard *guard)
{
    guard_void_offer(guard);
}
