#include "node/sip/methods.h"

static const char *const names[METHOD_COUNT] = {
    [METHOD_UNKNOWN] = "UNKNOWN",   [METHOD_ACK] = "ACK",
    [METHOD_BENOTIFY] = "BENOTIFY", [METHOD_BYE] = "BYE",
    [METHOD_CANCEL] = "CANCEL",     [METHOD_INFO] = "INFO",
    [METHOD_INVITE] = "INVITE",     [METHOD_MESSAGE] = "MESSAGE",
    [METHOD_NOTIFY] = "NOTIFY",     [METHOD_OPTIONS] = "OPTIONS",
    [METHOD_PRACK] = "PRACK",       [METHOD_PUBLISH] = "PUBLISH",
    [METHOD_REFER] = "REFER",       [METHOD_REGISTER] = "REGISTER",
    [METHOD_SERVICE] = "SERVICE",   [METHOD_SUBSCRIBE] = "SUBSCRIBE",
    [METHOD_UPDATE] = "UPDATE",
};

enum method method_of(struct slice name)
{
    for (int i = METHOD_UNKNOWN + 1; i < METHOD_COUNT; i++) {
        /* Nearly all differ in the first byte. */
        if (name.len > 0 && name.data[0] == (uint8_t)names[i][0] &&
            slice_equal_text(name, names[i])) {
            return (enum method)i;
        }
    }
    return METHOD_UNKNOWN;
}
