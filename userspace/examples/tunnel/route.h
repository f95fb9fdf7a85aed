/* SPDX-License-Identifier: GPL-2.0 OR MIT */
/* Where this machine is in the network, and that it has moved. */
#ifndef TUNNEL_ROUTE_H
#define TUNNEL_ROUTE_H

#include <stdbool.h>

#include "../endpoint.h"
#include "loop.h"

/* Has @source called whenever addresses or routes change. 0 or -errno. */
int route_watch(struct source *source);

/* Reads what was said, to be called then. */
void route_heard(void);

/* A socket connected to @remote, doesn't block; -1 and errno. */
int route_connect(const struct endpoint *remote);

/* The address that a connected socket has. */
void route_local(int fd, struct endpoint *local);

/*
 * True: packets to @remote would leave from another address than that of @fd.
 * Without a way there at all that's not known.
 */
bool route_has_moved(int fd, const struct endpoint *remote);

#endif
