// SPDX-License-Identifier: GPL-2.0 OR MIT
/* The calls of an application, which are the same for all transports. */
#include <sys/socket.h>

#include "association.h"
#include "kdtls-core.h"
#include "transport.h"

bool kdtls_is_stream(const struct kdtls *k)
{
	return k->transport->is_stream;
}

ssize_t kdtls_send(struct kdtls *k, unsigned char type, const void *buf,
		   size_t len, int flags)
{
	return k->transport->send(k, type, buf, len, flags);
}

ssize_t kdtls_recv(struct kdtls *k, unsigned char *type, void *buf, size_t len,
		   int flags)
{
	return k->transport->recv(k, type, buf, len, flags);
}

ssize_t kdtls_sendfile(struct kdtls *k, int in_fd, off_t *offset, size_t count)
{
	return k->transport->sendfile(k, in_fd, offset, count);
}

int kdtls_handshake_record(struct kdtls *k, const void *content, size_t len)
{
	return k->transport->handshake_record(k, content, len);
}

int kdtls_close_notify(struct kdtls *k)
{
	/* warning, close_notify (RFC 5246, 7.2.1; RFC 8446, 6.1) */
	static const unsigned char alert[] = { 1, 0 };
	ssize_t n =
		kdtls_send(k, KDTLS_ALERT, alert, sizeof(alert), MSG_NOSIGNAL);

	return n < 0 ? n : 0;
}

int kdtls_rekey(struct kdtls *k)
{
	return k->transport->rekey(k);
}

int kdtls_max_payload(const struct kdtls *k)
{
	return k->transport->max_payload(k);
}

int kdtls_stats(const struct kdtls *k, struct dtls_stats *stats, size_t size)
{
	return k->transport->stats(k, stats, size);
}

int kdtls_info(const struct kdtls *k, struct dtls_info *info, size_t size)
{
	return k->transport->info(k, info, size);
}

ssize_t kdtls_export(struct kdtls *k, void *state, size_t size)
{
	return k->transport->export_state(k, state, size);
}

int kdtls_detach(struct kdtls *k, unsigned int how)
{
	return k->transport->detach(k, how);
}
