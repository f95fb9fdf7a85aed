// SPDX-License-Identifier: GPL-2.0
#include <err.h>
#include <stdlib.h>
#include <string.h>
#include <sys/time.h>
#include <openssl/bio.h>

#include "../../interop/live/certificate.h"
#include "link.h"

static time_t now = 1000000;
static BIO_METHOD *method;

/* OpenSSL's timers run on this one. */
int gettimeofday(struct timeval *restrict tv, void *restrict tz)
{
	(void)tz;
	*tv = (struct timeval) { .tv_sec = now };
	return 0;
}

void link_wait(unsigned int seconds)
{
	now += seconds;
}

uint64_t link_now_ms(void)
{
	return now * 1000;
}

void datagram_append(struct datagram **at, struct datagram *d)
{
	while (*at)
		at = &(*at)->next;
	*at = d;
}

struct datagram *datagram_new(const void *bytes, size_t len)
{
	struct datagram *d = malloc(sizeof(*d) + len);

	if (!d)
		err(1, "malloc");
	*d = (struct datagram) { .len = len };
	memcpy(d->bytes, bytes, len);
	return d;
}

static struct datagram *glued(struct datagram *a, struct datagram *b)
{
	struct datagram *d = realloc(a, sizeof(*a) + a->len + b->len);

	if (!d)
		err(1, "realloc");
	memcpy(d->bytes + d->len, b->bytes, b->len);
	d->len += b->len;
	free(b);
	return d;
}

static uint64_t be(const uint8_t *p, int len)
{
	uint64_t v = 0;

	while (len--)
		v = v << 8 | *p++;
	return v;
}

static size_t record_len(const uint8_t *p)
{
	return 13 + be(p + 11, 2);
}

/* FNV-1a */
static uint64_t hash(const uint8_t *p, size_t len)
{
	uint64_t h = 0xcbf29ce484222325;

	while (len--)
		h = (h ^ *p++) * 0x100000001b3;
	return h;
}

static void note_sent(struct end *e, const uint8_t *p, size_t len)
{
	uint64_t epoch, seq, *wire;

	for (; len; len -= record_len(p), p += record_len(p)) {
		epoch = be(p + 3, 2);
		seq = be(p + 5, 6);
		wire = &e->wire[epoch][seq];
		e->reused |= *wire && *wire != hash(p, record_len(p));
		*wire = hash(p, record_len(p));
		if (epoch == 1 && seq >= e->next)
			e->next = seq + 1;
	}
}

static void note_got(struct end *e, const struct datagram *d)
{
	const uint8_t *p = d->bytes;
	size_t len = d->len;

	e->forged = d->forged;
	if (d->forged)
		return;
	for (; len; len -= record_len(p), p += record_len(p))
		if (be(p + 3, 2) == 1)
			e->got[be(p + 5, 6)] = true;
}

static void note_looked(int write_p, int version, int type, const void *buf,
			size_t len, SSL *ssl, void *arg)
{
	struct end *e = arg;
	const uint8_t *p = buf;

	(void)version;
	(void)len;
	(void)ssl;
	/* Having skipped some it may take their insides for headers. */
	if (type == SSL3_RT_HEADER && !write_p && !e->forged &&
	    be(p + 1, 2) == DTLS1_2_VERSION && be(p + 3, 2) == 1)
		e->looked[be(p + 5, 6)] = true;
}

void end_send(struct end *e, const void *bytes, size_t len)
{
	uint64_t bit = e->sent < 64 ? 1ULL << e->sent : 0;
	struct datagram *d = datagram_new(bytes, len);
	struct datagram *held = e->held;

	note_sent(e, d->bytes, d->len);
	e->sent++;
	if (bit & e->lose) {
		free(d);
		return;
	}
	if (bit & e->late) {
		datagram_append(&e->held, d);
		return;
	}
	e->held = NULL;
	if (held && bit & (e->glue | e->glue << 1)) {
		d = glued(held, d);
		held = NULL;
	}
	if (bit & e->glue) {
		e->held = d;
		return;
	}
	datagram_append(&e->peer->inbox, d);
	datagram_append(&e->peer->inbox, held);
}

struct datagram *end_receive(struct end *e)
{
	struct datagram *d = e->inbox;

	if (!d)
		return NULL;
	e->inbox = d->next;
	d->next = NULL;
	note_got(e, d);
	return d;
}

static int link_write(BIO *bio, const char *buf, int len)
{
	BIO_clear_retry_flags(bio);
	end_send(BIO_get_data(bio), buf, len);
	return len;
}

static int link_read(BIO *bio, char *buf, int len)
{
	struct datagram *d = end_receive(BIO_get_data(bio));
	int n;

	BIO_clear_retry_flags(bio);
	if (!d) {
		BIO_set_retry_read(bio);
		return -1;
	}
	n = d->len < (size_t)len ? (int)d->len : len;
	memcpy(buf, d->bytes, n);
	free(d);
	return n;
}

static long link_ctrl(BIO *bio, int cmd, long num, void *ptr)
{
	(void)bio;
	(void)num;
	(void)ptr;
	switch (cmd) {
	case BIO_CTRL_FLUSH:
		return 1;
	case BIO_CTRL_DGRAM_QUERY_MTU:
		return 1400;
	case BIO_CTRL_DGRAM_GET_MTU_OVERHEAD:
		return 28;
	}
	return 0;
}

