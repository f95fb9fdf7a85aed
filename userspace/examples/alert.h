/* SPDX-License-Identifier: GPL-2.0 OR MIT */
#ifndef KDTLS_EXAMPLES_ALERT_H
#define KDTLS_EXAMPLES_ALERT_H

#include <stdbool.h>
#include <sys/types.h>

/* Do the two bytes of an alert end the connection? */
static inline bool alert_closes(const unsigned char *alert, ssize_t len)
{
	/* fatal, or close_notify (RFC 5246, 7.2) */
	return len == 2 && (alert[0] == 2 || alert[1] == 0);
}

#endif
