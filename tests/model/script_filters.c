#include "proto/base/check.h"
#include "tests/model/script_parts.h"

static const char *const names[] = {"deals", "Rumours", "DEALS", "cards",
                                    "",      "tab\t",   "\xff"};
enum { NAMES_GOOD = 4 };

static const char *const expressions[] = {
    "word:insider", "word:a b",      "like:merg*", "regex:^a+$",
    "regex:(",      "word:\xc3\xa4", "insider",    "word:",
    "glob:x",       "word:\n",       "regex:\xff", "WORD:x"};
enum { EXPRESSIONS_GOOD = 6 };

static ProtobufCBinaryData name(struct script *s)
{
    return script_text(names[script_below(
        s, script_rarely(s, 20) ? COUNT(names) : NAMES_GOOD)]);
}

static ProtobufCBinaryData *list(struct script *s, struct arena *arena,
                                 size_t *n)
{
    ProtobufCBinaryData *made;

    *n = script_rarely(s, 300) ? FILTER_EXPRESSIONS_MAX + script_below(s, 2)
                               : script_below(s, 4);
    made = arena_alloc(arena, (*n + 1) * sizeof(*made));
    CHECK(made != NULL);
    for (size_t i = 0; i < *n; i++) {
        made[i] = script_text(expressions[script_below(
            s, script_rarely(s, 30) ? COUNT(expressions) : EXPRESSIONS_GOOD)]);
    }
    return made;
}

static ProtobufCBinaryData *places(struct script *s, struct arena *arena,
                                   size_t *n)
{
    ProtobufCBinaryData *made;

    *n = script_rarely(s, 2) ? 0 : script_below(s, 3);
    if (script_rarely(s, 300)) {
        *n = FILTER_CATEGORIES_MAX + script_below(s, 2);
    }
    made = arena_alloc(arena, (*n + 1) * sizeof(*made));
    CHECK(made != NULL);
    for (size_t i = 0; i < *n; i++) {
        made[i] = script_category(s, arena);
    }
    return made;
}

static Perch__FilterAction action(struct script *s)
{
    return (Perch__FilterAction)(script_rarely(s, 30) ? script_below(s, 5)
                                                      : 1 + script_below(s, 2));
}

/* One of many, so that there are as many as may be now and then. */
static ProtobufCBinaryData any_name(struct script *s, struct arena *arena)
{
    ProtobufCBinaryData text;

    if (s->crowd != PERCH__COMMAND__KIND_FILTER_CREATE) {
        return name(s);
    }
    text = script_fill(arena, 2, 'A');
    text.data[0] += (uint8_t)script_below(s, 26);
    text.data[1] += (uint8_t)script_below(s, 26);
    return text;
}

void script_filter_create(struct script *s, struct arena *arena,
                          Perch__Command *c)
{
    Perch__FilterCreate *filter = c->filter_create = MAKE(arena, filter_create);

    CODEC_SET(filter, name, any_name(s, arena));
    if (!script_rarely(s, 30)) {
        CODEC_SET(filter, action, action(s));
    }
    if (script_rarely(s, 3)) {
        CODEC_SET(filter, notice, script_text("ask"));
    }
    if (script_rarely(s, 60)) {
        CODEC_SET(filter, notice, script_fill(arena, 257, 'n'));
    }
    if (script_rarely(s, 4)) {
        CODEC_SET(filter, disabled, script_rarely(s, 2));
    }
    filter->expressions = list(s, arena, &filter->n_expressions);
    filter->categories = places(s, arena, &filter->n_categories);
}

