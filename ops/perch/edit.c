#include "ops/perch/edit.h"

#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "ops/perch/edit_parts.h"
#include "ops/perch/safe.h"

enum { PROMPT_CHARACTERS_MAX = 24 };

#define PASTE_ON  "\033[?2004h"
#define PASTE_OFF "\033[?2004l"

bool edit_open(struct edit *edit)
{
    struct termios raw;

    if (tcgetattr(STDIN_FILENO, &edit->before) != 0) {
        return false;
    }
    raw = edit->before;
    raw.c_iflag &= ~(tcflag_t)(ICRNL | IXON | ISTRIP | INLCR);
    raw.c_lflag &= ~(tcflag_t)(ECHO | ICANON | ISIG | IEXTEN);
    raw.c_cc[VMIN] = 1;
    raw.c_cc[VTIME] = 0;
    if (tcsetattr(STDIN_FILENO, TCSADRAIN, &raw) != 0) {
        return false;
    }
    edit->is_open = true;
    fputs(PASTE_ON, stdout);
    edit_draw(edit);
    return true;
}

void edit_close(struct edit *edit)
{
    if (edit->is_open) {
        edit_wipe();
        fputs(PASTE_OFF, stdout);
        fflush(stdout);
        tcsetattr(STDIN_FILENO, TCSADRAIN, &edit->before);
    }
    edit->is_open = false;
    buffer_deinit(&edit->prompt);
    buffer_deinit(&edit->line);
    for (size_t i = 0; i < edit->past_n; i++) {
        buffer_deinit(&edit->past[i]);
    }
    edit->past_n = 0;
}

void edit_prompt(struct edit *edit, struct slice text)
{
    uint32_t code;
    size_t len;

    buffer_clear(&edit->prompt);
    for (int i = 0;
         i < PROMPT_CHARACTERS_MAX && (len = safe_character(text, &code)) > 0;
         i++) {
        safe_line(&edit->prompt, slice_of(text.data, len));
        text = slice_after(text, len);
    }
    buffer_append_text(&edit->prompt, "> ");
    if (edit->is_open && !edit->is_hidden) {
        edit_draw(edit);
    }
}

void edit_hide(void *context)
{
    struct edit *edit = context;

    if (edit->is_open) {
        edit->is_hidden = true;
        edit_wipe();
    }
}

void edit_show(void *context)
{
    struct edit *edit = context;

    if (edit->is_open) {
        edit->is_hidden = false;
        edit_draw(edit);
    }
}

/* The byte where the character before the cursor begins. */
static size_t before_cursor(const struct edit *edit)
{
    size_t at = edit->cursor;

    while (at > 0 && (edit->line.data[--at] & 0xc0) == 0x80) {
        continue;
    }
    return at;
}

static size_t after_cursor(const struct edit *edit)
{
    uint32_t code;

    return edit->cursor +
           safe_character(slice_of(edit->line.data + edit->cursor,
                                   edit->line.len - edit->cursor),
                          &code);
}

static void insert(struct edit *edit, struct slice bytes)
{
    size_t after = edit->line.len - edit->cursor;

    if (edit->line.len + bytes.len > EDIT_LINE_BYTES_MAX ||
        buffer_reserve(&edit->line, bytes.len) == NULL) {
        return;
    }
    memmove(edit->line.data + edit->cursor + bytes.len,
            edit->line.data + edit->cursor, after);
    memcpy(edit->line.data + edit->cursor, bytes.data, bytes.len);
    edit->line.len += bytes.len;
    edit->cursor += bytes.len;
}

/* Take out from one byte to another; the cursor stands there then. */
static void take_out(struct edit *edit, size_t from, size_t to)
{
    if (from < to) {
        memmove(edit->line.data + from, edit->line.data + to,
                edit->line.len - to);
        edit->line.len -= to - from;
    }
    edit->cursor = from;
}

static void take_word(struct edit *edit)
{
    size_t from = edit->cursor;

    while (from > 0 && edit->line.data[from - 1] == ' ') {
        from--;
    }
    while (from > 0 && edit->line.data[from - 1] != ' ') {
        from--;
    }
    take_out(edit, from, edit->cursor);
}

static void remember(struct edit *edit)
{
    struct buffer *last;

    if (edit->past_n == EDIT_PAST_MAX) {
        buffer_deinit(&edit->past[0]);
        edit->past_n--;
        memmove(edit->past, edit->past + 1,
                edit->past_n * sizeof(edit->past[0]));
    }
    last = &edit->past[edit->past_n++];
    buffer_init(last);
    buffer_append_slice(last, buffer_slice(&edit->line));
    edit->past_at = edit->past_n;
}

/* Bring a line back; behind the last there is an empty one. */
static void recall(struct edit *edit, size_t at)
{
    edit->past_at = at;
    buffer_clear(&edit->line);
    if (at < edit->past_n) {
        buffer_append_slice(&edit->line, buffer_slice(&edit->past[at]));
    }
    edit->cursor = edit->line.len;
}

