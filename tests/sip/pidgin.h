/* What pidgin-sipe says, byte for byte in shape: lower-case tcp, no branch
 * beyond REGISTER and SUBSCRIBE, the same CSeq after a 407.
 */
#ifndef TESTS_SIP_PIDGIN_H
#define TESTS_SIP_PIDGIN_H

#include "tests/sip/client.h"
#include "tests/sip/scene.h"

#define POST(text)                                                             \
    "<xccos ver=\"1\" envid=\"310044710\" "                                    \
    "xmlns=\"urn:parlano:xml:ns:xccos\"><grpchat id=\"grpchat\" seqid=\"1\" "  \
    "chanUri=\"ma-chan://" DOMAIN "/3b0f6c52-91de-4d7a-8a44-5be2c1d07a10\" "   \
    "author=\"sip:tomas@" DOMAIN "\" ts=\"2031-02-03T07:31:09Z\"><chat>" text  \
    "</chat></grpchat></xccos>"
#define REQURI                                                                 \
    "<xccos ver=\"1\" envid=\"310044701\" "                                    \
    "xmlns=\"urn:parlano:xml:ns:xccos\"><cmd id=\"cmd:requri\" seqid=\"1\">"   \
    "<data/></cmd></xccos>"

/* A client with a user. */
struct pidgin {
    struct client *client;
    const char *user;
    unsigned register_cseq;
    unsigned serial; /* Makes Call-IDs differ; set alike to make twins. */
};

/* One of its dialogs. */
struct call {
    struct pidgin *pidgin;
    char uri[128];
    char call_id[64];
    char from_tag[32];
    char to_tag[64];
    unsigned cseq;
    edge_ref ref; /* As the state loop knows it. */
};

/** Say a REGISTER. @extra: more header lines, each with "\n". */
void pidgin_register(struct pidgin *pidgin, const char *extra);

/** Sign in where no password is asked for. */
void pidgin_sign_in(struct pidgin *pidgin);

/** Say the REGISTER that answers a 407, with the same CSeq and branch. */
void pidgin_register_again(struct pidgin *pidgin, const struct heard *challenge,
                           const char *username, const char *password);

/** The same, knowing only a hash. */
void pidgin_register_hash(struct pidgin *pidgin, const struct heard *challenge,
                          const char *username, const char *ha1);

/** Connect to the open listener and sign in. */
struct pidgin *pidgin_enter(struct scene *scene, const char *user);

/** Close and free. */
void pidgin_leave(struct pidgin *pidgin);

/** Say an INVITE with SDP. */
void call_invite(struct call *call, struct pidgin *pidgin, const char *uri);

/** Take the 200 of an INVITE and say ACK. */
void call_ack(struct call *call);

/** INVITE, 200, ACK, and learn the dialog's name. */
void call_open(struct call *call, struct scene *scene, struct pidgin *pidgin);

/** Say an in-dialog request, with a body or NULL. */
void call_say(struct call *call, const char *method, const char *body);

/** Hear an INFO of the edge and answer it 200. */
struct heard call_hear_info(struct call *call);

/** Answer a request of the edge. */
void pidgin_answer(struct pidgin *pidgin, const struct heard *request,
                   int status);

#endif
