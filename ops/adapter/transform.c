#include "ops/adapter/transform.h"

#include <libxml/parser.h>
#include <libxml/xpath.h>
#include <libxslt/imports.h>
#include <libxslt/security.h>
#include <libxslt/transform.h>
#include <libxslt/xsltInternals.h>
#include <libxslt/xsltutils.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

/* What the libraries said, the first of it. */
struct complaint {
    char text[FAULT_LINE_BYTES_MAX / 2];
    size_t len;
};

static void __attribute__((format(printf, 2, 3)))
complain(void *context, const char *format, ...)
{
    struct complaint *complaint = context;
    size_t room = sizeof(complaint->text) - complaint->len;
    va_list arguments;
    int n;

    va_start(arguments, format);
    n = vsnprintf(complaint->text + complaint->len, room, format, arguments);
    va_end(arguments);
    if (n > 0) {
        complaint->len += (size_t)n < room ? (size_t)n : room - 1;
    }
}

static xmlParserInputPtr load_nothing(const char *url, const char *id,
                                      xmlParserCtxtPtr context)
{
    (void)id;
    (void)context;
    xmlGenericError(xmlGenericErrorContext, "%s is outside\n",
                    url == NULL ? "an entity" : url);
    return NULL;
}

/* Shut the doors: once, for the whole process. */
static enum fault shut(struct complaint *complaint,
                       xsltSecurityPrefsPtr *doors_out)
{
    static const xsltSecurityOption options[] = {
        XSLT_SECPREF_READ_FILE, XSLT_SECPREF_WRITE_FILE,
        XSLT_SECPREF_CREATE_DIRECTORY, XSLT_SECPREF_READ_NETWORK,
        XSLT_SECPREF_WRITE_NETWORK};
    xsltSecurityPrefsPtr doors = xsltNewSecurityPrefs();

    if (doors == NULL) {
        return fault_memory();
    }
    for (size_t i = 0; i < sizeof(options) / sizeof(options[0]); i++) {
        xsltSetSecurityPrefs(doors, options[i], xsltSecurityForbid);
    }
    xsltSetDefaultSecurityPrefs(doors); /* For imports, while it is read. */
    xmlSetExternalEntityLoader(load_nothing);
    xmlSetGenericErrorFunc(complaint, complain);
    xsltSetGenericErrorFunc(complaint, complain);
    xsltMaxDepth = TRANSFORM_DEPTH_MAX;
    *doors_out = doors;
    return FAULT_NONE;
}

static void open_again(xsltSecurityPrefsPtr doors)
{
    xsltSetDefaultSecurityPrefs(NULL);
    xsltFreeSecurityPrefs(doors);
    xmlSetGenericErrorFunc(NULL, NULL);
    xsltSetGenericErrorFunc(NULL, NULL);
}

static enum fault failed(const struct complaint *complaint, const char *what)
{
    return fault_say(FAULT_FAILED, "transform: %s: %s", what,
                     complaint->len > 0 ? complaint->text : "no reason given");
}

static xmlDocPtr parse(struct slice text, const char *name)
{
    return xmlReadMemory((const char *)text.data, (int)text.len, name, NULL,
                         XML_PARSE_NONET | XML_PARSE_HUGE);
}

static enum fault read_style(struct slice xslt,
                             const struct complaint *complaint,
                             xsltStylesheetPtr *style_out)
{
    xmlDocPtr document = parse(xslt, "transform");
    xsltStylesheetPtr style = NULL;

    if (document == NULL) {
        return failed(complaint, "no XML");
    }
    style = xsltParseStylesheetDoc(document);
    if (style == NULL) {
        xmlFreeDoc(document);
        return failed(complaint, "no XSLT");
    }
    if (style->errors != 0) {
        xsltFreeStylesheet(style); /* And its document. */
        return failed(complaint, "has errors");
    }
    *style_out = style;
    return FAULT_NONE;
}

static const char *extension_of(xsltStylesheetPtr style, xmlDocPtr result)
{
    const xmlChar *method = NULL;

    XSLT_GET_IMPORT_PTR(method, style, method)
    if (method == NULL) {
        return result->type == XML_HTML_DOCUMENT_NODE ? ".html" : ".xml";
    }
    if (xmlStrEqual(method, (const xmlChar *)"text")) {
        return ".txt";
    }
    return xmlStrEqual(method, (const xmlChar *)"html") ? ".html" : ".xml";
}

static enum fault save(xsltStylesheetPtr style, xmlDocPtr result,
                       const struct complaint *complaint, struct buffer *to)
{
    xmlChar *text = NULL;
    int bytes = 0;

    if (xsltSaveResultToString(&text, &bytes, result, style) != 0) {
        return failed(complaint, "its result has no text");
    }
    if (bytes > TRANSFORM_OUTPUT_BYTES_MAX) {
        xmlFree(text);
        return fault_say(FAULT_FAILED, "transform: its result is larger than "
                                       "1 GiB");
    }
    buffer_append(to, text, (size_t)bytes);
    xmlFree(text);
    return buffer_failed(to) ? fault_memory() : FAULT_NONE;
}

static enum fault run(xsltStylesheetPtr style, xmlDocPtr document,
                      xsltSecurityPrefsPtr doors,
                      const struct complaint *complaint, xmlDocPtr *result_out)
{
    xsltTransformContextPtr context = xsltNewTransformContext(style, document);
    xsltTransformState state;

    if (context == NULL) {
        return fault_memory();
    }
    if (xsltSetCtxtSecurityPrefs(doors, context) != 0) {
        xsltFreeTransformContext(context);
        return fault_memory();
    }
    context->xpathCtxt->opLimit = TRANSFORM_OPERATIONS_MAX;
    *result_out =
        xsltApplyStylesheetUser(style, document, NULL, NULL, NULL, context);
    state = context->state;
    xsltFreeTransformContext(context);
    if (*result_out == NULL || state != XSLT_STATE_OK) {
        xmlFreeDoc(*result_out);
        *result_out = NULL;
        return failed(complaint, "failed");
    }
    return FAULT_NONE;
}

static enum fault apply(xsltStylesheetPtr style, struct slice text,
                        xsltSecurityPrefsPtr doors,
                        const struct complaint *complaint, struct buffer *to,
                        const char **extension_out)
{
    xmlDocPtr document = parse(text, "conversations"), result = NULL;
    enum fault fault;

    if (document == NULL) {
        return failed(complaint, "the document cannot be read");
    }
    fault = run(style, document, doors, complaint, &result);
    if (fault == FAULT_NONE) {
        *extension_out = extension_of(style, result);
        fault = save(style, result, complaint, to);
        xmlFreeDoc(result);
    }
    xmlFreeDoc(document);
    return fault;
}

enum fault transform_apply(struct slice xslt, struct slice document,
                           struct buffer *result, const char **extension_out)
{
    struct complaint complaint = {.len = 0};
    xsltSecurityPrefsPtr doors = NULL;
    xsltStylesheetPtr style = NULL;
    enum fault fault;

    if (document.len > TRANSFORM_INPUT_BYTES_MAX ||
        xslt.len > TRANSFORM_INPUT_BYTES_MAX) {
        return fault_say(FAULT_FAILED,
                         "transform: a document of %zu bytes, more than 256 "
                         "MiB: set one_room_per_file or a shorter interval",
                         document.len);
    }
    TAKE(shut(&complaint, &doors));
    fault = read_style(xslt, &complaint, &style);
    if (fault == FAULT_NONE) {
        fault =
            apply(style, document, doors, &complaint, result, extension_out);
        xsltFreeStylesheet(style);
    }
    open_again(doors);
    return fault;
}
