/* What the grammar must refuse: were it to take everything, that all we emit
 * has it would show nothing. The step wire/grammar judges these bodies. */
#include "tests/wire/wire.h"

#define TOLD                                                                   \
    "chanUri=\"" TIDE_URI "\" author=\"" TOMAS "\" alert=\"false\" "           \
    "chatId=\"1\" ts=\"2031-02-03T07:31:09.0000000Z\""
#define CHAT "<chat>x</chat>"

/* Each has one thing wrong. */
static const char *const bodies[] = {
    /* Envelopes. */
    "<xccos/>",
    ENVELOPE("1", ""),
    ENVELOPE("-1", COMMAND("requri", "<data/>")),
    ENVELOPE("18446744073709551616", COMMAND("requri", "<data/>")),
    ENVELOPE("1", COMMAND("requri", "<data/>") COMMAND("requri", "<data/>")),
    "<xccos envid=\"1\" xmlns=\"urn:parlano:xml:ns:xccos\">" COMMAND(
        "requri", "<data/>") "</xccos>",
    /* Commands with another's data, or too much or too little of it. */
    ENVELOPE("1", COMMAND("requri", "")),
    ENVELOPE("1", COMMAND("requri", "<data><uib uri=\"sip:a\"/></data>")),
    ENVELOPE("1", COMMAND("frobnicate", "<data/>")),
    ENVELOPE("1", COMMAND("join", "<data/>")),
    ENVELOPE("1",
             COMMAND("part", "<data><chanib uri=\"" OPS_URI "\"/></data>")),
    ENVELOPE("1", COMMAND("chansrch", "<data><qib qtype=\"BYNAME\"/></data>")),
    ENVELOPE("1",
             COMMAND("bccontext", "<data><bcq><last cnt=\"x\"/></bcq></data>")),
    /* Replies. */
    ENVELOPE("1", REPLY("requri", "1", "<data/>")),
    ENVELOPE("1", REPLY("join", "1", "<data/>")),
    ENVELOPE("1", REPLY("frobnicate", "1", "<data/>")),
    ENVELOPE("1", REPLY("getinv", "1", "")),
    ENVELOPE("1", REPLY("bcsearch", "1",
                        "<data><chanib uri=\"" TIDE_URI "\"/></data>")),
    ENVELOPE("1", REPLY("chansrch", "1",
                        "<data><chanib uri=\"" TIDE_URI "\"><aib key=\"1\" "
                        "value=\"1\"/></chanib></data>")),
    ENVELOPE("1", REPLY("chansrch", "1",
                        "<data><chanib uri=\"" TIDE_URI "\"><info "
                        "id=\"urn:parlano:ma:info:visibilty\">OPEN</info>"
                        "</chanib></data>")),
    ENVELOPE("1", REPLY("chansrch", "1",
                        "<data><chanib uri=\"" TIDE_URI "\"><prop "
                        "id=\"urn:parlano:ma:prop:logged\">true</prop>"
                        "</chanib></data>")),
    ENVELOPE("1",
             REPLY("bccontext", "1",
                   "<data><chanib uri=\"" TIDE_URI "\"><msg "
                   "id=\"grpchat\" seqid=\"1\" " TOLD "/></chanib></data>")),
    ENVELOPE("1", REPLY("bjoin", "1",
                        "<data><fib key=\"FAILED\" value=\"" TIDE_GUID "\" "
                        "domain=\"fjord.example\"/></data>")),
    /* Refusals: of success, with data, without a token. */
    ENVELOPE("1", "<rpl id=\"rpl:join\" seqid=\"1\"><commandid seqid=\"1\" "
                  "envid=\"1\"/><resp code=\"200\">ERROR_BUSY</resp><data/>"
                  "</rpl>"),
    ENVELOPE("1",
             "<rpl id=\"rpl:join\" seqid=\"1\"><commandid seqid=\"1\" "
             "envid=\"1\"/><resp code=\"403\">go away</resp><data/></rpl>"),
    ENVELOPE("1", "<rpl id=\"rpl:part\" seqid=\"1\"><commandid seqid=\"1\" "
                  "envid=\"1\"/><resp code=\"412\">ERROR_USER_NOT_JOINED</resp>"
                  "<data><chanib uri=\"" TIDE_URI "\"/></data></rpl>"),
    ENVELOPE("1", "<rpl id=\"rpl:part\" seqid=\"1\"><resp code=\"412\">"
                  "ERROR_USER_NOT_JOINED</resp><data/></rpl>"),
    /* Notices. */
    ENVELOPE("1", NOTICE("join", "<data><uib uri=\"" TOMAS "\"/></data>")),
    ENVELOPE("1",
             NOTICE("part", "<data><chanib uri=\"" TIDE_URI "\"/></data>")),
    /* Messages: whole seconds, a zone, fewer digits, markup in the text,
     * no text, a text too many, a stranger's attribute of perch's own. */
    ENVELOPE("1", "<grpchat id=\"grpchat\" seqid=\"1\" chanUri=\"" TIDE_URI
                  "\" author=\"" TOMAS "\" ts=\"2031-02-03T07:31:09Z\">" CHAT
                  "</grpchat>"),
    ENVELOPE("1",
             "<grpchat id=\"grpchat\" seqid=\"1\" chanUri=\"" TIDE_URI
             "\" author=\"" TOMAS
             "\" ts=\"2031-02-03T07:31:09.0000000+01:00\">" CHAT "</grpchat>"),
    ENVELOPE("1", "<grpchat id=\"grpchat\" seqid=\"1\" " TOLD
                  "><chat>a<b>c</b></chat></grpchat>"),
    ENVELOPE("1", "<grpchat id=\"grpchat\" seqid=\"1\" " TOLD "/>"),
    ENVELOPE("1", "<grpchat id=\"grpchat\" seqid=\"1\" " TOLD ">" CHAT CHAT
                  "</grpchat>"),
    ENVELOPE("1", "<grpchat id=\"grpchat\" seqid=\"1\" " TOLD
                  " xmlns:perch=\"urn:perch:xccos\" perch:retry=\"1\">" CHAT
                  "</grpchat>"),
    ENVELOPE("1", "<grpchat id=\"grpchat\" seqid=\"1\" chanUri=\"" TIDE_URI
                  "\" author=\"" TOMAS "\" ts=\"2031-02-03T07:31:09.0000000Z\" "
                  "xmlns:perch=\"urn:perch:xccos\" perch:other=\"1\">" CHAT
                  "</grpchat>"),
    /* A line about a message that has an id, as if it were one; what became of
     * a message, without saying what. */
    ENVELOPE("1", "<grpchat id=\"grpchat\" seqid=\"1\" " TOLD
                  " xmlns:perch=\"urn:perch:xccos\" perch:about=\"1\">" CHAT
                  "</grpchat>"),
    ENVELOPE("1", NOTICE("modmsg", "<data><chanib uri=\"" TIDE_URI "\"><msg "
                                   "id=\"grpchat\" seqid=\"1\" " TOLD ">" CHAT
                                   "</msg></chanib></data>")),
    ENVELOPE("1",
             NOTICE("purge", "<data><chanib uri=\"" TIDE_URI "\"/></data>")),
};

/* They go where the grammar is expected to refuse them. */
static void test_grammar__refuses(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof(bodies) / sizeof(bodies[0]); i++) {
        wire_emit("invalid-xccos", slice_of_text(bodies[i]));
    }
    wire_emit("invalid-provisioning", SLICE_LITERAL("<provisionGroupList/>"));
    wire_emit("invalid-provisioning",
              SLICE_LITERAL(
                  "<provisionGroupList xmlns=\"http://schemas.microsoft.com/"
                  "2006/09/sip/provisiongrouplist-notification\">"
                  "<provisionGroup name=\"persistentChatConfiguration\">"
                  "<propertyEntryList><property "
                  "name=\"EnablePersistentChat\">True</property>"
                  "</propertyEntryList></provisionGroup>"
                  "</provisionGroupList>"));
}

int main(void)
{
    const struct CMUnitTest tests[] = {RUN(test_grammar__refuses)};

    return cmocka_run_group_tests(tests, NULL, NULL);
}
