/* Commands about the compliance archive. */
#include "ops/perchctl/command_parts.h"

#define ADAPTER_WORD WORD("NAME", "adapter", "name of the adapter")
#define ADAPTER_OUTPUT                                                         \
    "directory below one that the nodes' [archive] output allows; of eml "     \
    "also "                                                                    \
    "smtp://HOST:PORT; of postgresql a connection string without password"
/* What both add and change take. */
#define ADAPTER_OPTIONS                                                        \
    OPTION("--run-interval", "run_interval_s", "SECONDS",                      \
           "60 to 2592000; 900 unless said"),                                  \
        OPTION("--one-room-per-file", "one_room_per_file", "yes|no",           \
               "a file for each room instead of one for all"),                 \
        OPTION("--room-details", "room_details", "yes|no",                     \
               "add who may what in the rooms"),                               \
        OPTION("--user-details", "user_details", "yes|no",                     \
               "add what is known of users"),                                  \
        OPTION("--attachments-manifest", "attachments_manifest", "yes|no",     \
               "an .ATTACH file beside the output that lists transfers"),      \
        {PARAMETER_FILE, "--transform", "transform", "FILE",                   \
         "XSLT that is applied to the output; an empty file: none"},           \
        OPTION("--program", "program", "NAME",                                 \
               "of type program: as [archive] program of the nodes names it"), \
        OPTION("--disabled", "disabled", "yes|no",                             \
               "nothing is cut off or given to it")

