/* Who may administer, and what: roles given and taken. */
#include <inttypes.h>
#include <stdio.h>

#include "node/admin/answers.h"
#include "node/admin/page.h"
#include "node/chat/query.h"
#include "node/chat/text.h"
#include "proto/base/check.h"

enum { ROLE_NAMES_BYTES = 256 };

/* All roles by number, as command.proto names them. */
static const ProtobufCEnumDescriptor *roles(void)
{
    return &perch__administrator_role__descriptor;
}

/* "viewer, operator"; lower case. */
static struct slice name_roles(struct answer *answer, uint32_t set,
                               const char *between)
{
    char text[ROLE_NAMES_BYTES];
    size_t len = 0;
    uint8_t *lower;

    for (unsigned i = 0; i < roles()->n_values; i++) {
        if ((set & (1u << roles()->values[i].value)) != 0) {
            len += (size_t)snprintf(text + len, sizeof(text) - len, "%s%s",
                                    len == 0 ? "" : between,
                                    roles()->values[i].name);
            CHECK(len < sizeof(text));
        }
    }
    lower = answer_alloc(answer, len + 1);
    text_fold(lower, slice_of(text, len));
    return slice_of(lower, len);
}

struct slice administrators_lack(struct answer *answer, uint32_t needed)
{
    const struct admin_actor *actor = &answer->ask->actor;
    const char *kind =
        actor->credential == PERCH__CREDENTIAL__LOCAL ? "local" : "certificate";
    uint32_t has = query_roles_of(answer->machine, &answer->command);
    struct slice held = SLICE_LITERAL("no role");

    if (has != 0) {
        held = name_roles(answer, has, ", ");
    }
    if (needed == 0) {
        return answer_printf(answer, "%s:%s has %.*s", kind, actor->name,
                             SLICE_PRINT(held));
    }
    return answer_printf(answer, "%s:%s has %.*s; it is for %.*s", kind,
                         actor->name, SLICE_PRINT(held),
                         SLICE_PRINT(name_roles(answer, needed, " or ")));
}

uint32_t administrators_for(enum admin_kind kind)
{
    switch (kind) {
    case ADMIN_MESSAGES_LIST:
    case ADMIN_MESSAGES_SHOW:
    case ADMIN_MESSAGES_SEARCH:
    case ADMIN_MESSAGES_EXPORT:
    case ADMIN_HOLDS_LIST:
    /* Changes whose dry run, or "so already", shows or betrays as much. */
    case ADMIN_MESSAGES_REDACT:
    case ADMIN_MESSAGES_WITHDRAW:
    case ADMIN_MESSAGES_IMPORT:
    case ADMIN_HOLDS_PLACE:
    case ADMIN_HOLDS_LIFT:
        return ADMINISTRATOR_BIT(COMPLIANCE_OFFICER) |
               ADMINISTRATOR_BIT(ADMINISTRATOR);
    default:
        return 0;
    }
}

/* What a request calls a role may be any number. */
static bool has_role(const struct administrator_view *view, int role)
{
    return protobuf_c_enum_descriptor_get_value(roles(), role) != NULL &&
           (view->roles & (1u << role)) != 0;
}

static Perch__Admin__Administrator *show(struct answer *answer,
                                         const struct administrator_view *view)
{
    Perch__Admin__Administrator *shown =
        answer_new(answer, &perch__admin__administrator__descriptor);

    ANSWER_TEXT(shown, name, view->name);
    CODEC_SET(shown, changed_at_us, view->changed_at_us);
    shown->roles =
        answer_alloc(answer, roles()->n_values * sizeof(*shown->roles));
    for (unsigned i = 0; i < roles()->n_values; i++) {
        int role = roles()->values[i].value;

        if (has_role(view, role)) {
            shown->roles[shown->n_roles++] = (Perch__AdministratorRole)role;
        }
    }
    return shown;
}

