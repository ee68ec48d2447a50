/* Golden bytes, both ways: what is said and taken back. */
#include "proto/xccos/request.h"
#include "tests/wire/wire.h"

#define PERCH   " xmlns:perch=\"urn:perch:xccos\""
#define AT      "2031-02-03T07:31:09.4471830Z"
#define LATER   "2031-02-03T07:32:00.0000000Z"
#define OF_TIDE "chanUri=\"" TIDE_URI "\" author=\"" TOMAS "\""

static struct xccos_message said(const char *text)
{
    return (struct xccos_message){
        .room_uri = SLICE_LITERAL(TIDE_URI),
        .author = SLICE_LITERAL(TOMAS),
        .alert = XCCOS_FLAG_FALSE,
        .message_id = XCCOS_NUMBER(42),
        .sent_at = wire_moment(AT),
        .text = slice_of_text(text),
    };
}

/* A story says so in perch's own namespace, posted and told. */
static void test_xccos_write__story(void **state)
{
    struct xccos_primitive story = {.kind = XCCOS_KIND_MESSAGE,
                                    .seqid = 1,
                                    .message = said("Title\nwords")};
    struct xccos_envelope envelope = {7, &story, 1};

    (void)state;
    story.message.story = XCCOS_FLAG_TRUE;
    wire_assert_both_ways(
        &envelope,
        ENVELOPE("7", "<grpchat id=\"grpchat\" seqid=\"1\" " OF_TIDE
                      " alert=\"false\" chatId=\"42\" ts=\"" AT "\"" PERCH
                      " perch:story=\"true\"><chat>Title\nwords</chat>"
                      "</grpchat>"));
    story.message.message_id.set = false;
    story.message.retry_id = SLICE_LITERAL("r-1");
    wire_assert_both_ways(
        &envelope, ENVELOPE("7", "<grpchat id=\"grpchat\" seqid=\"1\" " OF_TIDE
                                 " alert=\"false\" ts=\"" AT "\"" PERCH
                                 " perch:retry=\"r-1\" perch:story=\"true\">"
                                 "<chat>Title\nwords</chat></grpchat>"));
}

/* A client that knows of revisions says so when it joins. */
static void test_xccos_write__join_knowing(void **state)
{
    struct xccos_room_id id = {.key = XCCOS_NUMBER(0),
                               .domain = SLICE_LITERAL(DOMAIN_TEXT),
                               .guid = wire_guid(TIDE_GUID),
                               .revisions = XCCOS_FLAG_TRUE};
    struct xccos_primitive join = {.data.room_ids = &id};
    struct xccos_envelope envelope = wire_command(8, XCCOS_VERB_JOIN, &join);

    (void)state;
    wire_assert_both_ways(
        &envelope,
        ENVELOPE("8",
                 COMMAND("join", "<data><chanid key=\"0\" domain=\"" DOMAIN_TEXT
                                 "\" value=\"" TIDE_GUID "\"" PERCH
                                 " perch:revisions=\"true\"/>"
                                 "</data>")));
}

/* An author asks for another text, or none; the answer names the message. */
static void test_xccos_write__author_revises(void **state)
{
    struct xccos_message message = said("better words");
    struct xccos_room room = {.uri = SLICE_LITERAL(TIDE_URI),
                              .messages = &message};
    struct xccos_primitive ask = {.data.rooms = &room};
    struct xccos_primitive answer = {.data.rooms = &room};
    struct xccos_envelope envelope = wire_command(9, XCCOS_VERB_MODMSG, &ask);

    (void)state;
    message.alert = XCCOS_FLAG_UNSET;
    message.sent_at.set = false;
    wire_assert_both_ways(
        &envelope,
        ENVELOPE("9", COMMAND("modmsg",
                              "<data><chanib uri=\"" TIDE_URI
                              "\"><msg id=\"grpchat\" seqid=\"1\" " OF_TIDE
                              " chatId=\"42\"><chat>better words</chat></msg>"
                              "</chanib></data>")));
    message.text = SLICE_NONE;
    envelope = wire_reply(10, XCCOS_VERB_MODMSG, 9, &answer);
    wire_assert_both_ways(
        &envelope,
        ENVELOPE("10", REPLY("modmsg", "9",
                             "<data><chanib uri=\"" TIDE_URI
                             "\"><msg id=\"grpchat\" seqid=\"1\" " OF_TIDE
                             " chatId=\"42\"><chat/></msg></chanib></data>")));
    message.reason = SLICE_LITERAL("wrong room");
    envelope = wire_command(11, XCCOS_VERB_DELMSG, &ask);
    wire_assert_both_ways(
        &envelope,
        ENVELOPE("11",
                 COMMAND("delmsg", "<data><chanib uri=\"" TIDE_URI
                                   "\"><msg id=\"grpchat\" seqid=\"1\" " OF_TIDE
                                   " chatId=\"42\"" PERCH
                                   " perch:reason=\"wrong room\"><chat/></msg>"
                                   "</chanib></data>")));
}

/* What a message was made is told with its state; a room that was cleared by
 * up to where. */
