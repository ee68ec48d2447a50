#include "tests/model/script_parts.h"

/* What is shown while the archive is on, files, canaries. */

/* Rooms, mostly there; how many. */
static size_t rooms(struct script *s, struct arena *arena,
                    ProtobufCBinaryData **list_out)
{
    size_t n = script_below(s, 4);

    if (script_rarely(s, 200)) {
        n = 1024 + script_below(s, 2);
    }
    *list_out = arena_alloc(arena, (n + 1) * sizeof(**list_out));
    for (size_t i = 0; i < n; i++) {
        (*list_out)[i] =
            n > 4 && i > 0 ? (*list_out)[0] : script_room(s, arena);
    }
    return n;
}

static ProtobufCBinaryData line(struct script *s, struct arena *arena)
{
    if (script_rarely(s, 40)) {
        return script_fill(arena, 1998 + script_below(s, 5), 'w');
    }
    return script_text(script_rarely(s, 40) ? "\xff" : "30 before");
}

void script_history_read(struct script *s, struct arena *arena,
                         Perch__Command *c)
{
    c->history_read = MAKE(arena, history_read);
    c->history_read->n_rooms = rooms(s, arena, &c->history_read->rooms);
    CODEC_SET(c->history_read, what, line(s, arena));
}

void script_searched(struct script *s, struct arena *arena, Perch__Command *c)
{
    c->searched = MAKE(arena, searched);
    c->searched->n_rooms = rooms(s, arena, &c->searched->rooms);
    CODEC_SET(c->searched, words, line(s, arena));
    CODEC_SET(c->searched, what, line(s, arena));
}

void script_post_denied(struct script *s, struct arena *arena,
                        Perch__Command *c)
{
    c->post_denied = MAKE(arena, post_denied);
    CODEC_SET(c->post_denied, notice, line(s, arena));
    if (!script_rarely(s, 20)) {
        c->post_denied->post = MAKE(arena, post);
        CODEC_SET(c->post_denied->post, room, script_room(s, arena));
        CODEC_SET(c->post_denied->post, text, script_words(s));
    }
}

void script_messages_read(struct script *s, struct arena *arena,
                          Perch__Command *c)
{
    c->messages_read = MAKE(arena, messages_read);
    c->messages_read->n_rooms = rooms(s, arena, &c->messages_read->rooms);
    CODEC_SET(c->messages_read, what, line(s, arena));
    CODEC_SET(c->messages_read, export, script_rarely(s, 2));
}

static ProtobufCBinaryData file_name(struct script *s)
{
    return script_text(script_rarely(s, 20)   ? ""
                       : script_rarely(s, 20) ? "two\nlines"
                                              : "plan.pdf");
}

void script_file_up(struct script *s, struct arena *arena, Perch__Command *c)
{
    c->file_up = MAKE(arena, file_up);
    CODEC_SET(c->file_up, room, script_room(s, arena));
    CODEC_SET(c->file_up, name, file_name(s));
    CODEC_SET(c->file_up, digest,
              script_fill(arena, script_rarely(s, 20) ? 31 : 32, 'd'));
    CODEC_SET(c->file_up, bytes,
              script_rarely(s, 2)
                  ? s->twin->settings[SETTING_FILE_KIB_MAX] * UINT64_C(1024) +
                        script_below(s, 2)
                  : script_below(s, 1000));
    CODEC_SET(c->file_up, verdict, line(s, arena));
}

void script_file_down(struct script *s, struct arena *arena, Perch__Command *c)
{
    c->file_down = MAKE(arena, file_down);
    CODEC_SET(c->file_down, room, script_room(s, arena));
    CODEC_SET(c->file_down, name, file_name(s));
    CODEC_SET(c->file_down, digest,
              script_fill(arena, script_rarely(s, 20) ? 31 : 32, 'd'));
}

void script_canary(struct script *s, struct arena *arena, Perch__Command *c)
{
    c->canary = MAKE(arena, canary);
    CODEC_SET(c->canary, nonce,
              script_fill(arena, script_rarely(s, 10) ? 15 : 16, 'n'));
}