static bool find(const struct answer *answer, struct slice name,
                 struct administrator_view *view_out)
{
    for (uint32_t slot = 0; slot < ADMINISTRATORS_MAX; slot++) {
        if (query_administrator(answer->machine, slot, view_out) &&
            slice_equal(view_out->name, name)) {
            return true;
        }
    }
    return false;
}

/* All of them: there are few, and a page holds them. */
static void decide_list(struct answer *answer)
{
    const Perch__Admin__AdministratorsList *asked = answer->asked;
    Perch__Admin__AdministratorsListReply *body = answer_new(
        answer, &perch__admin__administrators_list_reply__descriptor);
    struct administrator_view view;

    body->administrators = answer_alloc(
        answer, ADMINISTRATORS_MAX * sizeof(*body->administrators));
    for (uint32_t slot = 0; slot < ADMINISTRATORS_MAX; slot++) {
        if (query_administrator(answer->machine, slot, &view) &&
            text_contains_nocase(view.name, codec_slice(asked->match))) {
            body->administrators[body->n_administrators++] =
                show(answer, &view);
        }
    }
    answer->body = &body->base;
}

static void show_changed(struct answer *answer)
{
    Perch__Admin__AdministratorsShowReply *body = answer_new(
        answer, &perch__admin__administrators_show_reply__descriptor);
    struct administrator_view view;

    if (find(answer, answer->uri, &view)) {
        body->administrator = show(answer, &view);
    }
    answer->body = &body->base;
}

/* Whether a name is given at all; what it may be the rules say. */
static bool is_named(struct answer *answer, ProtobufCBinaryData name)
{
    if (name.len == 0) {
        answer_refuse(answer, REFUSAL_NAME_MISSING);
    }
    answer->uri = codec_slice(name);
    return name.len > 0;
}

static void decide_grant(struct answer *answer)
{
    const Perch__Admin__AdministratorsGrant *asked = answer->asked;
    Perch__AdministratorGrant *grant =
        answer_new(answer, &perch__administrator_grant__descriptor);
    struct administrator_view view;

    if (!is_named(answer, asked->administrator)) {
        return;
    }
    answer_tells(answer, "given the role", "%.*s", SLICE_PRINT(answer->uri));
    if (asked->has_role && find(answer, answer->uri, &view) &&
        has_role(&view, (int)asked->role)) {
        answer->does = ANSWER_ALREADY;
        return;
    }
    CODEC_SET(grant, name, asked->administrator);
    grant->has_role = asked->has_role;
    grant->role = asked->role;
    answer_proposes(answer, PERCH__COMMAND__KIND_ADMINISTRATOR_GRANT)
        ->administrator_grant = grant;
}

static void decide_revoke(struct answer *answer)
{
    const Perch__Admin__AdministratorsRevoke *asked = answer->asked;
    Perch__AdministratorRevoke *revoke =
        answer_new(answer, &perch__administrator_revoke__descriptor);
    struct administrator_view view;

    if (!is_named(answer, asked->administrator)) {
        return;
    }
    answer_tells(answer, asked->has_role ? "without the role" : "without roles",
                 "%.*s", SLICE_PRINT(answer->uri));
    if (!find(answer, answer->uri, &view) ||
        (asked->has_role && !has_role(&view, (int)asked->role))) {
        answer->does = ANSWER_ALREADY;
        return;
    }
    CODEC_SET(revoke, name, asked->administrator);
    revoke->has_role = asked->has_role;
    revoke->role = asked->role;
    answer_proposes(answer, PERCH__COMMAND__KIND_ADMINISTRATOR_REVOKE)
        ->administrator_revoke = revoke;
}

const struct answer_row administrators_rows[] = {
    {ADMIN_ADMINISTRATORS_LIST, decide_list, NULL},
    {ADMIN_ADMINISTRATORS_GRANT, decide_grant, show_changed},
    {ADMIN_ADMINISTRATORS_REVOKE, decide_revoke, show_changed},
    {.decide = NULL},
};
