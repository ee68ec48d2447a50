#include "proto/xccos/xml.h"

#include <expat.h>
#include <pthread.h>
#include <stdbool.h>
#include <string.h>
#include <sys/random.h>

#include "proto/base/check.h"
#include "proto/xccos/text.h"

/* Parts a name from its namespace in what expat tells; no XML can hold it. */
#define NAME_SEPARATOR '\x01'

struct walk {
    XML_Parser parser;
    const struct xml_events *events;
    void *context;
    enum xccos_error error; /* The first one; the rest is not heard. */
    size_t depth;           /* Elements open. */
    size_t elements;        /* Seen so far. */

    /* Of the element that starts next. */
    size_t declarations;
    size_t declaration_bytes;
    struct xml_attribute attributes[XCCOS_ATTRIBUTES_MAX];
};

/* Keep the first error and make expat stop; it may still send an event or
 * two, which every handler therefore has to ignore. */
static void stop(struct walk *walk, enum xccos_error error)
{
    CHECK(error != XCCOS_ERROR_NONE);
    if (walk->error == XCCOS_ERROR_NONE) {
        walk->error = error;
        XML_StopParser(walk->parser, XML_FALSE);
    }
}

static void stop_on(struct walk *walk, enum xccos_error error)
{
    if (error != XCCOS_ERROR_NONE) {
        stop(walk, error);
    }
}

/* Take what comes before the next separator, and the separator. */
static struct slice take_part(const char **rest)
{
    const char *begin = *rest, *end = strchrnul(begin, NAME_SEPARATOR);

    *rest = *end == '\0' ? end : end + 1;
    return slice_of(begin, (size_t)(end - begin));
}

/* expat tells "local", "space local" or "space local prefix". */
static struct xml_name split_name(const char *joined)
{
    struct xml_name name = {.space = SLICE_NONE};

    name.local = take_part(&joined);
    if (*joined != '\0') {
        name.space = name.local;
        name.local = take_part(&joined);
        name.prefix = take_part(&joined);
    }
    return name;
}

bool xml_is_named(const struct xml_name *name, const char *space,
                  const char *local)
{
    return slice_equal_text(name->local, local) &&
           slice_equal_text(name->space, space);
}

static enum xccos_error gather_attributes(struct walk *walk, const char **pairs,
                                          size_t *n_out)
{
    size_t bytes = walk->declaration_bytes, n = 0;

    for (; pairs[0] != NULL; pairs += 2, n++) {
        struct xml_attribute *attribute = &walk->attributes[n];

        if (n + walk->declarations >= XCCOS_ATTRIBUTES_MAX) {
            return XCCOS_ERROR_ATTRIBUTES;
        }
        attribute->name = split_name(pairs[0]);
        attribute->value = slice_of_text(pairs[1]);
        bytes += attribute->name.local.len + attribute->value.len;
        if (bytes > XCCOS_ATTRIBUTE_BYTES_MAX) {
            return XCCOS_ERROR_ATTRIBUTE_BYTES;
        }
    }
    *n_out = n;
    return XCCOS_ERROR_NONE;
}

static enum xccos_error start_element(struct walk *walk, const char *name,
                                      const char **pairs)
{
    struct xml_element element = {.attributes = walk->attributes};

    walk->depth += 1;
    walk->elements += 1;
    if (walk->depth > XCCOS_DEPTH_MAX) {
        return XCCOS_ERROR_DEPTH;
    }
    if (walk->elements > XCCOS_ELEMENTS_MAX) {
        return XCCOS_ERROR_ELEMENTS;
    }
    XCCOS_TRY(gather_attributes(walk, pairs, &element.n));
    walk->declarations = 0;
    walk->declaration_bytes = 0;
    element.name = split_name(name);
    element.depth = walk->depth;
    element.begins_at = (size_t)XML_GetCurrentByteIndex(walk->parser);
    return walk->events->start(walk->context, &element);
}

static void on_start(void *context, const char *name, const char **pairs)
{
    struct walk *walk = context;

    if (walk->error == XCCOS_ERROR_NONE) {
        stop_on(walk, start_element(walk, name, pairs));
    }
}

static void on_end(void *context, const char *name)
{
    struct walk *walk = context;
    XML_Index ends_at;

    (void)name;
    if (walk->error != XCCOS_ERROR_NONE) {
        return;
    }
    if (walk->events->end != NULL) {
        /* For <a/> expat tells the end of the tag and a count of 0. */
        ends_at = XML_GetCurrentByteIndex(walk->parser) +
                  XML_GetCurrentByteCount(walk->parser);
        stop_on(walk,
                walk->events->end(walk->context, walk->depth, (size_t)ends_at));
    }
    walk->depth -= 1;
}

