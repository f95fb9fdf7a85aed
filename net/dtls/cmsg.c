// SPDX-License-Identifier: GPL-2.0
/* Control messages: the record type, as kernel TLS has it, and DTLS's own. */
#include <linux/slab.h>
#include <linux/socket.h>
#include <linux/udp.h>
#include <net/sock.h>

#include <linux/dtls.h>

#include "cmsg.h"
#include "record.h"
#include "rx.h"

static int get_type(const struct cmsghdr *cmsg, struct dtls_cmsg *said)
{
	if (cmsg->cmsg_len < CMSG_LEN(sizeof(said->type)))
		return -EINVAL;
	said->type = *(u8 *)CMSG_DATA(cmsg);
	return dtls_record_type_is_known(said->type) ? 0 : -EINVAL;
}

static bool is_segment(const struct cmsghdr *cmsg)
{
	return cmsg->cmsg_level == SOL_UDP && cmsg->cmsg_type == UDP_SEGMENT;
}

static int get_segment(const struct cmsghdr *cmsg, struct dtls_cmsg *said)
{
	if (cmsg->cmsg_len != CMSG_LEN(sizeof(said->segment)))
		return -EINVAL;
	memcpy(&said->segment, CMSG_DATA(cmsg), sizeof(said->segment));
	said->has_segment = true;
	return 0;
}

static int get_one(const struct cmsghdr *cmsg, struct dtls_cmsg *said)
{
	if (is_segment(cmsg))
		return get_segment(cmsg, said);
	/* The others are UDP's and IP's, which look at them in their turn. */
	if (cmsg->cmsg_level != SOL_TLS) {
		said->has_others = true;
		return 0;
	}
	if (cmsg->cmsg_type == TLS_SET_RECORD_TYPE)
		return get_type(cmsg, said);
	if (cmsg->cmsg_type != DTLS_SET_EPOCH0)
		return -EINVAL;
	said->is_epoch0 = true;
	return 0;
}

/**
 * dtls_cmsg_get() - what a sender says of its datagram
 * @msg: the message, its control messages in kernel memory
 * @said: where it goes: application data, where the sender says nothing
 *
 * Context: process.
 * Return: 0; -EINVAL for a type that can't be sent or a control message that
 *	is none.
 */
int dtls_cmsg_get(struct msghdr *msg, struct dtls_cmsg *said)
{
	struct cmsghdr *cmsg;
	int err;

	*said = (struct dtls_cmsg){ .type = DTLS_RECORD_DATA };
	for_each_cmsghdr(cmsg, msg) {
		if (!CMSG_OK(msg, cmsg))
			return -EINVAL;
		err = get_one(cmsg, said);
		if (err)
			return err;
	}
	return 0;
}

/**
 * dtls_cmsg_has_segment() - does a sender say how long its datagrams are?
 * @msg: the message, its control messages in kernel memory
 *
 * Context: process.
 * Return: true if there's a UDP_SEGMENT.
 */
bool dtls_cmsg_has_segment(struct msghdr *msg)
{
	struct cmsghdr *cmsg;

	for_each_cmsghdr(cmsg, msg) {
		/* What follows can't be found: it may be this one again. */
		if (!CMSG_OK(msg, cmsg))
			return false;
		if (is_segment(cmsg))
			return true;
	}
	return false;
}

/* The control messages of @msg, but for UDP_SEGMENT; NULL if one is none. */
static u8 *copy_others(struct msghdr *msg, u8 *to)
{
	struct cmsghdr *cmsg;

	for_each_cmsghdr(cmsg, msg) {
		/* With one of ours behind it, it might seem to be whole. */
		if (!CMSG_OK(msg, cmsg))
			return NULL;
		if (is_segment(cmsg))
			continue;
		memcpy(to, cmsg, cmsg->cmsg_len);
		to += CMSG_ALIGN(cmsg->cmsg_len);
	}
	return to;
}

