// SPDX-License-Identifier: GPL-2.0 OR MIT
/*
 * TLS over TCP, by the kernel's own TLS. Sending and receiving are one thread's
 * each, or several may send: see struct kdtls_stream_state for what they share.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>

#include "kdtls-core.h"
#include "kernel.h"
#include "key_update.h"
#include "stream_record.h"
#include "stream_state.h"
#include "transport.h"

#define PAYLOAD_MAX 16384

/* What waits to be said to the peer goes first. Then @lock is held. */
static int begin_sending(struct kdtls *k)
{
	struct kdtls_stream_state *s = k->stream;
	int err = 0;

	pthread_rwlock_rdlock(&s->lock);
	while (atomic_load(&s->answer_due) && !err) {
		pthread_rwlock_unlock(&s->lock);
		pthread_rwlock_wrlock(&s->lock);
		if (atomic_load(&s->answer_due))
			err = kdtls_key_update_send(k,
						    KDTLS_UPDATE_NOT_REQUESTED);
		if (!err)
			atomic_store(&s->answer_due, false);
		pthread_rwlock_unlock(&s->lock);
		pthread_rwlock_rdlock(&s->lock);
	}
	if (!err)
		err = s->tx_error;
	if (err)
		pthread_rwlock_unlock(&s->lock);
	return err;
}

/* The kernel fills its records; shorter ones are made by shorter calls. */
static bool has_short_records(const struct kdtls *k)
{
	return k->payload_max < PAYLOAD_MAX;
}

static ssize_t stream_send(struct kdtls *k, unsigned char type, const void *buf,
			   size_t len, int flags)
{
	ssize_t n;

	if (type < KDTLS_ALERT || type > KDTLS_DATA)
		return -EINVAL;
	if (!len)
		return type == KDTLS_DATA ? 0 : -EINVAL;
	if (has_short_records(k)) {
		flags &= ~MSG_MORE;
		if (len > k->payload_max)
			len = k->payload_max;
	}
	n = begin_sending(k);
	if (n)
		return n;
	n = kdtls_kernel_send(k->fd,
			      type == KDTLS_DATA ? 0 : TLS_SET_RECORD_TYPE,
			      type, buf, len, flags | MSG_NOSIGNAL);
	pthread_rwlock_unlock(&k->stream->lock);
	return n;
}

static ssize_t stream_sendfile(struct kdtls *k, int in_fd, off_t *offset,
			       size_t count)
{
	ssize_t n;

	if (has_short_records(k) && count > k->payload_max)
		count = k->payload_max;
	n = begin_sending(k);
	if (n)
		return n;
	n = kdtls_kernel_sendfile(k->fd, in_fd, offset, count);
	pthread_rwlock_unlock(&k->stream->lock);
	return n;
}

static int rekey(struct kdtls *k)
{
	struct kdtls_stream_state *s = k->stream;
	int err;

	pthread_rwlock_wrlock(&s->lock);
	err = s->tx_error;
	if (!err)
		err = kdtls_key_update_send(k, KDTLS_UPDATE_REQUESTED);
	pthread_rwlock_unlock(&s->lock);
	return err;
}

static ssize_t recv_early(struct kdtls *k, unsigned char *type, void *buf,
			  size_t len, int flags)
{
	struct kdtls_early *early = k->early;
	size_t left = early->len - early->used;

	if (len > left)
		len = left;
	memcpy(buf, early->content + early->used, len);
	if (type)
		*type = early->type;
	if (!(flags & MSG_PEEK)) {
		early->used += len;
		if (early->used == early->len)
			kdtls_association_pop(k);
	}
	return len;
}

/*
 * Several requests get one answer. Where the kernel takes no other key there's
 * none to give, and what's left is to say goodbye.
 */
static void note_request(struct kdtls_stream_state *s)
{
	if (s->takes_next_keys)
		atomic_store(&s->answer_due, true);
}

/* Handshake messages, or a part of them: 0 or why it can't go on. */
static int take_handshake(struct kdtls *k, const void *content, size_t len)
{
	struct kdtls_stream_state *s = k->stream;

	switch (kdtls_post_handshake(&s->post, s->version, content, len)) {
	case KDTLS_POST_NONE:
		return 0;
	case KDTLS_POST_UPDATE_REQUESTED:
		note_request(s);
		/* fall through */
	case KDTLS_POST_UPDATE:
		s->rx_error = kdtls_key_update_received(k);
		break;
	case KDTLS_POST_BAD:
		s->rx_error = -EPROTO;
		break;
	}
	return s->rx_error;
}

