#include "node/session/directories.h"

#include "node/chat/query.h"
#include "node/chat/view.h"

enum { US_PER_S = 1000000 };

/* Held with the word given goes through by itself. */
static bool is_held(const struct owner_view *view)
{
    return view->held.len > 0 && view->confirmed.len == 0;
}

void directories_count(const struct machine *machine,
                       struct directory_meters *meters)
{
    int64_t known = 0, held = 0, failed = 0, done_at_us = INT64_MAX;
    struct owner_view view;

    for (size_t i = 0; query_owner(machine, i, &view); i++) {
        known += 1;
        held += is_held(&view);
        failed += view.phase == PERCH__OWNER_REPORT__PHASE__FAILED;
        if (view.done_at_us < done_at_us) {
            done_at_us = view.done_at_us;
        }
    }
    meter_set(&meters->known, known);
    meter_set(&meters->held, held);
    meter_set(&meters->failed, failed);
    meter_set(&meters->done_at_s, known == 0 ? 0 : done_at_us / US_PER_S);
}
