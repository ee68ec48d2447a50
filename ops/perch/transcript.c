#include "ops/perch/transcript.h"

#include <openssl/evp.h>

#include "ops/perch/events_json.h"
#include "ops/perch/words.h"
#include "proto/base/check.h"
#include "proto/base/time_text.h"
#include "proto/xccos/names.h"

enum { SHA256_BYTES = 32 };

enum error transcript_open(struct transcript *transcript, const char *path)
{
    transcript->file = path == NULL ? NULL : fopen(path, "ae");
    if (path != NULL && transcript->file == NULL) {
        return ERROR_IO;
    }
    if (transcript->file != NULL) {
        setvbuf(transcript->file, NULL, _IOLBF, BUFSIZ);
    }
    return ERROR_NONE;
}

static void put_number(json_t *object, const char *key,
                       struct xccos_number number)
{
    if (number.set) {
        json_object_set_new(object, key,
                            json_integer((json_int_t)number.value));
    }
}

static void put_room(json_t *object, struct slice uri)
{
    char guid[GUID_TEXT_BYTES + 1];
    struct xccos_name name;

    if (xccos_room_uri_read(uri, &name) == ERROR_NONE) {
        guid_write(&name.guid, guid);
        json_object_set_new(object, "room", json_string(guid));
    } else {
        json_object_set_new(object, "room", json_text(uri));
    }
}

static void put_digest(json_t *object, struct slice text)
{
    char hex[2 * SHA256_BYTES + 1];
    uint8_t digest[SHA256_BYTES];
    unsigned len = 0;

    CHECK(EVP_Digest(text.data, text.len, digest, &len, EVP_sha256(), NULL) ==
              1 &&
          len == SHA256_BYTES);
    for (size_t i = 0; i < SHA256_BYTES; i++) {
        snprintf(hex + 2 * i, 3, "%02x", digest[i]);
    }
    json_object_set_new(object, "sha256", json_string(hex));
}

static json_t *describe(const struct xccos_message *message, int64_t now_us)
{
    json_t *object = json_object();
    char at[TIME_TEXT_BYTES + 1];

    put_room(object, message->room_uri);
    put_number(object, "id", message->message_id);
    put_number(object, "about", message->about);
    put_number(object, "csn", message->csn);
    json_object_set_new(object, "author", json_text(message->author));
    put_digest(object, message->text);
    if (message->state != XCCOS_MESSAGE_POSTED) {
        json_object_set_new(object, "state",
                            json_string(word_of_state(message->state)));
    }
    time_write(now_us, at);
    json_object_set_new(object, "received_at", json_string(at));
    return object;
}

/* What has no text only names a message. */
static enum error take(struct transcript *transcript,
                       const struct xccos_message *message, int64_t now_us)
{
    enum error error = ERROR_NONE;
    json_t *object;

    if (message->text.len == 0) {
        return ERROR_NONE;
    }
    object = describe(message, now_us);
    if (json_dumpf(object, transcript->file, JSON_COMPACT | JSON_ENSURE_ASCII) <
            0 ||
        fputc('\n', transcript->file) == EOF) {
        error = ERROR_IO;
    }
    json_decref(object);
    return error;
}

static enum error take_rooms(struct transcript *transcript,
                             const struct xccos_room *room, int64_t now_us)
{
    for (; room != NULL; room = room->next) {
        for (const struct xccos_message *message = room->messages;
             message != NULL; message = message->next) {
            TRY(take(transcript, message, now_us));
        }
    }
    return ERROR_NONE;
}

enum error transcript_take(struct transcript *transcript,
                           const struct xccos_envelope *envelope,
                           int64_t now_us)
{
    const struct xccos_primitive *primitive = envelope->primitives;

    for (; transcript->file != NULL && primitive != NULL;
         primitive = primitive->next) {
        if (primitive->kind == XCCOS_KIND_MESSAGE) {
            TRY(take(transcript, &primitive->message, now_us));
        } else {
            TRY(take_rooms(transcript, primitive->data.rooms, now_us));
        }
    }
    return ERROR_NONE;
}

enum error transcript_close(struct transcript *transcript)
{
    FILE *file = transcript->file;

    transcript->file = NULL;
    return file == NULL || fclose(file) == 0 ? ERROR_NONE : ERROR_IO;
}
