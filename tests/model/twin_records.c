#include "proto/base/check.h"
#include "tests/model/twin.h"

/* Which records an entry makes, derived from what it is and what came of it. */

static void add(struct twin *twin, enum record_kind kind)
{
    CHECK(twin->n_made < TWIN_EVENTS);
    twin->made[twin->n_made++] = kind;
}

static struct twin_said *find_said(const struct twin *twin, uint32_t room,
                                   uint64_t id)
{
    for (size_t i = 0; i < twin->n_said; i++) {
        if (twin->said[i].room == room && twin->said[i].id == id) {
            return (struct twin_said *)(uintptr_t)&twin->said[i];
        }
    }
    return NULL;
}

/* Messages of a room from an id on have one record more each. */
static void count_on(struct twin *twin, uint32_t room, uint64_t id)
{
    struct twin_said *said = find_said(twin, room, id);

    CHECK(said != NULL);
    said->records += 1;
}

static void add_posted(struct twin *twin, const struct event *event,
                       const Perch__Post *post)
{
    add(twin, post->story   ? RECORD_STORY
              : post->alert ? RECORD_ALERT
                            : RECORD_POST);
    count_on(twin, event->room, event->message_id);
}

static void add_revised(struct twin *twin, const struct event *event)
{
    for (size_t i = 0; i < twin->n_ids; i++) {
        add(twin, twin->revised == REVISION_CORRECTED   ? RECORD_CORRECT
                  : twin->revised == REVISION_WITHDRAWN ? RECORD_WITHDRAW
                                                        : RECORD_REDACT);
        count_on(twin, event->room, twin->ids[i]);
    }
}

static bool has_more(const struct twin *twin, uint64_t import)
{
    for (size_t i = 0; i < twin->n_said; i++) {
        if (twin->said[i].import == import && !twin->said[i].gone) {
            return true;
        }
    }
    return false;
}

/* The command of an import has a record of its first message; it is withheld
 * when none is left. */
static size_t count_imports(const struct twin *twin, uint32_t room)
{
    uint64_t last = 0;
    size_t n = 0;

    for (size_t i = 0; i < twin->n_ids; i++) {
        uint64_t import = find_said(twin, room, twin->ids[i])->import;

        n += import != 0 && import != last && !has_more(twin, import);
        last = import;
    }
    return n;
}

/* 400 numbers fit into one. */
static void add_purged(struct twin *twin, const struct event *event)
{
    size_t numbers = count_imports(twin, event->room);

    for (size_t i = 0; i < twin->n_ids; i++) {
        const struct twin_said *said =
            find_said(twin, event->room, twin->ids[i]);

        CHECK(said != NULL);
        numbers += said->records - said->is_first;
    }
    add(twin, RECORD_PURGE);
    for (size_t full = 400; full < numbers; full += 400) {
        add(twin, RECORD_PURGE);
    }
    twin->withheld = numbers;
}

static void add_imported(struct twin *twin, const struct event *event)
{
    for (uint32_t i = 0; i < event->position; i++) {
        struct twin_said *said;

        add(twin, RECORD_IMPORT);
        count_on(twin, event->room, event->message_id + i);
        said = find_said(twin, event->room, event->message_id + i);
        said->import = twin->entry->index;
        said->is_first = i == 0;
    }
}

