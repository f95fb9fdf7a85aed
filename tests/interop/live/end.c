// SPDX-License-Identifier: GPL-2.0
#include <err.h>
#include <poll.h>
#include <string.h>
#include <unistd.h>
#include <sys/socket.h>
#include <openssl/err.h>

#include "certificate.h"
#include "end.h"

/* Nothing here takes so long, on a slow machine either. */
#define PATIENCE_MS 30000

void contexts_open(struct contexts *c, const char *cipher, bool tickets)
{
	int i;

	for (i = 0; i < ENDS; i++) {
		c->of[i] = SSL_CTX_new(DTLS_method());
		if (!c->of[i] || !SSL_CTX_set_cipher_list(c->of[i], cipher))
			errx(1, "no context for %s", cipher);
		SSL_CTX_set_options(c->of[i], SSL_OP_NO_RENEGOTIATION);
		if (!tickets)
			SSL_CTX_set_options(c->of[i], SSL_OP_NO_TICKET);
		SSL_CTX_set_session_id_context(c->of[i], (const uint8_t *)"t",
					       1);
	}
	certify(c->of[SERVER]);
}

void contexts_open_tls(struct contexts *c, int version, const char *cipher)
{
	int i;

	for (i = 0; i < ENDS; i++) {
		c->of[i] = SSL_CTX_new(TLS_method());
		if (!c->of[i] ||
		    !SSL_CTX_set_min_proto_version(c->of[i], version) ||
		    !SSL_CTX_set_max_proto_version(c->of[i], version) ||
		    !(version == TLS1_3_VERSION ?
			      SSL_CTX_set_ciphersuites(c->of[i], cipher) :
			      SSL_CTX_set_cipher_list(c->of[i], cipher)))
			errx(1, "no context for %s", cipher);
		SSL_CTX_set_options(c->of[i], SSL_OP_NO_RENEGOTIATION);
		SSL_CTX_set_session_id_context(c->of[i], (const uint8_t *)"t",
					       1);
	}
	certify(c->of[SERVER]);
}

void contexts_close(struct contexts *c)
{
	SSL_CTX_free(c->of[CLIENT]);
	SSL_CTX_free(c->of[SERVER]);
}

void ends_open(struct end *ends, const struct contexts *c,
	       const struct relay *r, SSL_SESSION *session)
{
	struct sockaddr_storage peer;
	socklen_t len;
	BIO *bio;
	int i;

	for (i = 0; i < ENDS; i++) {
		ends[i].fd = r->ends[i];
		len = sizeof(peer);
		if (getpeername(r->ends[i], (struct sockaddr *)&peer, &len))
			err(1, "getpeername");
		bio = BIO_new_dgram(r->ends[i], BIO_NOCLOSE);
		BIO_ctrl(bio, BIO_CTRL_DGRAM_SET_CONNECTED, 0, &peer);
		ends[i].ssl = SSL_new(c->of[i]);
		SSL_set_bio(ends[i].ssl, bio, bio);
	}
	SSL_set_connect_state(ends[CLIENT].ssl);
	SSL_set_accept_state(ends[SERVER].ssl);
	if (session)
		SSL_set_session(ends[CLIENT].ssl, session);
}

void ends_close(struct end *ends)
{
	int i;

	for (i = 0; i < ENDS; i++) {
		SSL_free(ends[i].ssl);
		kdtls_free(ends[i].k);
		close(ends[i].fd);
	}
}

static bool hand_over(struct end *e)
{
	struct kdtls_options opts = {
		.size = sizeof(opts),
		.flags = e->flags,
	};

	if (kdtls_attach(e->ssl, e->fd, &opts, &e->k)) {
		warnx("%s", kdtls_error_text());
		return false;
	}
	SSL_free(e->ssl);
	e->ssl = NULL;
	return true;
}

bool end_step(struct end *e)
{
	int ret;

	if (e->done)
		return true;
	if (e->hands_over && !e->untapped && SSL_in_before(e->ssl) &&
	    kdtls_tap(e->ssl) && kdtls_tap(e->ssl) != -EEXIST)
		return false;
	DTLSv1_handle_timeout(e->ssl);
	ret = SSL_do_handshake(e->ssl);
	if (ret != 1) {
		if (SSL_get_error(e->ssl, ret) == SSL_ERROR_WANT_READ)
			return true;
		ERR_print_errors_fp(stderr);
		return false;
	}
	e->done = true;
	e->resumed = SSL_session_reused(e->ssl);
	return !e->hands_over || hand_over(e);
}

void end_say(struct end *e, const char *text)
{
	int len = strlen(text);
	int n = e->k ? (int)kdtls_send(e->k, KDTLS_DATA, text, len, 0) :
		       SSL_write(e->ssl, text, len);

	if (n != len)
		errx(1, "sending \"%s\" gives %d", text, n);
}

int end_hear(struct end *e, char *text, size_t size)
{
	int n;

	if (e->k)
		n = kdtls_recv(e->k, NULL, text, size - 1, MSG_DONTWAIT);
	else
		n = SSL_read(e->ssl, text, size - 1);
	if (n < 0)
		return -1;
	text[n] = 0;
	return n;
}

/* Until the first of their timers; OpenSSL's are of whole milliseconds. */
static int timeout_ms(const struct end *ends)
{
	int i, ms, least = PATIENCE_MS;
	struct timeval tv;

	for (i = 0; i < ENDS; i++)
		if (ends[i].ssl && DTLSv1_get_timeout(ends[i].ssl, &tv)) {
			ms = tv.tv_sec * 1000 + tv.tv_usec / 1000 + 1;
			if (ms < least)
				least = ms;
		}
	return least;
}

bool ends_wait(struct end *ends, struct relay *r)
{
	struct pollfd fds[] = {
		{ .fd = r->near[CLIENT], .events = POLLIN },
		{ .fd = r->near[SERVER], .events = POLLIN },
		{ .fd = ends[CLIENT].fd, .events = POLLIN },
		{ .fd = ends[SERVER].fd, .events = POLLIN },
	};
	int ms = timeout_ms(ends);
	bool happened = poll(fds, sizeof(fds) / sizeof(fds[0]), ms) > 0;

	relay_carry(r);
	return happened || ms < PATIENCE_MS;
}

bool ends_handshake(struct end *ends, struct relay *r)
{
	for (;;) {
		if (!end_step(&ends[CLIENT]) || !end_step(&ends[SERVER]))
			return false;
		if (ends[CLIENT].done && ends[SERVER].done)
			return true;
		if (!ends_wait(ends, r))
			return false;
	}
}
