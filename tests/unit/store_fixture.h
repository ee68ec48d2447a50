/* A store in a scratch directory, and words for what tests do with it. Works
 * over either implementation of storage/store.h.
 */
#ifndef TESTS_UNIT_STORE_FIXTURE_H
#define TESTS_UNIT_STORE_FIXTURE_H

#include "proto/base/buffer.h"
#include "storage/checkpoint.h"
#include "storage/cursor.h"
#include "storage/files.h"
#include "storage/store.h"

struct store_fixture {
    char directory[FILES_PATH_BYTES_MAX]; /* Scratch; removed at the end. */
    char path[FILES_PATH_BYTES_MAX];      /* Of the store in it. */
    char other[FILES_PATH_BYTES_MAX];     /* Where nothing is yet. */
    struct store *store;                  /* Formatted and open. */
    struct batch *batch;
    uint64_t index; /* Of the last commit. */
};

/** cmocka: make the fixture. */
int store_fixture_setup(void **state);

/** cmocka: close the store and remove all. */
int store_fixture_teardown(void **state);

/** Make scratch directories in memory from now on, where the system has such a
 * place: for tests that open stores by the thousand and lose no power. */
void scratch_in_memory(void);

/** Make an empty scratch directory; @path is FILES_PATH_BYTES_MAX bytes. */
void scratch_make(char *path);

/**
 * Copy a checkpoint's files into a new directory, durably, as a snapshot that
 * was received lies there.
 */
enum error scratch_copy(const char *from, const char *to);

/** Put a row of text into the batch. */
void fixture_put(struct store_fixture *f, enum table table, const char *key,
                 const char *value);

/** Delete a row in the batch. */
void fixture_delete(struct store_fixture *f, enum table table, const char *key);

/** Commit the batch at the next index and clear it; must succeed. */
void fixture_commit(struct store_fixture *f);

/** Put and commit one row. */
void fixture_put_commit(struct store_fixture *f, enum table table,
                        const char *key, const char *value);

/** Drop the store as a crash would, and open it again. */
void fixture_crash(struct store_fixture *f);

/** Open the store after it was closed; sets index to where it stands. */
void fixture_open(struct store_fixture *f);

/** Check a row's text; NULL for no row. */
void fixture_expect(struct store_fixture *f, enum table table, const char *key,
                    const char *value);

/**
 * Write down all rows of a range as "key=value " in the order they come.
 *
 * @text  Replaced.
 */
enum error rows_text(struct view *view, enum table table, struct range range,
                     struct buffer *text);

/**
 * Write down all rows of all tables, META_APPLIED left out, lengths before
 * bytes: equal exactly when the rows are.
 */
enum error rows_dump(struct store *store, struct buffer *dump);

#endif
