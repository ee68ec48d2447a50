/* Bodies that mean harm: each is refused by its own name, at once, and in
 * bounded memory. */
#include "tests/wire/wire.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "proto/xccos/read.h"

#define BEGIN "<xccos xmlns=\"urn:parlano:xml:ns:xccos\" envid=\"1\">"
#define END   "</xccos>"
#define POST  "<grpchat id=\"grpchat\" seqid=\"1\">"

/* What a hostile megabyte may cost. */
enum { ARENA_BYTES_MAX = 8 * 1024 * 1024, READ_MS_MAX = 2000 };

static enum xccos_error read_bytes(struct slice body)
{
    struct arena *arena = arena_new(1024);
    struct xccos_envelope *envelope = NULL;
    struct timespec begin, end;
    enum xccos_error error;
    int64_t took_ms;

    clock_gettime(CLOCK_THREAD_CPUTIME_ID, &begin);
    error = xccos_read(body, arena, &envelope);
    clock_gettime(CLOCK_THREAD_CPUTIME_ID, &end);
    took_ms = (end.tv_sec - begin.tv_sec) * 1000 +
              (end.tv_nsec - begin.tv_nsec) / 1000000;
    assert_true(took_ms < READ_MS_MAX);
    assert_true(arena_bytes(arena) < ARENA_BYTES_MAX);
    assert_int_equal(envelope != NULL, error == XCCOS_ERROR_NONE);
    arena_free(arena);
    return error;
}

static enum xccos_error read_text(const char *body)
{
    return read_bytes(slice_of_text(body));
}

/* A prefix, a unit so many times, a suffix. */
static enum xccos_error read_repeated(const char *prefix, const char *unit,
                                      size_t times, const char *suffix)
{
    struct buffer body = BUFFER_EMPTY;
    enum xccos_error error;

    buffer_append_text(&body, prefix);
    for (size_t i = 0; i < times; i++) {
        buffer_append_text(&body, unit);
    }
    buffer_append_text(&body, suffix);
    assert_false(buffer_failed(&body));
    error = read_bytes(buffer_slice(&body));
    buffer_deinit(&body);
    return error;
}

/* As above, with a number where the unit has %zu. */
static enum xccos_error read_numbered(const char *prefix, const char *before,
                                      const char *after, size_t times,
                                      const char *suffix)
{
    struct buffer body = BUFFER_EMPTY;
    enum xccos_error error;

    buffer_append_text(&body, prefix);
    for (size_t i = 0; i < times; i++) {
        buffer_printf(&body, "%s%zu%s", before, i, after);
    }
    buffer_append_text(&body, suffix);
    error = read_bytes(buffer_slice(&body));
    buffer_deinit(&body);
    return error;
}

/* A document type declaration ends it before any entity can be. */
static void test_xccos_read__doctype(void **state)
{
    static const char *const bodies[] = {
        "<!DOCTYPE xccos>" BEGIN END,
        "<!DOCTYPE xccos SYSTEM \"file:///etc/passwd\">" BEGIN END,
        "<!DOCTYPE xccos PUBLIC \"-//X\" \"http://evil.example/x.dtd\">" BEGIN
            END,
        "<!DOCTYPE x [<!ENTITY a \"aaaaaaaaaa\"><!ENTITY b \"&a;&a;&a;&a;\">"
        "<!ENTITY c \"&b;&b;&b;&b;\">]>" BEGIN POST
        "<chat>&c;</chat></grpchat>" END,
        "<?xml version=\"1.0\"?><!DOCTYPE x [<!ENTITY % p SYSTEM "
        "\"http://evil.example/\">%p;]>" BEGIN END,
    };

    (void)state;
    for (size_t i = 0; i < sizeof(bodies) / sizeof(bodies[0]); i++) {
        assert_int_equal(read_text(bodies[i]), XCCOS_ERROR_DOCTYPE);
    }
    assert_int_equal(read_repeated("<!DOCTYPE x [<!ENTITY a \"", "a", 100000,
                                   "\">]>" BEGIN END),
                     XCCOS_ERROR_DOCTYPE);
    assert_int_equal(read_text(BEGIN POST "<chat>&a;</chat></grpchat>" END),
                     XCCOS_ERROR_NOT_WELL_FORMED);
}

