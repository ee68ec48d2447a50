#include "tests/sip/talk.h"

#include "tests/unit/test.h"

#include <stdlib.h>

int talk_set_up(void **state)
{
    struct talk *talk = calloc(1, sizeof(*talk));

    assert_non_null(talk);
    *state = talk;
    talk->scene = scene_open(NULL);
    talk->pidgin = pidgin_enter(talk->scene, "tomas");
    call_open(&talk->call, talk->scene, talk->pidgin);
    return 0;
}

int talk_tear_down(void **state)
{
    struct talk *talk = *state;

    if (talk->pidgin != NULL) {
        pidgin_leave(talk->pidgin);
    }
    scene_close(talk->scene);
    free(talk);
    return 0;
}
