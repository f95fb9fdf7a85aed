/* SPDX-License-Identifier: GPL-2.0 OR MIT */
/* Root is for the start: what comes from the network meets somebody else. */
#ifndef TUNNEL_PRIVILEGE_H
#define TUNNEL_PRIVILEGE_H

#include <stdint.h>

/*
 * Becomes @user for good, with the capabilities of @keep alone (bits as
 * CAP_TO_MASK() gives them for those below 32), or ends the program. Whoever
 * isn't root stays who they are and keeps of @keep what they have.
 */
void privilege_drop(const char *user, uint32_t keep);

/* Gives up all capabilities, or ends the program. */
void privilege_end(void);

#endif
