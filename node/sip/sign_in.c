#include "node/sip/sign_in.h"

#include <stdlib.h>

#include "node/sip/engine.h"
#include "node/sip/stream.h"

enum {
    SIGN_IN_ARENA_BYTES = 2048,
    IDENTITY_ARENA_BYTES = 512,
};

void sign_in_free(struct sign_in *sign_in)
{
    if (sign_in != NULL) {
        arena_free(sign_in->arena);
    }
}

/* From and To must name one user. */
static enum error read_user(struct sign_in *sign_in, const sip_t *sip)
{
    struct aor to;

    TRY(aor_read(&sign_in->aor, sip->sip_from->a_url));
    TRY(aor_read(&to, sip->sip_to->a_url));
    return aor_equal(&sign_in->aor, &to) ? ERROR_NONE : ERROR_REFUSED;
}

/* What was asked for, bent into what is allowed. 0 is a sign-out. */
static unsigned grant_expires(const struct edge_limits *limits,
                              const sip_t *sip)
{
    const char *param =
        sip->sip_contact == NULL ? NULL : sip->sip_contact->m_expires;
    unsigned long asked = limits->expires_default_s;

    if (param != NULL) {
        asked = strtoul(param, NULL, 10);
    } else if (sip->sip_expires != NULL) {
        asked = sip->sip_expires->ex_delta;
    }
    if (asked == 0) {
        return 0;
    }
    if (asked < limits->expires_min_s) {
        return limits->expires_min_s;
    }
    return asked > limits->expires_max_s ? limits->expires_max_s
                                         : (unsigned)asked;
}

static struct slice take_buffer(struct arena *arena, struct buffer *from)
{
    struct slice copy = buffer_failed(from)
                            ? SLICE_NONE
                            : arena_copy_slice(arena, buffer_slice(from));

    buffer_deinit(from);
    return copy;
}

static struct slice read_contact(struct arena *arena, const sip_t *sip)
{
    const sip_contact_t *contact = sip->sip_contact;
    struct buffer text = BUFFER_EMPTY;
    const char *instance;
    char *uri;

    if (contact == NULL || contact->m_url->url_type == url_any) {
        return SLICE_NONE;
    }
    uri = url_as_string(NULL, contact->m_url);
    instance = message_param(contact->m_common, "+sip.instance=");
    buffer_printf(&text, "<%s>", uri == NULL ? "" : uri);
    if (instance != NULL) {
        buffer_printf(&text, ";+sip.instance=%s", instance);
    }
    su_free(NULL, uri);
    return take_buffer(arena, &text);
}

/* Name the device: +sip.instance, else epid. */
static struct slice read_endpoint(struct arena *arena, const sip_t *sip)
{
    const char *id = NULL;

    if (sip->sip_contact != NULL) {
        id = message_param(sip->sip_contact->m_common, "+sip.instance=");
    }
    if (id == NULL) {
        id = message_param(sip->sip_from->a_common, "epid=");
    }
    return arena_copy_slice(arena, slice_of_text(id));
}

static struct slice read_echo(struct arena *arena,
                              const struct request *request)
{
    struct buffer echo = BUFFER_EMPTY;

    echo_write(&echo, request->head, request->edge->tag_salt);
    return take_buffer(arena, &echo);
}

static struct sign_in *sign_in_new(void)
{
    struct arena *arena = arena_new(SIGN_IN_ARENA_BYTES);
    struct sign_in *sign_in =
        arena == NULL ? NULL : arena_alloc(arena, sizeof(*sign_in));

    if (sign_in == NULL) {
        arena_free(arena);
        return NULL;
    }
    sign_in->arena = arena;
    return sign_in;
}

static int check(struct sign_in *sign_in, const struct request *request)
{
    const sip_t *sip = request->sip;
    const sip_event_t *event = sip->sip_event;
    enum error error = read_user(sign_in, sip);

    if (error != ERROR_NONE) {
        return error == ERROR_REFUSED ? 403 : 400;
    }
    if (event != NULL && strcasecmp(event->o_type, "registration") != 0) {
        return 489;
    }
    return 0;
}

