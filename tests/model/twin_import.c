#include <string.h>

#include "tests/model/twin.h"

int64_t twin_last_at(const struct twin *twin, uint32_t room)
{
    for (size_t i = 0; i < twin->n_said; i++) {
        const struct twin_said *said = &twin->said[i];

        if (said->room == room && !said->gone &&
            said->id == twin->places[room].message_id) {
            return said->at;
        }
    }
    return 0;
}

static enum outcome check_one(const struct twin *twin,
                              const Perch__MessagesImport *c, uint32_t room,
                              size_t i)
{
    static const Perch__Post nothing = PERCH__POST__INIT;
    const Perch__MessagesImport__Message *m = c->messages[i];
    const Perch__Post *p = m->post == NULL ? &nothing : m->post;
    enum outcome outcome;

    if (!twin_is_sip(m->author)) {
        return OUTCOME_USER_URI_INVALID;
    }
    for (size_t k = 0; k < m->author.len; k++) {
        if (m->author.data[k] >= 'A' && m->author.data[k] <= 'Z') {
            return OUTCOME_USER_URI_INVALID;
        }
    }
    outcome = twin_check_line(m->display_name, OUTCOME_NAME_TOO_LONG);
    if (outcome != OUTCOME_DONE) {
        return outcome;
    }
    if (m->sent_at_us < 1 || m->sent_at_us > twin->now ||
        m->sent_at_us < (i > 0 ? c->messages[i - 1]->sent_at_us
                               : twin_last_at(twin, room))) {
        return OUTCOME_IMPORT_TIME;
    }
    outcome = twin_check_said(twin, p->text, p->extra, p->story);
    if (outcome == OUTCOME_DONE &&
        (p->annotation.len > 2048 || twin_characters(p->annotation) < 0)) {
        return OUTCOME_ANNOTATION_INVALID;
    }
    return outcome;
}

static enum outcome check(struct twin *twin, const Perch__MessagesImport *c,
                          uint32_t room)
{
    if (room == 0) {
        return OUTCOME_ROOM_UNKNOWN;
    }
    if (c->n_messages == 0) {
        return OUTCOME_IMPORT_EMPTY;
    }
    if (c->n_messages > 256) {
        return OUTCOME_IMPORT_TOO_MANY;
    }
    if (c->first_id != twin->places[room].message_id + 1) {
        twin->value = twin->places[room].message_id;
        return OUTCOME_IMPORT_POSITION;
    }
    for (size_t i = 0; i < c->n_messages; i++) {
        enum outcome outcome = check_one(twin, c, room, i);

        if (outcome != OUTCOME_DONE) {
            twin->value = i;
            return outcome;
        }
    }
    return twin_gate(twin);
}

enum outcome twin_import(struct twin *twin, const Perch__MessagesImport *c)
{
    uint32_t room = twin_place(twin, c->room, true);
    enum outcome outcome = check(twin, c, room);
    struct event *event;

    if (outcome != OUTCOME_DONE) {
        return outcome;
    }
    event = twin_event(twin, EVENT_MESSAGES_IMPORTED);
    event->room = room;
    event->guid = twin->places[room].guid;
    event->message_id = c->first_id;
    event->position = (uint32_t)c->n_messages;
    for (size_t i = 0; i < c->n_messages; i++) {
        twin->places[room].message_id += 1;
        twin->message.room = room;
        twin->message.message_id = twin->places[room].message_id;
        twin_remember(twin, twin_user(twin, c->messages[i]->author),
                      c->messages[i]->post);
        twin->said[twin->n_said - 1].at = c->messages[i]->sent_at_us;
    }
    twin->value = twin->places[room].message_id;
    return OUTCOME_DONE;
}
