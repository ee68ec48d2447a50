/* Lets pidgin-sipe read XML with the libxml2 of Debian 12. For LD_PRELOAD.
 *
 * The plugin hands libxml2 a table of callbacks that is stamped as version 2
 * and holds callbacks of version 1 only. Since the repair of CVE-2023-39615
 * libxml2 goes by the stamp alone and calls none of them, so every document
 * looks empty: the plugin signs in and never finds a room, whatever server it
 * talks to. Here the same table goes on with the stamp that tells the truth.
 *
 *   LD_PRELOAD=libperch-sax.so pidgin
 */
#include <dlfcn.h>
#include <libxml/parser.h>
#include <stdio.h>
#include <stdlib.h>

typedef int parse_memory(xmlSAXHandlerPtr table, void *context,
                         const char *text, int len);

static parse_memory *next_parse_memory(void)
{
    static parse_memory *next;

    if (next == NULL) {
        /* POSIX lets a function's address travel as a void pointer. */
        *(void **)&next = dlsym(RTLD_NEXT, "xmlSAXUserParseMemory");
    }
    if (next == NULL) {
        fprintf(stderr, "libperch-sax: there is no libxml2 behind this\n");
        abort();
    }
    return next;
}

/* Stands before libxml2's function of this name. */
int xmlSAXUserParseMemory(xmlSAXHandlerPtr table, void *context,
                          const char *text, int len)
{
    xmlSAXHandler honest;

    if (table == NULL || table->initialized != XML_SAX2_MAGIC ||
        table->startElement == NULL || table->startElementNs != NULL) {
        return next_parse_memory()(table, context, text, len);
    }
    honest = *table;
    honest.initialized = 1;
    return next_parse_memory()(&honest, context, text, len);
}
