#include "ops/bench/lane.h"

#include <errno.h>
#include <ftw.h>
#include <libgen.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/vfs.h>
#include <unistd.h>

#include "ops/bench/complain.h"

enum { TMPFS = 0x01021994, OPEN_FILES = 16 };

static enum error measure(const struct lane *lane, void *opened,
                          const struct bench *bench, unsigned outstanding)
{
    const char *transport = !lane->needs_pool     ? ""
                            : bench->options->tls ? "tls "
                                                  : "tcp ";
    struct figures figures;
    char label[64];

    TRY(lane->measure(opened, outstanding, &figures));
    snprintf(label, sizeof(label), "%s%u", transport, outstanding);
    report_row(bench->report, lane->name, label);
    figures_report(&figures, bench->report);
    report_end_row(bench->report);
    return ERROR_NONE;
}

enum error lane_run(const struct lane *lane, const struct bench *bench)
{
    enum error error;
    void *opened = NULL;

    TRY(lane->open(bench, &opened));
    error = ERROR_NONE;
    for (size_t i = 0; i < bench->options->outstanding_n && error == ERROR_NONE;
         i++) {
        error = measure(lane, opened, bench, bench->options->outstanding[i]);
    }
    lane->close(opened);
    return error;
}

static void choose_parent(const struct bench *bench, char parent[PATH_MAX])
{
    if (bench->options->directory != NULL) {
        snprintf(parent, PATH_MAX, "%s", bench->options->directory);
    } else if (bench->pool.n > 0 &&
               bench->pool.servers[0].data_directory[0] != '\0') {
        char copy[PATH_MAX];

        memcpy(copy, bench->pool.servers[0].data_directory, PATH_MAX);
        snprintf(parent, PATH_MAX, "%s", dirname(copy));
    } else {
        snprintf(parent, PATH_MAX, "/var/tmp");
    }
}

enum error lane_directory(const struct bench *bench, const char *name,
                          char *path)
{
    char parent[PATH_MAX];
    struct statfs found;
    int len;

    choose_parent(bench, parent);
    len = snprintf(path, PATH_MAX, "%s/perch-bench-%s-XXXXXX", parent, name);
    if (len >= PATH_MAX || mkdtemp(path) == NULL) {
        return complain(ERROR_IO, "cannot make a directory in %s: %s", parent,
                        strerror(errno));
    }
    if (statfs(path, &found) == 0 && found.f_type == TMPFS) {
        report_note(bench->report,
                    "%s is memory, not a disk: name another by --directory",
                    parent);
    }
    return ERROR_NONE;
}

static int remove_one(const char *path, const struct stat *status, int kind,
                      struct FTW *place)
{
    (void)status, (void)kind, (void)place;
    return remove(path);
}

void lane_remove_directory(const char *path)
{
    if (path[0] != '\0') {
        nftw(path, remove_one, OPEN_FILES, FTW_DEPTH | FTW_PHYS);
    }
}
