#include "tests/model/twin.h"

#include <string.h>

#include "proto/base/check.h"

uint32_t twin_addin(const struct twin *twin, ProtobufCBinaryData guid)
{
    for (uint32_t i = 1; i <= twin->n_addins; i++) {
        if (twin->addins[i].is_there &&
            twin_same(guid.data, guid.len, twin->addins[i].guid.bytes, 16)) {
            return i;
        }
    }
    return 0;
}

bool twin_is_web_url(ProtobufCBinaryData url)
{
    const char *bytes = (const char *)url.data;

    return twin_is_visible(url, 255) &&
           ((url.len > 7 && twin_same_nocase(bytes, 7, "http://", 7)) ||
            (url.len > 8 && twin_same_nocase(bytes, 8, "https://", 8)));
}

static enum outcome check_name(const struct twin *twin, uint32_t self,
                               ProtobufCBinaryData name)
{
    enum outcome outcome;
    size_t blanks = 0;

    for (size_t i = 0; i < name.len; i++) {
        blanks += name.data[i] == ' ';
    }
    if (blanks == name.len) {
        return OUTCOME_NAME_EMPTY;
    }
    outcome = twin_check_line(name, OUTCOME_ADDIN_NAME_TOO_LONG);
    if (outcome == OUTCOME_NAME_CHARACTER) {
        return outcome;
    }
    if (twin_characters(name) > 50) {
        return OUTCOME_ADDIN_NAME_TOO_LONG;
    }
    for (uint32_t i = 1; i <= twin->n_addins; i++) {
        if (i != self && twin->addins[i].is_there &&
            twin_same_nocase(name.data, name.len, twin->addins[i].name.bytes,
                             twin->addins[i].name.len)) {
            return OUTCOME_ADDIN_EXISTS;
        }
    }
    return OUTCOME_DONE;
}

static void tell(struct twin *twin, uint32_t number, enum event_kind kind)
{
    struct event *event = twin_event(twin, kind);

    event->guid = twin->addins[number].guid;
    event->position = number;
}

enum outcome twin_addin_create(struct twin *twin, const Perch__AddinCreate *c)
{
    static const uint8_t nil[16];
    enum outcome outcome;
    struct twin_addin *addin;
    uint32_t n = 0;

    if (c->addin.len != 16 || memcmp(c->addin.data, nil, 16) == 0) {
        return OUTCOME_GUID_INVALID;
    }
    if (twin_addin(twin, c->addin) != 0) {
        return OUTCOME_GUID_TAKEN;
    }
    outcome = check_name(twin, 0, c->name);
    if (outcome != OUTCOME_DONE) {
        return outcome;
    }
    if (!twin_is_web_url(c->url)) {
        return OUTCOME_ADDIN_URL_INVALID;
    }
    for (uint32_t i = 1; i <= twin->n_addins; i++) {
        n += twin->addins[i].is_there;
    }
    if (n >= twin->settings[SETTING_ADDINS_MAX]) {
        return OUTCOME_ADDINS_FULL;
    }
    addin = &twin->addins[++twin->n_addins];
    CHECK(twin->n_addins <= TWIN_ADDINS);
    addin->is_there = true;
    memcpy(addin->guid.bytes, c->addin.data, 16);
    twin_copy(&addin->name, c->name, false);
    twin_copy(&addin->url, c->url, false);
    addin->version = 1;
    addin->created = addin->changed = twin->now;
    tell(twin, twin->n_addins, EVENT_ADDIN_CREATED);
    twin->value = twin->n_addins;
    return OUTCOME_DONE;
}

static bool put(struct twin_text *text, bool has, ProtobufCBinaryData value)
{
    if (!has || twin_same(value.data, value.len, text->bytes, text->len)) {
        return false;
    }
    twin_copy(text, value, false);
    return true;
}

enum outcome twin_addin_change(struct twin *twin, const Perch__AddinChange *c)
{
    uint32_t number = twin_addin(twin, c->addin);
    struct twin_addin *addin = &twin->addins[number];
    enum outcome outcome = OUTCOME_DONE;
    bool changed;

    if (number == 0) {
        return OUTCOME_ADDIN_UNKNOWN;
    }
    if (c->has_if_version && c->if_version != addin->version) {
        return OUTCOME_VERSION_STALE;
    }
    if (c->has_name) {
        outcome = check_name(twin, number, c->name);
    }
    if (outcome == OUTCOME_DONE && c->has_url && !twin_is_web_url(c->url)) {
        outcome = OUTCOME_ADDIN_URL_INVALID;
    }
    if (outcome != OUTCOME_DONE) {
        return outcome;
    }
    changed = put(&addin->name, c->has_name, c->name);
    changed |= put(&addin->url, c->has_url, c->url);
    if (changed) {
        addin->version++;
        addin->changed = twin->now;
        tell(twin, number, EVENT_ADDIN_CHANGED);
    }
    twin->value = addin->version;
    return OUTCOME_DONE;
}

enum outcome twin_addin_delete(struct twin *twin, const Perch__AddinDelete *c)
{
    uint32_t number = twin_addin(twin, c->addin), rooms = 0;

    if (number == 0) {
        return OUTCOME_ADDIN_UNKNOWN;
    }
    if (c->has_if_version && c->if_version != twin->addins[number].version) {
        return OUTCOME_VERSION_STALE;
    }
    for (uint32_t i = 1; i <= twin->n_places; i++) {
        rooms += twin->places[i].is_room && twin->places[i].addin == number;
    }
    if (rooms > 0) {
        twin->value = rooms;
        return OUTCOME_ADDIN_IN_USE;
    }
    tell(twin, number, EVENT_ADDIN_DELETED);
    twin->addins[number].is_there = false;
    return OUTCOME_DONE;
}