/* Sixteen levels are taken, one more is not. */
static void test_xccos_read__depth(void **state)
{
    (void)state;
    assert_int_equal(read_text(BEGIN "<a><a><a><a><a><a><a><a><a><a><a><a><a>"
                                     "<a><a></a></a></a></a></a></a></a></a>"
                                     "</a></a></a></a></a></a></a>" END),
                     XCCOS_ERROR_NONE);
    assert_int_equal(read_text(BEGIN
                               "<a><a><a><a><a><a><a><a><a><a><a><a><a><a>"
                               "<a><a/></a></a></a></a></a></a></a></a></a>"
                               "</a></a></a></a></a></a>" END),
                     XCCOS_ERROR_DEPTH);
    assert_int_equal(read_repeated(BEGIN, "<a>", 300000, ""),
                     XCCOS_ERROR_DEPTH);
}

/* Primitives and elements are counted, known or not. */
static void test_xccos_read__counts(void **state)
{
    (void)state;
    assert_int_equal(read_repeated(BEGIN, "<cmd id='cmd:requri'/>", 1024, END),
                     XCCOS_ERROR_NONE);
    assert_int_equal(read_repeated(BEGIN, "<cmd id='cmd:requri'/>", 1025, END),
                     XCCOS_ERROR_PRIMITIVES);
    assert_int_equal(read_repeated(BEGIN, "<a/>", 1025, END),
                     XCCOS_ERROR_PRIMITIVES);
    assert_int_equal(read_repeated(BEGIN "<cmd id='cmd:x'><data>", "<uib/>",
                                   16384 - 3, "</data></cmd>" END),
                     XCCOS_ERROR_NONE);
    assert_int_equal(read_repeated(BEGIN "<cmd id='cmd:x'><data>", "<uib/>",
                                   16384 - 2, "</data></cmd>" END),
                     XCCOS_ERROR_ELEMENTS);
    assert_int_equal(read_repeated(BEGIN "<z>", "<a/>", 250000, "</z>" END),
                     XCCOS_ERROR_ELEMENTS);
}

/* The children that take most memory for their bytes stay within bounds;
 * read_bytes asserts them. */
static void test_xccos_read__memory(void **state)
{
    (void)state;
    assert_int_equal(read_repeated(BEGIN "<cmd id='cmd:x'><data>", "<chanib/>",
                                   16384 - 3, "</data></cmd>" END),
                     XCCOS_ERROR_NONE);
    assert_int_equal(read_repeated(BEGIN "<cmd id='cmd:x'><data><chanib>",
                                   "<msg chanUri='ab' author='cd' authdisp='e' "
                                   "a='b'/>",
                                   16384 - 4, "</chanib></data></cmd>" END),
                     XCCOS_ERROR_NONE);
    assert_int_equal(read_numbered(BEGIN "<cmd id='cmd:x'><data>",
                                   "<uib xmlns:a", "='u'/>", 16384 - 3,
                                   "</data></cmd>" END),
                     XCCOS_ERROR_NONE);
}

/* Attributes are limited in number and bytes, declarations of namespaces
 * among them. */
