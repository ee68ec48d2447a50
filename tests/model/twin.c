#include "tests/model/twin.h"

#include <stddef.h>
#include <string.h>

#include "proto/base/check.h"

static const uint32_t standard[SETTINGS] = {
#define STANDARD(name, value, least, most, text) value,
    SETTING_LIST(STANDARD)
#undef STANDARD
};

void twin_init(struct twin *twin, uint32_t rules_known)
{
    memset(twin, 0, sizeof(*twin));
    twin->rules_known = rules_known;
    twin->rules = 1;
    memcpy(twin->settings, standard, sizeof(standard));
}

struct event *twin_event(struct twin *twin, enum event_kind kind)
{
    struct event *event = &twin->events[twin->n_events++];

    CHECK(twin->n_events <= TWIN_EVENTS);
    memset(event, 0, sizeof(*event));
    event->kind = (uint8_t)kind;
    return event;
}

static enum outcome admit(const struct twin *twin,
                          const struct applied_entry *entry)
{
    const struct twin_origin *origin = &twin->origins[entry->node];

    if (!origin->known) {
        return OUTCOME_NODE_NOT_STARTED;
    }
    if (origin->epoch != entry->epoch) {
        return OUTCOME_EPOCH_STALE;
    }
    if (entry->number >= 1 && entry->number <= origin->number) {
        return OUTCOME_DUPLICATE;
    }
    return entry->number == origin->number + 1 ? OUTCOME_DONE
                                               : OUTCOME_NUMBER_GAP;
}

static bool is_text(ProtobufCBinaryData bytes, size_t max)
{
    return bytes.len <= max && twin_characters(bytes) >= 0;
}

static bool is_of_hooks(const Perch__Command *c)
{
    return c->kind_case == PERCH__COMMAND__KIND_FILTER_CREATE ||
           c->kind_case == PERCH__COMMAND__KIND_MESSAGES_IMPORT ||
           c->kind_case == PERCH__COMMAND__KIND_FILTER_CHANGE ||
           c->kind_case == PERCH__COMMAND__KIND_FILTER_DELETE ||
           (c->kind_case == PERCH__COMMAND__KIND_POST &&
            c->post->has_annotation);
}

/* All kinds from a correction on are of rules version 3, and these fields. */
static bool is_of_talk(const Perch__Command *c)
{
    if (c->has_reason || c->has_credential) {
        return true;
    }
    switch (c->kind_case) {
    case PERCH__COMMAND__KIND_POST:
        return c->post->has_story;
    case PERCH__COMMAND__KIND_POOL_PUT:
        return c->pool_put->has_web_url;
    case PERCH__COMMAND__KIND_ROOM_CREATE:
        return c->room_create->has_addin;
    case PERCH__COMMAND__KIND_ROOM_CHANGE:
        return c->room_change->has_addin;
    case PERCH__COMMAND__KIND_USER_CREATE:
        return c->user_create->has_owner;
    case PERCH__COMMAND__KIND_USER_CHANGE:
        return c->user_change->has_owner;
    case PERCH__COMMAND__KIND_GROUP_CREATE:
        return c->group_create->has_owner;
    case PERCH__COMMAND__KIND_GROUP_CHANGE:
        return c->group_change->has_owner;
    default:
        return c->kind_case >= PERCH__COMMAND__KIND_MESSAGE_CORRECT;
    }
}

static bool is_of_archive(const Perch__Command *c)
{
    return c->kind_case >= PERCH__COMMAND__KIND_ARCHIVE_PUT || c->has_salt ||
           (c->kind_case == PERCH__COMMAND__KIND_NODE_STARTED &&
            (c->node_started->has_witness ||
             c->node_started->has_witness_origin ||
             c->node_started->has_witness_size ||
             c->node_started->has_witness_forked));
}

