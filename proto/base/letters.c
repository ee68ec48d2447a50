#include "proto/base/letters.h"

#include <pthread.h>
#include <stdbool.h>
#include <stdlib.h>

#include "proto/base/check.h"

struct letters {
    pthread_mutex_t lock; /* Guards list, waiting, woken and closed. */
    struct letter_list list;
    size_t waiting;
    bool woken; /* The reader will come for what waits. */
    bool closed;
    size_t capacity;
    struct waker *waker;
    void (*receive)(void *context, struct letter_list *list);
    void *context;
};

static void take_all(struct letters *letters, struct letter_list *out)
{
    STAILQ_INIT(out);
    pthread_mutex_lock(&letters->lock);
    STAILQ_CONCAT(out, &letters->list);
    letters->waiting = 0;
    letters->woken = false;
    pthread_mutex_unlock(&letters->lock);
}

void letters_take(struct letters *letters)
{
    struct letter_list list;

    take_all(letters, &list);
    if (!STAILQ_EMPTY(&list)) {
        letters->receive(letters->context, &list);
    }
}

static void on_wake(void *context)
{
    letters_take(context);
}

struct letters *letters_new(struct loop *loop, size_t capacity,
                            void (*receive)(void *context,
                                            struct letter_list *list),
                            void *context)
{
    struct letters *letters = calloc(1, sizeof(*letters));

    CHECK(capacity > 0);
    if (letters == NULL) {
        return NULL;
    }
    letters->waker = waker_new(loop, on_wake, letters);
    if (letters->waker == NULL) {
        free(letters);
        return NULL;
    }
    pthread_mutex_init(&letters->lock, NULL);
    STAILQ_INIT(&letters->list);
    letters->capacity = capacity;
    letters->receive = receive;
    letters->context = context;
    return letters;
}

static enum error send_letter(struct letters *letters, struct letter *letter,
                              size_t capacity, bool wakes)
{
    enum error error = ERROR_NONE;

    pthread_mutex_lock(&letters->lock);
    if (letters->closed) {
        error = ERROR_CLOSED;
        wakes = false;
    } else if (letters->waiting >= capacity) {
        error = ERROR_BUSY;
        wakes = false;
    } else {
        STAILQ_INSERT_TAIL(&letters->list, letter, link);
        letters->waiting++;
        /* Later letters are taken by the wake the first one caused. */
        wakes = wakes && !letters->woken;
        letters->woken = letters->woken || wakes;
    }
    pthread_mutex_unlock(&letters->lock);
    if (wakes) {
        waker_wake(letters->waker);
    }
    return error;
}

enum error letters_send(struct letters *letters, struct letter *letter)
{
    return send_letter(letters, letter, letters->capacity, true);
}

enum error letters_send_reply(struct letters *letters, struct letter *letter)
{
    return send_letter(letters, letter, SIZE_MAX, true);
}

enum error letters_leave(struct letters *letters, struct letter *letter)
{
    return send_letter(letters, letter, SIZE_MAX, false);
}

size_t letters_waiting(struct letters *letters)
{
    size_t waiting;

    pthread_mutex_lock(&letters->lock);
    waiting = letters->waiting;
    pthread_mutex_unlock(&letters->lock);
    return waiting;
}

void letters_close(struct letters *letters, struct letter_list *left_out)
{
    pthread_mutex_lock(&letters->lock);
    letters->closed = true;
    pthread_mutex_unlock(&letters->lock);
    take_all(letters, left_out);
}

void letters_free(struct letters *letters)
{
    if (letters == NULL) {
        return;
    }
    CHECK(letters->closed && STAILQ_EMPTY(&letters->list));
    waker_free(letters->waker);
    pthread_mutex_destroy(&letters->lock);
    free(letters);
}
