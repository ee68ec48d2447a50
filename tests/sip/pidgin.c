#include "tests/sip/pidgin.h"

#include <sofia-sip/auth_digest.h>
#include <stdio.h>
#include <stdlib.h>

#include "tests/unit/test.h"

void pidgin_register(struct pidgin *pidgin, const char *extra)
{
    client_say_text(
        pidgin->client,
        "REGISTER sip:" DOMAIN " SIP/2.0\n"
        "Via: SIP/2.0/tcp 127.0.0.1:%u;branch=z9hG4bK70C2\n"
        "From: <sip:%s@" DOMAIN ">;tag=4419;epid=9a31c07be512\n"
        "To: <sip:%s@" DOMAIN ">\n"
        "Max-Forwards: 70\n"
        "CSeq: %u REGISTER\n"
        "User-Agent: Purple/2.14.12 Sipe/1.25.0\n"
        "Call-ID: 71D3g%uAr\n"
        "Contact: <sip:127.0.0.1:%u;transport=tcp;ms-opaque=5b1e>;"
        "methods=\"INVITE, MESSAGE, INFO, SUBSCRIBE, OPTIONS, BYE, CANCEL, "
        "NOTIFY, ACK, REFER, BENOTIFY\";proxy=replace;"
        "+sip.instance=\"<urn:uuid:5f0c2e11-7777-5a2b-9c3d-0123456789ab>\"\n"
        "Supported: gruu-10, adhoclist, msrtc-event-categories, "
        "com.microsoft.msrtc.presence\n"
        "Event: registration\n"
        "Allow-Events: presence\n"
        "ms-keep-alive: UAC;hop-hop=yes\n"
        "%s"
        "Content-Length: 0\n\n",
        pidgin->client->port, pidgin->user, pidgin->user, pidgin->register_cseq,
        pidgin->serial, pidgin->client->port, extra);
}

void pidgin_sign_in(struct pidgin *pidgin)
{
    struct heard heard;

    pidgin_register(pidgin, "");
    heard = client_expect(pidgin->client, 200);
    heard_free(&heard);
}

/* Read a quoted parameter out of a challenge. */
static void read_param(const char *from, const char *name, char *to,
                       size_t size)
{
    const char *at = strstr(from, name);
    const char *end;

    assert_non_null(at);
    at += strlen(name);
    end = strchr(at, '"');
    snprintf(to, size, "%.*s", (int)(end - at), at);
}

void pidgin_register_hash(struct pidgin *pidgin, const struct heard *challenge,
                          const char *username, const char *ha1)
{
    const char *header = heard_header(challenge, "Proxy-Authenticate");
    char nonce[64], extra[512];
    auth_hexmd5_t response;
    auth_response_t with = {.ar_size = sizeof(with),
                            .ar_username = username,
                            .ar_realm = DOMAIN,
                            .ar_nonce = nonce,
                            .ar_uri = "(null)",
                            .ar_cnonce = "7ab3",
                            .ar_nc = "00000001",
                            .ar_qop = "auth",
                            .ar_md5 = 1,
                            .ar_auth = 1};

    assert_non_null(header);
    assert_non_null(strstr(header, "realm=\"" DOMAIN "\""));
    read_param(header, "nonce=\"", nonce, sizeof(nonce));
    auth_digest_response(&with, response, ha1, "REGISTER", NULL, 0);
    snprintf(extra, sizeof(extra),
             "Proxy-Authorization: Digest username=\"%s\", "
             "realm=\"" DOMAIN "\", "
             "nonce=\"%s\", uri=\"(null)\", qop=auth, nc=00000001, "
             "cnonce=\"7ab3\", response=\"%s\"\n",
             username, nonce, response);
    pidgin_register(pidgin, extra);
}

void pidgin_register_again(struct pidgin *pidgin, const struct heard *challenge,
                           const char *username, const char *password)
{
    auth_hexmd5_t ha1;

    auth_digest_ha1(ha1, username, DOMAIN, password);
    pidgin_register_hash(pidgin, challenge, username, ha1);
}

struct pidgin *pidgin_enter(struct scene *scene, const char *user)
{
    static unsigned serial;
    struct pidgin *pidgin = calloc(1, sizeof(*pidgin));

    pidgin->client = client_connect(scene_port(scene, LISTENER_OPEN));
    pidgin->user = user;
    pidgin->register_cseq = 1;
    pidgin->serial = ++serial;
    pidgin_sign_in(pidgin);
    return pidgin;
}

void pidgin_leave(struct pidgin *pidgin)
{
    client_free(pidgin->client);
    free(pidgin);
}

#define SDP                                                                    \
    "v=0\r\no=- 0 0 IN IP4 127.0.0.1\r\ns=session\r\nc=IN IP4 127.0.0.1\r\n"   \
    "t=0 0\r\nm=message 5060 sip null\r\na=accept-types:text/plain\r\n"

