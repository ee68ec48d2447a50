#include "proto/xccos/fill.h"

#include <string.h>

#include "proto/base/check.h"
#include "proto/xccos/field.h"

/* Of an element whose children are started though none has a meaning. */
static const struct schema_block opaque_block = {.name = ""};

void fill_init(struct fill *fill, struct slice body, struct arena *arena)
{
    memset(fill, 0, sizeof(*fill));
    fill->arena = arena;
    carried_init(&fill->carried, body, arena);
}

void fill_deinit(struct fill *fill)
{
    buffer_deinit(&fill->text);
    carried_deinit(&fill->carried);
}

bool fill_is_named(const struct xml_element *element, const char *name)
{
    return xml_is_named(&element->name, XCCOS_SPACE, name);
}

bool fill_find_attribute(const struct xml_element *element, const char *name,
                         struct slice *value_out)
{
    for (size_t i = 0; i < element->n; i++) {
        if (xml_is_named(&element->attributes[i].name, "", name)) {
            *value_out = element->attributes[i].value;
            return true;
        }
    }
    return false;
}

/* Read one member; what it cannot hold is the primitive's fault. */
static enum xccos_error read_member(struct fill *fill,
                                    const struct fill_level *level,
                                    const struct schema_field *field,
                                    struct slice text)
{
    enum error error = field_read(field, text, level->value, fill->arena);

    if (error == ERROR_NO_MEMORY) {
        return XCCOS_ERROR_NO_MEMORY;
    }
    if (error != ERROR_NONE && fill->fault->element == NULL) {
        fill->fault->element = level->block->name;
        fill->fault->attribute = field->name;
    }
    return XCCOS_ERROR_NONE;
}

static const struct schema_field *find_field(
    const struct schema_block *block, const struct xml_attribute *attribute)
{
    for (size_t i = 0; i < block->fields_n; i++) {
        const struct schema_field *field = &block->fields[i];
        const char *space = field->is_perch ? XCCOS_PERCH_SPACE : "";

        if (xml_is_named(&attribute->name, space, field->name)) {
            return field;
        }
    }
    return NULL;
}

/* Attributes that every message has and that say nothing. */
static bool is_constant(const struct xml_attribute *attribute)
{
    return xml_is_named(&attribute->name, "", "id") ||
           xml_is_named(&attribute->name, "", "seqid");
}

static enum xccos_error read_attributes(struct fill *fill,
                                        const struct fill_level *level,
                                        const struct xml_element *element)
{
    for (size_t i = 0; i < element->n; i++) {
        const struct xml_attribute *attribute = &element->attributes[i];
        const struct schema_field *field = find_field(level->block, attribute);

        if (field != NULL) {
            XCCOS_TRY(read_member(fill, level, field, attribute->value));
        } else if (level->block->carries && !is_constant(attribute)) {
            XCCOS_TRY(carried_attribute(&fill->carried, attribute));
        }
    }
    return XCCOS_ERROR_NONE;
}

enum xccos_error fill_enter(struct fill *fill,
                            const struct xml_element *element,
                            const struct schema_block *block, void *value)
{
    struct fill_level *level = &fill->levels[element->depth];

    if (block == NULL) {
        block = &opaque_block;
    }
    CHECK(block->children_n <= BLOCK_CHILDREN_MAX);
    fill->depth = element->depth;
    level->block = block;
    level->value = value;
    level->text = block->text;
    level->seen = 0;
    for (size_t i = 0; i < block->children_n; i++) {
        level->tails[i] = (void **)((char *)value + block->children[i].offset);
    }
    buffer_clear(&fill->text);
    return read_attributes(fill, level, element);
}

void fill_ignore(struct fill *fill, const struct xml_element *element)
{
    fill->ignored = element->depth;
    fill->carrying = false;
}

/* Enter a child that is a struct of its own, or more members of the parent's.
 * A single child that comes again is ignored: the first counts. */
static enum xccos_error enter_block(struct fill *fill,
                                    const struct xml_element *element,
                                    struct fill_level *parent, size_t index)
{
    const struct schema_child *child = &parent->block->children[index];
    void *value;