/* What goes on while the archive is halted. */
static bool goes_on(const Perch__Command *c)
{
    static const Perch__Command__KindCase kinds[] = {
        PERCH__COMMAND__KIND_JOIN,
        PERCH__COMMAND__KIND_PART,
        PERCH__COMMAND__KIND_SESSION_OPEN,
        PERCH__COMMAND__KIND_SESSION_CLOSE,
        PERCH__COMMAND__KIND_READ_MARK,
        PERCH__COMMAND__KIND_READ_MARKS,
        PERCH__COMMAND__KIND_NODE_STARTED,
        PERCH__COMMAND__KIND_NODE_LOST,
        PERCH__COMMAND__KIND_NODE_ADMIT,
        PERCH__COMMAND__KIND_NODE_MARK,
        PERCH__COMMAND__KIND_NOOP,
        PERCH__COMMAND__KIND_PROBE,
        PERCH__COMMAND__KIND_OWNER_REPORT,
        PERCH__COMMAND__KIND_ARCHIVE_MARK,
        PERCH__COMMAND__KIND_COSIGN,
        PERCH__COMMAND__KIND_WITNESSED,
        PERCH__COMMAND__KIND_ADAPTER_REPORT,
        PERCH__COMMAND__KIND_ARCHIVE_HALT,
        PERCH__COMMAND__KIND_ARCHIVE_REFILL,
        PERCH__COMMAND__KIND_ARCHIVE_REOPEN,
        PERCH__COMMAND__KIND_HISTORY_READ,
        PERCH__COMMAND__KIND_SEARCHED,
        PERCH__COMMAND__KIND_MESSAGES_READ,
        PERCH__COMMAND__KIND_FILE_DOWN,
    };

    for (size_t i = 0; i < sizeof(kinds) / sizeof(kinds[0]); i++) {
        if (c->kind_case == kinds[i]) {
            return true;
        }
    }
    return false;
}

/* The roles that cover what an administrator does, a set. */
static unsigned covering(const Perch__Command *c)
{
    switch (c->kind_case) {
    case PERCH__COMMAND__KIND_RULES_RAISE:
    case PERCH__COMMAND__KIND_POOL_PUT:
    case PERCH__COMMAND__KIND_USER_CREATE:
    case PERCH__COMMAND__KIND_USER_CHANGE:
    case PERCH__COMMAND__KIND_USER_DELETE:
    case PERCH__COMMAND__KIND_SESSION_EXPEL:
    case PERCH__COMMAND__KIND_NODE_ADMIT:
    case PERCH__COMMAND__KIND_OWNER_REPORT:
    case PERCH__COMMAND__KIND_OWNER_CONFIRM:
        return 1u << PERCH__ADMINISTRATOR_ROLE__OPERATOR;
    case PERCH__COMMAND__KIND_CATEGORY_CREATE:
    case PERCH__COMMAND__KIND_CATEGORY_CHANGE:
    case PERCH__COMMAND__KIND_CATEGORY_DELETE:
    case PERCH__COMMAND__KIND_ROOM_CREATE:
    case PERCH__COMMAND__KIND_ROOM_CHANGE:
    case PERCH__COMMAND__KIND_ROOM_DELETE:
    case PERCH__COMMAND__KIND_GROUP_CREATE:
    case PERCH__COMMAND__KIND_GROUP_CHANGE:
    case PERCH__COMMAND__KIND_GROUP_DELETE:
    case PERCH__COMMAND__KIND_ADDIN_CREATE:
    case PERCH__COMMAND__KIND_ADDIN_CHANGE:
    case PERCH__COMMAND__KIND_ADDIN_DELETE:
        return 1u << PERCH__ADMINISTRATOR_ROLE__ROOM_ADMINISTRATOR;
    case PERCH__COMMAND__KIND_MESSAGE_WITHDRAW:
    case PERCH__COMMAND__KIND_MESSAGE_REDACT:
    case PERCH__COMMAND__KIND_ROOM_CLEAR:
    case PERCH__COMMAND__KIND_ROOM_PURGE:
    case PERCH__COMMAND__KIND_HOLD_PLACE:
    case PERCH__COMMAND__KIND_HOLD_LIFT:
    case PERCH__COMMAND__KIND_RETENTION_SET:
    case PERCH__COMMAND__KIND_MESSAGES_IMPORT:
    case PERCH__COMMAND__KIND_FILTER_CREATE:
    case PERCH__COMMAND__KIND_FILTER_CHANGE:
    case PERCH__COMMAND__KIND_FILTER_DELETE:
    case PERCH__COMMAND__KIND_ARCHIVE_PUT:
    case PERCH__COMMAND__KIND_ARCHIVE_KEY_PUT:
    case PERCH__COMMAND__KIND_WITNESS_PUT:
    case PERCH__COMMAND__KIND_WITNESS_REMOVE:
    case PERCH__COMMAND__KIND_ADAPTER_PUT:
    case PERCH__COMMAND__KIND_ADAPTER_REMOVE:
    case PERCH__COMMAND__KIND_ARCHIVE_REFILL:
    case PERCH__COMMAND__KIND_ARCHIVE_REOPEN:
    case PERCH__COMMAND__KIND_MESSAGES_READ:
    case PERCH__COMMAND__KIND_CUT:
    case PERCH__COMMAND__KIND_CANARY:
        return 1u << PERCH__ADMINISTRATOR_ROLE__COMPLIANCE_OFFICER;
    default:
        return 0;
    }
}

