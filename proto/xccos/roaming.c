#include "proto/xccos/roaming.h"

#include "proto/xccos/carried.h"
#include "proto/xccos/field.h"
#include "proto/xccos/xml.h"

#define PUBLISH_SPACE "http://schemas.microsoft.com/2006/09/sip/rich-presence"
#define SELF_SPACE    "http://schemas.microsoft.com/2006/09/sip/roaming-self"

enum { LIST_DEPTH = 2, ITEM_DEPTH = 3, CONTENT_DEPTH = 4 };

/* The two documents are of one shape, under different names. */
struct dialect {
    const char *space, *root;
    const char *list, *item, *category;
};

static const struct dialect publishing = {
    PUBLISH_SPACE, "publish", "publications", "publication", "categoryName"};
static const struct dialect showing = {SELF_SPACE, "roamingData", "categories",
                                       "category", "name"};

struct reading {
    const struct dialect *dialect;
    struct arena *arena;
    struct carried carried;
    struct slice uri;
    bool in_list;
    struct roaming_item *item; /* Whose element is open; NULL: none is. */
    struct roaming_item **tail;
    struct slice *property; /* Of the item, whose text comes; NULL: none. */
    size_t property_depth;
    struct buffer text;
};

/* Names count, whatever their namespace: what wraps them is not known well. */
static bool is_local(const struct xml_element *element, const char *name)
{
    return slice_equal_text(element->name.local, name);
}

static struct slice attribute(const struct xml_element *element,
                              const char *name)
{
    for (size_t i = 0; i < element->n; i++) {
        if (xml_is_named(&element->attributes[i].name, "", name)) {
            return element->attributes[i].value;
        }
    }
    return SLICE_NONE;
}

/* A number that is not said is 0. */
static enum xccos_error read_number(const struct xml_element *element,
                                    const char *name, uint32_t *number_out)
{
    struct slice text = attribute(element, name);
    uint64_t number = 0;

    if (text.len > 0 &&
        field_read_number(text, UINT32_MAX, &number) != ERROR_NONE) {
        return XCCOS_ERROR_PUBLICATION;
    }
    *number_out = (uint32_t)number;
    return XCCOS_ERROR_NONE;
}

static enum xccos_error copy(struct arena *arena, struct slice text,
                             struct slice *copy_out)
{
    *copy_out = arena_copy_slice(arena, text);
    return copy_out->len == text.len ? XCCOS_ERROR_NONE : XCCOS_ERROR_NO_MEMORY;
}

static enum xccos_error begin_item(struct reading *reading,
                                   const struct xml_element *element)
{
    struct roaming_item *item = arena_alloc(reading->arena, sizeof(*item));
    struct slice category = attribute(element, reading->dialect->category);

    if (item == NULL) {
        return XCCOS_ERROR_NO_MEMORY;
    }
    if (category.len == 0) {
        return XCCOS_ERROR_PUBLICATION;
    }
    XCCOS_TRY(copy(reading->arena, category, &item->category));
    XCCOS_TRY(copy(reading->arena, attribute(element, "expireType"),
                   &item->expire_type));
    XCCOS_TRY(read_number(element, "container", &item->container));
    XCCOS_TRY(read_number(element, "instance", &item->instance));
    XCCOS_TRY(read_number(element, "version", &item->version));
    item->remove = slice_equal_text(attribute(element, "expires"), "0");
    *reading->tail = item;
    reading->tail = &item->next;
    reading->item = item;
    return XCCOS_ERROR_NONE;
}

static enum xccos_error begin_list(struct reading *reading,
                                   const struct xml_element *element)
{
    struct slice uri = attribute(element, "uri");

    reading->in_list = is_local(element, reading->dialect->list);
    return reading->in_list && uri.len > 0
               ? copy(reading->arena, uri, &reading->uri)
               : XCCOS_ERROR_NONE;
}

/* What a property is kept as; NULL: it is of no concern, or there already. */
static struct slice *property_of(struct roaming_item *item, struct slice name)
{
    if (slice_equal_text(name, "url") && item->url.len == 0) {
        return &item->url;
    }
    return slice_equal_text(name, "name") && item->name.len == 0 ? &item->name
                                                                 : NULL;
}

