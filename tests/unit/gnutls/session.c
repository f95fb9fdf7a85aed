// SPDX-License-Identifier: GPL-2.0
#include <err.h>
#include <errno.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include <gnutls/dtls.h>

#include "session.h"

const struct suite suites[SUITES] = {
	{ "PSK-AES128-GCM-SHA256", "AES-128-GCM" },
	{ "PSK-AES256-GCM-SHA384", "AES-256-GCM" },
	{ "PSK-CHACHA20-POLY1305", "CHACHA20-POLY1305" },
	{ "PSK-AES128-CCM", "AES-128-CCM" },
	{ "PSK-AES256-CCM", "AES-256-CCM" },
	{ "PSK-AES128-CCM8", "AES-128-CCM-8" },
	{ "PSK-AES256-CCM8", "AES-256-CCM-8" },
};

/* As link.c has it for OpenSSL. */
static gnutls_datum_t psk = { (void *)"pppppppppppppppp", 16 };
static gnutls_datum_t ticket_key;
static gnutls_psk_client_credentials_t client_credentials;
static gnutls_psk_server_credentials_t server_credentials;

static int find_psk(gnutls_session_t session, const char *user,
		    gnutls_datum_t *key)
{
	(void)session;
	(void)user;
	key->data = gnutls_malloc(psk.size);
	key->size = psk.size;
	memcpy(key->data, psk.data, psk.size);
	return 0;
}

static void credentials_open(void)
{
	if (ticket_key.data)
		return;
	gnutls_session_ticket_key_generate(&ticket_key);
	gnutls_psk_allocate_client_credentials(&client_credentials);
	gnutls_psk_set_client_credentials(client_credentials, "t", &psk,
					  GNUTLS_PSK_KEY_RAW);
	gnutls_psk_allocate_server_credentials(&server_credentials);
	gnutls_psk_set_server_credentials_function(server_credentials, find_psk);
}

static ssize_t push(gnutls_transport_ptr_t ptr, const void *buf, size_t len)
{
	struct session *s = ptr;

	end_send(s->e, buf, len);
	return len;
}

static ssize_t pull(gnutls_transport_ptr_t ptr, void *buf, size_t len)
{
	struct session *s = ptr;
	struct datagram *d = end_receive(s->e);

	if (!d) {
		gnutls_transport_set_errno(s->gnutls, EAGAIN);
		return -1;
	}
	if (d->len < len)
		len = d->len;
	memcpy(buf, d->bytes, len);
	free(d);
	return len;
}

static int pull_timeout(gnutls_transport_ptr_t ptr, unsigned int ms)
{
	struct session *s = ptr;

	(void)ms;
	return s->e->inbox ? 1 : 0;
}

static void set_transport(struct session *s)
{
	const struct kdtls_gnutls_transport transport = {
		.size = sizeof(transport),
		.push = push,
		.pull = pull,
		.pull_timeout = pull_timeout,
		.ptr = s,
	};

	if (kdtls_gnutls_tap(s->gnutls, &transport, &s->tap))
		errx(1, "tap: %s", kdtls_error_text());
}

static void gnutls_open(struct session *s)
{
	bool server = s->kind & SERVER;
	char priorities[256];

	snprintf(priorities, sizeof(priorities),
		 "NORMAL:-VERS-ALL:+VERS-DTLS1.2:-KX-ALL:+PSK:-CIPHER-ALL:+%s",
		 s->cipher);
	gnutls_init(&s->gnutls, (server ? GNUTLS_SERVER : GNUTLS_CLIENT) |
					GNUTLS_DATAGRAM | GNUTLS_NONBLOCK);
	if (gnutls_priority_set_direct(s->gnutls, priorities, NULL))
		errx(1, "%s", priorities);
	gnutls_credentials_set(s->gnutls, GNUTLS_CRD_PSK,
			       server ? (void *)server_credentials :
					(void *)client_credentials);
	if (server && !(s->kind & NO_TICKET))
		gnutls_session_ticket_enable_server(s->gnutls, &ticket_key);
	gnutls_dtls_set_mtu(s->gnutls, 1400);
	/* Its clock is real: no longer than is needed. */
	gnutls_dtls_set_timeouts(s->gnutls, 2, 60000);
	set_transport(s);
}

