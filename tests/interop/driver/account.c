#include "tests/interop/driver/account.h"

#include <stdbool.h>
#include <string.h>

#include "tests/interop/driver/core.h"
#include "tests/interop/driver/report.h"

static struct {
    PurpleAccount *account;
    char **servers; /* NULL at the end. */
    guint n;
    guint at;             /* Which of them is tried or used. */
    int reconnect_ms;     /* 0: never. */
    bool wants_to_be_on;  /* Signed in, or on the way. */
    bool failed_for_good; /* The last loss is not to be tried again. */
} self;

static const char *server(void)
{
    return self.servers[self.at];
}

static gboolean connect_now(gpointer unused)
{
    (void)unused;
    if (!self.wants_to_be_on) {
        return FALSE;
    }
    core_reseed();
    purple_account_set_string(self.account, "server", server());
    purple_account_connect(self.account);
    return FALSE;
}

static void on_connected(PurpleConnection *connection)
{
    (void)connection;
    report_take("connected", json_pack("{s:s}", "server", server()));
}

/* Comes before on_disconnected, and only if it was not our wish. */
static void on_loss(PurpleConnection *connection, PurpleConnectionError error,
                    const char *text)
{
    (void)connection;
    self.failed_for_good = purple_connection_error_is_fatal(error);
    report_take("disconnected",
                json_pack("{s:s, s:b, s:o}", "server", server(), "fatal",
                          self.failed_for_good, "why", report_text(text)));
}

static void on_disconnected(PurpleConnection *connection)
{
    (void)connection;
    if (self.wants_to_be_on && !self.failed_for_good && self.reconnect_ms > 0) {
        self.at = (self.at + 1) % self.n;
        g_timeout_add((guint)self.reconnect_ms, connect_now, NULL);
        return;
    }
    self.wants_to_be_on = false;
    report_take("offline", NULL);
}

static PurpleConnectionUiOps connection_ops = {
    .connected = on_connected,
    .disconnected = on_disconnected,
    .report_disconnect_reason = on_loss,
};

void account_init(void)
{
    purple_connections_set_ui_ops(&connection_ops);
}

static void take_servers(const json_t *servers)
{
    g_strfreev(self.servers);
    self.n = (guint)json_array_size(servers);
    self.at = 0;
    self.servers = g_new0(char *, self.n + 1);
    for (guint i = 0; i < self.n; i++) {
        const char *name = json_string_value(json_array_get(servers, i));

        self.servers[i] = g_strdup(name != NULL ? name : "");
    }
}

static PurpleAccount *make_account(const char *user, const char *login)
{
    /* The plugin's user names are "address,login". */
    char *name = g_strdup_printf("%s,%s", user, login);
    PurpleAccount *account = purple_account_new(name, "prpl-sipe");

    g_free(name);
    purple_accounts_add(account);
    purple_account_set_bool(account, "dont-publish", TRUE);
    return account;
}

void account_sign_in(json_t *wanted)
{
    const char *user = NULL, *password = "-", *transport = "tcp", *login = "";
    json_t *servers = NULL;

    self.reconnect_ms = 0;
    if (json_unpack(wanted, "{s:s, s?s, s?s, s?s, s:o, s?i}", "user", &user,
                    "password", &password, "transport", &transport, "login",
                    &login, "servers", &servers, "reconnect_ms",
                    &self.reconnect_ms) != 0 ||
        json_array_size(servers) == 0) {
        report_refusal("sign_in wants user, servers and the like");
        return;
    }
    if (self.wants_to_be_on) {
        report_refusal("%s is signed in or about to be", user);
        return;
    }
    if (self.account == NULL) {
        self.account = make_account(user, login);
    }
    take_servers(servers);
    self.wants_to_be_on = true;
    self.failed_for_good = false;
    purple_account_set_password(self.account, password);
    purple_account_set_string(self.account, "transport", transport);
    purple_account_set_string(self.account, "server", server());
    core_reseed();
    if (purple_account_get_enabled(self.account, CORE_UI)) {
        purple_account_connect(self.account);
    } else {
        purple_account_set_enabled(self.account, CORE_UI, TRUE); /* Connects. */
    }
}

void account_sign_out(void)
{
    if (!self.wants_to_be_on) {
        report_refusal("nobody is signed in");
        return;
    }
    self.wants_to_be_on = false;
    if (purple_account_is_disconnected(self.account)) {
        report_take("offline", NULL); /* It was between two attempts. */
        return;
    }
    purple_account_disconnect(self.account);
}

PurpleConnection *account_connection(void)
{
    if (self.account == NULL || !purple_account_is_connected(self.account)) {
        return NULL;
    }
    return purple_account_get_connection(self.account);
}
