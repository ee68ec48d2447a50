/* Writes inputs to begin fuzzing from: for each kind a request with something
 * in every field, and requests about what the small pool of the tests has.
 *
 *   fuzz_admin_seeds DIR
 */
#include <stdio.h>

#include "proto/base/check.h"
#include "tests/admin/samples.h"

enum { ARENA_BYTES = 4096, NAME_BYTES = 4096 };

static void write_seed(const char *dir, const char *name,
                       const struct buffer *bytes)
{
    char path[NAME_BYTES];
    FILE *file;

    snprintf(path, sizeof(path), "%s/%s", dir, name);
    file = fopen(path, "wb");
    CHECK(file != NULL);
    CHECK(fwrite(bytes->data, 1, bytes->len, file) == bytes->len);
    CHECK(fclose(file) == 0);
}

static ProtobufCBinaryData text(const char *words)
{
    return codec_bytes(slice_of_text(words));
}

/* A room, then a change of it, then looks: what fuzzing can go on from. */
static void write_life(const char *dir)
{
    Perch__Admin__Request head = PERCH__ADMIN__REQUEST__INIT;
    Perch__Admin__RoomsCreate create = PERCH__ADMIN__ROOMS_CREATE__INIT;
    Perch__Admin__RoomsChange change = PERCH__ADMIN__ROOMS_CHANGE__INIT;
    Perch__Admin__UsersCreate user = PERCH__ADMIN__USERS_CREATE__INIT;
    Perch__Admin__RoomsList list = PERCH__ADMIN__ROOMS_LIST__INIT;
    ProtobufCBinaryData members[] = {text("alice"), text("bob@example.com")};
    struct buffer to = BUFFER_EMPTY;

    CODEC_SET(&user, user, text("dave"));
    CODEC_SET(&user, password, text("secret"));
    CODEC_SET(&create, name, text("x"));
    CODEC_SET(&create, category, text("Trade"));
    create.n_members = 2;
    create.members = members;
    CODEC_SET(&change, room, text("x"));
    CODEC_SET(&change, if_version, 1);
    CODEC_SET(&change, name, text("y"));
    CODEC_SET(&change, disabled, true);
    CODEC_SET(&list, match, text("Y"));
    CHECK(admin_write_request(ADMIN_USERS_CREATE, &head, &user.base, &to) ==
          ERROR_NONE);
    CHECK(admin_write_request(ADMIN_ROOMS_CREATE, &head, &create.base, &to) ==
          ERROR_NONE);
    CHECK(admin_write_request(ADMIN_ROOMS_CHANGE, &head, &change.base, &to) ==
          ERROR_NONE);
    CHECK(admin_write_request(ADMIN_ROOMS_LIST, &head, &list.base, &to) ==
          ERROR_NONE);
    write_seed(dir, "life", &to);
    buffer_deinit(&to);
}

int main(int argc, char **argv)
{
    struct arena *arena = arena_new(ARENA_BYTES);
    struct buffer to = BUFFER_EMPTY;

    CHECK(argc == 2 && arena != NULL);
    FOR_EACH_ADMIN_KIND (kind) {
        buffer_clear(&to);
        sample_request(arena, kind, &to);
        write_seed(argv[1], admin_fact(kind)->name, &to);
    }
    write_life(argv[1]);
    buffer_deinit(&to);
    arena_free(arena);
    return 0;
}
