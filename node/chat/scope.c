#include "node/chat/scope.h"

#include "node/chat/closure.h"

bool scope_holds(const struct category *category,
                 const struct principal *principal)
{
    uint32_t roles = closure_bits(&category->place.roles, principal);

    return (roles & ROLE_DENIED) == 0 &&
           (!category->restricted || (roles & ROLE_ALLOWED) != 0);
}
