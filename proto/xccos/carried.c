#include "proto/xccos/carried.h"

#include <stdio.h>
#include <string.h>

#include "proto/base/check.h"
#include "proto/xccos/field.h"
#include "proto/xccos/text.h"

/* The one namespace that is never declared: its prefix is always xml. */
static const char xml_space[] = "http://www.w3.org/XML/1998/namespace";

void carried_init(struct carried *carried, struct slice body,
                  struct arena *arena)
{
    carried->body = body;
    carried->arena = arena;
    carried->n = 0;
    buffer_init(&carried->attributes);
    carried->prefixes = 0;
    buffer_init(&carried->children);
    carried->elements = 0;
}

void carried_deinit(struct carried *carried)
{
    buffer_deinit(&carried->attributes);
    buffer_deinit(&carried->children);
}

enum xccos_error carried_declare(struct carried *carried, size_t depth,
                                 struct slice prefix, struct slice uri)
{
    struct slice prefix_copy, uri_copy;

    if (carried->n == CARRIED_DECLARATIONS_MAX) {
        return XCCOS_ERROR_ATTRIBUTES;
    }
    prefix_copy = arena_copy_slice(carried->arena, prefix);
    uri_copy = arena_copy_slice(carried->arena, uri);
    if (prefix_copy.len != prefix.len || uri_copy.len != uri.len) {
        return XCCOS_ERROR_NO_MEMORY;
    }
    carried->declarations[carried->n].depth = depth;
    carried->declarations[carried->n].prefix = prefix_copy;
    carried->declarations[carried->n].uri = uri_copy;
    carried->declarations[carried->n].is_used = false;
    carried->n += 1;
    return XCCOS_ERROR_NONE;
}

void carried_leave(struct carried *carried, size_t depth)
{
    while (carried->n > 0 &&
           carried->declarations[carried->n - 1].depth >= depth) {
        carried->n -= 1;
    }
}

static enum xccos_error check_size(const struct carried *carried)
{
    if (buffer_failed(&carried->attributes) ||
        buffer_failed(&carried->children)) {
        return XCCOS_ERROR_NO_MEMORY;
    }
    if (carried->attributes.len + carried->children.len >
        XCCOS_CARRIED_BYTES_MAX) {
        return XCCOS_ERROR_CARRIED;
    }
    return XCCOS_ERROR_NONE;
}

/* Write the declaration of a namespace as an attribute. */
static enum xccos_error declare(struct buffer *out, struct slice prefix,
                                struct slice uri)
{
    buffer_append_text(out, prefix.len > 0 ? " xmlns:" : " xmlns");
    buffer_append_slice(out, prefix);
    buffer_append_text(out, "=\"");
    XCCOS_TRY(xccos_text_escape_attribute(out, uri));
    buffer_append_text(out, "\"");
    return XCCOS_ERROR_NONE;
}

enum xccos_error carried_attribute(struct carried *carried,
                                   const struct xml_attribute *attribute)
{
    struct buffer *out = &carried->attributes;
    char prefix[16] = "";

    if (slice_equal_text(attribute->name.space, xml_space)) {
        strcpy(prefix, "xml");
    } else if (attribute->name.space.len > 0) {
        snprintf(prefix, sizeof(prefix), "c%u", ++carried->prefixes);
        XCCOS_TRY(declare(out, slice_of_text(prefix), attribute->name.space));
    }
    buffer_append_text(out, " ");
    if (prefix[0] != '\0') {
        buffer_append_text(out, prefix);
        buffer_append_text(out, ":");
    }
    buffer_append_slice(out, attribute->name.local);
    buffer_append_text(out, "=\"");
    XCCOS_TRY(xccos_text_escape_attribute(out, attribute->value));
    buffer_append_text(out, "\"");
    return check_size(carried);
}

/* Find what a prefix means, and whether that comes from outside the child. */
static void note_use(struct carried *carried, struct slice prefix)
{
    for (size_t i = carried->n; i-- > 0;) {
        if (slice_equal(carried->declarations[i].prefix, prefix)) {
            carried->declarations[i].is_used =
                carried->declarations[i].depth < carried->child_depth;
            return;
        }
    }
    if (prefix.len == 0) {
        carried->uses_none = true;
    }
}

enum xccos_error carried_element_starts(struct carried *carried,
                                        const struct xml_element *element)
{
    carried->elements += 1;
    if (carried->elements > XCCOS_CARRIED_ELEMENTS_MAX) {
        return XCCOS_ERROR_CARRIED;
    }
    note_use(carried, element->name.prefix);
    for (size_t i = 0; i < element->n; i++) {
        if (element->attributes[i].name.prefix.len > 0) {
            note_use(carried, element->attributes[i].name.prefix);
        }
    }
    return XCCOS_ERROR_NONE;
}

enum xccos_error carried_child_starts(struct carried *carried,
                                      const struct xml_element *child)
{
    CHECK(child->begins_at < carried->body.len &&
          carried->body.data[child->begins_at] == '<');
    carried->child_depth = child->depth;
    carried->child_begins_at = child->begins_at;
    carried->uses_none = false;
    for (size_t i = 0; i < carried->n; i++) {
        carried->declarations[i].is_used = false;
    }
    return carried_element_starts(carried, child);
}

/* Where attributes can be put into a start tag: behind the name. */
static size_t name_ends_at(struct slice element)
{
    size_t at = 1;

    while (at < element.len &&
           memchr(" \t\r\n/>", element.data[at], 6) == NULL) {
        at++;
    }
    return at;
}

/* Declare in the child the namespaces it takes from further out; the default
 * only where it is not that of every envelope. */
static enum xccos_error declare_outer(struct carried *carried)
{
    for (size_t i = 0; i < carried->n; i++) {
        struct slice prefix = carried->declarations[i].prefix;
        struct slice uri = carried->declarations[i].uri;

        if (carried->declarations[i].is_used &&
            (prefix.len > 0 || !slice_equal_text(uri, XCCOS_SPACE))) {
            XCCOS_TRY(declare(&carried->children, prefix, uri));
        }
    }
    if (carried->uses_none) {
        return declare(&carried->children, SLICE_NONE, SLICE_NONE);
    }
    return XCCOS_ERROR_NONE;
}

enum xccos_error carried_child_ends(struct carried *carried, size_t ends_at)
{
    struct slice child = slice_of(carried->body.data + carried->child_begins_at,
                                  ends_at - carried->child_begins_at);
    size_t name_end = name_ends_at(child);

    CHECK(ends_at > carried->child_begins_at && ends_at <= carried->body.len);
    buffer_append(&carried->children, child.data, name_end);
    XCCOS_TRY(declare_outer(carried));
    buffer_append_slice(&carried->children, slice_after(child, name_end));
    return check_size(carried);
}

enum xccos_error carried_give(struct carried *carried,
                              struct xccos_message *message)
{
    struct slice attributes = buffer_slice(&carried->attributes);
    struct slice children = buffer_slice(&carried->children);

    message->carried_attributes = arena_copy_slice(carried->arena, attributes);
    message->carried_children = arena_copy_slice(carried->arena, children);
    if (message->carried_attributes.len != attributes.len ||
        message->carried_children.len != children.len) {
        return XCCOS_ERROR_NO_MEMORY;
    }
    buffer_clear(&carried->attributes);
    buffer_clear(&carried->children);
    carried->prefixes = 0;
    carried->elements = 0;
    return XCCOS_ERROR_NONE;
}