int sign_in_read(struct sign_in **sign_in_out, const struct request *request)
{
    struct sign_in *sign_in = sign_in_new();
    int status;

    if (sign_in == NULL) {
        return 503;
    }
    status = check(sign_in, request);
    if (status != 0) {
        sign_in_free(sign_in);
        return status;
    }
    loop_random(request->edge->loop, &sign_in->token, sizeof(sign_in->token));
    sign_in->expires_s =
        grant_expires(&request->edge->settings.limits, request->sip);
    sign_in->contact = read_contact(sign_in->arena, request->sip);
    sign_in->endpoint_id = read_endpoint(sign_in->arena, request->sip);
    sign_in->echo = read_echo(sign_in->arena, request);
    sign_in->keeps_alive =
        head_value_of(request->head, "ms-keep-alive").data != NULL;
    if (sign_in->echo.len == 0) {
        sign_in_free(sign_in);
        return 503;
    }
    *sign_in_out = sign_in; /* Ownership passes to the caller. */
    return 0;
}

struct identity *sign_in_identity(const struct sign_in *sign_in,
                                  const struct delivery_sign_in *facts)
{
    struct arena *arena = arena_new(IDENTITY_ARENA_BYTES);
    struct identity *identity =
        arena == NULL ? NULL : arena_alloc(arena, sizeof(*identity));

    if (identity == NULL) {
        arena_free(arena);
        return NULL;
    }
    identity->arena = arena;
    identity->who = arena_copy_slice(arena, slice_of_text(sign_in->aor.lower));
    identity->user_uri = arena_copy_slice(arena, facts->user_uri);
    identity->pool_uri = arena_copy_slice(arena, facts->pool_uri);
    identity->web_url = arena_copy_slice(arena, facts->web_url);
    identity->endpoint_id = arena_copy_slice(arena, sign_in->endpoint_id);
    if (identity->who.len == 0 || identity->user_uri.len == 0) {
        arena_free(arena);
        return NULL;
    }
    return identity;
}

void sign_in_answer_in(struct connection *connection,
                       const struct sign_in *sign_in)
{
    const struct edge_limits *limits = &connection->edge->settings.limits;
    struct buffer *out = response_begin_kept(connection, 200, sign_in->echo);

    buffer_printf(out, "Expires: %u\r\n", sign_in->expires_s);
    if (sign_in->contact.len > 0) {
        buffer_printf(out, "Contact: %.*s;expires=%u\r\n",
                      SLICE_PRINT(sign_in->contact), sign_in->expires_s);
    }
    /* Each alone on its line, lists without blanks: else pidgin-sipe never
     * starts its group chat. */
    buffer_append_text(out, "Supported: msrtc-event-categories\r\n"
                            "Allow-Events: vnd-microsoft-provisioning-v2\r\n");
    connection->silence_max_s = 0;
    if (sign_in->keeps_alive) {
        buffer_printf(out,
                      "ms-keep-alive: UAS; tcp=no; hop-hop=yes; end-end=no; "
                      "timeout=%u\r\n",
                      limits->keep_alive_s);
        connection->silence_max_s = limits->keep_alive_s * 5 / 2;
    }
    response_end(out);
    connection->expires_ms =
        edge_now_ms(connection->edge) +
        (uint64_t)(sign_in->expires_s + limits->expires_grace_s) * 1000;
}

void sign_in_answer_out(struct connection *connection,
                        const struct sign_in *sign_in)
{
    struct buffer *out = response_begin_kept(connection, 200, sign_in->echo);

    buffer_append_text(out, "Expires: 0\r\n");
    response_end(out);
    connection->expires_ms = 0;
    connection->silence_max_s = 0;
}