/* Those of one event that have one record, whatever it says; 0: none. */
static int kind_of(const struct event *event)
{
    static const uint8_t kinds[EVENT_KINDS] = {
        [EVENT_PARTED] = RECORD_PART,
        [EVENT_JOIN_REFUSED] = RECORD_DENIED,
        [EVENT_SESSION_OPENED] = RECORD_SESSION_OPENED,
        [EVENT_SESSION_CLOSED] = RECORD_SESSION_CLOSED,
        [EVENT_ROOM_CREATED] = RECORD_ROOM_CREATED,
        [EVENT_ROOM_CHANGED] = RECORD_ROOM_CHANGED,
        [EVENT_ROOM_DELETED] = RECORD_ROOM_DELETED,
        [EVENT_ROLE_CHANGED] = RECORD_ROLE,
        [EVENT_CATEGORY_CREATED] = RECORD_CATEGORY_CREATED,
        [EVENT_CATEGORY_CHANGED] = RECORD_CATEGORY_CHANGED,
        [EVENT_CATEGORY_DELETED] = RECORD_CATEGORY_DELETED,
        [EVENT_USER_CREATED] = RECORD_USER_CREATED,
        [EVENT_USER_CHANGED] = RECORD_USER_CHANGED,
        [EVENT_USER_DELETED] = RECORD_USER_DELETED,
        [EVENT_GROUP_CREATED] = RECORD_GROUP_CREATED,
        [EVENT_GROUP_CHANGED] = RECORD_GROUP_CHANGED,
        [EVENT_GROUP_DELETED] = RECORD_GROUP_DELETED,
        [EVENT_MEMBERSHIP_CHANGED] = RECORD_MEMBERSHIP,
        [EVENT_POOL_CHANGED] = RECORD_CONFIGURATION,
        [EVENT_NODE_STARTED] = RECORD_NODE_STARTED,
        [EVENT_NODE_LOST] = RECORD_NODE_LOST,
        [EVENT_NODE_ADMITTED] = RECORD_NODE_ADMITTED,
        [EVENT_RULES_RAISED] = RECORD_RULES,
        [EVENT_ROOM_CLEARED] = RECORD_CLEAR,
        [EVENT_HOLD_CHANGED] = RECORD_HOLD,
        [EVENT_RETENTION_CHANGED] = RECORD_RETENTION,
        [EVENT_PUBLISHED] = RECORD_PROFILE,
        [EVENT_ADDIN_CREATED] = RECORD_ADDIN,
        [EVENT_ADDIN_CHANGED] = RECORD_ADDIN,
        [EVENT_ADDIN_DELETED] = RECORD_ADDIN,
        [EVENT_ADMINISTRATOR_CHANGED] = RECORD_ADMINISTRATOR,
        [EVENT_FILTER_CHANGED] = RECORD_FILTER,
        [EVENT_ARCHIVE_BEGUN] = RECORD_ORIGIN,
        [EVENT_ARCHIVE_KEY_CHANGED] = RECORD_KEY,
        [EVENT_WITNESS_CHANGED] = RECORD_WITNESS,
        [EVENT_ADAPTER_CHANGED] = RECORD_ADAPTER,
        [EVENT_CUT] = RECORD_CUT,
        [EVENT_DELIVERED] = RECORD_DELIVERED,
        [EVENT_ROLLBACK_ENDED] = RECORD_ROLLBACK,
        [EVENT_ARCHIVE_REFILLED] = RECORD_REFILL,
    };

    if (event->kind == EVENT_JOINED) {
        return event->again ? 0 : RECORD_JOIN;
    }
    return kinds[event->kind];
}

static void add_many(struct twin *twin, enum record_kind kind, size_t n)
{
    for (size_t i = 0; i < n; i++) {
        add(twin, kind);
    }
}

/* Switched on and off, it tells who is there. */
static void add_compliance(struct twin *twin, const struct event *event)
{
    add_many(twin, RECORD_PART, event->position == 0 ? twin->n_present : 0);
    add(twin, RECORD_COMPLIANCE);
    add_many(twin, RECORD_JOIN, event->roles_before == 0 ? twin->n_present : 0);
}

/* So does what begins anew, or goes on. */
static void add_resumed(struct twin *twin, const struct event *event,
                        const Perch__Command *c)
{
    add(twin, (enum record_kind)kind_of(event));
    if (c->kind_case != PERCH__COMMAND__KIND_ARCHIVE_PUT) {
        add_many(twin, RECORD_JOIN, twin->n_present);
    }
}

static void add_event(struct twin *twin, const struct event *event,
                      const Perch__Command *c)
{
    switch (event->kind) {
    case EVENT_POSTED:
        add_posted(twin, event, c->post);
        break;
    case EVENT_MESSAGES_REVISED:
        add_revised(twin, event);
        break;
    case EVENT_ROOM_PURGED:
        add_purged(twin, event);
        break;
    case EVENT_MESSAGES_IMPORTED:
        add_imported(twin, event);
        break;
    case EVENT_COMPLIANCE_CHANGED:
        add_compliance(twin, event);
        break;
    case EVENT_ARCHIVE_BEGUN:
    case EVENT_ARCHIVE_REFILLED:
        add_resumed(twin, event, c);
        break;
    default:
        if (kind_of(event) != 0) {
            add(twin, (enum record_kind)kind_of(event));
        }
        break;
    }
}

static bool same_text(const struct twin_text *a, const struct twin_text *b)
{
    return twin_same(a->bytes, a->len, b->bytes, b->len);
}

/* Where a directory's adapter is, and which run waits or goes through. */
static bool has_moved(const struct twin *twin)
{
    const struct twin_owner *before = &twin->owner_before;
    const struct twin_owner *after = &twin->owners[twin->value - 1];

    return before->phase != after->phase ||
           !same_text(&before->holder, &after->holder) ||
           !same_text(&before->held, &after->held) ||
           !same_text(&before->confirmed, &after->confirmed);
}

static void add_invitations(struct twin *twin, const Perch__Command *c)
{
    uint64_t ids[TWIN_PLACES];

    add_many(twin, RECORD_INVITATION,
             twin_invited(twin, twin_user(twin, c->user), twin->value, ids));
}

