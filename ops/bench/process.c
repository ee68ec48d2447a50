#include "ops/bench/process.h"

#include <dirent.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "ops/bench/complain.h"

enum { PATH_BYTES = 320, LINE_BYTES = 256 };

static const struct {
    const char *name, *begins;
} parts[] = {
#define PROCESS_PART_ROW(id, name, begins) {name, begins},
    PROCESS_PART_LIST(PROCESS_PART_ROW)
#undef PROCESS_PART_ROW
};

const char *process_part_name(enum process_part part)
{
    return parts[part].name;
}

/* Read the first line of a file; an empty one when it cannot be read, which is
 * what a thread that ends in this moment looks like. */
static void first_line(const char *path, char line[LINE_BYTES])
{
    FILE *file = fopen(path, "re");

    line[0] = '\0';
    if (file == NULL) {
        return;
    }
    if (fgets(line, LINE_BYTES, file) == NULL) {
        line[0] = '\0';
    }
    fclose(file);
}

static void add_thread(const char *task, struct process_usage *usage)
{
    char path[PATH_BYTES + 16], line[LINE_BYTES];
    uint64_t ns = 0;

    snprintf(path, sizeof(path), "%s/schedstat", task);
    first_line(path, line);
    if (sscanf(line, "%" SCNu64, &ns) != 1) {
        return;
    }
    usage->cpu_ns += ns;
    snprintf(path, sizeof(path), "%s/comm", task);
    first_line(path, line);
    for (int i = 0; i < PROCESS_PARTS; i++) {
        if (strncmp(line, parts[i].begins, strlen(parts[i].begins)) == 0) {
            usage->part_ns[i] += ns;
        }
    }
}

static enum error read_cpu(pid_t pid, struct process_usage *usage)
{
    char path[PATH_BYTES];
    struct dirent *entry;
    DIR *tasks;

    snprintf(path, sizeof(path), "/proc/%d/task", (int)pid);
    tasks = opendir(path);
    if (tasks == NULL) {
        return complain(ERROR_NOT_FOUND, "no process %d to measure: %s",
                        (int)pid, path);
    }
    while ((entry = readdir(tasks)) != NULL) {
        if (entry->d_name[0] != '.') {
            snprintf(path, sizeof(path), "/proc/%d/task/%s", (int)pid,
                     entry->d_name);
            add_thread(path, usage);
        }
    }
    closedir(tasks);
    return ERROR_NONE;
}

static enum error read_memory(pid_t pid, struct process_usage *usage)
{
    char path[PATH_BYTES], line[LINE_BYTES];
    uint64_t kib;
    FILE *file;

    snprintf(path, sizeof(path), "/proc/%d/status", (int)pid);
    file = fopen(path, "re");
    if (file == NULL) {
        return complain(ERROR_NOT_FOUND, "cannot read %s", path);
    }
    while (fgets(line, sizeof(line), file) != NULL) {
        if (sscanf(line, "VmRSS: %" SCNu64, &kib) == 1) {
            usage->rss_bytes = kib * 1024;
        } else if (sscanf(line, "VmHWM: %" SCNu64, &kib) == 1) {
            usage->peak_rss_bytes = kib * 1024;
        }
    }
    fclose(file);
    return ERROR_NONE;
}

enum error process_read(pid_t pid, struct process_usage *usage_out)
{
    *usage_out = (struct process_usage){0};
    TRY(read_cpu(pid, usage_out));
    return read_memory(pid, usage_out);
}

enum error process_read_all(const pid_t *pids, size_t n,
                            struct process_usage *usage_out)
{
    *usage_out = (struct process_usage){0};
    for (size_t i = 0; i < n; i++) {
        struct process_usage one;

        TRY(process_read(pids[i], &one));
        usage_out->cpu_ns += one.cpu_ns;
        for (int k = 0; k < PROCESS_PARTS; k++) {
            usage_out->part_ns[k] += one.part_ns[k];
        }
        usage_out->rss_bytes += one.rss_bytes;
        usage_out->peak_rss_bytes += one.peak_rss_bytes;
    }
    return ERROR_NONE;
}

struct process_usage process_since(const struct process_usage *now,
                                   const struct process_usage *before)
{
    struct process_usage since = *now;

    since.cpu_ns -= before->cpu_ns;
    for (int i = 0; i < PROCESS_PARTS; i++) {
        since.part_ns[i] -= before->part_ns[i];
    }
    return since;
}
