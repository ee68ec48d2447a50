#include "node/sip/answers.h"

#include "node/sip/dialog.h"
#include "node/sip/engine.h"
#include "proto/base/journal.h"

/* The status of "SIP/2.0 200 OK". 0 when it is none. */
static int read_status(struct slice line)
{
    const uint8_t *digits = line.data + 8;

    if (line.len < 11 || line.data[7] != ' ' ||
        (line.len > 11 && line.data[11] != ' ')) {
        return 0;
    }
    for (int i = 0; i < 3; i++) {
        if (digits[i] < '0' || digits[i] > '9') {
            return 0;
        }
    }
    return (digits[0] - '0') * 100 + (digits[1] - '0') * 10 + digits[2] - '0';
}

static struct dialog *find(struct connection *connection,
                           const struct head *head)
{
    return dialog_find_tag(
        connection, head_address_param(head_value(head, HEAD_FROM), "tag"),
        head_value(head, HEAD_CALL_ID));
}

/* Statuses by which a client says that it has no such dialog any more. */
static bool means_dead(int status)
{
    return status == 481 || status == 487 || status == 408;
}

void answers_read(struct connection *connection, const struct head *head)
{
    int status = read_status(head->start_line);
    struct dialog *dialog;
    struct slice method;
    uint32_t cseq;

    if (status < 200 || status > 699 ||
        head_read_cseq(head_value(head, HEAD_CSEQ), &cseq, &method) !=
            ERROR_NONE ||
        !slice_equal_text(method, "INFO")) {
        return;
    }
    dialog = find(connection, head);
    if (dialog == NULL) {
        return;
    }
    if (status >= 300) {
        edge_count(connection->edge, EDGE_METRIC_DELIVERIES_REFUSED, 1);
    }
    if (means_dead(status)) {
        dialog_end(dialog, ENDING_CLIENT_FORGOT);
        return;
    }
    (void)window_answered(dialog, cseq);
}