    if (child->kind != CHILD_LIST && (parent->seen & (1u << index)) != 0) {
        fill_ignore(fill, element);
        return XCCOS_ERROR_NONE;
    }
    parent->seen |= 1u << index;
    if (child->kind == CHILD_INLAY) {
        value = (char *)parent->value + child->offset;
        return fill_enter(fill, element, child->block, value);
    }
    value = arena_alloc(fill->arena, child->block->bytes);
    if (value == NULL) {
        return XCCOS_ERROR_NO_MEMORY;
    }
    *parent->tails[index] = value;
    parent->tails[index] = value; /* next comes first in every item. */
    return fill_enter(fill, element, child->block, value);
}

static const struct schema_fact *find_fact(const struct schema_block *block,
                                           const struct xml_element *element)
{
    struct slice id;

    if (block->facts_n == 0 || !fill_find_attribute(element, "id", &id)) {
        return NULL;
    }
    for (size_t i = 0; i < block->facts_n; i++) {
        if (fill_is_named(element, block->facts[i].block->name) &&
            slice_equal_nocase(id, slice_of_text(block->facts[i].id))) {
            return &block->facts[i];
        }
    }
    return NULL;
}

/* Enter an element such as <info id="...:ucnt">. */
static enum xccos_error enter_fact(struct fill *fill,
                                   const struct xml_element *element,
                                   const struct fill_level *parent,
                                   const struct schema_fact *fact)
{
    XCCOS_TRY(fill_enter(fill, element, fact->block, parent->value));
    fill->levels[element->depth].text = &fact->field;
    return XCCOS_ERROR_NONE;
}

enum xccos_error fill_enter_child(struct fill *fill,
                                  const struct xml_element *element)
{
    struct fill_level *parent = &fill->levels[element->depth - 1];
    const struct schema_block *block = parent->block;
    const struct schema_fact *fact;

    for (size_t i = 0; i < block->children_n; i++) {
        if (fill_is_named(element, block->children[i].block->name)) {
            return enter_block(fill, element, parent, i);
        }
    }
    fact = find_fact(block, element);
    if (fact != NULL) {
        return enter_fact(fill, element, parent, fact);
    }
    fill_ignore(fill, element);
    if (!block->carries) {
        return XCCOS_ERROR_NONE;
    }
    fill->carrying = true;
    return carried_child_starts(&fill->carried, element);
}

enum xccos_error fill_pass(struct fill *fill, const struct xml_element *element)
{
    CHECK(fill->ignored > 0);
    if (!fill->carrying) {
        return XCCOS_ERROR_NONE;
    }
    return carried_element_starts(&fill->carried, element);
}

enum xccos_error fill_declare(struct fill *fill, size_t depth,
                              struct slice prefix, struct slice uri)
{
    if (fill->ignored > 0 && !fill->carrying) {
        return XCCOS_ERROR_NONE;
    }
    return carried_declare(&fill->carried, depth, prefix, uri);
}

/* Text within an ignored element is its parent's: that of a link inside a
 * chat is part of the chat. */
enum xccos_error fill_text(struct fill *fill, struct slice text)
{
    if (fill->levels[fill->depth].text == NULL) {
        return XCCOS_ERROR_NONE;
    }
    if (fill->text.len + text.len > XCCOS_TEXT_BYTES_MAX) {
        return XCCOS_ERROR_TEXT_BYTES;
    }
    buffer_append_slice(&fill->text, text);
    return buffer_failed(&fill->text) ? XCCOS_ERROR_NO_MEMORY
                                      : XCCOS_ERROR_NONE;
}

/* What an element is can be told only with all that was in it. */
static enum xccos_error finish(struct fill *fill,
                               const struct fill_level *level)
{
    if (level->text != NULL) {
        XCCOS_TRY(
            read_member(fill, level, level->text, buffer_slice(&fill->text)));
    }
    if (level->block->carries) {
        return carried_give(&fill->carried, level->value);
    }
    return XCCOS_ERROR_NONE;
}

enum xccos_error fill_leave(struct fill *fill, size_t depth, size_t ends_at)
{
    if (fill->ignored == 0) {
        CHECK(fill->depth == depth);
        XCCOS_TRY(finish(fill, &fill->levels[depth]));
        fill->depth -= 1;
    } else if (fill->ignored == depth) {
        fill->ignored = 0;
        if (fill->carrying) {
            XCCOS_TRY(carried_child_ends(&fill->carried, ends_at));
        }
    }
    carried_leave(&fill->carried, depth);
    return XCCOS_ERROR_NONE;
}
