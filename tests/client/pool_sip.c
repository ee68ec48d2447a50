#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>

#include <openssl/evp.h>

#include "proto/base/check.h"
#include "proto/xccos/provisioning.h"
#include "tests/client/pool_parts.h"

/* Find a header line; its value without the name, up to CRLF. */
static struct slice header(const char *head, const char *name)
{
    size_t len = strlen(name);

    for (const char *line = strstr(head, "\r\n"); line != NULL;
         line = strstr(line, "\r\n")) {
        line += 2;
        if (strncasecmp(line, name, len) == 0 && line[len] == ':') {
            const char *value = line + len + 1;
            const char *end = strstr(value, "\r\n");

            while (*value == ' ') {
                value++;
            }
            return slice_of(value, (size_t)(end - value));
        }
    }
    return SLICE_NONE;
}

static void copy(char *to, size_t room, struct slice from)
{
    snprintf(to, room, "%.*s", SLICE_PRINT(from));
}

void sip_answer(const struct ask *ask, int status, const char *lines,
                const char *type, struct slice body)
{
    struct buffer out = BUFFER_EMPTY;
    struct slice to = header(ask->text, "To");
    bool has_tag = memmem(to.data, to.len, ";tag=", 5) != NULL;

    buffer_printf(&out, "SIP/2.0 %d Whatever\r\nVia: %.*s\r\nFrom: %.*s\r\n",
                  status, SLICE_PRINT(header(ask->text, "Via")),
                  SLICE_PRINT(header(ask->text, "From")));
    buffer_printf(&out, "To: %.*s%s\r\nCall-ID: %.*s\r\nCSeq: %.*s\r\n",
                  SLICE_PRINT(to), has_tag ? "" : ";tag=pool",
                  SLICE_PRINT(header(ask->text, "Call-ID")),
                  SLICE_PRINT(header(ask->text, "CSeq")));
    buffer_append_text(&out, lines == NULL ? "" : lines);
    if (type != NULL) {
        buffer_printf(&out, "Content-Type: %s\r\n", type);
    }
    buffer_printf(&out, "Content-Length: %zu\r\n\r\n%.*s", body.len,
                  SLICE_PRINT(body));
    guest_send(ask->guest, buffer_slice(&out));
    buffer_deinit(&out);
}

static void answer_plain(const struct ask *ask, int status)
{
    sip_answer(ask, status, NULL, NULL, SLICE_NONE);
}

static void md5_hex(const char *text, char hex[33])
{
    unsigned char digest[EVP_MAX_MD_SIZE];
    unsigned len;

    CHECK(EVP_Digest(text, strlen(text), digest, &len, EVP_md5(), NULL) == 1);
    for (unsigned i = 0; i < 16; i++) {
        snprintf(hex + 2 * i, 3, "%02x", digest[i]);
    }
}

/* name="value" or name=value of the credentials. */
static void credential(const struct ask *ask, const char *name, char *to,
                       size_t room)
{
    struct slice line = header(ask->text, "Proxy-Authorization");
    char text[1024], wanted[32];
    const char *at;

    copy(text, sizeof(text), line);
    snprintf(wanted, sizeof(wanted), " %s=", name);
    at = strstr(text, wanted);
    to[0] = '\0';
    if (at != NULL) {
        at += strlen(wanted);
        at += *at == '"';
        snprintf(to, room, "%.*s", (int)strcspn(at, "\","), at);
    }
}

static bool proves(const struct ask *ask, const struct pool_user *user)
{
    char text[1024], ha1[33], ha2[33], wanted[33];
    char name[128], realm[128], nonce[64], uri[128], cnonce[64], response[64];

    credential(ask, "username", name, sizeof(name));
    credential(ask, "realm", realm, sizeof(realm));
    credential(ask, "nonce", nonce, sizeof(nonce));
    credential(ask, "uri", uri, sizeof(uri));
    credential(ask, "cnonce", cnonce, sizeof(cnonce));
    credential(ask, "response", response, sizeof(response));
    if (strcmp(nonce, ask->guest->nonce) != 0) {
        return false;
    }
    snprintf(text, sizeof(text), "%s:%s:%s", name, POOL_DOMAIN, user->password);
    md5_hex(text, ha1);
    snprintf(text, sizeof(text), "REGISTER:%s", uri);
    md5_hex(text, ha2);
    snprintf(text, sizeof(text), "%s:%s:00000001:%s:auth:%s", ha1, nonce,
             cnonce, ha2);
    md5_hex(text, wanted);
    return strcmp(wanted, response) == 0 && strcmp(realm, POOL_DOMAIN) == 0;
}

