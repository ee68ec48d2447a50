/* The tests' owner: its proposals, and what became of them. */
#include <stdlib.h>

#include "proto/base/check.h"
#include "tests/sim/owner_inner.h"

void owner_word_free(struct owner *owner, struct word_list *list,
                     struct word *word)
{
    STAILQ_REMOVE(list, word, word, link);
    owner->n_words--;
    free(word);
}

void owner_begin_epoch(struct owner *owner)
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

void owner_send_held(struct owner *owner)
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
        owner_word_free(owner, &owner->proposed, word);
    }
}

/* Another life of this node has begun an epoch, or so it looks. */
static void lose_epoch(struct owner *owner)
{
    struct word *word;

    while ((word = STAILQ_FIRST(&owner->proposed)) != NULL) {
        if (!word->taken_back) {
            tell_lost(owner, word->word, true);
        }
        owner_word_free(owner, &owner->proposed, word);
    }
    owner_begin_epoch(owner);
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

void owner_take_own(struct owner *owner, uint64_t index,
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

void owner_withdrawn(void *context, uint64_t number, bool taken_back)
{
    struct owner *owner = context;
    struct word *word;

    STAILQ_FOREACH (word, &owner->proposed, link) {
        if (word->number == number && taken_back && !word->taken_back) {
            word->taken_back = true;
            tell_lost(owner, word->word, false);
        }
    }
}

/* Words that the new state holds were acknowledged unseen. */
void owner_look_up(struct owner *owner)
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
    owner_send_held(owner);
    return true;
}

void owner_withdraw_all(struct owner *owner)
{
    struct word *word;

    while ((word = STAILQ_FIRST(&owner->held)) != NULL) {
        tell_lost(owner, word->word, false);
        owner_word_free(owner, &owner->held, word);
    }
    STAILQ_FOREACH (word, &owner->proposed, link) {
        if (!word->taken_back) {
            replica_withdraw(owner->replica, word->number);
        }
    }
}
