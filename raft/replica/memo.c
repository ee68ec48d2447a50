#include "raft/replica/memo.h"

#include <stdlib.h>
#include <string.h>

#include "proto/base/check.h"
#include "proto/entry.h"

struct memo *memo_new(enum memo_kind kind)
{
    struct memo *memo = calloc(1, sizeof(*memo));

    CHECK(memo != NULL);
    memo->letter.kind = kind;
    return memo;
}

struct memo *memo_of_archive(uint8_t node, const struct peer_message *message)
{
    struct memo *memo = memo_new(MEMO_ARCHIVE);
    struct slice *data = &memo->archive.message.archive_part.data;

    memo->archive.node = node;
    memo->archive.message = *message;
    if (message->kind != PEER_ARCHIVE_PART || data->len == 0) {
        return memo;
    }
    memo->archive.data = malloc(data->len);
    if (memo->archive.data == NULL) {
        free(memo);
        return NULL;
    }
    memcpy(memo->archive.data, data->data, data->len);
    data->data = memo->archive.data;
    return memo;
}

struct proposal *proposal_new(uint8_t node, uint64_t epoch, uint64_t number,
                              struct slice command)
{
    struct entry entry = {.origin_node = node,
                          .origin_epoch = epoch,
                          .number = number,
                          .command = command};
    size_t len = entry_bytes(command.len);
    struct proposal *proposal = malloc(sizeof(*proposal) + len);

    if (proposal == NULL) {
        return NULL;
    }
    proposal->letter.kind = MEMO_PROPOSE;
    proposal->epoch = epoch;
    proposal->number = number;
    proposal->len = len;
    entry_write(proposal->bytes, &entry);
    return proposal;
}

void memo_free(struct letter *letter)
{
    struct memo *memo = (struct memo *)letter;

    if (letter == NULL) {
        return;
    }
    switch ((enum memo_kind)letter->kind) {
    case MEMO_COMMITTED:
        buffer_deinit(&((struct commit_batch *)letter)->bytes);
        break;
    case MEMO_WITHDRAW:
        free(memo->withdraw.instead);
        break;
    case MEMO_CHANGED:
        free(memo->status);
        break;
    case MEMO_CHECKPOINT_WANTED:
    case MEMO_RESTORE:
        free(memo->checkpoint.directory);
        break;
    case MEMO_ARCHIVE:
        free(memo->archive.data);
        break;
    case MEMO_FATAL:
        free(memo->fatal.reason);
        break;
    default:
        break;
    }
    free(letter);
}

void memo_free_all(struct letter_list *list)
{
    struct letter *letter;

    while ((letter = STAILQ_FIRST(list)) != NULL) {
        STAILQ_REMOVE_HEAD(list, link);
        memo_free(letter);
    }
}
