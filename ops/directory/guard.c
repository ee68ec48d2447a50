#include "ops/directory/guard.h"

#include <errno.h>
#include <fcntl.h>
#include <openssl/evp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "proto/base/check.h"
#include "proto/base/journal.h"

static bool is_too_much(const struct guard *guard, const struct shrink *shrink)
{
    return shrink->goes >= guard->least &&
           shrink->goes * 100 > shrink->had * guard->percent;
}

size_t guard_judge(const struct guard *guard,
                   const struct difference *difference,
                   char why[GUARD_WHY_BYTES])
{
    const struct shrink *worst = NULL;
    size_t n = 0;

    for (size_t i = 0; i < difference->n_shrinks; i++) {
        const struct shrink *shrink = &difference->shrinks[i];

        if (is_too_much(guard, shrink)) {
            n++;
            if (worst == NULL ||
                shrink->goes * worst->had > worst->goes * shrink->had) {
                worst = shrink;
            }
        }
    }
    why[0] = '\0';
    if (worst != NULL) {
        snprintf(why, GUARD_WHY_BYTES,
                 "%zu of %zu would go from %.100s (more than %u%% and at least "
                 "%u); %zu such",
                 worst->goes, worst->had, worst->what, guard->percent,
                 guard->least, n);
    }
    return n;
}

/* Facts as lines, digested. */
static void name_lines(const char *const *lines, size_t n,
                       char run_out[GUARD_RUN_BYTES])
{
    EVP_MD_CTX *context = EVP_MD_CTX_new();
    unsigned char digest[EVP_MAX_MD_SIZE];
    bool done =
        context != NULL && EVP_DigestInit_ex(context, EVP_sha256(), NULL) == 1;

    for (size_t i = 0; i < n; i++) {
        done = done &&
               EVP_DigestUpdate(context, lines[i], strlen(lines[i])) == 1 &&
               EVP_DigestUpdate(context, "\n", 1) == 1;
    }
    done = done && EVP_DigestFinal_ex(context, digest, NULL) == 1;
    EVP_MD_CTX_free(context);
    CHECK(done);
    for (size_t i = 0; i < (GUARD_RUN_BYTES - 1) / 2; i++) {
        snprintf(run_out + 2 * i, 3, "%02x", digest[i]);
    }
}

void guard_name(const struct difference *difference,
                char run_out[GUARD_RUN_BYTES])
{
    run_out[0] = '\0';
    if (difference->n_leaving > 0) {
        name_lines(difference->leaving, difference->n_leaving, run_out);
    }
}

static bool write_facts(FILE *file, const struct difference *difference)
{
    for (size_t i = 0; i < difference->n_leaving; i++) {
        if (fprintf(file, "%s\n", difference->leaving[i]) < 0) {
            return false;
        }
    }
    return fflush(file) == 0 && fsync(fileno(file)) == 0;
}

static bool write_file(const char *path, const struct difference *difference)
{
    int fd = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
    FILE *file = fd < 0 ? NULL : fdopen(fd, "w");
    bool done;

    if (file == NULL) {
        if (fd >= 0) {
            close(fd);
        }
        return false;
    }
    done = write_facts(file, difference);
    return fclose(file) == 0 && done;
}

enum error guard_keep(const char *path, const struct difference *difference)
{
    char fresh[4096];

    snprintf(fresh, sizeof(fresh), "%.4000s.new", path);
    if (!write_file(fresh, difference) || rename(fresh, path) != 0) {
        journal_error("run_not_kept", "file=%s reason=\"%s\"", path,
                      strerror(errno));
        return ERROR_IO;
    }
    return ERROR_NONE;
}

/* The file as one text, or NULL. */
static char *read_file(const char *path)
{
    FILE *file = fopen(path, "re");
    struct stat stat;
    char *text = NULL;

    if (file == NULL) {
        return NULL;
    }
    if (fstat(fileno(file), &stat) == 0 && stat.st_size > 0 &&
        stat.st_size <= GUARD_FILE_BYTES_MAX) {
        text = calloc(1, (size_t)stat.st_size + 1);
        CHECK(text != NULL);
        if (fread(text, 1, (size_t)stat.st_size, file) !=
            (size_t)stat.st_size) {
            free(text);
            text = NULL;
        }
    }
    fclose(file);
    return text;
}

/* Cut a text into its lines, in place. */
static char **split_lines(char *text, size_t *n_out)
{
    size_t n = 0, room = 1;
    char **lines, *line;

    for (const char *at = text; *at != '\0'; at++) {
        room += *at == '\n';
    }
    lines = calloc(room, sizeof(*lines));
    CHECK(lines != NULL);
    while ((line = strsep(&text, "\n")) != NULL) {
        if (line[0] != '\0') {
            lines[n++] = line;
        }
    }
    *n_out = n;
    return lines;
}

/* Both are sorted. */
static bool all_are_in(const struct difference *difference, char **lines,
                       size_t n)
{
    size_t j = 0;

    for (size_t i = 0; i < difference->n_leaving; i++) {
        while (j < n && strcmp(lines[j], difference->leaving[i]) < 0) {
            j++;
        }
        if (j == n || strcmp(lines[j], difference->leaving[i]) != 0) {
            return false;
        }
    }
    return true;
}

bool guard_is_part(const char *path, const char *run,
                   const struct difference *difference)
{
    char *text = read_file(path);
    char name[GUARD_RUN_BYTES];
    char **lines;
    size_t n;
    bool is;

    if (text == NULL) {
        return false;
    }
    lines = split_lines(text, &n);
    name_lines((const char *const *)lines, n, name);
    is = strcmp(name, run) == 0 && all_are_in(difference, lines, n);
    free(lines);
    free(text);
    return is;
}
