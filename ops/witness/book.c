#include "ops/witness/book.h"

#include <fcntl.h>
#include <stdlib.h>
#include <unistd.h>

#include "ops/witness/book_file.h"
#include "proto/base/buffer.h"
#include "proto/base/check.h"
#include "proto/tlog/hash.h"
#include "proto/tlog/submission.h"

#define BOOK_HEAD "perch-witness book 1\n"

enum {
    /* "end ", 64 digits, newline. */
    BOOK_END_BYTES = 4 + 2 * MERKLE_HASH_BYTES + 1,
};

struct book {
    char *path;
    int lock; /* -1: opened to look. */
    size_t n;
    struct book_page pages[BOOK_PAGES_MAX];
};

/* The end of the file: that nothing is missing and nothing flipped. */
static void write_end(struct buffer *to)
{
    struct merkle_hash sum;

    hash_bytes(buffer_slice(to), &sum);
    buffer_append_text(to, "end ");
    for (size_t i = 0; i < sizeof(sum.bytes); i++) {
        buffer_printf(to, "%02x", sum.bytes[i]);
    }
    buffer_append_text(to, "\n");
}

static void write_note(struct buffer *to, struct slice note)
{
    buffer_printf(to, "checkpoint %zu\n", note.len);
    buffer_append_slice(to, note);
}

/* Fill a page in from its note, of which it keeps a copy. */
static enum error page_init(struct book_page *page, struct slice bytes)
{
    struct checkpoint_text text;
    struct note *note = malloc(sizeof(*note));
    uint8_t *copy = malloc(bytes.len);
    enum error error = ERROR_NO_MEMORY;

    if (note != NULL && copy != NULL) {
        memcpy(copy, bytes.data, bytes.len);
        bytes.data = copy;
        error = note_read(bytes, note);
        if (error == ERROR_NONE) {
            error = checkpoint_read(note->text, &text);
        }
    }
    free(note);
    if (error != ERROR_NONE) {
        free(copy);
        return error;
    }
    *page = (struct book_page){bytes, text.origin, text.size, text.root};
    return ERROR_NONE;
}

static void page_deinit(struct book_page *page)
{
    free((void *)(uintptr_t)page->note.data);
}

static size_t place_of(const struct book *book, struct slice origin)
{
    size_t place = 0;

    while (place < book->n && !slice_equal(book->pages[place].origin, origin)) {
        place += 1;
    }
    return place;
}

/* Read "checkpoint BYTES" and so many bytes; NOT_FOUND at the end. */
static enum error take_note(struct slice *rest, struct slice *note_out)
{
    const struct slice word = SLICE_LITERAL("checkpoint ");
    const uint8_t *end;
    uint64_t bytes;

    if (rest->len == 0) {
        return ERROR_NOT_FOUND;
    }
    end = memchr(rest->data, '\n', rest->len);
    if (end == NULL || !slice_begins(*rest, word)) {
        return ERROR_ROTTEN;
    }
    if (submission_read_size(
            slice_after(slice_of(rest->data, (size_t)(end - rest->data)),
                        word.len),
            &bytes) != ERROR_NONE) {
        return ERROR_ROTTEN;
    }
    *rest = slice_after(*rest, (size_t)(end - rest->data) + 1);
    if (bytes == 0 || bytes > rest->len) {
        return ERROR_ROTTEN;
    }
    *note_out = slice_of(rest->data, bytes);
    *rest = slice_after(*rest, bytes);
    return ERROR_NONE;
}

static enum error load_page(struct book *book, struct slice note)
{
    enum error error;

    if (book->n == BOOK_PAGES_MAX) {
        return ERROR_TOO_LARGE;
    }
    error = page_init(&book->pages[book->n], note);
    if (error != ERROR_NONE) {
        return error == ERROR_NO_MEMORY ? error : ERROR_ROTTEN;
    }
    book->n += 1;
    /* Two pages of one log: which would be believed? */
    return place_of(book, book->pages[book->n - 1].origin) == book->n - 1
               ? ERROR_NONE
               : ERROR_ROTTEN;
}

/* Is the end what the rest makes it? */
static bool is_whole(struct slice file)
{
    struct buffer again = BUFFER_EMPTY;
    bool is;

    if (file.len < BOOK_END_BYTES) {
        return false;
    }
    buffer_append(&again, file.data, file.len - BOOK_END_BYTES);
    write_end(&again);
    is = !buffer_failed(&again) && slice_equal(buffer_slice(&again), file);
    buffer_deinit(&again);
    return is;
}

