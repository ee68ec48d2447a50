#include "node/chat/archive_mode.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>

#include "node/chat/adapter.h"
#include "node/chat/witness.h"
#include "proto/base/check.h"
#include "proto/base/endian.h"

void archive_mark_row(struct machine *machine)
{
    machine->counts[ROW_ARCHIVE] = 1;
    changes_mark(&machine->changes, ROW_ARCHIVE, 0, 0, 0);
}

bool archive_records(const struct machine *machine)
{
    return machine->archive.mode != PERCH__ARCHIVE_MODE__ARCHIVE_OFF &&
           machine->archive.halt.witness == NULL;
}

/* As a key's name, and visible: it stands in files, lines and addresses. */
static bool is_origin(struct slice origin)
{
    return text_is_visible(origin, ARCHIVE_ORIGIN_BYTES_MAX) &&
           memchr(origin.data, '+', origin.len) == NULL;
}

enum outcome archive_check_origin(const struct machine *machine,
                                  struct slice origin)
{
    if (origin.len > 0 && !is_origin(origin)) {
        return OUTCOME_ARCHIVE_ORIGIN_INVALID;
    }
    if (!machine->archive.has_log_key) {
        return OUTCOME_ARCHIVE_KEY_MISSING;
    }
    return origin.len == 0 && machine->domain == NULL ? OUTCOME_POOL_NOT_SET
                                                      : OUTCOME_DONE;
}

/* The domain is the pool's for good once there is a room; the key's first
 * digits tell its archive from that of another pool of the domain, and the
 * count one origin of the pool from the next. */
static void make_origin(const struct machine *machine, char to[],
                        size_t bytes_max)
{
    const struct archive *archive = &machine->archive;
    int n = snprintf(to, bytes_max, "%.*s/perch/%08" PRIx32,
                     SLICE_PRINT(text_slice(machine->domain)),
                     get_be32(archive->log_key));

    CHECK(n > 0 && (size_t)n < bytes_max);
    if (archive->origins > 1) {
        snprintf(to + n, bytes_max - (size_t)n, "/%" PRIu32, archive->origins);
    }
}

void archive_begin_origin(struct turn *turn, struct slice origin)
{
    struct archive *archive = &turn->machine->archive;
    char made[DOMAIN_BYTES_MAX + sizeof("/perch/01234567/4294967295")];

    archive->origins += 1;
    if (origin.len == 0) {
        make_origin(turn->machine, made, sizeof(made));
        origin = slice_of_text(made);
    }
    text_replace(&archive->origin, origin);
    archive->begun_index = turn->entry->index;
    effects_event(turn->effects, EVENT_ARCHIVE_BEGUN)->position =
        archive->origins;
    archive_mark_row(turn->machine);
}

static enum outcome check(const struct machine *machine,
                          const Perch__ArchivePut *command)
{
    const struct archive *archive = &machine->archive;
    struct slice origin = codec_slice(command->origin);

    if (!command->has_mode ||
        command->mode < PERCH__ARCHIVE_MODE__ARCHIVE_OFF ||
        command->mode > PERCH__ARCHIVE_MODE__ARCHIVE_REQUIRED) {
        return OUTCOME_ARCHIVE_MODE_INVALID;
    }
    if (origin.len > 0 && archive->origin != NULL &&
        !slice_equal(origin, text_slice(archive->origin))) {
        return OUTCOME_ARCHIVE_ORIGIN_FIXED;
    }
    if ((uint32_t)command->mode == archive->mode) {
        return OUTCOME_REPEATED;
    }
    if (command->mode == PERCH__ARCHIVE_MODE__ARCHIVE_OFF) {
        return OUTCOME_DONE;
    }
    if (archive->origin != NULL) {
        return archive->has_log_key ? OUTCOME_DONE
                                    : OUTCOME_ARCHIVE_KEY_MISSING;
    }
    return archive_check_origin(machine, origin);
}

enum outcome archive_put(struct turn *turn, const Perch__ArchivePut *command)
{
    struct archive *archive = &turn->machine->archive;
    enum outcome outcome = check(turn->machine, command);
    struct event *event;

    turn->value = archive->mode;
    if (outcome != OUTCOME_DONE || turn->judging) {
        return outcome;
    }

    if (archive->origin == NULL) {
        archive_begin_origin(turn, codec_slice(command->origin));
    }
    event = effects_event(turn->effects, EVENT_COMPLIANCE_CHANGED);
    event->position = (uint32_t)command->mode;
    event->roles_before = archive->mode;
    archive->mode = (uint8_t)command->mode;
    archive->required_us = turn->sent_at_us;
    archive_mark_row(turn->machine);
    turn->value = archive->mode;
    return OUTCOME_DONE;
}

void archive_deinit(struct machine *machine)
{
    struct archive *archive = &machine->archive;

    for (int node = 0; node < ARCHIVE_NODES; node++) {
        free(archive->keepers[node]);
    }
    text_free(archive->origin);
    text_free(archive->halt.witness);
    text_free(archive->past.origin);
    text_free(archive->ended.witness);
    for (int slot = 0; slot < ARCHIVE_WITNESSES_MAX; slot++) {
        witness_free(machine->witnesses[slot]);
    }
    for (int slot = 0; slot < ARCHIVE_ADAPTERS_MAX; slot++) {
        adapter_free(machine->adapters[slot]);
    }
}
