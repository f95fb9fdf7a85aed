// SPDX-License-Identifier: GPL-2.0 OR MIT
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <openssl/err.h>

#include "feed.h"
#include "records.h"

#define BOTH (SSL_SENT_SHUTDOWN | SSL_RECEIVED_SHUTDOWN)

typedef void info_callback(const SSL *ssl, int where, int ret);

static int failed(struct connection *c, int want, int err)
{
	bool is_passing = BIO_dgram_non_fatal_error(err);

	c->want = is_passing ? want : SSL_NOTHING;
	/* What's fed to it doesn't wait for the socket. */
	if (is_passing && !(c->is_fed && want == SSL_READING))
		c->timed_out = err == EAGAIN;
	errno = err;
	return -1;
}

static int refused(struct connection *c, int reason)
{
	c->want = SSL_NOTHING;
	ERR_raise(ERR_LIB_SSL, reason);
	return -1;
}

static void inform(const struct connection *c, int where,
		   const unsigned char *alert)
{
	info_callback *tell = SSL_get_info_callback(c->ssl);

	if (!tell)
		tell = SSL_CTX_get_info_callback(SSL_get_SSL_CTX(c->ssl));
	if (tell)
		tell(c->ssl, where, alert[0] << 8 | alert[1]);
}

/* The peer's; of the warnings close_notify alone means something here. */
static void take_alert(struct connection *c, const unsigned char *alert,
		       size_t len)
{
	if (len != 2)
		return;
	inform(c, SSL_CB_READ_ALERT, alert);
	if (alert[0] == SSL3_AL_WARNING) {
		if (alert[1] != SSL_AD_CLOSE_NOTIFY)
			return;
		c->was_closed = true;
	} else {
		c->is_broken = true;
		ERR_raise_data(ERR_LIB_SSL, SSL_AD_REASON_OFFSET + alert[1],
			       "SSL alert number %d", alert[1]);
		SSL_CTX_remove_session(SSL_get_SSL_CTX(c->ssl),
				       SSL_get_session(c->ssl));
	}
	c->shutdown |= SSL_RECEIVED_SHUTDOWN;
}

/* Once it's closed, its number may be that of a stranger's socket. */
static int check(const struct connection *c)
{
	if (c->stage != STAGE_KERNEL)
		return -EIO;
	return connection_is_there(c) ? 0 : -EBADF;
}

static ssize_t next_record(struct connection *c, unsigned char *type)
{
	int flags = 0, err = check(c);

	if (err)
		return err;
	if (!c->record)
		c->record = malloc(DTLS_MAX_PAYLOAD);
	if (!c->record)
		return -ENOMEM;
	if (c->is_fed) {
		feed_take(c);
		if (!kdtls_pending(c->k))
			return -EAGAIN;
		flags = MSG_DONTWAIT;
	}
	return kdtls_recv(c->k, type, c->record, DTLS_MAX_PAYLOAD, flags);
}

/*
 * One record. 0: read on, if SSL_RECEIVED_SHUTDOWN isn't set; an empty record
 * is nothing that a program could tell from the end.
 */
static int take_record(struct connection *c)
{
	unsigned char type = 0;
	ssize_t n = next_record(c, &type);

	if (n < 0)
		return failed(c, SSL_READING, -n);
	if (type == KDTLS_ALERT)
		take_alert(c, c->record, n);
	if (type != KDTLS_DATA || !n)
		return 0;
	c->at = c->record;
	c->left = n;
	return 1;
}

/* 1: there's data; 0: the end; -1. */
static int fill(struct connection *c)
{
	int ret = c->left ? 1 : 0;

	while (!ret && !(c->shutdown & SSL_RECEIVED_SHUTDOWN))
		ret = take_record(c);
	return ret;
}

int records_read(struct connection *c, void *buf, size_t len, bool peek)
{
	int ret;

	c->want = SSL_NOTHING;
	if (c->shutdown & SSL_RECEIVED_SHUTDOWN || !len)
		return 0;
	ret = fill(c);
	if (ret <= 0)
		return ret;
	if (len > c->left)
		len = c->left;
	memcpy(buf, c->at, len);
	if (peek)
		return len;
	OPENSSL_cleanse(c->at, len);
	c->at += len;
	c->left -= len;
	return len;
}

int records_write(struct connection *c, const void *buf, size_t len)
{
	ssize_t n = check(c);

	c->want = SSL_NOTHING;
	if (c->shutdown & SSL_SENT_SHUTDOWN || c->is_broken)
		return refused(c, SSL_R_PROTOCOL_IS_SHUTDOWN);
	if (len > DTLS_MAX_PAYLOAD)
		return refused(c, SSL_R_DTLS_MESSAGE_TOO_BIG);
	/* As OpenSSL: no record, and no success either. */
	if (!len)
		return 0;
	if (!n)
		n = kdtls_send(c->k, KDTLS_DATA, buf, len, MSG_NOSIGNAL);
	return n < 0 ? failed(c, SSL_WRITING, -n) : n;
}

/* What a poll() doesn't know of: what was read from the socket already. */
size_t records_pending(struct connection *c)
{
	int ret = 0;

	while (ret >= 0 && !c->left && records_has_pending(c) &&
	       !(c->shutdown & SSL_RECEIVED_SHUTDOWN))
		ret = take_record(c);
	return c->left;
}

bool records_has_pending(const struct connection *c)
{
	return c->left || (c->k && kdtls_pending(c->k));
}

static int send_close_notify(struct connection *c)
{
	static const unsigned char alert[] = { SSL3_AL_WARNING,
					       SSL_AD_CLOSE_NOTIFY };
	int err = check(c);

	if (!err)
		err = kdtls_close_notify(c->k);
	c->alert_due = err;
	if (err)
		return failed(c, SSL_WRITING, -err);
	inform(c, SSL_CB_WRITE_ALERT, alert);
	return 0;
}

/* Until the peer's close_notify: data that comes meanwhile is for nobody. */
static int await_close(struct connection *c)
{
	do {
		c->left = 0;
	} while (fill(c) > 0);
	return c->shutdown & SSL_RECEIVED_SHUTDOWN ? 0 : -1;
}

int records_shutdown(struct connection *c)
{
	int err = 0;

	c->want = SSL_NOTHING;
	if (c->is_broken)
		return refused(c, SSL_R_SHUTDOWN_WHILE_IN_INIT);
	if (c->is_quiet) {
		c->shutdown = BOTH;
		return 1;
	}
	if (!(c->shutdown & SSL_SENT_SHUTDOWN) || c->alert_due) {
		c->shutdown |= SSL_SENT_SHUTDOWN;
		err = send_close_notify(c);
	} else if (!(c->shutdown & SSL_RECEIVED_SHUTDOWN)) {
		err = await_close(c);
	}
	return err ? err : c->shutdown == BOTH;
}

int records_error(const struct connection *c, int ret)
{
	unsigned long first = ERR_peek_error();

	if (ret > 0)
		return SSL_ERROR_NONE;
	if (first)
		return ERR_GET_LIB(first) == ERR_LIB_SYS ? SSL_ERROR_SYSCALL :
							   SSL_ERROR_SSL;
	if (c->want == SSL_READING)
		return SSL_ERROR_WANT_READ;
	if (c->want == SSL_WRITING)
		return SSL_ERROR_WANT_WRITE;
	if (c->shutdown & SSL_RECEIVED_SHUTDOWN && c->was_closed)
		return SSL_ERROR_ZERO_RETURN;
	return SSL_ERROR_SYSCALL;
}