static void challenge(const struct ask *ask)
{
    char lines[256];

    snprintf(ask->guest->nonce, sizeof(ask->guest->nonce), "n%" PRIu64 ".%u",
             ask->guest->number, ask->cseq);
    snprintf(lines, sizeof(lines),
             "Proxy-Authenticate: Digest realm=\"" POOL_DOMAIN
             "\", nonce=\"%s\", qop=\"auth\", algorithm=MD5\r\n",
             ask->guest->nonce);
    sip_answer(ask, 407, lines, NULL, SLICE_NONE);
}

/* "<sip:alice@fjord.example>;..." -> alice */
static void read_user(const struct ask *ask, char *name, size_t room)
{
    char from[256];
    const char *at;

    copy(from, sizeof(from), header(ask->text, "From"));
    at = strstr(from, "sip:");
    CHECK(at != NULL);
    snprintf(name, room, "%.*s", (int)strcspn(at + 4, "@"), at + 4);
}

static void let_in(const struct ask *ask)
{
    const struct pool *pool = ask->guest->pool;
    char lines[512];

    read_user(ask, ask->guest->user, sizeof(ask->guest->user));
    snprintf(lines, sizeof(lines),
             "Expires: %s\r\nSupported: msrtc-event-categories\r\n"
             "Allow-Events: vnd-microsoft-provisioning-v2\r\n"
             "ms-keep-alive: UAS; tcp=no; hop-hop=yes; end-end=no; "
             "timeout=%s\r\n%s",
             pool->expires == NULL ? "600" : pool->expires,
             pool->keep_alive == NULL ? "120" : pool->keep_alive,
             pool->register_lines == NULL ? "" : pool->register_lines);
    sip_answer(ask, 200, lines, NULL, SLICE_NONE);
}

static void serve_register(const struct ask *ask)
{
    struct guest *guest = ask->guest;
    const struct pool_user *user;
    char name[POOL_TEXT_MAX], lines[256];

    read_user(ask, name, sizeof(name));
    user = pool_find_user(guest->pool, name);
    if (guest->node->redirect != NULL) {
        snprintf(lines, sizeof(lines), "Contact: <%s>\r\n",
                 guest->node->redirect);
        sip_answer(ask, 301, lines, NULL, SLICE_NONE);
    } else if (slice_equal_text(header(ask->text, "Expires"), "0")) {
        guest->user[0] = '\0';
        answer_plain(ask, 200);
    } else if (guest->user[0] != '\0' || !guest->pool->wants_password) {
        if (guest->pool->users_n > 0 && user == NULL) {
            answer_plain(ask, 403);
        } else {
            let_in(ask);
        }
    } else if (header(ask->text, "Proxy-Authorization").data == NULL) {
        challenge(ask);
    } else if (user != NULL && proves(ask, user)) {
        let_in(ask);
    } else {
        sip_answer(ask, 403,
                   "ms-diagnostics-public: 4101;reason=\"Wrong user name or "
                   "password\"\r\n",
                   NULL, SLICE_NONE);
    }
}

static void serve_subscribe(const struct ask *ask)
{
    struct provisioning_answer answer = {.has_chat = true,
                                         .is_enabled = true,
                                         .pool_uri = SLICE_LITERAL(POOL_URI)};
    struct buffer body = BUFFER_EMPTY;
    const char *fixed = ask->guest->pool->provisioning;

    CHECK(provisioning_write(&body, &answer) == XCCOS_ERROR_NONE);
    sip_answer(ask, 200,
               "Event: vnd-microsoft-provisioning-v2\r\nExpires: 0\r\n"
               "ms-piggyback-cseq: 1\r\n",
               PROVISIONING_MEDIA_TYPE,
               fixed == NULL ? buffer_slice(&body) : slice_of_text(fixed));
    buffer_deinit(&body);
}

