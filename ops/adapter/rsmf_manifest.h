/* rsmf_manifest.json: one conversation as Relativity's short message format
 * has it.
 *
 * Spec: RSMF 1.0.0, RSMFManifestSchema/rsmf_schema_1_0_0.json of
 * github.com/relativitydev/rsmf-validator-samples.
 *
 *   join, part            events join and leave
 *   posts, corrections    message; a correction's parent is what it corrects,
 *                         which has an edit
 *   everything else       disclaimer: what happened, in words; what was taken
 *                         back or out of sight is deleted in its message, too
 *
 * Every event has its CSN and kind as custom properties. What has no user is
 * by participant "pool".
 *
 * Thread: main.
 */
#ifndef OPS_ADAPTER_RSMF_MANIFEST_H
#define OPS_ADAPTER_RSMF_MANIFEST_H

#include <jansson.h>

#include "ops/adapter/batch.h"
#include "ops/adapter/event.h"

#define RSMF_VERSION "1.0.0"

enum {
    /* Of a file: what Relativity recommends; a longer conversation goes into
     * several. */
    RSMF_EVENTS_MAX = 10000,
};

struct rsmf_manifest {
    const struct batch *batch;
    json_t *participants; /* List. */
    json_t *known;        /* Participant's id -> true. */
    json_t *present;      /* Ids of those who were in the room before. */
    json_t *events;       /* List. */
    json_t *by_csn;       /* CSN as text -> event. */
    bool failed;          /* For want of memory. */
};

/** Begin a manifest. rsmf_manifest_deinit is due. */
void rsmf_manifest_init(struct rsmf_manifest *manifest,
                        const struct batch *batch);

/** Free what it holds. */
void rsmf_manifest_deinit(struct rsmf_manifest *manifest);

/** Add a record. */
void rsmf_manifest_add(struct rsmf_manifest *manifest,
                       const struct event *event);

/**
 * Render the manifest of a conversation, members in the order of their names.
 *
 * Returns text for free(), or NULL when memory was out.
 */
char *rsmf_manifest_dump(const struct rsmf_manifest *manifest, uint32_t place);

#endif
