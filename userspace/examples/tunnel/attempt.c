// SPDX-License-Identifier: GPL-2.0 OR MIT
/* A handshake from a new socket, and the server's answer to a first message. */
#include <errno.h>
#include <string.h>

#include "../context.h"
#include "client.h"
#include "ending.h"
#include "route.h"

#define SHAKING_MS 10000 /* for a handshake */
#define REQUESTS   5     /* before it's in vain */
#define REQUEST_MS 1000

void attempt_end(void)
{
	/* The server may send by it already. */
	if (client.fresh && client.fresh->transport)
		client.fresh->transport->send_close(client.fresh);
	link_free(client.fresh);
	client.fresh = NULL;
	client.refusal = NULL;
}

/* Sooner or later it will be there again. */
static void try_later(void)
{
	attempt_end();
	retry_later(&client.retry);
}

/* @reason: NULL: it's silent. */
static void no_answer(const char *reason)
{
	const char *whom = client.remote.len ? client.remote.text :
					       client.t->config->host;

	if (!client.is_configured && !client.t->config->retry)
		end_with(ENDING_NO_ANSWER, "no answer from %s%s%s", whom,
			 reason ? ": " : "", reason ? reason : "");
	if (!client.retry.said)
		say("no answer from %s%s%s, trying again", whom,
		    reason ? ": " : "", reason ? reason : "");
	client.retry.said = true;
	try_later();
}

/* What won't change by trying again, if it was so from the beginning. */
void attempt_refused(enum ending ending, const char *reason)
{
	if (!client.is_configured)
		end_with(ending, "%s: %s", client.remote.text, reason);
	if (!client.retry.said)
		say("%s: %s, trying again", client.remote.text, reason);
	client.retry.said = true;
	try_later();
}

static void request(void)
{
	struct message message = {
		.kind = MESSAGE_REQUEST,
		.version = MESSAGE_VERSION,
		.address_count = client.config.address_count,
	};

	memcpy(message.addresses, client.config.addresses,
	       sizeof(message.addresses));
	client.requests++;
	client.request_ms = loop_now() + REQUEST_MS;
	tunnel_tell(client.fresh, &message);
}

/*
 * A server that can't open our Finished says nothing: it might be anybody's
 * (RFC 6347, 4.1.2.7). With a key that both should know it's plain what's wrong.
 */
static void shaking_expired(void)
{
	if (client.t->config->psk &&
	    SSL_get_state(client.fresh->ssl) == TLS_ST_CW_FINISHED)
		attempt_refused(ENDING_REFUSED,
				"no answer to our key: it has to be the same on both ends (psk)");
	else
		no_answer(NULL);
}

static void shake(void)
{
	const char *error = "no reason given";
	bool was_finished;

	switch (link_shake(client.fresh, client.t->crypto, &error)) {
	case SHAKING_GOES_ON:
		if (loop_now() - client.fresh->begun_ms >= SHAKING_MS)
			shaking_expired();
		return;
	case SHAKING_DONE:
		request();
		return;
	case SHAKING_FAILED:
		was_finished = SSL_is_init_finished(client.fresh->ssl);
		attempt_refused(was_finished ? ENDING_SYSTEM : ENDING_REFUSED,
				error);
		return;
	}
}

static void hear(struct source *source)
{
	struct link *link = link_of(source);

	if (link->transport)
		tunnel_hear(client.t, &client.peer, link);
	else
		shake();
}

/*
 * Where the server is. Asking for names takes its time, in which packets wait: so
 * not while there's a link that they go by, unless its server may have moved. Where
 * it was is as good as any answer if there's none: the name server may be one that
 * only the tunnel leads to.
 */
static const char *find_server(void)
{
	const struct config *config = client.t->config;
	const char *reason;

	if (client.peer.current && client.remote.len && !client.retry.said)
		return NULL;
	reason = endpoint_find(&client.remote, config->host, config->port, 0);
	loop_read_time();
	return client.remote.len ? NULL : reason;
}

static void connect_server(void)
{
	const char *reason = find_server();
	SSL *ssl;
	int fd;

	retry_begun(&client.retry);
	client.requests = 0;
	fd = reason ? -1 : route_connect(&client.remote);
	if (fd < 0) {
		no_answer(reason ? reason : strerror(errno));
		return;
	}
	ssl = SSL_new(client.t->ctx);
	if (!ssl || !tls_expect(ssl, client.t->config))
		end_with(ENDING_SYSTEM, "SSL_new: %s", context_reason(ENOMEM));
	SSL_set_connect_state(ssl);
	client.fresh =
		link_new(fd, &client.remote, ssl, client.t->crypto, hear);
	if (client.fresh)
		shake();
	else
		try_later();
}

static void turn_link(void)
{
	if (client.refusal) {
		attempt_refused(ENDING_REFUSED, client.refusal);
		return;
	}
	if (!client.fresh->transport) {
		if (loop_now() >= link_due(client.fresh) ||
		    loop_now() - client.fresh->begun_ms >= SHAKING_MS)
			shake();
		return;
	}
	if (loop_now() < client.request_ms)
		return;
	if (client.requests < REQUESTS)
		request();
	else
		no_answer(NULL);
}

void attempt_turn(void)
{
	if (client.fresh)
		turn_link();
	if (!client.fresh && retry_is_due(&client.retry))
		connect_server();
}

uint64_t attempt_due(void)
{
	uint64_t until, due;

	if (!client.fresh)
		return client.retry.wanted ? client.retry.at_ms : UINT64_MAX;
	if (client.refusal)
		return 0;
	if (client.fresh->transport)
		return client.request_ms;
	until = client.fresh->begun_ms + SHAKING_MS;
	due = link_due(client.fresh);
	return due < until ? due : until;
}