static void serve_invite(const struct ask *ask)
{
    struct guest *guest = ask->guest;
    const struct pool *pool = guest->pool;
    char lines[256];

    copy(guest->call_id, sizeof(guest->call_id), header(ask->text, "Call-ID"));
    copy(guest->from, sizeof(guest->from), header(ask->text, "From"));
    copy(guest->to, sizeof(guest->to), header(ask->text, "To"));
    strncat(guest->to, ";tag=pool", sizeof(guest->to) - strlen(guest->to) - 1);
    guest->in_chat = true;
    guest->cseq = 0;
    snprintf(lines, sizeof(lines), "Contact: <%s>\r\n%s%s%s",
             pool->contact == NULL ? POOL_URI : pool->contact,
             pool->session_expires == NULL ? "" : "Session-Expires: ",
             pool->session_expires == NULL ? "" : pool->session_expires,
             pool->session_expires == NULL ? "" : ";refresher=uac\r\n");
    sip_answer(ask, 200, lines, NULL, SLICE_NONE);
}

static void send_request(struct guest *guest, const char *method,
                         struct slice body)
{
    struct buffer out = BUFFER_EMPTY;

    guest->cseq++;
    buffer_printf(&out,
                  "%s sip:guest SIP/2.0\r\n"
                  "Via: SIP/2.0/TCP 127.0.0.1;branch=z9hG4bKp%u\r\n"
                  "From: %s\r\nTo: %s\r\nCall-ID: %s\r\nCSeq: %u %s\r\n"
                  "Max-Forwards: 70\r\nContent-Length: %zu\r\n\r\n",
                  method, guest->cseq, guest->to, guest->from, guest->call_id,
                  guest->cseq, method, body.len);
    buffer_append_slice(&out, body);
    guest_send(guest, buffer_slice(&out));
    buffer_deinit(&out);
}

void sip_send_info(struct guest *guest, struct slice body)
{
    send_request(guest, "INFO", body);
}

void sip_send_bye(struct guest *guest)
{
    send_request(guest, "BYE", SLICE_NONE);
    guest->in_chat = false;
    chat_leave_all(guest);
}

static void serve_in_chat(const struct ask *ask, const struct pool_rule *rule)
{
    struct guest *guest = ask->guest;

    if (!guest->in_chat ||
        !slice_equal_text(header(ask->text, "Call-ID"), guest->call_id)) {
        answer_plain(ask, 481);
    } else if (strcmp(ask->method, "INFO") == 0) {
        chat_serve(ask, rule);
    } else {
        answer_plain(ask, 200);
        if (strcmp(ask->method, "BYE") == 0) {
            guest->in_chat = false;
            chat_leave_all(guest);
        }
    }
}

static void serve(const struct ask *ask, const struct pool_rule *rule)
{
    if (strcmp(ask->method, "ACK") == 0) {
        return;
    }
    if (strcmp(ask->method, "REGISTER") == 0) {
        serve_register(ask);
    } else if (ask->guest->user[0] == '\0') {
        answer_plain(ask, 403);
    } else if (strcmp(ask->method, "SUBSCRIBE") == 0) {
        serve_subscribe(ask);
    } else if (strcmp(ask->method, "INVITE") == 0) {
        serve_invite(ask);
    } else {
        serve_in_chat(ask, rule);
    }
}

static struct pool_rule *find_rule(struct pool *pool, const struct ask *ask)
{
    for (int i = 0; i < pool->rules_n; i++) {
        struct pool_rule *rule = &pool->rules[i];

        if (rule->times == 0 ||
            (strcmp(rule->what, ask->what) != 0 &&
             strcmp(rule->what, ask->method) != 0) ||
            (rule->node >= 0 && rule->node != ask->guest->node->index)) {
            continue;
        }
        if (rule->skip > 0) {
            rule->skip--;
            continue;
        }
        rule->times--;
        return rule;
    }
    return NULL;
}

static void see(const struct ask *ask)
{
    struct pool *pool = ask->guest->pool;
    struct pool_seen *seen = &pool->seen[pool->seen_n];

    if (pool->seen_n == POOL_SEEN_MAX) {
        return;
    }
    pool->seen_n++;
    seen->node = ask->guest->node->index;
    seen->guest = ask->guest->number;
    snprintf(seen->what, sizeof(seen->what), "%s", ask->what);
    seen->cseq = ask->cseq;
    seen->at_us = loop_now_us(pool->loop);
    chat_note(ask, seen->note, sizeof(seen->note));
    if (strcmp(ask->method, "INVITE") == 0) {
        sscanf(ask->text, "INVITE %95s", seen->note);
    }
}

