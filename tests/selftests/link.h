/* SPDX-License-Identifier: GPL-2.0 */
/* Two network namespaces with a link between them. */
#ifndef SELFTESTS_LINK_H
#define SELFTESTS_LINK_H

#include "bed.h"

struct link {
	int near, far; /* the namespaces: of the test, at the other end */
};

/*
 * The test's end has the addresses 192.0.2.1 and 2001:db8::1 on the device
 * "near", the other end 192.0.2.2 and 2001:db8::2 on "far".
 */
#define LINK_NEAR 1
#define LINK_FAR  2

/* For what comes at once, and on a busy machine later. */
#define LINK_SECONDS 20

/* Functions return -1 with errno set, as system calls do, unless they say. */
int link_make(struct link *link);
int link_open(struct link *link);
int link_delete(void);
int link_flags(const char *device, short flags);
int link_add_card(const char *below, const char *name);
int link_rename(const char *device, const char *name);
int link_hardware_address(const char *device, int host);
int link_neighbour(const char *device, int host);
int link_configure(const char *device, int host);
int link_mtu(const char *device, int mtu);
int link_carries(int from, int to);
int link_card_folder(const struct link *link, int host, const char *device,
		     char *folder, size_t size);
int link_wait(const struct link *link);
int link_wait_family(const struct link *link, enum bed_family family);
int link_enter(const struct link *link, int where);
int link_socket(const struct link *link, enum bed_family family, int host,
		const struct sockaddr_storage *addr, socklen_t len);
int link_pair(const struct link *link, enum bed_family family, int fd[2]);
socklen_t link_address(enum bed_family family, int host, uint16_t port,
		       struct sockaddr_storage *addr);
int link_command(const char *format, ...) __attribute__((format(printf, 1, 2)));

#endif /* SELFTESTS_LINK_H */