const struct command command_archive[] = {
    {"archive", "status", ADMIN_ARCHIVE_STATUS,
     "Show how the compliance archive is: what is to be seen to, mode, "
     "checkpoints, nodes, witnesses and adapters",
     .examples = "perchctl archive status\n"
                 "perchctl --json archive status | jq '.warnings[]'\n"},
    {"archive", "set", ADMIN_ARCHIVE_SET,
     "Switch the compliance archive; the first time it is on its origin is "
     "fixed",
     .parameters = {WORD("MODE", "mode",
                         "off: nothing is kept; on: a record of all that "
                         "happens; required: and what cannot be archived is "
                         "refused"),
                    OPTION("--origin", "origin", "NAME",
                           "the log's name, a URL without its scheme; unless "
                           "said made of the pool's domain")},
     .examples = "perchctl archive set on --origin example.com/perch\n"
                 "perchctl --reason \"rule 17a-4\" archive set required\n"},
    {"archive", "key show", ADMIN_ARCHIVE_KEYS,
     "Show whose signatures are believed, as verifier keys",
     .examples = "perchctl archive key show\n"},
    {"archive", "key put", ADMIN_ARCHIVE_KEY_PUT,
     "Believe a key from now on: the log's, or a node's. Nodes put theirs "
     "themselves",
     .parameters = {WORD("KEY", "key", "name+hash+key, a .vkey file's line"),
                    OPTION("--node", "node", "NODE",
                           "whose it is, 0: the log's; unless said as its "
                           "name tells")},
     .examples = "perchctl archive key put \"$(cat log.vkey)\" --node 0\n"},
    {"archive", "key remove", ADMIN_ARCHIVE_KEY_REMOVE, "Believe a key no more",
     .parameters = {WORD("NODE", "node", "whose; 0: the log's")},
     .examples = "perchctl archive key remove 3\n"},
    {"archive", "witness list", ADMIN_ARCHIVE_WITNESSES,
     "List who witnesses the archive, and how far", .list = "witnesses",
     .columns = "name size trails_by age_s url",
     .examples = "perchctl archive witness list\n"},
    {"archive", "witness add", ADMIN_ARCHIVE_WITNESS_PUT,
     "Have checkpoints cosigned by a witness, or give one another address",
     .parameters = {WORD("KEY", "key", "name+hash+key, as the witness says"),
                    NEEDED("--url", "url", "URL",
                           "http or https, without add-checkpoint")},
     .examples = "perchctl archive witness add witness.example+1234abcd+BF... "
                 "--url https://witness.example/\n"},
    {"archive", "witness remove", ADMIN_ARCHIVE_WITNESS_REMOVE,
     "Ask a witness no more" DELETES,
     .parameters = {WORD("NAME", "name", "of the witness's key")},
     .examples = "perchctl archive witness remove witness.example\n"},
    {"archive", "adapters list", ADMIN_ARCHIVE_ADAPTERS_LIST,
     "List compliance adapters: what takes the records where",
     .parameters = {MATCH("name")}, .list = "adapters",
     .columns = "name type disabled run_interval_s acked_csn lag attempts "
                "error output",
     .examples = "perchctl archive adapters list\n"},
    {"archive", "adapters show", ADMIN_ARCHIVE_ADAPTERS_SHOW,
     "Show a compliance adapter with its transform",
     .parameters = {ADAPTER_WORD},
     .examples = "perchctl archive adapters show vault\n"},
    {"archive", "adapters add", ADMIN_ARCHIVE_ADAPTERS_ADD,
     "Add a compliance adapter; it gets all records from the archive's first "
     "on",
     .parameters = {ADAPTER_WORD,
                    NEEDED("--type", "type",
                           "xml|filedump|csv|eml|rsmf|postgresql|program",
                           "see ops/adapter/README.md"),
                    OPTION("--output", "output", "WHERE", ADAPTER_OUTPUT),
                    ADAPTER_OPTIONS, PRESET("if_version", "0")},
     .examples = "perchctl archive adapters add vault --type xml --output "
                 "/srv/vault --user-details yes\n"
                 "perchctl archive adapters add actiance --type filedump "
                 "--output /srv/actiance --transform actiance.xsl\n"},
    {"archive", "adapters change", ADMIN_ARCHIVE_ADAPTERS_CHANGE,
     "Change a compliance adapter; what is not named stays",
     .parameters = {ADAPTER_WORD,
                    OPTION("--type", "type",
                           "xml|filedump|csv|eml|rsmf|postgresql|program", ""),
                    OPTION("--output", "output", "WHERE", ADAPTER_OUTPUT),
                    ADAPTER_OPTIONS, IF_VERSION},
     .examples = "perchctl archive adapters change vault --run-interval 300\n"
                 "perchctl archive adapters change vault --disabled yes\n"},
    {"archive", "adapters run", ADMIN_ARCHIVE_ADAPTERS_RUN,
     "Have an adapter take at once what its run interval would have it wait "
     "with",
     .parameters = {ADAPTER_WORD},
     .examples = "perchctl archive adapters run vault\n"},
    {"archive", "adapters remove", ADMIN_ARCHIVE_ADAPTERS_REMOVE,
     "Remove a compliance adapter with its cuts; what its sink has "
     "stays" DELETES,
     .parameters = {ADAPTER_WORD, IF_VERSION},
     .examples = "perchctl archive adapters remove vault\n"},
    {"archive", "checkpoint", ADMIN_ARCHIVE_CHECKPOINT,
     "Print the published checkpoint with all its signatures, for pinning: "
     "whoever has it can prove later what the archive was",
     .examples = "perchctl archive checkpoint > pin-$(date +%F).note\n"},
    {"archive", "canary", ADMIN_ARCHIVE_CANARY,
     "Put a random number into the archive, to be looked for in what arrives "
     "elsewhere",
     .examples = "perchctl --json archive canary | jq -r .nonce\n"},
    {"archive", "refill", 0,
     "Bring back records that the pool has lost and a copy of the archive "
     "has; verify the copy first: perch-audit verify DIR. Payloads of withheld "
     "commands are to be copied into the nodes' archives by hand",
     .parameters = {NEEDED("--from", "from", "DIR",
                           "the copy of an archive's directory")},
     .examples = "perchctl --reason \"restored from tape\" archive refill "
                 "--from /mnt/copy/archive\n",
     .own = &perch__admin__archive_refill_from__descriptor},
    {"archive", "reopen", ADMIN_ARCHIVE_REOPEN,
     "Go on without lost records, under a new origin whose first record says "
     "what is missing, who has decided that and why",
     .parameters = {NEEDED("--origin", "origin", "NAME", "the new log's name"),
                    REASON_NEEDED},
     .examples = "perchctl archive reopen --origin example.com/perch/2 "
                 "--reason \"two disks lost in the fire of 4 May\"\n"},
    {0},
};
