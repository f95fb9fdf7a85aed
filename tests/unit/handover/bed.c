// SPDX-License-Identifier: GPL-2.0
#include <arpa/inet.h>
#include <err.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include <sys/socket.h>

#include "bed.h"

const char *const ciphers[] = {
	"ECDHE-ECDSA-AES128-GCM-SHA256", "ECDHE-ECDSA-AES256-GCM-SHA384",
	"ECDHE-ECDSA-CHACHA20-POLY1305", "ECDHE-ECDSA-AES128-CCM",
	"ECDHE-ECDSA-AES256-CCM",        "ECDHE-ECDSA-AES128-CCM8",
	"ECDHE-ECDSA-AES256-CCM8",
};

static int tests, failures;

bool ok(bool good, const char *format, ...)
{
	va_list ap;

	printf("%sok %d - ", good ? "" : "not ", ++tests);
	va_start(ap, format);
	vprintf(format, ap);
	va_end(ap);
	putchar('\n');
	failures += !good;
	return good;
}

int udp_socket(bool connected)
{
	struct sockaddr_in addr = {
		.sin_family = AF_INET,
		.sin_addr.s_addr = htonl(INADDR_LOOPBACK),
	};
	socklen_t len = sizeof(addr);
	int fd = socket(AF_INET, SOCK_DGRAM, 0);

	if (fd < 0 || bind(fd, (struct sockaddr *)&addr, sizeof(addr)) ||
	    getsockname(fd, (struct sockaddr *)&addr, &len) ||
	    (connected && connect(fd, (struct sockaddr *)&addr, len)))
		err(1, "UDP socket");
	return fd;
}

void say(struct end *e, const char *text)
{
	if (SSL_write(e->ssl, text, strlen(text)) != (int)strlen(text))
		errx(1, "SSL_write of %s", text);
}

bool hears(struct end *e, const char *text)
{
	char buf[256];
	int n = SSL_read(e->ssl, buf, sizeof(buf));

	return n == (int)strlen(text) && !memcmp(buf, text, n);
}

bool recv_is(struct kdtls *k, unsigned char type, const void *content,
	     size_t len)
{
	unsigned char got_type;
	char buf[256];
	ssize_t n = kdtls_recv(k, &got_type, buf, sizeof(buf), MSG_DONTWAIT);

	return n == (ssize_t)len && got_type == type &&
	       !memcmp(buf, content, n);
}

static bool window_has(uint64_t seq)
{
	uint64_t i = fake.window.next - 1 - seq;

	return fake.window.bitmap[i / 64] >> i % 64 & 1;
}

/* OpenSSL knows no more than the last 64, and those that it looked at. */
static bool is_known(const struct end *e, uint64_t seq, uint64_t next)
{
	return e->untapped ? next - seq > 64 || e->looked[seq] : e->got[seq];
}

bool window_is_exact(const struct end *e)
{
	size_t bits =
		(fake.window_len - offsetof(struct dtls_window, bitmap)) * 8;
	uint64_t seq, next = 0;

	for (seq = 0; seq < NUMBERS; seq++)
		if (is_known(e, seq, seq + 1))
			next = seq + 1;
	if (fake.window.next != next || fake.window.epoch != 1)
		return false;
	for (seq = 0; seq < next; seq++)
		if (next - seq <= bits &&
		    window_has(seq) != is_known(e, seq, next))
			return false;
	return true;
}

/* A record made with the sending key is data for the peer. */
static bool peer_takes_ours(struct end *peer)
{
	uint8_t record[128];
	size_t len =
		fake_seal(&fake.tx, fake.tx.seq, 23, "from here", 9, record);

	end_inject(peer, record, len, false);
	return hears(peer, "from here");
}

/* The receiving key opens what the peer sends, at a number not yet seen. */
static bool we_open_peers(struct end *e)
{
	uint8_t record[128], content[128];
	size_t len;

	say(e->peer, "from there");
	len = end_take(e, record, sizeof(record));
	return fake_open(&fake.rx, record, len, content) == 10 &&
	       !memcmp(content, "from there", 10) &&
	       e->peer->next > fake.rx.seq;
}

bool is_sealed(struct end *e)
{
	unsigned int sent = e->sent;
	int n = SSL_write(e->ssl, "x", 1);

	SSL_shutdown(e->ssl);
	DTLSv1_handle_timeout(e->ssl);
	SSL_do_handshake(e->ssl);
	/* Not even after the application forgets what was said to it. */
	SSL_set_shutdown(e->ssl, 0);
	SSL_set_quiet_shutdown(e->ssl, 0);
	n += SSL_write(e->ssl, "x", 1);
	SSL_shutdown(e->ssl);
	SSL_set_shutdown(e->ssl, SSL_SENT_SHUTDOWN | SSL_RECEIVED_SHUTDOWN);
	return n < 0 && e->sent == sent;
}

bool has_short_tag(const struct end *e)
{
	return strstr(SSL_get_cipher_name(e->ssl), "CCM8");
}

