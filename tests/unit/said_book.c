#include "tests/unit/said_book.h"

#include <stdlib.h>
#include <string.h>

#include "node/chat/archive.h"
#include "proto/base/buffer.h"
#include "proto/base/check.h"
#include "proto/store.pb-c.h"

enum { PAGE_ARENA_BYTES = 16384, PAGES_FIRST = 16 };

struct page {
    uint32_t room;
    struct said said;
    size_t revisions;
};

struct said_book {
    struct arena *arena; /* Texts. */
    struct page *pages;  /* By room, then id. */
    size_t n, capacity;
};

struct said_book *said_book_new(void)
{
    struct said_book *book = calloc(1, sizeof(*book));

    CHECK(book != NULL);
    book->arena = arena_new(PAGE_ARENA_BYTES);
    CHECK(book->arena != NULL);
    return book;
}

void said_book_free(struct said_book *book)
{
    if (book != NULL) {
        arena_free(book->arena);
        free(book->pages);
        free(book);
    }
}

/* The place of a message, or where it belongs. */
static size_t place(const struct said_book *book, uint32_t room, uint64_t id)
{
    size_t low = 0, high = book->n;

    while (low < high) {
        size_t middle = low + (high - low) / 2;
        const struct page *page = &book->pages[middle];

        if (page->room < room ||
            (page->room == room && page->said.message_id < id)) {
            low = middle + 1;
        } else {
            high = middle;
        }
    }
    return low;
}

static struct page *find(const struct said_book *book, uint32_t room,
                         uint64_t id)
{
    size_t i = place(book, room, id);

    return i < book->n && book->pages[i].room == room &&
                   book->pages[i].said.message_id == id
               ? &book->pages[i]
               : NULL;
}

static struct page *insert(struct said_book *book, uint32_t room, uint64_t id)
{
    size_t i = place(book, room, id);

    if (book->n == book->capacity) {
        book->capacity = book->capacity == 0 ? PAGES_FIRST : book->capacity * 2;
        book->pages =
            realloc(book->pages, book->capacity * sizeof(*book->pages));
        CHECK(book->pages != NULL);
    }
    memmove(&book->pages[i + 1], &book->pages[i],
            (book->n - i) * sizeof(*book->pages));
    book->n += 1;
    book->pages[i] = (struct page){.room = room, .said.message_id = id};
    return &book->pages[i];
}

static void *read_row(struct said_book *book, const struct buffer *bytes,
                      const ProtobufCMessageDescriptor *descriptor)
{
    void *row = NULL;

    CHECK(codec_read(book->arena, descriptor, buffer_slice(bytes), &row) ==
          ERROR_NONE);
    return row;
}

static void take_row(struct said_book *book, uint32_t room,
                     const Perch__Stored__Message *row)
{
    insert(book, room, row->message_id)->said = (struct said){
        .message_id = row->message_id,
        .log_index = row->log_index,
        .sent_at_us = row->sent_at_us,
        .author_uri = codec_slice(row->author),
        .display_name = codec_slice(row->display_name),
        .text = codec_slice(row->text),
        .extra = codec_slice(row->extra),
        .alert = row->alert,
        .story = row->story,
        .hidden = row->hidden,
        .has_csn = row->has_csn,
        .csn = row->csn,
        .is_shared = row->has_command_csn,
        .command_csn = row->command_csn,
    };
}

static void take_message(struct said_book *book, const struct message *message)
{
    struct buffer bytes = BUFFER_EMPTY;

    message_write(message, &bytes);
    take_row(book, message->room,
             read_row(book, &bytes, &perch__stored__message__descriptor));
    buffer_deinit(&bytes);
}

/* The CSNs of a message's revisions, and one more. */
static void add_csn(struct said_book *book, struct said *said, uint64_t csn)
{
    uint64_t *csns =
        arena_alloc(book->arena, (said->n_revised + 1) * sizeof(*csns));

    CHECK(csns != NULL);
    if (said->n_revised > 0) {
        memcpy(csns, said->revised, said->n_revised * sizeof(*csns));
    }
    csns[said->n_revised++] = csn;
    said->revised = csns;
}

static void take_revision(struct said_book *book, struct page *page,
                          const Perch__Stored__Revision *row)
{
    CHECK(page != NULL);
    page->revisions += 1;
    page->said.state = (enum revision)row->kind;
    page->said.text = codec_slice(row->text);
    page->said.extra = codec_slice(row->extra);
    if (row->has_csn) {
        add_csn(book, &page->said, row->csn);
    }
}

static void take_revisions(struct said_book *book,
                           const struct effects *effects)
{
    struct buffer bytes = BUFFER_EMPTY;

    for (size_t i = 0; i < effects->n_ids; i++) {
        if (effects->ids[i] == 0) {
            continue; /* Of the room. */
        }
        buffer_clear(&bytes);
        revision_write(effects, i, &bytes);
        take_revision(
            book, find(book, effects->revised.room, effects->ids[i]),
            read_row(book, &bytes, &perch__stored__revision__descriptor));
    }
    buffer_deinit(&bytes);
}

