#include "node/sip/registrar.h"

#include <inttypes.h>
#include <sofia-sip/auth_digest.h>
#include <stdio.h>
#include <stdlib.h>

#include "node/sip/aor.h"
#include "node/sip/dialog.h"
#include "node/sip/digest.h"
#include "node/sip/engine.h"
#include "node/sip/sign_in.h"
#include "node/sip/stream.h"
#include "proto/base/check.h"
#include "proto/base/journal.h"

/* What becomes of a sign-in. */
enum verdict {
    LET_IN,
    WRONG_PASSWORD,
    WRONG_SPELLING,
    DISABLED,
    NOT_ENABLED,
    UNKNOWN_USER,
    NOT_READY
};

static const struct {
    enum diagnostic number;
    const char *text; /* For the user. */
    const char *word; /* For the journal. */
} refusals[] = {
    /* An unknown user looks the same, and takes as long. */
    [WRONG_PASSWORD] = {DIAGNOSTIC_PASSWORD, "Wrong user name or password",
                        "wrong_password"},
    /* Hashes are those of lower-case names. */
    [WRONG_SPELLING] = {DIAGNOSTIC_PASSWORD,
                        "Wrong password, or a user name not in lower case",
                        "wrong_password"},
    [DISABLED] = {DIAGNOSTIC_DISABLED, "This account is disabled", "disabled"},
    [NOT_ENABLED] = {DIAGNOSTIC_NOT_ENABLED,
                     "This account is not enabled for persistent chat",
                     "not_enabled"},
    [UNKNOWN_USER] = {DIAGNOSTIC_UNKNOWN_USER, "There is no such user here",
                      "unknown_user"},
};

/* The first sign-in of a connection can be sent elsewhere; a later redirect
 * crashes pidgin-sipe. */
static void turn_away(const struct request *request)
{
    const struct drain *drain = &request->edge->drain;
    struct buffer *out;

    if (!drain->on || drain->target == NULL) {
        request_refuse_busy(request, "Not taking new sign-ins");
        return;
    }
    out = request_answer(request, 301);
    buffer_printf(out, "Contact: <%s>\r\n", drain->target);
    response_end(out);
}

static void refuse(struct connection *connection, struct buffer *out,
                   enum verdict verdict)
{
    char peer[ADDRESS_TEXT_BYTES];

    address_write(&connection->peer, peer);
    journal_notice("sign_in_refused",
                   "connection=%016" PRIx64 " peer=%s user=%s reason=%s",
                   connection->ref, peer, connection->sign_in->aor.text,
                   refusals[verdict].word);
    edge_count(connection->edge, EDGE_METRIC_SIGN_IN_FAILURES, 1);
    response_explain(out, refusals[verdict].number, refusals[verdict].text);
    response_end(out);
    connection->failures++;
}

/* Ask for credentials. */
static void challenge(const struct request *request, bool stale)
{
    struct connection *connection = request->connection;
    struct buffer *out;
    uint8_t random[16];

    if (connection->challenges >= CHALLENGES_MAX) {
        request_forbid(request, DIAGNOSTIC_TOO_MANY, "Too many attempts");
        connection_finish(connection, ENDING_CHALLENGES_MAX);
        return;
    }
    connection->challenges++;
    edge_count(request->edge, EDGE_METRIC_CHALLENGES, 1);
    loop_random(request->edge->loop, random, sizeof(random));
    for (size_t i = 0; i < sizeof(random); i++) {
        snprintf(connection->nonce + 2 * i, 3, "%02x", random[i]);
    }
    connection->nonce_ms = edge_now_ms(request->edge);
    out = request_answer(request, 407);
    buffer_printf(out,
                  "Proxy-Authenticate: Digest realm=\"%s\", nonce=\"%s\", "
                  "qop=\"auth\", algorithm=MD5%s\r\n",
                  request->edge->settings.domain, connection->nonce,
                  stale ? ", stale=true" : "");
    response_end(out);
}

/* Find the credentials meant for this pool; clients may carry others. */
static const sip_proxy_authorization_t *find_credentials(
    const struct request *request)
{
    const sip_proxy_authorization_t *found =
        request->sip->sip_proxy_authorization;

    for (; found != NULL; found = found->au_next) {
        const char *realm = message_param(found->au_common, "realm=");

        if (realm != NULL &&
            auth_strcmp(realm, request->edge->settings.domain) == 0) {
            return found;
        }
    }
    return NULL;
}

/* Take the claim out of the credentials and use up the nonce. Returns false
 * when it has been answered. */
