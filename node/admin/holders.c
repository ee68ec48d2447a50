#include "node/admin/holders.h"

#include <inttypes.h>

#include "node/admin/find.h"
#include "node/admin/page.h"

struct listing {
    struct page page;
    const struct holders *holders;
    uint32_t mark;
};

static bool take(void *context, const struct principal *principal,
                 unsigned roles)
{
    struct listing *listing = context;
    const struct holders *holders = listing->holders;
    struct principal_view view;

    if (!page_look(&listing->page)) {
        return false;
    }
    view_principal(principal, &view);
    listing->mark = view.number;
    if ((roles & holders->roles) != 0) {
        page_add(&listing->page,
                 holders->show(listing->page.answer, &view, roles));
    }
    return true;
}

void **holders_list(struct answer *answer, const struct holders *holders,
                    size_t *n_out)
{
    struct listing listing = {.holders = holders};
    uint32_t after = 0;

    if (!page_number(answer, &after)) {
        return NULL;
    }
    page_begin(&listing.page, answer);
    holders->walk(answer->machine, holders->of, after, take, &listing);
    page_end(&listing.page, answer_printf(answer, "%" PRIu32, listing.mark));
    *n_out = listing.page.n;
    return listing.page.items;
}
