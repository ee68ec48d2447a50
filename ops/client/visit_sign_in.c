#include <inttypes.h>
#include <stdio.h>

#include "ops/client/proof.h"
#include "ops/client/value.h"
#include "ops/client/visit_chat.h"

enum {
    REFRESH_EARLY_S = 30,        /* Before a sign-in expires. */
    REFRESH_RETRY_MS = 5 * 1000, /* After a refresh was put off. */
    CNONCE_BYTES = 16,
};

/* REGISTER, with the proof that was asked for if there is a challenge. */
static enum error write_register(struct visit *visit, struct buffer *lines,
                                 struct slice challenge)
{
    const struct visitor *visitor = visit->visitor;
    char cnonce[CNONCE_BYTES + 1];
    uint64_t random;
    struct proof proof = {
        .challenge = challenge,
        .username = visitor->login,
        .password = visitor->password,
        .method = "REGISTER",
        .uri = buffer_slice(&visit->registration.target),
        .cnonce = cnonce,
    };

    chat_write_contact(visit, lines);
    buffer_printf(lines,
                  ";proxy=replace;+sip.instance=\"<urn:uuid:%s>\"\r\n"
                  "Supported: gruu-10, msrtc-event-categories\r\n"
                  "Event: registration\r\nExpires: %" PRIu32 "\r\n"
                  "ms-keep-alive: UAC;hop-hop=yes\r\n",
                  visit->speaker.instance, visitor->limits->expires_s);
    if (challenge.data == NULL) {
        return ERROR_NONE;
    }
    loop_random(visit->loop, &random, sizeof(random));
    snprintf(cnonce, sizeof(cnonce), "%016" PRIx64, random);
    return proof_write(lines, &proof);
}

static void register_with(struct visit *visit, struct slice challenge)
{
    struct buffer lines = BUFFER_EMPTY;
    struct saying saying = {.method = "REGISTER"};
    enum error error = write_register(visit, &lines, challenge);

    if (error == ERROR_NO_MEMORY || buffer_failed(&lines)) {
        visit_fail(visit, CLIENT_CAUSE_NO_MEMORY, "");
    } else if (error != ERROR_NONE) {
        visit_fail(visit, CLIENT_CAUSE_DENIED,
                   "the server wants a kind of proof that is not known here");
    } else {
        saying.lines = buffer_slice(&lines);
        visit_ask(visit, &visit->registration, DUE_REGISTER, &saying, 0);
    }
    buffer_deinit(&lines);
}

void sign_in_begin(struct visit *visit)
{
    struct slice domain = speaker_domain(&visit->speaker);
    char target[CLIENT_USER_BYTES_MAX + 8], self[CLIENT_USER_BYTES_MAX + 8];

    snprintf(target, sizeof(target), "sip:%.*s", SLICE_PRINT(domain));
    snprintf(self, sizeof(self), "sip:%s", visit->speaker.user);
    visit_move(visit, VISIT_REGISTERING);
    if (chat_begin_call(visit, &visit->registration, slice_of_text(target),
                        slice_of_text(self))) {
        register_with(visit, SLICE_NONE);
    }
}

void sign_in_refresh(struct visit *visit)
{
    register_with(visit, SLICE_NONE);
}

static void deny(struct visit *visit, const struct packet *answer,
                 const char *text)
{
    struct visit_end end = {.cause = CLIENT_CAUSE_DENIED,
                            .status = answer->status};

    snprintf(end.text, sizeof(end.text), "%s", text);
    visit_end(visit, &end);
}

/* 407: prove who this is, unless the proof was wrong already. */
static void answer_challenge(struct visit *visit, const struct packet *answer)
{
    struct slice challenge = SLICE_NONE, next;
    size_t at = 0;

    while ((next = packet_next(answer, "Proxy-Authenticate", &at)).data !=
           NULL) {
        if (value_begins_with_word(next, "Digest")) {
            challenge = next;
        }
    }
    if (visit->visitor->password == NULL) {
        deny(visit, answer, "the server wants a password");
    } else if (challenge.data == NULL) {
        visit_end_refused(visit, CLIENT_CAUSE_DENIED, answer);
    } else if (visit->challenges > 0 && !proof_is_stale(challenge)) {
        deny(visit, answer, "the password is wrong");
    } else if (visit->challenges >= CLIENT_CHALLENGES_MAX) {
        visit_end_refused(visit, CLIENT_CAUSE_UNFIT, answer);
    } else {
        visit->challenges++;
        register_with(visit, challenge);
    }
}