static enum outcome check_role(const struct twin *twin, const Perch__Command *c)
{
    if (c->administrator.len == 0) {
        return OUTCOME_DONE;
    }
    return twin_covers(twin, c, covering(c))
               ? OUTCOME_DONE
               : OUTCOME_ADMINISTRATOR_ROLE_MISSING;
}

static bool is_of_people(const Perch__Command *c)
{
    const Perch__CategoryCreate *create = c->category_create;
    const Perch__CategoryChange *change = c->category_change;

    switch (c->kind_case) {
    case PERCH__COMMAND__KIND_GROUP_CREATE:
    case PERCH__COMMAND__KIND_GROUP_CHANGE:
        return true;
    case PERCH__COMMAND__KIND_USER_CREATE:
        return c->user_create->has_chat;
    case PERCH__COMMAND__KIND_USER_CHANGE:
        return c->user_change->has_chat;
    case PERCH__COMMAND__KIND_CATEGORY_CREATE:
        return create->has_everyone || create->n_allowed > 0 ||
               create->n_denied > 0 || create->has_invitations ||
               create->has_file_upload || create->has_history ||
               create->n_creators > 0;
    case PERCH__COMMAND__KIND_CATEGORY_CHANGE:
        return change->has_everyone || change->n_allowed_add > 0 ||
               change->n_allowed_remove > 0 || change->n_denied_add > 0 ||
               change->n_denied_remove > 0 || change->has_invitations ||
               change->has_file_upload || change->has_history ||
               change->n_creators_add > 0 || change->n_creators_remove > 0;
    case PERCH__COMMAND__KIND_ROOM_CREATE:
        return c->room_create->has_behavior ||
               c->room_create->n_presenters > 0 ||
               c->room_create->has_invitations ||
               c->room_create->has_file_upload;
    case PERCH__COMMAND__KIND_ROOM_CHANGE:
        return c->room_change->has_behavior ||
               c->room_change->n_presenters_add > 0 ||
               c->room_change->n_presenters_remove > 0 ||
               c->room_change->has_invitations ||
               c->room_change->has_file_upload;
    default:
        return false;
    }
}

static enum outcome check_reason(ProtobufCBinaryData reason)
{
    long characters = twin_characters(reason);

    for (size_t i = 0; i < reason.len; i++) {
        if (memchr("\t\r\n", reason.data[i], 3) != NULL) {
            return OUTCOME_REASON_CHARACTER;
        }
    }
    if (characters < 0) {
        return OUTCOME_REASON_CHARACTER;
    }
    return characters > 256 ? OUTCOME_REASON_TOO_LONG : OUTCOME_DONE;
}