static void enter(struct edit *edit)
{
    struct buffer line = edit->line;

    if (line.len == 0) {
        return;
    }
    remember(edit);
    buffer_init(&edit->line);
    edit->cursor = 0;
    edit->enter(edit->context, buffer_slice(&line));
    buffer_deinit(&line);
}

static void press_control(struct edit *edit, char key)
{
    switch (key) {
    case '\r':
        enter(edit);
        break;
    case 'A' - '@':
        edit->cursor = 0;
        break;
    case 'C' - '@':
        if (edit->line.len == 0) {
            edit->end(edit->context);
        }
        take_out(edit, 0, edit->line.len);
        break;
    case 'D' - '@':
        if (edit->line.len == 0) {
            edit->end(edit->context);
        } else {
            take_out(edit, edit->cursor, after_cursor(edit));
        }
        break;
    case 'E' - '@':
        edit->cursor = edit->line.len;
        break;
    case 'K' - '@':
        edit->line.len = edit->cursor;
        break;
    case 'L' - '@':
        fputs("\033[H\033[2J", stdout);
        break;
    case 'U' - '@':
        take_out(edit, 0, edit->cursor);
        break;
    case 'W' - '@':
        take_word(edit);
        break;
    case 'H' - '@':
    case 0x7f:
        take_out(edit, before_cursor(edit), edit->cursor);
        break;
    default:
        break;
    }
}

/* What follows ESC [ or ESC O. */
static void press_escape(struct edit *edit, const char *key)
{
    if (strcmp(key, "D") == 0) {
        edit->cursor = before_cursor(edit);
    } else if (strcmp(key, "C") == 0) {
        edit->cursor = after_cursor(edit);
    } else if (strcmp(key, "A") == 0 && edit->past_at > 0) {
        recall(edit, edit->past_at - 1);
    } else if (strcmp(key, "B") == 0 && edit->past_at < edit->past_n) {
        recall(edit, edit->past_at + 1);
    } else if (strcmp(key, "H") == 0 || strcmp(key, "1~") == 0) {
        edit->cursor = 0;
    } else if (strcmp(key, "F") == 0 || strcmp(key, "4~") == 0) {
        edit->cursor = edit->line.len;
    } else if (strcmp(key, "3~") == 0) {
        take_out(edit, edit->cursor, after_cursor(edit));
    } else if (strcmp(key, "200~") == 0) {
        edit->is_pasting = true;
    } else if (strcmp(key, "201~") == 0) {
        edit->is_pasting = false;
    }
}

/* A character that is pasted, or typed, and stands for itself. */
static void press_text(struct edit *edit, struct slice bytes, uint32_t code)
{
    if (edit->is_pasting && bytes.data[0] == '\r') {
        insert(edit, SLICE_LITERAL("\n"));
    } else if (edit->is_pasting && (bytes.data[0] == '\n' || code == '\t')) {
        insert(edit, bytes);
    } else if (code < SAFE_NO_CHARACTER && code >= ' ' && code != 0x7f) {
        insert(edit, bytes);
    } else if (!edit->is_pasting) {
        press_control(edit, (char)bytes.data[0]);
    }
}

/* How many bytes the character that begins so will have; 0: an escape. */
static size_t whole_len(char first)
{
    unsigned char byte = (unsigned char)first;

    if (byte == 033) {
        return 0;
    }
    return byte >= 0xf0 ? 4 : byte >= 0xe0 ? 3 : byte >= 0xc0 ? 2 : 1;
}

/* Whether the bytes of an escape sequence have all come. */
static bool is_escape_whole(const char *key, size_t len)
{
    bool is_long = len >= 2 && (key[1] == '[' || key[1] == 'O');

    if (len < 2) {
        return false;
    }
    return !is_long || (len > 2 && key[len - 1] >= '@' && key[len - 1] <= '~');
}

static void feed_byte(struct edit *edit, char byte)
{
    size_t whole;
    uint32_t code;

    edit->key[edit->key_len++] = byte;
    whole = whole_len(edit->key[0]);
    if (whole == 0 && is_escape_whole(edit->key, edit->key_len)) {
        edit->key[edit->key_len] = '\0';
        edit->key_len = 0;
        press_escape(edit, edit->key + 2);
    } else if (whole > 0 && edit->key_len >= whole) {
        size_t len = edit->key_len;

        edit->key_len = 0;
        safe_character(slice_of(edit->key, len), &code);
        press_text(edit, slice_of(edit->key, len), code);
    } else if (edit->key_len == EDIT_KEY_BYTES_MAX - 1) {
        edit->key_len = 0; /* No key that is known is as long. */
    }
}

void edit_feed(struct edit *edit, struct slice bytes)
{
    for (size_t i = 0; i < bytes.len && edit->is_open; i++) {
        feed_byte(edit, (char)bytes.data[i]);
    }
    if (edit->is_open && !edit->is_hidden) {
        edit_draw(edit);
    }
}