static void on_text(void *context, const char *text, int len)
{
    struct walk *walk = context;

    if (walk->error == XCCOS_ERROR_NONE) {
        stop_on(walk,
                walk->events->text(walk->context, slice_of(text, (size_t)len)));
    }
}

static void on_declare(void *context, const char *prefix, const char *uri)
{
    struct walk *walk = context;
    struct slice prefix_slice = slice_of_text(prefix);
    struct slice uri_slice = slice_of_text(uri);

    if (walk->error != XCCOS_ERROR_NONE) {
        return;
    }
    walk->declarations += 1;
    walk->declaration_bytes += prefix_slice.len + uri_slice.len;
    if (walk->declarations > XCCOS_ATTRIBUTES_MAX) {
        stop(walk, XCCOS_ERROR_ATTRIBUTES);
    } else if (walk->declaration_bytes > XCCOS_ATTRIBUTE_BYTES_MAX) {
        stop(walk, XCCOS_ERROR_ATTRIBUTE_BYTES);
    } else if (walk->events->declare != NULL) {
        stop_on(walk, walk->events->declare(walk->context, walk->depth + 1,
                                            prefix_slice, uri_slice));
    }
}

static void on_doctype(void *context, const char *name, const char *system_id,
                       const char *public_id, int has_internal_subset)
{
    (void)name;
    (void)system_id;
    (void)public_id;
    (void)has_internal_subset;
    stop(context, XCCOS_ERROR_DOCTYPE);
}

static unsigned long salt;

static void draw_salt(void)
{
    CHECK(getrandom(&salt, sizeof(salt), 0) == (ssize_t)sizeof(salt));
    salt |= 1; /* 0: expat asks the kernel for another, at each parser. */
}

/* What keeps others from choosing names that collide in expat's tables: one
 * secret per process is as good as one per body. */
static void set_salt(struct walk *walk)
{
    static pthread_once_t once = PTHREAD_ONCE_INIT;

    pthread_once(&once, draw_salt);
    CHECK(XML_SetHashSalt(walk->parser, salt) == 1);
}

static void set_handlers(struct walk *walk)
{
    XML_SetUserData(walk->parser, walk);
    XML_SetReturnNSTriplet(walk->parser, 1);
    XML_SetElementHandler(walk->parser, on_start, on_end);
    XML_SetStartNamespaceDeclHandler(walk->parser, on_declare);
    if (walk->events->text != NULL) {
        XML_SetCharacterDataHandler(walk->parser, on_text);
    }
    XML_SetStartDoctypeDeclHandler(walk->parser, on_doctype);
}

/* The walker's own error comes before what expat makes of being stopped. */
static enum xccos_error name_failure(const struct walk *walk)
{
    if (walk->error != XCCOS_ERROR_NONE) {
        return walk->error;
    }
    switch (XML_GetErrorCode(walk->parser)) {
    case XML_ERROR_NO_MEMORY:
        return XCCOS_ERROR_NO_MEMORY;
    case XML_ERROR_BAD_CHAR_REF:
        return XCCOS_ERROR_CHARACTER;
    default:
        return XCCOS_ERROR_NOT_WELL_FORMED;
    }
}

static enum xccos_error parse(struct walk *walk, struct slice body)
{
    enum XML_Status status;

    set_salt(walk);
    set_handlers(walk);
    status = XML_Parse(walk->parser, (const char *)body.data, (int)body.len,
                       XML_TRUE);
    if (status != XML_STATUS_OK) {
        return name_failure(walk);
    }
    CHECK(walk->error == XCCOS_ERROR_NONE && walk->depth == 0);
    return XCCOS_ERROR_NONE;
}

enum xccos_error xml_walk(struct slice body, const struct xml_events *events,
                          void *context)
{
    struct walk walk = {.events = events, .context = context};
    enum xccos_error error;

    if (body.len == 0) {
        return XCCOS_ERROR_EMPTY;
    }
    if (body.len > XCCOS_BODY_BYTES_MAX) {
        return XCCOS_ERROR_BODY_BYTES;
    }
    XCCOS_TRY(xccos_text_check(body, NULL));

    /* The encoding given here outranks any that the body declares. */
    walk.parser = XML_ParserCreateNS("UTF-8", NAME_SEPARATOR);
    if (walk.parser == NULL) {
        return XCCOS_ERROR_NO_MEMORY;
    }
    error = parse(&walk, body);
    XML_ParserFree(walk.parser);
    return error;
}