static enum outcome check_alone(const struct twin *twin,
                                const Perch__Command *c)
{
    bool user, administrator;

    if (c == NULL || c->kind_case == PERCH__COMMAND__KIND__NOT_SET ||
        (c->has_needs_rules && c->needs_rules > twin->rules) ||
        (is_of_people(c) && twin->rules < 2) ||
        (is_of_hooks(c) && twin->rules < 3) ||
        (is_of_archive(c) && twin->rules < 4) ||
        (is_of_talk(c) && twin->rules < 3)) {
        return OUTCOME_COMMAND_UNKNOWN;
    }
    user = c->user.len > 0;
    administrator = c->administrator.len > 0;
    if ((user && administrator) || !is_text(c->user, URI_BYTES_MAX) ||
        !is_text(c->administrator, ACTOR_BYTES_MAX) ||
        !is_text(c->source, ACTOR_BYTES_MAX)) {
        return OUTCOME_ACTOR_INVALID;
    }
    if (check_reason(c->reason) != OUTCOME_DONE) {
        return check_reason(c->reason);
    }
    switch (c->kind_case) {
    case PERCH__COMMAND__KIND_POST:
    case PERCH__COMMAND__KIND_JOIN:
    case PERCH__COMMAND__KIND_PART:
    case PERCH__COMMAND__KIND_SESSION_OPEN:
    case PERCH__COMMAND__KIND_PUBLISH:
    case PERCH__COMMAND__KIND_READ_MARK:
    case PERCH__COMMAND__KIND_FEEDS_PUT:
    case PERCH__COMMAND__KIND_INVITATIONS_TAKE:
    case PERCH__COMMAND__KIND_MESSAGE_CORRECT:
    case PERCH__COMMAND__KIND_HISTORY_READ:
    case PERCH__COMMAND__KIND_SEARCHED:
    case PERCH__COMMAND__KIND_POST_DENIED:
    case PERCH__COMMAND__KIND_FILE_UP:
    case PERCH__COMMAND__KIND_FILE_DOWN:
        return user ? OUTCOME_DONE : OUTCOME_NOT_A_USER;
    case PERCH__COMMAND__KIND_POOL_PUT:
    case PERCH__COMMAND__KIND_USER_CREATE:
    case PERCH__COMMAND__KIND_USER_CHANGE:
    case PERCH__COMMAND__KIND_CATEGORY_CREATE:
    case PERCH__COMMAND__KIND_CATEGORY_CHANGE:
    case PERCH__COMMAND__KIND_SESSION_EXPEL:
    case PERCH__COMMAND__KIND_NODE_ADMIT:
    case PERCH__COMMAND__KIND_GROUP_CREATE:
    case PERCH__COMMAND__KIND_GROUP_CHANGE:
    case PERCH__COMMAND__KIND_ROOM_DELETE:
    case PERCH__COMMAND__KIND_CATEGORY_DELETE:
    case PERCH__COMMAND__KIND_GROUP_DELETE:
    case PERCH__COMMAND__KIND_USER_DELETE:
    case PERCH__COMMAND__KIND_ADMINISTRATOR_GRANT:
    case PERCH__COMMAND__KIND_ADMINISTRATOR_REVOKE:
    case PERCH__COMMAND__KIND_MESSAGE_REDACT:
    case PERCH__COMMAND__KIND_ROOM_CLEAR:
    case PERCH__COMMAND__KIND_HOLD_PLACE:
    case PERCH__COMMAND__KIND_HOLD_LIFT:
    case PERCH__COMMAND__KIND_RETENTION_SET:
    case PERCH__COMMAND__KIND_ADDIN_CREATE:
    case PERCH__COMMAND__KIND_ADDIN_CHANGE:
    case PERCH__COMMAND__KIND_ADDIN_DELETE:
    case PERCH__COMMAND__KIND_OWNER_REPORT:
    case PERCH__COMMAND__KIND_OWNER_CONFIRM:
    case PERCH__COMMAND__KIND_MESSAGES_IMPORT:
    case PERCH__COMMAND__KIND_FILTER_CREATE:
    case PERCH__COMMAND__KIND_FILTER_CHANGE:
    case PERCH__COMMAND__KIND_FILTER_DELETE:
    case PERCH__COMMAND__KIND_ARCHIVE_PUT:
    case PERCH__COMMAND__KIND_WITNESS_PUT:
    case PERCH__COMMAND__KIND_WITNESS_REMOVE:
    case PERCH__COMMAND__KIND_ADAPTER_PUT:
    case PERCH__COMMAND__KIND_ADAPTER_REMOVE:
    case PERCH__COMMAND__KIND_ARCHIVE_REOPEN:
    case PERCH__COMMAND__KIND_MESSAGES_READ:
        return administrator ? check_role(twin, c)
                             : OUTCOME_NOT_AN_ADMINISTRATOR;
    case PERCH__COMMAND__KIND_ROOM_CREATE:
    case PERCH__COMMAND__KIND_ROOM_CHANGE:
    case PERCH__COMMAND__KIND_MESSAGE_WITHDRAW:
        return administrator || (user && twin->rules > 1)
                   ? check_role(twin, c)
                   : OUTCOME_NOT_AN_ADMINISTRATOR;
    case PERCH__COMMAND__KIND_RULES_RAISE:
    case PERCH__COMMAND__KIND_ROOM_PURGE:
    case PERCH__COMMAND__KIND_ARCHIVE_KEY_PUT:
    case PERCH__COMMAND__KIND_ARCHIVE_REFILL:
    case PERCH__COMMAND__KIND_CUT:
    case PERCH__COMMAND__KIND_CANARY:
        return user && twin->rules >= 4 ? OUTCOME_NOT_AN_ADMINISTRATOR
                                        : check_role(twin, c);
    case PERCH__COMMAND__KIND_ARCHIVE_MARK:
    case PERCH__COMMAND__KIND_CHECKPOINT_BEGIN:
    case PERCH__COMMAND__KIND_COSIGN:
    case PERCH__COMMAND__KIND_WITNESSED:
    case PERCH__COMMAND__KIND_CUT_DONE:
    case PERCH__COMMAND__KIND_ADAPTER_REPORT:
    case PERCH__COMMAND__KIND_ARCHIVE_HALT:
        return user || administrator ? OUTCOME_NOT_A_NODE : OUTCOME_DONE;
    default:
        return OUTCOME_DONE;
    }
}