unsigned int attach_flags;

struct kdtls *attach(struct end *e, int want)
{
	struct kdtls_options opts = {
		.size = sizeof(opts),
		.flags = attach_flags |
			 (has_short_tag(e) ? KDTLS_ALLOW_CCM_8 : 0),
	};
	struct kdtls *k = NULL;
	int fd = udp_socket(true);
	int got;

	/* What OpenSSL is made to look at from now on nobody sent. */
	SSL_set_msg_callback(e->ssl, NULL);
	got = kdtls_attach(e->ssl, fd, opts.flags ? &opts : NULL, &k);
	attach_flags = 0;

	/* The fake doesn't ask for it any more. */
	if (got)
		close(fd);
	if (got != want)
		ok(false, "attach returns %d, not %d: %s", got, want,
		   got ? kdtls_error_text() : "success");
	return k;
}

void detach(struct kdtls *k)
{
	if (k)
		close(kdtls_fd(k));
	kdtls_free(k);
}

void set_weather(struct link *l, const struct weather *w)
{
	struct end *ends[] = { &l->client, &l->server };
	int i;

	for (i = 0; i < 2; i++) {
		end_release(ends[i]);
		ends[i]->sent = 0;
		ends[i]->lose = w->lose[i];
		ends[i]->late = w->late[i];
		ends[i]->glue = w->glue[i];
	}
}

const struct weather calm = { .name = "calm" };

bool connected(struct link *l, struct end *e, const struct weather *w)
{
	bool done;

	fake_install();
	if (!e->untapped && kdtls_tap(e->ssl))
		return ok(false, "tap: %s", kdtls_error_text());
	set_weather(l, w);
	done = link_handshake(l);
	set_weather(l, &calm);
	end_settle(&l->client);
	end_settle(&l->server);
	return done ? true : ok(false, "handshake (%s)", w->name);
}

struct end *begin(struct link *l, const char *cipher, int kind)
{
	struct end *e = kind & SERVER ? &l->server : &l->client;

	link_open(l, cipher);
	e->untapped = kind & UNTAPPED;
	connected(l, e, &calm);
	return e;
}

static void resume(struct link *l)
{
	SSL_SESSION *session;

	link_handshake(l);
	session = SSL_get1_session(l->client.ssl);
	SSL_set_shutdown(l->client.ssl, SSL_SENT_SHUTDOWN);
	SSL_set_shutdown(l->server.ssl, SSL_SENT_SHUTDOWN);
	link_restart(l, session);
	SSL_SESSION_free(session);
}

struct end *begin_tapped(struct link *l, int kind)
{
	struct end *e = kind & SERVER ? &l->server : &l->client;

	link_open(l, ciphers[kind & UNTAPPED ? 2 : 0]);
	if (kind & NO_TICKET) {
		SSL_CTX_set_options(l->server_ctx, SSL_OP_NO_TICKET);
		link_restart(l, NULL);
	}
	if (kind & RESUMED)
		resume(l);
	fake_install();
	e->untapped = kind & UNTAPPED;
	if (!e->untapped)
		kdtls_tap(e->ssl);
	return e;
}

struct kdtls *attach_at_last_flight(struct link *l, struct end *e, int kind,
				    uint64_t lose)
{
	struct end *ends[] = { &l->client, &l->server };
	int i, last = kind & RESUMED ? 2 : 3;
	struct kdtls *k;

	for (i = 0; i <= last; i++) {
		ends[i & 1]->sent = 0;
		if (i == last)
			ends[i & 1]->lose = lose;
		end_settle(ends[i & 1]);
	}
	k = attach(e, 0);
	fake.end = e;
	return k;
}

void check_told(struct end *e, uint64_t next, bool short_tag, const char *name)
{
	ok(fake.tx.set && fake.rx.set && fake.params.window_bits == 1024 &&
		   fake.params.rx_epochs == 3 &&
		   fake.params.flags == (short_tag ? DTLS_PARAM_CCM_8 : 0),
	   "%s: keys and parameters installed", name);
	ok(fake.tx.epoch == 1 && fake.tx.seq == next,
	   "A2 next number is unused [%s: %llu, not %llu]", name,
	   (unsigned long long)fake.tx.seq, (unsigned long long)next);
	ok(window_is_exact(e), "A15 receive window is exact [%s]", name);
	ok(peer_takes_ours(e->peer), "%s: sending key", name);
	ok(we_open_peers(e), "%s: receiving key", name);
}

void check_handover(struct end *e, const char *name)
{
	/* One number goes to the record that tells it. */
	uint64_t next = e->next + 1;
	struct kdtls *k = attach(e, 0);

	if (!k)
		return;
	check_told(e, next, has_short_tag(e), name);
	ok(is_sealed(e), "%s: OpenSSL is sealed", name);
	detach(k);
}

int finish(void)
{
	printf("1..%d\n", tests);
	return failures ? 1 : 0;
}