static int handshake_record(struct kdtls *k, const void *content, size_t len)
{
	int err = take_handshake(k, content, len);

	return err ? err : 1;
}

/* RFC 8446, 6.1: without close_notify it may have been cut by anyone. */
static ssize_t end_of_stream(const struct kdtls_stream_state *s)
{
	return s->is_closed ? 0 : -ECONNABORTED;
}

static ssize_t receive_error(struct kdtls_stream_state *s, int err)
{
	if (err == EBADMSG && !s->rx_error) {
		s->bad_tags = 1;
		s->rx_error = -EBADMSG;
	}
	return -err;
}

static bool find_type(struct msghdr *msg, unsigned char *type)
{
	struct cmsghdr *cmsg;

	for (cmsg = CMSG_FIRSTHDR(msg); cmsg; cmsg = CMSG_NXTHDR(msg, cmsg))
		if (cmsg->cmsg_level == SOL_TLS &&
		    cmsg->cmsg_type == TLS_GET_RECORD_TYPE) {
			*type = *CMSG_DATA(cmsg);
			return true;
		}
	return false;
}

/* Of one type, which is told. */
static ssize_t read_typed(struct kdtls *k, unsigned char *type, void *buf,
			  size_t len, int flags)
{
	union {
		struct cmsghdr align;
		char bytes[512];
	} control;
	struct iovec iov = { .iov_base = buf, .iov_len = len };
	struct msghdr msg = {
		.msg_iov = &iov,
		.msg_iovlen = 1,
		.msg_control = control.bytes,
		.msg_controllen = sizeof(control.bytes),
	};
	ssize_t n = kdtls_kernel->recvmsg(k->fd, &msg, flags);

	if (n < 0)
		return receive_error(k->stream, errno);
	if (!n)
		return end_of_stream(k->stream);
	return find_type(&msg, type) ? n : -EBADMSG;
}

/*
 * What was read is no data. 1: it's for the application; 0: it was dealt with,
 * and the kernel has it no more.
 */
static int take_control(struct kdtls *k, unsigned char type, void *buf,
			size_t len, int flags)
{
	const unsigned char *content = buf;
	int err;

	if (type != KDTLS_HANDSHAKE) {
		if (type == KDTLS_ALERT && len >= 2 && !content[1] &&
		    !(flags & MSG_PEEK))
			k->stream->is_closed = true;
		return 1;
	}
	if (flags & MSG_PEEK)
		read_typed(k, &type, buf, len, MSG_DONTWAIT);
	err = take_handshake(k, buf, len);
	explicit_bzero(buf, len);
	return err;
}

static ssize_t read_any(struct kdtls *k, unsigned char *type, void *buf,
			size_t len, int flags)
{
	ssize_t n;
	int taken;

	for (;;) {
		n = read_typed(k, type, buf, len, flags);
		if (n <= 0 || *type == KDTLS_DATA)
			return n;
		taken = take_control(k, *type, buf, n, flags);
		if (taken)
			return taken < 0 ? taken : n;
	}
}

/* For those who want data only, the kernel keeps what is of another type. */
static ssize_t read_data(struct kdtls *k, void *buf, size_t len, int flags)
{
	struct iovec iov = { .iov_base = buf, .iov_len = len };
	struct msghdr msg = { .msg_iov = &iov, .msg_iovlen = 1 };
	unsigned char content[256], type;
	ssize_t n;
	int err;

	for (;;) {
		n = kdtls_kernel->recvmsg(k->fd, &msg, flags);
		if (n > 0)
			return n;
		if (!n)
			return end_of_stream(k->stream);
		if (errno != EIO)
			return receive_error(k->stream, errno);
		n = read_typed(k, &type, content, sizeof(content),
			       MSG_PEEK | MSG_DONTWAIT);
		if (n <= 0 || type != KDTLS_HANDSHAKE)
			return -EIO;
		err = take_control(k, type, content, n, MSG_PEEK);
		if (err)
			return err;
	}
}