/**
 * dtls_cmsg_set_segment() - tell UDP how long the datagrams are
 * @msg: the message, with the sender's control messages; gets others
 * @segment: length of a datagram on the wire, bytes; 0: there's only one
 * @control: their memory, to be freed by dtls_cmsg_free()
 *
 * Context: process.
 * Return: 0; -EINVAL for a control message that is none; -ENOMEM.
 */
int dtls_cmsg_set_segment(struct msghdr *msg, u16 segment,
			  struct dtls_cmsg_control *control)
{
	size_t room = CMSG_ALIGN(msg->msg_controllen) +
		      CMSG_SPACE(sizeof(segment));
	struct cmsghdr *cmsg;
	u8 *buf = (u8 *)control->buf;

	control->mem = NULL;
	if (room > sizeof(control->buf)) {
		buf = kmalloc(room, GFP_KERNEL);
		if (!buf)
			return -ENOMEM;
		control->mem = buf;
	}
	cmsg = (void *)copy_others(msg, buf);
	if (!cmsg) {
		dtls_cmsg_free(control);
		return -EINVAL;
	}
	*cmsg = (struct cmsghdr){
		.cmsg_level = SOL_UDP,
		.cmsg_type = UDP_SEGMENT,
		.cmsg_len = CMSG_LEN(sizeof(segment)),
	};
	memcpy(CMSG_DATA(cmsg), &segment, sizeof(segment));
	msg->msg_control = buf;
	msg->msg_controllen = (u8 *)cmsg + CMSG_SPACE(sizeof(segment)) - buf;
	msg->msg_control_is_user = false;
	return 0;
}

/**
 * dtls_cmsg_free() - the message was sent
 * @control: as of dtls_cmsg_set_segment()
 *
 * Context: any.
 */
void dtls_cmsg_free(struct dtls_cmsg_control *control)
{
	kfree(control->mem);
}

static int put_info(struct msghdr *msg, const struct dtls_rx_record *record)
{
	struct dtls_record_info info = {
		.type = record->type,
		.flags = record->flags,
		.epoch = dtls_record_epoch(record->number),
		.seq = dtls_record_seq(record->number),
	};

	return put_cmsg(msg, SOL_TLS, DTLS_GET_RECORD, sizeof(info), &info);
}

/**
 * dtls_cmsg_put() - tell a reader what his record is
 * @msg: the reader's message, before anything else is put there
 * @record: the record, that isn't application data or that nobody authenticated
 * @want_info: whether to tell more than the type
 *
 * It must not be taken for application data, and least of all what nobody
 * authenticated.
 *
 * Context: process.
 * Return: 0; -EIO if what it is doesn't fit; -EFAULT.
 */
int dtls_cmsg_put(struct msghdr *msg, const struct dtls_rx_record *record,
		  bool want_info)
{
	bool is_plain = record->flags & DTLS_RECORD_UNAUTHENTICATED;
	int err = 0;

	if (!is_plain)
		err = put_cmsg(msg, SOL_TLS, TLS_GET_RECORD_TYPE,
			       sizeof(record->type), (void *)&record->type);
	if (!err && !is_plain && msg->msg_flags & MSG_CTRUNC)
		return -EIO;
	if (!err && (want_info || is_plain))
		err = put_info(msg, record);
	if (!err && is_plain && msg->msg_flags & MSG_CTRUNC)
		return -EIO;
	return err;
}

/**
 * dtls_cmsg_put_data() - tell a reader that his record is application data
 * @msg: the reader's message, with all that UDP puts there
 * @record: the record
 * @want_info: whether to tell more than the type
 *
 * Who knows nothing of records misses nothing: the type is told only where
 * there's room for it.
 *
 * Context: process.
 */
void dtls_cmsg_put_data(struct msghdr *msg, const struct dtls_rx_record *record,
			bool want_info)
{
	if (msg->msg_controllen >= CMSG_LEN(sizeof(record->type)))
		put_cmsg(msg, SOL_TLS, TLS_GET_RECORD_TYPE,
			 sizeof(record->type), (void *)&record->type);
	if (want_info)
		put_info(msg, record);
}
