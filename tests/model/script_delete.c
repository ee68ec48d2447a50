/* What is said when something is deleted, and of who may administer. */
#include <stdio.h>
#include <string.h>

#include "tests/model/script_parts.h"

/* Whether as many may yet be created as there can be at a time: their
 * numbers are not used again. */
static bool may_lose_someone(const struct script *s)
{
    return s->twin->n_users + TWIN_PRINCIPALS < TWIN_USERS;
}

void say_room_delete(struct script *s, struct arena *arena, Perch__Command *c)
{
    c->room_delete = MAKE(arena, room_delete);
    CODEC_SET(c->room_delete, room, script_place(s, arena, true));
    if (script_rarely(s, 4)) {
        CODEC_SET(c->room_delete, if_version, 1 + script_below(s, 9));
    }
}

void say_category_delete(struct script *s, struct arena *arena,
                         Perch__Command *c)
{
    c->category_delete = MAKE(arena, category_delete);
    CODEC_SET(c->category_delete, category, script_place(s, arena, false));
    if (script_rarely(s, 4)) {
        CODEC_SET(c->category_delete, if_version, 1 + script_below(s, 9));
    }
}

void say_group_delete(struct script *s, struct arena *arena, Perch__Command *c)
{
    c->group_delete = MAKE(arena, group_delete);
    CODEC_SET(c->group_delete, uri,
              may_lose_someone(s) ? script_group(s)
                                  : script_text("group:none"));
    if (script_rarely(s, 4)) {
        CODEC_SET(c->group_delete, if_version, 1 + script_below(s, 9));
    }
}

void say_user_delete(struct script *s, struct arena *arena, Perch__Command *c)
{
    c->user_delete = MAKE(arena, user_delete);
    CODEC_SET(c->user_delete, uri,
              may_lose_someone(s) ? script_uri(s)
                                  : script_text("sip:none@x.example"));
    if (script_rarely(s, 4)) {
        CODEC_SET(c->user_delete, if_version, 1 + script_below(s, 9));
    }
}

static const char *const administrators[] = {
    "local:root",           "local:root",       "certificate:root",
    "certificate:root",     "certificate:carl", "local:carl",
    "certificate:c arl",    "certificate:",     "root",
    "certificate:\xc3\xa4",
};

static ProtobufCBinaryData administrator(struct script *s, struct arena *arena)
{
    char name[32];
    ProtobufCBinaryData copy;
    int len;

    if (!script_rarely(s, 3)) {
        return script_text(
            administrators[script_below(s, COUNT(administrators))]);
    }
    /* Many, so that the list fills up now and then. */
    len = snprintf(name, sizeof(name), "local:%u", script_below(s, 300));
    copy = script_fill(arena, (size_t)len, ' ');
    memcpy(copy.data, name, (size_t)len);
    return copy;
}

void say_grant(struct script *s, struct arena *arena, Perch__Command *c)
{
    Perch__AdministratorGrant *grant = c->administrator_grant =
        MAKE(arena, administrator_grant);

    CODEC_SET(grant, name, administrator(s, arena));
    if (!script_rarely(s, 20)) {
        CODEC_SET(grant, role,
                  (Perch__AdministratorRole)(script_rarely(s, 20)
                                                 ? script_below(s, 8)
                                                 : 1 + script_below(s, 5)));
    }
}

void say_revoke(struct script *s, struct arena *arena, Perch__Command *c)
{
    Perch__AdministratorRevoke *revoke = c->administrator_revoke =
        MAKE(arena, administrator_revoke);

    CODEC_SET(revoke, name, administrator(s, arena));
    if (script_rarely(s, 2)) {
        CODEC_SET(revoke, role, (Perch__AdministratorRole)script_below(s, 7));
    }
}
