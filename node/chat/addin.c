#include "node/chat/addin.h"

#include <stdlib.h>

#include "node/chat/addins.h"
#include "proto/base/check.h"
#include "proto/codec.h"

static struct addin *by_guid(const struct machine *machine,
                             const struct guid *guid)
{
    for (uint32_t i = 1; i <= machine->addin_last; i++) {
        struct addin *addin = table_at(&machine->addins, i);

        if (addin != NULL && guid_compare(&addin->guid, guid) == 0) {
            return addin;
        }
    }
    return NULL;
}

static struct addin *by_name(const struct machine *machine, struct slice name)
{
    for (uint32_t i = 1; i <= machine->addin_last; i++) {
        struct addin *addin = table_at(&machine->addins, i);

        if (addin != NULL &&
            text_compare_nocase(text_slice(addin->name), name) == 0) {
            return addin;
        }
    }
    return NULL;
}

const struct addin *addins_find(const struct machine *machine,
                                const struct guid *guid)
{
    return by_guid(machine, guid);
}

const struct addin *addins_named(const struct machine *machine,
                                 struct slice name)
{
    return by_name(machine, name);
}

void addins_list(const struct machine *machine, list_addin *each, void *context)
{
    for (uint32_t i = 1; i <= machine->addin_last; i++) {
        const struct addin *addin = table_at(&machine->addins, i);

        if (addin != NULL && !each(context, addin)) {
            return;
        }
    }
}

void view_addin(const struct addin *addin, struct addin_view *view_out)
{
    *view_out = (struct addin_view){
        .number = addin->number,
        .version = addin->version,
        .guid = addin->guid,
        .name = text_slice(addin->name),
        .url = text_slice(addin->url),
        .rooms = addin->rooms,
        .created_at_us = addin->created_at_us,
        .changed_at_us = addin->changed_at_us,
    };
}

void addin_free(struct addin *addin)
{
    if (addin == NULL) {
        return;
    }
    text_free(addin->name);
    text_free(addin->url);
    free(addin);
}

void addin_deinit(struct machine *machine)
{
    for (uint32_t i = 1; i <= machine->addin_last; i++) {
        addin_free(table_at(&machine->addins, i));
    }
    table_deinit(&machine->addins);
}

bool addin_adopt(struct machine *machine, struct addin *addin)
{
    if (by_guid(machine, &addin->guid) != NULL ||
        by_name(machine, text_slice(addin->name)) != NULL ||
        table_at(&machine->addins, addin->number) != NULL) {
        return false;
    }
    table_put(&machine->addins, addin->number, addin);
    machine->counts[ROW_ADDIN] += 1;
    return true;
}

static bool is_blank(struct slice text)
{
    for (size_t i = 0; i < text.len; i++) {
        if (text.data[i] != ' ') {
            return false;
        }
    }
    return true;
}

static bool is_url(struct slice url)
{
    return text_is_web_url(url, ADDIN_URL_BYTES_MAX);
}

/* A new name, that none but the add-in itself has. */
static enum outcome check_name(const struct machine *machine,
                               const struct addin *self, struct slice name)
{
    const struct addin *other;
    enum outcome outcome;

    if (is_blank(name)) {
        return OUTCOME_NAME_EMPTY;
    }
    outcome = text_check_line(name, ADDIN_NAME_CHARACTERS_MAX,
                              OUTCOME_ADDIN_NAME_TOO_LONG);
    if (outcome != OUTCOME_DONE) {
        return outcome;
    }
    other = by_name(machine, name);
    return other == NULL || other == self ? OUTCOME_DONE : OUTCOME_ADDIN_EXISTS;
}

static bool read_guid(ProtobufCBinaryData bytes, struct guid *guid_out)
{
    if (bytes.len != GUID_BYTES) {
        return false;
    }
    memcpy(guid_out->bytes, bytes.data, GUID_BYTES);
    return !guid_is_nil(guid_out);
}

static enum outcome check_create(const struct machine *machine,
                                 const Perch__AddinCreate *command,
                                 struct guid *guid_out)
{
    enum outcome outcome;

    if (!read_guid(command->addin, guid_out)) {
        return OUTCOME_GUID_INVALID;
    }
    if (by_guid(machine, guid_out) != NULL) {
        return OUTCOME_GUID_TAKEN;
    }
    outcome = check_name(machine, NULL, codec_slice(command->name));
    if (outcome != OUTCOME_DONE) {
        return outcome;
    }
    if (!is_url(codec_slice(command->url))) {
        return OUTCOME_ADDIN_URL_INVALID;
    }
    return machine->counts[ROW_ADDIN] >=
                       machine->settings[SETTING_ADDINS_MAX] ||
                   machine->addin_last == NUMBERS_MAX
               ? OUTCOME_ADDINS_FULL
               : OUTCOME_DONE;
}

