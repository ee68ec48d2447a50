#include "node/chat/record_value.h"

#include <inttypes.h>

static void put_escaped(struct buffer *to, struct slice value)
{
    for (size_t i = 0; i < value.len; i++) {
        if (value.data[i] < ' ' || value.data[i] == '\\') {
            buffer_printf(to, "\\x%02x", value.data[i]);
        } else {
            buffer_append(to, &value.data[i], 1);
        }
    }
}

void line_text(struct buffer *to, const char *name, struct slice value)
{
    buffer_append_text(to, name);
    buffer_append_text(to, "=");
    put_escaped(to, value);
    buffer_append_text(to, "\n");
}

void line_name(struct buffer *to, const char *name, const char *value)
{
    line_text(to, name, slice_of_text(value));
}

void line_number(struct buffer *to, const char *name, uint64_t value)
{
    buffer_printf(to, "%s=%" PRIu64 "\n", name, value);
}

void line_switch(struct buffer *to, const char *name, bool value)
{
    line_name(to, name, value ? "yes" : "no");
}

void line_hiding(struct buffer *to, const char *name, struct slice shown,
                 struct slice hidden)
{
    const uint8_t mark = LINE_HIDDEN;

    buffer_printf(to, "%s=", name);
    put_escaped(to, shown);
    buffer_append(to, &mark, 1);
    for (size_t i = 0; i < hidden.len; i++) {
        buffer_printf(to, "%02x", hidden.data[i]);
    }
    buffer_append_text(to, "\n");
}
