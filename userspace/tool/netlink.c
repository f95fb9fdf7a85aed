// SPDX-License-Identifier: GPL-2.0 OR MIT
#include <errno.h>
#include <stdbool.h>
#include <string.h>
#include <unistd.h>
#include <sys/socket.h>
#include <linux/dtls_netlink.h>
#include <linux/genetlink.h>
#include <linux/netlink.h>

#include "message.h"
#include "netlink.h"

/* The kernel fills what it's offered, up to this. */
#define BUFFER 32768

#define VALUE_MAX 16

struct request {
	struct nlmsghdr head;
	struct genlmsghdr generic;
	struct nlattr attribute;
	uint8_t value[VALUE_MAX];
};

static int ask(struct netlink *nl, uint16_t family, uint16_t flags, uint8_t cmd,
	       uint16_t type, const void *value, size_t len)
{
	struct sockaddr_nl kernel = { .nl_family = AF_NETLINK };
	struct request request = {
		.head = {
			.nlmsg_len = NLMSG_LENGTH(GENL_HDRLEN),
			.nlmsg_type = family,
			.nlmsg_flags = NLM_F_REQUEST | flags,
			.nlmsg_seq = ++nl->seq,
		},
		.generic = { .cmd = cmd, .version = DTLS_GENL_VERSION },
		.attribute = {
			.nla_len = NLA_HDRLEN + len,
			.nla_type = type,
		},
	};

	if (len > VALUE_MAX)
		return -EINVAL;
	if (len) {
		memcpy(request.value, value, len);
		request.head.nlmsg_len += NLA_ALIGN(NLA_HDRLEN + len);
	}
	if (sendto(nl->fd, &request, request.head.nlmsg_len, 0,
		   (struct sockaddr *)&kernel, sizeof(kernel)) < 0)
		return -errno;
	return 0;
}

/* What a reply is passed on to. */
struct reader {
	int (*each)(void *data, const void *attributes, size_t len);
	void *data;
	bool done;
};

static int error_of(const struct nlmsghdr *head)
{
	int error = -EBADMSG;

	/* The end of a dump may have one, too. */
	if (head->nlmsg_len >= NLMSG_LENGTH(sizeof(error)))
		memcpy(&error, NLMSG_DATA(head), sizeof(error));
	else if (head->nlmsg_type == NLMSG_DONE)
		error = 0;
	return error;
}

static int read_message(const struct nlmsghdr *head, struct reader *r)
{
	const uint8_t *content = NLMSG_DATA(head);

	if (head->nlmsg_type == NLMSG_ERROR || head->nlmsg_type == NLMSG_DONE) {
		r->done = true;
		return error_of(head);
	}
	if (head->nlmsg_type < NLMSG_MIN_TYPE)
		return 0;
	if (head->nlmsg_len < NLMSG_LENGTH(GENL_HDRLEN))
		return -EBADMSG;
	/* One that isn't one of many is the last. */
	if (!(head->nlmsg_flags & NLM_F_MULTI))
		r->done = true;
	return r->each(r->data, content + GENL_HDRLEN,
		       head->nlmsg_len - NLMSG_LENGTH(GENL_HDRLEN));
}

static int read_reply(struct netlink *nl, struct reader *r)
{
	static union {
		struct nlmsghdr head;
		char bytes[BUFFER];
	} buffer;
	struct sockaddr_nl from = { 0 };
	socklen_t from_len = sizeof(from);
	const struct nlmsghdr *head = &buffer.head;
	ssize_t n;
	int err;

	n = recvfrom(nl->fd, &buffer, sizeof(buffer), MSG_TRUNC,
		     (struct sockaddr *)&from, &from_len);
	if (n < 0)
		return errno == EINTR ? 0 : -errno;
	if (n > (ssize_t)sizeof(buffer))
		return -EMSGSIZE;
	/* Others may write to this socket, too. */
	if (from.nl_pid)
		return 0;
	for (; NLMSG_OK(head, (unsigned int)n) && !r->done;
	     head = NLMSG_NEXT(head, n)) {
		if (head->nlmsg_seq != nl->seq)
			continue;
		err = read_message(head, r);
		if (err)
			return err;
	}
	return 0;
}

static int read_replies(struct netlink *nl, struct reader *r)
{
	int err;

	do {
		err = read_reply(nl, r);
	} while (!err && !r->done);
	return err;
}

static int family_attribute(void *data, unsigned int type, const void *value,
			    size_t len)
{
	uint16_t *family = data;

	if (type != CTRL_ATTR_FAMILY_ID)
		return 0;
	if (len != sizeof(*family))
		return -EBADMSG;
	memcpy(family, value, len);
	return 0;
}

static int family_message(void *data, const void *attributes, size_t len)
{
	return message_attributes(attributes, len, family_attribute, data);
}

static int find_family(struct netlink *nl)
{
	struct reader r = { .each = family_message, .data = &nl->family };
	int err = ask(nl, GENL_ID_CTRL, 0, CTRL_CMD_GETFAMILY,
		      CTRL_ATTR_FAMILY_NAME, DTLS_GENL_NAME,
		      sizeof(DTLS_GENL_NAME));

	if (!err)
		err = read_replies(nl, &r);
	if (!err && !nl->family)
		err = -EBADMSG;
	return err;
}

int netlink_open(struct netlink *nl)
{
	int err;

	*nl = (struct netlink) { 0 };
	nl->fd = socket(AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC, NETLINK_GENERIC);
	if (nl->fd < 0)
		return -errno;
	err = find_family(nl);
	if (err)
		netlink_close(nl);
	return err;
}

int netlink_dump(struct netlink *nl, uint8_t cmd, uint16_t type,
		 const void *value, size_t len,
		 int (*each)(void *data, const void *attributes, size_t len),
		 void *data)
{
	struct reader r = { .each = each, .data = data };
	int err = ask(nl, nl->family, NLM_F_DUMP, cmd, type, value, len);

	return err ? err : read_replies(nl, &r);
}

void netlink_close(struct netlink *nl)
{
	close(nl->fd);
}
