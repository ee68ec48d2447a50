#include "node/chat/told.h"

#include "node/chat/origin.h"
#include "node/chat/state.h"

uint64_t told_marked(const struct session *session)
{
    uint64_t marked = origin_delivered(session->origin, session->serial);
    const struct participant *participant;

    TAILQ_FOREACH (participant, &session->rooms, in_session) {
        if (participant->join_index > marked) {
            return 0;
        }
    }
    return marked;
}

uint64_t told_at_end(const struct machine *machine,
                     const struct session *session)
{
    return machine->rules_version >= RULES_PEOPLE
               ? told_marked(session)
               : origin_delivered(session->origin, session->serial);
}

uint64_t told_upto(const struct session *session, uint64_t delivered_index,
                   const uint64_t *known)
{
    if (delivered_index > session->opened_index) {
        return delivered_index;
    }
    return known == NULL ? session->opened_index : *known;
}
