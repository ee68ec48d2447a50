#include "node/chat/adapter_output.h"

#include <string.h>
#include <strings.h>

/* Where a text begins; the output's length when it is nowhere. */
static size_t find(struct slice output, size_t from, const char *text)
{
    size_t len = strlen(text);

    for (size_t i = from; i + len <= output.len; i++) {
        if (strncasecmp((const char *)output.data + i, text, len) == 0) {
            return i;
        }
    }
    return output.len;
}

/* The password of a URL: between the name's colon and the last @ of what is
 * before the parameters. None: both are 0. */
static void find_in_url(struct slice output, size_t *begin_out, size_t *end_out)
{
    size_t name = find(output, 0, "://") + strlen("://");
    size_t end = find(output, 0, "?");
    size_t colon = find(output, name, ":") + 1;

    while (end > colon && output.data[end - 1] != '@') {
        end -= 1;
    }
    *begin_out = end > colon ? colon : 0;
    *end_out = end > colon ? end - 1 : 0;
}

static size_t skip_spaces(struct slice output, size_t at)
{
    while (at < output.len && output.data[at] == ' ') {
        at += 1;
    }
    return at;
}

/* Where the value of a name begins; the output's length without. */
static size_t find_value(struct slice output, size_t at, const char *name)
{
    while ((at = find(output, at, name)) < output.len) {
        at = skip_spaces(output, at + strlen(name));
        if (at < output.len && output.data[at] == '=') {
            return skip_spaces(output, at + 1);
        }
    }
    return output.len;
}

/* The first of those that are named so, from a place on. */
static size_t find_named(struct slice output, size_t from)
{
    static const char *const names[] = {"password", "passwd", "pwd"};
    size_t first = output.len;

    for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
        size_t at = find_value(output, from, names[i]);

        first = at < first ? at : first;
    }
    return first;
}

bool adapter_output_hides(struct slice output)
{
    size_t begin, end;

    find_in_url(output, &begin, &end);
    return end > 0 || find_named(output, 0) < output.len;
}

void adapter_output_show(struct slice output, struct buffer *to)
{
    size_t begin, end, named;

    find_in_url(output, &begin, &end);
    named = find_named(output, end);
    if (end > 0) {
        buffer_append(to, output.data, begin);
        buffer_append_text(to, ADAPTER_OUTPUT_MASK);
    }
    buffer_append(to, output.data + end, named - end);
    if (named < output.len) {
        buffer_append_text(to, ADAPTER_OUTPUT_MASK);
    }
}