static ssize_t stream_recv(struct kdtls *k, unsigned char *type, void *buf,
			   size_t len, int flags)
{
	if (flags & (MSG_ERRQUEUE | MSG_OOB) || !len)
		return -EINVAL;
	/* TCP would throw the bytes away. */
	flags &= ~MSG_TRUNC;
	if (k->early)
		return recv_early(k, type, buf, len, flags);
	if (k->stream->rx_error)
		return k->stream->rx_error;
	return type ? read_any(k, type, buf, len, flags) :
		      read_data(k, buf, len, flags);
}

static int max_payload(const struct kdtls *k)
{
	return k->payload_max;
}

static int records_of(const struct kdtls *k, int direction,
		      const struct kdtls_count *count, uint64_t *records)
{
	uint64_t seq = 0;
	int err = kdtls_stream_number(k->fd, direction, k->suite, &seq);

	*records = count->before + seq - count->first;
	return err;
}

static void give(void *to, size_t size, const void *from, size_t len)
{
	memset(to, 0, size);
	memcpy(to, from, size < len ? size : len);
}

static int get_stats(const struct kdtls *k, struct dtls_stats *stats,
		     size_t size)
{
	struct kdtls_stream_state *s = k->stream;
	struct dtls_stats all = { .rx_bad_tag = s->bad_tags };
	uint64_t tx, rx;
	int err;

	pthread_rwlock_rdlock(&s->lock);
	err = records_of(k, TLS_TX, &s->tx_count, &tx);
	pthread_rwlock_unlock(&s->lock);
	if (!err)
		err = records_of(k, TLS_RX, &s->rx_count, &rx);
	if (err)
		return err;
	all.tx_records = tx;
	all.rx_delivered = rx;
	give(stats, size, &all, sizeof(all));
	return 0;
}

static int get_info(const struct kdtls *k, struct dtls_info *info, size_t size)
{
	const struct kdtls_suite *suite = k->suite;
	uint16_t version = k->stream->version;
	bool inner_type = version == TLS_1_3_VERSION;
	uint64_t next = 0;
	int err = kdtls_stream_number(k->fd, TLS_TX, suite, &next);
	struct dtls_info all = {
		.version = version,
		.tx_cipher = suite->cipher_type,
		.rx_cipher = suite->cipher_type,
		.tx_overhead = KDTLS_STREAM_HEADER + suite->tag_len +
			       (inner_type ? 1 : suite->explicit_len),
		.tx_payload = k->payload_max,
		.tx_next = next,
	};

	if (!err)
		give(info, size, &all, sizeof(all));
	return err;
}

static ssize_t export_state(struct kdtls *k, void *state, size_t size)
{
	(void)k;
	(void)state;
	(void)size;
	return -EOPNOTSUPP;
}

static int detach(struct kdtls *k, unsigned int how)
{
	(void)k;
	(void)how;
	return -EOPNOTSUPP;
}

static void release(struct kdtls *k)
{
	if (!k->stream)
		return;
	pthread_rwlock_destroy(&k->stream->lock);
	explicit_bzero(k->stream, sizeof(*k->stream));
	free(k->stream);
}

const struct kdtls_transport kdtls_stream = {
	.is_stream = true,
	.send = stream_send,
	.recv = stream_recv,
	.sendfile = stream_sendfile,
	.handshake_record = handshake_record,
	.max_payload = max_payload,
	.stats = get_stats,
	.info = get_info,
	.rekey = rekey,
	.export_state = export_state,
	.detach = detach,
	.release = release,
};

struct kdtls *kdtls_stream_new(const struct kdtls_stream_install *in,
			       size_t payload_max)
{
	struct kdtls_stream_state *s = calloc(1, sizeof(*s));
	struct kdtls *k = s ? kdtls_association_new(in->fd, in->family) : NULL;

	if (!k) {
		free(s);
		return NULL;
	}
	pthread_rwlock_init(&s->lock, NULL);
	s->version = in->version;
	s->tx_count.first = in->tx_next;
	s->rx_count.first = in->rx_next;
	k->transport = &kdtls_stream;
	k->stream = s;
	k->suite = in->keys.suite;
	k->payload_max = payload_max;
	return k;
}

void kdtls_stream_keep_secrets(struct kdtls *k, kdtls_expand expand,
			       const struct kdtls_secret *tx,
			       const struct kdtls_secret *rx)
{
	if (!tx->len || !kdtls_stream_takes_next_key(k->fd, k->suite))
		return;
	k->stream->takes_next_keys = true;
	k->stream->expand = expand;
	k->stream->tx_secret = *tx;
	k->stream->rx_secret = *rx;
}