static void erase(struct said_book *book, uint32_t room, uint64_t id)
{
    struct page *page = find(book, room, id);
    size_t i;

    CHECK(page != NULL);
    i = (size_t)(page - book->pages);
    memmove(page, page + 1, (book->n - i - 1) * sizeof(*page));
    book->n -= 1;
}

static void take_imported(struct said_book *book, const struct effects *effects)
{
    struct message message;

    for (size_t i = 0; i < effects->imported.import->n_messages; i++) {
        effects_imported(effects, i, &message);
        take_message(book, &message);
    }
}

/* Rows that come back with records of the archive. */
static void take_brought(struct said_book *book, const struct effects *effects)
{
    struct buffer bytes = BUFFER_EMPTY;

    for (size_t i = 0; i < effects->brought.n; i++) {
        const struct brought_row *brought = &effects->brought.rows[i];

        buffer_clear(&bytes);
        buffer_append_slice(&bytes, effects_brought_at(effects, i));
        if (!brought->is_revision) {
            take_row(
                book, brought->room,
                read_row(book, &bytes, &perch__stored__message__descriptor));
        } else if (brought->message_id > 0) { /* Else it is of the room. */
            take_revision(
                book, find(book, brought->room, brought->message_id),
                read_row(book, &bytes, &perch__stored__revision__descriptor));
        }
    }
    buffer_deinit(&bytes);
}

/* The CSNs there were are of another archive now; those of posts are told apart
 * by their log index. */
static void forget_csns(struct said_book *book, const struct effects *effects)
{
    for (size_t i = 0; i < effects->n_events; i++) {
        for (size_t j = 0;
             effects->events[i].kind == EVENT_ARCHIVE_BEGUN && j < book->n;
             j++) {
            book->pages[j].said.n_revised = 0;
        }
    }
}

void said_book_take(struct said_book *book, const struct effects *effects)
{
    forget_csns(book, effects);
    take_brought(book, effects);
    if (effects->has_message) {
        take_message(book, &effects->message);
    }
    if (effects->imported.import != NULL) {
        take_imported(book, effects);
    }
    if (effects->revised.kind != REVISION_NONE) {
        take_revisions(book, effects);
    }
    for (size_t i = 0; effects->purged_room != 0 && i < effects->n_ids; i++) {
        erase(book, effects->purged_room, effects->ids[i]);
    }
}

static bool is_wanted(const struct wants *wants, const struct page *page)
{
    uint64_t id = page->said.message_id;

    if (page->room != wants->room) {
        return false;
    }
    for (size_t i = 0; i < wants->n; i++) {
        if (wants->ids[i] == id) {
            return true;
        }
    }
    return wants->n == 0 && id > wants->after_id && id <= wants->upto_id;
}

static bool has_others(const struct said_book *book, const struct wants *wants,
                       uint64_t begun_index, const struct said *said)
{
    for (size_t i = 0; i < book->n; i++) {
        const struct page *page = &book->pages[i];

        if (said->is_shared && page->room == wants->room &&
            page->said.is_shared && page->said.log_index >= begun_index &&
            page->said.command_csn == said->command_csn &&
            !is_wanted(wants, page)) {
            return true;
        }
    }
    return false;
}

const struct facts *said_book_facts(const struct said_book *book,
                                    const struct machine *machine,
                                    const Perch__Command *command,
                                    struct arena *arena)
{
    struct archive_view archive;
    struct facts *facts;
    struct wants wants;
    struct said *said;

    if (command == NULL || !message_wants(machine, command, &wants)) {
        return NULL;
    }
    archive_view(machine, &archive);
    facts = arena_alloc(arena, sizeof(*facts));
    said = arena_alloc(arena, (PURGES_MAX + 1) * sizeof(*said));
    CHECK(facts != NULL && said != NULL);
    *facts = (struct facts){0, said};
    for (size_t i = 0; i < book->n && facts->n <= PURGES_MAX; i++) {
        if (is_wanted(&wants, &book->pages[i])) {
            said[facts->n++] = book->pages[i].said;
        }
    }
    for (size_t i = 0; wants.n == 0 && i < facts->n; i++) {
        said[i].has_others =
            has_others(book, &wants, archive.begun_index, &said[i]);
    }
    return facts;
}

size_t said_book_messages(const struct said_book *book, uint32_t room)
{
    return place(book, room + 1, 0) - place(book, room, 0);
}

size_t said_book_revisions(const struct said_book *book, uint32_t room,
                           uint64_t message_id)
{
    const struct page *page = find(book, room, message_id);

    return page == NULL ? 0 : page->revisions;
}

struct said said_book_now(const struct said_book *book, uint32_t room,
                          uint64_t message_id)
{
    const struct page *page = find(book, room, message_id);

    CHECK(page != NULL);
    return page->said;
}
