// SPDX-License-Identifier: GPL-2.0 OR MIT
/* A DTLS echo server: what connect and bench can talk to. */
#include <errno.h>
#include <netdb.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/signalfd.h>

#include "../examples/echo.h"
#include "context.h"
#include "cookie.h"
#include "credentials.h"
#include "json.h"
#include "kernel.h"
#include "tool.h"

static struct {
	struct credentials credentials;
	const char *address;
	unsigned int port;
	unsigned int clients;
	bool json;
} opt = { .port = 4433 };

static const struct option_row options[] = {
	{ "address", 'a', "ADDRESS", "where to listen (all of this machine's)",
	  OPTION_TEXT, &opt.address, 0, 0 },
	{ "port", 'p', "PORT", "likewise (4433); 0: any, it's printed",
	  OPTION_NUMBER, &opt.port, 0, 65535 },
	CREDENTIAL_OPTIONS(opt.credentials,
			   "take only clients whose certificate leads there"),
	{ "clients", 'n', "N", "end after N clients", OPTION_NUMBER,
	  &opt.clients, 1, 1u << 30 },
	{ "json", 'j', NULL, "what happens as JSON, an object a line",
	  OPTION_ON, &opt.json, 0, 0 },
	{ .name = NULL },
};

static void json_event(struct json *j, const char *event,
		       const struct endpoint *who)
{
	json_open(j, NULL, '{');
	json_text(j, "event", event);
	json_text(j, "who", who->text);
}

static void say_attached(const struct endpoint *peer, const struct kdtls *k)
{
	struct json j = { .out = stdout };

	if (opt.json) {
		json_event(&j, "attached", peer);
		json_text(&j, "cipher", kdtls_cipher(k));
		json_close(&j, '}');
		json_line(&j);
		written();
		return;
	}
	printf("%s: %s in the kernel\n", peer->text, kdtls_cipher(k));
	written();
}

static void say_ended(const struct endpoint *peer, const struct kdtls *k,
		      unsigned long long echoed, const char *why)
{
	struct json j = { .out = stdout };

	if (opt.json) {
		json_event(&j, "ended", peer);
		json_text(&j, "why", why);
		json_number(&j, "echoed", echoed);
		json_close(&j, '}');
		json_line(&j);
		written();
		return;
	}
	printf("%s: %s", peer->text, why);
	if (k)
		printf(", %llu records echoed", echoed);
	putchar('\n');
	written();
}

static const struct echo_reports reports = {
	.attached = say_attached,
	.ended = say_ended,
};

static void say_listening(const struct echo_server *s)
{
	const struct credentials *c = &opt.credentials;
	struct json j = { .out = stdout };

	if (opt.json) {
		json_event(&j, "listening", &s->port.local);
		json_close(&j, '}');
		json_line(&j);
		written();
		return;
	}
	printf("listening on %s%s\n", s->port.local.text,
	       c->cert || c->psk ?
		       "" :
		       ", with a certificate made up: for clients with --insecure");
	written();
}

/* Both families, where there are both. */
static int listen_at(struct echo_server *s, const char *address)
{
	const char *wrong;
	char port[8];

	snprintf(port, sizeof(port), "%u", opt.port);
	wrong = endpoint_find(&s->port.local, address, port,
			      AI_PASSIVE | AI_NUMERICHOST);
	if (wrong)
		fail(ENDING_USAGE, "--address %s: %s", address, wrong);
	return echo_open(s);
}

static void open_server(struct echo_server *s)
{
	int err = listen_at(s, opt.address ? opt.address : "::");

	if (err == -EAFNOSUPPORT && !opt.address)
		err = listen_at(s, "0.0.0.0");
	if (!err)
		return;
	fail(err == -EADDRINUSE || err == -EADDRNOTAVAIL ? ENDING_USAGE :
							   ending_of(-err),
	     "%s: %s%s", s->port.local.text, strerror(-err),
	     err == -EADDRINUSE ? ": choose another by --port" : "");
}

/* One that's readable when somebody wants us to end. */
static int stop_signals(void)
{
	sigset_t set;

	sigemptyset(&set);
	sigaddset(&set, SIGINT);
	sigaddset(&set, SIGTERM);
	sigprocmask(SIG_BLOCK, &set, NULL);
	return signalfd(-1, &set, SFD_CLOEXEC);
}

static enum ending run(char **arguments)
{
	static struct echo_server server = { .reports = &reports };

	no_arguments(arguments);
	kernel_want_module();
	server.ctx = credentials_context(&opt.credentials, true);
	if (!cookie_prepare(server.ctx))
		fail(ENDING_SYSTEM, "no random numbers: %s", context_reason(0));
	server.attach = credentials_attach(&opt.credentials);
	server.limit = opt.clients;
	server.stop = stop_signals();
	open_server(&server);
	say_listening(&server);
	echo_serve(&server);
	echo_close(&server);
	SSL_CTX_free(server.ctx);
	return server.refused ? credentials_ending(-server.refused) : ENDING_OK;
}

const struct command command_echo = {
	.name = "echo",
	.summary = "a DTLS server that sends back what it gets",
	.options = options,
	.run = run,
};