enum outcome twin_check_reason(ProtobufCBinaryData reason)
{
    return reason.len == 0 ? OUTCOME_REASON_MISSING : check_reason(reason);
}

static enum outcome check(const struct twin *twin, const Perch__Command *c)
{
    enum outcome outcome = check_alone(twin, c);

    return outcome == OUTCOME_DONE && twin->archive.halted && !goes_on(c)
               ? OUTCOME_ARCHIVE_ROLLED_BACK
               : outcome;
}

static enum outcome node_started(struct twin *twin, const Perch__NodeStarted *c)
{
    static const char nil[16];
    struct twin_origin *origin = &twin->origins[twin->entry->node];
    struct event *event;
    bool admitted;

    if (twin->entry->number != 0 || twin->entry->epoch != 0 ||
        c->start_id.len != 16 || c->rules_known == 0) {
        return OUTCOME_START_INVALID;
    }
    if (memcmp(c->start_id.data, nil, 16) == 0) {
        return OUTCOME_START_INVALID;
    }
    twin->value = origin->epoch;
    for (size_t i = 1; i <= origin->n_starts && i <= 8; i++) {
        if (memcmp(origin->starts[origin->n_starts - i], c->start_id.data,
                   16) == 0) {
            return i == 1 ? OUTCOME_REPEATED : OUTCOME_NODE_EPOCH_STALE;
        }
    }
    twin_archive_started(twin, c);
    twin_end_all(twin, 0, twin->entry->node, LEAVE_NODE_RESTARTED);
    admitted = origin->admitted && c->raft_id == origin->raft_id;
    memset(origin, 0, offsetof(struct twin_origin, n_starts));
    origin->admitted = admitted;
    origin->raft_id = c->raft_id;
    CHECK(origin->n_starts < 4096);
    memcpy(origin->starts[origin->n_starts++], c->start_id.data, 16);
    origin->known = true;
    origin->epoch = twin->entry->index;
    origin->rules = c->rules_known;
    twin->value = origin->epoch;
    event = twin_event(twin, EVENT_NODE_STARTED);
    event->session.node = twin->entry->node;
    event->session.epoch = origin->epoch;
    return OUTCOME_DONE;
}

static enum outcome node_lost(struct twin *twin, const Perch__NodeLost *c)
{
    struct event *event;

    if (c->node >= TWIN_NODES || !twin->origins[c->node].known) {
        return OUTCOME_NODE_UNKNOWN;
    }
    if (twin->origins[c->node].epoch != c->epoch) {
        return OUTCOME_NODE_EPOCH_STALE;
    }
    twin_end_all(twin, 0, (int)c->node, LEAVE_NODE_LOST);
    twin->origins[c->node].lost = true;
    event = twin_event(twin, EVENT_NODE_LOST);
    event->session.node = (uint8_t)c->node;
    event->session.epoch = c->epoch;
    return OUTCOME_DONE;
}

static enum outcome node_admit(struct twin *twin, const Perch__NodeAdmit *c)
{
    struct twin_origin *origin = &twin->origins[c->node % TWIN_NODES];

    if (c->node >= TWIN_NODES || !origin->known) {
        return OUTCOME_NODE_UNKNOWN;
    }
    if (c->has_raft_id && c->raft_id != origin->raft_id) {
        return OUTCOME_NODE_RAFT_ID_STALE;
    }
    if (!origin->admitted) {
        struct event *event = twin_event(twin, EVENT_NODE_ADMITTED);

        origin->admitted = true;
        event->session.node = (uint8_t)c->node;
        event->session.epoch = origin->epoch;
    }
    return OUTCOME_DONE;
}

static bool is_open(const struct twin *twin, int node, uint64_t serial)
{
    for (int i = 0; i < TWIN_SESSIONS; i++) {
        if (twin->sessions[i].open && twin->sessions[i].node == node &&
            twin->sessions[i].serial == serial) {
            return true;
        }
    }
    return false;
}

static enum outcome node_mark(struct twin *twin, const Perch__NodeMark *c)
{
    struct twin_origin *origin = &twin->origins[twin->entry->node];