static void method_init(void)
{
	method = BIO_meth_new(BIO_get_new_index() | BIO_TYPE_SOURCE_SINK,
			      "link");
	BIO_meth_set_read(method, link_read);
	BIO_meth_set_write(method, link_write);
	BIO_meth_set_ctrl(method, link_ctrl);
}

static void datagrams_free(struct datagram **at)
{
	struct datagram *d;

	while ((d = *at)) {
		*at = d->next;
		free(d);
	}
}

static void end_close(struct end *e)
{
	SSL_free(e->ssl);
	datagrams_free(&e->inbox);
	datagrams_free(&e->held);
}

static void end_open(struct end *e, struct end *peer, SSL_CTX *ctx)
{
	BIO *bio = BIO_new(method);

	end_close(e);
	memset(e, 0, sizeof(*e));
	e->ssl = SSL_new(ctx);
	e->peer = peer;
	BIO_set_data(bio, e);
	BIO_set_init(bio, 1);
	SSL_set_bio(e->ssl, bio, bio);
	SSL_set_msg_callback(e->ssl, note_looked);
	SSL_set_msg_callback_arg(e->ssl, e);
}

static unsigned int server_psk(SSL *ssl, const char *identity,
			       unsigned char *psk, unsigned int max)
{
	(void)ssl;
	(void)identity;
	memset(psk, 'p', max < 16 ? max : 16);
	return max < 16 ? max : 16;
}

static unsigned int client_psk(SSL *ssl, const char *hint, char *identity,
			       unsigned int identity_max, unsigned char *psk,
			       unsigned int max)
{
	(void)hint;
	strncpy(identity, "t", identity_max);
	return server_psk(ssl, identity, psk, max);
}

static SSL_CTX *ctx_new(const char *cipher)
{
	SSL_CTX *ctx = SSL_CTX_new(DTLS_method());

	if (!ctx || !SSL_CTX_set_cipher_list(ctx, cipher))
		errx(1, "no context for %s", cipher);
	/* CCM_8 needs the lowest, PSK a key, DHE a group. */
	SSL_CTX_set_security_level(ctx, 0);
	SSL_CTX_set_psk_client_callback(ctx, client_psk);
	SSL_CTX_set_psk_server_callback(ctx, server_psk);
	SSL_CTX_set_dh_auto(ctx, 1);
	SSL_CTX_set_options(ctx, SSL_OP_NO_RENEGOTIATION);
	SSL_CTX_set_session_id_context(ctx, (const uint8_t *)"t", 1);
	return ctx;
}

void link_open(struct link *l, const char *cipher)
{
	if (!method)
		method_init();
	memset(l, 0, sizeof(*l));
	l->client_ctx = ctx_new(cipher);
	l->server_ctx = ctx_new(cipher);
	certify(l->server_ctx);
	link_restart(l, NULL);
}

void link_restart(struct link *l, SSL_SESSION *session)
{
	end_open(&l->client, &l->server, l->client_ctx);
	end_open(&l->server, &l->client, l->server_ctx);
	SSL_set_connect_state(l->client.ssl);
	SSL_set_accept_state(l->server.ssl);
	if (session)
		SSL_set_session(l->client.ssl, session);
}

void link_close(struct link *l)
{
	end_close(&l->client);
	end_close(&l->server);
	SSL_CTX_free(l->client_ctx);
	SSL_CTX_free(l->server_ctx);
}

void end_settle(struct end *e)
{
	char byte;

	if (SSL_is_init_finished(e->ssl))
		SSL_peek(e->ssl, &byte, 1);
	else
		SSL_do_handshake(e->ssl);
}

void end_release(struct end *e)
{
	datagram_append(&e->peer->inbox, e->held);
	e->held = NULL;
}

/* Nothing moves any more: the timers' turn. */
static void wait_for_timers(struct link *l)
{
	link_wait(100);
	end_release(&l->client);
	end_release(&l->server);
	DTLSv1_handle_timeout(l->client.ssl);
	DTLSv1_handle_timeout(l->server.ssl);
}

bool link_handshake(struct link *l)
{
	int round;

	for (round = 0; round < 100; round++) {
		end_settle(&l->client);
		end_settle(&l->server);
		if (l->client.inbox || l->server.inbox)
			continue;
		if (SSL_is_init_finished(l->client.ssl) &&
		    SSL_is_init_finished(l->server.ssl))
			return true;
		wait_for_timers(l);
	}
	return false;
}

void end_inject(struct end *e, const uint8_t *bytes, size_t len, bool forged)
{
	struct datagram *d = datagram_new(bytes, len);

	d->forged = forged;
	datagram_append(&e->inbox, d);
}

size_t end_take(struct end *e, uint8_t *bytes, size_t size)
{
	struct datagram **at = &e->inbox;
	size_t len;

	if (!*at)
		return 0;
	while ((*at)->next)
		at = &(*at)->next;
	len = (*at)->len < size ? (*at)->len : size;
	memcpy(bytes, (*at)->bytes, len);
	datagrams_free(at);
	return len;
}

size_t end_queued(const struct end *e)
{
	const struct datagram *d;
	size_t n = 0;

	for (d = e->inbox; d; d = d->next)
		n++;
	return n;
}