/* "sip:host:port;transport=tls": where to go instead. Never from TLS to none,
 * nor to TLS without anyone to trust. */
static bool read_target(const struct visit *visit, struct slice uri,
                        struct server *server)
{
    bool is_sips = slice_begins(uri, SLICE_LITERAL("sips:"));
    struct slice transport = value_param(uri, "transport");
    bool is_secure = is_sips ||
                     slice_equal_nocase(transport, SLICE_LITERAL("tls")) ||
                     (transport.data == NULL && visit->speaker.is_secure);
    struct slice rest = slice_after(value_word(uri), is_sips ? 5 : 4);
    const uint8_t *at = rest.len == 0 ? NULL : memchr(rest.data, '@', rest.len);

    if (!is_sips && !slice_begins(uri, SLICE_LITERAL("sip:"))) {
        return false;
    }
    if (at != NULL) {
        rest = slice_after(rest, (size_t)(at - rest.data) + 1);
    }
    return is_secure == visit->speaker.is_secure &&
           server_read(server, rest,
                       is_secure ? SERVER_PORT_TLS : SERVER_PORT_TCP) ==
               ERROR_NONE;
}

static void follow(struct visit *visit, const struct packet *answer)
{
    struct slice uri = value_uri(packet_value(answer, "Contact"));
    struct visit_end end = {.cause = CLIENT_CAUSE_MOVED,
                            .status = answer->status};

    if (!read_target(visit, uri, &end.moved_to)) {
        visit_end_refused(visit, CLIENT_CAUSE_UNFIT, answer);
        return;
    }
    snprintf(end.text, sizeof(end.text), "sent on to %.200s",
             end.moved_to.host);
    visit_end(visit, &end);
}

static void plan_refresh(struct visit *visit, const struct packet *answer)
{
    struct slice keep_alive = packet_value(answer, "ms-keep-alive");
    uint32_t expires_s = visit->visitor->limits->expires_s;
    uint64_t wait_ms;

    (void)value_number(packet_value(answer, "Expires"), INT32_MAX, &expires_s);
    wait_ms = expires_s > 2 * REFRESH_EARLY_S
                  ? (uint64_t)(expires_s - REFRESH_EARLY_S) * 1000
                  : (uint64_t)expires_s * 500;
    visit->refresh_us = loop_now_us(visit->loop) + wait_ms * 1000;
    visit->keep_alive_s = 0;
    (void)value_number(value_param(keep_alive, "timeout"), INT32_MAX,
                       &visit->keep_alive_s);
}

/* A refresh that is put off does not end the stay: the sign-in still holds. */
static void refresh_put_off(struct visit *visit, const struct packet *answer)
{
    uint32_t wait_ms = visit_read_answer(visit, answer).retry_after_ms;

    if (wait_ms < REFRESH_RETRY_MS) {
        wait_ms = REFRESH_RETRY_MS;
    }
    visit->refresh_us = loop_now_us(visit->loop) + (uint64_t)wait_ms * 1000;
}

static void refuse(struct visit *visit, const struct packet *answer)
{
    switch (answer->status) {
    case 503:
    case 504:
    case 480:
    case 500:
        if (visit->state == VISIT_READY) {
            refresh_put_off(visit, answer);
        } else {
            visit_end_refused(visit, CLIENT_CAUSE_BUSY, answer);
        }
        break;
    case 401:
    case 403:
    case 404:
        visit_end_refused(visit, CLIENT_CAUSE_DENIED, answer);
        break;
    default:
        visit_end_refused(visit, CLIENT_CAUSE_UNFIT, answer);
        break;
    }
}

static void registered(struct visit *visit, const struct packet *answer)
{
    if (answer->status == 407) {
        answer_challenge(visit, answer);
    } else if (answer->status == 301) {
        follow(visit, answer);
    } else if (answer->status != 200) {
        refuse(visit, answer);
    } else {
        visit->challenges = 0;
        plan_refresh(visit, answer);
        if (visit->state == VISIT_REGISTERING) {
            chat_find(visit);
        }
    }
}

void sign_in_answered(struct visit *visit, enum due_kind kind,
                      const struct packet *answer)
{
    if (kind == DUE_REGISTER) {
        registered(visit, answer);
    } else if (kind == DUE_SUBSCRIBE && visit->state == VISIT_PROVISIONING) {
        chat_found(visit, answer);
    } else if (kind == DUE_INVITE && visit->state == VISIT_INVITING) {
        chat_invited(visit, answer);
    }
}
