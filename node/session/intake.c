#include "node/session/intake.h"

#include <stdlib.h>

enum { INTAKE_ARENA_BYTES = 1024 };

struct intake *intake_new(enum intake_kind kind, uint8_t edge, edge_ref ref)
{
    struct intake *intake = calloc(1, sizeof(*intake));

    if (intake == NULL) {
        return NULL;
    }
    intake->arena = arena_new(INTAKE_ARENA_BYTES);
    if (intake->arena == NULL) {
        free(intake);
        return NULL;
    }
    intake->letter.kind = kind;
    intake->edge = edge;
    intake->ref = ref;
    return intake;
}

void intake_free(struct intake *intake)
{
    if (intake == NULL) {
        return;
    }
    arena_free(intake->arena);
    free(intake);
}
