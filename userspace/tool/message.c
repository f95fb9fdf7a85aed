// SPDX-License-Identifier: GPL-2.0 OR MIT
#include <errno.h>
#include <string.h>
#include <arpa/inet.h>
#include <sys/socket.h>
#include <linux/netlink.h>

#include "message.h"

#define MIN(a, b) ((a) < (b) ? (a) : (b))

int message_attributes(const void *attributes, size_t len,
		       int (*each)(void *data, unsigned int type,
				   const void *value, size_t len),
		       void *data)
{
	const uint8_t *p = attributes;
	struct nlattr a;
	size_t step;
	int err;

	while (len >= sizeof(a)) {
		memcpy(&a, p, sizeof(a));
		if (a.nla_len < sizeof(a) || a.nla_len > len)
			return -EBADMSG;
		err = each(data, a.nla_type & NLA_TYPE_MASK, p + sizeof(a),
			   a.nla_len - sizeof(a));
		if (err)
			return err;
		step = MIN((size_t)NLA_ALIGN(a.nla_len), len);
		p += step;
		len -= step;
	}
	return len ? -EBADMSG : 0;
}

/* A number, of just that size. */
static int number(void *to, size_t size, const void *value, size_t len)
{
	if (len != size)
		return -EBADMSG;
	memcpy(to, value, size);
	return 0;
}

/* A structure: what's longer is cut, and what's shorter ends with zeros. */
static int structure(void *to, size_t size, const void *value, size_t len)
{
	memset(to, 0, size);
	memcpy(to, value, MIN(size, len));
	return 0;
}
static int address(struct socket_address *to, const void *value, size_t len)
{
	if (len != 4 && len != 16)
		return -EBADMSG;
	memset(to->bytes, 0, sizeof(to->bytes));
	memcpy(to->bytes, value, len);
	return 0;
}

static int port(struct socket_address *to, const void *value, size_t len)
{
	int err = number(&to->port, sizeof(to->port), value, len);

	to->port = ntohs(to->port);
	return err;
}

static int key_state(struct key_state *to, const void *value, size_t len)
{
	struct dtls_state state;

	/* Its bitmap isn't told. */
	structure(&state, offsetof(struct dtls_state, bitmap), value, len);
	*to = (struct key_state) {
		.epoch = state.epoch,
		.window_bits = state.window_bits,
		.next = state.next,
		.records = state.records,
		.failures = state.failures,
		.limit = state.limit,
		.warn = state.warn,
	};
	return 0;
}

static int socket_attribute(void *data, unsigned int type, const void *value,
			    size_t len)
{
	struct diag_socket *s = data;

	switch (type) {
	case DTLS_A_SOCKET_COOKIE:
		return number(&s->cookie, sizeof(s->cookie), value, len);
	case DTLS_A_SOCKET_INODE:
		return number(&s->inode, sizeof(s->inode), value, len);
	case DTLS_A_SOCKET_UID:
		return number(&s->uid, sizeof(s->uid), value, len);
	case DTLS_A_SOCKET_FAMILY:
		return number(&s->family, sizeof(s->family), value, len);
	case DTLS_A_SOCKET_LOCAL_ADDR:
		return address(&s->local, value, len);
	case DTLS_A_SOCKET_LOCAL_PORT:
		return port(&s->local, value, len);
	case DTLS_A_SOCKET_PEER_ADDR:
		return address(&s->peer, value, len);
	case DTLS_A_SOCKET_PEER_PORT:
		return port(&s->peer, value, len);
	case DTLS_A_SOCKET_DEVICE:
		return number(&s->device, sizeof(s->device), value, len);
	case DTLS_A_SOCKET_INFO:
		return structure(&s->info, sizeof(s->info), value, len);
	case DTLS_A_SOCKET_STATS:
		return structure(&s->stats, sizeof(s->stats), value, len);
	case DTLS_A_SOCKET_TX:
		s->has_tx = true;
		return key_state(&s->tx, value, len);
	case DTLS_A_SOCKET_RX:
		if (s->rx_count == DTLS_RX_EPOCHS_MAX)
			return 0;
		return key_state(&s->rx[s->rx_count++], value, len);
	}
	return 0;
}

int message_socket(struct diag_socket *s, const void *attributes, size_t len)
{
	memset(s, 0, sizeof(*s));
	return message_attributes(attributes, len, socket_attribute, s);
}
