#include "node/session/serving.h"

#include "node/session/hub.h"
#include "node/session/requests.h"
#include "proto/base/check.h"

static void serve_opened(struct sessions *hub, struct intake *intake)
{
    struct caller *caller = caller_new(hub, intake);

    if (caller->resumes) {
        resuming_begin(caller);
    }
    intake_free(intake);
}

static void serve_closed(struct sessions *hub, struct intake *intake)
{
    struct caller *caller = callers_find(&hub->callers, intake->ref);

    if (caller != NULL) {
        caller_dialog_closed(caller, &intake->dialog);
        meter_set(&hub->meters.seats, (int64_t)hub->audiences.seats);
    }
    intake_free(intake);
}

static void serve_request(struct sessions *hub, struct intake *intake)
{
    struct caller *caller = callers_find(&hub->callers, intake->ref);

    if (caller == NULL || !caller_is_served(caller)) {
        intake_free(intake); /* Its connection is closed, or about to be. */
    } else {
        request_serve(caller, intake);
    }
}

static void serve_delivered(struct sessions *hub, struct intake *intake)
{
    for (size_t i = 0; i < intake->delivered.n; i++) {
        struct caller *caller =
            callers_find(&hub->callers, intake->delivered.marks[i].dialog);

        if (caller != NULL) {
            duties_confirmed(caller, intake->delivered.marks[i].log_index,
                             intake->delivered.marks[i].replies);
        }
    }
    intake_free(intake);
    history_go_on(hub);
}

static void (*const servers[])(struct sessions *hub, struct intake *intake) = {
    [INTAKE_SIGN_IN] = identity_serve,
    [INTAKE_DIALOG_OPENED] = serve_opened,
    [INTAKE_DIALOG_CLOSED] = serve_closed,
    [INTAKE_REQUEST] = serve_request,
    [INTAKE_DELIVERED] = serve_delivered,
    [INTAKE_PRESENCE] = following_serve,
};

static void serve(struct sessions *hub, struct intake *intake)
{
    uint64_t waited_us = loop_now_us(hub->settings.loop) - intake->handed_us;

    CHECK((size_t)intake->letter.kind < sizeof(servers) / sizeof(servers[0]));
    meter_add(&hub->meters.intakes, 1);
    meter_observe(&hub->meters.intake_us, waited_us);
    pressure_intake(&hub->pressure, waited_us);
    servers[intake->letter.kind](hub, intake);
}

void serving_take(void *context, struct letter_list *list)
{
    struct sessions *hub = context;
    struct letter *letter;

    while ((letter = STAILQ_FIRST(list)) != NULL) {
        STAILQ_REMOVE_HEAD(list, link);
        if (hub->stopped) {
            intake_free((struct intake *)letter);
        } else {
            CHECK(hub->replica != NULL); /* Edges open after the start. */
            serve(hub, (struct intake *)letter);
        }
    }
}