void script_filter_change(struct script *s, struct arena *arena,
                          Perch__Command *c)
{
    Perch__FilterChange *filter = c->filter_change = MAKE(arena, filter_change);

    CODEC_SET(filter, filter, name(s));
    if (script_rarely(s, 6)) {
        CODEC_SET(filter, if_version, 1 + script_below(s, 5));
    }
    if (script_rarely(s, 6)) {
        CODEC_SET(filter, name, name(s));
    }
    if (script_rarely(s, 4)) {
        CODEC_SET(filter, action, action(s));
    }
    if (script_rarely(s, 4)) {
        CODEC_SET(filter, disabled, script_rarely(s, 2));
    }
    if (script_rarely(s, 8)) {
        CODEC_SET(filter, everywhere, script_rarely(s, 2));
    }
    filter->expressions_add = list(s, arena, &filter->n_expressions_add);
    filter->expressions_remove = list(s, arena, &filter->n_expressions_remove);
    filter->categories_add = places(s, arena, &filter->n_categories_add);
    filter->categories_remove = places(s, arena, &filter->n_categories_remove);
}

void script_filter_delete(struct script *s, struct arena *arena,
                          Perch__Command *c)
{
    Perch__FilterDelete *filter = c->filter_delete = MAKE(arena, filter_delete);

    CODEC_SET(filter, filter, name(s));
    if (script_rarely(s, 4)) {
        CODEC_SET(filter, if_version, 1 + script_below(s, 5));
    }
}

static const char *const said[] = {"hi", "long ago", "", "\xff", "a\x01"};
enum { SAID_GOOD = 2 };

/* By somebody who is a user now, or never will be: the twin knows authors by
 * their numbers. */
static ProtobufCBinaryData author(struct script *s)
{
    ProtobufCBinaryData uri = script_uri(s);

    if (script_rarely(s, 60)) {
        return script_text("nonsense");
    }
    return twin_user(s->twin, uri) != 0
               ? uri
               : script_text("sip:old@elsewhere.example");
}

static Perch__MessagesImport__Message *old_message(struct script *s,
                                                   struct arena *arena,
                                                   int64_t at_us)
{
    Perch__MessagesImport__Message *message =
        MAKE(arena, messages_import__message);
    Perch__Post *post = message->post = MAKE(arena, post);

    CODEC_SET(message, author, author(s));
    if (script_rarely(s, 2)) {
        CODEC_SET(message, display_name, name(s));
    }
    CODEC_SET(message, sent_at_us, script_rarely(s, 60) ? -at_us : at_us);
    CODEC_SET(post, text,
              script_text(said[script_below(
                  s, script_rarely(s, 60) ? COUNT(said) : SAID_GOOD)]));
    if (script_rarely(s, 8)) {
        CODEC_SET(post, story, true);
    }
    if (script_rarely(s, 100)) {
        message->post = NULL;
    }
    return message;
}

void script_import(struct script *s, struct arena *arena, Perch__Command *c)
{
    Perch__MessagesImport *import = c->messages_import =
        MAKE(arena, messages_import);
    uint32_t room;
    int64_t last;

    CODEC_SET(import, room, script_room(s, arena));
    room = twin_place(s->twin, import->room, true);
    last = twin_last_at(s->twin, room);
    if (last == 0 || script_rarely(s, 6)) {
        last = s->twin->now / 2;
    }
    CODEC_SET(import, first_id,
              s->twin->places[room].message_id +
                  (script_rarely(s, 6) ? script_below(s, 4) : 1));
    import->n_messages = script_below(s, 4);
    if (script_rarely(s, 25)) { /* More than one purge looks at. */
        import->n_messages = PURGES_MAX + script_below(s, 20);
    }
    if (script_rarely(s, 200)) {
        import->n_messages = IMPORT_MESSAGES_MAX + 1;
    }
    import->messages =
        arena_alloc(arena, (import->n_messages + 1) * sizeof(void *));
    CHECK(import->messages != NULL);
    for (size_t i = 0; i < import->n_messages; i++) {
        import->messages[i] =
            old_message(s, arena,
                        last + (int64_t)script_below(s, 3) +
                            (script_rarely(s, 20) ? 0 : 3 * (int64_t)i));
    }
}