/* What is done without an event. */
static void add_done(struct twin *twin, const Perch__Command *c)
{
    switch ((int)c->kind_case) {
    case PERCH__COMMAND__KIND_FEEDS_PUT:
        add(twin, RECORD_PROFILE);
        break;
    case PERCH__COMMAND__KIND_INVITATIONS_TAKE:
        add_invitations(twin, c);
        break;
    case PERCH__COMMAND__KIND_OWNER_REPORT:
    case PERCH__COMMAND__KIND_OWNER_CONFIRM:
        add_many(twin, RECORD_DIRECTORY, has_moved(twin) ? 1 : 0);
        break;
    case PERCH__COMMAND__KIND_HISTORY_READ:
        add_many(twin, RECORD_HISTORY_READ, c->history_read->n_rooms);
        break;
    case PERCH__COMMAND__KIND_SEARCHED:
        add(twin, RECORD_SEARCH);
        break;
    case PERCH__COMMAND__KIND_POST_DENIED:
        add(twin, RECORD_DENIED);
        break;
    case PERCH__COMMAND__KIND_MESSAGES_READ:
        add_many(
            twin,
            c->messages_read->export ? RECORD_EXPORT : RECORD_MESSAGES_READ,
            c->messages_read->n_rooms == 0 ? 1 : c->messages_read->n_rooms);
        break;
    case PERCH__COMMAND__KIND_FILE_UP:
        add(twin, RECORD_FILE_UP);
        break;
    case PERCH__COMMAND__KIND_FILE_DOWN:
        add(twin, RECORD_FILE_DOWN);
        break;
    case PERCH__COMMAND__KIND_CANARY:
        add(twin, RECORD_CANARY);
        break;
    default:
        break;
    }
}

/* Kinds that users and nodes alone give: an administrator who tried has not
 * done so as one. */
static bool is_administrators(const Perch__Command *c)
{
    switch ((int)c->kind_case) {
    case PERCH__COMMAND__KIND__NOT_SET:
    case PERCH__COMMAND__KIND_PART:
    case PERCH__COMMAND__KIND_SESSION_OPEN:
    case PERCH__COMMAND__KIND_SESSION_CLOSE:
    case PERCH__COMMAND__KIND_NODE_MARK:
    case PERCH__COMMAND__KIND_NOOP:
    case PERCH__COMMAND__KIND_PROBE:
    case PERCH__COMMAND__KIND_NODE_STARTED:
    case PERCH__COMMAND__KIND_NODE_LOST:
    case PERCH__COMMAND__KIND_PUBLISH:
    case PERCH__COMMAND__KIND_READ_MARK:
    case PERCH__COMMAND__KIND_READ_MARKS:
    case PERCH__COMMAND__KIND_FEEDS_PUT:
    case PERCH__COMMAND__KIND_INVITATIONS_TAKE:
    case PERCH__COMMAND__KIND_OWNER_REPORT:
    case PERCH__COMMAND__KIND_HISTORY_READ:
    case PERCH__COMMAND__KIND_SEARCHED:
    case PERCH__COMMAND__KIND_POST_DENIED:
    case PERCH__COMMAND__KIND_FILE_UP:
    case PERCH__COMMAND__KIND_FILE_DOWN:
    case PERCH__COMMAND__KIND_ARCHIVE_MARK:
    case PERCH__COMMAND__KIND_CHECKPOINT_BEGIN:
    case PERCH__COMMAND__KIND_COSIGN:
    case PERCH__COMMAND__KIND_WITNESSED:
    case PERCH__COMMAND__KIND_CUT_DONE:
    case PERCH__COMMAND__KIND_ADAPTER_REPORT:
    case PERCH__COMMAND__KIND_ARCHIVE_HALT:
        return false;
    case PERCH__COMMAND__KIND_ROOM_CREATE:
    case PERCH__COMMAND__KIND_ROOM_CHANGE:
        return c->user.len == 0;
    default:
        return true;
    }
}

static bool is_told(const Perch__Command *c)
{
    switch ((int)c->kind_case) {
    case PERCH__COMMAND__KIND_POST:
    case PERCH__COMMAND__KIND_POST_DENIED:
    case PERCH__COMMAND__KIND_JOIN:
    case PERCH__COMMAND__KIND_MESSAGE_CORRECT:
    case PERCH__COMMAND__KIND_MESSAGE_WITHDRAW:
    case PERCH__COMMAND__KIND_MESSAGE_REDACT:
    case PERCH__COMMAND__KIND_ROOM_PURGE:
        return true;
    default:
        return c->administrator.len > 0 && is_administrators(c);
    }
}

void twin_records(struct twin *twin, const Perch__Command *c,
                  enum outcome outcome)
{
    twin->n_made = 0;
    twin->withheld = 0;
    if (c == NULL || twin->archive.halted ||
        (!twin->was_on && !twin_keeps_records(twin))) {
        return;
    }
    for (size_t i = 0; i < twin->n_events; i++) {
        add_event(twin, &twin->events[i], c);
    }
    if (twin->n_events == 0 && outcome == OUTCOME_DONE) {
        add_done(twin, c);
    } else if (twin->n_events == 0 && outcome != OUTCOME_REPEATED &&
               is_told(c)) {
        add(twin, RECORD_DENIED);
    }
}