    if (c->n_exceptions > 1024) {
        return OUTCOME_MARK_EXCEPTIONS_TOO_MANY;
    }
    if (c->delivered_index > twin->entry->index) {
        return OUTCOME_MARK_AHEAD;
    }
    if (c->delivered_index < origin->delivered) {
        return OUTCOME_MARK_BACKWARD;
    }
    origin->delivered = c->delivered_index;
    origin->n_exceptions = 0;
    for (size_t i = 0; i < c->n_exceptions; i++) {
        if (is_open(twin, twin->entry->node, c->exceptions[i]->serial)) {
            origin->exceptions[origin->n_exceptions++] = (struct mark_pair){
                c->exceptions[i]->serial, c->exceptions[i]->delivered_index};
        }
    }
    return OUTCOME_DONE;
}

static enum outcome check_raise(const struct twin *twin,
                                const Perch__RulesRaise *c)
{
    if (c->version <= twin->rules) {
        return OUTCOME_RULES_NOT_UPWARD;
    }
    for (int i = 0; i < TWIN_NODES; i++) {
        if (twin->origins[i].known && !twin->origins[i].lost &&
            twin->origins[i].rules < c->version) {
            return OUTCOME_RULES_NODE_BEHIND;
        }
    }
    return OUTCOME_DONE;
}

static enum outcome rules_raise(struct twin *twin, const Perch__RulesRaise *c)
{
    enum outcome outcome = check_raise(twin, c);

    if (outcome == OUTCOME_DONE) {
        twin->rules = c->version;
        twin->value = c->version;
        twin_event(twin, EVENT_RULES_RAISED);
    }
    return outcome;
}

static enum outcome probe(struct twin *twin, const Perch__Probe *c)
{
    if (c->slot >= 1024) {
        return OUTCOME_PROBE_SLOT_UNKNOWN;
    }
    if (c->payload.len > 16384) {
        return OUTCOME_PROBE_TOO_LONG;
    }
    twin->probes[c->slot] = twin->entry->index;
    twin->value = twin->entry->index;
    return OUTCOME_DONE;
}

