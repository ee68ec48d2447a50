#include "node/admin/page.h"

#include "proto/base/check.h"

static size_t limit_of(const Perch__Admin__Request *head)
{
    if (head->limit == 0) {
        return ADMIN_PAGE_ITEMS_DEFAULT;
    }
    return head->limit < ADMIN_PAGE_ITEMS_MAX ? head->limit
                                              : ADMIN_PAGE_ITEMS_MAX;
}

void page_begin(struct page *page, struct answer *answer)
{
    *page = (struct page){
        .answer = answer,
        .limit = limit_of(answer->ask->request.head),
        .bytes_left = ADMIN_REPLY_BYTES_MAX - PAGE_SLACK_BYTES,
        .looks_left = PAGE_LOOKS_MAX,
    };
    page->items = answer_alloc(answer, page->limit * sizeof(*page->items));
}

/* Said of the first that has no place any more, so that a list that ends just
 * at the limit has no next page. */
bool page_look(struct page *page)
{
    page->more = page->n == page->limit ||
                 page->bytes_left < PAGE_ITEM_BYTES_MAX ||
                 page->looks_left == 0;
    page->looks_left -= page->more ? 0 : 1;
    return !page->more;
}

void page_add(struct page *page, const ProtobufCMessage *item)
{
    size_t bytes = protobuf_c_message_get_packed_size(item);

    CHECK(page->n < page->limit && bytes <= PAGE_ITEM_BYTES_MAX);
    page->items[page->n++] = (void *)(uintptr_t)item;
    page->bytes_left -= bytes;
}

void page_end(struct page *page, struct slice mark)
{
    if (page->more) {
        ANSWER_TEXT(&page->answer->reply, next,
                    answer_printf(page->answer, "%.*s", SLICE_PRINT(mark)));
    }
}

bool page_number(struct answer *answer, uint32_t *number_out)
{
    struct slice mark = codec_slice(answer->ask->request.head->after);
    uint64_t number = 0;

    for (size_t i = 0; i < mark.len; i++) {
        if (mark.data[i] < '0' || mark.data[i] > '9' || i > 9) {
            answer_refuse_about(answer, REFUSAL_MARK_INVALID, mark);
            return false;
        }
        number = number * 10 + (mark.data[i] - '0');
    }
    *number_out = number > UINT32_MAX ? UINT32_MAX : (uint32_t)number;
    return true;
}
