/* Results of commands: Lync's numbers and the tokens that go before the
 * sentence a user may see.
 *
 * pidgin-sipe shows the text of a refused join or search as it is, so it is
 * a token for grep, a colon and one plain sentence.
 *
 * Thread: any.
 */
#ifndef PROTO_XCCOS_CODE_H
#define PROTO_XCCOS_CODE_H

/* X(name, number, token). Some numbers have several tokens. */
#define XCCOS_CODE_LIST(X)                                                     \
    X(OK, 200, "SUCCESS_OK")                                                   \
    X(INVALID_ARGUMENT, 400, "ERROR_INVALID_ARGUMENT")                         \
    X(PERMISSION, 403, "ERROR_PERMISSION")                                     \
    X(NO_SUCH_NODE, 404, "ERROR_NO_SUCH_NODE")                                 \
    X(NO_SUCH_PRINCIPAL, 404, "ERROR_NO_SUCH_PRINCIPAL")                       \
    X(INVALID_FLOW, 405, "ERROR_INVALID_FLOW")                                 \
    X(MSG_NOT_SUPPORTED, 406, "ERROR_MSG_NOT_SUPPORTED")                       \
    X(DUPLICATE_NAME, 409, "ERROR_DUPLICATE_NAME")                             \
    X(COLLISION, 409, "ERROR_COLLISION")                                       \
    X(INVALID_TOKEN, 410, "ERROR_INVALID_TOKEN")                               \
    X(USER_NOT_JOINED, 412, "ERROR_USER_NOT_JOINED")                           \
    X(LIMIT_EXCEEDED, 413, "ERROR_LIMIT_EXCEEDED")                             \
    X(NO_PARTICIPANT_LIST, 416, "ERROR_NO_PARTICIPANT_LIST")                   \
    X(SCOPE, 422, "ERROR_SCOPE")                                               \
    X(NODE_DISABLED, 423, "ERROR_NODE_DISABLED")                               \
    X(PRESENTER_NOT_MEMBER, 424, "ERROR_PRESENTER_NOT_MEMBER")                 \
    X(SERVER, 500, "ERROR_SERVER")                                             \
    X(NOT_SUPPORTED, 501, "ERROR_NOT_SUPPORTED")                               \
    X(BUSY, 503, "ERROR_BUSY")

#define XCCOS_CODE_ENUM(name, number, token) XCCOS_CODE_##name,
enum xccos_code { XCCOS_CODE_LIST(XCCOS_CODE_ENUM) XCCOS_CODE_COUNT };
#undef XCCOS_CODE_ENUM

/** Tell the number that goes on the wire. */
unsigned xccos_code_number(enum xccos_code code);

/** Tell the token. Returns a static string. */
const char *xccos_code_token(enum xccos_code code);

#endif