static void test_xccos_read__attributes(void **state)
{
    (void)state;
    assert_int_equal(read_numbered(BEGIN "<a", " a", "=''", 64, "/>" END),
                     XCCOS_ERROR_NONE);
    assert_int_equal(read_numbered(BEGIN "<a", " a", "=''", 65, "/>" END),
                     XCCOS_ERROR_ATTRIBUTES);
    assert_int_equal(read_numbered(BEGIN "<a", " a", "=''", 90000, "/>" END),
                     XCCOS_ERROR_ATTRIBUTES);
    assert_int_equal(
        read_numbered(BEGIN "<a", " xmlns:a", "='u'", 65, "/>" END),
        XCCOS_ERROR_ATTRIBUTES);
    assert_int_equal(
        read_numbered(BEGIN "<a b=''", " xmlns:a", "='u'", 64, "/>" END),
        XCCOS_ERROR_ATTRIBUTES);
    assert_int_equal(
        read_repeated(BEGIN "<a b='", "x", 32 * 1024 - 1, "'/>" END),
        XCCOS_ERROR_NONE);
    assert_int_equal(read_repeated(BEGIN "<a b='", "x", 32 * 1024, "'/>" END),
                     XCCOS_ERROR_ATTRIBUTE_BYTES);
    assert_int_equal(
        read_repeated(BEGIN "<a xmlns:b='", "x", 32 * 1024, "'/>" END),
        XCCOS_ERROR_ATTRIBUTE_BYTES);
    assert_int_equal(read_repeated(BEGIN "<a xmlns:b='01234567' c='", "x",
                                   32 * 1024 - 9, "'/>" END),
                     XCCOS_ERROR_ATTRIBUTE_BYTES);
    assert_int_equal(read_text(BEGIN "<a b='1' b='2'/>" END),
                     XCCOS_ERROR_NOT_WELL_FORMED);
}

/* Many namespaces in scope at once are of no use to anyone. */
static void test_xccos_read__namespaces_in_scope(void **state)
{
    struct buffer body = BUFFER_EMPTY;

    (void)state;
    buffer_append_text(&body, BEGIN "<cmd id='cmd:x'><data");
    for (int i = 0; i < 40; i++) {
        buffer_printf(&body, " xmlns:a%d='u'", i);
    }
    buffer_append_text(&body, "><uib");
    for (int i = 0; i < 40; i++) {
        buffer_printf(&body, " xmlns:b%d='u'", i);
    }
    buffer_append_text(&body, "/></data></cmd>" END);
    assert_int_equal(read_bytes(buffer_slice(&body)), XCCOS_ERROR_ATTRIBUTES);
    buffer_deinit(&body);
}

/* A text of 64 KiB is taken, one byte more is not, in one piece or many. */
static void test_xccos_read__text(void **state)
{
    (void)state;
    assert_int_equal(read_repeated(BEGIN POST "<chat>", "x", 64 * 1024,
                                   "</chat></grpchat>" END),
                     XCCOS_ERROR_NONE);
    assert_int_equal(read_repeated(BEGIN POST "<chat>", "x", 64 * 1024 + 1,
                                   "</chat></grpchat>" END),
                     XCCOS_ERROR_TEXT_BYTES);
    assert_int_equal(read_repeated(BEGIN POST "<chat>", "&lt;<b/>", 64 * 256,
                                   "</chat></grpchat>" END),
                     XCCOS_ERROR_ELEMENTS);
    assert_int_equal(read_repeated(BEGIN POST "<chat>", "&lt;&#10;",
                                   32 * 1024 + 1, "</chat></grpchat>" END),
                     XCCOS_ERROR_TEXT_BYTES);
    assert_int_equal(read_repeated(BEGIN POST, "outside of any chat ", 40000,
                                   "</grpchat>" END),
                     XCCOS_ERROR_NONE);
}

/* What is carried along is limited in all. */
static void test_xccos_read__carried(void **state)
{
    (void)state;
    assert_int_equal(read_repeated(BEGIN POST "<rtf>", "x", 64 * 1024 - 11,
                                   "</rtf></grpchat>" END),
                     XCCOS_ERROR_NONE);
    assert_int_equal(read_repeated(BEGIN POST "<rtf>", "x", 64 * 1024 - 10,
                                   "</rtf></grpchat>" END),
                     XCCOS_ERROR_CARRIED);
    assert_int_equal(
        read_repeated(BEGIN POST, "<r>1</r>", 24, "</grpchat>" END),
        XCCOS_ERROR_NONE);
    assert_int_equal(
        read_repeated(BEGIN POST, "<r>1</r>", 25, "</grpchat>" END),
        XCCOS_ERROR_CARRIED);
    assert_int_equal(
        read_repeated(BEGIN POST "<q>", "<r/>", 24, "</q></grpchat>" END),
        XCCOS_ERROR_CARRIED);
    assert_int_equal(
        read_repeated(BEGIN "<grpchat a='", "&lt;", 32000, "'/>" END),
        XCCOS_ERROR_CARRIED);
}

