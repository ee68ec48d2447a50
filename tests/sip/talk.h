/* One user with one open dialog, for tests that begin there. */
#ifndef TESTS_SIP_TALK_H
#define TESTS_SIP_TALK_H

#include "tests/sip/pidgin.h"

struct talk {
    struct scene *scene;
    struct pidgin *pidgin; /* tomas; NULL once a test has let him go. */
    struct call call;
};

/** Set up and take down, for cmocka. */
int talk_set_up(void **state);
int talk_tear_down(void **state);

#endif