/* A new connection on the same link. */
static void restart(struct session *s, struct link *l)
{
	SSL_SESSION *session = SSL_get1_session(s->e->peer->ssl);
	gnutls_datum_t data;

	gnutls_session_get_data2(s->gnutls, &data);
	SSL_set_shutdown(s->e->peer->ssl, SSL_SENT_SHUTDOWN);
	gnutls_deinit(s->gnutls);
	kdtls_gnutls_tap_free(s->tap);
	link_restart(l, session);
	gnutls_open(s);
	if (!(s->kind & SERVER))
		gnutls_session_set_data(s->gnutls, data.data, data.size);
	gnutls_free(data.data);
	SSL_SESSION_free(session);
	s->done = false;
}

void session_open(struct session *s, struct link *l, const struct suite *suite,
		  int kind)
{
	credentials_open();
	fake_install();
	memset(s, 0, sizeof(*s));
	link_open(l, suite->openssl);
	if (kind & NO_TICKET) {
		SSL_CTX_set_options(l->server_ctx, SSL_OP_NO_TICKET);
		link_restart(l, NULL);
	}
	s->e = kind & SERVER ? &l->server : &l->client;
	s->kind = kind;
	s->suite = suite->openssl;
	s->cipher = suite->gnutls;
	gnutls_open(s);
	if (!(kind & RESUMED))
		return;
	if (!session_handshake(s))
		errx(1, "the handshake to be resumed");
	restart(s, l);
}

void session_close(struct session *s, struct link *l)
{
	gnutls_deinit(s->gnutls);
	kdtls_gnutls_tap_free(s->tap);
	link_close(l);
}

void session_settle(struct session *s)
{
	bool received;
	char byte;
	int ret;

	/* It repeats the last flight for who asks; data isn't yet on its way. */
	if (s->done) {
		if (s->e->inbox)
			gnutls_record_recv(s->gnutls, &byte, 1);
		return;
	}
	/* It looks at its timer only when there's nothing to receive. */
	do {
		received = s->e->inbox;
		ret = gnutls_handshake(s->gnutls);
	} while (ret == GNUTLS_E_AGAIN && received);
	s->done = ret == GNUTLS_E_SUCCESS;
}

void session_wait(struct session *s)
{
	poll(NULL, 0, gnutls_dtls_get_timeout(s->gnutls) + 1);
}

static void wait_for_timers(struct session *s)
{
	link_wait(100);
	end_release(s->e);
	end_release(s->e->peer);
	DTLSv1_handle_timeout(s->e->peer->ssl);
	session_wait(s);
}

bool session_handshake(struct session *s)
{
	struct end *peer = s->e->peer;
	int round;

	for (round = 0; round < 100; round++) {
		if (s->kind & SERVER)
			end_settle(peer);
		session_settle(s);
		end_settle(peer);
		if (s->e->inbox || peer->inbox)
			continue;
		if (s->done && SSL_is_init_finished(peer->ssl))
			return true;
		wait_for_timers(s);
	}
	return false;
}

bool session_connected(struct session *s, struct link *l,
		       const struct weather *w)
{
	bool done;

	set_weather(l, w);
	done = session_handshake(s);
	set_weather(l, &calm);
	session_settle(s);
	end_settle(s->e->peer);
	return done ? true :
		      ok(false, "handshake (%s, kind %#x, GnuTLS %s done)",
			 w->name, s->kind, s->done ? "is" : "isn't");
}

struct kdtls *session_attach(struct session *s, int want)
{
	struct kdtls_options opts = {
		.size = sizeof(opts),
		.flags = strstr(s->cipher, "CCM-8") ? KDTLS_ALLOW_CCM_8 : 0,
	};
	int fd = udp_socket(true);
	struct kdtls *k = NULL;
	int got =
		kdtls_gnutls_attach(s->tap, fd, opts.flags ? &opts : NULL, &k);

	/* The fake doesn't ask for it any more. */
	if (got)
		close(fd);
	if (got != want)
		ok(false, "attach returns %d, not %d: %s", got, want,
		   got ? kdtls_error_text() : "success");
	return k;
}

bool session_is_sealed(struct session *s)
{
	unsigned int sent = s->e->sent;
	char byte;

	return gnutls_record_send(s->gnutls, "x", 1) < 0 &&
	       gnutls_bye(s->gnutls, GNUTLS_SHUT_WR) < 0 &&
	       gnutls_alert_send(s->gnutls, GNUTLS_AL_WARNING,
				 GNUTLS_A_USER_CANCELED) < 0 &&
	       gnutls_record_recv(s->gnutls, &byte, 1) < 0 &&
	       gnutls_heartbeat_ping(s->gnutls, 1, 0, 0) < 0 &&
	       s->e->sent == sent;
}
