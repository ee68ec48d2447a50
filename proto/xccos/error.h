/* What can be wrong with XML from a stranger, one name for each.
 *
 * These are about the body as a whole and become a SIP 400 or 413. What is
 * wrong inside one command is a fault (envelope.h) and becomes its reply.
 *
 * Thread: any.
 */
#ifndef PROTO_XCCOS_ERROR_H
#define PROTO_XCCOS_ERROR_H

#include <stdbool.h>

#define XCCOS_ERROR_LIST(X)                                                    \
    X(NONE, "no error")                                                        \
    X(NO_MEMORY, "out of memory")                                              \
    X(EMPTY, "the body is empty")                                              \
    X(BODY_BYTES, "the body is too long")                                      \
    X(UTF8, "the body is not UTF-8")                                           \
    X(CHARACTER, "the body has a character that XML 1.0 forbids")              \
    X(NOT_WELL_FORMED, "the body is not well-formed XML")                      \
    X(DOCTYPE, "the body has a document type declaration")                     \
    X(DEPTH, "the elements nest too deep")                                     \
    X(ELEMENTS, "the body has too many elements")                              \
    X(ATTRIBUTES, "an element has too many attributes")                        \
    X(ATTRIBUTE_BYTES, "the attributes of an element are too long")            \
    X(TEXT_BYTES, "the text of an element is too long")                        \
    X(PRIMITIVES, "the envelope has too many primitives")                      \
    X(CARRIED, "unknown parts of a message are too much to carry along")       \
    X(ROOT, "the root element is not the one expected here")                   \
    X(ENVID, "envid is not a decimal number of 64 bits")                       \
    X(SEQID, "seqid is not a decimal number of 32 bits")                       \
    X(VERB, "an id does not name its verb in letters and digits")              \
    X(PUBLICATION, "a publication has no category, or a number that is none")

#define XCCOS_ERROR_ENUM(name, text) XCCOS_ERROR_##name,
enum xccos_error { XCCOS_ERROR_LIST(XCCOS_ERROR_ENUM) XCCOS_ERROR_COUNT };
#undef XCCOS_ERROR_ENUM

/**
 * Name an error as the journal writes it, for instance "DOCTYPE".
 *
 * Returns a static string; "UNKNOWN" for a number that is no error.
 */
const char *xccos_error_name(enum xccos_error error);

/**
 * Say in words what an error means, fit for the reason of a SIP 400.
 *
 * Returns a static string, never NULL.
 */
const char *xccos_error_text(enum xccos_error error);

/**
 * Tell whether the body broke a limit on size or count.
 *
 * Such a body is answered 413 rather than 400.
 */
bool xccos_error_is_limit(enum xccos_error error);

/* Pass an error up. Only where nothing is owned yet. */
#define XCCOS_TRY(expression)                                                  \
    do {                                                                       \
        enum xccos_error try_error_ = (expression);                            \
        if (try_error_ != XCCOS_ERROR_NONE) {                                  \
            return try_error_;                                                 \
        }                                                                      \
    } while (0)

#endif
