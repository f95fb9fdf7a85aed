/* SPDX-License-Identifier: GPL-2.0 OR MIT */
/*
 * Where a server's clients come in: one socket of its port hears strangers, who
 * get a cookie and are forgotten; who comes back with it gets a socket of its own,
 * connected, and a handshake there. There's one in the program.
 */
#ifndef TUNNEL_RECEPTION_H
#define TUNNEL_RECEPTION_H

#include "guests.h"
#include "tunnel.h"

/*
 * As the configuration says, or the program ends. @admit: takes a link whose other
 * end has proved a name.
 */
void reception_resolve(struct tunnel *t);
void reception_open(const struct guests *guests,
		    void (*admit)(struct link *link));

/* Its port wants a capability. */
bool reception_is_privileged(void);

/* For a log line: where it is. */
const char *reception_text(void);

/* What time brings; when it's due even if nothing comes. */
void reception_turn(void);
uint64_t reception_due(void);

/* Handshakes that go on. */
unsigned int reception_count(void);

/* Drops them, and ends. */
void reception_close(void);

#endif
