#include "ops/audit/trust.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "ops/audit/names.h"

void trust_init(struct trust *trust)
{
    memset(trust, 0, sizeof(*trust));
}

void trust_deinit(struct trust *trust)
{
    buffer_deinit(&trust->text);
    trust_init(trust);
}

bool trust_take_policy(struct trust *trust, const char *path,
                       char fault_out[POLICY_FAULT_BYTES])
{
    enum error error = names_read_file(path, POLICY_BYTES_MAX, &trust->text);

    if (error != ERROR_NONE) {
        snprintf(fault_out, POLICY_FAULT_BYTES, "%s", error_text(error));
        return false;
    }
    if (!policy_read(buffer_slice(&trust->text), &trust->policy, fault_out)) {
        return false;
    }
    trust->has_policy = true;
    trust->n_logs = trust->policy.n_logs;
    memcpy(trust->logs, trust->policy.logs,
           trust->n_logs * sizeof(trust->logs[0]));
    return true;
}

/* Take a key of the archive's own. */
static void take(struct trust *trust, struct slice line)
{
    struct note_verifier verifier;

    if (note_vkey_read(line, &verifier) != ERROR_NONE) {
        return;
    }
    if (verifier.type == NOTE_COSIGNATURE) {
        if (trust->n_others < TRUST_OTHERS_MAX) {
            trust->others[trust->n_others] = verifier;
            trust->n_others++;
        }
    } else if (!trust->has_policy && trust->n_logs < TRUST_LOGS_MAX) {
        trust->logs[trust->n_logs] = verifier;
        trust->n_logs++;
    }
}

static void take_file(struct trust *trust, const struct archive *archive,
                      const char *name)
{
    char path[ARCHIVE_PATH_BYTES];
    struct buffer text = BUFFER_EMPTY;
    struct slice rest, line;

    if (snprintf(path, sizeof(path), "keys/%s", name) < (int)sizeof(path) &&
        archive_read(archive, path, POLICY_BYTES_MAX, &text) == ERROR_NONE) {
        rest = buffer_slice(&text);
        while (names_next_line(&rest, &line)) {
            take(trust, line);
        }
    }
    buffer_deinit(&text);
}

void trust_take_archive(struct trust *trust, const struct archive *archive)
{
    struct names names;

    if (names_list(archive_directory(archive), "keys", &names) != ERROR_NONE) {
        return;
    }
    for (size_t i = 0; i < names.n; i++) {
        take_file(trust, archive, names.names[i]);
    }
    names_deinit(&names);
}
