#include "node/sip/request.h"

#include "node/sip/dialog.h"
#include "node/sip/engine.h"

struct buffer *request_answer(const struct request *request, int status)
{
    if (request->dialog != NULL) {
        return response_begin_tagged(request->connection, request->head, status,
                                     request->dialog->local_tag);
    }
    return response_begin(request->connection, request->head, status);
}

void request_reply(const struct request *request, int status)
{
    response_end(request_answer(request, status));
}

void request_forbid(const struct request *request, enum diagnostic number,
                    const char *text)
{
    struct buffer *out = request_answer(request, 403);

    response_explain(out, number, text);
    response_end(out);
}

void request_refuse_busy(const struct request *request, const char *reason)
{
    struct buffer *out = request_answer(request, 503);

    response_busy(request->connection, out,
                  request->edge->settings.limits.retry_after_s,
                  slice_of_text(reason));
    response_end(out);
}
