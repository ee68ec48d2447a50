#include "node/admin/lists.h"

#include "node/admin/find.h"

bool lists_write(struct answer *answer, const struct listed *lists, size_t n)
{
    for (size_t i = 0; i < n; i++) {
        *lists[i].n_out = lists[i].n;
        if (!find_uris(answer, lists[i].n, lists[i].names, lists[i].uris_out)) {
            return false;
        }
    }
    return true;
}

static bool is_so(struct answer *answer, const struct listed *list,
                  lists_roles_of *roles_of, const void *of)
{
    for (size_t i = 0; i < list->n; i++) {
        const struct principal *principal =
            query_principal(answer->machine, codec_slice((*list->uris_out)[i]));

        if (principal == NULL ||
            ((roles_of(of, principal) & list->role) != 0) == list->removes) {
            return false;
        }
    }
    return true;
}

bool lists_are_so(struct answer *answer, const struct listed *lists, size_t n,
                  lists_roles_of *roles_of, const void *of)
{
    for (size_t i = 0; i < n; i++) {
        if (!is_so(answer, &lists[i], roles_of, of)) {
            return false;
        }
    }
    return true;
}

bool lists_are_empty(const struct listed *lists, size_t n)
{
    for (size_t i = 0; i < n; i++) {
        if (lists[i].n > 0) {
            return false;
        }
    }
    return true;
}