/* A request that is done later. */
struct later {
    struct timer *timer;
    uint64_t guest;
    struct pool *pool;
    struct ask ask;
};

static void on_later(void *context)
{
    struct later *later = context;
    struct guest *guest;

    LIST_FOREACH (guest, &later->pool->guests, link) {
        if (guest->number == later->guest) {
            serve(&later->ask, NULL);
            break;
        }
    }
    timer_free(later->timer);
    arena_free(later->ask.arena);
    free(later);
}

/* Takes the arena over. */
static void delay(const struct ask *ask, const struct pool_rule *rule)
{
    struct later *later = calloc(1, sizeof(*later));

    CHECK(later != NULL);
    later->pool = ask->guest->pool;
    later->guest = ask->guest->number;
    later->ask = *ask;
    later->timer = timer_new(later->pool->loop, on_later, later);
    timer_start(later->timer, rule->delay_ms, 0);
}

/* Returns whether the arena was taken over. */
static bool dispatch(const struct ask *ask)
{
    struct pool_rule *found = find_rule(ask->guest->pool, ask);
    struct pool_rule rule = found == NULL ? (struct pool_rule){0} : *found;

    see(ask);
    if (found == NULL) {
        serve(ask, NULL);
        return false;
    }
    switch (rule.fault) {
    case POOL_REFUSE:
        sip_answer(ask, rule.status, rule.lines, NULL, SLICE_NONE);
        break;
    case POOL_SILENT:
        break;
    case POOL_CLOSE:
        guest_close(ask->guest);
        break;
    case POOL_RAW:
        guest_send(ask->guest, slice_of_text(rule.lines));
        break;
    case POOL_DELAY:
        delay(ask, &rule);
        return true;
    case POOL_SPLIT:
        ask->guest->byte_by_byte = true;
        serve(ask, NULL);
        break;
    default:
        serve(ask, &rule);
        break;
    }
    return false;
}

static void read_request(struct guest *guest, const char *head, size_t len,
                         struct slice body)
{
    struct ask ask = {.guest = guest, .arena = arena_new(4096)};

    ask.text = arena_copy(ask.arena, slice_of(head, len));
    ask.body = arena_copy_slice(ask.arena, body);
    sscanf(ask.text, "%15s", ask.method);
    snprintf(ask.what, sizeof(ask.what), "%s", ask.method);
    ask.cseq = (uint32_t)strtoul((const char *)header(ask.text, "CSeq").data,
                                 NULL, 10);
    chat_name(&ask);
    if (!dispatch(&ask)) {
        arena_free(ask.arena);
    }
}

void sip_receive(struct guest *guest)
{
    while (!guest->is_closing && guest->in.len > 0) {
        uint8_t *end = memmem(guest->in.data, guest->in.len, "\r\n\r\n", 4);
        size_t head, body = 0;
        struct slice length;
        char *text;

        if (end == NULL) {
            return;
        }
        head = (size_t)(end - guest->in.data) + 4;
        if (head == 4) { /* A keep-alive: the pong. */
            guest->pool->pings++;
            buffer_consume(&guest->in, head);
            guest_send(guest, SLICE_LITERAL("\r\n"));
            continue;
        }
        text = strndup((char *)guest->in.data, head);
        length = header(text, "Content-Length");
        CHECK(length.data != NULL);
        body = strtoul((const char *)length.data, NULL, 10);
        if (guest->in.len < head + body) {
            free(text);
            return;
        }
        if (strncmp(text, "SIP/2.0", 7) != 0) {
            uint8_t *copied = malloc(body + 1);

            memcpy(copied, guest->in.data + head, body);
            buffer_consume(&guest->in, head + body);
            read_request(guest, text, head, slice_of(copied, body));
            free(copied);
        } else {
            int status = atoi(text + 8);

            CHECK(status > 0 && status < 700);
            guest->pool->answers[status]++;
            buffer_consume(&guest->in, head + body);
        }
        free(text);
    }
}