/* Namespaces that many children borrow cannot make a message grow. */
static void test_xccos_read__carried_namespaces(void **state)
{
    struct buffer body = BUFFER_EMPTY;

    (void)state;
    buffer_append_text(&body, BEGIN "<grpchat");
    for (int i = 0; i < 60; i++) {
        buffer_printf(&body, " xmlns:a%d='%0500d'", i, i);
    }
    buffer_append_text(&body, ">");
    for (int i = 0; i < 24; i++) {
        buffer_append_text(&body, "<r");
        for (int j = 0; j < 60; j++) {
            buffer_printf(&body, " a%d:b=''", j);
        }
        buffer_append_text(&body, "/>");
    }
    buffer_append_text(&body, "</grpchat>" END);
    assert_int_equal(read_bytes(buffer_slice(&body)), XCCOS_ERROR_CARRIED);
    buffer_deinit(&body);
}

/* A message that could be read, but no longer once it stands in a reply with
 * history, is refused before it gets there. */
static void test_xccos_read__carried_too_deep_for_history(void **state)
{
    (void)state;
    assert_int_equal(read_text(BEGIN POST
                               "<a><a><a><a><a><a><a><a><a><a><a/></a></a></a>"
                               "</a></a></a></a></a></a></a></grpchat>" END),
                     XCCOS_ERROR_NONE);
    assert_int_equal(read_text(BEGIN POST
                               "<a><a><a><a><a><a><a><a><a><a><a><a/></a></a>"
                               "</a></a></a></a></a></a></a></a></a>"
                               "</grpchat>" END),
                     XCCOS_ERROR_CARRIED);
    assert_int_equal(read_numbered(BEGIN "<grpchat xmlns:p='u'", " p:a", "=''",
                                   26, "/>" END),
                     XCCOS_ERROR_NONE);
    assert_int_equal(read_numbered(BEGIN "<grpchat xmlns:p='u'", " p:a", "=''",
                                   60, "/>" END),
                     XCCOS_ERROR_CARRIED);
}

/* A body of 1 MiB is read, one byte more is not looked at. */
static void test_xccos_read__body(void **state)
{
    size_t frame = strlen(BEGIN "<!--"
                                "-->" END);

    (void)state;
    assert_int_equal(
        read_repeated(BEGIN "<!--", "x", 1024 * 1024 - frame, "-->" END),
        XCCOS_ERROR_NONE);
    assert_int_equal(
        read_repeated(BEGIN "<!--", "x", 1024 * 1024 - frame + 1, "-->" END),
        XCCOS_ERROR_BODY_BYTES);
    assert_int_equal(read_bytes(SLICE_NONE), XCCOS_ERROR_EMPTY);
}

/* Bytes that are no UTF-8, raw or declared as something else. */
static void test_xccos_read__encodings(void **state)
{
    static const char utf16le[] = "\xff\xfe<\0x\0/\0>\0";
    static const char utf16be[] = "\xfe\xff\0<\0x\0/\0>";
    static const char bare16[] = "<\0x\0/\0>\0";
    static const char *const texts[] = {
        "\x80",
        "\xc3",
        "\xc0\xaf",
        "\xed\xa0\x80",
        "\xf5\x80\x80\x80",
        "\xf8\x88\x80\x80\x80",
        "\xe4",
        "\xc3(",
    };
    char body[512];

    (void)state;
    assert_int_equal(read_bytes(slice_of(utf16le, sizeof(utf16le) - 1)),
                     XCCOS_ERROR_UTF8);
    assert_int_equal(read_bytes(slice_of(utf16be, sizeof(utf16be) - 1)),
                     XCCOS_ERROR_UTF8);
    assert_int_equal(read_bytes(slice_of(bare16, sizeof(bare16) - 1)),
                     XCCOS_ERROR_CHARACTER);
    for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++) {
        snprintf(body, sizeof(body), BEGIN POST "<chat>%s</chat></grpchat>" END,
                 texts[i]);
        assert_int_equal(read_text(body), XCCOS_ERROR_UTF8);
    }
    /* Latin 1 by declaration is still not UTF-8. */
    assert_int_equal(
        read_text("<?xml version='1.0' encoding='ISO-8859-1'?>" BEGIN POST
                  "<chat>\xe4</chat></grpchat>" END),
        XCCOS_ERROR_UTF8);
}