static bool take_claim(const struct request *request, struct sign_in *sign_in)
{
    struct connection *connection = request->connection;
    const sip_proxy_authorization_t *credentials = find_credentials(request);
    char nonce[sizeof(connection->nonce)];

    if (credentials == NULL) {
        challenge(request, false);
        return false;
    }
    if (digest_read(&sign_in->claim, sign_in->arena, credentials) !=
        ERROR_NONE) {
        request_reply(request, 400);
        return false;
    }
    memcpy(nonce, connection->nonce, sizeof(nonce));
    connection->nonce[0] = '\0';
    if (!digest_is_first_use(&sign_in->claim, nonce) ||
        edge_now_ms(request->edge) - connection->nonce_ms > NONCE_LIFE_MS) {
        challenge(request, true);
        return false;
    }
    sign_in->has_claim = true;
    return true;
}

/* Ask the state loop who this is, and read nothing more until it answers. */
static void ask(const struct request *request, struct sign_in *sign_in)
{
    struct connection *connection = request->connection;
    struct intake *intake = intake_new(
        INTAKE_SIGN_IN, request->edge->settings.edge, connection->ref);
    char uri[AOR_BYTES_MAX + 8];

    if (intake != NULL) {
        snprintf(uri, sizeof(uri), "sip:%s", sign_in->aor.text);
        intake->sign_in.token = sign_in->token;
        intake->sign_in.user_uri =
            arena_copy_slice(intake->arena, slice_of_text(uri));
    }
    if (intake == NULL || intake->sign_in.user_uri.len == 0 ||
        !edge_ask(request->edge, intake)) {
        request_refuse_busy(request, "Too busy to sign in");
        sign_in_free(sign_in);
        return;
    }
    sign_in->asked_ms = edge_now_ms(request->edge);
    connection->sign_in = sign_in;
    connection_move(connection, CONNECTION_CHECKING);
    stream_pause(connection, PAUSE_SIGN_IN);
}

static void serve_stranger(const struct request *request,
                           struct sign_in *sign_in)
{
    if (sign_in->expires_s == 0) {
        sign_in_answer_out(request->connection, sign_in);
        sign_in_free(sign_in);
    } else if (edge_is_closed_to_new(request->edge)) {
        turn_away(request);
        sign_in_free(sign_in);
    } else if (request->connection->listener->settings.auth ==
                   EDGE_AUTH_DIGEST &&
               !take_claim(request, sign_in)) {
        sign_in_free(sign_in);
    } else {
        ask(request, sign_in);
    }
}

/* Signed in already: a refresh, or the end. The connection's identity has
 * been proven; no credentials are asked for again. */
static void serve_known(struct connection *connection, struct sign_in *sign_in)
{
    struct dialog *dialog;

    if (sign_in->expires_s > 0) {
        sign_in_answer_in(connection, sign_in);
        return;
    }
    while ((dialog = LIST_FIRST(&connection->dialogs)) != NULL) {
        dialog_end(dialog, ENDING_SIGNED_OUT);
    }
    sign_in_answer_out(connection, sign_in);
    connection_move(connection, CONNECTION_STRANGER);
}

/* A connection is one user's for good. */
static bool is_other_user(const struct connection *connection,
                          const struct sign_in *sign_in)
{
    return connection->identity != NULL &&
           !slice_equal_text(connection->identity->who, sign_in->aor.lower);
}

void registrar_serve(const struct request *request)
{
    struct connection *connection = request->connection;
    struct sign_in *sign_in = NULL;
    int status = sign_in_read(&sign_in, request);

    if (status != 0) {
        request_reply(request, status);
    } else if (is_other_user(connection, sign_in)) {
        edge_count(request->edge, EDGE_METRIC_SPOOFED, 1);
        request_forbid(request, DIAGNOSTIC_SPOOFED,
                       "This connection belongs to another user");
        sign_in_free(sign_in);
    } else if (connection->state == CONNECTION_SIGNED_IN) {
        serve_known(connection, sign_in);
        sign_in_free(sign_in);
    } else {
        serve_stranger(request, sign_in);
    }
}

/* Pick the hash that goes with the user name the client chose to give; NULL
 * when there is none. */
