#include "proto/xccos/association.h"

#include <stdbool.h>

#include "proto/xccos/field.h"
#include "proto/xccos/text.h"

/* Tell whether a text has a word in it, in either letter case, bounded by
 * anything that is no letter or digit. */
static bool has_word(struct slice text, struct slice word)
{
    for (size_t at = 0; at + word.len <= text.len; at++) {
        size_t end = at + word.len;

        if ((at == 0 || !text_is_letter_or_digit(text.data[at - 1])) &&
            (end == text.len || !text_is_letter_or_digit(text.data[end])) &&
            slice_equal_nocase(slice_of(text.data + at, word.len), word)) {
            return true;
        }
    }
    return false;
}

static enum xccos_association_kind find_kind(struct slice value)
{
    if (has_word(value, SLICE_LITERAL("MANAGER"))) {
        return XCCOS_ASSOCIATION_MANAGER;
    }
    if (has_word(value, SLICE_LITERAL("MEMBER"))) {
        return XCCOS_ASSOCIATION_MEMBER;
    }
    return XCCOS_ASSOCIATION_UNSET;
}

static bool is_limit(struct slice name)
{
    return slice_equal_text(name, "maxResults") ||
           slice_equal_text(name, "cnt") || slice_equal_text(name, "limit");
}

static enum xccos_error read_domain(struct xccos_association *association,
                                    struct slice value, struct arena *arena)
{
    if (association->domain.len > 0 || value.len == 0) {
        return XCCOS_ERROR_NONE;
    }
    association->domain = arena_copy_slice(arena, value);
    return association->domain.len == 0 ? XCCOS_ERROR_NO_MEMORY
                                        : XCCOS_ERROR_NONE;
}

static enum xccos_error read_attribute(struct xccos_association *association,
                                       const struct xml_attribute *attribute,
                                       struct arena *arena)
{
    struct xccos_number *most = &association->results_max;

    if (slice_equal_text(attribute->name.local, "domain")) {
        return read_domain(association, attribute->value, arena);
    }
    if (is_limit(attribute->name.local) && !most->set) {
        most->set = field_read_number(attribute->value, UINT32_MAX,
                                      &most->value) == ERROR_NONE;
    }
    if (association->kind == XCCOS_ASSOCIATION_UNSET) {
        association->kind = find_kind(attribute->value);
    }
    return XCCOS_ERROR_NONE;
}

enum xccos_error association_read(const struct xml_element *element,
                                  struct arena *arena,
                                  struct xccos_association **association_io)
{
    if (*association_io == NULL) {
        *association_io = arena_alloc(arena, sizeof(**association_io));
    }
    if (*association_io == NULL) {
        return XCCOS_ERROR_NO_MEMORY;
    }
    for (size_t i = 0; i < element->n; i++) {
        XCCOS_TRY(
            read_attribute(*association_io, &element->attributes[i], arena));
    }
    return XCCOS_ERROR_NONE;
}