/* Characters XML forbids, raw or by reference: pidgin-sipe sends the latter
 * when a user pastes a control character. */
static void test_xccos_read__forbidden_characters(void **state)
{
    char body[256];

    (void)state;
    for (int c = 1; c < 0x20; c++) {
        bool allowed = c == '\t' || c == '\n' || c == '\r';
        enum xccos_error error =
            allowed ? XCCOS_ERROR_NONE : XCCOS_ERROR_CHARACTER;

        snprintf(body, sizeof(body), BEGIN POST "<chat>%c</chat></grpchat>" END,
                 c);
        assert_int_equal(read_text(body), error);
        snprintf(body, sizeof(body),
                 BEGIN POST "<chat>&#x%x;</chat></grpchat>" END, (unsigned)c);
        assert_int_equal(read_text(body), error);
    }
    assert_int_equal(read_text(BEGIN "<a b='&#0;'/>" END),
                     XCCOS_ERROR_CHARACTER);
    assert_int_equal(read_text(BEGIN "<a b='&#xd800;'/>" END),
                     XCCOS_ERROR_CHARACTER);
    assert_int_equal(read_text(BEGIN "<a b='&#xffff;'/>" END),
                     XCCOS_ERROR_CHARACTER);
    assert_int_equal(read_text(BEGIN "<a b='\xef\xbf\xbf'/>" END),
                     XCCOS_ERROR_CHARACTER);
    assert_int_equal(read_text(BEGIN "<a b='&#x110000;'/>" END),
                     XCCOS_ERROR_CHARACTER);
    assert_int_equal(
        read_bytes(slice_of(BEGIN "\0" END, sizeof(BEGIN "\0" END) - 1)),
        XCCOS_ERROR_CHARACTER);
}

/* A body that ends anywhere before its end is not well-formed. */
static void test_xccos_read__truncated_at_every_byte(void **state)
{
    static const char body[] =
        "<?xml version='1.0'?>" BEGIN
        "<grpchat id=\"grpchat\" seqid=\"1\" chanUri=\"" TIDE_URI "\" "
        "author=\"" TOMAS "\" ts=\"2031-02-03T07:31:09Z\" p:x='1' "
        "xmlns:p='urn:p'><chat>a &lt; <![CDATA[b]]> \xf0\x9f\x98\x80</chat>"
        "<p:rtf><i/></p:rtf><!-- c --><?pi d?></grpchat>" END;

    (void)state;
    assert_int_equal(read_text(body), XCCOS_ERROR_NONE);
    for (size_t len = 1; len + 1 < sizeof(body); len++) {
        enum xccos_error error = read_bytes(slice_of(body, len));

        if (error != XCCOS_ERROR_UTF8) { /* Within the last character. */
            assert_int_equal(error, XCCOS_ERROR_NOT_WELL_FORMED);
        }
    }
}