static enum error load(struct book *book, struct slice file)
{
    const struct slice head = SLICE_LITERAL(BOOK_HEAD);
    struct slice note;
    enum error error;

    if (!is_whole(file) || !slice_begins(file, head)) {
        return ERROR_ROTTEN;
    }
    file.len -= BOOK_END_BYTES;
    file = slice_after(file, head.len);
    while ((error = take_note(&file, &note)) == ERROR_NONE) {
        TRY(load_page(book, note));
    }
    return error == ERROR_NOT_FOUND ? ERROR_NONE : error;
}

enum error book_make(const char *path)
{
    struct buffer file = BUFFER_EMPTY;
    enum error error;
    int lock;

    TRY(book_file_lock(path, &lock));
    if (access(path, F_OK) == 0) {
        close(lock);
        return ERROR_EXISTS;
    }
    buffer_append_text(&file, BOOK_HEAD);
    write_end(&file);
    error = buffer_failed(&file) ? ERROR_NO_MEMORY
                                 : book_file_replace(path, buffer_slice(&file));
    buffer_deinit(&file);
    close(lock);
    return error;
}

static enum error open_book(const char *path, bool is_locked,
                            struct book **book_out)
{
    struct book *book = calloc(1, sizeof(*book));
    struct buffer file = BUFFER_EMPTY;
    enum error error = ERROR_NONE;

    if (book == NULL) {
        return ERROR_NO_MEMORY;
    }
    book->lock = -1;
    book->path = strdup(path);
    if (book->path == NULL) {
        error = ERROR_NO_MEMORY;
    }
    if (error == ERROR_NONE && is_locked) {
        error = book_file_lock(path, &book->lock);
    }
    if (error == ERROR_NONE) {
        error = book_file_read(path, BOOK_FILE_BYTES_MAX, &file);
    }
    if (error == ERROR_NONE) {
        error = load(book, buffer_slice(&file));
    }
    buffer_deinit(&file);
    if (error != ERROR_NONE) {
        book_close(book);
        return error;
    }
    *book_out = book;
    return ERROR_NONE;
}

enum error book_open(const char *path, struct book **book_out)
{
    return open_book(path, true, book_out);
}

enum error book_look(const char *path, struct book **book_out)
{
    return open_book(path, false, book_out);
}

void book_close(struct book *book)
{
    if (book == NULL) {
        return;
    }
    for (size_t i = 0; i < book->n; i++) {
        page_deinit(&book->pages[i]);
    }
    if (book->lock >= 0) {
        close(book->lock);
    }
    free(book->path);
    free(book);
}

const struct book_page *book_find(const struct book *book, struct slice origin)
{
    return book_at(book, place_of(book, origin));
}

const struct book_page *book_at(const struct book *book, size_t place)
{
    return place < book->n ? &book->pages[place] : NULL;
}

/* The file as it is to be: all pages, with one changed. */
static enum error write_with(const struct book *book, size_t changed,
                             struct slice note)
{
    struct buffer file = BUFFER_EMPTY;
    enum error error;

    buffer_append_text(&file, BOOK_HEAD);
    for (size_t i = 0; i < book->n; i++) {
        write_note(&file, i == changed ? note : book->pages[i].note);
    }
    if (changed == book->n) {
        write_note(&file, note);
    }
    write_end(&file);
    error = buffer_failed(&file)
                ? ERROR_NO_MEMORY
                : book_file_replace(book->path, buffer_slice(&file));
    buffer_deinit(&file);
    return error;
}

enum error book_put(struct book *book, struct slice note)
{
    struct book_page page;
    enum error error;
    size_t place;

    CHECK(book->lock >= 0);
    TRY(page_init(&page, note));
    place = place_of(book, page.origin);
    error = place == BOOK_PAGES_MAX ? ERROR_TOO_LARGE
                                    : write_with(book, place, page.note);
    if (error != ERROR_NONE) {
        page_deinit(&page);
        return error;
    }
    if (place < book->n) {
        page_deinit(&book->pages[place]);
    } else {
        book->n += 1;
    }
    book->pages[place] = page;
    return ERROR_NONE;
}
