/* SPDX-License-Identifier: GPL-2.0 */
/* The module's generic netlink, asked by hand. */
#ifndef SELFTESTS_NETLINK_H
#define SELFTESTS_NETLINK_H

#include <stddef.h>
#include <stdint.h>
#include <sys/socket.h>

#include <linux/dtls.h>
#include <linux/dtls_netlink.h>
#include <linux/netlink.h>

/* Attributes that any message here can have. */
#define NETLINK_ATTRS (DTLS_A_SOCKET_MAX + 1)

struct netlink {
	int fd;
	uint16_t family;
	uint8_t reserved; /* of requests; 0 */
	int error;        /* what the kernel refused the last request with */
};

/* A message's: the last one of each type, and how many there are of it. */
struct netlink_attrs {
	const struct nlattr *attr[NETLINK_ATTRS];
	unsigned int count[NETLINK_ATTRS];
	const char *begin, *end;
};

int netlink_open(struct netlink *netlink);
int netlink_dump(struct netlink *netlink, uint8_t cmd, const uint64_t *cookie,
		 void (*each)(const struct netlink_attrs *attrs, void *data),
		 void *data);
int netlink_ask(struct netlink *netlink, uint8_t cmd);
int netlink_answer(struct netlink *netlink,
		   void (*each)(const struct netlink_attrs *attrs, void *data),
		   void *data);
int netlink_request(struct netlink *netlink, uint8_t cmd, uint16_t flags,
		    const void *attrs, size_t len);

const void *netlink_data(const struct netlink_attrs *attrs, int type,
			 size_t len);
uint64_t netlink_u64(const struct netlink_attrs *attrs, int type);
uint32_t netlink_u32(const struct netlink_attrs *attrs, int type);
uint16_t netlink_u16(const struct netlink_attrs *attrs, int type);
int netlink_states(const struct netlink_attrs *attrs, int type,
		   struct dtls_state *states, int max);

#endif /* SELFTESTS_NETLINK_H */