static const char *pick_ha1(const struct sign_in *sign_in,
                            const struct delivery_sign_in *facts)
{
    struct slice name = slice_of_text(sign_in->claim.username);
    struct slice full = slice_of_text(sign_in->aor.lower);
    struct slice user = slice_of(full.data, sign_in->aor.user_len);
    const char *ha1 = NULL;

    if (slice_equal_nocase(name, full)) {
        ha1 = facts->ha1;
    } else if (slice_equal_nocase(name, user)) {
        ha1 = facts->ha1_user;
    }
    if (facts->result == SIGN_IN_UNKNOWN ||
        (ha1 != NULL && strlen(ha1) != HA1_BYTES)) {
        return NULL;
    }
    return ha1;
}

/* Tell whether the client knows the password. Where there is no hash to
 * compare with, the same work is done on a decoy, and proves nothing: anyone
 * can answer for a hash that everyone knows. */
static bool knows_password(const struct sign_in *sign_in,
                           const struct delivery_sign_in *facts)
{
    static const char decoy[HA1_BYTES + 1] = "00000000000000000000000000000000";
    const char *ha1 = pick_ha1(sign_in, facts);
    bool proven =
        digest_proves(&sign_in->claim, ha1 == NULL ? decoy : ha1, "REGISTER");

    return proven && ha1 != NULL;
}

/* By the name alone that was given, so that it tells nothing of users. */
static enum verdict why_not_proven(const struct sign_in *sign_in)
{
    const char *name = sign_in->claim.username;

    while (*name != '\0' && (*name < 'A' || *name > 'Z')) {
        name++;
    }
    return *name == '\0' ? WRONG_PASSWORD : WRONG_SPELLING;
}

static enum verdict judge(const struct sign_in *sign_in,
                          const struct delivery_sign_in *facts)
{
    if (facts->result == SIGN_IN_NOT_READY) {
        return NOT_READY;
    }
    if (sign_in->has_claim && !knows_password(sign_in, facts)) {
        return why_not_proven(sign_in);
    }
    if (facts->result == SIGN_IN_UNKNOWN) {
        return UNKNOWN_USER; /* Never with a claim: it was not proven. */
    }
    if (facts->result == SIGN_IN_NOT_ENABLED) {
        return NOT_ENABLED;
    }
    return facts->result == SIGN_IN_DISABLED ? DISABLED : LET_IN;
}

/* The user is who he says he is. */
static void let_in(struct connection *connection, struct sign_in *sign_in,
                   const struct delivery_sign_in *facts)
{
    struct identity *identity = sign_in_identity(sign_in, facts);

    if (identity == NULL) {
        connection_close(connection, ENDING_NO_MEMORY);
        return;
    }
    identity_free(connection->identity);
    connection->identity = identity;
    connection->failures = 0;
    connection->challenges = 0;
    connection_move(connection, CONNECTION_SIGNED_IN);
    edge_count(connection->edge, EDGE_METRIC_SIGN_INS, 1);
    sign_in_answer_in(connection, sign_in);
}

static void finish(struct connection *connection, enum verdict verdict,
                   const struct delivery_sign_in *facts)
{
    struct sign_in *sign_in = connection->sign_in;
    struct buffer *out;

    if (verdict == LET_IN) {
        let_in(connection, sign_in, facts);
    } else if (verdict == NOT_READY) {
        out = response_begin_kept(connection, 503, sign_in->echo);
        response_busy(connection, out,
                      connection->edge->settings.limits.retry_after_s,
                      SLICE_LITERAL("Not ready to sign anyone in"));
        response_end(out);
        connection_move(connection, CONNECTION_STRANGER);
    } else {
        refuse(connection, response_begin_kept(connection, 403, sign_in->echo),
               verdict);
        connection_move(connection, CONNECTION_STRANGER);
    }
    sign_in_forget(connection);
    if (connection->failures >= SIGN_IN_FAILURES_MAX) {
        connection_finish(connection, ENDING_SIGN_IN_FAILURES);
    }
    stream_resume(connection, PAUSE_SIGN_IN);
}

void registrar_answer(struct edge *edge, const struct delivery *delivery)
{
    struct connection *connection =
        slots_find(&edge->connections, delivery->ref);

    /* It may be gone, or have given up waiting and asked again. */
    if (connection != NULL && connection->state == CONNECTION_CHECKING &&
        connection->sign_in->token == delivery->sign_in.token) {
        finish(connection, judge(connection->sign_in, &delivery->sign_in),
               &delivery->sign_in);
    }
}

void registrar_expire(struct connection *connection)
{
    finish(connection, NOT_READY, NULL);
}

void sign_in_forget(struct connection *connection)
{
    sign_in_free(connection->sign_in);
    connection->sign_in = NULL;
}
