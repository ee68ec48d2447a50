#include "node/chat/archive.h"

#include "node/chat/state.h"

enum outcome archive_gate(const struct machine *machine, int64_t now_us)
{
    (void)now_us;
    return machine->archive.halt.witness != NULL ? OUTCOME_ARCHIVE_ROLLED_BACK
                                                 : OUTCOME_DONE;
}
