/* Drawing the line of an editor: one row of the terminal, which slides along
 * a longer line. */
#include <stdio.h>
#include <sys/ioctl.h>
#include <unistd.h>
#include <wchar.h>

#include "ops/perch/edit_parts.h"
#include "ops/perch/safe.h"

enum {
    COLUMNS_UNKNOWN = 80,
    COLUMNS_LEFT_MIN = 8, /* Kept free before the cursor. */
};

static size_t columns(void)
{
    struct winsize size;

    if (ioctl(STDOUT_FILENO, TIOCGWINSZ, &size) != 0 || size.ws_col == 0) {
        return COLUMNS_UNKNOWN;
    }
    return size.ws_col;
}

/* How many columns bytes that are safe to show take. */
static size_t width(struct slice text)
{
    size_t columns_n = 0, len;
    uint32_t code;

    while ((len = safe_character(text, &code)) > 0) {
        int wide = wcwidth((wchar_t)code);

        columns_n += wide < 0 ? 1 : (size_t)wide;
        text = slice_after(text, len);
    }
    return columns_n;
}

/* Append the characters that fit; returns the columns they take. */
static size_t append_fitting(struct buffer *out, struct slice text, size_t room)
{
    size_t used = 0, len;
    uint32_t code;

    while ((len = safe_character(text, &code)) > 0) {
        struct buffer shown = BUFFER_EMPTY;
        size_t wide;

        safe_line(&shown, slice_of(text.data, len));
        wide = width(buffer_slice(&shown));
        if (used + wide > room) {
            buffer_deinit(&shown);
            break;
        }
        used += wide;
        buffer_append_slice(out, buffer_slice(&shown));
        buffer_deinit(&shown);
        text = slice_after(text, len);
    }
    return used;
}

static size_t shown_width(struct slice text)
{
    struct buffer shown = BUFFER_EMPTY;
    size_t used;

    safe_line(&shown, text);
    used = width(buffer_slice(&shown));
    buffer_deinit(&shown);
    return used;
}

/* Where to begin so that the cursor can be seen. */
static size_t first_shown(const struct edit *edit, size_t room)
{
    size_t first = 0;
    uint32_t code;

    while (first < edit->cursor &&
           shown_width(slice_of(edit->line.data + first,
                                edit->cursor - first)) >= room) {
        first += safe_character(
            slice_of(edit->line.data + first, edit->line.len - first), &code);
    }
    return first;
}

static void write_all(struct buffer *out)
{
    fwrite(out->data, 1, out->len, stdout);
    fflush(stdout);
    buffer_deinit(out);
}

void edit_draw(struct edit *edit)
{
    struct buffer out = BUFFER_EMPTY;
    size_t room = columns() - 1;
    size_t before = width(buffer_slice(&edit->prompt)), first;

    if (before + COLUMNS_LEFT_MIN > room) {
        before = 0; /* Too narrow for a prompt. */
    }
    first = first_shown(edit, room - before);
    buffer_append_text(&out, "\r");
    if (before > 0) {
        buffer_append_slice(&out, buffer_slice(&edit->prompt));
    }
    append_fitting(&out,
                   slice_of(edit->line.data + first, edit->line.len - first),
                   room - before);
    before += edit->cursor == first
                  ? 0
                  : shown_width(slice_of(edit->line.data + first,
                                         edit->cursor - first));
    buffer_append_text(&out, "\033[K\r");
    if (before > 0) {
        buffer_printf(&out, "\033[%zuC", before);
    }
    write_all(&out);
}

void edit_wipe(void)
{
    struct buffer out = BUFFER_EMPTY;

    buffer_append_text(&out, "\r\033[K");
    write_all(&out);
}
