// SPDX-License-Identifier: GPL-2.0 OR MIT
#include <dlfcn.h>
#include <errno.h>
#include <string.h>
#include <netinet/in.h>
#include <netinet/udp.h>
#include <sys/socket.h>
#include <openssl/err.h>
#include <openssl/rand.h>
#include <openssl/srtp.h>

#include "bios.h"
#include "feed.h"
#include "real.h"
#include "say.h"
#include "takeover.h"

static bool leave(struct connection *c, const char *why)
{
	c->stage = STAGE_LEFT;
	bios_untap(c);
	say(c->ssl, "left to OpenSSL: %s", why);
	return false;
}

/* Said once: such an SSL has no place to note anything. */
static bool is_known(void)
{
	static bool was_said;

	if (real_is_own_libssl())
		return true;
	if (!__atomic_exchange_n(&was_said, true, __ATOMIC_RELAXED))
		say(NULL,
		    "left to OpenSSL: the program has a libssl of its own");
	return false;
}

void takeover_leave(SSL *ssl, const char *why)
{
	struct connection *c = is_known() ? connection_new(ssl) : NULL;

	if (c && (c->stage == STAGE_NEW || c->stage == STAGE_WATCHED))
		leave(c, why);
}

static const char *why_not(const SSL *ssl)
{
	const BIO *rbio = SSL_get_rbio(ssl), *wbio = SSL_get_wbio(ssl);

	if (dlsym(RTLD_DEFAULT, "kdtls_attach") ||
	    (rbio && bios_is_tap(rbio)) || (wbio && bios_is_tap(wbio)))
		return "the program uses libkdtls itself";
	return NULL;
}

/*
 * With a tap nothing is lost if the kernel refuses in the end. A program that
 * feeds its SSL changes BIOs with each datagram: OpenSSL is asked then.
 */
static bool watch(struct connection *c)
{
	const char *why = why_not(c->ssl);
	BIO *rbio = SSL_get_rbio(c->ssl), *wbio = SSL_get_wbio(c->ssl);

	if (why)
		return leave(c, why);
	c->stage = STAGE_WATCHED;
	if (wbio && bios_is_socket(wbio)) {
		c->fd = BIO_get_fd(wbio, NULL);
		c->socket = connection_socket(c->fd);
		if (!connection_claim(c))
			return leave(c,
				     "its socket is another SSL's, which the kernel has and nobody has shut down");
	}
	if (!rbio || !wbio || !bios_is_socket(rbio) || !bios_is_socket(wbio))
		return true;
	c->has_tap = !kdtls_tap(c->ssl);
	return c->has_tap || leave(c, kdtls_error_text());
}

struct connection *takeover_watch(SSL *ssl)
{
	struct connection *c = is_known() ? connection_new(ssl) : NULL;

	if (!c || (c->stage == STAGE_NEW && !watch(c)))
		return NULL;
	return c->stage == STAGE_WATCHED ? c : NULL;
}

/*
 * A server that reads from whoever sends, one connection at a time, such as
 * openssl s_server: who else sends meanwhile couldn't be served anyhow. But not
 * one that sorts datagrams by their senders.
 */
static const char *connect_socket(struct connection *c, BIO *rbio)
{
	struct sockaddr_storage peer = { 0 };
	socklen_t len = sizeof(peer);

	if (!getpeername(c->fd, (struct sockaddr *)&peer, &len))
		return NULL;
	if (errno != ENOTCONN)
		return strerror(errno);
	if (BIO_method_type(rbio) != BIO_TYPE_DGRAM || feed_was_read(c->fd) ||
	    connection_shares(c, c->fd, c->socket))
		return "the socket isn't connected: it may have many peers";
	memset(&peer, 0, sizeof(peer));
	BIO_dgram_get_peer(rbio, &peer);
	len = peer.ss_family == AF_INET ? sizeof(struct sockaddr_in) :
					  sizeof(struct sockaddr_in6);
	if (connect(c->fd, (struct sockaddr *)&peer, len))
		return strerror(errno);
	c->is_connected_here = true;
	return NULL;
}

static const char *find_socket(struct connection *c)
{
	BIO *rbio = bios_rbio(c->ssl), *wbio = bios_wbio(c->ssl);

	if (!rbio || !wbio)
		return "it has no BIOs";
	if (!bios_is_socket(wbio))
		return "it writes to no socket, but to a BIO in memory or a filter";
	c->fd = BIO_get_fd(wbio, NULL);
	c->socket = connection_socket(c->fd);
	if (!c->socket)
		return "it has no socket";
	c->is_fed = BIO_method_type(rbio) == BIO_TYPE_MEM;
	if (c->is_fed)
		return feed_is_from(c->fd) ?
			       NULL :
			       "what it's fed isn't read from the socket that it writes to";
	if (!bios_is_socket(rbio) || BIO_get_fd(rbio, NULL) != c->fd)
		return "it reads elsewhere than it writes";
	return NULL;
}

/* What the kernel would do to the socket beyond what this SSL needs. */
static const char *find_other_use(const struct connection *c)
{
	int is_joined = 0;
	socklen_t len = sizeof(is_joined);

	if (SSL_get_selected_srtp_profile(c->ssl))
		return "its socket carries SRTP too";
	if (!getsockopt(c->fd, SOL_UDP, UDP_GRO, &is_joined, &len) && is_joined)
		return "its socket joins datagrams (UDP_GRO)";
	return NULL;
}

static const char *prepare(struct connection *c)
{
	const char *why = find_socket(c);

	if (!why && c->is_fed && RAND_bytes(c->token, sizeof(c->token)) != 1)
		why = "OpenSSL has no random bytes";
	if (!why && SSL_version(c->ssl) != DTLS1_2_VERSION)
		why = "only DTLS 1.2 can be handed over";
	if (!why)
		why = find_other_use(c);
	if (!why)
		why = connect_socket(c, bios_rbio(c->ssl));
	return why;
}

static void undo(struct connection *c)
{
	struct sockaddr nobody = { .sa_family = AF_UNSPEC };

	if (c->is_connected_here)
		connect(c->fd, &nobody, sizeof(nobody));
	if (c->forbade)
		SSL_clear_options(c->ssl, SSL_OP_NO_RENEGOTIATION);
	c->is_connected_here = false;
	c->forbade = false;
}

static void hand_over(struct connection *c)
{
	uint64_t no = SSL_OP_NO_RENEGOTIATION;
	int err;

	c->is_quiet = real()->SSL_get_quiet_shutdown(c->ssl);
	c->forbade = !(SSL_get_options(c->ssl) & no);
	SSL_set_options(c->ssl, no);
	err = kdtls_attach(c->ssl, c->fd, NULL, &c->k);
	if (err && err != -EKEYREJECTED) {
		leave(c, kdtls_error_text());
		undo(c);
		return;
	}
	c->stage = err ? STAGE_DEAD : STAGE_KERNEL;
	c->has_tap = true;
	c->forks = connection_forks();
	c->want = SSL_NOTHING;
	if (c->is_fed)
		feed_begin(c);
	if (err)
		say(c->ssl, "lost: %s", kdtls_error_text());
	else
		say(c->ssl, "%s, moved to the kernel", kdtls_cipher(c->k));
}

void takeover_try(struct connection *c)
{
	int before = errno;
	const char *why = prepare(c);

	if (why) {
		leave(c, why);
		undo(c);
	} else {
		hand_over(c);
	}
	errno = before;
}
