#include "tests/unit/test.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "proto/base/journal.h"
#include "storage/rocks/reason.h"

/* What RocksDB's words mean: what is taken for rot makes a node give up its
 * store, so nothing else may be. */
static void test_reason_read__tells_rot_from_want(void **state)
{
    static const struct {
        const char *reason;
        enum error error;
    } cases[] = {
        {NULL, ERROR_NONE},
        {"Corruption: block checksum mismatch: stored = 1, computed = 2",
         ERROR_ROTTEN},
        {"IO error: No such file or directory: While open a file for random "
         "read: /d/000034.ldb: No such file or directory in file /d/000034.sst",
         ERROR_ROTTEN},
        {"Invalid argument: Column family not found: rooms", ERROR_ROTTEN},
        {"Invalid argument: Column families not opened: newer",
         ERROR_UNSUPPORTED},
        {"IO error: No space left on device: While appending to file: "
         "/d/000012.sst: No space left on device",
         ERROR_NO_SPACE},
        {"IO error: While lock file: /d/LOCK: Resource temporarily unavailable",
         ERROR_BUSY},
        {"IO error: While fdatasync: /d/000054.sst: Input/output error",
         ERROR_STORE_IO},
        {"Corruption: IO error: While open a file for random read: "
         "/d/000012.sst: Too many open files in file /d/MANIFEST-000038",
         ERROR_STORE_IO},
        {"Corruption: Can't access /000012.sst: IO error: Permission denied",
         ERROR_STORE_IO},
        {"IO error: While mkdir: /d: Read-only file system", ERROR_STORE_IO},
        {"something that 7.8.3 does not say", ERROR_STORE_IO},
    };

    (void)state;
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        assert_int_equal(reason_read(cases[i].reason), cases[i].error);
    }
}

/* The last line of the journal. */
static void line_keep(void *context, enum journal_level level, const char *line)
{
    (void)level;
    strncpy(context, line, 255);
}

static void file_expect(const char *reason, const char *file)
{
    char line[256] = "", wanted[64];

    journal_capture(line_keep, line);
    assert_int_equal(reason_take("x", "/nowhere", strdup(reason)),
                     ERROR_ROTTEN);
    journal_capture(NULL, NULL);
    snprintf(wanted, sizeof(wanted), " file=%s ", file);
    assert_non_null(strstr(line, "store_rotten"));
    assert_non_null(strstr(line, wanted));
}

/* Whoever is tired reads which file it is. */
static void test_reason_take__names_the_file(void **state)
{
    (void)state;
    file_expect("Corruption: block checksum mismatch in /d/000012.sst offset 3",
                "000012.sst");
    file_expect("Corruption: IO error: No such file or directory: /d/000044.ldb"
                ": No such file or directory in file /d/MANIFEST-000038",
                "000044.sst");
    file_expect("Corruption: corrupted atomic group in file /d/MANIFEST-000038",
                "MANIFEST-000038");
    file_expect("Corruption: something", "MANIFEST");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        RUN(test_reason_read__tells_rot_from_want),
        RUN(test_reason_take__names_the_file),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
