/* SPDX-License-Identifier: GPL-2.0 OR MIT */
/* The two ends. */
#ifndef TUNNEL_ROLE_H
#define TUNNEL_ROLE_H

#include "tunnel.h"

/*
 * Opens what needs privileges, gives them up, and is ready for tunnel_run(); or
 * the program ends.
 */
void server_begin(struct tunnel *t);
void client_begin(struct tunnel *t);

#endif
