/* What an archived record costs the archive's worker: hashing, tiles, bundles,
 * syncs; and how many bytes are written beyond the record itself.
 *
 *   bench_pen [DIRECTORY]    below it; a temporary one without
 *
 * As the writer works at that rate: jobs of as many records as come in
 * SCRIBE_PACE_MS, partial tiles every two seconds. Not a test: it never fails
 * for being slow.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>

#include "node/compliance/pen.h"
#include "proto/base/check.h"
#include "proto/record.h"
#include "tests/unit/temp_directory.h"

enum { RECORDS = 200000, COMMAND_BYTES = 230 };

static double cpu_us(void)
{
    struct rusage usage;

    CHECK(getrusage(RUSAGE_SELF, &usage) == 0);
    return (double)(usage.ru_utime.tv_sec + usage.ru_stime.tv_sec) * 1e6 +
           (double)(usage.ru_utime.tv_usec + usage.ru_stime.tv_usec);
}

static size_t make(uint64_t csn, struct buffer *to)
{
    static uint8_t command[COMMAND_BYTES];
    struct record record = {.kind = RECORD_POST,
                            .node = 1,
                            .csn = csn,
                            .log_index = csn,
                            .command = slice_of(command, sizeof(command))};

    buffer_clear(to);
    record_write(&record, to);
    return to->len;
}

static void run(const char *directory, unsigned per_second)
{
    uint64_t job = per_second, partial = per_second * 2;
    struct buffer record = BUFFER_EMPTY;
    struct pen *pen = pen_new(directory);
    uint64_t bytes = 0;
    double began_us;

    CHECK(pen_open(pen, UINT64_MAX) == ERROR_NONE);
    began_us = cpu_us();
    for (uint64_t csn = 0; csn < RECORDS; csn++) {
        bytes += make(csn, &record);
        CHECK(pen_add(pen, buffer_slice(&record), SLICE_NONE) == ERROR_NONE);
        if ((csn + 1) % job == 0) {
            CHECK(pen_commit(pen) == ERROR_NONE);
        }
        if ((csn + 1) % partial == 0) {
            CHECK(pen_partial(pen, csn + 1) == ERROR_NONE);
        }
    }
    printf(
        "%u records/s: %.2f us of CPU a record, %.1f bytes beyond its %.0f\n",
        per_second, (cpu_us() - began_us) / RECORDS,
        (double)(pen_counts(pen)->bytes - bytes) / RECORDS,
        (double)bytes / RECORDS);
    buffer_deinit(&record);
    pen_free(pen);
}

int main(int argc, char **argv)
{
    const unsigned rates[] = {1000, 5000, 20000};
    char made[TEMP_DIRECTORY_BYTES] = "", directory[TEMP_DIRECTORY_BYTES + 16];

    if (argc < 2) {
        temp_directory_make(made);
    }
    for (size_t i = 0; i < sizeof(rates) / sizeof(rates[0]); i++) {
        snprintf(directory, sizeof(directory), "%s/%u",
                 argc < 2 ? made : argv[1], rates[i]);
        run(directory, rates[i]);
    }
    if (argc < 2) {
        temp_directory_remove(made);
    }
    return 0;
}
