/* SPDX-License-Identifier: GPL-2.0 OR MIT */
/* Which sequence numbers of an epoch were received. */
#ifndef KDTLS_CORE_WINDOW_H
#define KDTLS_CORE_WINDOW_H

#include <stdint.h>
#include <linux/dtls.h>

/**
 * struct kdtls_window - the widest that the kernel takes
 * @next: highest number seen, plus one; 0: none
 * @seen: number s is bit s % DTLS_WINDOW_MAX, for the last DTLS_WINDOW_MAX
 *	numbers
 */
struct kdtls_window {
	uint64_t next;
	uint64_t seen[DTLS_WINDOW_MAX / 64];
};

void kdtls_window_mark(struct kdtls_window *win, uint64_t seq);

/* Nothing is to be received any more. */
void kdtls_window_shut(struct kdtls_window *win);

/*
 * As DTLS_RX_WINDOW takes it, for a window of @bits numbers: @out, of which as
 * many bytes are to be passed as are returned.
 */
size_t kdtls_window_export(const struct kdtls_window *win, unsigned int bits,
			   uint16_t epoch, struct dtls_window *out);

#endif