static enum outcome decide(struct twin *twin, const Perch__Command *c)
{
    switch (c->kind_case) {
    case PERCH__COMMAND__KIND_POST:
        return twin_post(twin, c);
    case PERCH__COMMAND__KIND_JOIN:
        return twin_join(twin, c);
    case PERCH__COMMAND__KIND_PART:
        return twin_part(twin, c);
    case PERCH__COMMAND__KIND_SESSION_OPEN:
        return twin_session_open(twin, c);
    case PERCH__COMMAND__KIND_SESSION_CLOSE:
        return twin_session_close(twin, c->session_close);
    case PERCH__COMMAND__KIND_NODE_MARK:
        return node_mark(twin, c->node_mark);
    case PERCH__COMMAND__KIND_PROBE:
        return probe(twin, c->probe);
    case PERCH__COMMAND__KIND_NODE_STARTED:
        return node_started(twin, c->node_started);
    case PERCH__COMMAND__KIND_NODE_LOST:
        return node_lost(twin, c->node_lost);
    case PERCH__COMMAND__KIND_NODE_ADMIT:
        return node_admit(twin, c->node_admit);
    case PERCH__COMMAND__KIND_SESSION_EXPEL:
        return twin_session_expel(twin, c->session_expel);
    case PERCH__COMMAND__KIND_RULES_RAISE:
        return rules_raise(twin, c->rules_raise);
    case PERCH__COMMAND__KIND_POOL_PUT:
        return twin_pool_put(twin, c->pool_put);
    case PERCH__COMMAND__KIND_USER_CREATE:
        return twin_user_create(twin, c->user_create);
    case PERCH__COMMAND__KIND_USER_CHANGE:
        return twin_user_change(twin, c->user_change);
    case PERCH__COMMAND__KIND_GROUP_CREATE:
        return twin_group_create(twin, c->group_create);
    case PERCH__COMMAND__KIND_GROUP_CHANGE:
        return twin_group_change(twin, c->group_change);
    case PERCH__COMMAND__KIND_OWNER_REPORT:
        return twin_owner_report(twin, c->owner_report);
    case PERCH__COMMAND__KIND_OWNER_CONFIRM:
        return twin_owner_confirm(twin, c->owner_confirm);
    case PERCH__COMMAND__KIND_MESSAGES_IMPORT:
        return twin_import(twin, c->messages_import);
    case PERCH__COMMAND__KIND_FILTER_CREATE:
        return twin_filter_create(twin, c->filter_create);
    case PERCH__COMMAND__KIND_FILTER_CHANGE:
        return twin_filter_change(twin, c->filter_change);
    case PERCH__COMMAND__KIND_FILTER_DELETE:
        return twin_filter_delete(twin, c->filter_delete);
    case PERCH__COMMAND__KIND_CATEGORY_CREATE:
        return twin_category_create(twin, c->category_create);
    case PERCH__COMMAND__KIND_CATEGORY_CHANGE:
        return twin_category_change(twin, c->category_change);
    case PERCH__COMMAND__KIND_ROOM_CREATE:
        return twin_room_create(twin, c);
    case PERCH__COMMAND__KIND_ROOM_CHANGE:
        return twin_room_change(twin, c);
    case PERCH__COMMAND__KIND_PUBLISH:
        return twin_publish(twin, c);
    case PERCH__COMMAND__KIND_READ_MARK:
        return twin_read_mark(twin, c);
    case PERCH__COMMAND__KIND_READ_MARKS:
        return twin_read_marks(twin, c->read_marks);
    case PERCH__COMMAND__KIND_FEEDS_PUT:
        return twin_feeds_put(twin, c);
    case PERCH__COMMAND__KIND_INVITATIONS_TAKE:
        return twin_invitations_take(twin, c);
    case PERCH__COMMAND__KIND_MESSAGE_CORRECT:
        return twin_correct(twin, c);
    case PERCH__COMMAND__KIND_MESSAGE_WITHDRAW:
        return twin_withdraw(twin, c);
    case PERCH__COMMAND__KIND_MESSAGE_REDACT:
        return twin_redact(twin, c->message_redact);
    case PERCH__COMMAND__KIND_ROOM_CLEAR:
        return twin_clear(twin, c->room_clear);
    case PERCH__COMMAND__KIND_ROOM_PURGE:
        return twin_purge(twin, c->room_purge);
    case PERCH__COMMAND__KIND_HOLD_PLACE:
        return twin_hold(twin, c->hold_place);
    case PERCH__COMMAND__KIND_HOLD_LIFT:
        return twin_lift(twin, c->hold_lift);
    case PERCH__COMMAND__KIND_RETENTION_SET:
        return twin_retain(twin, c->retention_set);
    case PERCH__COMMAND__KIND_ADDIN_CREATE:
        return twin_addin_create(twin, c->addin_create);
    case PERCH__COMMAND__KIND_ADDIN_CHANGE:
        return twin_addin_change(twin, c->addin_change);
    case PERCH__COMMAND__KIND_ADDIN_DELETE:
        return twin_addin_delete(twin, c->addin_delete);
    case PERCH__COMMAND__KIND_ROOM_DELETE:
        return twin_room_delete(twin, c->room_delete);
    case PERCH__COMMAND__KIND_CATEGORY_DELETE:
        return twin_category_delete(twin, c->category_delete);
    case PERCH__COMMAND__KIND_GROUP_DELETE:
        return twin_group_delete(twin, c->group_delete);
    case PERCH__COMMAND__KIND_USER_DELETE:
        return twin_user_delete(twin, c->user_delete);
    case PERCH__COMMAND__KIND_ADMINISTRATOR_GRANT:
        return twin_grant(twin, c);
    case PERCH__COMMAND__KIND_ADMINISTRATOR_REVOKE:
        return twin_revoke(twin, c->administrator_revoke);
    case PERCH__COMMAND__KIND_ARCHIVE_PUT:
        return twin_archive_put(twin, c->archive_put);
    case PERCH__COMMAND__KIND_ARCHIVE_KEY_PUT:
        return twin_archive_key(twin, c);
    case PERCH__COMMAND__KIND_ARCHIVE_MARK:
        return twin_archive_mark(twin, c->archive_mark);
    case PERCH__COMMAND__KIND_CHECKPOINT_BEGIN:
        return twin_checkpoint_begin(twin);
    case PERCH__COMMAND__KIND_COSIGN:
        return twin_cosign(twin, c->cosign);
    case PERCH__COMMAND__KIND_WITNESS_PUT:
        return twin_witness_put(twin, c->witness_put);
    case PERCH__COMMAND__KIND_WITNESS_REMOVE:
        return twin_witness_remove(twin, c->witness_remove);
    case PERCH__COMMAND__KIND_WITNESSED:
        return twin_witnessed(twin, c->witnessed);
    case PERCH__COMMAND__KIND_ADAPTER_PUT:
        return twin_adapter_put(twin, c->adapter_put);
    case PERCH__COMMAND__KIND_ADAPTER_REMOVE:
        return twin_adapter_remove(twin, c->adapter_remove);
    case PERCH__COMMAND__KIND_CUT:
        return twin_cut(twin, c->cut);
    case PERCH__COMMAND__KIND_CUT_DONE:
        return twin_cut_done(twin, c->cut_done);
    case PERCH__COMMAND__KIND_ADAPTER_REPORT:
        return twin_adapter_report(twin, c->adapter_report);
    case PERCH__COMMAND__KIND_ARCHIVE_HALT:
        return twin_archive_halt(twin, c->archive_halt);
    case PERCH__COMMAND__KIND_ARCHIVE_REFILL:
        return twin_archive_refill(twin, c->archive_refill);
    case PERCH__COMMAND__KIND_ARCHIVE_REOPEN:
        return twin_archive_reopen(twin, c->archive_reopen);
    case PERCH__COMMAND__KIND_HISTORY_READ:
        return twin_history_read(twin, c);
    case PERCH__COMMAND__KIND_SEARCHED:
        return twin_searched(twin, c);
    case PERCH__COMMAND__KIND_POST_DENIED:
        return twin_post_denied(twin, c);
    case PERCH__COMMAND__KIND_MESSAGES_READ:
        return twin_messages_read(twin, c->messages_read);
    case PERCH__COMMAND__KIND_FILE_UP:
        return twin_file_up(twin, c);
    case PERCH__COMMAND__KIND_FILE_DOWN:
        return twin_file_down(twin, c);
    case PERCH__COMMAND__KIND_CANARY:
        return twin_canary(c);
    default: /* Noop. */
        return OUTCOME_DONE;
    }
}