static enum xccos_error begin_content(struct reading *reading,
                                      const struct xml_element *element)
{
    if (element->depth == CONTENT_DEPTH) {
        XCCOS_TRY(carried_child_starts(&reading->carried, element));
    } else {
        XCCOS_TRY(carried_element_starts(&reading->carried, element));
    }
    if (is_local(element, "property") && reading->property == NULL) {
        reading->property =
            property_of(reading->item, attribute(element, "name"));
        reading->property_depth = element->depth;
        buffer_clear(&reading->text);
    }
    return XCCOS_ERROR_NONE;
}

static enum xccos_error on_start(void *context,
                                 const struct xml_element *element)
{
    struct reading *reading = context;
    const struct dialect *dialect = reading->dialect;

    if (element->depth == 1) {
        return xml_is_named(&element->name, dialect->space, dialect->root)
                   ? XCCOS_ERROR_NONE
                   : XCCOS_ERROR_ROOT;
    }
    if (element->depth == LIST_DEPTH) {
        return begin_list(reading, element);
    }
    if (element->depth == ITEM_DEPTH) {
        return reading->in_list && is_local(element, dialect->item)
                   ? begin_item(reading, element)
                   : XCCOS_ERROR_NONE;
    }
    return reading->item == NULL ? XCCOS_ERROR_NONE
                                 : begin_content(reading, element);
}

static enum xccos_error on_text(void *context, struct slice text)
{
    struct reading *reading = context;

    if (reading->property != NULL) {
        buffer_append_slice(&reading->text, text);
    }
    return buffer_failed(&reading->text) ? XCCOS_ERROR_NO_MEMORY
                                         : XCCOS_ERROR_NONE;
}

/* An item's content is all its child elements, one after the other. */
static enum xccos_error end_item(struct reading *reading)
{
    struct carried *carried = &reading->carried;
    struct slice xml = buffer_slice(&carried->children);

    XCCOS_TRY(copy(reading->arena, xml, &reading->item->xml));
    buffer_clear(&carried->children);
    carried->elements = 0;
    reading->item = NULL;
    return XCCOS_ERROR_NONE;
}

static enum xccos_error on_end(void *context, size_t depth, size_t ends_at)
{
    struct reading *reading = context;

    if (reading->property != NULL && depth == reading->property_depth) {
        XCCOS_TRY(copy(reading->arena, buffer_slice(&reading->text),
                       reading->property));
        reading->property = NULL;
    }
    if (reading->item != NULL && depth == CONTENT_DEPTH) {
        XCCOS_TRY(carried_child_ends(&reading->carried, ends_at));
    }
    if (reading->item != NULL && depth == ITEM_DEPTH) {
        XCCOS_TRY(end_item(reading));
    }
    carried_leave(&reading->carried, depth);
    return XCCOS_ERROR_NONE;
}

static enum xccos_error on_declare(void *context, size_t depth,
                                   struct slice prefix, struct slice uri)
{
    struct reading *reading = context;

    return carried_declare(&reading->carried, depth, prefix, uri);
}

static enum xccos_error read(struct slice body, const struct dialect *dialect,
                             struct arena *arena, struct slice *uri_out,
                             struct roaming_item **items_out)
{
    static const struct xml_events events = {.start = on_start,
                                             .end = on_end,
                                             .text = on_text,
                                             .declare = on_declare};
    struct reading reading = {
        .dialect = dialect, .arena = arena, .text = BUFFER_EMPTY};
    struct roaming_item *items = NULL;
    enum xccos_error error;

    reading.tail = &items;
    carried_init(&reading.carried, body, arena);
    error = xml_walk(body, &events, &reading);
    carried_deinit(&reading.carried);
    buffer_deinit(&reading.text);
    if (error == XCCOS_ERROR_NONE) {
        *uri_out = reading.uri;
        *items_out = items;
    }
    return error;
}

enum xccos_error roaming_read_publish(struct slice body, struct arena *arena,
                                      struct slice *uri_out,
                                      struct roaming_item **items_out)
{
    return read(body, &publishing, arena, uri_out, items_out);
}

enum xccos_error roaming_read(struct slice body, struct arena *arena,
                              struct roaming_item **items_out)
{
    struct slice uri;

    return read(body, &showing, arena, &uri, items_out);
}
