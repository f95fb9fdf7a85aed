// SPDX-License-Identifier: GPL-2.0 OR MIT
/*
 * OpenSSL's calls, as the program makes them. Each goes to OpenSSL itself, but
 * for a connection that the kernel has. What OpenSSL or libkdtls call for
 * themselves, which may come here too, is always meant for OpenSSL.
 */
#include <openssl/err.h>

#include "bios.h"
#include "real.h"
#include "records.h"
#include "takeover.h"

#define CALLER __builtin_return_address(0)

/* NULL: it's for OpenSSL. */
static struct connection *taken(const SSL *ssl, const void *caller)
{
	return real_is_inner(caller) ? NULL : connection_taken(ssl);
}

static int step(SSL *ssl, int (*handshake)(SSL *ssl), const void *caller)
{
	struct connection *c = real_is_inner(caller) ? NULL :
						       takeover_watch(ssl);
	int ret = handshake(ssl);

	if (c && ret == 1 && SSL_is_init_finished(ssl))
		takeover_try(c);
	return ret;
}

int SSL_do_handshake(SSL *ssl)
{
	return step(ssl, real()->SSL_do_handshake, CALLER);
}

int SSL_connect(SSL *ssl)
{
	return step(ssl, real()->SSL_connect, CALLER);
}

int SSL_accept(SSL *ssl)
{
	return step(ssl, real()->SSL_accept, CALLER);
}

/*
 * Reading and writing do what's left of the handshake, and the data may be the
 * kernel's from then on. False: @ret is the result already.
 */
static bool is_ready(SSL *ssl, const void *caller, int *ret)
{
	struct connection *c = connection_of(ssl);

	if (real_is_inner(caller) || !real_is_own_libssl())
		return true;
	if (c ? c->stage > STAGE_WATCHED : !SSL_is_dtls(ssl))
		return true;
	if (!SSL_in_init(ssl))
		return true;
	*ret = step(ssl, real()->SSL_do_handshake, caller);
	if (*ret == 1)
		return true;
	if (!*ret)
		*ret = -1;
	return false;
}

static int bad_length(struct connection *c)
{
	c->want = SSL_NOTHING;
	ERR_raise(ERR_LIB_SSL, SSL_R_BAD_LENGTH);
	return -1;
}

static int read_or_peek(SSL *ssl, void *buf, int num, bool peek,
			const void *caller)
{
	struct connection *c;
	int ret;

	if (!is_ready(ssl, caller, &ret))
		return ret;
	c = taken(ssl, caller);
	if (!c)
		return (peek ? real()->SSL_peek : real()->SSL_read)(ssl, buf,
								    num);
	return num < 0 ? bad_length(c) : records_read(c, buf, num, peek);
}

int SSL_read(SSL *ssl, void *buf, int num)
{
	return read_or_peek(ssl, buf, num, false, CALLER);
}

int SSL_peek(SSL *ssl, void *buf, int num)
{
	return read_or_peek(ssl, buf, num, true, CALLER);
}

static int as_ex(int ret, size_t *done)
{
	if (ret <= 0)
		return 0;
	*done = ret;
	return 1;
}

static int read_or_peek_ex(SSL *ssl, void *buf, size_t num, size_t *done,
			   bool peek, const void *caller)
{
	struct connection *c;
	int ret;

	if (!is_ready(ssl, caller, &ret))
		return 0;
	c = taken(ssl, caller);
	if (!c)
		return (peek ? real()->SSL_peek_ex :
			       real()->SSL_read_ex)(ssl, buf, num, done);
	return as_ex(records_read(c, buf, num, peek), done);
}

int SSL_read_ex(SSL *ssl, void *buf, size_t num, size_t *done)
{
	return read_or_peek_ex(ssl, buf, num, done, false, CALLER);
}

int SSL_peek_ex(SSL *ssl, void *buf, size_t num, size_t *done)
{
	return read_or_peek_ex(ssl, buf, num, done, true, CALLER);
}

int SSL_write(SSL *ssl, const void *buf, int num)
{
	struct connection *c;
	int ret;

	if (!is_ready(ssl, CALLER, &ret))
		return ret;
	c = taken(ssl, CALLER);
	if (!c)
		return real()->SSL_write(ssl, buf, num);
	return num < 0 ? bad_length(c) : records_write(c, buf, num);
}

int SSL_write_ex(SSL *ssl, const void *buf, size_t num, size_t *done)
{
	struct connection *c;
	int ret;

	if (!is_ready(ssl, CALLER, &ret))
		return 0;
	c = taken(ssl, CALLER);
	if (!c)
		return real()->SSL_write_ex(ssl, buf, num, done);
	return as_ex(records_write(c, buf, num), done);
}