static void tell(struct turn *turn, const struct addin *addin,
                 enum event_kind kind)
{
    struct event *event = effects_event(turn->effects, kind);

    event->guid = addin->guid;
    event->position = addin->number;
    changes_mark(&turn->machine->changes, ROW_ADDIN, addin->number, 0, 0);
    changes_mark(&turn->machine->changes, ROW_COUNTERS, 0, 0, 0);
}

enum outcome addin_create(struct turn *turn, const Perch__AddinCreate *command)
{
    struct machine *machine = turn->machine;
    struct guid guid;
    enum outcome outcome = check_create(machine, command, &guid);
    struct addin *addin;
    bool adopted;

    if (outcome != OUTCOME_DONE || turn->judging) {
        return outcome;
    }

    addin = calloc(1, sizeof(*addin));
    CHECK(addin != NULL);
    machine->addin_last += 1;
    addin->number = machine->addin_last;
    addin->version = 1;
    addin->guid = guid;
    addin->name = text_new(codec_slice(command->name));
    addin->url = text_new(codec_slice(command->url));
    addin->created_at_us = turn->sent_at_us;
    addin->changed_at_us = turn->sent_at_us;
    adopted = addin_adopt(machine, addin);
    CHECK(adopted);
    tell(turn, addin, EVENT_ADDIN_CREATED);
    turn->value = addin->number;
    return OUTCOME_DONE;
}

/* Whether there is one, at that version. */
static enum outcome check_is(const struct machine *machine,
                             ProtobufCBinaryData named,
                             const uint32_t *if_version,
                             struct addin **addin_out)
{
    struct guid guid;

    *addin_out = read_guid(named, &guid) ? by_guid(machine, &guid) : NULL;
    if (*addin_out == NULL) {
        return OUTCOME_ADDIN_UNKNOWN;
    }
    return if_version != NULL && *if_version != (*addin_out)->version
               ? OUTCOME_VERSION_STALE
               : OUTCOME_DONE;
}

enum outcome addin_find(const struct machine *machine, ProtobufCBinaryData guid,
                        struct addin **addin_out)
{
    *addin_out = NULL;
    return guid.len == 0 ? OUTCOME_DONE
                         : check_is(machine, guid, NULL, addin_out);
}

static enum outcome check_change(const struct machine *machine,
                                 const Perch__AddinChange *command,
                                 struct addin **addin_out)
{
    enum outcome outcome = check_is(
        machine, command->addin,
        command->has_if_version ? &command->if_version : NULL, addin_out);

    if (outcome == OUTCOME_DONE && command->has_name) {
        outcome = check_name(machine, *addin_out, codec_slice(command->name));
    }
    if (outcome == OUTCOME_DONE && command->has_url &&
        !is_url(codec_slice(command->url))) {
        outcome = OUTCOME_ADDIN_URL_INVALID;
    }
    return outcome;
}

static bool put(struct text **text, bool has, ProtobufCBinaryData value)
{
    if (!has || slice_equal(text_slice(*text), codec_slice(value))) {
        return false;
    }
    text_replace(text, codec_slice(value));
    return true;
}

enum outcome addin_change(struct turn *turn, const Perch__AddinChange *command)
{
    struct addin *addin;
    enum outcome outcome = check_change(turn->machine, command, &addin);
    bool changed;

    if (outcome != OUTCOME_DONE || turn->judging) {
        return outcome;
    }

    changed = put(&addin->name, command->has_name, command->name);
    changed = put(&addin->url, command->has_url, command->url) || changed;
    if (changed) {
        addin->version += 1;
        addin->changed_at_us = turn->sent_at_us;
        tell(turn, addin, EVENT_ADDIN_CHANGED);
    }
    turn->value = addin->version;
    return OUTCOME_DONE;
}

enum outcome addin_delete(struct turn *turn, const Perch__AddinDelete *command)
{
    struct addin *addin;
    enum outcome outcome =
        check_is(turn->machine, command->addin,
                 command->has_if_version ? &command->if_version : NULL, &addin);

    if (outcome == OUTCOME_DONE && addin->rooms > 0) {
        turn->value = addin->rooms;
        outcome = OUTCOME_ADDIN_IN_USE;
    }
    if (outcome != OUTCOME_DONE || turn->judging) {
        return outcome;
    }

    tell(turn, addin, EVENT_ADDIN_DELETED);
    table_put(&turn->machine->addins, addin->number, NULL);
    turn->machine->counts[ROW_ADDIN] -= 1;
    addin_free(addin);
    return OUTCOME_DONE;
}

bool addin_carry(struct room *room, struct addin *addin)
{
    if (room->addin == addin) {
        return false;
    }
    if (room->addin != NULL) {
        room->addin->rooms -= 1;
    }
    if (addin != NULL) {
        addin->rooms += 1;
    }
    room->addin = addin;
    return true;
}