static void test_xccos_write__revised(void **state)
{
    struct xccos_message message = said("[removed by an administrator: x]");
    struct xccos_room room = {.uri = SLICE_LITERAL(TIDE_URI),
                              .messages = &message};
    struct xccos_primitive notice = {.data.rooms = &room};
    struct xccos_envelope envelope =
        wire_notice(12, XCCOS_VERB_MODMSG, &notice);

    (void)state;
    message.state = XCCOS_MESSAGE_REDACTED;
    message.reason = SLICE_LITERAL("x");
    message.changed_at = wire_moment(LATER);
    wire_assert_both_ways(
        &envelope,
        ENVELOPE("12",
                 NOTICE("modmsg",
                        "<data><chanib uri=\"" TIDE_URI
                        "\"><msg id=\"grpchat\" seqid=\"1\" " OF_TIDE
                        " alert=\"false\" chatId=\"42\" ts=\"" AT "\"" PERCH
                        " perch:state=\"redacted\" perch:reason=\"x\""
                        " perch:changed=\"" LATER "\"><chat>[removed by an "
                        "administrator: x]</chat></msg></chanib></data>")));
    room.messages = NULL;
    room.cleared_upto = XCCOS_NUMBER(41);
    envelope = wire_notice(13, XCCOS_VERB_PURGE, &notice);
    wire_assert_both_ways(
        &envelope,
        ENVELOPE("13", NOTICE("purge", "<data><chanib uri=\"" TIDE_URI
                                       "\"" PERCH " perch:cleared=\"41\"/>"
                                       "</data>")));
}

/* The line for clients that know no states has no message id: it is no new
 * message of the room. */
static void test_xccos_write__line_about_a_message(void **state)
{
    struct xccos_primitive line = {
        .kind = XCCOS_KIND_MESSAGE, .seqid = 1, .message = said("It is gone.")};
    struct xccos_envelope envelope = {14, &line, 1};

    (void)state;
    line.message.message_id.set = false;
    line.message.about = XCCOS_NUMBER(42);
    wire_assert_both_ways(
        &envelope, ENVELOPE("14", "<grpchat id=\"grpchat\" seqid=\"1\" " OF_TIDE
                                  " alert=\"false\" ts=\"" AT "\"" PERCH
                                  " perch:about=\"42\"><chat>It is gone.</chat>"
                                  "</grpchat>"));
}

/* The number of a message's record goes with it, the first one's, 0, too; one
 * that a client writes into what it posts is nothing the server knows of. */
static void test_xccos_write__number_of_the_record(void **state)
{
    struct xccos_primitive line = {
        .kind = XCCOS_KIND_MESSAGE, .seqid = 1, .message = said("Fine.")};
    struct xccos_envelope envelope = {15, &line, 1};
    struct arena *arena = arena_new(1024);
    struct xccos_post post;
    struct slice why;

    (void)state;
    line.message.csn = XCCOS_NUMBER(0);
    wire_assert_both_ways(
        &envelope,
        ENVELOPE("15", "<grpchat id=\"grpchat\" seqid=\"1\" " OF_TIDE
                       " alert=\"false\" chatId=\"42\" ts=\"" AT "\"" PERCH
                       " perch:csn=\"0\"><chat>Fine.</chat></grpchat>"));
    assert_int_equal(xccos_post_read(&line, arena, &post, &why), XCCOS_CODE_OK);
    assert_int_equal(post.carried_attributes.len, 0);
    arena_free(arena);
}

static enum xccos_code read_command(struct arena *arena, const char *verb,
                                    struct xccos_data data,
                                    struct xccos_request *request_out)
{
    struct xccos_primitive command = {.kind = XCCOS_KIND_COMMAND, .data = data};
    struct slice why;

    command.verb = xccos_verb_find(slice_of_text(verb));
    return xccos_request_read(&command, arena, request_out, &why);
}

/* Which room and which message must be said. */
static void test_xccos_request_read__message(void **state)
{
    struct arena *arena = arena_new(1024);
    struct xccos_message message = said("x");
    struct xccos_room room = {.uri = SLICE_LITERAL(TIDE_URI)};
    struct xccos_data data = {.rooms = &room};
    struct xccos_request request;

    (void)state;
    assert_int_equal(read_command(arena, "modmsg", data, &request),
                     XCCOS_CODE_INVALID_ARGUMENT);
    room.messages = &message;
    assert_int_equal(read_command(arena, "DELMSG", data, &request),
                     XCCOS_CODE_OK);
    assert_ptr_equal(request.revision.message, &message);
    message.message_id.set = false;
    assert_int_equal(read_command(arena, "modmsg", data, &request),
                     XCCOS_CODE_INVALID_ARGUMENT);
    arena_free(arena);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        RUN(test_xccos_write__story),
        RUN(test_xccos_write__join_knowing),
        RUN(test_xccos_write__author_revises),
        RUN(test_xccos_write__revised),
        RUN(test_xccos_write__line_about_a_message),
        RUN(test_xccos_write__number_of_the_record),
        RUN(test_xccos_request_read__message),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
