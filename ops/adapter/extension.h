/* What Persistent Chat's schema cannot say: a second document, in a namespace
 * of our own, with every record of the cut, its CSN, and where it stands in
 * the first.
 *
 *   <Extension pool= origin= ... >
 *     <Event csn="17" kind="post" time="2026-..Z" type="CHAT"
 *            room="ma-chan://..." position="3">   3rd Message there
 *       <Field name="message_id">4294967296</Field>
 *       <Field name="command"><Field name="post">...</Field></Field>
 *     </Event>
 *     <Room uri="ma-chan://..."> <Field .../> </Room>     room_details
 *     <User uri="sip:..."> <Field .../> </User>           user_details
 *   </Extension>
 *
 * Fields are in the order of their names. encoding="base64": a text that XML
 * cannot say.
 *
 * Thread: main.
 */
#ifndef OPS_ADAPTER_EXTENSION_H
#define OPS_ADAPTER_EXTENSION_H

#include "ops/adapter/batch.h"
#include "ops/adapter/folder.h"

#define EXTENSION_SPACE "urn:perch:compliance:1"

/** Write the document to the file that was begun. */
enum fault extension_write(const struct batch *batch, struct folder *folder);

#endif
