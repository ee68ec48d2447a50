#include "raft/log_store/image.h"

#include <stdlib.h>
#include <string.h>

#include "proto/base/check.h"

/* What log_recovered_free frees beside what is in sight. */
struct recovered {
    struct log_recovered shown; /* First: what the owner holds. */
    uint8_t *snapshot_bytes;
};

void image_init(struct image *image, uint64_t next_index)
{
    *image = (struct image){.first_index = next_index};
}

static void free_entries(struct log_recovered_entry *entries, size_t n)
{
    for (size_t i = 0; i < n; i++) {
        free(entries[i].data);
    }
}

void image_deinit(struct image *image)
{
    if (image->entries != NULL) {
        free_entries(image->entries + image->head, image->n);
    }
    free(image->entries);
    free(image->snapshot_bytes);
    image_init(image, 0);
}

uint64_t image_next(const struct image *image)
{
    return image->first_index + image->n;
}

/* Make room for one more, first by moving over what was dropped in front. */
static enum error make_room(struct image *image)
{
    size_t capacity = image->capacity * 2 + 64;
    void *entries;

    if (image->head + image->n < image->capacity) {
        return ERROR_NONE;
    }
    if (image->head > image->capacity / 2) {
        memmove(image->entries, image->entries + image->head,
                image->n * sizeof(*image->entries));
        image->head = 0;
        return ERROR_NONE;
    }
    entries = realloc(image->entries, capacity * sizeof(*image->entries));
    if (entries == NULL) {
        return ERROR_NO_MEMORY;
    }
    image->entries = entries;
    image->capacity = capacity;
    return ERROR_NONE;
}

static enum error append(struct image *image, const struct record *record)
{
    struct log_recovered_entry *entry;
    size_t len = record->payload.len;
    uint8_t *data = NULL;

    TRY(make_room(image));
    if (len > 0) {
        data = malloc(len);
        if (data == NULL) {
            return ERROR_NO_MEMORY;
        }
        memcpy(data, record->payload.data, len);
    }
    entry = &image->entries[image->head + image->n];
    *entry =
        (struct log_recovered_entry){record->term, record->type, data, len};
    image->n++;
    return ERROR_NONE;
}

void image_cut(struct image *image, uint64_t index)
{
    size_t left =
        index > image->first_index ? (size_t)(index - image->first_index) : 0;

    CHECK(index <= image_next(image));
    if (image->n > left) {
        free_entries(image->entries + image->head + left, image->n - left);
        image->n = left;
    }
    if (index < image->first_index) {
        image->first_index = index;
    }
}

/* Drop the entries below index. */
static void drop_front(struct image *image, uint64_t index)
{
    size_t n;

    if (index <= image->first_index) {
        return;
    }
    n = index - image->first_index < image->n
            ? (size_t)(index - image->first_index)
            : image->n;
    if (n > 0) {
        free_entries(image->entries + image->head, n);
        image->head += n;
        image->n -= n;
    }
    image->first_index = index;
}

static enum error keep_marker(struct image *image, const struct record *record,
                              const struct marker *marker)
{
    size_t configuration = marker->configuration.len;
    uint8_t *bytes = malloc(configuration + marker->data.len + 1);

    if (bytes == NULL) {
        return ERROR_NO_MEMORY;
    }
    memcpy(bytes, marker->configuration.data, configuration);
    memcpy(bytes + configuration, marker->data.data, marker->data.len);
    free(image->snapshot_bytes);
    image->snapshot_bytes = bytes;
    image->snapshot = *marker;
    image->snapshot.configuration = slice_of(bytes, configuration);
    image->snapshot.data = slice_of(bytes + configuration, marker->data.len);
    image->snapshot_index = record->index;
    image->snapshot_term = record->term;
    return ERROR_NONE;
}

enum error image_apply(struct image *image, const struct record *record,
                       const struct marker *marker)
{
    switch (record->kind) {
    case RECORD_ENTRY:
        CHECK(record->index == image_next(image));
        return append(image, record);
    case RECORD_TRUNCATE:
        image_cut(image, record->index);
        return ERROR_NONE;
    case RECORD_SNAPSHOT:
        TRY(keep_marker(image, record, marker));
        if (marker->replaces) {
            image_cut(image, image->first_index);
            image->first_index = record->index + 1;
        } else {
            drop_front(image, marker->first_index);
        }
        return ERROR_NONE;
    case RECORD_BATCH:
    default:
        CHECK_UNREACHABLE();
    }
}

static struct log_snapshot shown_snapshot(const struct image *image)
{
    return (struct log_snapshot){
        .index = image->snapshot_index,
        .term = image->snapshot_term,
        .configuration_index = image->snapshot.configuration_index,
        .configuration = image->snapshot.configuration,
        .data = image->snapshot.data,
    };
}

struct log_recovered *image_take(struct image *image)
{
    struct recovered *recovered = calloc(1, sizeof(*recovered));

    if (recovered == NULL) {
        return NULL;
    }
    if (image->head > 0) {
        memmove(image->entries, image->entries + image->head,
                image->n * sizeof(*image->entries));
    }
    recovered->shown.snapshot = shown_snapshot(image);
    recovered->shown.first_index = image->first_index;
    recovered->shown.entries = image->entries;
    recovered->shown.n = image->n;
    recovered->snapshot_bytes = image->snapshot_bytes;
    image_init(image, 0);
    return &recovered->shown;
}

void log_recovered_free(struct log_recovered *recovered)
{
    struct recovered *whole = (struct recovered *)recovered;

    if (recovered == NULL) {
        return;
    }
    if (recovered->entries != NULL) {
        free_entries(recovered->entries, recovered->n);
    }
    free(recovered->entries);
    free(whole->snapshot_bytes);
    free(whole);
}
