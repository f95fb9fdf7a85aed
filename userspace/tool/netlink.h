/* SPDX-License-Identifier: GPL-2.0 OR MIT */
/* Generic netlink, as far as dumps of the DTLS module go. */
#ifndef KDTLS_TOOL_NETLINK_H
#define KDTLS_TOOL_NETLINK_H

#include <stddef.h>
#include <stdint.h>

/**
 * struct netlink - a socket to ask by
 * @fd: it
 * @family: number of the module's family
 * @seq: of the last request
 */
struct netlink {
	int fd;
	uint16_t family;
	uint32_t seq;
};

/*
 * 0; -ENOENT: the kernel has no such family; else -errno. A kernel that has it
 * not loads the module, if root asks.
 */
int netlink_open(struct netlink *nl);

/*
 * Dumps @cmd (enum dtls_cmd), with an attribute of @len bytes at @value, if
 * there are any. @each gets each message's attributes; what's not 0 ends it.
 */
int netlink_dump(struct netlink *nl, uint8_t cmd, uint16_t type,
		 const void *value, size_t len,
		 int (*each)(void *data, const void *attributes, size_t len),
		 void *data);

void netlink_close(struct netlink *nl);

#endif
