#include "ops/client/pager.h"

void pager_begin(struct pager *pager, uint64_t after_id, uint64_t most)
{
    *pager = (struct pager){.after_id = after_id, .left = most};
}

void pager_ask(const struct pager *pager, struct client_question *question)
{
    question->kind = CLIENT_AFTER;
    question->message_id = pager->after_id;
    question->most = pager->left < CLIENT_HISTORY_MAX ? (uint32_t)pager->left
                                                      : CLIENT_HISTORY_MAX;
}

bool pager_take(struct pager *pager, const struct xccos_data *page)
{
    const struct xccos_room *room = page->rooms;
    struct client_question asked;
    uint64_t n = 0;

    pager_ask(pager, &asked);
    for (const struct xccos_message *message = room == NULL ? NULL
                                                            : room->messages;
         message != NULL; message = message->next) {
        n++;
        if (message->message_id.value > pager->after_id) {
            pager->after_id = message->message_id.value;
        }
    }
    pager->left = n < pager->left ? pager->left - n : 0;
    return n > 0 && pager->left > 0 && pager->after_id > asked.message_id &&
           (n >= asked.most || room->over_limit == XCCOS_FLAG_TRUE);
}
