/* What the owner asks of the engine. */
#include <stdlib.h>

#include "proto/base/check.h"
#include "raft/replica/engine_parts.h"
#include "raft/replica/membership.h"
#include "raft/replica/snapshots.h"

static void withdraw(struct engine *engine, struct memo *memo)
{
    /* front.c has written the entry that takes its place. */
    memo->withdraw.taken_back =
        submit_withdraw(&engine->submit, memo->withdraw.instead);
    memo->withdraw.instead = NULL;
    engine_tell(engine, memo);
}

static void take_applied(struct engine *engine, uint64_t index)
{
    if (index > engine->applied_index) {
        engine->applied_index = index;
    }
    commits_applied(engine->commits, index);
}

/* Returns whether the memo is to be freed. */
static bool take(struct engine *engine, struct memo *memo)
{
    switch ((enum memo_kind)memo->letter.kind) {
    case MEMO_PROPOSE:
        submit_take(&engine->submit, (struct proposal *)&memo->letter);
        return false;
    case MEMO_WITHDRAW:
        withdraw(engine, memo);
        return false;
    case MEMO_ANSWERED:
        submit_answered(&engine->submit, memo->index);
        return true;
    case MEMO_READ:
        read_index_take(engine->reads, memo);
        return false;
    case MEMO_APPLIED:
        take_applied(engine, memo->index);
        return true;
    case MEMO_RESTORED:
        take_applied(engine, memo->index);
        engine_snapshots_take(engine, memo);
        return true;
    case MEMO_FLUSHED:
    case MEMO_CHECKPOINT_MADE:
        engine_snapshots_take(engine, memo);
        return true;
    case MEMO_TRANSFER:
        engine_transfer(engine, memo);
        return false;
    case MEMO_RELOAD_TLS:
        /* The transport says in the journal what came of it. */
        (void)transport_reload_tls(peers_transport(engine->peers));
        return true;
    case MEMO_ARCHIVE:
        /* Lost, it is asked for again. */
        (void)peers_send(engine->peers, memo->archive.node,
                         &memo->archive.message);
        return true;
    case MEMO_ASK_KNOWN:
        peers_take_known(engine->peers, memo);
        return true;
    case MEMO_ASK_REJOIN:
        engine_membership_take(engine, memo);
        return true;
    default:
        CHECK_UNREACHABLE();
    }
}

void engine_take_letters(void *context, struct letter_list *list)
{
    struct engine *engine = context;
    struct letter *letter;

    while ((letter = STAILQ_FIRST(list)) != NULL) {
        STAILQ_REMOVE_HEAD(list, link);
        if (engine->dead || !engine->started ||
            take(engine, (struct memo *)letter)) {
            memo_free(letter);
        }
    }
}
