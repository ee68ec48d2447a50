#include "proto/tlog/note.h"

#include "proto/base/base64.h"
#include "proto/base/endian.h"
#include "proto/tlog/note_text.h"

enum { ID_BYTES = 4 };

/* Em dash and space. */
static const struct slice signature_start = {(const uint8_t *)"\xe2\x80\x94 ",
                                             4};

/* Split after the newline before the last empty line. */
static enum error split(struct slice bytes, struct slice *text_out,
                        struct slice *signatures_out)
{
    for (size_t at = bytes.len; at >= 2; at--) {
        if (bytes.data[at - 1] == '\n' && bytes.data[at - 2] == '\n') {
            *text_out = slice_of(bytes.data, at - 1);
            *signatures_out = slice_after(bytes, at);
            return ERROR_NONE;
        }
    }
    return ERROR_MALFORMED;
}

/* Id and signature, decoded into the note. Longer ones than any that are known
 * here are another program's: told without their bytes. */
static enum error read_encoded(struct note *note, struct slice encoded)
{
    struct note_signature *signature = &note->signatures[note->n];
    uint8_t *storage = note->storage[note->n];
    size_t n;

    TRY(base64_read(encoded, storage, sizeof(note->storage[0]), &n));
    if (n <= ID_BYTES) {
        return ERROR_MALFORMED;
    }
    signature->id = get_be32(storage);
    signature->bytes = n > sizeof(note->storage[0])
                           ? SLICE_NONE
                           : slice_of(storage + ID_BYTES, n - ID_BYTES);
    return ERROR_NONE;
}

/* Append one line's signature to the note. */
static enum error read_signature(struct note *note, struct slice line)
{
    const uint8_t *space;

    if (note->n == NOTE_SIGNATURES_MAX ||
        !slice_begins(line, signature_start)) {
        return ERROR_MALFORMED;
    }
    line = slice_after(line, signature_start.len);
    space = line.len == 0 ? NULL : memchr(line.data, ' ', line.len);
    if (space == NULL) {
        return ERROR_MALFORMED;
    }
    note->signatures[note->n].name =
        slice_of(line.data, (size_t)(space - line.data));
    if (!note_name_formed(note->signatures[note->n].name)) {
        return ERROR_MALFORMED;
    }
    TRY(read_encoded(
        note, slice_after(line, note->signatures[note->n].name.len + 1)));
    note->n++;
    return ERROR_NONE;
}

enum error note_read(struct slice bytes, struct note *note_out)
{
    struct slice rest, line;

    if (bytes.len > NOTE_BYTES_MAX) {
        return ERROR_TOO_LARGE;
    }
    if (!note_text_allowed(bytes)) {
        return ERROR_MALFORMED;
    }
    TRY(split(bytes, &note_out->text, &rest));
    note_out->n = 0;
    while (note_next_line(&rest, &line)) {
        TRY(read_signature(note_out, line));
    }
    return rest.len == 0 && note_out->n > 0 ? ERROR_NONE : ERROR_MALFORMED;
}

void note_write_signature(struct buffer *to, struct slice name, uint32_t id,
                          struct slice signature)
{
    struct buffer bytes = BUFFER_EMPTY;
    uint8_t id_bytes[ID_BYTES];

    put_be32(id_bytes, id);
    buffer_append(&bytes, id_bytes, sizeof(id_bytes));
    buffer_append_slice(&bytes, signature);
    buffer_append_slice(to, signature_start);
    buffer_append_slice(to, name);
    buffer_append_text(to, " ");
    base64_write(to, buffer_slice(&bytes));
    buffer_append_text(to, "\n");
    to->failed |= buffer_failed(&bytes);
    buffer_deinit(&bytes);
}
