#include "proto/base/board.h"

#include <pthread.h>
#include <stdlib.h>
#include <string.h>

#include "proto/base/check.h"

struct board {
    pthread_mutex_t lock; /* Guards posted and status. */
    size_t len;
    bool posted;
    max_align_t status[];
};

struct board *board_new(size_t len)
{
    struct board *board = calloc(1, sizeof(*board) + len);

    if (board == NULL) {
        return NULL;
    }
    CHECK(pthread_mutex_init(&board->lock, NULL) == 0);
    board->len = len;
    return board;
}

void board_free(struct board *board)
{
    if (board != NULL) {
        pthread_mutex_destroy(&board->lock);
        free(board);
    }
}

void board_post(struct board *board, const void *status)
{
    pthread_mutex_lock(&board->lock);
    memcpy(board->status, status, board->len);
    board->posted = true;
    pthread_mutex_unlock(&board->lock);
}

bool board_read(struct board *board, void *status_out)
{
    bool posted;

    pthread_mutex_lock(&board->lock);
    memcpy(status_out, board->status, board->len);
    posted = board->posted;
    pthread_mutex_unlock(&board->lock);
    return posted;
}