/* What is XML but not XCCOS, and what is XCCOS but names no verb. */
static void test_xccos_read__wrong_names(void **state)
{
    static const struct {
        const char *body;
        enum xccos_error error;
    } bodies[] = {
        {"hello", XCCOS_ERROR_NOT_WELL_FORMED},
        {"<xccos/>", XCCOS_ERROR_ROOT},
        {"<xccos xmlns='urn:parlano:xml:ns:XCCOS'/>", XCCOS_ERROR_ROOT},
        {"<Xccos xmlns='urn:parlano:xml:ns:xccos'/>", XCCOS_ERROR_ROOT},
        {BEGIN END BEGIN END, XCCOS_ERROR_NOT_WELL_FORMED},
        {BEGIN END "x", XCCOS_ERROR_NOT_WELL_FORMED},
        {BEGIN "<p:cmd/>" END, XCCOS_ERROR_NOT_WELL_FORMED},
        {BEGIN "<cmd/>" END, XCCOS_ERROR_VERB},
        {BEGIN "<cmd id='requri'/>" END, XCCOS_ERROR_VERB},
        {BEGIN "<cmd id='cmd:'/>" END, XCCOS_ERROR_VERB},
        {BEGIN "<cmd id='rpl:join'/>" END, XCCOS_ERROR_VERB},
        {BEGIN "<cmd id='cmd:jo in'/>" END, XCCOS_ERROR_VERB},
        {BEGIN "<cmd id='cmd:jo&quot;in'/>" END, XCCOS_ERROR_VERB},
        {BEGIN "<cmd id='cmd:a234567890123456789012345678901234567890'/>" END,
         XCCOS_ERROR_NONE},
        {BEGIN "<cmd id='cmd:a2345678901234567890123456789012345678901'/>" END,
         XCCOS_ERROR_VERB},
        {BEGIN "<cmd id='cmd:join' seqid='one'/>" END, XCCOS_ERROR_SEQID},
        {BEGIN "<grpchat seqid='4294967296'/>" END, XCCOS_ERROR_SEQID},
        {"<xccos xmlns='urn:parlano:xml:ns:xccos' envid='-1'/>",
         XCCOS_ERROR_ENVID},
        {"<xccos xmlns='urn:parlano:xml:ns:xccos' "
         "envid='18446744073709551616'/>",
         XCCOS_ERROR_ENVID},
        {"<xccos xmlns='urn:parlano:xml:ns:xccos' envid=''/>",
         XCCOS_ERROR_ENVID},
    };

    (void)state;
    for (size_t i = 0; i < sizeof(bodies) / sizeof(bodies[0]); i++) {
        enum xccos_error error = read_text(bodies[i].body);

        if (error != bodies[i].error) {
            fail_msg("%s for %s", xccos_error_name(error), bodies[i].body);
        }
    }
}

/* Limits are answered 413, the rest 400. */
static void test_xccos_error_is_limit__sizes_and_counts(void **state)
{
    (void)state;
    assert_true(xccos_error_is_limit(XCCOS_ERROR_DEPTH));
    assert_true(xccos_error_is_limit(XCCOS_ERROR_CARRIED));
    assert_false(xccos_error_is_limit(XCCOS_ERROR_DOCTYPE));
    assert_false(xccos_error_is_limit(XCCOS_ERROR_NONE));
    for (int i = 0; i < XCCOS_ERROR_COUNT; i++) {
        assert_true(strlen(xccos_error_text(i)) > 3);
        assert_true(strlen(xccos_error_name(i)) > 2);
    }
    assert_string_equal(xccos_error_name(XCCOS_ERROR_COUNT), "UNKNOWN");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        RUN(test_xccos_read__doctype),
        RUN(test_xccos_read__depth),
        RUN(test_xccos_read__counts),
        RUN(test_xccos_read__memory),
        RUN(test_xccos_read__attributes),
        RUN(test_xccos_read__namespaces_in_scope),
        RUN(test_xccos_read__text),
        RUN(test_xccos_read__carried),
        RUN(test_xccos_read__carried_namespaces),
        RUN(test_xccos_read__carried_too_deep_for_history),
        RUN(test_xccos_read__body),
        RUN(test_xccos_read__encodings),
        RUN(test_xccos_read__forbidden_characters),
        RUN(test_xccos_read__truncated_at_every_byte),
        RUN(test_xccos_read__wrong_names),
        RUN(test_xccos_error_is_limit__sizes_and_counts),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
