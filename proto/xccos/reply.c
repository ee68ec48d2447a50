#include "proto/xccos/reply.h"

#include <string.h>

#include "proto/base/buffer.h"
#include "proto/xccos/field.h"

/* Each reply goes out in an envelope of its own. */
enum { REPLY_SEQID = 1 };

/* The name a reply goes out under, where it is not the verb's own. */
static struct slice other_name(const struct xccos_primitive *command)
{
    struct slice own = slice_of_text(xccos_verb_name(command->verb));

    return slice_equal_nocase(command->verb_text, own) ? SLICE_NONE
                                                       : command->verb_text;
}

void xccos_reply_init(struct xccos_primitive *reply,
                      const struct xccos_envelope *envelope,
                      const struct xccos_primitive *command)
{
    *reply = (struct xccos_primitive){
        .kind = XCCOS_KIND_REPLY,
        .seqid = REPLY_SEQID,
        .verb = command->verb,
        .verb_text = other_name(command),
        .command_seqid = XCCOS_NUMBER(command->seqid),
        .command_envid = XCCOS_NUMBER(envelope->envid),
        .code = XCCOS_NUMBER(xccos_code_number(XCCOS_CODE_OK)),
        .sentence = slice_of_text(xccos_code_token(XCCOS_CODE_OK)),
    };
    if (command->verb == XCCOS_VERB_GETFUTOK ||
        command->verb == XCCOS_VERB_GETFDTOK) {
        reply->verb = XCCOS_VERB_GETFTOK;
        reply->verb_text = SLICE_NONE;
    }
}

enum xccos_error xccos_reply_refuse(struct xccos_primitive *reply,
                                    struct arena *arena, enum xccos_code code,
                                    struct slice sentence)
{
    struct slice token = slice_of_text(xccos_code_token(code));
    size_t len = token.len + (sentence.len > 0 ? 2 + sentence.len : 0);
    char *text = arena_alloc(arena, len + 1);

    if (text == NULL) {
        return XCCOS_ERROR_NO_MEMORY;
    }
    memcpy(text, token.data, token.len);
    if (sentence.len > 0) {
        memcpy(text + token.len, ": ", 2);
        memcpy(text + token.len + 2, sentence.data, sentence.len);
    }
    reply->code = XCCOS_NUMBER(xccos_code_number(code));
    reply->sentence = slice_of(text, len);
    memset(&reply->data, 0, sizeof(reply->data));
    return XCCOS_ERROR_NONE;
}

uint32_t xccos_mask(const struct xccos_masks *masks, enum xccos_role role)
{
    switch (role) {
    case XCCOS_ROLE_MANAGER:
        return masks->manager;
    case XCCOS_ROLE_PRESENTER:
        return masks->member + masks->presenter_bit;
    default:
        return masks->member;
    }
}

enum xccos_role xccos_role_of(const struct xccos_masks *masks, uint64_t mask)
{
    for (enum xccos_role role = XCCOS_ROLE_MANAGER; role != XCCOS_ROLE_UNSET;
         role--) {
        if (mask == xccos_mask(masks, role)) {
            return role;
        }
    }
    return XCCOS_ROLE_UNSET;
}

static bool has_role(const struct xccos_participant *participant,
                     enum xccos_role role)
{
    if (participant->role == XCCOS_ROLE_UNSET) {
        return role == XCCOS_ROLE_MEMBER;
    }
    return participant->role == role;
}

/* List the ids of those who have a role: "0,2,5". */
static void list_ids(struct buffer *ids,
                     const struct xccos_participant *participants, size_t n,
                     enum xccos_role role)
{
    buffer_clear(ids);
    for (size_t i = 0; i < n; i++) {
        if (has_role(&participants[i], role)) {
            if (ids->len > 0) {
                buffer_append(ids, ",", 1);
            }
            field_write_number(ids, participants[i].user_id);
        }
    }
}

static enum xccos_error add_presence(struct arena *arena, uint32_t mask,
                                     const struct buffer *ids,
                                     struct xccos_presence ***tail_io)
{
    struct xccos_presence *presence = arena_alloc(arena, sizeof(*presence));

    if (presence == NULL || buffer_failed(ids)) {
        return XCCOS_ERROR_NO_MEMORY;
    }
    presence->mask = XCCOS_NUMBER(mask);
    presence->value = arena_copy_slice(arena, buffer_slice(ids));
    if (presence->value.len != ids->len) {
        return XCCOS_ERROR_NO_MEMORY;
    }
    **tail_io = presence;
    *tail_io = &presence->next;
    return XCCOS_ERROR_NONE;
}

enum xccos_error xccos_roster_make(struct arena *arena,
                                   const struct xccos_masks *masks,
                                   const struct xccos_participant *participants,
                                   size_t n, struct xccos_presence **roster_out)
{
    struct xccos_presence **tail = roster_out;
    enum xccos_error error = XCCOS_ERROR_NONE;
    struct buffer ids = BUFFER_EMPTY;

    *roster_out = NULL;
    for (enum xccos_role role = XCCOS_ROLE_MANAGER;
         role != XCCOS_ROLE_UNSET && error == XCCOS_ERROR_NONE; role--) {
        list_ids(&ids, participants, n, role);
        if (ids.len > 0 || buffer_failed(&ids)) {
            error = add_presence(arena, xccos_mask(masks, role), &ids, &tail);
        }
    }
    buffer_deinit(&ids);
    return error;
}

bool xccos_roster_next(struct slice *rest_io, uint32_t *user_id_out)
{
    const uint8_t *comma =
        rest_io->len == 0 ? NULL : memchr(rest_io->data, ',', rest_io->len);
    size_t len = comma == NULL ? rest_io->len : (size_t)(comma - rest_io->data);
    uint64_t id;

    if (field_read_number(slice_of(rest_io->data, len), UINT32_MAX, &id) !=
        ERROR_NONE) {
        return false;
    }
    *rest_io = slice_after(*rest_io, len + 1);
    *user_id_out = (uint32_t)id;
    return true;
}