void call_invite(struct call *call, struct pidgin *pidgin, const char *uri)
{
    if (call->pidgin == NULL) {
        static unsigned tags;

        call->pidgin = pidgin;
        tags++;
        snprintf(call->uri, sizeof(call->uri), "%s", uri);
        snprintf(call->call_id, sizeof(call->call_id), "93B7g%u.%u",
                 pidgin->serial, tags);
        snprintf(call->from_tag, sizeof(call->from_tag), "55%u", tags);
    }
    call->cseq++;
    client_say_text(pidgin->client,
                    "INVITE %s SIP/2.0\n"
                    "Via: SIP/2.0/tcp 127.0.0.1:%u\n"
                    "From: <sip:%s@" DOMAIN ">;tag=%s;epid=9a31c07be512\n"
                    "To: <%s>\n"
                    "Max-Forwards: 70\n"
                    "CSeq: %u INVITE\n"
                    "Call-ID: %s\n"
                    "Contact: <sip:%s@" DOMAIN ":%u;maddr=127.0.0.1;"
                    "transport=tcp>;proxy=replace\n"
                    "Supported: ms-sender\n"
                    "Content-Type: application/sdp\n"
                    "Content-Length: %zu\n\n" SDP,
                    call->uri, pidgin->client->port, pidgin->user,
                    call->from_tag, call->uri, call->cseq, call->call_id,
                    pidgin->user, pidgin->client->port, strlen(SDP));
}

void call_ack(struct call *call)
{
    struct heard heard = client_expect(call->pidgin->client, 200);
    const char *to = heard_header(&heard, "To");
    const char *tag = strstr(to, ";tag=");

    assert_non_null(tag);
    snprintf(call->to_tag, sizeof(call->to_tag), "%s", tag + 5);
    heard_free(&heard);
    client_say_text(call->pidgin->client,
                    "ACK %s SIP/2.0\n"
                    "Via: SIP/2.0/tcp 127.0.0.1:%u\n"
                    "From: <sip:%s@" DOMAIN ">;tag=%s;epid=9a31c07be512\n"
                    "To: <%s>;tag=%s\n"
                    "Max-Forwards: 70\n"
                    "CSeq: %u ACK\n"
                    "Call-ID: %s\n"
                    "Content-Length: 0\n\n",
                    call->uri, call->pidgin->client->port, call->pidgin->user,
                    call->from_tag, call->uri, call->to_tag, call->cseq,
                    call->call_id);
}

void call_open(struct call *call, struct scene *scene, struct pidgin *pidgin)
{
    memset(call, 0, sizeof(*call));
    call_invite(call, pidgin, POOL_URI);
    call_ack(call);
    call->ref = scene_expect(scene, INTAKE_DIALOG_OPENED).ref;
}

void call_say(struct call *call, const char *method, const char *body)
{
    const char *text = body == NULL ? "" : body;

    call->cseq++;
    client_say_text(call->pidgin->client,
                    "%s %s SIP/2.0\n"
                    "Via: SIP/2.0/tcp 127.0.0.1:%u\n"
                    "From: <sip:%s@" DOMAIN ">;tag=%s;epid=9a31c07be512\n"
                    "To: <%s>%s%s\n"
                    "Max-Forwards: 70\n"
                    "CSeq: %u %s\n"
                    "Call-ID: %s\n"
                    "%s"
                    "Content-Length: %zu\n\n%s",
                    method, call->uri, call->pidgin->client->port,
                    call->pidgin->user, call->from_tag, call->uri,
                    call->to_tag[0] == '\0' ? "" : ";tag=", call->to_tag,
                    call->cseq, method, call->call_id,
                    body == NULL ? "" : "Content-Type: text/plain\n",
                    strlen(text), text);
}

void pidgin_answer(struct pidgin *pidgin, const struct heard *request,
                   int status)
{
    char via[256], from[256], to[256], call_id[128], cseq[64];

    snprintf(via, sizeof(via), "%s", heard_header(request, "Via"));
    snprintf(from, sizeof(from), "%s", heard_header(request, "From"));
    snprintf(to, sizeof(to), "%s", heard_header(request, "To"));
    snprintf(call_id, sizeof(call_id), "%s", heard_header(request, "Call-ID"));
    snprintf(cseq, sizeof(cseq), "%s", heard_header(request, "CSeq"));
    client_say_text(pidgin->client,
                    "SIP/2.0 %d %s\nVia: %s\nFrom: %s\nTo: %s\nCall-ID: %s\n"
                    "CSeq: %s\nUser-Agent: Purple/2.14.12 Sipe/1.25.0\n"
                    "Content-Length: 0\n\n",
                    status, status == 200 ? "OK" : "No", via, from, to, call_id,
                    cseq);
}

struct heard call_hear_info(struct call *call)
{
    struct heard heard = client_expect(call->pidgin->client, 0);

    assert_memory_equal(heard.text, "INFO ", 5);
    pidgin_answer(call->pidgin, &heard, 200);
    return heard;
}
