#include "node/chat/record_lines.h"

#include "node/chat/record_value.h"
#include "proto/base/check.h"

void record_lines(const struct machine *machine, const Perch__Command *command,
                  struct buffer *to)
{
    record_lines_of_rooms(machine, command, to);
    record_lines_of_people(machine, command, to);
    record_lines_of_pool(machine, command, to);
}

bool record_lines_changed(const struct ledger *ledger)
{
    return !slice_equal(buffer_slice(&ledger->before),
                        buffer_slice(&ledger->after));
}

/* Take the next line, its end included. */
static struct slice next_line(struct slice *rest)
{
    const uint8_t *end =
        rest->len == 0 ? NULL : memchr(rest->data, '\n', rest->len);
    struct slice line = slice_of(
        rest->data, end == NULL ? rest->len : (size_t)(end - rest->data) + 1);

    *rest = slice_after(*rest, line.len);
    return line;
}

/* Without what is not to be shown. */
static void append_shown(struct buffer *to, struct slice line)
{
    const uint8_t *hidden =
        line.len == 0 ? NULL : memchr(line.data, LINE_HIDDEN, line.len);

    if (hidden == NULL) {
        buffer_append_slice(to, line);
    } else {
        buffer_append(to, line.data, (size_t)(hidden - line.data));
        buffer_append_text(to, "\n");
    }
}

/* One side's lines that the other has not. */
static void put_side(struct draft *draft, enum record_field field,
                     struct slice ours, struct slice theirs)
{
    struct buffer shown = BUFFER_EMPTY;

    while (ours.len > 0) {
        struct slice line = next_line(&ours), other = next_line(&theirs);

        if (!slice_equal(line, other)) {
            append_shown(&shown, line);
        }
    }
    CHECK(!buffer_failed(&shown));
    draft_lines(draft, field, buffer_slice(&shown));
    buffer_deinit(&shown);
}

void record_lines_put(struct draft *draft)
{
    const struct ledger *ledger = &draft->turn->machine->ledger;
    struct slice before = buffer_slice(&ledger->before);
    struct slice after = buffer_slice(&ledger->after);

    put_side(draft, RECORD_FIELD_BEFORE, before, after);
    put_side(draft, RECORD_FIELD_AFTER, after, before);
}
