// SPDX-License-Identifier: GPL-2.0
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <linux/genetlink.h>

#include "netlink.h"

/* Above the kernel's largest dump. */
#define ROOM (256 * 1024)

/* A structure of the uapi, as far as the kernel sends it. */
#define STATE_LEN offsetof(struct dtls_state, bitmap)

struct request {
	struct nlmsghdr header;
	struct genlmsghdr generic;
	char attrs[64];
};

static int send_request(const struct netlink *netlink, uint16_t type,
			uint16_t flags, uint8_t cmd, const void *attrs,
			size_t len)
{
	struct request request = {
		.header = {
			.nlmsg_len = (uint32_t)(NLMSG_LENGTH(GENL_HDRLEN) + len),
			.nlmsg_type = type,
			.nlmsg_flags = NLM_F_REQUEST | flags,
		},
		.generic = {
			.cmd = cmd,
			.version = 1,
			.reserved = netlink->reserved,
		},
	};

	if (len)
		memcpy(request.attrs, attrs, len);
	return send(netlink->fd, &request, request.header.nlmsg_len, 0) < 0 ?
		       -1 :
		       0;
}

static void parse(const struct nlmsghdr *header, struct netlink_attrs *attrs)
{
	const char *at = (const char *)header + NLMSG_LENGTH(GENL_HDRLEN);

	memset(attrs, 0, sizeof(*attrs));
	attrs->begin = at;
	attrs->end = (const char *)header + header->nlmsg_len;
	while (attrs->end - at >= NLA_HDRLEN) {
		const struct nlattr *attr = (const struct nlattr *)at;
		int type = attr->nla_type & NLA_TYPE_MASK;

		if (type < NETLINK_ATTRS) {
			attrs->attr[type] = attr;
			attrs->count[type]++;
		}
		at += NLA_ALIGN(attr->nla_len);
	}
}

/*
 * The messages of one answer, until its end. Return: 0, or -1 with errno and
 * @error set.
 */
static int read_answer(struct netlink *netlink,
		       void (*each)(const struct netlink_attrs *attrs,
				    void *data),
		       void *data)
{
	char *room = malloc(ROOM);
	int done = 0;

	netlink->error = 0;
	while (!done) {
		ssize_t n = recv(netlink->fd, room, ROOM, 0);
		const struct nlmsghdr *header = (struct nlmsghdr *)room;

		for (; !done && NLMSG_OK(header, n);
		     header = NLMSG_NEXT(header, n)) {
			struct netlink_attrs attrs;

			done = header->nlmsg_type == NLMSG_DONE ||
			       header->nlmsg_type == NLMSG_ERROR;
			if (done) {
				netlink->error = -*(int *)NLMSG_DATA(header);
				continue;
			}
			parse(header, &attrs);
			each(&attrs, data);
		}
		if (n < 0) {
			netlink->error = errno;
			break;
		}
	}
	free(room);
	errno = netlink->error;
	return errno ? -1 : 0;
}

static void take_family(const struct netlink_attrs *attrs, void *data)
{
	struct netlink *netlink = data;

	netlink->family = netlink_u16(attrs, CTRL_ATTR_FAMILY_ID);
}

/* Return: -1 with ENOENT without the module. */
int netlink_open(struct netlink *netlink)
{
	struct {
		struct nlattr attr;
		char name[NLA_ALIGN(sizeof(DTLS_GENL_NAME))];
	} attrs = {
		.attr = { NLA_HDRLEN + sizeof(DTLS_GENL_NAME),
			  CTRL_ATTR_FAMILY_NAME },
		.name = DTLS_GENL_NAME,
	};

	memset(netlink, 0, sizeof(*netlink));
	netlink->fd =
		socket(AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC, NETLINK_GENERIC);
	if (netlink->fd < 0 ||
	    send_request(netlink, GENL_ID_CTRL, NLM_F_ACK, CTRL_CMD_GETFAMILY,
			 &attrs, sizeof(attrs)))
		return -1;
	return read_answer(netlink, take_family, netlink);
}

/* @each is called for each message. */
int netlink_dump(struct netlink *netlink, uint8_t cmd, const uint64_t *cookie,
		 void (*each)(const struct netlink_attrs *attrs, void *data),
		 void *data)
{
	struct {
		struct nlattr attr;
		uint64_t cookie;
	} __attribute__((packed)) attrs = {
		.attr = { sizeof(attrs), DTLS_A_SOCKET_COOKIE },
		.cookie = cookie ? *cookie : 0,
	};

	if (send_request(netlink, netlink->family, NLM_F_DUMP, cmd, &attrs,
			 cookie ? sizeof(attrs) : 0))
		return -1;
	return read_answer(netlink, each, data);
}

static void ignore(const struct netlink_attrs *attrs, void *data)
{
}

/* A dump, of which the kernel has made the first message then, and no more. */
int netlink_ask(struct netlink *netlink, uint8_t cmd)
{
	return send_request(netlink, netlink->family, NLM_F_DUMP, cmd, NULL, 0);
}

int netlink_answer(struct netlink *netlink,
		   void (*each)(const struct netlink_attrs *attrs, void *data),
		   void *data)
{
	return read_answer(netlink, each, data);
}

/* Any request. Return: 0, or -1 with the kernel's answer in errno. */
int netlink_request(struct netlink *netlink, uint8_t cmd, uint16_t flags,
		    const void *attrs, size_t len)
{
	if (send_request(netlink, netlink->family, flags, cmd, attrs, len))
		return -1;
	return read_answer(netlink, ignore, NULL);
}

/* NULL if it isn't there, or has another length; @len 0: any. */
const void *netlink_data(const struct netlink_attrs *attrs, int type, size_t len)
{
	const struct nlattr *attr = attrs->attr[type];

	if (!attr || (len && attr->nla_len != NLA_HDRLEN + len))
		return NULL;
	return (const char *)attr + NLA_HDRLEN;
}

uint64_t netlink_u64(const struct netlink_attrs *attrs, int type)
{
	const void *data = netlink_data(attrs, type, sizeof(uint64_t));
	uint64_t value = 0;

	if (data)
		memcpy(&value, data, sizeof(value));
	return value;
}

uint32_t netlink_u32(const struct netlink_attrs *attrs, int type)
{
	const uint32_t *data = netlink_data(attrs, type, sizeof(*data));

	return data ? *data : 0;
}

uint16_t netlink_u16(const struct netlink_attrs *attrs, int type)
{
	const uint16_t *data = netlink_data(attrs, type, sizeof(*data));

	return data ? *data : 0;
}

/* Return: how many there are, the first @max of them in @states. */
int netlink_states(const struct netlink_attrs *attrs, int type,
		   struct dtls_state *states, int max)
{
	const char *at;
	int n = 0;

	for (at = attrs->begin; attrs->end - at >= NLA_HDRLEN;) {
		const struct nlattr *attr = (const struct nlattr *)at;

		if (attr->nla_type == type &&
		    attr->nla_len == NLA_HDRLEN + STATE_LEN && n++ < max)
			memcpy(&states[n - 1], at + NLA_HDRLEN, STATE_LEN);
		at += NLA_ALIGN(attr->nla_len);
	}
	return n;
}
