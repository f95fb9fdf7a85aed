// SPDX-License-Identifier: GPL-2.0 OR MIT
/*
 * Records by the kernel: what left the device as one packet leaves the machine by
 * one call, and what arrived together is received together.
 */
#include <errno.h>
#include <string.h>
#include <netinet/in.h>
#include <netinet/udp.h>
#include <sys/socket.h>

#include "link.h"

/* All of it in one UDP datagram as long as the stack keeps it in one. */
#define BATCH_BYTES   65535
#define BATCH_RECORDS 64
/* IP and UDP headers, at most. */
#define BATCH_HEADERS 48

static int begin(struct link *link, const char **error)
{
	struct kdtls_options opts = {
		.size = sizeof(opts),
		/* Batches of several sources are reordered by that much. */
		.window_bits = 4096,
	};
	int on = 1;
	int err = kdtls_attach(link->ssl, link->fd, &opts, &link->k);

	if (err) {
		*error = kdtls_error_text();
		return err;
	}
	SSL_free(link->ssl);
	link->ssl = NULL;
	/* Without it records come one by one, which works as well. */
	setsockopt(link->fd, IPPROTO_UDP, UDP_GRO, &on, sizeof(on));
	return 0;
}

static int send_batch(struct link *link, const uint8_t *bytes, size_t len,
		      size_t each)
{
	union {
		struct cmsghdr align;
		char bytes[CMSG_SPACE(sizeof(uint16_t))];
	} control = { 0 };
	struct iovec iov = { .iov_base = (void *)bytes, .iov_len = len };
	struct msghdr msg = { .msg_iov = &iov, .msg_iovlen = 1 };
	struct cmsghdr *cmsg = &control.align;
	uint16_t segment = each;

	if (len > each) {
		msg.msg_control = control.bytes;
		msg.msg_controllen = sizeof(control.bytes);
		cmsg->cmsg_level = IPPROTO_UDP;
		cmsg->cmsg_type = UDP_SEGMENT;
		cmsg->cmsg_len = CMSG_LEN(sizeof(segment));
		memcpy(CMSG_DATA(cmsg), &segment, sizeof(segment));
	}
	return sendmsg(link->fd, &msg, MSG_DONTWAIT | MSG_NOSIGNAL) < 0 ?
		       -errno :
		       0;
}

static int send_packets(struct link *link, const struct segments *packets)
{
	size_t records =
		(BATCH_BYTES - BATCH_HEADERS) / (packets->each + LINK_OVERHEAD);
	size_t at, len, most;
	int err;

	if (records > BATCH_RECORDS)
		records = BATCH_RECORDS;
	if (link->sends_singly)
		records = 1;
	most = records * packets->each;
	for (at = 0; at < packets->len; at += len) {
		len = packets->len - at < most ? packets->len - at : most;
		err = send_batch(link, packets->bytes + at, len, packets->each);
		/* Through IPsec, and in 6.1 if the card adds up no checksums. */
		if (err == -EIO && len > packets->each) {
			link->sends_singly = true;
			return send_packets(link, &(struct segments) {
							  packets->bytes + at,
							  packets->len - at,
							  packets->each,
						  });
		}
		/* A batch that's too long for the path isn't -EMSGSIZE. */
		if (err == -EINVAL)
			return -EMSGSIZE;
		if (err)
			return err;
	}
	return 0;
}

static void send_close(struct link *link)
{
	kdtls_close_notify(link->k);
}

/* What OpenSSL had received before the kernel took over. */
static int receive_pending(struct link *link, struct batch *batch)
{
	ssize_t n = kdtls_recv(link->k, &batch->type, batch->bytes,
			       sizeof(batch->bytes), MSG_DONTWAIT);

	if (n < 0)
		return n;
	batch->len = n;
	batch->each = n;
	return 0;
}

static int read_control(struct msghdr *msg, struct batch *batch)
{
	struct cmsghdr *cmsg;
	bool typed = false;
	int gro;

	for (cmsg = CMSG_FIRSTHDR(msg); cmsg; cmsg = CMSG_NXTHDR(msg, cmsg)) {
		if (cmsg->cmsg_level == SOL_TLS &&
		    cmsg->cmsg_type == TLS_GET_RECORD_TYPE) {
			batch->type = *CMSG_DATA(cmsg);
			typed = true;
		} else if (cmsg->cmsg_level == IPPROTO_UDP &&
			   cmsg->cmsg_type == UDP_GRO) {
			memcpy(&gro, CMSG_DATA(cmsg), sizeof(gro));
			batch->each = gro;
		}
	}
	return typed ? 0 : -EBADMSG;
}

static int receive_records(struct link *link, struct batch *batch)
{
	union {
		struct cmsghdr align;
		char bytes[128];
	} control;
	struct iovec iov = {
		.iov_base = batch->bytes,
		.iov_len = sizeof(batch->bytes),
	};
	struct msghdr msg = {
		.msg_iov = &iov,
		.msg_iovlen = 1,
		.msg_control = control.bytes,
		.msg_controllen = sizeof(control.bytes),
	};
	ssize_t n = recvmsg(link->fd, &msg, MSG_DONTWAIT);

	if (n < 0)
		return -errno;
	batch->len = n;
	batch->each = n;
	return read_control(&msg, batch);
}

static int receive(struct link *link, struct batch *batch)
{
	int err;

	if (kdtls_pending(link->k))
		return receive_pending(link, batch);
	do {
		err = receive_records(link, batch);
	} while (!err && batch->type == KDTLS_HANDSHAKE &&
		 kdtls_handshake_record(link->k, batch->bytes, batch->len));
	return err;
}

static bool has_pending(const struct link *link)
{
	return kdtls_pending(link->k);
}

static const char *cipher(const struct link *link)
{
	return kdtls_cipher(link->k);
}

const struct transport transport_kernel = {
	.place = "in the kernel",
	.begin = begin,
	.send = send_packets,
	.send_close = send_close,
	.receive = receive,
	.pending = has_pending,
	.cipher = cipher,
};