int SSL_pending(const SSL *ssl)
{
	struct connection *c = taken(ssl, CALLER);

	return c ? (int)records_pending(c) : real()->SSL_pending(ssl);
}

int SSL_has_pending(const SSL *ssl)
{
	struct connection *c = taken(ssl, CALLER);

	return c ? records_has_pending(c) : real()->SSL_has_pending(ssl);
}

int SSL_shutdown(SSL *ssl)
{
	struct connection *c = taken(ssl, CALLER);

	return c ? records_shutdown(c) : real()->SSL_shutdown(ssl);
}

int SSL_get_shutdown(const SSL *ssl)
{
	struct connection *c = taken(ssl, CALLER);

	return c ? c->shutdown : real()->SSL_get_shutdown(ssl);
}

void SSL_set_shutdown(SSL *ssl, int mode)
{
	struct connection *c = taken(ssl, CALLER);

	if (c)
		c->shutdown = mode;
	else
		real()->SSL_set_shutdown(ssl, mode);
}

int SSL_get_quiet_shutdown(const SSL *ssl)
{
	struct connection *c = taken(ssl, CALLER);

	return c ? c->is_quiet : real()->SSL_get_quiet_shutdown(ssl);
}

void SSL_set_quiet_shutdown(SSL *ssl, int mode)
{
	struct connection *c = taken(ssl, CALLER);

	if (c)
		c->is_quiet = mode;
	else
		real()->SSL_set_quiet_shutdown(ssl, mode);
}

int SSL_get_error(const SSL *ssl, int ret)
{
	struct connection *c = taken(ssl, CALLER);

	return c ? records_error(c, ret) : real()->SSL_get_error(ssl, ret);
}

int SSL_want(const SSL *ssl)
{
	struct connection *c = taken(ssl, CALLER);

	return c ? c->want : real()->SSL_want(ssl);
}

static struct connection *tapped(const SSL *ssl, const void *caller)
{
	struct connection *c = real_is_inner(caller) ? NULL :
						       connection_of(ssl);

	return c && c->has_tap ? c : NULL;
}

BIO *SSL_get_rbio(const SSL *ssl)
{
	return tapped(ssl, CALLER) ? bios_rbio(ssl) : real()->SSL_get_rbio(ssl);
}

BIO *SSL_get_wbio(const SSL *ssl)
{
	return tapped(ssl, CALLER) ? bios_wbio(ssl) : real()->SSL_get_wbio(ssl);
}

/*
 * Which references OpenSSL takes over goes by what the SSL has already: so it's
 * to find the program's own there.
 */
void SSL_set_bio(SSL *ssl, BIO *rbio, BIO *wbio)
{
	struct bios_tap tap = bios_lift(tapped(ssl, CALLER));

	real()->SSL_set_bio(ssl, rbio, wbio);
	bios_lower(&tap);
}

void SSL_set0_rbio(SSL *ssl, BIO *rbio)
{
	struct bios_tap tap = bios_lift(tapped(ssl, CALLER));

	real()->SSL_set0_rbio(ssl, rbio);
	bios_lower(&tap);
}

void SSL_set0_wbio(SSL *ssl, BIO *wbio)
{
	struct bios_tap tap = bios_lift(tapped(ssl, CALLER));

	real()->SSL_set0_wbio(ssl, wbio);
	bios_lower(&tap);
}

int SSL_clear(SSL *ssl)
{
	if (!real_is_inner(CALLER))
		connection_reset(ssl);
	return real()->SSL_clear(ssl);
}

/* It begins by SSL_clear(), and not by the one above. */
int DTLSv1_listen(SSL *ssl, BIO_ADDR *client)
{
	if (!real_is_inner(CALLER))
		connection_reset(ssl);
	return real()->DTLSv1_listen(ssl, client);
}

static bool asks_for_timeout(const BIO *bio, int cmd)
{
	return (cmd == BIO_CTRL_DGRAM_GET_RECV_TIMER_EXP ||
		cmd == BIO_CTRL_DGRAM_GET_SEND_TIMER_EXP) &&
	       bio && BIO_method_type(bio) == BIO_TYPE_DGRAM;
}

/* Within libssl, calls to an SSL that's in a BIO don't pass here. */
long BIO_ctrl(BIO *bio, int cmd, long num, void *ptr)
{
	int timed_out = -1;

	if (cmd == BIO_C_SET_SSL && ptr && bio &&
	    BIO_method_type(bio) == BIO_TYPE_SSL)
		takeover_leave(ptr, "the program uses it through a BIO");
	if (asks_for_timeout(bio, cmd) && !real_is_inner(CALLER))
		timed_out = connection_ask_timeout(BIO_get_fd(bio, NULL));
	return timed_out < 0 ? real()->BIO_ctrl(bio, cmd, num, ptr) : timed_out;
}