static bool is_start(const struct applied_entry *entry, const Perch__Command *c)
{
    return entry->number == 0 && c != NULL &&
           c->kind_case == PERCH__COMMAND__KIND_NODE_STARTED;
}

static bool stops(const struct twin *twin, const Perch__Command *c)
{
    return c->kind_case == PERCH__COMMAND__KIND_RULES_RAISE &&
           check_raise(twin, c->rules_raise) == OUTCOME_DONE &&
           c->rules_raise->version > twin->rules_known;
}

/* @decided  What it comes to; NULL: that is for the twin to say. */
static struct applied apply(struct twin *twin,
                            const struct applied_entry *entry,
                            const Perch__Command *c,
                            const struct applied *decided)
{
    struct twin_origin *origin = &twin->origins[entry->node];
    struct applied applied = {OUTCOME_DONE, 0};
    enum outcome refusal;

    twin->entry = entry;
    twin->value = 0;
    twin->n_events = 0;
    twin->has_message = false;
    twin->revised = REVISION_NONE;
    twin->purged = 0;
    twin->n_ids = 0;
    twin->n_made = 0;
    twin->withheld = 0;
    twin->was_on = twin_keeps_records(twin);
    if (!is_start(entry, c)) {
        applied.outcome = admit(twin, entry);
        if (applied.outcome != OUTCOME_DONE) {
            return applied;
        }
    }
    refusal = check(twin, c);
    if (refusal == OUTCOME_DONE && stops(twin, c)) {
        applied.outcome = OUTCOME_STOP_NODE;
        return applied;
    }

    twin->now += 1;
    if (entry->sent_at_us > twin->now && entry->sent_at_us <= SENT_AT_US_MAX) {
        twin->now = entry->sent_at_us;
    }
    twin_expire(twin);
    twin_note_owner(twin, c);
    if (decided != NULL) {
        applied = *decided;
    } else {
        applied.outcome = refusal == OUTCOME_DONE ? decide(twin, c) : refusal;
        applied.value = twin->value;
    }
    twin->outcome = applied.outcome;
    twin_records(twin, c, applied.outcome);
    if (entry->number > 0) {
        origin->number = entry->number;
        CHECK(entry->number < TWIN_NUMBERS);
        origin->outcomes[entry->number] = applied;
        origin->lost = false;
    }
    return applied;
}

struct applied twin_apply(struct twin *twin, const struct applied_entry *entry,
                          const Perch__Command *c)
{
    return apply(twin, entry, c, NULL);
}

struct applied twin_follow(struct twin *twin, const struct applied_entry *entry,
                           const Perch__Command *c, struct applied decided)
{
    return apply(twin, entry, c, &decided);
}
